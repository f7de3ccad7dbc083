package activities_test

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/sandbox/control"
	"cabanas/workflows"
)

func (c *till) spoil(id int64, body string) {
	c.t.Helper()
	require.NoError(c.t, c.market.SetRawPayment(c.t.Context(), id, control.RawPayment{Body: &body, Silent: true}))
}

func TestUnreadablePaymentIsParkedWithWhatCame(t *testing.T) {
	t.Parallel()
	bodies := map[string]string{
		"no id":                        `{"id":null,"status":"approved","payer":{"email":"ana@example.com"}}`,
		"a list":                       `[{"id":5,"payer":{"email":"ana@example.com"}}]`,
		"what a database cannot store": `{"id":null,"status":"a\u0000b","transaction_amount":1e200000}`,
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openTill(t)
			id := c.pay()
			c.spoil(id, body)
			parked := c.look(id)
			require.Equal(t, booking.VerdictPark, parked.Verdict)
			require.True(t, parked.News)
			require.Equal(t, c.code, parked.Code)
			require.Equal(t, booking.PreReserved, parked.Status)
			paymentID := strconv.FormatInt(id, 10)
			require.Equal(t, "parked unknown", c.ask(`SELECT disposition || ' ' || status FROM payments WHERE provider_id = $1`, paymentID))
			kept := c.ask(`SELECT raw::text FROM payment_events`)
			require.NotEmpty(t, kept)
			require.NotContains(t, kept, "ana@example.com")

			require.NoError(t, c.market.SetRawPayment(t.Context(), id, control.RawPayment{Silent: true}))
			settled := c.look(id)
			require.Equal(t, booking.VerdictConfirm, settled.Verdict, "once it can be read it counts")
			require.True(t, settled.News)

			c.spoil(id, body)
			require.False(t, c.look(id).News)
			require.Equal(t, "applied approved", c.ask(`SELECT disposition || ' ' || status FROM payments WHERE provider_id = $1`, paymentID))
		})
	}
}

func TestOneBadResultDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	good, bad := c.pay(), c.pay()
	c.spoil(bad, `{"id":null,"status":"approved"}`)

	first, err := c.ReconcilePayments(t.Context())
	require.NoError(t, err)
	require.Len(t, first.Items, 2)
	require.Len(t, c.tasks.late, 2)
	ids := []string{c.tasks.late[0].PaymentID, c.tasks.late[1].PaymentID}
	require.Contains(t, ids, strconv.FormatInt(good, 10))

	swept, err := c.SweepPayments(t.Context(), workflows.ReservationRef{Code: c.code})
	require.NoError(t, err)
	verdicts := map[booking.Verdict]string{}
	for _, settled := range swept.Items {
		require.Equal(t, c.code, settled.Code)
		require.True(t, settled.News)
		verdicts[settled.Verdict] = settled.PaymentID
	}
	require.Equal(t, strconv.FormatInt(good, 10), verdicts[booking.VerdictConfirm])
	require.Contains(t, ids, verdicts[booking.VerdictPark])
	var kept map[string]any
	require.NoError(t, json.Unmarshal([]byte(c.ask(`SELECT e.raw::text FROM payment_events e JOIN payments p ON p.id = e.payment_id
		WHERE p.provider_id = $1`, verdicts[booking.VerdictPark])), &kept))
	require.Equal(t, "approved", kept["status"])

	// Whoever was woken for the unreadable one finds the case and can tell the owner.
	heard, err := c.SettlePayment(t.Context(), workflows.SettleInput{PaymentID: verdicts[booking.VerdictPark], Code: c.code})
	require.NoError(t, err)
	require.Equal(t, booking.VerdictPark, heard.Verdict)
	require.Equal(t, booking.Confirmed, heard.Status)
}
