package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// Conversation takes the turns of guests' conversations and carries out what a turn asks for.
type Conversation struct {
	Store    ConversationStore
	Desk     *FrontDesk
	Bookings Bookings
	// Refunds takes the owner's word on refunds; nil takes none.
	Refunds RefundProcesses
	// OwnerPhone is told when a guest asks for a person; empty when nobody is.
	OwnerPhone string
	// TakeoverReturn is when the bot answers again after it called a person; 0 is until somebody hands back.
	TakeoverReturn time.Duration
	// Listening says that voice messages are heard before they are answered.
	Listening bool
	// Mailbox mails the owner's alarms beside; nil mails none.
	Mailbox *Mailbox
	// Money is for transfers and receipts; nil refuses them.
	Money *ConversationMoney
	// Proposer is asked what a message means that our reading finds nothing in; nil when nobody is.
	Proposer Proposer
	Now      func() time.Time
}

// Proposer reads a message with a language model. Its answer is a proposal that the dialogue holds against its own rules.
type Proposer interface {
	Propose(ctx context.Context, text string, today booking.Date) (dialogue.Understanding, error)
}

var _ workflows.ConversationActivities = (*Conversation)(nil)

// ConversationStore is what turns read and write.
type ConversationStore interface {
	CatalogueStore
	GuestBookings
	TakeTurn(ctx context.Context, guestID int64, now time.Time,
		decide func(context.Context, postgres.TurnContext) (postgres.TurnDecision, error)) (postgres.TakenTurn, bool, error)
	StoreEffectOutcome(ctx context.Context, guestID, messageID int64, effectKey string, state json.RawMessage,
		replies []json.RawMessage, now time.Time) (deliver []int64, existing bool, err error)
	ConversationState(ctx context.Context, guestID int64) (json.RawMessage, error)
	SetHandedOver(ctx context.Context, guestID int64, handedOver bool, until time.Time) error
	ReturnToBot(ctx context.Context, guestID int64, force bool, now time.Time,
		decide func(context.Context, postgres.ReturnContext) (json.RawMessage, []json.RawMessage, error)) (postgres.Returned, error)
	TurnMessages(ctx context.Context, messageID int64) ([]postgres.Said, error)
	SetOptedOut(ctx context.Context, guestID int64, optedOut bool, now time.Time) error
	Guest(ctx context.Context, id int64) (postgres.Guest, error)
	UpsertGuest(ctx context.Context, guest postgres.Guest) (int64, error)
	Reservation(ctx context.Context, code string) (postgres.Reservation, error)
	QueueNotice(ctx context.Context, notice postgres.Notice, now time.Time) (int64, error)
}

// DecideTurn takes the guest's oldest message without a turn, with the texts that follow it. State, replies, effects and the
// turn are stored in one transaction, so that a repetition finds the stored turn. A voice message that nobody has listened to
// yet is named instead, unless the input says that it cannot be heard.
func (a *Conversation) DecideTurn(ctx context.Context, in workflows.TurnInput) (workflows.Turn, error) {
	decider := decider{Conversation: a, in: in}
	taken, found, err := a.Store.TakeTurn(ctx, in.GuestID, a.Now(), decider.decide)
	if unheard, yes := errors.AsType[*unheardError](err); yes {
		return workflows.Turn{Transcribe: unheard.messageID}, nil
	}
	if err != nil || !found {
		return workflows.Turn{}, asTemporal(err)
	}
	turn := workflows.Turn{MessageID: taken.MessageID, Merged: taken.Merged, Deliver: taken.Deliver, BackAt: taken.TakenOverUntil}
	if len(taken.Effects) > 0 {
		if err := json.Unmarshal(taken.Effects, &turn.Effects); err != nil {
			return workflows.Turn{}, fmt.Errorf("read stored effects of message %d: %w", taken.MessageID, err)
		}
	}
	ctx = observe.WithTrace(ctx, taken.TraceID)
	a.remember(ctx, decider.spoken)
	slog.InfoContext(ctx, "turn taken", "message_id", taken.MessageID, "merged", len(taken.Merged), "replies", len(taken.Deliver), "effects", len(turn.Effects))
	return turn, nil
}

// language is what a guest turned out to speak.
type language struct {
	guest  postgres.Guest
	spoken string
}

// remember keeps the guest's language for the messages that bookings send by themselves. The dialogue state has it too, so a
// failure costs nothing but is seen in the log.
func (a *Conversation) remember(ctx context.Context, l language) {
	if l.spoken == "" || l.spoken == l.guest.Language {
		return
	}
	l.guest.Language = l.spoken
	if _, err := a.Store.UpsertGuest(ctx, l.guest); err != nil {
		slog.WarnContext(ctx, "language of guest not kept", "guest_id", l.guest.ID, "error", err)
	}
}

// stateOf reads what the conversation remembers; whether a person has taken over is the row's to say, because staff hand back.
func stateOf(stored json.RawMessage, handedOver bool) (dialogue.State, error) {
	var state dialogue.State
	if len(stored) > 0 {
		if err := json.Unmarshal(stored, &state); err != nil {
			return state, fmt.Errorf("read dialogue state: %w", err)
		}
	}
	state.HandedOver = handedOver
	return state, nil
}

func decisionOf(outcome dialogue.Outcome, message postgres.InboundMessage) (postgres.TurnDecision, error) {
	effects := make([]workflows.Effect, 0, len(outcome.Effects))
	for n, effect := range outcome.Effects {
		effects = append(effects, workflows.Effect{
			Key: fmt.Sprintf("%d/effect/%d", message.ID, n), Kind: workflows.EffectKind(effect.Kind), Code: effect.Code,
			AccommodationID: effect.AccommodationID, Stay: effect.Stay, Guests: effect.Guests,
			AskedAt: message.SentAt, TraceID: message.TraceID, Reason: string(effect.Reason), OtherGuestID: effect.OtherGuestID,
		})
	}
	decision, err := encoded(outcome)
	if err != nil {
		return decision, err
	}
	decision.Effects, err = json.Marshal(effects)
	return decision, err
}

func encoded(outcome dialogue.Outcome) (postgres.TurnDecision, error) {
	state, stateErr := json.Marshal(outcome.State)
	understood, understoodErr := json.Marshal(outcome.Understood)
	replies, repliesErr := encodeAll(outcome.Replies)
	if err := errors.Join(stateErr, understoodErr, repliesErr); err != nil {
		return postgres.TurnDecision{}, fmt.Errorf("encode turn: %w", err)
	}
	return postgres.TurnDecision{State: state, Replies: replies, Understood: understood}, nil
}

func encodeAll(replies []dialogue.Reply) ([]json.RawMessage, error) {
	encoded := make([]json.RawMessage, 0, len(replies))
	for _, reply := range replies {
		raw, err := json.Marshal(reply)
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, raw)
	}
	return encoded, nil
}
