package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// Conversation is the dialogue with a guest as staff sees it.
type Conversation struct {
	Guest           Guest
	WindowOpenUntil time.Time
	// TakenOver is true while a person answers; TakenOverUntil is when the bot does so again by itself, zero for never.
	TakenOver      bool
	TakenOverUntil time.Time
	// Last is the newest message; only lists have it.
	Last Message
}

// Message is something said, by either side.
type Message struct {
	ID int64
	// Inbound is true for what the guest sent; Body is then a dialogue.Inbound, else a dialogue.Reply.
	Inbound bool
	// Author of an outbound message: bot, owner (staff) or phone (the owner in the WhatsApp app).
	Author string
	Kind   string
	Body   json.RawMessage
	Status string
	Error  string
	At     time.Time
	// Heard is what a voice note was heard as; its outcome is empty for what was not listened to.
	Heard Transcription
}

// ConversationFilter says which conversations a list has; a zero field asks for nothing.
type ConversationFilter struct {
	// TakenOver wants those that a person has taken over, or has not.
	TakenOver *bool
	// Waiting wants those whose newest message is the guest's, or is not.
	Waiting *bool
	// WindowOpen wants those that can be written to freely, or cannot.
	WindowOpen *bool
	Language   string
	// Search is part of a name; capitals and accents do not count.
	Search string
	// Phone is a canonical number, or digits that a number contains. With Search, either is enough.
	Phone string
}

// Conversations lists conversations by their last message, newest first, whose last message has an id below before (0: all).
func (s *Store) Conversations(ctx context.Context, filter ConversationFilter, before int64, most int, now time.Time) ([]Conversation, error) {
	params := &dbgen.ListConversationsParams{BeforeID: before, Most: int32(most), OnlyTakenOver: filter.TakenOver, Waiting: filter.Waiting,
		WindowOpen: filter.WindowOpen, Language: filter.Language, Now: now}
	if filter.Search != "" {
		params.Words = containing(filter.Search)
	}
	if filter.Phone != "" {
		params.Phone = containing(filter.Phone)
	}
	rows, err := s.queries.ListConversations(ctx, s.pool, params)
	list := make([]Conversation, 0, len(rows))
	for _, r := range rows {
		list = append(list, Conversation{
			Guest: Guest{ID: r.GuestID, Name: r.Name, Phone: r.Phone, Language: r.Language}, WindowOpenUntil: r.WindowOpenUntil,
			TakenOver: r.TakenOver, TakenOverUntil: untilOf(r.TakenOver, r.TakenOverUntil),
			Last: Message{ID: r.MessageID, Inbound: r.Direction == "in", Author: r.Author, Kind: r.Kind, Body: r.Body, Status: r.Status,
				Error: r.Error, At: r.At, Heard: Transcription{MessageID: r.MessageID, Outcome: r.Heard, Text: r.HeardText}},
		})
	}
	return list, explain("list conversations", err)
}

// Conversation reads the conversation of a guest; somebody who never wrote is [booking.CodeNotFound].
func (s *Store) Conversation(ctx context.Context, guestID int64, now time.Time) (Conversation, error) {
	r, err := s.queries.GetConversationOf(ctx, s.pool, &dbgen.GetConversationOfParams{GuestID: guestID, Now: now})
	if err != nil {
		return Conversation{}, explain("read conversation", err)
	}
	return Conversation{
		Guest: Guest{ID: r.GuestID, Name: r.Name, Phone: r.Phone, Language: r.Language}, WindowOpenUntil: r.WindowOpenUntil,
		TakenOver: r.TakenOver, TakenOverUntil: untilOf(r.TakenOver, r.TakenOverUntil),
	}, nil
}

// untilOf leaves out the end of a take-over that is over: it stands in the row until the next turn.
func untilOf(takenOver bool, until time.Time) time.Time {
	if !takenOver {
		return time.Time{}
	}
	return until
}

// Thread reads what was said with a guest, newest first, below a message id (0: all).
func (s *Store) Thread(ctx context.Context, guestID, before int64, most int) ([]Message, error) {
	rows, err := s.queries.ListThread(ctx, s.pool, &dbgen.ListThreadParams{GuestID: guestID, BeforeID: before, Most: int32(most)})
	thread := make([]Message, 0, len(rows))
	for _, r := range rows {
		thread = append(thread, Message{
			ID: r.ID, Inbound: r.Direction == "in", Author: r.Author, Kind: r.Kind, Body: r.Body, Status: r.Status, Error: r.Error, At: r.At,
			Heard: Transcription{MessageID: r.ID, Outcome: r.Heard, Text: r.HeardText, Confidence: orZero(r.Confidence), Language: r.HeardLanguage},
		})
	}
	return thread, explain("read thread", err)
}

// TakeOver silences the bot for a guest until an instant, zero for until somebody hands back.
func (s *Store) TakeOver(ctx context.Context, guestID int64, until time.Time, by Author, now time.Time) error {
	return s.transact(ctx, "take over", func(tx pgx.Tx) error {
		return s.setTakenOver(ctx, tx, guestID, true, until, by, now)
	})
}

// HandBack lets the bot answer a guest again.
func (s *Store) HandBack(ctx context.Context, guestID int64, by Author, now time.Time) error {
	return s.transact(ctx, "hand back", func(tx pgx.Tx) error {
		return s.setTakenOver(ctx, tx, guestID, false, time.Time{}, by, now)
	})
}

