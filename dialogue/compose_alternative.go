package dialogue

import (
	"strings"
	"time"

	"cabanas/booking"
)

// The notices of late, counted and returned money, the same words as workflows.NoticeKind.
const (
	noticeAlternative      = "alternative"
	noticeCounted          = "payment_counted"
	noticeReturned         = "payment_returned"
	noticeOwnerAlternative = "owner_alternative"
	noticeOwnerLedger      = "owner_ledger"
)

// AlternativeView is what is, or was, offered to a guest whose nights were sold when their payment came.
type AlternativeView struct {
	UnitName  string
	Stay      booking.Stay
	Price     booking.Money // by its own rate
	OfferedAt time.Time
	ExpiresAt time.Time
	// Open is true while the guest can answer, Taken when they took it.
	Open, Taken bool
}

// toGuestLate words a notice about late, counted or returned money; false for any other.
func (c composer) toGuestLate() (Reply, bool) {
	t := lateTextsOf(c.texts.Code)
	switch c.notice.Kind {
	case noticeAlternative:
		return c.offer(t), true
	case noticeCounted:
		return c.update(t.Counted), true
	case noticeReturned:
		return c.update(t.Returned), true
	case noticeLateConfirmed:
		if a := c.notice.Booking.Alternative; a != nil && a.Taken {
			return c.confirmed(t.Taken), true
		}
	}
	return Reply{}, false
}

// offer puts the other nights to the guest; once it is over it says what became of the money.
func (c composer) offer(t *lateTexts) Reply {
	a := c.notice.Booking.Alternative
	if a == nil || !a.Open {
		return c.update(t.OfferOver)
	}
	words := alternativeWords(c.texts, c.notice.Booking, booking.DateIn(c.notice.Now, zone(c.notice.Property)), zone(c.notice.Property))
	text := c.say(t.Offer) + "\n" + offerText(t, c.notice.Booking, append(words, c.words...))
	return Reply{Kind: ReplyButtons, Body: text, Choices: offerButtons(t, c.notice.Booking.Code), Template: c.sentence("payment_update", text)}
}

// offerText names the nights, the price and the deadline.
func offerText(t *lateTexts, b BookingView, words []string) string {
	nights := t.OfferOtherNights
	if b.Alternative.Stay == b.Stay {
		nights = t.OfferSameNights
	}
	return say(nights+" "+t.AskAgain, words...)
}

func offerButtons(t *lateTexts, code string) []Choice {
	return []Choice{
		button(t.ButtonTake, Press{Action: ActionAlternativeYes, Code: code}),
		button(t.ButtonLeave, Press{Action: ActionAlternativeNo, Code: code}),
	}
}

// alternativeWords are the names of what is offered, and of the booking.
func alternativeWords(t *catalogue, b BookingView, today booking.Date, location *time.Location) []string {
	words := bookingWords(t, b, today, location)
	if a := b.Alternative; a != nil {
		words = append(words, "newcabin", shown(a.UnitName, longestName), "newin", t.date(a.Stay.CheckIn, today), "newout", t.date(a.Stay.CheckOut, today),
			"until", t.moment(a.ExpiresAt, location), "price", t.money(a.Price))
	}
	return words
}

// toOwnerLate words the owner's notices about late money; false for any other.
func (c composer) toOwnerLate() (Reply, bool) {
	text := ""
	switch c.notice.Kind {
	case noticeOwnerAlternative:
		if c.notice.Booking.Alternative == nil {
			return Reply{}, false
		}
		text = toOwnerLate.Offered
	case noticeOwnerLedger:
		text = toOwnerLate.Ledger
	default:
		return Reply{}, false
	}
	location := zone(c.notice.Property)
	c.words = append(alternativeWords(c.texts, c.notice.Booking, booking.DateIn(c.notice.Now, location), location), c.words...)
	return c.text(c.say(text), c.sentence("owner_alert", text)), true
}

// lateCase says what happened to a payment of these kinds and whether the owner has to do something; "" for any other.
func (c composer) lateCase() string {
	confirmed := c.notice.Booking.Status == booking.Confirmed
	switch c.notice.Verdict {
	case booking.VerdictCount:
		return toOwnerLate.Counted
	case booking.VerdictPart:
		if confirmed {
			return toOwnerLate.PartConfirmed
		}
		return toOwnerLate.Part
	case booking.VerdictReversed:
		if confirmed {
			return toOwnerLate.ReturnedConfirmed
		}
	case booking.VerdictMediation:
		return toOwnerLate.Mediation
	case booking.VerdictChargeback:
		return toOwnerLate.Chargeback
	case booking.VerdictLost:
		return toOwnerLate.Lost
	case booking.VerdictRestored:
		return toOwnerLate.Won
	case booking.VerdictTaken:
		return toOwner.CaseReturned
	case booking.VerdictLate:
		if a := c.notice.Booking.Alternative; confirmed && a != nil && a.Taken {
			return toOwnerLate.TookOther
		}
	}
	return ""
}

// openOffer finds the booking for which other nights wait for this guest's answer.
func openOffer(bookings []BookingView, code string) (BookingView, bool) {
	for _, b := range bookings {
		if b.Alternative != nil && b.Alternative.Open && (code == "" || b.Code == strings.ToUpper(code)) {
			return b, true
		}
	}
	return BookingView{}, false
}
