package dialogue

import (
	"strings"

	"cabanas/booking"
)

func (t *turn) stay() booking.Stay {
	return booking.Stay{CheckIn: t.state.CheckIn, CheckOut: t.state.CheckOut}
}

// search takes over what the message says and goes on to the next thing that is missing, or to what is free.
func (t *turn) search() error {
	if len(t.read.Ambiguous) > 1 {
		t.whichDates()
		return nil
	}
	t.merge()
	places, err := t.facts.Accommodations()
	if err != nil {
		return err
	}
	if chosen := t.named(places, true); chosen != 0 {
		t.state.AccommodationID = chosen
	}
	if t.read.Nobody {
		t.state.Guests = 0
		t.askGuests(t.texts.NoGuests)
		return nil
	}
	if t.vague() {
		return t.offerRanges()
	}
	if err := t.proceed(); err != nil {
		return err
	}
	if t.read.Pets > 0 && len(t.replies) > 0 {
		t.before(t.texts.PetsNote)
	}
	return nil
}

// whichDates asks which of two stays is meant; the people that were said are kept.
func (t *turn) whichDates() {
	s := &t.state
	s.CheckIn, s.CheckOut, s.Nights, s.Quoted, s.Awaiting = booking.Date{}, booking.Date{}, 0, 0, awaitDates
	if t.read.Guests > 0 {
		s.Guests = t.read.Guests
	}
	var lines []string
	var buttons []Choice
	for _, stay := range t.read.Ambiguous[:min(len(t.read.Ambiguous), mostButtons-1)] {
		line, title := t.date(stay.CheckIn), t.date(stay.CheckIn)
		if !stay.CheckOut.IsZero() {
			line = say(t.texts.RangeTitle, "in", t.date(stay.CheckIn), "out", t.date(stay.CheckOut))
			title = say(t.texts.RangeTitle, "in", t.plainDate(stay.CheckIn), "out", t.plainDate(stay.CheckOut))
		} else if t.read.Nights > 0 {
			stay.CheckOut = stay.CheckIn.AddDays(t.read.Nights)
		}
		lines = append(lines, "• "+line)
		buttons = append(buttons, button(title, Press{Action: ActionDates, Stay: stay}))
	}
	t.ask(t.texts.WhichDates+"\n"+strings.Join(lines, "\n"),
		append(buttons, button(t.texts.ButtonOtherDates, Press{Action: ActionOtherDates}))...)
}

// merge lets what was said now replace what was said before; the rest stays.
func (t *turn) merge() {
	s, r := &t.state, t.read
	switch {
	case !r.CheckIn.IsZero() && !r.CheckOut.IsZero():
		s.CheckIn, s.CheckOut, s.Nights = r.CheckIn, r.CheckOut, 0
	case !r.CheckIn.IsZero():
		s.CheckIn = r.CheckIn
		if !s.CheckIn.Before(s.CheckOut) {
			s.CheckOut = booking.Date{}
		}
	case !r.CheckOut.IsZero():
		s.CheckOut, s.Nights = r.CheckOut, 0
	}
	if r.Nights > 0 && r.CheckIn.IsZero() && r.CheckOut.IsZero() {
		s.Nights = r.Nights
		s.CheckOut = booking.Date{}
	}
	if !s.CheckIn.IsZero() && s.CheckOut.IsZero() && s.Nights > 0 {
		s.CheckOut, s.Nights = s.CheckIn.AddDays(s.Nights), 0
	}
	if r.Guests > 0 {
		s.Guests = r.Guests
	}
}

// proceed goes on with the search from what is known: a broken limit is named, what is missing asked for, else offers shown.
func (t *turn) proceed() error {
	t.state.Awaiting, t.state.Quoted = "", 0
	places, err := t.facts.Accommodations()
	if err != nil {
		return err
	}
	if len(places) == 0 {
		t.state.Awaiting = awaitPerson
		t.ask(t.texts.NoCabins, t.humanButton(), t.menuButton())
		return nil
	}
	if !t.state.CheckIn.IsZero() && !t.datesPossible() {
		return nil
	}
	if biggest := biggestOf(places); t.state.Guests > biggest.Capacity {
		t.tooManyGuests(biggest)
		return nil
	}
	if question, open := t.missing(); open {
		t.noted(&question)
		t.reply(question)
		return nil
	}
	if done, err := t.replacedFirst(); done || err != nil {
		return err
	}
	return t.offers()
}

// noted puts what the message said in front of the next question, so that a mistake is seen at once.
func (t *turn) noted(question *Reply) {
	what := t.understood()
	if what == "" || t.voice || t.proposed || t.state.Awaiting == awaitCheckOut || !t.read.HasData() {
		return
	}
	if body := say(t.texts.Noted, "what", what) + "\n\n" + question.Body; runes(body) <= bodyLimit(question.Kind) {
		question.Body = body
	}
}

// datesPossible checks the dates against the limits that hold for every accommodation; what breaks one is named and dropped.
func (t *turn) datesPossible() bool {
	stay := t.stay()
	whole := !stay.CheckOut.IsZero()
	if !whole {
		stay.CheckOut = stay.CheckIn.AddDays(1)
	}
	anything := booking.Accommodation{Active: true, Capacity: 1}
	code := booking.CodeOf(t.facts.Property().Limits.Check(anything, stay, 1, t.today))
	if code == "" {
		return true
	}
	t.refuseDates(code, stay)
	return false
}