func (s *Store) setTakenOver(ctx context.Context, tx pgx.Tx, guestID int64, takenOver bool, until time.Time, by Author, now time.Time) error {
	was, err := s.queries.LockConversation(ctx, tx, &dbgen.LockConversationParams{GuestID: guestID, Now: now})
	if err != nil {
		return err
	}
	return s.changeTakenOver(ctx, tx, was, takenOver, until, by, now)
}

func (s *Store) changeTakenOver(ctx context.Context, tx pgx.Tx, was *dbgen.LockConversationRow, takenOver bool, until time.Time, by Author, now time.Time) error {
	if err := s.queries.SetTakenOver(ctx, tx, &dbgen.SetTakenOverParams{GuestID: was.GuestID, TakenOver: takenOver, Until: orNil(until), Now: now}); err != nil {
		return err
	}
	action := "conversation.handed_back"
	if takenOver {
		action = "conversation.taken_over"
	}
	return s.record(ctx, tx, by, AuditEntry{
		Action: action, Entity: "conversation", EntityID: strconv.FormatInt(was.GuestID, 10),
		Before: takenOverEntry(was.TakenOver, untilOf(was.TakenOver, was.TakenOverUntil)), After: takenOverEntry(takenOver, until),
	}, now)
}

func takenOverEntry(takenOver bool, until time.Time) map[string]any {
	entry := map[string]any{"taken_over": takenOver}
	if !until.IsZero() {
		entry["until"] = until.UTC()
	}
	return entry
}

// StaffReply is a message of a person to a guest.
type StaffReply struct {
	GuestID int64
	// Key is unique over all effects; the same one again gives the same message.
	Key  string
	Body json.RawMessage
	// Until is when the bot answers again, zero for when somebody hands back.
	Until time.Time
}

// notStarted is the error of a reply whose sending could not be begun.
const notStarted = "not_started"

// CodeWindowClosed refuses a free-form message to a guest who has not written for 24 hours.
const CodeWindowClosed booking.Code = "window_closed"

// QueueStaffReply keeps a person's message to send and takes the conversation over, in one transaction. Outside the 24-hour
// window it is [CodeWindowClosed]; a key that was used for something else is [booking.CodeDuplicate].
func (s *Store) QueueStaffReply(ctx context.Context, reply StaffReply, by Author, now time.Time) (id int64, err error) {
	err = s.transact(ctx, "queue reply", func(tx pgx.Tx) error {
		talk, err := s.queries.LockConversation(ctx, tx, &dbgen.LockConversationParams{GuestID: reply.GuestID, Now: now})
		if err != nil {
			return err
		}
		id, err = s.repeatedReply(ctx, tx, talk.GuestID, reply)
		if err != nil || id != 0 {
			return err
		}
		if !now.Before(talk.WindowOpenUntil) {
			return booking.Refuse(CodeWindowClosed, "the guest has not written for 24 hours")
		}
		id, err = s.queries.AddStaffReply(ctx, tx, &dbgen.AddStaffReplyParams{
			GuestID: talk.GuestID, Body: reply.Body, EffectKey: reply.Key, TraceID: by.TraceID, Now: now})
		if errors.Is(err, pgx.ErrNoRows) {
			return booking.Refuse(booking.CodeDuplicate, "the key was used for another guest")
		}
		if err != nil {
			return err
		}
		if err := s.changeTakenOver(ctx, tx, talk, true, reply.Until, by, now); err != nil {
			return err
		}
		return s.record(ctx, tx, by, AuditEntry{Action: "conversation.replied", Entity: "conversation",
			EntityID: strconv.FormatInt(talk.GuestID, 10), After: map[string]any{"message_id": id}}, now)
	})
	return id, err
}

// repeatedReply finds the message of a key used before; 0 when the key is new. One whose sending could not be begun is
// queued again.
func (s *Store) repeatedReply(ctx context.Context, tx pgx.Tx, guestID int64, reply StaffReply) (int64, error) {
	kept, err := s.queries.GetStaffReply(ctx, tx, reply.Key)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if kept.GuestID != guestID || !sameJSON(kept.Body, reply.Body) {
		return 0, booking.Refuse(booking.CodeDuplicate, "the key was used for another message")
	}
	return kept.ID, s.queries.ReopenStaffReply(ctx, tx, &dbgen.ReopenStaffReplyParams{ID: kept.ID, Error: notStarted})
}

// sameJSON compares documents: the database gives one back in its own spelling.
func sameJSON(a, b json.RawMessage) bool {
	var one, other any
	if json.Unmarshal(a, &one) != nil || json.Unmarshal(b, &other) != nil {
		return false
	}
	return bytes.Equal(mustJSON(one), mustJSON(other))
}

// FailStaffReply marks a reply whose sending could not be begun, so that it does not go out later; false when it was begun
// after all.
func (s *Store) FailStaffReply(ctx context.Context, id int64) (bool, error) {
	failed, err := s.queries.FailUnsentReply(ctx, s.pool, &dbgen.FailUnsentReplyParams{ID: id, Error: notStarted})
	return failed == 1, explain("fail reply", err)
}
