package dialogue

import (
	"strings"

	"cabanas/booking"
)

// details shows one cabin for the stay with its explained price and asks for the yes; when it cannot be had, what is free instead.
func (t *turn) details(id int64, preface string) error {
	offer, near, err := t.facts.Offer(id, t.stay(), t.state.Guests)
	code, err := refusal(err)
	if err != nil {
		return err
	}
	if code == "" && offer.Quote.Total.Centavos > 0 {
		return t.present(offer, preface)
	}
	return t.instead(id, code, near)
}

// instead answers a cabin that cannot be had for the stay with what can.
func (t *turn) instead(id int64, code booking.Code, near []booking.Alternative) error {
	t.state.AccommodationID, t.state.Quoted = 0, 0
	places, err := t.facts.Accommodations()
	if err != nil {
		return err
	}
	wanted, found := booking.Accommodation{}, false
	for _, place := range places {
		if place.ID == id {
			wanted, found = place, true
		}
	}
	words := append(t.stayWords(t.stay(), t.state.Guests), "cabin", shown(wanted.Name, longestName),
		"capacity", t.people(wanted.Capacity), "least", t.nights(wanted.Rate.LeastNights(t.stay())))
	reason := t.texts.CabinGone
	switch {
	case !found:
	case code == booking.CodeDatesTaken:
		reason = say(t.texts.CabinTaken, words...)
	case code == booking.CodeTooManyGuests:
		reason = say(t.texts.CabinTooSmall, words...)
	case code == booking.CodeTooShort:
		reason = say(t.texts.CabinTooShort, words...)
	case code == booking.CodeInThePast, code == booking.CodeInvalidDates, code == booking.CodeBeyondHorizon, code == booking.CodeTooLong:
		t.refuseDates(code, t.stay())
		return nil
	case code == booking.CodeInvalidGuests:
		t.state.Guests = 0
		t.askGuests(t.texts.NoGuests)
		return nil
	}
	return t.freeInstead(reason, near)
}

// freeInstead lists what else is free for the same stay, else the nearest other stays.
func (t *turn) freeInstead(reason string, near []booking.Alternative) error {
	others, refused, err := t.free()
	if refused || err != nil {
		return err
	}
	if len(others) > 0 {
		t.list(others, 0, reason)
		return nil
	}
	near, err = t.alternatives(near)
	if err != nil {
		return err
	}
	words := t.stayWords(t.stay(), t.state.Guests)
	if len(near) == 0 {
		t.askDates(reason + "\n" + say(t.texts.NothingFree, words...))
		return nil
	}
	t.alternativesList(reason+"\n"+say(t.texts.NothingFreeNear, words...), near)
	return nil
}

// present shows an offer and opens the question for the explicit yes.
func (t *turn) present(offer Offer, preface string) error {
	t.state.AccommodationID, t.state.Quoted, t.state.Awaiting = offer.Accommodation.ID, offer.Quote.Total.Centavos, awaitYes
	place := offer.Accommodation
	words := append(t.stayWords(offer.Stay, offer.Guests), "cabin", shown(place.Name, longestName), "capacity", t.people(place.Capacity))
	var parts []string
	add := func(part string) {
		if part != "" {
			parts = append(parts, part)
		}
	}
	add(preface)
	add(say(t.texts.DetailsHead, words...))
	add(shown(place.Description, longestDescription))
	add(say(t.texts.DetailsStay, words...))
	parts = append(parts, "")
	parts = append(parts, t.priceLines(offer)...)
	add(say(t.texts.LineTotal, "total", t.money(offer.Quote.Total)))
	add(t.depositLine(offer.Quote))
	parts = append(parts, "")
	add(termsOf(t.texts, place.CancellationIn(t.facts.Property())))
	add(t.texts.AskYes)
	t.ask(strings.Join(parts, "\n"), t.yesButtons(offer)...)
	return nil
}

func (t *turn) yesButtons(offer Offer) []Choice {
	return []Choice{
		button(t.texts.ButtonYes, Press{Action: ActionHold, AccommodationID: offer.Accommodation.ID, Stay: offer.Stay, Guests: offer.Guests,
			Centavos: offer.Quote.Total.Centavos}),
		button(t.texts.ButtonOthers, Press{Action: ActionOthers}),
		button(t.texts.ButtonOtherDates, Press{Action: ActionOtherDates}),
	}
}

func (t *turn) depositLine(quote booking.Quote) string {
	balance := quote.Total.Minus(quote.Deposit)
	text := t.texts.LineDeposit
	switch {
	case balance.Centavos <= 0:
		text = t.texts.LineNoBalance
	case t.facts.Property().Payments.BalanceMode == booking.BalanceByLink:
		text = moneyTextsOf(t.texts.Code).DepositThenLink
	}
	return say(text, "deposit", t.money(quote.Deposit), "balance", t.money(balance))
}

// mostPriceLines keeps the explanation of a very long and varied stay readable.
const mostPriceLines = 8

