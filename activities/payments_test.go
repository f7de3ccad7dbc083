package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/url"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

const paidCode = "RES261122A1B2C3"

// ledger is the payment tables as far as these tests look: one reservation, its link and refunds.
type ledger struct {
	activities.PaymentStore
	reservation postgres.Reservation
	link        *postgres.PaymentLink
	reports     []postgres.PaymentReport
	verdict     booking.Verdict
	credited    []postgres.CreditedPayment
	planned     map[string]postgres.Refund
	finished    []postgres.RefundStatus
}

func (l *ledger) Reservation(context.Context, string) (postgres.Reservation, error) {
	return l.reservation, nil
}

func (l *ledger) PaymentLink(_ context.Context, code string, _ booking.LinkKind, _ int) (postgres.PaymentLink, bool, error) {
	if l.link == nil || code != paidCode {
		return postgres.PaymentLink{}, false, nil
	}
	return *l.link, true, nil
}

func (l *ledger) SavePaymentLink(_ context.Context, link postgres.PaymentLink, _ time.Time) (postgres.PaymentLink, error) {
	l.link = &link
	return link, nil
}

func (l *ledger) Settle(_ context.Context, report postgres.PaymentReport, _ time.Time) (postgres.Settlement, error) {
	l.reports = append(l.reports, report)
	return postgres.Settlement{Code: report.Reference, PaymentID: report.ProviderID, Verdict: l.verdict, Status: l.reservation.Status}, nil
}

func (l *ledger) CreditedPayments(context.Context, string) ([]postgres.CreditedPayment, error) {
	return l.credited, nil
}

func (l *ledger) PlanRefund(_ context.Context, id string, amount booking.Money, reason string, _ time.Time) (postgres.Refund, error) {
	key := "refund:" + id + ":" + reason
	if l.planned == nil {
		l.planned = map[string]postgres.Refund{}
	}
	if _, planned := l.planned[key]; !planned {
		l.planned[key] = postgres.Refund{ID: 1, Key: key, PaymentID: id, Amount: amount, Status: postgres.RefundPlanned}
	}
	return l.planned[key], nil
}

func (l *ledger) TryRefund(context.Context, int64, time.Time) error { return nil }

func (l *ledger) Refunds(context.Context, string) ([]postgres.Refund, error) { return nil, nil }

func (l *ledger) FinishRefund(_ context.Context, _ int64, _ string, status postgres.RefundStatus, _ time.Time) error {
	l.finished = append(l.finished, status)
	return nil
}

// provider is Mercado Pago with one payment.
type provider struct {
	payment    mercadopago.Payment
	requests   []mercadopago.PreferenceRequest
	keys       []string
	refundErrs []error
}

func (p *provider) CreatePreference(_ context.Context, request mercadopago.PreferenceRequest, key string) (mercadopago.Preference, error) {
	p.requests, p.keys = append(p.requests, request), append(p.keys, key)
	return mercadopago.Preference{ID: "446566691-abc", InitPoint: "https://pay.example/1"}, nil
}

func (p *provider) ClosePreference(context.Context, string, time.Time) error { return nil }

func (p *provider) Payment(context.Context, int64) (mercadopago.Payment, error) {
	return p.payment, nil
}

func (p *provider) SearchPayments(context.Context, string) ([]mercadopago.Payment, error) {
	return []mercadopago.Payment{p.payment}, nil
}

func (p *provider) SearchPage(context.Context, mercadopago.Search) (mercadopago.Page, error) {
	return mercadopago.Page{}, nil
}

func (p *provider) PaymentsUpdated(context.Context, time.Time, time.Time) iter.Seq2[mercadopago.Payment, error] {
	return func(func(mercadopago.Payment, error) bool) {}
}

func (p *provider) Refund(_ context.Context, _ int64, _ *booking.Money, key string) (mercadopago.Refund, error) {
	p.keys = append(p.keys, key)
	if len(p.refundErrs) > 0 {
		err := p.refundErrs[0]
		p.refundErrs = p.refundErrs[1:]
		return mercadopago.Refund{}, err
	}
	return mercadopago.Refund{ID: 5, Status: "approved"}, nil
}

func (p *provider) Refunds(context.Context, int64) ([]mercadopago.Refund, error) {
	return p.payment.Refunds, nil
}

func paymentsOver(l *ledger, p *provider) *activities.Payments {
	return &activities.Payments{
		Store: l, Provider: p, NotificationURL: &url.URL{Scheme: "https", Host: "cabins.example", Path: "/api/v1/webhooks/mercadopago"},
		Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: time.Now,
	}
}

