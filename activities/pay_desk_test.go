package activities_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/gateways/mercadopago"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

var payPages = activities.PayPages{Base: &url.URL{Scheme: "https", Host: "cabins.example"}, Keys: []string{"new key", "old key"}}

// pageStore is what the database knows of one reservation.
type pageStore struct {
	reservation postgres.Reservation
	links       []postgres.PaymentLink
	payments    []postgres.PagePayment
	reads       int
}

func (s *pageStore) Property(context.Context) (booking.Property, error) {
	return booking.Property{Location: time.UTC}, nil
}

func (s *pageStore) Reservation(context.Context, string) (postgres.Reservation, error) {
	s.reads++
	return s.reservation, nil
}

func (s *pageStore) Guest(context.Context, int64) (postgres.Guest, error) {
	return postgres.Guest{Language: "pt"}, nil
}

func (s *pageStore) PagePayments(context.Context, string) ([]postgres.PagePayment, error) {
	return s.payments, nil
}

func (s *pageStore) OpenPaymentLinks(context.Context, string) ([]postgres.PaymentLink, error) {
	return s.links, nil
}

func secretOf(pages activities.PayPages, code string) string {
	return pages.Address(code)[strings.LastIndex(pages.Address(code), "/")+1:]
}

func TestPayPageAddresses(t *testing.T) {
	t.Parallel()
	secret := secretOf(payPages, paidCode)
	require.Equal(t, "https://cabins.example/pay/"+paidCode+"/"+secret, payPages.Address(paidCode))
	require.Equal(t, payPages.Address(paidCode)+"?from=checkout", payPages.Return(paidCode))
	require.Len(t, secret, 22)
	require.True(t, payPages.Valid(paidCode, secret))
	before := activities.PayPages{Base: payPages.Base, Keys: []string{"old key"}}
	require.True(t, payPages.Valid(paidCode, secretOf(before, paidCode)), "addresses given out before a rotation stay good")
	require.False(t, before.Valid(paidCode, secret))
	for _, wrong := range []string{"", secret[:21], secret + "A", strings.ToLower(secret) + "x", secretOf(payPages, "RES270110FFFFFF")} {
		require.False(t, payPages.Valid(paidCode, wrong), wrong)
	}
	require.Empty(t, activities.PayPages{Base: payPages.Base}.Address(paidCode))
	require.Empty(t, activities.PayPages{Base: payPages.Base}.Return(paidCode))
	require.False(t, activities.PayPages{}.Valid(paidCode, ""), "without a key nothing is valid")
}

