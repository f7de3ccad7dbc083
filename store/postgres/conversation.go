package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/store/postgres/dbgen"
)

// Inbound is a message of a guest as it comes from the provider.
type Inbound struct {
	Guest Guest
	// ProviderID is the wamid; a message is kept once.
	ProviderID string
	Kind       string
	Body       json.RawMessage
	SentAt     time.Time
	TraceID    string
}

// InboundMessage is a stored message of a guest.
type InboundMessage struct {
	ID         int64
	ProviderID string
	Kind       string
	Body       json.RawMessage
	SentAt     time.Time
	TraceID    string
	// Heard is what was heard in a voice message; nil when it was not listened to.
	Heard *Heard
}

// Heard is the transcription of a voice message as a turn needs it.
type Heard struct {
	// Outcome is a dialogue.VoiceOutcome.
	Outcome    string  `json:"outcome"`
	Text       string  `json:"text"`
	Confidence float64 `json:"confidence"`
}

// TurnContext is what a turn is decided on.
type TurnContext struct {
	State json.RawMessage
	// HandedOver says that a person talks to the guest now.
	HandedOver bool
	// Message is the oldest that has no turn; Waiting begins with it and has up to a hundred, in order.
	Message InboundMessage
	Waiting []InboundMessage
	Guest   Guest
}

// TurnDecision is what a turn stores: the state from now on, what is said and what is to be done.
type TurnDecision struct {
	State   json.RawMessage
	Replies []json.RawMessage
	// Effects is a JSON array; its length is how many outcomes StoreEffectOutcome will bring.
	Effects    json.RawMessage
	Understood json.RawMessage
	// Merged is how many of [TurnContext].Waiting after the first are answered along; the turn is that of the last one.
	Merged int
	// OptedIn ends an opt-out.
	OptedIn bool
}

// TakenTurn is a stored turn: outbound messages to deliver, in order, and effects to carry out.
type TakenTurn struct {
	MessageID int64
	// Merged are the earlier messages that this turn was just decided for along with MessageID.
	Merged  []int64
	Deliver []int64
	Effects json.RawMessage
	TraceID string
	// TakenOverUntil is when the bot answers again; zero when it does now, or when nobody knows.
	TakenOverUntil time.Time
}

// mostWaiting bounds the messages that one turn looks at.
const mostWaiting = 100

// replyWindow is how long after a guest's message WhatsApp takes free-form replies.
const replyWindow = 24 * time.Hour

// RecordInbound keeps a message with its guest and conversation in one statement; a message kept before is not new. The
// 24-hour window of the conversation is moved forward, never back.
func (s *Store) RecordInbound(ctx context.Context, inbound Inbound, now time.Time) (guestID, messageID int64, isNew bool, err error) {
	g := inbound.Guest
	params := &dbgen.RecordInboundParams{
		Phone: g.Phone, WhatsappPhone: g.WhatsAppPhone, WhatsappUserID: g.WhatsAppUserID, Name: g.Name, Email: g.Email,
		Language: g.Language, Now: now, WindowOpenUntil: inbound.SentAt.Add(replyWindow), Kind: inbound.Kind,
		Body: inbound.Body, ProviderID: inbound.ProviderID, SentAt: inbound.SentAt, TraceID: inbound.TraceID,
	}
	row, err := s.queries.RecordInbound(ctx, s.pool, params)
	if touchesTwice(err) {
		if err = s.joinGuest(ctx, g); err == nil {
			row, err = s.queries.RecordInbound(ctx, s.pool, params)
		}
	}
	if err != nil {
		return 0, 0, false, explain("record inbound message", err)
	}
	if row.MessageID != 0 {
		return row.GuestID, row.MessageID, true, nil
	}
	stored, err := s.queries.GetMessageByProviderID(ctx, s.pool, inbound.ProviderID)
	if err != nil {
		return 0, 0, false, explain("record inbound message", err)
	}
	return stored.GuestID, stored.ID, false, nil
}

// joinGuest does ahead of a message what its own statement cannot: joining two rows of one person moves their conversation,
// which the statement then may not touch again.
func (s *Store) joinGuest(ctx context.Context, g Guest) error {
	_, err := s.queries.UpsertGuest(ctx, s.pool, &dbgen.UpsertGuestParams{
		Phone: g.Phone, WhatsappPhone: g.WhatsAppPhone, WhatsappUserID: g.WhatsAppUserID, Name: g.Name, Email: g.Email, Language: g.Language,
	})
	return err
}