func TestLinkIsMadeOnceAndEndsWithTheHold(t *testing.T) {
	t.Parallel()
	ends := time.Now().Add(30 * time.Minute)
	l, p := &ledger{reservation: postgres.Reservation{Code: paidCode, Status: booking.PreReserved, UnitName: "Arrayán",
		Stay:    booking.Stay{CheckIn: booking.MustDate("2027-01-10"), CheckOut: booking.MustDate("2027-01-15")},
		Deposit: booking.Pesos(100), Paid: booking.Pesos(40), ExpiresAt: ends}}, &provider{}
	a := paymentsOver(l, p)
	for range 2 {
		link, err := a.CreatePaymentLink(context.Background(), workflows.LinkInput{Code: paidCode, Attempt: 1})
		require.NoError(t, err)
		require.Equal(t, "https://pay.example/1", link.URL)
	}
	require.Len(t, p.requests, 1)
	request := p.requests[0]
	require.Equal(t, booking.Pesos(60), request.Amount, "what was paid is not asked for again")
	require.Equal(t, ends, request.ValidTo)
	require.Equal(t, paidCode, request.ExternalReference)
	require.Equal(t, "https://cabins.example/api/v1/webhooks/mercadopago?ref="+paidCode+"&source_news=webhooks", request.NotificationURL)
	require.Equal(t, []string{"preference:" + paidCode + ":1"}, p.keys)

	l.link, l.reservation.Status = nil, booking.Expired
	_, err := a.CreatePaymentLink(context.Background(), workflows.LinkInput{Code: paidCode, Attempt: 2})
	require.Error(t, err, "there is nothing to pay any more")
}

func TestWhoseMoneyItIs(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		configured, collected int64
		linkID                string
		liveOnly, live        bool
		ours                  bool
	}{
		"the configured account":             {configured: 7, collected: 7, ours: true},
		"another account":                    {configured: 7, collected: 8},
		"an account that is not said":        {configured: 7},
		"the account of the link":            {collected: 446566691, linkID: "446566691-abc", ours: true},
		"not the account of the link":        {collected: 8, linkID: "446566691-abc"},
		"no account known":                   {collected: 8, linkID: "pref_1", ours: true},
		"test money in production":           {configured: 7, collected: 7, liveOnly: true},
		"real money in production":           {configured: 7, collected: 7, liveOnly: true, live: true, ours: true},
		"not said, but the link's reference": {linkID: "446566691-abc", ours: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &ledger{verdict: booking.VerdictWait, link: &postgres.PaymentLink{ProviderID: test.linkID}}
			a := paymentsOver(l, &provider{payment: mercadopago.Payment{ID: 9, ExternalReference: paidCode, CollectorID: test.collected, LiveMode: test.live}})
			a.CollectorID, a.LiveOnly = test.configured, test.liveOnly
			_, err := a.SettlePayment(context.Background(), workflows.SettleInput{PaymentID: "9"})
			require.NoError(t, err)
			require.Equal(t, test.ours, l.reports[0].CollectorOurs)
		})
	}
}

func TestReportHoldsNoPayerAndNoAmountThatCannotBeTrusted(t *testing.T) {
	t.Parallel()
	l := &ledger{verdict: booking.VerdictPark}
	a := paymentsOver(l, &provider{payment: mercadopago.Payment{ID: 9, Amount: booking.Pesos(5), AmountError: errors.New("masked"),
		Raw: json.RawMessage(`{"id":9,"payer":{"email":"ana@example.com"},"card":{"last_four_digits":"4242"},"status":"approved"}`)}})
	_, err := a.SettlePayment(context.Background(), workflows.SettleInput{PaymentID: "9"})
	require.NoError(t, err)
	require.Zero(t, l.reports[0].Amount.Centavos)
	require.JSONEq(t, `{"id":9,"status":"approved"}`, string(l.reports[0].Raw))
	_, err = a.SettlePayment(context.Background(), workflows.SettleInput{PaymentID: "ORD1"})
	require.Error(t, err, "an id the provider cannot have given")
}

func TestRefundIsRepeatedUnderItsKeyUntilTheProviderAnswers(t *testing.T) {
	t.Parallel()
	l := &ledger{credited: []postgres.CreditedPayment{{ProviderID: "2", Amount: booking.Pesos(30)}}}
	p := &provider{refundErrs: []error{&mercadopago.Error{Reason: mercadopago.ReasonServer}}}
	a := paymentsOver(l, p)
	refund := workflows.RefundInput{Code: paidCode, PaymentID: "2", Amount: booking.Pesos(30), Reason: "cancelled"}
	_, err := a.RefundPayment(context.Background(), refund)
	require.Error(t, err)
	returned, err := a.RefundPayment(context.Background(), refund)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(30), returned.Amount)
	require.Equal(t, []string{"refund:2:cancelled", "refund:2:cancelled"}, p.keys)
}

