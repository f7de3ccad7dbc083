package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/store/postgres"
)

// Switchboard is where people of the business read along and talk to guests themselves.
type Switchboard struct {
	Store     SwitchboardStore
	Processes RedeliveryStarter
	// Return is how long the bot stays silent after a person took over; 0 means until somebody hands back.
	Return time.Duration
	Now    func() time.Time
}

// SwitchboardStore is what people read and write of conversations.
type SwitchboardStore interface {
	Conversations(ctx context.Context, filter postgres.ConversationFilter, before int64, most int, now time.Time) ([]postgres.Conversation, error)
	Conversation(ctx context.Context, guestID int64, now time.Time) (postgres.Conversation, error)
	Thread(ctx context.Context, guestID, before int64, most int) ([]postgres.Message, error)
	TakeOver(ctx context.Context, guestID int64, until time.Time, by postgres.Author, now time.Time) error
	HandBack(ctx context.Context, guestID int64, by postgres.Author, now time.Time) error
	QueueStaffReply(ctx context.Context, reply postgres.StaffReply, by postgres.Author, now time.Time) (int64, error)
	FailStaffReply(ctx context.Context, id int64) (bool, error)
}

// RedeliveryStarter starts the process that sends a stored message.
type RedeliveryStarter interface {
	Redelivery(ctx context.Context, messageID int64) error
}

// List returns conversations, see [postgres.Store.Conversations]. What is searched may be a phone in any usual spelling.
func (s *Switchboard) List(ctx context.Context, filter postgres.ConversationFilter, before int64, most int) ([]postgres.Conversation, error) {
	filter.Search = strings.TrimSpace(filter.Search)
	filter.Phone = phoneIn(filter.Search)
	return s.Store.Conversations(ctx, filter, before, most, s.Now())
}

// Thread returns a conversation and what was said in it, newest first, below a message id (0: all).
func (s *Switchboard) Thread(ctx context.Context, guestID, before int64, most int) (postgres.Conversation, []postgres.Message, error) {
	talk, err := s.Store.Conversation(ctx, guestID, s.Now())
	if err != nil {
		return talk, nil, err
	}
	thread, err := s.Store.Thread(ctx, talk.Guest.ID, before, most)
	return talk, thread, err
}

// TakeOver silences the bot for a guest.
func (s *Switchboard) TakeOver(ctx context.Context, guestID int64, by postgres.Author) (postgres.Conversation, error) {
	if err := s.Store.TakeOver(ctx, guestID, s.until(), by, s.Now()); err != nil {
		return postgres.Conversation{}, err
	}
	return s.Store.Conversation(ctx, guestID, s.Now())
}

// HandBack lets the bot answer a guest again.
func (s *Switchboard) HandBack(ctx context.Context, guestID int64, by postgres.Author) (postgres.Conversation, error) {
	if err := s.Store.HandBack(ctx, guestID, by, s.Now()); err != nil {
		return postgres.Conversation{}, err
	}
	return s.Store.Conversation(ctx, guestID, s.Now())
}

func (s *Switchboard) until() time.Time {
	if s.Return == 0 {
		return time.Time{}
	}
	return s.Now().Add(s.Return)
}

// Reply sends a person's words to a guest and takes the conversation over. The key names this one reply: asked again with it,
// nothing is said twice. When sending cannot be begun the reply is given up and the refusal is [booking.CodeUnavailable].
func (s *Switchboard) Reply(ctx context.Context, guestID int64, key, text string, by postgres.Author) (messageID int64, err error) {
	body, err := json.Marshal(dialogue.Reply{Kind: dialogue.ReplyText, Body: text})
	if err != nil {
		return 0, fmt.Errorf("encode reply: %w", err)
	}
	id, err := s.Store.QueueStaffReply(ctx, postgres.StaffReply{GuestID: guestID, Key: key, Body: body, Until: s.until()}, by, s.Now())
	if err != nil {
		return 0, err
	}
	if err := s.Processes.Redelivery(ctx, id); err != nil {
		return id, s.giveUp(ctx, id, err)
	}
	return id, nil
}

func (s *Switchboard) giveUp(ctx context.Context, id int64, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	given, err := s.Store.FailStaffReply(ctx, id)
	if err == nil && !given {
		return nil
	}
	slog.WarnContext(ctx, "reply of staff not sent", "message_id", id, "error", cause)
	return errors.Join(booking.Refuse(booking.CodeUnavailable, "the reply was not sent; try again"), cause, err)
}
