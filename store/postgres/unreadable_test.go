package postgres_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func (b *bench) park(what postgres.UnreadablePayment) postgres.Settlement {
	b.t.Helper()
	settlement, err := b.Park(b.t.Context(), what, now)
	require.NoError(b.t, err)
	return settlement
}

func TestParkIsNewsUntilSomebodyHeard(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	what := postgres.UnreadablePayment{ProviderID: "unreadable-1", Reference: r.Code, Raw: raw(map[string]any{"id": nil})}
	want := postgres.Settlement{Code: r.Code, Verdict: booking.VerdictPark, Status: booking.PreReserved, News: true, PaymentID: "unreadable-1"}
	for range 2 {
		require.Equal(t, want, b.park(what), "for nobody in particular")
	}
	what.Asker = "run 1"
	for range 2 {
		require.Equal(t, want, b.park(what))
	}
	what.Raw = nil
	require.True(t, b.park(what).News)
	what.Asker = "run 2"
	require.False(t, b.park(what).News)
	require.Equal(t, int64(1), ask[int64](b, `SELECT count(*) FROM payment_events`))

	_, err := b.Park(t.Context(), postgres.UnreadablePayment{ProviderID: "unreadable-2"}, now)
	requireCode(t, err, booking.CodeNotFound)
	nobodys := b.park(postgres.UnreadablePayment{ProviderID: "unreadable-3", Reference: "RES261122FFFFFF", Raw: raw("x")})
	require.Empty(t, nobodys.Code)
	require.True(t, nobodys.News)
}

func TestParkLeavesWhatIsKnown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r, other := b.hold(stay("2027-01-10", 2)), b.hold(stay("2027-03-10", 2))
	p := report(r.Code)
	p.Status = booking.ProviderPending
	b.settle(p)
	what := postgres.UnreadablePayment{ProviderID: p.ProviderID, Reference: r.Code, Raw: raw([]int{1}), Asker: "run"}
	require.True(t, b.park(what).News)
	require.False(t, b.park(what).News)
	require.Equal(t, "parked", b.disposition(p.ProviderID))
	p.Status, p.UpdatedAt = booking.ProviderApproved, now.Add(time.Minute)
	require.Equal(t, booking.VerdictConfirm, b.settle(p).Verdict)
	require.Equal(t, booking.Confirmed, b.park(what).Status)
	require.Equal(t, "applied", b.disposition(p.ProviderID))

	// A wrong hint does not make it that booking's payment, and no date of ours hides the report to come.
	hinted := report(other.Code)
	hinted.UpdatedAt = now.Add(-24 * time.Hour)
	b.park(postgres.UnreadablePayment{ProviderID: hinted.ProviderID, Reference: r.Code, Raw: raw("x")})
	require.Equal(t, booking.VerdictConfirm, b.settle(hinted).Verdict)
	require.Equal(t, booking.Confirmed, b.row(other.Code).Status)
	b.clean()
}

func TestParkBesideAReport(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 40 {
		r := b.hold(stay("2027-01-01", 2).Shift(2 * i))
		p := report(r.Code)
		var group errgroup.Group
		group.Go(func() error { _, err := b.Settle(t.Context(), p, now); return err })
		group.Go(func() error {
			_, err := b.Park(t.Context(), postgres.UnreadablePayment{ProviderID: p.ProviderID, Raw: raw("x")}, now)
			return err
		})
		require.NoError(t, group.Wait())
		require.Equal(t, "applied", b.disposition(p.ProviderID), "what can be read wins")
		require.Equal(t, booking.Confirmed, b.row(r.Code).Status)
	}
	b.clean()
}

func TestRawJSONThatPostgresCannotStore(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"escaped NUL":         `{"a":"\u0000"}`,
		"half of a surrogate": `{"a":"\ud83d"}`,
		"a huge number":       `{"a":1e999999}`,
		"invalid UTF-8":       "{\"a\":\"\xff\"}",
		"brackets":            strings.Repeat("[", 9999) + strings.Repeat("]", 9999),
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			r := b.hold(stay("2027-01-10", 2))
			require.True(t, json.Valid([]byte(body)))
			p := report(r.Code)
			p.Raw = json.RawMessage(body)
			require.Equal(t, booking.VerdictConfirm, b.settle(p).Verdict)
			b.park(postgres.UnreadablePayment{ProviderID: "unreadable-1", Raw: json.RawMessage(body)})
			kept := ask[string](b, `SELECT string_agg(raw::text, ' ') FROM payment_events`)
			require.GreaterOrEqual(t, len(kept), 2*len(body)-10)
		})
	}
}
