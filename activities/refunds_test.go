package activities_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/sandbox/control"
	"cabanas/workflows"
)

func TestRefundOfADisputedPaymentIsNotTakenForDone(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.surplus()
	number, err := strconv.ParseInt(id, 10, 64)
	require.NoError(t, err)
	_, err = c.market.Dispute(t.Context(), number, control.DisputeMediation)
	require.NoError(t, err)
	for range 2 {
		_, err = c.giveBack(id)
		requireFinal(t, err)
		require.Equal(t, "failed parked 0", c.booked(id))
	}

	_, err = c.market.Dispute(t.Context(), number, control.DisputeWon)
	require.NoError(t, err)
	amount, err := c.giveBack(id)
	require.NoError(t, err, "it can go back now")
	require.Equal(t, booking.Pesos(300), amount)
	require.Equal(t, "done refunded 30000", c.booked(id))
	require.Len(t, c.refunds(id), 1)
}

func TestRefundThatWasMadeInThePanel(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.surplus()
	number, err := strconv.ParseInt(id, 10, 64)
	require.NoError(t, err)
	_, err = c.market.RefundFromPanel(t.Context(), number, "300")
	require.NoError(t, err)
	amount, err := c.giveBack(id)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(300), amount)
	require.Equal(t, "done refunded 30000", c.booked(id))
	require.Len(t, c.refunds(id), 1)
}

func TestPartOfARefundThatWasMadeInThePanel(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.surplus()
	number, err := strconv.ParseInt(id, 10, 64)
	require.NoError(t, err)
	_, err = c.market.RefundFromPanel(t.Context(), number, "100")
	require.NoError(t, err)
	_, err = c.giveBack(id)
	require.Error(t, err, "it is cut down and sent again")
	amount, err := c.giveBack(id)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(200), amount, "what is left")
	require.Len(t, c.refunds(id), 2)
	require.Equal(t, "20000 done", c.ask(`SELECT amount_centavos || ' ' || status FROM refunds`))
}

func TestRefundOutlivesItsKey(t *testing.T) {
	t.Parallel()
	tests := map[string]control.MercadoPagoFaults{
		"the answer was cut":   {CutNext: new(1)},
		"and is not ready yet": {CutNext: new(1), RefundsInProcess: new(true)},
	}
	for name, faults := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openTill(t)
			id := c.surplus()
			c.faults(faults)
			_, err := c.giveBack(id)
			require.Error(t, err)
			c.faults(control.MercadoPagoFaults{CallFaults: control.CallFaults{Outage: new(true)}})
			for range 3 {
				c.later(10 * time.Hour)
				_, err = c.giveBack(id)
				require.Error(t, err, "nobody knows yet")
			}
			c.faults(control.MercadoPagoFaults{CallFaults: control.CallFaults{Outage: new(false)}})
			for range 2 {
				c.later(25 * time.Hour)
				amount, err := c.giveBack(id)
				require.NoError(t, err)
				require.Equal(t, booking.Pesos(300), amount)
				require.Len(t, c.refunds(id), 1, "the money went back once")
			}
			require.Equal(t, strconv.FormatInt(c.refunds(id)[0].ID, 10), c.ask(`SELECT provider_refund_id FROM refunds`))
		})
	}
}

func TestRefundThatNeverArrivedIsSentAgainAfterTheKey(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.surplus()
	c.faults(control.MercadoPagoFaults{CallFaults: control.CallFaults{OutageReset: new(true)}})
	_, err := c.giveBack(id)
	require.Error(t, err)
	c.faults(control.MercadoPagoFaults{CallFaults: control.CallFaults{OutageReset: new(false)}})
	c.later(48 * time.Hour)
	_, err = c.giveBack(id)
	require.NoError(t, err)
	require.Equal(t, "done refunded 30000", c.booked(id))
}

func TestTwoRefundsOfOneAmountAreNotTakenForOne(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.surplus()
	part := workflows.RefundInput{Code: c.code, PaymentID: id, Amount: booking.Pesos(100), Reason: "first"}
	_, err := c.RefundPayment(t.Context(), part)
	require.NoError(t, err)
	c.faults(control.MercadoPagoFaults{CallFaults: control.CallFaults{OutageReset: new(true)}})
	part.Reason = "second"
	_, err = c.RefundPayment(t.Context(), part)
	require.Error(t, err)
	c.faults(control.MercadoPagoFaults{CallFaults: control.CallFaults{OutageReset: new(false)}})
	c.later(25 * time.Hour)
	_, err = c.RefundPayment(t.Context(), part)
	require.NoError(t, err)
	require.Len(t, c.refunds(id), 2)
	require.Equal(t, "2", c.ask(`SELECT count(DISTINCT provider_refund_id)::text FROM refunds WHERE status = 'done'`))
}

func TestRefundThatIsRejectedLater(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.surplus()
	c.faults(control.MercadoPagoFaults{RefundsInProcess: new(true)})
	_, err := c.giveBack(id)
	require.NoError(t, err)
	require.Equal(t, "in_process to_refund 0", c.booked(id))
	_, err = c.market.SettleRefund(t.Context(), c.refunds(id)[0].ID, "rejected")
	require.NoError(t, err)
	for range 2 {
		_, err = c.giveBack(id)
		requireFinal(t, err)
		require.Equal(t, "failed parked 0", c.booked(id), "the key would answer what it answered the first time")
	}
	require.Len(t, c.refunds(id), 1)
}

func TestRefundIsFollowedByTheReportsOfItsPayment(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"approved", "rejected"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			c := openTill(t)
			id := c.surplus()
			c.faults(control.MercadoPagoFaults{RefundsInProcess: new(true)})
			_, err := c.giveBack(id)
			require.NoError(t, err)
			c.later(time.Hour)
			_, err = c.market.SettleRefund(t.Context(), c.refunds(id)[0].ID, end)
			require.NoError(t, err)
			number, err := strconv.ParseInt(id, 10, 64)
			require.NoError(t, err)
			settled := c.look(number)
			if end == "approved" {
				require.Equal(t, booking.VerdictSettled, settled.Verdict)
				require.Equal(t, "done refunded 30000", c.booked(id))
				return
			}
			require.Equal(t, booking.VerdictReturn, settled.Verdict, "it still has to go back")
			require.Equal(t, "failed to_refund 0", c.booked(id))
			_, err = c.giveBack(id)
			requireFinal(t, err)
		})
	}
}

func TestRefundThatWasRejectedBeforeItsAnswerCame(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.surplus()
	c.faults(control.MercadoPagoFaults{CutNext: new(1), RefundsInProcess: new(true)})
	_, err := c.giveBack(id)
	require.Error(t, err)
	_, err = c.market.SettleRefund(t.Context(), c.refunds(id)[0].ID, "rejected")
	require.NoError(t, err)
	_, err = c.giveBack(id)
	requireFinal(t, err)
	require.Equal(t, "failed parked 0", c.booked(id))
	require.Len(t, c.refunds(id), 1)
}