func TestWhatAPaymentPageSays(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	link := func(kind booking.LinkKind, ends time.Duration) postgres.PaymentLink {
		return postgres.PaymentLink{Kind: kind, URL: "https://pay.example/" + string(kind), Amount: booking.Pesos(60), ExpiresAt: now.Add(ends)}
	}
	paid := func(status booking.ProviderStatus, disposition postgres.Disposition, back int64) postgres.PagePayment {
		return postgres.PagePayment{ProviderID: "7", Status: status, Disposition: disposition, Amount: booking.Pesos(100), Returned: booking.Pesos(back)}
	}
	deposit := link(booking.LinkDeposit, time.Minute)
	tests := map[string]struct {
		status  booking.Status
		ends    time.Duration // of the hold, a minute from now when zero
		link    postgres.PaymentLink
		payment postgres.PagePayment
		asked   string
		state   dialogue.PageState
		pays    string
	}{
		"can be paid":                   {status: booking.PreReserved, link: deposit, state: dialogue.PagePay, pays: deposit.URL},
		"no link yet":                   {status: booking.PreReserved, state: dialogue.PageMaking},
		"the link is over":              {status: booking.PreReserved, link: link(booking.LinkDeposit, -time.Second), state: dialogue.PageMaking},
		"the hold is over":              {status: booking.PreReserved, ends: -time.Second, link: link(booking.LinkDeposit, -time.Second), state: dialogue.PageExpired},
		"rejected":                      {status: booking.PreReserved, link: deposit, payment: paid(booking.ProviderRejected, "failed", 0), asked: "7", state: dialogue.PageRejected, pays: deposit.URL},
		"pending":                       {status: booking.PreReserved, link: deposit, payment: paid(booking.ProviderInProcess, "open", 0), state: dialogue.PagePending},
		"a payment nobody knows":        {status: booking.PreReserved, link: deposit, asked: "8", state: dialogue.PageChecking},
		"confirmed":                     {status: booking.Confirmed, asked: "8", state: dialogue.PageConfirmed},
		"confirmed, the balance":        {status: booking.Confirmed, link: link(booking.LinkBalance, time.Hour), state: dialogue.PageConfirmed, pays: "https://pay.example/balance"},
		"confirmed, an old link":        {status: booking.Confirmed, link: deposit, state: dialogue.PageConfirmed},
		"expired":                       {status: booking.Expired, state: dialogue.PageExpired},
		"expired, paid late":            {status: booking.Expired, payment: paid(booking.ProviderApproved, "open", 0), state: dialogue.PageLate},
		"expired, still pending":        {status: booking.Expired, payment: paid(booking.ProviderPending, "open", 0), state: dialogue.PagePending},
		"expired, on its way back":      {status: booking.Expired, payment: paid(booking.ProviderApproved, "to_refund", 0), state: dialogue.PageReturned},
		"expired, rejected":             {status: booking.Expired, payment: paid(booking.ProviderRejected, "failed", 0), state: dialogue.PageExpired},
		"expired, an unknown payment":   {status: booking.Expired, asked: "8", state: dialogue.PageChecking},
		"cancelled":                     {status: booking.Cancelled, state: dialogue.PageCancelled},
		"cancelled, the deposit kept":   {status: booking.Cancelled, payment: paid(booking.ProviderApproved, "applied", 0), state: dialogue.PageCancelled},
		"cancelled, half of it is back": {status: booking.Cancelled, payment: paid(booking.ProviderApproved, "applied", 50), state: dialogue.PageReturned},
		"over":                          {status: booking.Completed, state: dialogue.PageOver},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &pageStore{reservation: postgres.Reservation{
				Code: paidCode, Status: test.status, Total: booking.Pesos(300), Deposit: booking.Pesos(100), ExpiresAt: now.Add(time.Minute + test.ends),
			}}
			if test.ends != 0 {
				store.reservation.ExpiresAt = now.Add(test.ends)
			}
			if test.link.URL != "" {
				store.links = []postgres.PaymentLink{test.link}
			}
			if test.payment.ProviderID != "" {
				store.payments = []postgres.PagePayment{test.payment}
			}
			desk := &activities.PayDesk{Store: store, Pages: payPages, Now: func() time.Time { return now }}
			view, err := desk.Page(t.Context(), paidCode, secretOf(payPages, paidCode), test.asked, "en")
			require.NoError(t, err)
			require.Equal(t, test.state, view.State)
			require.Equal(t, test.pays, view.CheckoutURL)
			require.Equal(t, "pt", view.Language, "the guest's own language")

			store.reads = 0
			_, err = desk.Page(t.Context(), paidCode, "wrong", test.asked, "en")
			require.Equal(t, booking.CodeNotFound, booking.CodeOf(err))
			require.Zero(t, store.reads, "a stranger learns nothing, by time neither")
		})
	}
}

// closer is a provider that counts what is closed.
type closer struct {
	provider
	closed    []string
	onCreate  func()
	conflicts int
}

func (p *closer) CreatePreference(ctx context.Context, request mercadopago.PreferenceRequest, key string) (mercadopago.Preference, error) {
	made, err := p.provider.CreatePreference(ctx, request, key)
	if p.onCreate != nil {
		p.onCreate()
	}
	if p.conflicts > 0 {
		p.conflicts--
		return mercadopago.Preference{}, &mercadopago.Error{Operation: "create preference", Reason: mercadopago.ReasonConflict}
	}
	return made, err
}

func (p *closer) ClosePreference(_ context.Context, id string, _ time.Time) error {
	p.closed = append(p.closed, id)
	return nil
}

// linkLedger is a ledger whose links can be closed.
type linkLedger struct {
	*ledger
	closed []string
}

func (l *linkLedger) ClosePaymentLink(_ context.Context, id string, _ time.Time) error {
	l.closed = append(l.closed, id)
	return nil
}

func (l *linkLedger) OpenPaymentLinks(context.Context, string) ([]postgres.PaymentLink, error) {
	later, before := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	return []postgres.PaymentLink{
		{Kind: booking.LinkDeposit, Attempt: 1, ProviderID: "over", ExpiresAt: before}, {Kind: booking.LinkDeposit, Attempt: 1, ProviderID: "old", ExpiresAt: later},
		{Kind: booking.LinkDeposit, Attempt: 2, ProviderID: "new", ExpiresAt: later}, {Kind: booking.LinkBalance, Attempt: 1, ProviderID: "rest", ExpiresAt: later},
	}, nil
}

func heldFor(lasts time.Duration) *ledger {
	return &ledger{reservation: postgres.Reservation{
		Code: paidCode, Status: booking.PreReserved, UnitName: "Arrayán", Total: booking.Pesos(300), Deposit: booking.Pesos(100), Paid: booking.Pesos(0),
		Stay:      booking.Stay{CheckIn: booking.MustDate("2027-01-10"), CheckOut: booking.MustDate("2027-01-15")},
		CreatedAt: time.Now(), ExpiresAt: time.Now().Add(lasts),
	}}
}

