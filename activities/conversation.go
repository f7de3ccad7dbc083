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
	// OwnerPhone is told when a guest asks for a person; empty when nobody is.
	OwnerPhone string
	Now        func() time.Time
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
	SetHandedOver(ctx context.Context, guestID int64, handedOver bool) error
	Guest(ctx context.Context, id int64) (postgres.Guest, error)
	UpsertGuest(ctx context.Context, guest postgres.Guest) (int64, error)
	Reservation(ctx context.Context, code string) (postgres.Reservation, error)
	QueueNotice(ctx context.Context, notice postgres.Notice, now time.Time) (int64, error)
}

// DecideTurn takes the guest's oldest message without a turn. State, replies, effects and the turn are stored in one
// transaction, so that a repetition finds the stored turn.
func (a *Conversation) DecideTurn(ctx context.Context, in workflows.TurnInput) (workflows.Turn, error) {
	var spoken language
	taken, found, err := a.Store.TakeTurn(ctx, in.GuestID, a.Now(), func(ctx context.Context, turn postgres.TurnContext) (postgres.TurnDecision, error) {
		return a.decide(ctx, turn, &spoken)
	})
	if err != nil || !found {
		return workflows.Turn{}, asTemporal(err)
	}
	turn := workflows.Turn{MessageID: taken.MessageID, Deliver: taken.Deliver}
	if len(taken.Effects) > 0 {
		if err := json.Unmarshal(taken.Effects, &turn.Effects); err != nil {
			return workflows.Turn{}, fmt.Errorf("read stored effects of message %d: %w", taken.MessageID, err)
		}
	}
	ctx = observe.WithTrace(ctx, taken.TraceID)
	a.remember(ctx, spoken)
	slog.InfoContext(ctx, "turn taken", "message_id", taken.MessageID, "replies", len(taken.Deliver), "effects", len(turn.Effects))
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

func (a *Conversation) decide(ctx context.Context, turn postgres.TurnContext, spoken *language) (postgres.TurnDecision, error) {
	state, err := stateOf(turn.State, turn.HandedOver)
	if err != nil {
		return postgres.TurnDecision{}, err
	}
	var inbound dialogue.Inbound
	if err := json.Unmarshal(turn.Message.Body, &inbound); err != nil {
		return postgres.TurnDecision{}, fmt.Errorf("read message %d: %w", turn.Message.ID, err)
	}
	inbound.ProfileName = turn.Guest.Name
	facts, err := newFacts(ctx, a.Desk.catalogue(), a.Store, turn.Guest.ID)
	if err != nil {
		return postgres.TurnDecision{}, err
	}
	outcome, err := dialogue.Take(state, inbound, facts)
	if err != nil {
		return postgres.TurnDecision{}, err
	}
	*spoken = language{guest: turn.Guest, spoken: outcome.State.Language}
	return decisionOf(outcome, turn.Message)
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
			AskedAt: message.SentAt, TraceID: message.TraceID,
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

// RunEffect carries out one effect and stores what is said about its outcome, once by the effect's key.
func (a *Conversation) RunEffect(ctx context.Context, in workflows.EffectInput) (workflows.EffectResult, error) {
	ctx = observe.WithTrace(ctx, in.Effect.TraceID)
	result, also, err := a.carryOut(ctx, in)
	if err != nil {
		return workflows.EffectResult{}, asTemporal(err)
	}
	deliver, err := a.tell(ctx, in, result)
	slog.InfoContext(ctx, "effect carried out", "key", in.Effect.Key, "kind", string(in.Effect.Kind), "refusal", string(result.Refusal))
	return workflows.EffectResult{Deliver: append(deliver, also...)}, asTemporal(err)
}

// tell stores the new dialogue state and the replies to an effect's outcome.
func (a *Conversation) tell(ctx context.Context, in workflows.EffectInput, result dialogue.Result) ([]int64, error) {
	stored, err := a.Store.ConversationState(ctx, in.GuestID)
	if err != nil {
		return nil, err
	}
	state, err := stateOf(stored, in.Effect.Kind == workflows.EffectHandOver)
	if err != nil {
		return nil, err
	}
	facts, err := newFacts(ctx, a.Desk.catalogue(), a.Store, in.GuestID)
	if err != nil {
		return nil, err
	}
	outcome, err := dialogue.Resolve(state, dialogue.Effect{
		Kind: dialogue.EffectKind(in.Effect.Kind), Code: in.Effect.Code, AccommodationID: in.Effect.AccommodationID,
		Stay: in.Effect.Stay, Guests: in.Effect.Guests,
	}, result, facts)
	if err != nil {
		return nil, err
	}
	decision, err := encoded(outcome)
	if err != nil {
		return nil, err
	}
	deliver, _, err := a.Store.StoreEffectOutcome(ctx, in.GuestID, in.MessageID, in.Effect.Key, decision.State, decision.Replies, a.Now())
	return deliver, err
}

// carryOut does what an effect asks for, and names messages to others than the guest. A refusal is a result; an error means
// that nothing is known and it is repeated.
func (a *Conversation) carryOut(ctx context.Context, in workflows.EffectInput) (dialogue.Result, []int64, error) {
	if in.Effect.Kind == workflows.EffectHandOver {
		alarm, err := a.callOwner(ctx, in)
		return dialogue.Result{}, alarm, err
	}
	code, refund, err := a.change(ctx, in)
	if err != nil {
		result, err := refused(err)
		return result, nil, err
	}
	result, err := a.done(ctx, code, refund)
	return result, nil, err
}

// change places or changes the booking an effect is about, and returns its code with what is given back.
func (a *Conversation) change(ctx context.Context, in workflows.EffectInput) (string, booking.Money, error) {
	if in.Effect.Kind == workflows.EffectHold {
		code, err := a.Desk.BookForGuest(ctx, in.GuestID, in.Effect, in.Effect.AskedAt)
		return code, booking.Money{}, err
	}
	code := in.Effect.Code
	if err := a.owned(ctx, in); err != nil {
		return code, booking.Money{}, err
	}
	switch in.Effect.Kind {
	case workflows.EffectCancel:
		outcome, err := a.Bookings.Cancel(ctx, code, in.Effect.Key, workflows.CancelRequest{By: booking.ByGuest, Reason: "guest"})
		return code, outcome.Refund, refusalOf(outcome, err)
	case workflows.EffectExtend:
		outcome, err := a.Bookings.Extend(ctx, code, in.Effect.Key)
		return code, booking.Money{}, refusalOf(outcome, err)
	case workflows.EffectLink:
		return code, booking.Money{}, nil
	}
	return code, booking.Money{}, booking.Refuse(booking.CodeInvalidInput, "no effect %q", in.Effect.Kind)
}

// owned refuses an effect on a booking of somebody else as if it did not exist.
func (a *Conversation) owned(ctx context.Context, in workflows.EffectInput) error {
	r, err := a.Store.Reservation(ctx, in.Effect.Code)
	if err != nil {
		return err
	}
	// A guest that was joined to another is known by the other's id.
	guest, err := a.Store.Guest(ctx, in.GuestID)
	if err != nil {
		return err
	}
	if r.GuestID != guest.ID {
		return booking.Refuse(booking.CodeNotFound, "no such reservation of this guest")
	}
	return nil
}

func refusalOf(outcome workflows.ChangeOutcome, err error) error {
	if err != nil || outcome.Done {
		return err
	}
	return booking.Refuse(outcome.Refusal, "the reservation is %s", outcome.Status)
}

// refused turns a refusal into the result that is told to the guest; any other error stays one.
func refused(err error) (dialogue.Result, error) {
	if taken, sold := errors.AsType[*TakenError](err); sold {
		return dialogue.Result{Refusal: booking.CodeDatesTaken, Alternatives: taken.Alternatives}, nil
	}
	if code := booking.CodeOf(err); code != booking.CodeInternal && code != booking.CodeUnavailable {
		return dialogue.Result{Refusal: code}, nil
	}
	return dialogue.Result{}, err
}

func (a *Conversation) done(ctx context.Context, code string, refund booking.Money) (dialogue.Result, error) {
	r, err := a.Store.Reservation(ctx, code)
	if err != nil {
		return dialogue.Result{}, err
	}
	property, err := a.Desk.catalogue().property(ctx)
	if err != nil {
		return dialogue.Result{}, err
	}
	view, err := viewOf(ctx, a.Store, property, r, a.Now())
	return dialogue.Result{Booking: view, Refund: refund}, err
}

// callOwner silences the bot and tells the owner that a guest wants a person.
func (a *Conversation) callOwner(ctx context.Context, in workflows.EffectInput) ([]int64, error) {
	if err := a.Store.SetHandedOver(ctx, in.GuestID, true); err != nil {
		return nil, err
	}
	guest, err := a.Store.Guest(ctx, in.GuestID)
	if err != nil {
		return nil, err
	}
	property, err := a.Desk.catalogue().property(ctx)
	if err != nil {
		return nil, err
	}
	reply, err := json.Marshal(dialogue.Compose(dialogue.Notice{
		Kind: string(workflows.NoticeOwnerHandOver), Language: "es", Property: property, Now: a.Now(),
		GuestName: guest.Name, GuestPhone: guest.Phone,
	}))
	if err != nil {
		return nil, fmt.Errorf("encode notice: %w", err)
	}
	id, err := a.Store.QueueNotice(ctx, postgres.Notice{
		Key: in.Effect.Key, Owner: true, OwnerPhone: a.OwnerPhone, Reply: reply, TraceID: in.Effect.TraceID,
	}, a.Now())
	if err != nil || id == 0 {
		return nil, err
	}
	return []int64{id}, nil
}
