package activities

import (
	"context"
	"slices"
	"time"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/store/postgres"
)

// PayDesk answers the guests' payment pages from what is true now.
type PayDesk struct {
	Store PayDeskStore
	Pages PayPages
	// WhatsApp is the business's number, digits only; empty when it is not known.
	WhatsApp string
	Now      func() time.Time
}

// PayDeskStore is what a payment page is made of.
type PayDeskStore interface {
	OpenPaymentLinks(ctx context.Context, code string) ([]postgres.PaymentLink, error)
	Property(ctx context.Context) (booking.Property, error)
	Reservation(ctx context.Context, code string) (postgres.Reservation, error)
	Guest(ctx context.Context, id int64) (postgres.Guest, error)
	PagePayments(ctx context.Context, code string) ([]postgres.PagePayment, error)
}

// PageAddress is the payment page of a reservation, for its guest only.
func (d *PayDesk) PageAddress(code string) string { return d.Pages.Address(code) }

// Nobody is a page that shows no reservation, in the language given.
func (d *PayDesk) Nobody(state dialogue.PageState, language string) dialogue.PageView {
	return dialogue.PageView{State: state, Language: language, WhatsApp: d.WhatsApp, Now: d.Now()}
}

// Page says what is true of a reservation. A payment the browser speaks of is believed no further than that somebody should
// look it up: unless it is known here, the page is [dialogue.PageChecking] where it could matter. Language is the guest's, or
// the one given. A wrong secret is [booking.CodeNotFound], as is an unknown code, and neither is looked for.
func (d *PayDesk) Page(ctx context.Context, code, secret, paymentID, language string) (dialogue.PageView, error) {
	if !d.Pages.Valid(code, secret) {
		return dialogue.PageView{}, booking.Refuse(booking.CodeNotFound, "no such page")
	}
	r, err := d.Store.Reservation(ctx, code)
	if err != nil {
		return dialogue.PageView{}, err
	}
	facts, err := d.pageFacts(ctx, r, paymentID)
	if err != nil {
		return dialogue.PageView{}, err
	}
	view := dialogue.PageView{
		State: facts.state(), Language: language, Code: r.Code, UnitName: r.UnitName, Stay: r.Stay, Deadline: r.ExpiresAt,
		WhatsApp: d.WhatsApp, Now: d.Now(), Location: facts.property.Location,
	}
	if facts.guest.Language != "" {
		view.Language = facts.guest.Language
	}
	switch view.State {
	case dialogue.PagePay, dialogue.PageRejected:
		view.Due, view.CheckoutURL = facts.open.Amount, facts.open.URL
	case dialogue.PageMaking:
		view.Due = r.Deposit.Minus(r.Paid)
	case dialogue.PageConfirmed:
		view.Paid, view.Balance = r.Paid, r.Total.Minus(r.Paid)
		if facts.open.Kind == booking.LinkBalance {
			view.Due, view.CheckoutURL = facts.open.Amount, facts.open.URL
		}
	case dialogue.PageReturned:
		view.Returned = facts.returned()
	}
	return view, nil
}

// pageFacts is everything that decides on a page's state.
type pageFacts struct {
	reservation postgres.Reservation
	property    booking.Property
	guest       postgres.Guest
	payments    []postgres.PagePayment // newest news first
	open        postgres.PaymentLink   // zero when nothing can be paid
	asked       string                 // the payment the browser speaks of
	now         time.Time
}

func (d *PayDesk) pageFacts(ctx context.Context, r postgres.Reservation, paymentID string) (pageFacts, error) {
	f := pageFacts{reservation: r, asked: paymentID, now: d.Now()}
	var err error
	if f.property, err = d.Store.Property(ctx); err != nil {
		return f, err
	}
	if f.guest, err = d.Store.Guest(ctx, r.GuestID); err != nil && !booking.IsCode(err, booking.CodeNotFound) {
		return f, err
	}
	if f.payments, err = d.Store.PagePayments(ctx, r.Code); err != nil {
		return f, err
	}
	links, err := d.Store.OpenPaymentLinks(ctx, r.Code)
	if err != nil {
		return f, err
	}
	kind := booking.LinkDeposit
	if r.Status == booking.Confirmed {
		kind = booking.LinkBalance
	}
	for _, link := range links {
		if link.Kind == kind && f.now.Before(link.ExpiresAt) {
			f.open = link
		}
	}
	return f, nil
}

func (f pageFacts) state() dialogue.PageState {
	switch f.reservation.Status {
	case booking.PreReserved:
		return f.held()
	case booking.Confirmed:
		return dialogue.PageConfirmed
	case booking.Completed, booking.NoShow:
		return dialogue.PageOver
	}
	switch {
	case f.unknownPayment():
		return dialogue.PageChecking
	case f.returned().Centavos > 0:
		return dialogue.PageReturned
	case f.reservation.Status == booking.Cancelled:
		return dialogue.PageCancelled
	case f.has(undecided):
		return dialogue.PagePending
	case f.has(cameIn):
		return dialogue.PageLate
	}
	return dialogue.PageExpired
}

func (f pageFacts) held() dialogue.PageState {
	switch {
	case f.unknownPayment():
		return dialogue.PageChecking
	case f.has(undecided):
		return dialogue.PagePending
	case !f.now.Before(f.reservation.ExpiresAt):
		return dialogue.PageExpired // the timer is about to say so
	case f.open.URL == "":
		return dialogue.PageMaking
	case len(f.payments) > 0 && failed(f.payments[0]):
		return dialogue.PageRejected
	}
	return dialogue.PagePay
}

// unknownPayment reports whether the browser speaks of a payment that was not settled for this reservation.
func (f pageFacts) unknownPayment() bool {
	return f.asked != "" && !f.has(func(p postgres.PagePayment) bool { return p.ProviderID == f.asked })
}

func (f pageFacts) has(is func(postgres.PagePayment) bool) bool {
	return slices.ContainsFunc(f.payments, is)
}

// returned is what went back, or is on its way, of a reservation that ended.
func (f pageFacts) returned() booking.Money {
	sum := booking.Money{Currency: f.reservation.Total.Currency}
	for _, payment := range f.payments {
		switch {
		case payment.Amount.Currency != sum.Currency:
		case payment.Returned.Centavos > 0:
			sum = sum.Plus(payment.Returned)
		case payment.Disposition == postgres.DispositionToRefund:
			sum = sum.Plus(payment.Amount)
		}
	}
	return sum
}

func undecided(p postgres.PagePayment) bool {
	return p.Status == booking.ProviderPending || p.Status == booking.ProviderInProcess || p.Status == booking.ProviderAuthorized
}

func failed(p postgres.PagePayment) bool {
	return p.Status == booking.ProviderRejected || p.Status == booking.ProviderCancelled
}

func cameIn(p postgres.PagePayment) bool {
	return p.Status == booking.ProviderApproved || p.Status == booking.ProviderInMediation
}
