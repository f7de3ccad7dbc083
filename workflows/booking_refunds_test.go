package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/workflows"
)

// cancelledAfterPaying is a stay that was paid with its deposit and cancelled by the guest two hours later.
func cancelledAfterPaying(w *world) *answer[workflows.ChangeOutcome] {
	w.arrival = 9 * day
	w.payAfter(time.Minute, deposit)
	cancel := &answer[workflows.ChangeOutcome]{}
	w.after(2*time.Hour, func() { *cancel = *w.cancel() })
	return cancel
}

// of are the notices of one kind.
func (r *row) of(kind workflows.NoticeKind) (found []workflows.NoticeInput) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range r.notices {
		if n.Kind == kind {
			found = append(found, n)
		}
	}
	return found
}

func TestRefundWaitsOutAnOutageOfTwoDays(t *testing.T) {
	t.Parallel()
	w := newWorld()
	cancelledAfterPaying(w)
	start := w.Now()
	w.away["RefundPayment"] = true
	w.after(50*time.Hour, func() { w.away["RefundPayment"] = false })
	require.Equal(t, booking.Cancelled, w.book(t, hold(10*time.Minute)).Status)
	require.Equal(t, []string{"1/cancelled"}, w.refunds, "exactly once")
	require.WithinRange(t, w.Now(), start.Add(50*time.Hour), start.Add(50*time.Hour+11*time.Minute), "tried every ten minutes at least")
	require.Greater(t, w.count("RefundPayment"), 200)
	require.Len(t, w.of(workflows.NoticeRefundDone), 1)
	require.Equal(t, deposit, w.of(workflows.NoticeRefundDone)[0].Amount)
	require.Empty(t, w.of(workflows.NoticeOwnerPayment), "an outage is nobody's case")
	w.requireJust(t)
}

func TestRefundThatTakesItsTimeIsFollowed(t *testing.T) {
	t.Parallel()
	for name, refused := range map[string]bool{"credited": false, "rejected": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			cancelledAfterPaying(w)
			w.after(time.Hour, func() { w.payments["1"].looks, w.payments["1"].refused = 9, refused })
			w.book(t, hold(10*time.Minute))
			require.Len(t, w.of(workflows.NoticeRefundSent), 1, "the guest hears that it is on its way once")
			require.Equal(t, 10, w.count("RefundPayment"))
			if !refused {
				require.Len(t, w.of(workflows.NoticeRefundDone), 1)
				require.Empty(t, w.of(workflows.NoticeOwnerPayment))
				return
			}
			require.Empty(t, w.of(workflows.NoticeRefundDone))
			stuck := w.of(workflows.NoticeOwnerPayment)
			require.Len(t, stuck, 1)
			require.Equal(t, workflows.VerdictRefundStuck, stuck[0].Verdict)
			require.Equal(t, "refund/cancelled/1", stuck[0].Suffix)
			require.Equal(t, deposit, stuck[0].Amount)
		})
	}
}

func TestRefundThatNeverEndsBecomesACase(t *testing.T) {
	t.Parallel()
	w := newWorld()
	cancelledAfterPaying(w)
	w.after(time.Hour, func() { w.payments["1"].looks = 1_000_000 })
	start := w.Now()
	w.book(t, hold(10*time.Minute))
	require.Len(t, w.of(workflows.NoticeOwnerPayment), 1)
	require.WithinRange(t, w.Now(), start.Add(9*day), start.Add(10*day))
}

func TestOneRefusedPaymentDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.arrival = 9 * day
	half := booking.Pesos(15_000)
	w.after(time.Minute, func() { w.pay("1", half) })
	w.after(2*time.Minute, func() { w.pay("2", half) })
	w.after(time.Hour, func() { w.payments["2"].refused = true })
	w.after(2*time.Hour, func() { w.cancel() })
	w.book(t, hold(10*time.Minute))
	require.Equal(t, []string{"1/cancelled"}, w.refunds)
	done, stuck := w.of(workflows.NoticeRefundDone), w.of(workflows.NoticeOwnerPayment)
	require.Len(t, done, 1)
	require.Equal(t, half, done[0].Amount)
	var refused []workflows.NoticeInput
	for _, n := range stuck {
		if n.Verdict == workflows.VerdictRefundStuck {
			refused = append(refused, n)
		}
	}
	require.Len(t, refused, 1)
	require.Equal(t, "refund/cancelled/2", refused[0].Suffix)
	require.Equal(t, half, refused[0].Amount)
}

func TestCancelledTwiceIsRefundedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	cancelledAfterPaying(w)
	var again *answer[workflows.ChangeOutcome]
	w.after(2*time.Hour, func() { again = w.cancel() })
	w.fail("RefundPayment", 3)
	w.book(t, hold(10*time.Minute))
	require.Equal(t, booking.CodeWrongState, again.value.Refusal)
	require.Equal(t, []string{"1/cancelled"}, w.refunds)
}

func decideRefund(w *world, approve bool) *answer[workflows.ChangeOutcome] {
	return ask[workflows.ChangeOutcome](w, workflows.UpdateDecide, workflows.RefundDecision{Approve: approve, StaffID: 3})
}

