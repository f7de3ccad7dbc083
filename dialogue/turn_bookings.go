package dialogue

import (
	"strings"

	"cabanas/booking"
)

// find returns the guest's booking with that code.
func (t *turn) find(code string) (BookingView, bool, error) {
	bookings, err := t.facts.Bookings()
	for _, b := range bookings {
		if b.Code == code {
			return b, true, err
		}
	}
	return BookingView{}, false, err
}

// meant returns the bookings a message can be about: the named one, else those of the dates it says, else the one being
// talked about, else all that fit.
func (t *turn) meant(code string, fits func(BookingView) bool) ([]BookingView, error) {
	bookings, err := t.facts.Bookings()
	if err != nil {
		return nil, err
	}
	var fitting, dated []BookingView
	for _, b := range bookings {
		if code != "" && b.Code == code {
			return []BookingView{b}, nil
		}
		if !fits(b) {
			continue
		}
		fitting = append(fitting, b)
		if !t.read.CheckIn.IsZero() && b.Stay.CheckIn == t.read.CheckIn {
			dated = append(dated, b)
		}
	}
	if code != "" {
		return nil, nil
	}
	if len(dated) > 0 {
		return dated, nil
	}
	for _, b := range fitting {
		if b.Code == t.state.Code && t.read.CheckIn.IsZero() {
			return []BookingView{b}, nil
		}
	}
	return fitting, nil
}

// myBookings lists the guest's bookings, or shows the one named.
func (t *turn) myBookings(code string) error {
	t.state.Awaiting = ""
	bookings, err := t.facts.Bookings()
	if err != nil {
		return err
	}
	if code != "" {
		b, found, err := t.find(code)
		if err != nil {
			return err
		}
		if !found {
			t.notFound()
			return nil
		}
		t.bookingDetails(b, "")
		return nil
	}
	switch len(bookings) {
	case 0:
		t.ask(t.texts.NoBookings, t.searchButton(), t.humanButton())
	case 1:
		t.bookingDetails(bookings[0], "")
	default:
		t.bookingsList(t.texts.BookingsHead, bookings, ActionDetails)
	}
	return nil
}

func (t *turn) notFound() {
	t.ask(t.texts.BookingNotFound, button(t.texts.ButtonReservations, Press{Action: ActionReservations}), t.humanButton())
}

func (t *turn) bookingsList(head string, bookings []BookingView, action Action) {
	const mostRows = 10
	rows := []Choice{}
	for _, b := range bookings[:min(len(bookings), mostRows)] {
		rows = append(rows, Choice{ID: Press{Action: action, Code: b.Code}.ID(), Title: b.UnitName,
			Description: say(t.texts.BookingRow, t.bookingWords(b)...)})
	}
	t.reply(Reply{Kind: ReplyList, Body: head, ListButton: t.texts.ButtonSeeBookings, Choices: rows})
}

// bookingDetails shows one booking with what can be done about it.
func (t *turn) bookingDetails(b BookingView, preface string) {
	t.state.Code, t.state.Awaiting = b.Code, ""
	words := t.bookingWords(b)
	parts := []string{say(t.texts.BookingDetails, words...)}
	if preface != "" {
		parts = append([]string{preface}, parts...)
	}
	if b.Paid.Centavos > 0 {
		parts = append(parts, say(t.texts.BookingPaid, words...))
	}
	var buttons []Choice
	act := func(title string, action Action) {
		buttons = append(buttons, button(title, Press{Action: action, Code: b.Code}))
	}
	switch b.Status {
	case booking.PreReserved:
		parts = append(parts, say(t.texts.BookingDeadline, words...))
		act(t.texts.ButtonPay, ActionPay)
		if !b.ExtendedOnce {
			act(t.texts.ButtonExtend, ActionExtend)
		}
		act(t.texts.ButtonCancel, ActionCancel)
	case booking.Confirmed:
		act(t.texts.ButtonChangeDates, ActionChangeDates)
		act(t.texts.ButtonCancel, ActionCancel)
		buttons = append(buttons, t.menuButton())
	default:
		buttons = append(buttons, button(t.texts.ButtonReserveAgain, Press{Action: ActionReserveAgain}), t.menuButton())
	}
	t.ask(strings.Join(parts, "\n"), buttons...)
}

// startCancel asks for the yes, naming what the policy gives back.
func (t *turn) startCancel(code string) error {
	candidates, err := t.meant(code, func(b BookingView) bool { return b.Status.Live() })
	if err != nil {
		return err
	}
	t.state.Awaiting = ""
	switch {
	case len(candidates) == 0 && code != "":
		t.notFound()
	case len(candidates) == 0:
		t.ask(t.texts.NothingToCancel, t.searchButton(), t.humanButton())
	case len(candidates) > 1:
		t.bookingsList(t.texts.WhichCancel, candidates, ActionCancel)
	case !candidates[0].Status.Live():
		t.state.Code = candidates[0].Code
		t.say(say(t.texts.CannotCancel, t.bookingWords(candidates[0])...))
	default:
		t.askCancel(candidates[0])
	}
	return nil
}

