package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
	"cabanas/workflows"
)

// Whatever the order of payments, cancellation, extension, owner's decision, outages and the deadline: no stay without its
// money, no money without its stay.
func TestAnyOrderEndsJust(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld()
		const lasts = 3 * time.Minute
		w.arrival = 9 * day
		w.sold = rapid.Bool().Draw(rt, "sold")
		w.swept = rapid.Bool().Draw(rt, "swept")
		for _, name := range []string{"SettlePayment", "RefundPayment", "PlanRefunds", "SendNotices", "CreatePaymentLink", "ExpireHold"} {
			w.fail(name, rapid.IntRange(0, 3).Draw(rt, name))
		}
		// Moments crowd around the deadline, where the races are.
		moment := rapid.OneOf(
			rapid.Map(rapid.IntRange(-5, 8), func(s int) time.Duration { return lasts + time.Duration(s)*time.Second }),
			rapid.Map(rapid.IntRange(0, 600), func(s int) time.Duration { return time.Duration(s) * time.Second }),
			rapid.SampledFrom([]time.Duration{lasts, 2 * lasts, lasts + 72*time.Hour, 10 * day, 14 * day}),
		)
		for i := range rapid.IntRange(0, 3).Draw(rt, "payments") {
			id := fmt.Sprint(i)
			amount := rapid.SampledFrom([]booking.Money{booking.Pesos(1), booking.Pesos(15_000), deposit, total}).Draw(rt, "amount")
			w.after(moment.Draw(rt, "pay"), func() { w.pay(id, amount) })
		}
		for range rapid.IntRange(0, 2).Draw(rt, "cancels") {
			w.after(moment.Draw(rt, "cancel"), func() { w.cancel() })
		}
		for range rapid.IntRange(0, 2).Draw(rt, "extensions") {
			w.after(moment.Draw(rt, "extend"), func() { ask[workflows.ChangeOutcome](w, workflows.UpdateExtend, workflows.Done{}) })
		}
		if rapid.IntRange(0, 4).Draw(rt, "owner") == 0 {
			w.after(moment.Draw(rt, "confirm"), func() {
				ask[workflows.ChangeOutcome](w, workflows.UpdateConfirm, workflows.ConfirmRequest{StaffID: 1})
			})
		}
		w.ExecuteWorkflow(workflows.Booking, hold(lasts))
		require.NoError(rt, w.GetWorkflowError())
		w.dropUnseenPayments()
		w.requireJust(rt)
	})
}

// dropUnseenPayments forgets payments signalled after the workflow's end: those are LatePayment's.
func (r *row) dropUnseenPayments() {
	for id, p := range r.payments {
		if p.verdict == "" {
			delete(r.payments, id)
		}
	}
}
