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
	if t.gives(signIfCancelled) {
		return t.aside(TopicCancel)
	}
	if offered := t.state.Awaiting; len(candidates) == 0 && code == "" && (offered == awaitChoice || offered == awaitYes) {
		t.declined()
		return nil
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

// pressCancel is the yes by button. Where money was paid, an old one asks again: what is given back may be less by now.
func (t *turn) pressCancel(code string) error {
	b, found, err := t.find(code)
	if err != nil {
		return err
	}
	if found && b.Paid.Centavos > 0 && (t.state.Awaiting != awaitCancel || t.state.Code != code) {
		return t.startCancel(code)
	}
	return t.cancelNow(code)
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
	t.state.Awaiting, t.state.Replaces = "", ""
	t.ask(t.texts.CancelKept, button(t.texts.ButtonReservations, Press{Action: ActionReservations}), t.menuButton())
	return nil
}
