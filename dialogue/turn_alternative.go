package dialogue

import "cabanas/booking"

// pressAlternative is the guest's answer by button to nights offered instead of those that were sold.
func (t *turn) pressAlternative(code string, take bool) error {
	bookings, err := t.facts.Bookings()
	if err != nil {
		return err
	}
	b, open := openOffer(bookings, code)
	if !open {
		return t.offerOver(code)
	}
	t.decideAlternative(b, take)
	return nil
}

// answerAlternative takes a plain yes or no in writing as the answer to the nights that are offered: when nothing else was asked
// since. A voice note or a doubt is asked again with the buttons.
func (t *turn) answerAlternative() (bool, error) {
	yes := t.read.Intent == IntentAffirm || t.read.Intent == IntentThanks && t.saysYes()
	no := t.read.Intent == IntentDeny || t.read.Intent == IntentCancel
	if !yes && !no || t.read.HasData() {
		return false, nil
	}
	bookings, err := t.facts.Bookings()
	if err != nil {
		return false, err
	}
	b, open := openOffer(bookings, t.read.Code)
	if !open || t.state.Awaiting != "" && !b.Alternative.OfferedAt.After(t.spokeBefore) {
		return false, nil
	}
	if yes && !t.agrees() {
		texts := lateTextsOf(t.texts.Code)
		location := zone(t.facts.Property())
		t.ask(offerText(texts, b, alternativeWords(t.texts, b, t.today, location)), offerButtons(texts, b.Code)...)
		return true, nil
	}
	t.decideAlternative(b, yes)
	return true, nil
}

// decideAlternative asks the system to take the other nights, which tells it itself, or to let them go.
func (t *turn) decideAlternative(b BookingView, take bool) {
	t.state.Awaiting, t.state.Code = "", b.Code
	if take {
		t.effect(Effect{Kind: EffectTakeAlternative, Code: b.Code})
		return
	}
	t.effect(Effect{Kind: EffectLeaveAlternative, Code: b.Code})
}

func (t *turn) offerOver(code string) error {
	b, found, err := t.find(code)
	switch {
	case err != nil:
		return err
	case !found:
		t.notFound()
	case b.Status == booking.Confirmed:
		t.bookingDetails(b, "")
	default:
		t.ask(lateTextsOf(t.texts.Code).OfferOver, t.searchButton(), t.humanButton())
	}
	return nil
}

// resolveAlternative says only what the booking's own notice does not.
func (t *turn) resolveAlternative(effect Effect, result Result) error {
	if result.Refusal != "" {
		return t.offerOver(effect.Code)
	}
	if effect.Kind == EffectLeaveAlternative {
		t.say(lateTextsOf(t.texts.Code).OfferLeft)
	}
	return nil
}