func TestOwnerDecidesOnALargeRefund(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		approve  bool
		at       time.Duration // after the cancellation; 0 is never
		reminded bool
		by       booking.Actor
	}{
		"approved at once":         {approve: true, at: time.Hour, by: booking.ByOwner},
		"refused at once":          {at: time.Hour, by: booking.ByOwner},
		"approved after reminder":  {approve: true, at: 30 * time.Hour, reminded: true, by: booking.ByOwner},
		"refused in the last hour": {at: 71 * time.Hour, reminded: true, by: booking.ByOwner},
		"silence":                  {approve: true, reminded: true, by: booking.ByTimer},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.asks = true
			cancelledAfterPaying(w)
			start := w.Now()
			decision, again, other := &answer[workflows.ChangeOutcome]{}, &answer[workflows.ChangeOutcome]{}, &answer[workflows.ChangeOutcome]{}
			if test.at > 0 {
				w.after(2*time.Hour+test.at, func() {
					decision, again, other = decideRefund(w, test.approve), decideRefund(w, test.approve), decideRefund(w, !test.approve)
				})
			}
			require.Equal(t, booking.Cancelled, w.book(t, hold(10*time.Minute)).Status)

			told := w.of(workflows.NoticeCancelled)
			require.Len(t, told, 1)
			require.Equal(t, booking.VerdictWait, told[0].Verdict, "nothing is promised yet")
			require.Len(t, w.of(workflows.NoticeOwnerRefundAsk), 1)
			require.Equal(t, test.reminded, len(w.of(workflows.NoticeOwnerRefundDue)) == 1)
			require.Equal(t, test.by, w.decidedBy)
			require.Equal(t, test.at == 0, len(w.of(workflows.NoticeOwnerRefundGo)) == 1)
			if test.at > 0 {
				require.True(t, decision.value.Done)
				require.True(t, again.value.Done, "the same word again changes nothing")
				require.Equal(t, booking.CodeWrongState, other.value.Refusal)
				require.WithinDuration(t, start.Add(2*time.Hour+test.at), w.Now(), time.Minute, "it did not wait on")
			} else {
				require.WithinDuration(t, start.Add(74*time.Hour), w.Now(), time.Minute)
			}
			if test.approve {
				require.Equal(t, []string{"1/cancelled"}, w.refunds)
				require.Len(t, w.of(workflows.NoticeRefundDone), 1)
			} else {
				require.Empty(t, w.refunds)
				require.Len(t, w.of(workflows.NoticeRefundRefused), 1)
			}
			w.requireJust(t)
		})
	}
}

func TestNoDecisionWithoutAQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.arrival = 9 * day
	w.payAfter(time.Minute, deposit)
	var decision *answer[workflows.ChangeOutcome]
	w.after(time.Hour, func() { decision = decideRefund(w, false) })
	require.Equal(t, booking.Completed, w.book(t, hold(10*time.Minute)).Status)
	require.Equal(t, booking.CodeWrongState, decision.value.Refusal)
	require.Zero(t, w.count("DecideRefund"))
}

// A worker that died between the owner's word and the refund starts the plan again and finds the word in the row.
func TestDecisionOutlivesItsWorkflowTask(t *testing.T) {
	t.Parallel()
	for _, decision := range []string{"approved", "refused"} {
		t.Run(decision, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.asks, w.decision = true, decision
			cancelledAfterPaying(w)
			w.book(t, hold(10*time.Minute))
			require.Empty(t, w.of(workflows.NoticeOwnerRefundAsk))
			require.Equal(t, decision == "approved", len(w.refunds) == 1)
		})
	}
}

func TestStaffGivesPartBackOnARunningBooking(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.arrival = 9 * day
	w.payAfter(time.Minute, deposit)
	part := workflows.RefundRequest{Amount: booking.Pesos(5_000), Reason: "goodwill-1", StaffID: 3}
	var back, much, late *answer[workflows.ChangeOutcome]
	w.after(time.Hour, func() { back = ask[workflows.ChangeOutcome](w, workflows.UpdateRefund, part) })
	w.after(2*time.Hour, func() {
		part.Amount, part.Reason = booking.Pesos(500_000), "goodwill-2"
		much = ask[workflows.ChangeOutcome](w, workflows.UpdateRefund, part)
	})
	w.after(3*time.Hour, func() { w.fail("RefundPayment", 8); w.cancel() })
	w.after(3*time.Hour+time.Minute, func() { late = ask[workflows.ChangeOutcome](w, workflows.UpdateRefund, part) })
	w.book(t, hold(10*time.Minute))
	require.True(t, back.value.Done)
	require.Equal(t, booking.Pesos(5_000), back.value.Refund)
	require.Equal(t, booking.CodeInvalidInput, much.value.Refusal)
	require.Equal(t, booking.CodeWrongState, late.value.Refusal)
	require.Equal(t, []string{"1/goodwill-1", "1/cancelled"}, w.refunds)
	require.Equal(t, booking.Pesos(5_000), w.of(workflows.NoticeRefundDone)[0].Amount)
}

func TestOwnerHearsOfMoneyThatCannotBePlanned(t *testing.T) {
	t.Parallel()
	w := newWorld()
	cancelledAfterPaying(w)
	w.after(time.Hour, func() { w.payments["1"].status = booking.ProviderInMediation })
	w.book(t, hold(10*time.Minute))
	require.Empty(t, w.refunds)
	stuck := w.of(workflows.NoticeOwnerPayment)
	require.Len(t, stuck, 1)
	require.Equal(t, "refund/cancelled/rest", stuck[0].Suffix)
	require.Equal(t, deposit, stuck[0].Amount)
}