// refuseDates names what is wrong with the dates and asks again, keeping what can be kept.
func (t *turn) refuseDates(code booking.Code, stay booking.Stay) {
	limits := t.facts.Property().Limits
	in, out := t.date(stay.CheckIn), t.date(stay.CheckOut)
	switch code {
	case booking.CodeTooLong, booking.CodeTooShort:
		t.state.CheckOut = booking.Date{}
		text := say(t.texts.StayTooLong, "most", t.nights(limits.LongestStay), "in", in)
		if code == booking.CodeTooShort {
			text = say(t.texts.StayTooShort, "least", t.nights(t.leastNights(stay)), "in", in)
		}
		t.state.Awaiting = awaitCheckOut
		t.say(text)
		return
	}
	text := say(t.texts.DatesReversed, "in", in, "out", out)
	switch code {
	case booking.CodeInThePast:
		text = say(t.texts.DatesPast, "in", in)
	case booking.CodeBeyondHorizon:
		text = say(t.texts.DatesTooFar, "last", t.longDate(t.today.AddMonths(limits.HorizonMonths)))
	}
	t.state.CheckIn, t.state.CheckOut, t.state.Nights = booking.Date{}, booking.Date{}, 0
	t.askDates(text)
}

// leastNights is the shortest minimum of all accommodations that fit the guests, for those dates.
func (t *turn) leastNights(stay booking.Stay) int {
	places, err := t.facts.Accommodations()
	least := 0
	for _, place := range places {
		if minimum := place.Rate.LeastNights(stay); err == nil && place.Capacity >= t.state.Guests && (least == 0 || minimum < least) {
			least = minimum
		}
	}
	return max(least, stay.Nights()+1, 1)
}

// missing is the next question of a search, false when everything is known.
func (t *turn) missing() (Reply, bool) {
	switch {
	case t.state.CheckIn.IsZero() && !t.state.CheckOut.IsZero():
		t.state.Awaiting = awaitDates
		return Reply{Kind: ReplyText, Body: t.texts.AskCheckInFor}, true
	case t.state.CheckIn.IsZero():
		t.state.Awaiting = awaitDates
		return t.datesQuestion(t.texts.AskDates), true
	case t.state.CheckOut.IsZero():
		t.state.Awaiting = awaitCheckOut
		return t.checkOutQuestion(), true
	case t.state.Guests == 0:
		t.state.Awaiting = awaitGuests
		return t.guestsQuestion(t.texts.AskGuests), true
	}
	return Reply{}, false
}

// question is the open question worded again, false when none is open.
func (t *turn) question() (Reply, bool) {
	switch t.state.Awaiting {
	case awaitDates, awaitCheckOut, awaitGuests:
		return t.missing()
	case awaitYes:
		return t.yesQuestion()
	case awaitNewDates:
		return Reply{Kind: ReplyButtons, Body: say(t.texts.ChangeDatesPaid, "code", t.state.Code),
			Choices: []Choice{t.humanButton(), t.menuButton()}}, true
	}
	return Reply{}, false
}

func (t *turn) datesQuestion(text string) Reply {
	return Reply{Kind: ReplyButtons, Body: text, Choices: []Choice{
		button(t.texts.ButtonThisWeekend, Press{Action: ActionThisWeekend}),
		button(t.texts.ButtonNextWeekend, Press{Action: ActionNextWeekend}),
		button(t.texts.ButtonOtherDates, Press{Action: ActionOtherDates}),
	}}
}

func (t *turn) askDates(text string) {
	t.state.Awaiting = awaitDates
	t.reply(t.datesQuestion(text))
}

func (t *turn) checkOutQuestion() Reply {
	in := t.state.CheckIn
	choices := []Choice{}
	for _, nights := range []int{2, 3, 7} {
		stay := booking.Stay{CheckIn: in, CheckOut: in.AddDays(nights)}
		choices = append(choices, button(t.nights(nights), Press{Action: ActionDates, Stay: stay}))
	}
	return Reply{Kind: ReplyButtons, Body: say(t.texts.AskCheckOut, "in", t.date(in)), Choices: choices}
}

func (t *turn) guestsQuestion(text string) Reply {
	return Reply{Kind: ReplyButtons, Body: text, Choices: []Choice{
		button(t.people(2), Press{Action: ActionGuests, Guests: 2}),
		button(t.people(4), Press{Action: ActionGuests, Guests: 4}),
		button(t.texts.ButtonOtherGuests, Press{Action: ActionOtherGuests}),
	}}
}

func (t *turn) askGuests(text string) {
	t.state.Awaiting = awaitGuests
	t.reply(t.guestsQuestion(text))
}

func (t *turn) tooManyGuests(biggest booking.Accommodation) {
	t.state.Guests, t.state.Awaiting = 0, awaitGuests
	t.ask(say(t.texts.TooManyGuests, "cabin", shown(biggest.Name, longestName), "capacity", t.people(biggest.Capacity)),
		button(t.people(biggest.Capacity), Press{Action: ActionGuests, Guests: biggest.Capacity}),
		button(t.texts.ButtonOtherGuests, Press{Action: ActionOtherGuests}), t.humanButton())
}

func biggestOf(places []booking.Accommodation) booking.Accommodation {
	biggest := booking.Accommodation{}
	for _, place := range places {
		if place.Capacity > biggest.Capacity {
			biggest = place
		}
	}
	return biggest
}
