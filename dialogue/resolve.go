package dialogue

import (
	"fmt"

	"cabanas/booking"
)

// Resolve words how an effect of a turn went. What was done says nothing here, because the booking's own notice or the turn itself
// tells it, except where dates are being changed: then the search goes on, or the old booking is asked about. A refusal is explained with what can be done instead. Errors are
// those of facts that are not booking refusals.
func Resolve(state State, effect Effect, result Result, facts Facts) (Outcome, error) {
	t := newTurn(state, Inbound{}, facts)
	if err := t.resolve(effect, result); err != nil {
		return Outcome{}, fmt.Errorf("word the outcome of %s: %w", effect.Kind, err)
	}
	return t.outcome(), nil
}

func (t *turn) resolve(effect Effect, result Result) error {
	if result.Booking.Code == "" {
		result.Booking.Code = effect.Code
	}
	switch effect.Kind {
	case EffectHandOver:
		t.state.HandedOver = true
		return nil
	case EffectHold:
		return t.resolveHold(effect, result)
	case EffectCancel:
		t.state.Awaiting = ""
		if result.Refusal != "" {
			return t.couldNot(result, t.texts.CannotCancel)
		}
		return t.searchOn(effect.Code)
	case EffectExtend:
		if result.Refusal == booking.CodeAlreadyExtended {
			return t.couldNot(result, t.texts.AlreadyExtended)
		}
		if result.Refusal != "" {
			return t.couldNot(result, t.texts.CannotExtend)
		}
	case EffectLink:
		return t.resolveLink(result)
	case EffectTakeAlternative, EffectLeaveAlternative:
		return t.resolveAlternative(effect, result)
	case EffectTransfer:
		return t.resolveTransfer(result)
	case EffectTransferPaid, EffectTransferUnseen:
		t.resolveOwner(effect, result)
	case EffectSendReceipt:
		if result.Refusal != "" {
			t.ask(moneyTextsOf(t.texts.Code).ReceiptNone, t.humanButton(), t.menuButton())
		}
	case EffectRefundOK, EffectRefundNo:
		t.resolveRefund(effect, result)
	case EffectHandBack, EffectReceipt, EffectOptOut:
		if result.Refusal != "" {
			t.ask(t.texts.Unavailable, t.humanButton(), t.menuButton())
		}
	}
	return nil
}

// resolveHold clears the search after a hold and keeps its code; a refused one is answered with what is free instead.
func (t *turn) resolveHold(effect Effect, result Result) error {
	t.state.Awaiting, t.state.Quoted = "", 0
	if result.Refusal == "" {
		t.state.Code = result.Booking.Code
		t.setStay(booking.Stay{})
		t.state.Guests, t.state.AccommodationID, t.state.OptedOut = 0, 0, false
		return t.replaced()
	}
	t.setStay(effect.Stay)
	t.state.Guests, t.state.AccommodationID = effect.Guests, effect.AccommodationID
	switch result.Refusal {
	case booking.CodeDatesTaken:
		own, err := t.alreadyOwn(effect.AccommodationID, effect.Stay)
		if own || err != nil {
			return err
		}
		reason := say(t.texts.JustTaken, append(t.stayWords(effect.Stay, effect.Guests), "cabin", t.cabinName(effect.AccommodationID))...)
		t.state.AccommodationID = 0
		if len(result.Alternatives) == 0 {
			return t.freeInstead(reason, nil)
		}
		near, err := t.alternatives(result.Alternatives)
		if err != nil {
			return err
		}
		if len(near) == 0 {
			return t.freeInstead(reason, nil)
		}
		t.alternativesList(reason+"\n"+t.texts.InsteadHead, near)
		return nil
	case booking.CodeTooManyHolds:
		t.ask(t.texts.TooManyHolds, button(t.texts.ButtonReservations, Press{Action: ActionReservations}), t.humanButton())
		return nil
	case booking.CodeInThePast, booking.CodeInvalidDates, booking.CodeBeyondHorizon, booking.CodeTooShort, booking.CodeTooLong,
		booking.CodeInactive, booking.CodeNotFound, booking.CodeTooManyGuests, booking.CodeInvalidGuests:
		return t.instead(effect.AccommodationID, result.Refusal, result.Alternatives)
	}
	t.ask(t.texts.Unavailable,
		button(t.texts.ButtonAgain, Press{Action: ActionHold, AccommodationID: effect.AccommodationID, Stay: effect.Stay, Guests: effect.Guests}),
		t.humanButton())
	return nil
}

// searchOn goes on with the dates that a booking was given up for.
func (t *turn) searchOn(code string) error {
	if code == "" || t.state.Replaces != code {
		return nil
	}
	t.state.Replaces = ""
	if t.state.CheckIn.IsZero() || t.state.CheckOut.IsZero() {
		return nil
	}
	return t.proceed()
}

// replaced asks what to do with the unpaid booking that the new one was meant to replace.
func (t *turn) replaced() error {
	old := t.state.Replaces
	t.state.Replaces = ""
	if old == "" || old == t.state.Code {
		return nil
	}
	b, found, err := t.find(old)
	if err != nil || !found || !unpaid(b) {
		return err
	}
	t.ask(say(t.texts.AskOldHold, t.bookingWords(b)...),
		button(t.texts.ButtonCancelYes, Press{Action: ActionCancelYes, Code: old}), button(t.texts.ButtonCancelNo, Press{Action: ActionCancelNo}))
	return nil
}

// couldNot says why a change was refused, from what the booking says now.
func (t *turn) couldNot(result Result, text string) error {
	b, found, err := t.find(result.Booking.Code)
	if err != nil {
		return err
	}
	switch {
	case result.Refusal == booking.CodeNotFound || !found:
		t.notFound()
	case result.Refusal == booking.CodeWrongState || result.Refusal == booking.CodeAlreadyExtended:
		t.ask(say(text, t.bookingWords(b)...), button(t.texts.ButtonReservations, Press{Action: ActionReservations}), t.humanButton())
	default:
		t.ask(t.texts.Unavailable, button(t.texts.ButtonReservations, Press{Action: ActionReservations}), t.humanButton())
	}
	return nil
}

// resolveLink sends the payment link of a hold again.
func (t *turn) resolveLink(result Result) error {
	b := result.Booking
	switch {
	case result.Refusal != "":
		return t.couldNot(result, t.texts.AlreadyPaid)
	case b.Status != booking.PreReserved:
		t.ask(say(t.texts.AlreadyPaid, t.bookingWords(b)...), button(t.texts.ButtonReservations, Press{Action: ActionReservations}), t.menuButton())
	case b.PaymentURL == "":
		t.say(say(t.texts.LinkFollows, t.bookingWords(b)...))
	default:
		t.state.Code = b.Code
		t.reply(Reply{Kind: ReplyLink, Body: say(t.texts.LinkAgain, t.bookingWords(b)...), LinkTitle: t.texts.LinkTitle, LinkURL: b.PaymentURL})
	}
	return nil
}