// priceLines explains a total: nights of one price together, then each fee and discount.
func (t *turn) priceLines(offer Offer) []string {
	var lines []string
	type group struct {
		count int
		price booking.Money
	}
	groups := []group{}
	weekend := map[int64]bool{}
	base := offer.Accommodation.Rate.Base.Centavos
	for _, line := range offer.Quote.Lines {
		if line.Kind != booking.LineNight {
			continue
		}
		at := -1
		for i := range groups {
			if groups[i].price == line.Amount {
				at = i
			}
		}
		if at < 0 {
			groups, at = append(groups, group{price: line.Amount}), len(groups)
		}
		groups[at].count++
		// A season may give a week night the price of a weekend night: then they are nights.
		wasWeekend := groups[at].count == 1 || weekend[line.Amount.Centavos]
		weekend[line.Amount.Centavos] = wasWeekend && booking.IsWeekendNight(line.Night) && line.Amount.Centavos != base
	}
	for _, g := range groups {
		text := t.texts.LineNights
		if weekend[g.price.Centavos] {
			text = t.texts.LineWeekend
		}
		lines = append(lines, say(text, "nights", t.nights(g.count), "price", t.money(g.price), "amount", t.money(g.price.Times(g.count))))
	}
	for _, line := range offer.Quote.Lines {
		text := map[booking.LineKind]string{
			booking.LineExtraGuests: t.texts.LineExtra, booking.LineDiscount: t.texts.LineDiscount, booking.LineCleaning: t.texts.LineCleaning,
		}[line.Kind]
		if text != "" {
			lines = append(lines, say(text, "amount", t.money(line.Amount)))
		}
	}
	if len(lines) > mostPriceLines {
		return nil
	}
	return lines
}

// yesQuestion is the open yes-or-no question worded shortly; false when the offer is not to be had any more.
func (t *turn) yesQuestion() (Reply, bool) {
	offer, _, err := t.facts.Offer(t.state.AccommodationID, t.stay(), t.state.Guests)
	if err != nil || offer.Quote.Total.Centavos != t.state.Quoted {
		return Reply{}, false
	}
	words := append(t.stayWords(offer.Stay, offer.Guests), "cabin", shown(offer.Accommodation.Name, longestName),
		"total", t.money(offer.Quote.Total), "deposit", t.money(offer.Quote.Deposit))
	return Reply{Kind: ReplyButtons, Body: say(t.texts.AskYesShort, words...), Choices: t.yesButtons(offer)}, true
}

// askYesAgain shows the open offer with its button to who agreed by voice.
func (t *turn) askYesAgain() error {
	if question, open := t.yesQuestion(); open {
		t.reply(question)
		return nil
	}
	return t.details(t.state.AccommodationID, "")
}

// noHurry answers who wants to think about an offer, which stays open.
func (t *turn) noHurry() error {
	question, open := t.yesQuestion()
	if !open {
		return t.details(t.state.AccommodationID, "")
	}
	question.Body = t.texts.NoHurry + "\n\n" + question.Body
	t.reply(question)
	return nil
}

// declined answers a no to an offer.
func (t *turn) declined() {
	t.state.Awaiting, t.state.AccommodationID, t.state.Quoted = "", 0, 0
	t.ask(t.texts.DeniedOffer, button(t.texts.ButtonOthers, Press{Action: ActionOthers}),
		button(t.texts.ButtonOtherDates, Press{Action: ActionOtherDates}), t.menuButton())
}

// hold asks for the hold that the guest said yes to, when it can still be had at the price that was shown.
func (t *turn) hold(press Press) error {
	t.state.CheckIn, t.state.CheckOut, t.state.Guests = press.Stay.CheckIn, press.Stay.CheckOut, press.Guests
	t.state.AccommodationID, t.state.Awaiting, t.state.Quoted = press.AccommodationID, "", 0
	own, err := t.alreadyOwn(press.AccommodationID, press.Stay)
	if err != nil || own {
		return err
	}
	offer, near, err := t.facts.Offer(press.AccommodationID, press.Stay, press.Guests)
	code, err := refusal(err)
	switch {
	case err != nil:
		return err
	case code != "" || offer.Quote.Total.Centavos <= 0:
		return t.instead(press.AccommodationID, code, near)
	case press.Centavos != 0 && press.Centavos != offer.Quote.Total.Centavos:
		return t.present(offer, t.texts.PriceChanged)
	}
	t.effect(Effect{Kind: EffectHold, AccommodationID: press.AccommodationID, Stay: press.Stay, Guests: press.Guests})
	return nil
}

// alreadyOwn shows the guest's own live booking of the same cabin and stay: a button pressed twice books once.
func (t *turn) alreadyOwn(accommodationID int64, stay booking.Stay) (bool, error) {
	bookings, err := t.facts.Bookings()
	if err != nil {
		return false, err
	}
	for _, b := range bookings {
		if b.Status.Live() && b.AccommodationID == accommodationID && b.Stay == stay {
			t.bookingDetails(b, t.texts.AlreadyYours)
			return true, nil
		}
	}
	return false, nil
}