func TestRefundThatTheProviderRefuses(t *testing.T) {
	t.Parallel()
	paid := mercadopago.Payment{ID: 1, Status: booking.ProviderApproved, Amount: booking.Pesos(9), Refunded: booking.Pesos(0)}
	disputed, back := paid, paid
	disputed.Status = booking.ProviderInMediation
	back.Status, back.Refunded = booking.ProviderRefunded, booking.Pesos(9)
	tests := map[string]struct {
		reason  mercadopago.Reason
		payment mercadopago.Payment
		final   bool
		booked  []postgres.RefundStatus
	}{
		"all of it went back":    {mercadopago.ReasonAlreadyRefunded, back, false, []postgres.RefundStatus{postgres.RefundDone}},
		"in a dispute":           {mercadopago.ReasonAlreadyRefunded, disputed, true, []postgres.RefundStatus{postgres.RefundFailed}},
		"our request is wrong":   {mercadopago.ReasonInvalid, paid, true, []postgres.RefundStatus{postgres.RefundFailed}},
		"the payment is too old": {mercadopago.ReasonRefundWindow, paid, true, []postgres.RefundStatus{postgres.RefundFailed}},
		"more than is left":      {mercadopago.ReasonRefundAmount, paid, true, []postgres.RefundStatus{postgres.RefundFailed}},
		"the key is another's":   {mercadopago.ReasonConflict, paid, true, []postgres.RefundStatus{postgres.RefundFailed}},
		"credentials":            {mercadopago.ReasonAuth, paid, false, nil},
		"not there yet":          {mercadopago.ReasonNotFound, paid, false, nil},
		"being done right now":   {mercadopago.ReasonLocked, paid, false, nil},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, p := &ledger{}, &provider{payment: want.payment, refundErrs: []error{&mercadopago.Error{Reason: want.reason}}}
			_, err := paymentsOver(l, p).RefundPayment(context.Background(), workflows.RefundInput{PaymentID: "1", Amount: booking.Pesos(5), Reason: "late"})
			require.Equal(t, want.final, isFinal(err))
			require.Equal(t, len(want.booked) == 1 && !want.final, err == nil)
			require.Equal(t, want.booked, l.finished)
		})
	}
}

func TestRefundOfThePlanIsFoundByAmountAndTime(t *testing.T) {
	t.Parallel()
	planned := time.Now().Add(-13 * time.Hour)
	made := func(amount booking.Money, at time.Time) mercadopago.Refund {
		return mercadopago.Refund{ID: 7, Status: "approved", Amount: amount, DateCreated: at}
	}
	tests := map[string]struct {
		refund mercadopago.Refund
		sent   bool
	}{
		"after the plan":              {made(booking.Pesos(5), planned.Add(time.Hour)), false},
		"by a clock that is behind":   {made(booking.Pesos(5), planned.Add(-time.Minute)), false},
		"nobody says when":            {made(booking.Pesos(5), time.Time{}), false},
		"before the plan":             {made(booking.Pesos(5), planned.Add(-time.Hour)), true},
		"another amount":              {made(booking.Pesos(4), planned.Add(time.Hour)), true},
		"an amount that is not known": {mercadopago.Refund{ID: 7, Status: "approved", AmountError: errors.New("masked")}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := postgres.Refund{ID: 1, Key: "refund:1:late", PaymentID: "1", Amount: booking.Pesos(5), Status: postgres.RefundPlanned, CreatedAt: planned}
			l := &ledger{planned: map[string]postgres.Refund{plan.Key: plan}}
			p := &provider{payment: mercadopago.Payment{ID: 1, Refunds: []mercadopago.Refund{test.refund}}}
			_, err := paymentsOver(l, p).RefundPayment(context.Background(), workflows.RefundInput{PaymentID: "1", Amount: booking.Pesos(5), Reason: "late"})
			require.NoError(t, err)
			require.Equal(t, test.sent, len(p.keys) == 1, "an old plan looks before it sends")
			require.Equal(t, []postgres.RefundStatus{postgres.RefundDone}, l.finished)
		})
	}
}

func isFinal(err error) bool {
	var failure *temporal.ApplicationError
	return errors.As(err, &failure) && failure.NonRetryable()
}