// TakeTurn decides and stores the turn of the guest's oldest message, by (sent_at, id), that has none; false when none waits.
// The decision may answer messages that follow it along: they get turns that point to the last one's.
//
// State, turn and replies are one statement on the condition that the conversation is as it was when decide saw it; when it
// is not, decide is asked again. So a message has one turn whoever calls, and no connection is held while decide thinks: it
// may read the store, and must do nothing that cannot be repeated.
//
// When the newest stored turn was not worked off (a reply is not sent, or an effect has no outcome) it is returned again
// before a new one is decided: a caller that died between the commit and the answer loses nothing. That is why the effects
// and replies of a turn are worked off before TakeTurn is called for the next. A turn that is never worked off is given up
// after ten times.
func (s *Store) TakeTurn(ctx context.Context, guestID int64, now time.Time,
	decide func(context.Context, TurnContext) (TurnDecision, error)) (TakenTurn, bool, error) {
	for {
		read, err := s.queries.ReadConversation(ctx, s.pool, &dbgen.ReadConversationParams{GuestID: guestID, Now: now, Most: mostWaiting})
		if errors.Is(err, pgx.ErrNoRows) {
			return TakenTurn{}, false, nil // nobody, or somebody who never wrote
		}
		if err != nil {
			return TakenTurn{}, false, explain("take turn", err)
		}
		if (read.LastEffectsOpen || len(read.LastUnsent) > 0) && read.LastHandedOut < mostHandedOut {
			err := s.queries.HandOutTurn(ctx, s.pool, read.LastMessageID)
			return TakenTurn{MessageID: read.LastMessageID, Deliver: read.LastUnsent, Effects: read.LastEffects,
				TraceID: read.LastTraceID, TakenOverUntil: takenOverUntil(read)}, err == nil, explain("take turn", err)
		}
		turn, err := turnContextOf(read)
		if err != nil || len(turn.Waiting) == 0 {
			return TakenTurn{}, false, err
		}
		decision, err := decide(ctx, turn)
		if err != nil {
			return TakenTurn{}, false, err
		}
		taken, stored, err := s.storeTurn(ctx, read, turn.Waiting, decision, now)
		if err != nil || stored {
			return taken, stored, err
		}
	}
}

// mostHandedOut bounds how often a turn that is not worked off is given out.
const mostHandedOut = 10

func (s *Store) storeTurn(ctx context.Context, read *dbgen.ReadConversationRow, waiting []InboundMessage, decision TurnDecision,
	now time.Time) (TakenTurn, bool, error) {
	effects := decision.Effects
	if orNull(effects) == nil {
		effects = json.RawMessage("[]")
	}
	answered := waiting[:min(decision.Merged+1, len(waiting))]
	last := answered[len(answered)-1]
	ids := make([]int64, 0, len(answered))
	for _, message := range answered {
		ids = append(ids, message.ID)
	}
	row, err := s.queries.StoreTurn(ctx, s.pool, &dbgen.StoreTurnParams{
		GuestID: read.GuestID, Version: read.Version, MessageID: last.ID, MessageIds: ids, State: decision.State,
		Understood: orNull(decision.Understood), Effects: effects, Replies: mustJSON(emptyIfNil(decision.Replies)),
		OptedIn: decision.OptedIn, TraceID: last.TraceID, Now: now,
	})
	if err != nil {
		return TakenTurn{}, false, explain("store turn", err)
	}
	return TakenTurn{MessageID: last.ID, Merged: ids[:len(ids)-1], Deliver: row.Deliver, Effects: effects, TraceID: last.TraceID,
		TakenOverUntil: takenOverUntil(read)}, row.Stored, nil
}

func takenOverUntil(read *dbgen.ReadConversationRow) time.Time {
	if !read.TakenOver {
		return time.Time{}
	}
	return read.TakenOverUntil
}

func turnContextOf(read *dbgen.ReadConversationRow) (TurnContext, error) {
	var rows []struct {
		ID         int64           `json:"id"`
		ProviderID string          `json:"provider_id"`
		Kind       string          `json:"kind"`
		Body       json.RawMessage `json:"body"`
		SentAt     time.Time       `json:"sent_at"`
		TraceID    string          `json:"trace_id"`
		Heard      *Heard          `json:"heard"`
	}
	if err := json.Unmarshal(read.Waiting, &rows); err != nil {
		return TurnContext{}, fmt.Errorf("read waiting messages: %w", err)
	}
	turn := TurnContext{
		State: orNull(read.State), HandedOver: read.TakenOver,
		Guest: Guest{ID: read.GuestID, Phone: read.Phone, WhatsAppPhone: read.WhatsappPhone, WhatsAppUserID: read.WhatsappUserID,
			Name: read.Name, Email: read.Email, Language: read.Language},
	}
	for _, row := range rows {
		turn.Waiting = append(turn.Waiting, InboundMessage(row))
	}
	if len(turn.Waiting) > 0 {
		turn.Message = turn.Waiting[0]
	}
	return turn, nil
}

// StoreEffectOutcome keeps that an effect of a turn was carried out, with the replies that tell its outcome, once by its key
// (existing is true when it was kept before; the replies are then those of the first time). A nil state leaves the dialogue
// state as it is. A message without a turn is not found.
func (s *Store) StoreEffectOutcome(ctx context.Context, guestID, messageID int64, effectKey string, state json.RawMessage,
	replies []json.RawMessage, now time.Time) (deliver []int64, existing bool, err error) {
	row, err := s.queries.StoreOutcome(ctx, s.pool, &dbgen.StoreOutcomeParams{
		MessageID: messageID, EffectKey: effectKey, State: orNull(state), Replies: mustJSON(emptyIfNil(replies)), Now: now,
	})
	if err != nil {
		return nil, false, explain("store effect outcome", err)
	}
	if row.Stored {
		return row.Deliver, false, nil
	}
	before, err := s.queries.GetOutcome(ctx, s.pool, &dbgen.GetOutcomeParams{MessageID: messageID, EffectKey: effectKey})
	if err != nil {
		return nil, false, explain("store effect outcome", err)
	}
	return before.Deliver, true, nil
}

// ConversationState reads the dialogue state of a guest; nil when they never wrote.
func (s *Store) ConversationState(ctx context.Context, guestID int64) (json.RawMessage, error) {
	state, err := s.queries.GetConversationState(ctx, s.pool, guestID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return orNull(state), explain("read conversation", err)
}
