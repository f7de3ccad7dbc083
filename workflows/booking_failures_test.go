package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"cabanas/booking"
	"cabanas/workflows"
)

// Every place where a booking waits, and what a cancellation there gives back.
func TestCancelAtEveryWait(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(*world)
		at      time.Duration
		refused bool
		paid    bool
	}{
		"first task":             {at: 0},
		"link is being made":     {arrange: func(w *world) { w.away["CreatePaymentLink"] = true }, at: 2 * time.Second},
		"link does not come":     {arrange: func(w *world) { w.away["CreatePaymentLink"] = true }, at: 2 * time.Minute},
		"waiting for money":      {at: time.Minute},
		"notice is retried":      {arrange: func(w *world) { w.away["SendNotices"] = true }, at: time.Minute},
		"after half time":        {at: 6 * time.Minute},
		"short payment":          {arrange: func(w *world) { w.payAfter(time.Minute, booking.Pesos(10)) }, at: 2 * time.Minute, paid: true},
		"expired":                {at: time.Hour, refused: true},
		"confirmed":              {arrange: func(w *world) { w.payAfter(time.Minute, deposit) }, at: 2 * time.Minute, paid: true},
		"during the stay":        {arrange: func(w *world) { w.payAfter(time.Minute, deposit) }, at: 10 * day, paid: true},
		"refund provider away":   {arrange: func(w *world) { w.payAfter(time.Minute, deposit); w.fail("RefundPayment", 5) }, at: day, paid: true},
		"stay times are read":    {arrange: func(w *world) { w.payAfter(time.Minute, deposit); w.fail("StayTimes", 4) }, at: time.Minute + 2*time.Second, paid: true},
		"database away a moment": {arrange: func(w *world) { w.fail("CancelReservation", 3) }, at: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			start := w.Now()
			w.arrival = 9 * day
			if test.arrange != nil {
				test.arrange(w)
			}
			var cancel, again *answer[workflows.ChangeOutcome]
			w.after(test.at, func() { cancel = w.cancel() })
			w.after(test.at+time.Minute, func() { again = w.cancel() })
			result := w.book(t, hold(10*time.Minute))
			require.NoError(t, cancel.err)
			if test.refused {
				require.Equal(t, booking.CodeWrongState, cancel.value.Refusal)
				require.Equal(t, booking.Expired, result.Status)
				return
			}
			require.True(t, cancel.value.Done)
			require.Equal(t, booking.Cancelled, result.Status)
			require.Equal(t, booking.Cancelled, cancel.value.Status)
			if again != nil && again.called {
				require.Equal(t, booking.CodeWrongState, again.value.Refusal)
			}
			require.Equal(t, test.paid, !cancel.value.Refund.IsZero())
			require.Less(t, w.Now().Sub(start), test.at+time.Hour, "it waited for something that will not come")
			if !w.away["SendNotices"] {
				require.Subset(t, w.kinds(), kinds{workflows.NoticeCancelled, workflows.NoticeOwnerCancelled})
			}
			w.requireJust(t)
		})
	}
}

func (w *world) payAfter(d time.Duration, amount booking.Money) {
	w.after(d, func() { w.pay("1", amount) })
}

func (r *row) fail(name string, times int) {
	for range times {
		r.failures[name] = append(r.failures[name], errAway)
	}
}

// The update answers when the row is changed, not when the provider has returned the money.
func TestCancelAnswersBeforeTheRefund(t *testing.T) {
	t.Parallel()
	w := newWorld()
	start := w.Now()
	w.arrival = 9 * day
	w.payAfter(time.Minute, deposit)
	w.fail("RefundPayment", 6)
	var cancel *answer[workflows.ChangeOutcome]
	w.after(time.Hour, func() { cancel = w.cancel() })
	w.book(t, hold(10*time.Minute))
	require.WithinDuration(t, start.Add(time.Hour), cancel.at, time.Millisecond)
	require.Equal(t, deposit, cancel.value.Refund)
	require.Equal(t, []string{"1/cancelled"}, w.refunds)
}

func TestWorkflowCancellationIsACancellationByTheOwner(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		at   time.Duration
		want booking.Status
	}{
		"hold":      {30 * time.Second, booking.Cancelled},
		"confirmed": {2 * time.Minute, booking.Cancelled},
		"stay":      {10 * day, booking.Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.arrival = 9 * day
			w.payAfter(time.Minute, deposit)
			w.after(test.at, w.CancelWorkflow)
			w.ExecuteWorkflow(workflows.Booking, hold(10*time.Minute))
			require.True(t, temporal.IsCanceledError(w.GetWorkflowError()), "%v", w.GetWorkflowError())
			require.Equal(t, test.want, w.status)
			require.Subset(t, w.kinds(), kinds{workflows.NoticeCancelled, workflows.NoticeOwnerCancelled})
		})
	}
	t.Run("expired", func(t *testing.T) {
		t.Parallel()
		w := newWorld()
		w.after(time.Hour, w.CancelWorkflow)
		w.ExecuteWorkflow(workflows.Booking, hold(10*time.Minute))
		require.True(t, temporal.IsCanceledError(w.GetWorkflowError()))
		require.Equal(t, booking.Expired, w.status)
		require.Zero(t, w.count("CancelReservation"))
	})
}