func (t *turn) askCancel(b BookingView) {
	t.state.Awaiting, t.state.Code = awaitCancel, b.Code
	text := t.texts.AskCancelRefund
	switch {
	case b.Paid.Centavos <= 0:
		text = t.texts.AskCancelUnpaid
	case b.RefundIfCancelled.Centavos <= 0:
		text = t.texts.AskCancelNoRefund
	}
	t.ask(say(text, t.bookingWords(b)...),
		button(t.texts.ButtonCancelYes, Press{Action: ActionCancelYes, Code: b.Code}),
		button(t.texts.ButtonCancelNo, Press{Action: ActionCancelNo}))
}

// cancelNow asks the system to cancel after the yes.
func (t *turn) cancelNow(code string) error {
	t.state.Awaiting = ""
	b, found, err := t.find(code)
	if err != nil {
		return err
	}
	switch {
	case !found:
		t.notFound()
	case !b.Status.Live():
		t.say(say(t.texts.CannotCancel, t.bookingWords(b)...))
	default:
		t.state.Code = code
		t.effect(Effect{Kind: EffectCancel, Code: code})
	}
	return nil
}

func (t *turn) keep() error {
	t.state.Awaiting = ""
	t.ask(t.texts.CancelKept, button(t.texts.ButtonReservations, Press{Action: ActionReservations}), t.menuButton())
	return nil
}

func unpaid(b BookingView) bool { return b.Status == booking.PreReserved }

// extend asks for more time to pay, once a booking.
func (t *turn) extend(code string) error {
	b, done, err := t.oneUnpaid(code, t.texts.NothingToExtend, t.texts.CannotExtend, ActionExtend)
	if done || err != nil {
		return err
	}
	if b.ExtendedOnce {
		t.ask(say(t.texts.AlreadyExtended, t.bookingWords(b)...),
			button(t.texts.ButtonPay, Press{Action: ActionPay, Code: b.Code}), t.humanButton())
		return nil
	}
	t.effect(Effect{Kind: EffectExtend, Code: b.Code})
	return nil
}

// pay sends the payment link again; without an unpaid booking it explains how paying works.
func (t *turn) pay(code string) error {
	if code == "" {
		candidates, err := t.meant("", unpaid)
		if err != nil {
			return err
		}
		if len(candidates) == 0 {
			if err := t.topic(TopicPayment, false); err != nil {
				return err
			}
			if question, open := t.question(); open {
				t.reply(question)
			}
			return nil
		}
	}
	b, done, err := t.oneUnpaid(code, t.texts.NothingToPay, t.texts.AlreadyPaid, ActionPay)
	if done || err != nil {
		return err
	}
	t.effect(Effect{Kind: EffectLink, Code: b.Code})
	return nil
}

// oneUnpaid finds the one hold that is meant; anything else is answered here.
func (t *turn) oneUnpaid(code, none, wrongState string, action Action) (BookingView, bool, error) {
	candidates, err := t.meant(code, unpaid)
	if err != nil {
		return BookingView{}, true, err
	}
	t.state.Awaiting = ""
	switch {
	case len(candidates) == 0 && code != "":
		t.notFound()
	case len(candidates) == 0:
		t.ask(none, t.searchButton(), t.humanButton())
	case len(candidates) > 1:
		t.bookingsList(t.texts.BookingsHead, candidates, action)
	case !unpaid(candidates[0]):
		t.state.Code = candidates[0].Code
		t.ask(say(wrongState, t.bookingWords(candidates[0])...),
			button(t.texts.ButtonReservations, Press{Action: ActionReservations}), t.menuButton())
	default:
		t.state.Code = candidates[0].Code
		return candidates[0], false, nil
	}
	return BookingView{}, true, nil
}

// paymentSent answers "ya pagué" from the ledger, never from what a guest sends.
func (t *turn) paymentSent() error {
	bookings, err := t.facts.Bookings()
	if err != nil {
		return err
	}
	for _, b := range bookings {
		switch {
		case t.read.Code != "" && b.Code != t.read.Code:
		case b.Status == booking.PreReserved:
			t.state.Code = b.Code
			t.ask(say(t.texts.PaymentNotSeen, t.bookingWords(b)...),
				button(t.texts.ButtonPay, Press{Action: ActionPay, Code: b.Code}), t.humanButton())
			return nil
		case b.Status == booking.Confirmed:
			t.state.Code = b.Code
			t.say(say(t.texts.PaymentSeen, t.bookingWords(b)...))
			return nil
		}
	}
	t.ask(t.texts.PaymentNone, t.humanButton(), t.menuButton())
	return nil
}

// changeDates starts a search with other dates for a hold; a confirmed booking is moved by a person.
func (t *turn) changeDates(code string) error {
	if t.read.HasData() {
		return t.search()
	}
	if code == "" && !t.state.CheckIn.IsZero() {
		return t.pressSearch(Press{Action: ActionOtherDates})
	}
	candidates, err := t.meant(code, func(b BookingView) bool { return b.Status.Live() })
	if err != nil {
		return err
	}
	if len(candidates) == 0 {
		if code != "" {
			t.notFound()
			return nil
		}
		return t.pressSearch(Press{Action: ActionOtherDates})
	}
	b := candidates[0]
	t.state.Code = b.Code
	if b.Status != booking.PreReserved {
		t.state.Awaiting = awaitPerson
		t.ask(t.texts.ChangeDatesPaid, t.humanButton(), t.menuButton())
		return nil
	}
	t.say(say(t.texts.ChangeDatesHeld, "code", b.Code))
	t.state.Guests, t.state.AccommodationID = b.Guests, b.AccommodationID
	return t.pressSearch(Press{Action: ActionOtherDates})
}