func TestLinksOfTwoKinds(t *testing.T) {
	t.Parallel()
	l, p := &linkLedger{ledger: heldFor(time.Hour)}, &closer{}
	a := paymentsOver(l.ledger, &p.provider)
	a.Store, a.Provider, a.Pages = l, p, payPages
	_, err := a.CreatePaymentLink(t.Context(), workflows.LinkInput{Code: paidCode, Kind: booking.LinkBalance, Attempt: 1, Until: time.Now().Add(24 * time.Hour)})
	require.Error(t, err, "no balance of a hold")
	_, err = a.CreatePaymentLink(t.Context(), workflows.LinkInput{Code: paidCode, Attempt: 1})
	require.NoError(t, err)
	back := payPages.Return(paidCode)
	require.Equal(t, mercadopago.BackURLs{Success: back, Pending: back, Failure: back}, p.requests[0].BackURLs)

	l.link, l.reservation.Status, l.reservation.Paid = nil, booking.Confirmed, booking.Pesos(100)
	until := time.Now().Add(24 * time.Hour)
	made, err := a.CreatePaymentLink(t.Context(), workflows.LinkInput{Code: paidCode, Kind: booking.LinkBalance, Attempt: 1, Until: until})
	require.NoError(t, err)
	require.Equal(t, until, made.Until)
	require.Equal(t, booking.Pesos(200), p.requests[1].Amount)
	require.Equal(t, until, p.requests[1].ValidTo)
	require.Equal(t, []string{"preference:" + paidCode + ":1", "preference:" + paidCode + ":balance:1"}, p.keys)
	require.Empty(t, p.closed)
}

func TestTermsThatChangedBetweenTwoTriesHaveAKeyOfTheirOwn(t *testing.T) {
	t.Parallel()
	l, p := &linkLedger{ledger: heldFor(time.Hour)}, &closer{conflicts: 1}
	a := paymentsOver(l.ledger, &p.provider)
	a.Store, a.Provider = l, p
	_, err := a.CreatePaymentLink(t.Context(), workflows.LinkInput{Code: paidCode, Attempt: 1})
	require.NoError(t, err)
	require.Len(t, p.keys, 2)
	require.True(t, strings.HasPrefix(p.keys[1], p.keys[0]+":10000:"), p.keys)
}

// TestALinkMadeTooLateIsClosedAgain: the reservation ended while the provider was making the link, and nobody else knows of it.
func TestALinkMadeTooLateIsClosedAgain(t *testing.T) {
	t.Parallel()
	l := &linkLedger{ledger: heldFor(time.Hour)}
	p := &closer{onCreate: func() { l.reservation.Status = booking.Cancelled }}
	a := paymentsOver(l.ledger, &p.provider)
	a.Store, a.Provider = l, p
	_, err := a.CreatePaymentLink(t.Context(), workflows.LinkInput{Code: paidCode, Attempt: 1})
	require.ErrorContains(t, err, "cancelled")
	require.Equal(t, []string{"446566691-abc"}, p.closed)
	require.Equal(t, p.closed, l.closed)
}

func TestClosingPicksItsLinks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		in       workflows.LinkCloseInput
		provider []string
		stored   []string
	}{
		"all":       {workflows.LinkCloseInput{Code: paidCode}, []string{"old", "new", "rest"}, []string{"over", "old", "new", "rest"}},
		"deposits":  {workflows.LinkCloseInput{Code: paidCode, Kind: booking.LinkDeposit}, []string{"old", "new"}, []string{"over", "old", "new"}},
		"replaced":  {workflows.LinkCloseInput{Code: paidCode, Kind: booking.LinkDeposit, Before: 2}, []string{"old"}, []string{"over", "old"}},
		"the rest":  {workflows.LinkCloseInput{Code: paidCode, Kind: booking.LinkBalance}, []string{"rest"}, []string{"rest"}},
		"no others": {workflows.LinkCloseInput{Code: paidCode, Kind: "other"}, nil, nil},
	} {
		l, p := &linkLedger{ledger: heldFor(time.Hour)}, &closer{}
		a := paymentsOver(l.ledger, &p.provider)
		a.Store, a.Provider = l, p
		_, err := a.ClosePaymentLink(t.Context(), test.in)
		require.NoError(t, err, name)
		require.Equal(t, test.provider, p.closed, name)
		require.Equal(t, test.stored, l.closed, name)
	}
}
