package dialogue

import (
	"strings"

	"cabanas/booking"
)

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
				t.follow(question)
			}
			return nil
		}
	}
	b, done, err := t.oneUnpaid(code, t.texts.NothingToPay, t.texts.AlreadyPaid, ActionPay)
	if done || err != nil {
		return err
	}
	if t.gives(signMeans) {
		text, err := t.topicText(TopicPayment)
		t.payable(b, text)
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
	t.state.PaidSaid = true
	bookings, err := t.facts.Bookings()
	if err != nil {
		return err
	}
	for _, b := range bookings {
		switch {
		case t.read.Code != "" && b.Code != t.read.Code:
		case b.Status == booking.PreReserved:
			t.state.Code = b.Code
			t.payable(b, say(t.texts.PaymentNotSeen, t.bookingWords(b)...))
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

// payable says something of an unpaid booking with the way to pay it.
func (t *turn) payable(b BookingView, text string) {
	if b.PaymentURL == "" {
		t.ask(text, button(t.texts.ButtonPay, Press{Action: ActionPay, Code: b.Code}), t.humanButton())
		return
	}
	t.reply(Reply{Kind: ReplyLink, Body: text, Footer: t.texts.FooterHuman, LinkTitle: t.texts.LinkTitle, LinkURL: b.PaymentURL})
}

// file answers a picture or document: its caption, when that says what is wanted; a receipt; else what to send instead.
func (t *turn) file() error {
	says := t.in.Text + " " + t.filename()
	asks := strings.Contains(t.in.Text, "?")
	receipt := !asks && (gives(says, signReceipt) || t.paidSaid || t.read.Intent == IntentPaymentSent)
	wishes := lively(t.in.Text) && (t.read.HasData() || t.read.Intent != IntentOther)
	if !receipt && wishes {
		return t.text()
	}
	bookings, err := t.facts.Bookings()
	if err != nil {
		return err
	}
	var held, live []BookingView
	for _, b := range bookings {
		if unpaid(b) {
			held = append(held, b)
		}
		if b.Status.Live() {
			live = append(live, b)
		}
	}
	switch {
	case receipt || len(held) > 0:
		t.gotReceipt(held, live)
	case t.in.Kind == InboundDocument:
		t.cannotRead(t.texts.GotDocument)
	default:
		t.cannotRead(t.texts.GotPicture)
	}
	return nil
}

func (t *turn) filename() string {
	if t.in.Media == nil {
		return ""
	}
	return strings.NewReplacer("_", " ", "-", " ", ".", " ").Replace(t.in.Media.Filename)
}

// gotReceipt acknowledges what may be a receipt. It proves nothing: only the ledger confirms, and the owner is told.
func (t *turn) gotReceipt(held, live []BookingView) {
	t.state.Failures, t.state.PaidSaid = 0, true
	about := BookingView{}
	for _, b := range append(live, held...) {
		if about.Code == "" || unpaid(b) && !unpaid(about) || b.Code == t.state.Code && unpaid(b) == unpaid(about) {
			about = b
		}
	}
	t.effect(Effect{Kind: EffectReceipt, Code: about.Code})
	switch {
	case about.Code == "":
		t.ask(t.texts.ReceiptNoBooking, t.humanButton(), t.menuButton())
	case unpaid(about):
		t.state.Code = about.Code
		t.payable(about, say(t.texts.ReceiptUnverified, t.bookingWords(about)...))
	default:
		t.state.Code = about.Code
		t.ask(say(t.texts.ReceiptConfirmed, t.bookingWords(about)...), t.humanButton(), t.menuButton())
	}
}
