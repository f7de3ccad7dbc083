package activities_test

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// drawer is a ledger with many bookings, each with one payment, and one payment that it cannot take.
type drawer struct {
	activities.PaymentStore
	codes []string
	jams  string
}

func (s drawer) ReservationsAwaitingPayment(context.Context, time.Time, int) ([]string, error) {
	return s.codes, nil
}

func (s drawer) UnheardRecorded(context.Context, time.Time, int) ([]postgres.RecordedRef, error) {
	return nil, nil
}

func (s drawer) LastSweep(context.Context) (through, deep time.Time, err error) { return }

func (s drawer) SaveSweep(context.Context, postgres.Sweep, time.Time) error { return nil }

func (s drawer) PaymentVersion(context.Context, string) (time.Time, bool, error) {
	return time.Time{}, false, nil
}

func (s drawer) PaymentLink(context.Context, string, booking.LinkKind, int) (postgres.PaymentLink, bool, error) {
	return postgres.PaymentLink{}, false, nil
}

func (s drawer) Settle(_ context.Context, report postgres.PaymentReport, _ time.Time) (postgres.Settlement, error) {
	if report.ProviderID == s.jams {
		return postgres.Settlement{}, booking.Refuse(booking.CodeUnavailable, "not now")
	}
	return postgres.Settlement{PaymentID: report.ProviderID, Code: report.Reference, Verdict: booking.VerdictWait}, nil
}

// finder answers searches: an error comes with what was found before it.
type finder struct {
	activities.PaymentProvider
	payments []mercadopago.Payment
	fails    map[string]error
}

func (f finder) PaymentsUpdated(context.Context, time.Time, time.Time) iter.Seq2[mercadopago.Payment, error] {
	return func(func(mercadopago.Payment, error) bool) {}
}

func (f finder) SearchPayments(_ context.Context, code string) ([]mercadopago.Payment, error) {
	return f.payments, f.fails[code]
}

func TestReconciliationGoesOnAfterABookingThatFails(t *testing.T) {
	t.Parallel()
	down := &mercadopago.Error{Reason: mercadopago.ReasonServer}
	tests := map[string]struct {
		codes  int
		fails  []int
		handed int
		failed bool
	}{
		"one of three":         {3, []int{1}, 3, false},
		"the only one":         {1, []int{0}, 1, true},
		"all of them":          {3, []int{0, 1, 2}, 3, true},
		"an outage on the way": {20, []int{2, 3, 4, 5, 6, 7, 8}, 7, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var store drawer
			found := finder{payments: []mercadopago.Payment{{ID: 9, DateLastUpdated: time.Now()}}, fails: map[string]error{}}
			for i := range test.codes {
				store.codes = append(store.codes, fmt.Sprint("code ", i))
			}
			for _, i := range test.fails {
				found.fails[store.codes[i]] = down
			}
			tasks := &woken{}
			a := &activities.Payments{Store: store, Provider: found, Processes: tasks, Now: time.Now}
			_, err := a.ReconcilePayments(t.Context())
			require.Equal(t, test.failed, err != nil)
			require.Len(t, tasks.late, test.handed, "what was found before the failure counts")
		})
	}
}

func TestSweepAppliesWhatItFound(t *testing.T) {
	t.Parallel()
	down := &mercadopago.Error{Reason: mercadopago.ReasonServer}
	tests := map[string]struct {
		payments []mercadopago.Payment
		failure  error
		jams     string
		applied  int
		failed   bool
	}{
		"a page is missing":          {[]mercadopago.Payment{{ID: 1}, {ID: 2}}, down, "", 2, false},
		"one that cannot be applied": {[]mercadopago.Payment{{ID: 1}, {ID: 2}, {ID: 3}}, nil, "2", 2, false},
		"nothing was learned":        {nil, down, "", 0, true},
		"the only one":               {[]mercadopago.Payment{{ID: 1}}, nil, "1", 0, true},
		"there is none":              {nil, nil, "", 0, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := paymentsOver(nil, nil)
			a.Store, a.Provider = drawer{jams: test.jams}, finder{payments: test.payments, fails: map[string]error{paidCode: test.failure}}
			found, err := a.SweepPayments(t.Context(), workflows.ReservationRef{Code: paidCode})
			require.Equal(t, test.failed, err != nil)
			require.Len(t, found.Items, test.applied)
		})
	}
}