// A life that touches every activity; each of its steps fails in turn, first so that a retry heals it, then for good.
var steps = []string{
	"PlaceHold", "CreatePaymentLink", "SendNotices", "SweepPayments", "ExpireHold", "ClosePaymentLink", "SettlePayment", "StayTimes",
	"CompleteStay", "RefundPayment", "ExtendHold", "CancelReservation", "PlanRefunds", "ConfirmByOwner",
}

func TestEveryStepHealsByRetry(t *testing.T) {
	t.Parallel()
	lives := map[string]func(*testing.T, *world) booking.Status{
		"paid late, surplus returned": func(_ *testing.T, w *world) booking.Status {
			w.after(time.Minute, func() { ask[workflows.ChangeOutcome](w, workflows.UpdateExtend, workflows.Done{}) })
			w.after(time.Hour, func() { w.pay("1", deposit) })
			w.after(2*time.Hour, func() { w.pay("2", deposit) })
			return booking.Completed
		},
		"paid, cancelled": func(_ *testing.T, w *world) booking.Status {
			w.after(time.Minute, func() { w.pay("1", deposit) })
			w.after(day, func() { w.cancel() })
			return booking.Cancelled
		},
		"confirmed by the owner": func(_ *testing.T, w *world) booking.Status {
			w.after(time.Minute, func() {
				ask[workflows.ChangeOutcome](w, workflows.UpdateConfirm, workflows.ConfirmRequest{StaffID: 1})
			})
			return booking.Completed
		},
	}
	for name, live := range lives {
		for _, step := range steps {
			t.Run(name+"/"+step, func(t *testing.T) {
				t.Parallel()
				w := newWorld()
				w.arrival = 9 * day
				w.fail(step, 3)
				want := live(t, w)
				require.Equal(t, want, w.book(t, hold(10*time.Minute)).Status)
				w.requireJust(t)
			})
		}
	}
}

// What fails for good must not take the rest of the booking with it.
func TestFinalFailuresBesideTheBooking(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"CreatePaymentLink", "SendNotices", "SweepPayments", "ClosePaymentLink"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.arrival = 9 * day
			for range 3 {
				w.failures[step] = append(w.failures[step], final(workflows.ErrorAuthFailed))
			}
			w.after(5*time.Minute, func() { w.pay("1", deposit) })
			require.Equal(t, booking.Completed, w.book(t, hold(10*time.Minute)).Status)
			w.requireJust(t)
		})
	}
}

// A guest who cannot be reached does not keep the owner from being told.
func TestUnreachableGuestStillTellsTheOwner(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.arrival = 9 * day
	w.failures["SendNotices"] = []error{nil, final(workflows.ErrorRecipientBlocked), final(workflows.ErrorRecipientBlocked)}
	w.after(time.Minute, func() { w.pay("1", deposit) })
	w.book(t, hold(10*time.Minute))
	require.NotContains(t, w.kinds(), workflows.NoticeConfirmed)
	require.Contains(t, w.kinds(), workflows.NoticeOwnerConfirmed)
}

func TestRefundThatIsRefusedIsACaseForTheOwner(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.arrival = 9 * day
	// The surplus, and then the deposit.
	w.failures["RefundPayment"] = []error{final(workflows.ErrorPaymentRejected), final(workflows.ErrorPaymentRejected)}
	w.after(time.Minute, func() { w.pay("1", deposit) })
	w.after(2*time.Minute, func() { w.pay("2", deposit) })
	w.after(day, func() { w.cancel() })
	require.Equal(t, booking.Cancelled, w.book(t, hold(10*time.Minute)).Status)
	var cases []string
	for _, n := range w.notices {
		if n.Kind == workflows.NoticeOwnerPayment && (n.Verdict == booking.VerdictPark || n.Verdict == workflows.VerdictRefundStuck) {
			cases = append(cases, n.Suffix)
		}
	}
	require.ElementsMatch(t, []string{"2/park", "refund/cancelled/1"}, cases)
}

