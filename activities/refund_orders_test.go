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

// A worker that dies between the provider's answer and the row finds the refund at the provider, and nothing goes back twice.
func TestRefundOrderOutlivesItsWorker(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.paidAndCancelled()
	order := workflows.RefundOrder{Code: c.code, Amount: booking.Pesos(300), Reason: "cancelled"}
	plan, err := c.PlanRefunds(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, []workflows.RefundInput{{Code: c.code, PaymentID: id, Amount: booking.Pesos(300), Reason: "cancelled"}}, plan.Parts)
	again, err := c.PlanRefunds(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, plan, again)

	c.faults(control.MercadoPagoFaults{CutNext: new(1)})
	_, err = c.RefundPayment(t.Context(), plan.Parts[0])
	require.Error(t, err, "the provider has it and nobody here knows")
	c.later(48 * time.Hour)
	for range 2 {
		result, err := c.RefundPayment(t.Context(), plan.Parts[0])
		require.NoError(t, err)
		require.Equal(t, workflows.RefundResult{Amount: booking.Pesos(300)}, result)
	}
	require.Len(t, c.refunds(id), 1)
	require.Equal(t, "done refunded 30000", c.booked(id))
}

func TestRefundIsInProcessUntilItIsNot(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"approved", "rejected"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			c := openTill(t)
			id := c.paidAndCancelled()
			part := workflows.RefundInput{Code: c.code, PaymentID: id, Amount: booking.Pesos(300), Reason: "cancelled"}
			c.faults(control.MercadoPagoFaults{RefundsInProcess: new(true)})
			for range 2 {
				result, err := c.RefundPayment(t.Context(), part)
				require.NoError(t, err)
				require.True(t, result.InProcess)
				c.later(time.Hour)
			}
			_, err := c.market.SettleRefund(t.Context(), c.refunds(id)[0].ID, end)
			require.NoError(t, err)
			result, err := c.RefundPayment(t.Context(), part)
			if end == "rejected" {
				requireFinal(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, workflows.RefundResult{Amount: booking.Pesos(300)}, result)
			require.Equal(t, "done refunded 30000", c.booked(id))
		})
	}
}

func TestNothingIsSentThatTheOwnerKeeps(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.paidAndCancelled()
	order := workflows.RefundOrder{Code: c.code, Amount: booking.Pesos(300), Reason: "cancelled", Ask: true}
	plan, err := c.PlanRefunds(t.Context(), order)
	require.NoError(t, err)
	require.True(t, plan.Awaits)
	_, err = c.RefundPayment(t.Context(), plan.Parts[0])
	require.Error(t, err, "the owner was not heard")
	decided, err := c.DecideRefund(t.Context(), workflows.RefundDecisionInput{Code: c.code, Reason: "cancelled", By: booking.ByOwner})
	require.NoError(t, err)
	require.False(t, decided.Approved)
	decided, err = c.DecideRefund(t.Context(), workflows.RefundDecisionInput{Code: c.code, Reason: "cancelled", Approve: true, By: booking.ByTimer})
	require.NoError(t, err)
	require.False(t, decided.Approved, "the first word stands")
	plan, err = c.PlanRefunds(t.Context(), order)
	require.NoError(t, err)
	require.True(t, plan.Kept)
	_, err = c.RefundPayment(t.Context(), plan.Parts[0])
	require.Error(t, err)
	require.Empty(t, c.refunds(id))
}

func TestDisputedMoneyIsNotPlanned(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.paidAndCancelled()
	number, err := strconv.ParseInt(id, 10, 64)
	require.NoError(t, err)
	_, err = c.market.Dispute(t.Context(), number, control.DisputeMediation)
	require.NoError(t, err)
	c.later(time.Minute)
	c.look(number)
	plan, err := c.PlanRefunds(t.Context(), workflows.RefundOrder{Code: c.code, Amount: booking.Pesos(300), Reason: "cancelled"})
	require.NoError(t, err)
	require.Empty(t, plan.Parts)
	require.True(t, plan.Amount.IsZero())
}

// paidAndCancelled confirms the hold with its deposit and cancels it; it returns the payment.
func (c *till) paidAndCancelled() string {
	c.t.Helper()
	number := c.pay()
	id := strconv.FormatInt(number, 10)
	require.Equal(c.t, booking.Confirmed, c.look(number).Status)
	_, err := c.store.Cancel(c.t.Context(), c.code, booking.ByGuest, "guest", c.clock())
	require.NoError(c.t, err)
	return id
}
