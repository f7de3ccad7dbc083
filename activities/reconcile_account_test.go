package activities_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/sandbox/control"
	"cabanas/workflows"
)

// reconcile is one run, and the payments that it handed on since the last.
func (c *till) reconcile() []string {
	c.t.Helper()
	c.tasks.mu.Lock()
	c.tasks.late = nil
	c.tasks.mu.Unlock()
	_, err := c.ReconcilePayments(c.t.Context())
	require.NoError(c.t, err)
	ids := []string{}
	seen := map[string]bool{}
	for _, in := range c.tasks.late {
		require.Equal(c.t, c.code, in.Code)
		if !seen[in.PaymentID] {
			seen[in.PaymentID] = true
			ids = append(ids, in.PaymentID)
		}
	}
	return ids
}

func TestAccountIsGoneThrough(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	require.Empty(t, c.reconcile())
	id := strconv.FormatInt(c.pay(), 10)
	require.Equal(t, []string{id}, c.reconcile(), "no notification told of it")
	paid, err := strconv.ParseInt(id, 10, 64)
	require.NoError(t, err)
	require.Equal(t, booking.VerdictConfirm, c.look(paid).Verdict)
	require.Empty(t, c.reconcile(), "the ledger has it")

	// A booking that is over is not asked about any more; a payment of its link is found all the same.
	_, err = c.store.CompleteStay(t.Context(), c.code, c.clock())
	require.NoError(t, err)
	c.later(time.Hour)
	second := strconv.FormatInt(c.pay(), 10)
	require.Equal(t, []string{second}, c.reconcile())
	// A search that lags shows it later than the next run begins.
	c.later(5 * time.Hour)
	require.Equal(t, []string{second}, c.reconcile())
}

func TestDayThatDiffersIsSettledAndThenTold(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	compare := func() []workflows.DayComparison {
		compared, err := c.CompareDays(t.Context(), workflows.Done{})
		require.NoError(t, err)
		return compared.Days
	}
	for _, day := range compare() {
		require.Zero(t, day.Differing)
	}
	require.Empty(t, compare(), "a day that agrees is not compared again at once")
	c.later(2 * time.Hour)
	id := c.pay()
	days := compare()
	require.Len(t, days, 2)
	require.Equal(t, 1, days[1].Differing)
	require.Equal(t, booking.Pesos(300), days[1].Difference)
	require.False(t, days[1].Tell, "settling it takes a moment")
	require.Len(t, c.tasks.late, 1)
	c.later(31 * time.Minute)
	require.True(t, compare()[0].Tell)
	c.look(id)
	days = compare()
	require.Zero(t, days[0].Differing)
	require.Equal(t, "30000 0 30000 0", c.ask(`SELECT provider_approved_centavos || ' ' || provider_refunded_centavos || ' ' || ledger_approved_centavos || ' ' ||
		ledger_refunded_centavos FROM payment_days ORDER BY day DESC LIMIT 1`))
}

func TestPaymentWithoutNightsIsOfferedOthers(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	c.Terms.AlternativeFor, c.Terms.Limits = 2*time.Hour, booking.Limits{HorizonMonths: 12, LongestStay: 30}
	c.Terms.DepositPercent = 30
	id := c.pay()
	c.later(4 * time.Hour)
	r, err := c.store.Reservation(t.Context(), c.code)
	require.NoError(t, err)
	_, err = c.store.ExpireHold(t.Context(), c.code, c.clock())
	require.NoError(t, err)
	_, err = c.sql.Exec(t.Context(), `INSERT INTO calendar_blocks (accommodation_id, start_date, end_date) VALUES ($1, '2027-01-10', '2027-01-12')`, r.AccommodationID)
	require.NoError(t, err)
	settled := c.look(id)
	require.Equal(t, booking.VerdictTaken, settled.Verdict)
	in := workflows.AlternativeInput{Code: c.code, PaymentID: settled.PaymentID}
	offer, err := c.OfferAlternative(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, workflows.AlternativeOpen, offer.State)
	require.Equal(t, booking.Stay{CheckIn: booking.MustDate("2027-01-12"), CheckOut: booking.MustDate("2027-01-14")}, offer.Stay, "the same cabin, two days later")
	require.True(t, offer.ExpiresAt.Equal(c.clock().Add(2*time.Hour)))
	change, err := c.AcceptAlternative(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, booking.Confirmed, change.Status)
	require.Equal(t, booking.VerdictSettled, c.look(id).Verdict)
	in.End = workflows.AlternativeLapsed
	ended, err := c.EndAlternative(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, workflows.AlternativeAccepted, ended.State, "decided once")
}

// Any JSON either parses or is parked with what came; nothing but an approved payment of the right money confirms.
func TestBadPaymentsNeverConfirm(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nulls":            `{"id":%d,"status":null,"transaction_amount":null,"currency_id":null,"external_reference":%q,"date_last_updated":null}`,
		"masked":           `{"id":%d,"status":"approved","transaction_amount":"***","currency_id":"ARS","external_reference":%q,"collector_id":"***"}`,
		"unknown status":   `{"id":%d,"status":"brand_new","transaction_amount":300,"currency_id":"ARS","external_reference":%q}`,
		"huge":             `{"id":%d,"status":"approved","transaction_amount":1e300,"currency_id":"ARS","external_reference":%q}`,
		"parts of centavo": `{"id":%d,"status":"approved","transaction_amount":300.001,"currency_id":"ARS","external_reference":%q}`,
		"negative":         `{"id":%d,"status":"approved","transaction_amount":-300,"currency_id":"ARS","external_reference":%q}`,
		"a text":           `{"id":%d,"status":{"approved":true},"transaction_amount":[300],"currency_id":7,"external_reference":%q}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openTill(t)
			id := c.pay()
			c.spoil(id, fmt.Sprintf(body, id, c.code))
			settled := c.look(id)
			require.Equal(t, booking.VerdictPark, settled.Verdict)
			require.Equal(t, booking.PreReserved, settled.Status)
			require.NotEmpty(t, c.ask(`SELECT raw::text FROM payment_events LIMIT 1`), "kept as it came")
			require.NoError(t, c.market.SetRawPayment(t.Context(), id, control.RawPayment{Silent: true}))
			require.Equal(t, booking.VerdictConfirm, c.look(id).Verdict, "the truth of later counts")
		})
	}
}