// Everything outside is away: the hold still ends on its second, and its caller has an answer after eight.
func TestDeadlineHoldsWhileProvidersAreAway(t *testing.T) {
	t.Parallel()
	for _, lasts := range []time.Duration{2 * time.Second, 30 * time.Second, 30 * time.Minute} {
		t.Run(lasts.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			start := w.Now()
			for _, name := range []string{"CreatePaymentLink", "SendNotices", "SweepPayments", "ClosePaymentLink", "SettlePayment"} {
				w.away[name] = true
			}
			var answer *answer[workflows.HoldOutcome]
			w.after(0, func() { answer = ask[workflows.HoldOutcome](w, workflows.UpdateHold, workflows.Done{}) })
			w.after(lasts/2, func() { w.signal("1") })
			in := hold(lasts)
			result := w.book(t, in)
			require.Equal(t, booking.Expired, result.Status)
			require.LessOrEqual(t, w.expiredAt.Sub(start.Add(lasts)), 5*time.Second)
			require.Equal(t, workflows.HoldOutcome{Placed: true}, answer.value)
			require.LessOrEqual(t, answer.at.Sub(start), 8*time.Second)
		})
	}
}

func TestLateLinkIsToldWhenItComes(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.fail("CreatePaymentLink", 6)
	var answer *answer[workflows.HoldOutcome]
	w.after(0, func() { answer = ask[workflows.HoldOutcome](w, workflows.UpdateHold, workflows.Done{}) })
	w.book(t, hold(4*time.Minute))
	require.Equal(t, workflows.HoldOutcome{Placed: true}, answer.value)
	require.Equal(t, kinds{workflows.NoticeHold, workflows.NoticeExpired}, w.kinds())
}

// A hold message that could not be sent is not sent after the hold is over.
func TestOvertakenNoticesAreNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.fail("SendNotices", 8) // about two minutes
	w.arrival = 9 * day
	w.after(30*time.Second, func() { w.pay("1", deposit) })
	w.book(t, hold(10*time.Minute))
	require.NotContains(t, w.kinds(), workflows.NoticeHold)
	require.Contains(t, w.kinds(), workflows.NoticeConfirmed)
}

// The database's clock is behind: the hold is not expired yet when the timer rings.
func TestExpiryWaitsForTheDatabaseClock(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.row.now = func() time.Time { return w.Now().Add(-1500 * time.Millisecond) }
	in := hold(time.Minute)
	w.status, w.expiresAt = booking.PreReserved, w.Now().Add(time.Minute)
	require.Equal(t, booking.Expired, w.book(t, in).Status)
	require.Equal(t, 3, w.count("ExpireHold"))
}

func TestCancelledWhileTheHoldIsPlaced(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.away["PlaceHold"] = true
	var answer *answer[workflows.HoldOutcome]
	w.after(0, func() { answer = ask[workflows.HoldOutcome](w, workflows.UpdateHold, workflows.Done{}) })
	w.after(30*time.Second, w.CancelWorkflow)
	w.ExecuteWorkflow(workflows.Booking, hold(10*time.Minute))
	require.True(t, temporal.IsCanceledError(w.GetWorkflowError()), "%v", w.GetWorkflowError())
	require.Equal(t, workflows.HoldOutcome{Refusal: booking.CodeUnavailable}, answer.value)
	require.Equal(t, 1, w.count("CancelReservation"))
}

func TestStateQuery(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.arrival = 9 * day
	w.after(time.Minute, func() {
		state := state(t, w)
		require.Equal(t, booking.PreReserved, state.Status)
		require.Equal(t, "the deposit", state.WaitsFor)
		require.False(t, state.ExpiresAt.IsZero())
	})
	w.after(2*time.Minute, func() { w.pay("1", deposit) })
	w.after(day, func() { require.Equal(t, "the arrival", state(t, w).WaitsFor) })
	w.book(t, hold(10*time.Minute))
	require.Equal(t, booking.Completed, state(t, w).Status)
}

func state(t *testing.T, w *world) (state workflows.BookingState) {
	t.Helper()
	value, err := w.QueryWorkflow(workflows.QueryState)
	require.NoError(t, err)
	require.NoError(t, value.Get(&state))
	return state
}

// A payment that belongs to another booking is passed on; nobody's is a case for the owner.
func TestPaymentOfSomeoneElse(t *testing.T) {
	t.Parallel()
	for other, want := range map[string][]string{"": nil, "RES260110FFFFFF": {"RES260110FFFFFF"}} {
		t.Run(fmt.Sprintf("%q", other), func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.runs = true
			w.OnActivity("SettlePayment", anything, anything).Return(workflows.Settlement{
				PaymentID: "9", Code: other, Verdict: booking.VerdictPark, News: true, Amount: deposit,
			}, nil)
			w.after(time.Minute, func() { w.signal("9") })
			require.Equal(t, booking.Expired, w.book(t, hold(4*time.Minute)).Status)
			require.Equal(t, want, w.forwarded)
			require.Equal(t, kinds{workflows.NoticeHold, workflows.NoticeOwnerPayment, workflows.NoticeExpired}, w.kinds())
		})
	}
}
