package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// HandedOver reports whether a person talks to a guest at this instant.
func (s *Store) HandedOver(ctx context.Context, guestID int64, now time.Time) (bool, error) {
	handedOver, err := s.queries.IsHandedOver(ctx, s.pool, &dbgen.IsHandedOverParams{GuestID: guestID, Now: now})
	return handedOver, explain("read conversation", err)
}

// SetHandedOver silences the bot for a guest until an instant (zero: until somebody hands back), or hands the conversation back
// to it; somebody who never wrote is [booking.CodeNotFound].
func (s *Store) SetHandedOver(ctx context.Context, guestID int64, handedOver bool, until time.Time) error {
	found, err := s.queries.SetHandedOver(ctx, s.pool, &dbgen.SetHandedOverParams{GuestID: guestID, HandedOver: handedOver, Until: orNil(until)})
	if err == nil && found == 0 {
		err = booking.Refuse(booking.CodeNotFound, "guest %d has no conversation", guestID)
	}
	return explain("hand over", err)
}

// Echo is a message that the owner wrote to a guest in the WhatsApp app.
type Echo struct {
	Guest Guest
	// ProviderID is the wamid; an echo is kept once.
	ProviderID string
	// Kind and Body are those of a dialogue.Reply.
	Kind    string
	Body    json.RawMessage
	SentAt  time.Time
	TraceID string
	// TakeOver silences the bot until Until (zero: until somebody hands back).
	TakeOver bool
	Until    time.Time
}

// RecordEcho keeps what the owner said and silences the bot, in one statement; an echo kept before changes nothing. WhatsApp's
// window stays as it is.
func (s *Store) RecordEcho(ctx context.Context, echo Echo, now time.Time) (guestID int64, isNew bool, err error) {
	params := &dbgen.RecordEchoParams{
		Phone: echo.Guest.Phone, WhatsappPhone: echo.Guest.WhatsAppPhone, WhatsappUserID: echo.Guest.WhatsAppUserID, Kind: echo.Kind,
		Body: echo.Body, ProviderID: echo.ProviderID, SentAt: echo.SentAt, TraceID: echo.TraceID, TakeOver: echo.TakeOver,
		Until: orNil(echo.Until), Now: now,
	}
	row, err := s.queries.RecordEcho(ctx, s.pool, params)
	if touchesTwice(err) {
		if err = s.joinGuest(ctx, echo.Guest); err == nil {
			row, err = s.queries.RecordEcho(ctx, s.pool, params)
		}
	}
	if err != nil {
		return 0, false, explain("record echo", err)
	}
	return row.GuestID, row.IsNew, nil
}

// ReturnContext is what the bot knows when it comes back to a guest.
type ReturnContext struct {
	GuestID int64
	State   json.RawMessage
	// Unanswered is true when no person answered what the guest wrote last.
	Unanswered bool
	// WindowOpen is true while WhatsApp takes free-form messages to the guest.
	WindowOpen bool
}

// Returned says how a conversation was given back to the bot.
type Returned struct {
	// Deliver are the messages that say so and are not sent yet, in order.
	Deliver []int64
	// TakenOverUntil is when to ask again because a person still talks to the guest; zero when nobody does, or without end.
	TakenOverUntil time.Time
}

// ReturnToBot gives a conversation back to the bot when the time of the person is over, or whatever the time with force. Decide
// words what is said and gives the state from now on (nil keeps it); it may be asked again. Given back before, nothing changes
// and what was not sent yet is named again.
func (s *Store) ReturnToBot(ctx context.Context, guestID int64, force bool, now time.Time,
	decide func(context.Context, ReturnContext) (state json.RawMessage, replies []json.RawMessage, err error)) (Returned, error) {
	for {
		read, err := s.queries.ReadReturn(ctx, s.pool, &dbgen.ReadReturnParams{GuestID: guestID, SilentKinds: silentKinds})
		if errors.Is(err, pgx.ErrNoRows) {
			return Returned{}, nil // nobody, or somebody who never wrote
		}
		if err != nil {
			return Returned{}, explain("return to bot", err)
		}
		if read.HandedOver && !force && (read.TakenOverUntil.IsZero() || read.TakenOverUntil.After(now)) {
			return Returned{TakenOverUntil: read.TakenOverUntil}, nil
		}
		stored := !read.HandedOver
		if read.HandedOver {
			if stored, err = s.storeReturn(ctx, read, now, decide); err != nil {
				return Returned{}, err
			}
		}
		if stored {
			deliver, err := s.queries.ListUnsentReturn(ctx, s.pool, read.LastMessageID)
			return Returned{Deliver: deliver}, explain("return to bot", err)
		}
	}
}

// silentKinds are what a guest does without saying anything, by WhatsApp's names.
var silentKinds = []string{"reaction", "edit", "revoke", "system"}

func (s *Store) storeReturn(ctx context.Context, read *dbgen.ReadReturnRow, now time.Time,
	decide func(context.Context, ReturnContext) (json.RawMessage, []json.RawMessage, error)) (bool, error) {
	state, replies, err := decide(ctx, ReturnContext{GuestID: read.GuestID, State: orNull(read.State),
		Unanswered: read.Unanswered && read.LastMessageID != 0, WindowOpen: now.Before(read.WindowOpenUntil)})
	if err != nil {
		return false, err
	}
	stored, err := s.queries.StoreReturn(ctx, s.pool, &dbgen.StoreReturnParams{
		GuestID: read.GuestID, Version: read.Version, State: orNull(state), Replies: mustJSON(emptyIfNil(replies)),
		MessageID: read.LastMessageID, TraceID: read.LastTraceID, Now: now,
	})
	return stored, explain("return to bot", err)
}

// Said is one of the messages that a turn answers.
type Said struct {
	Body json.RawMessage
	// Heard is the text of a voice message; empty when nothing was heard.
	Heard string
}

// TurnMessages reads what the turn of a message answers, in order.
func (s *Store) TurnMessages(ctx context.Context, messageID int64) ([]Said, error) {
	rows, err := s.queries.ListTurnMessages(ctx, s.pool, messageID)
	if err != nil {
		return nil, explain("read messages of a turn", err)
	}
	said := make([]Said, 0, len(rows))
	for _, row := range rows {
		said = append(said, Said{Body: row.Body, Heard: row.Heard})
	}
	return said, nil
}

// SetOptedOut keeps whether a guest wants only what they ask for.
func (s *Store) SetOptedOut(ctx context.Context, guestID int64, optedOut bool, now time.Time) error {
	_, err := s.queries.SetOptedOut(ctx, s.pool, &dbgen.SetOptedOutParams{ID: guestID, OptedOut: optedOut, Now: now})
	return explain("set opt-out", err)
}
