package dialogue

import (
	"time"

	"cabanas/booking"
)

// changeDates finds other dates for a booking: an unpaid one is searched again and given up only for the new one or with a yes;
// a confirmed one is moved by a person.
func (t *turn) changeDates(code string) error {
	searching := code == "" && !t.state.CheckIn.IsZero()
	candidates, err := t.meant(code, func(b BookingView) bool { return b.Status.Live() })
	if err != nil {
		return err
	}
	switch {
	case searching && t.read.HasData(), len(candidates) == 0 && code == "" && t.read.HasData():
		return t.search()
	case searching, len(candidates) == 0 && code == "":
		return t.pressSearch(Press{Action: ActionOtherDates})
	case len(candidates) == 0:
		t.notFound()
		return nil
	case len(candidates) > 1:
		t.state.Awaiting = ""
		t.bookingsList(t.texts.WhichChange, candidates, ActionChangeDates)
		return nil
	}
	b := candidates[0]
	t.state.Code = b.Code
	switch {
	case !b.Status.Live():
		t.bookingDetails(b, "")
		return nil
	case b.Status != booking.PreReserved:
		t.state.Awaiting = awaitNewDates
		t.setStay(booking.Stay{})
		t.state.Guests, t.state.AccommodationID = b.Guests, b.AccommodationID
		if t.read.HasStay() && t.read.CheckIn != b.Stay.CheckIn {
			return t.moveByPerson()
		}
		t.ask(say(t.texts.ChangeDatesPaid, t.bookingWords(b)...), t.humanButton(), t.menuButton())
		return nil
	}
	t.setStay(booking.Stay{})
	t.state.Replaces, t.state.Guests, t.state.AccommodationID = b.Code, b.Guests, b.AccommodationID
	held := say(t.texts.ChangeDatesHeld, t.bookingWords(b)...)
	if t.read.HasStay() && t.read.CheckIn != b.Stay.CheckIn {
		if err := t.search(); err != nil {
			return err
		}
		if len(t.replies) > 0 && len(t.effects) == 0 {
			t.before(held)
		}
		return nil
	}
	if err := t.pressSearch(Press{Action: ActionOtherDates}); err != nil {
		return err
	}
	t.before(held)
	return nil
}

// moveByPerson hands the wish to move a confirmed booking to a person.
func (t *turn) moveByPerson() error {
	t.merge()
	words := append(t.stayWords(t.stay(), t.state.Guests), "code", t.state.Code)
	text := say(t.texts.MoveAsked, words...)
	if t.state.CheckIn.IsZero() || t.state.CheckOut.IsZero() {
		text = say(t.texts.MoveAskedOpen, words...)
	}
	t.handOver(ReasonAsked, text)
	return nil
}

// replacedFirst asks for the yes to give up the unpaid booking whose own nights stand in the way of the new dates.
func (t *turn) replacedFirst() (bool, error) {
	if t.state.Replaces == "" {
		return false, nil
	}
	b, found, err := t.find(t.state.Replaces)
	if err != nil {
		return true, err
	}
	if !found || !unpaid(b) {
		t.state.Replaces = ""
		return false, nil
	}
	stay := t.stay()
	if t.state.AccommodationID != b.AccommodationID || !stay.CheckIn.Before(b.Stay.CheckOut) || !b.Stay.CheckIn.Before(stay.CheckOut) {
		return false, nil
	}
	t.state.Awaiting, t.state.Code = awaitCancel, b.Code
	words := append(t.bookingWords(b), "newin", t.date(stay.CheckIn), "newout", t.date(stay.CheckOut))
	t.ask(say(t.texts.AskReplace, words...), button(t.texts.ButtonReplaceYes, Press{Action: ActionCancelYes, Code: b.Code}),
		button(t.texts.ButtonCancelNo, Press{Action: ActionCancelNo}), button(t.texts.ButtonOthers, Press{Action: ActionOthers}))
	return true, nil
}

// How stays without days are offered: weeks from Saturday, shorter stays from Friday.
const (
	weekend     = 2
	mostRanges  = 3
	mostLooks   = 6
	longEnough  = 6
	daysOfAWeek = 7
)

// vague reports whether a time without days is named: a month, next week.
func (t *turn) vague() bool {
	if !t.read.CheckIn.IsZero() || !t.read.CheckOut.IsZero() {
		return false
	}
	return t.read.Month() != 0 || t.gives(signNextWeek) || t.gives(signNextMonth)
}

// window is the time that was named without days, from its first day to the day after its last.
func (t *turn) window() (from, to booking.Date) {
	first := booking.NewDate(t.today.Time().Year(), t.today.Time().Month(), 1)
	switch {
	case t.read.Month() != 0:
		year := t.today.Time().Year()
		if t.read.Month() < t.today.Time().Month() {
			year++
		}
		first = booking.NewDate(year, t.read.Month(), 1)
	case t.gives(signNextMonth):
		first = first.AddMonths(1)
	default:
		monday := t.today.AddDays(1)
		for monday.Weekday() != time.Monday {
			monday = monday.AddDays(1)
		}
		return monday, monday.AddDays(daysOfAWeek)
	}
	return first, first.AddMonths(1)
}

// offerRanges answers a time without days with a few stays in it that are really free.
func (t *turn) offerRanges() error {
	said := t.read.Nights
	if said == 0 {
		said = t.state.Nights
	}
	nights := said
	if nights == 0 {
		nights = weekend
	}
	day := time.Friday
	if nights >= longEnough {
		day = time.Saturday
	}
	t.setStay(booking.Stay{})
	t.state.AccommodationID, t.state.Quoted, t.state.Nights = 0, 0, said
	from, to := t.window()
	var rows []Choice
	for start, looks := from, 0; start.Before(to) && looks < mostLooks && len(rows) < mostRanges; start = start.AddDays(1) {
		if start.Weekday() != day || start.Before(t.today) {
			continue
		}
		looks++
		row, free, err := t.rangeRow(booking.Stay{CheckIn: start, CheckOut: start.AddDays(nights)})
		if err != nil {
			return err
		}
		if free {
			rows = append(rows, row)
		}
	}
	t.state.Awaiting = awaitDates
	if len(rows) == 0 {
		t.askDates(t.texts.NoRanges)
		return nil
	}
	t.reply(Reply{Kind: ReplyList, Body: say(t.texts.WhichRange, "nights", t.nights(nights)), ListButton: t.texts.ButtonSeeOptions,
		Choices: append(rows, t.otherDatesRow())})
	return nil
}

func (t *turn) rangeRow(stay booking.Stay) (Choice, bool, error) {
	found, err := t.facts.Offers(stay, max(t.state.Guests, 1))
	if _, err = refusal(err); err != nil {
		return Choice{}, false, err
	}
	for _, offer := range found {
		if offer.Quote.Total.Centavos <= 0 {
			continue
		}
		words := []string{"in", t.date(stay.CheckIn), "out", t.date(stay.CheckOut), "total", t.money(offer.Quote.Total)}
		return Choice{ID: Press{Action: ActionDates, Stay: stay}.ID(), Title: say(t.texts.RangeTitle, words...),
			Description: say(t.texts.RangeRow, words...)}, true, nil
	}
	return Choice{}, false, nil
}
