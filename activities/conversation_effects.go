package activities

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/internal/observe"
	"cabanas/workflows"
)

// RunEffect carries out one effect and stores what is said about its outcome, once by the effect's key.
func (a *Conversation) RunEffect(ctx context.Context, in workflows.EffectInput) (workflows.EffectResult, error) {
	ctx = observe.WithTrace(ctx, in.Effect.TraceID)
	done, err := a.carryOut(ctx, in)
	if err != nil {
		return workflows.EffectResult{}, asTemporal(err)
	}
	deliver, err := a.tell(ctx, in, done.result)
	slog.InfoContext(ctx, "effect carried out", "key", in.Effect.Key, "kind", string(in.Effect.Kind), "refusal", string(done.result.Refusal))
	return workflows.EffectResult{Deliver: append(deliver, done.also...), BackAt: done.backAt}, asTemporal(err)
}

// carried is how an effect went.
type carried struct {
	result dialogue.Result
	// also are messages to others than the guest.
	also []int64
	// backAt is when the bot answers again.
	backAt time.Time
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
		Stay: in.Effect.Stay, Guests: in.Effect.Guests, Reason: dialogue.HandOverReason(in.Effect.Reason), OtherGuestID: in.Effect.OtherGuestID,
	}, result, facts)
	if err != nil {
		return nil, err
	}
	if state.OptedOut && !outcome.State.OptedOut {
		if err := a.Store.SetOptedOut(ctx, in.GuestID, false, a.Now()); err != nil {
			return nil, err
		}
	}
	decision, err := encoded(outcome)
	if err != nil {
		return nil, err
	}
	deliver, _, err := a.Store.StoreEffectOutcome(ctx, in.GuestID, in.MessageID, in.Effect.Key, decision.State, decision.Replies, a.Now())
	return deliver, err
}

// carryOut does what an effect asks for. A refusal is a result; an error means that nothing is known and it is repeated.
func (a *Conversation) carryOut(ctx context.Context, in workflows.EffectInput) (done carried, err error) {
	if done, known, err := a.moneyEffect(ctx, in); known {
		return done, err
	}
	switch in.Effect.Kind {
	case workflows.EffectHandOver:
		return a.callOwner(ctx, in)
	case workflows.EffectHandBack:
		done.also, err = a.handBack(ctx, in)
	case workflows.EffectRefundOK, workflows.EffectRefundNo:
		err = a.decideRefund(ctx, in)
	case workflows.EffectReceipt:
		done.also, err = a.raiseReceipt(ctx, in)
	case workflows.EffectOptOut:
		err = a.Store.SetOptedOut(ctx, in.GuestID, true, a.Now())
	default:
		code, refund, changeErr := a.change(ctx, in)
		if err = changeErr; err == nil {
			done.result, err = a.done(ctx, code, refund)
			return done, err
		}
	}
	if err != nil {
		done.result, err = refused(err)
	}
	return done, err
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
	case workflows.EffectTakeAlternative, workflows.EffectLeaveAlternative:
		answer := workflows.AlternativeAnswer{Accept: in.Effect.Kind == workflows.EffectTakeAlternative}
		outcome, err := a.answerAlternative(ctx, code, in.Effect.Key, answer)
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
