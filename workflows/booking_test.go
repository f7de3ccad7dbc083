package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/workflows"
)

const day = 24 * time.Hour

type kinds = []workflows.NoticeKind

func TestPaidBookingLivesToItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.arrival = 9 * day
	var answer *answer[workflows.HoldOutcome]
	w.after(0, func() { answer = ask[workflows.HoldOutcome](w, workflows.UpdateHold, workflows.Done{}) })
	w.after(5*time.Minute, func() { w.pay("1", deposit) })
	result := w.book(t, hold(30*time.Minute))

	require.Equal(t, workflows.BookingResult{Status: booking.Completed}, result)
	require.Equal(t, workflows.HoldOutcome{Placed: true, PaymentURL: "https://pay.test/" + code + "/1"}, answer.value)
	require.Equal(t, kinds{
		workflows.NoticeHold, workflows.NoticeConfirmed, workflows.NoticeOwnerConfirmed, workflows.NoticeArrival,
		workflows.NoticeThanks,
	}, w.kinds())
	require.Zero(t, w.count("ClosePaymentLink"), "the settlement closed it")
	w.requireJust(t)
}

func TestLinkThatASettlementCouldNotCloseIsClosedAfterwards(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.openLinks = true
	w.after(5*time.Minute, func() { w.pay("1", deposit) })
	require.Equal(t, booking.Completed, w.book(t, hold(30*time.Minute)).Status)
	require.Equal(t, 1, w.count("ClosePaymentLink"))
}

func TestRefusedHoldEndsAtOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want booking.Code
	}{
		"taken":    {final(workflows.ErrorDatesTaken), booking.CodeDatesTaken},
		"rule":     {final(workflows.ErrorRefused, string(booking.CodeTooManyGuests)), booking.CodeTooManyGuests},
		"inactive": {final(workflows.ErrorNotFound), booking.CodeNotFound},
		"input":    {final(workflows.ErrorInvalidInput), booking.CodeInvalidInput},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.failures["PlaceHold"] = []error{test.err}
			var hold1 *answer[workflows.HoldOutcome]
			var cancel *answer[workflows.ChangeOutcome]
			w.after(0, func() {
				hold1 = ask[workflows.HoldOutcome](w, workflows.UpdateHold, workflows.Done{})
				cancel = w.cancel()
			})
			result := w.book(t, hold(30*time.Minute))
			require.Equal(t, workflows.BookingResult{Refusal: test.want}, result)
			require.Equal(t, workflows.HoldOutcome{Refusal: test.want}, hold1.value)
			require.Equal(t, booking.CodeWrongState, cancel.value.Refusal)
			require.Equal(t, []string{"PlaceHold"}, w.calls)
		})
	}
}

func TestUnpaidHoldRemindsAndExpires(t *testing.T) {
	t.Parallel()
	w := newWorld()
	start := w.Now()
	result := w.book(t, hold(40*time.Minute))
	require.Equal(t, booking.Expired, result.Status)
	require.Equal(t, kinds{
		workflows.NoticeHold, workflows.NoticeHalfTime, workflows.NoticeLastCall, workflows.NoticeExpired,
	}, w.kinds())
	require.WithinDuration(t, start.Add(40*time.Minute), w.expiredAt, time.Millisecond)
	require.WithinDuration(t, start.Add(40*time.Minute+72*time.Hour), w.Now(), time.Millisecond, "the grace for a late payment")
	require.Empty(t, w.refunds)
}

func TestShortHoldsAreNotReminded(t *testing.T) {
	t.Parallel()
	for lasts, want := range map[time.Duration]kinds{
		2 * time.Second:  {workflows.NoticeHold, workflows.NoticeExpired},
		5 * time.Minute:  {workflows.NoticeHold, workflows.NoticeLastCall, workflows.NoticeExpired},
		10 * time.Minute: {workflows.NoticeHold, workflows.NoticeHalfTime, workflows.NoticeLastCall, workflows.NoticeExpired},
	} {
		t.Run(lasts.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.book(t, hold(lasts))
			require.Equal(t, want, w.kinds())
		})
	}
}

// The payment and the timer meet in every order; the database decides and everybody is told the truth.
func TestPaymentAroundTheDeadline(t *testing.T) {
	t.Parallel()
	const lasts = 10 * time.Minute
	for name, test := range map[string]struct {
		at   time.Duration
		sold bool
		want booking.Status
		tell kinds
	}{
		"before": {lasts - time.Millisecond, false, booking.Completed, kinds{workflows.NoticeConfirmed}},
		"at":     {lasts, false, booking.Completed, nil},
		"after":  {lasts + time.Millisecond, false, booking.Completed, kinds{workflows.NoticeExpired, workflows.NoticeLateConfirmed}},
		"sold":   {lasts + time.Minute, true, booking.Expired, kinds{workflows.NoticeExpired, workflows.NoticeLateRefund}},
		"days":   {lasts + 71*time.Hour, false, booking.Completed, kinds{workflows.NoticeExpired, workflows.NoticeLateConfirmed}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.arrival = 9 * day
			w.sold = test.sold
			w.after(test.at, func() { w.pay("1", deposit) })
			result := w.book(t, hold(lasts))
			require.Equal(t, test.want, result.Status)
			require.Subset(t, w.kinds(), test.tell)
			for _, notice := range w.notices {
				if notice.Kind == workflows.NoticeOwnerPayment {
					require.Equal(t, deposit, notice.Amount, "the owner reads how much")
				}
			}
			w.requireJust(t)
		})
	}
}

func TestSameInstantPaymentAndTimer(t *testing.T) {
	t.Parallel()
	for range 20 {
		w := newWorld()
		w.set("1", deposit, booking.ProviderApproved)
		w.after(2*time.Minute, func() { w.signal("1") })
		w.book(t, hold(2*time.Minute))
		w.requireJust(t)
	}
}

// The webhook never came: the last look at the provider finds the money.
func TestSweepFindsThePaymentAtTheDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.swept = true
	w.after(time.Minute, func() { w.set("1", deposit, booking.ProviderApproved) })
	result := w.book(t, hold(2*time.Minute))
	require.Equal(t, booking.Completed, result.Status)
	require.Zero(t, w.count("ExpireHold"))
	require.NotContains(t, w.kinds(), workflows.NoticeExpired)
}

func TestRepeatedAndTwinSignalsCountOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.arrival = 9 * day
	w.after(time.Minute, func() { w.pay("1", deposit); w.signal("1"); w.signal("1") })
	w.after(2*time.Minute, func() { w.signal("1") })
	result := w.book(t, hold(10*time.Minute))
	require.Equal(t, booking.Completed, result.Status)
	require.Equal(t, 3, w.count("SettlePayment"), "twins of a running look-up are one more look")
	require.Empty(t, w.refunds)
	w.requireJust(t)
}

func TestTwoPaymentsTheSecondGoesBack(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.arrival = 9 * day
	w.after(time.Minute, func() { w.pay("1", deposit); w.pay("2", deposit) })
	w.after(2*time.Minute, func() { w.signal("1"); w.signal("2") })
	result := w.book(t, hold(10*time.Minute))
	require.Equal(t, booking.Completed, result.Status)
	require.Len(t, w.refunds, 1)
	require.Contains(t, w.refunds[0], "surplus")
	require.Equal(t, kinds{
		workflows.NoticeHold, workflows.NoticeConfirmed, workflows.NoticeOwnerConfirmed, workflows.NoticeSurplus,
		workflows.NoticeOwnerPayment, workflows.NoticeArrival, workflows.NoticeThanks,
	}, w.kinds())
	w.requireJust(t)
}

func TestPendingThenApproved(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.arrival = 9 * day
	w.after(time.Minute, func() { w.set("1", deposit, booking.ProviderPending); w.signal("1"); w.signal("1") })
	w.after(2*time.Minute, func() { w.set("1", deposit, booking.ProviderApproved); w.signal("1") })
	w.book(t, hold(10*time.Minute))
	require.Equal(t, kinds{
		workflows.NoticeHold, workflows.NoticePending, workflows.NoticeConfirmed, workflows.NoticeOwnerConfirmed,
		workflows.NoticeArrival, workflows.NoticeThanks,
	}, w.kinds())
}

func TestRejectedPaymentIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.after(time.Minute, func() { w.set("1", deposit, booking.ProviderRejected); w.signal("1") })
	result := w.book(t, hold(4*time.Minute))
	require.Equal(t, booking.Expired, result.Status)
	require.Equal(t, kinds{workflows.NoticeHold, workflows.NoticeRejected, workflows.NoticeExpired}, w.kinds())
}

func TestShortPayment(t *testing.T) {
	t.Parallel()
	t.Run("goes back at the deadline", func(t *testing.T) {
		t.Parallel()
		w := newWorld()
		w.after(time.Minute, func() { w.pay("1", booking.Pesos(1)) })
		result := w.book(t, hold(4*time.Minute))
		require.Equal(t, booking.Expired, result.Status)
		require.Equal(t, []string{"1/short"}, w.refunds)
		require.Equal(t, kinds{
			workflows.NoticeHold, workflows.NoticeShort, workflows.NoticeOwnerPayment, workflows.NoticeExpired, workflows.NoticeRefundDone,
		}, w.kinds())
		w.requireJust(t)
	})
	t.Run("is completed by a second", func(t *testing.T) {
		t.Parallel()
		w := newWorld()
		w.after(time.Minute, func() { w.pay("1", booking.Pesos(10_000)) })
		w.after(2*time.Minute, func() { w.pay("2", booking.Pesos(20_000)) })
		result := w.book(t, hold(4*time.Minute))
		require.Equal(t, booking.Completed, result.Status)
		require.Empty(t, w.refunds)
		w.requireJust(t)
	})
}

func TestChargebackIsToldToTheOwner(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.arrival = 9 * day
	w.after(time.Minute, func() { w.pay("1", deposit) })
	w.after(day, func() { w.set("1", deposit, booking.ProviderChargedBack); w.signal("1") })
	w.book(t, hold(10*time.Minute))
	require.Contains(t, w.kinds(), workflows.NoticeOwnerPayment)
	require.Empty(t, w.refunds)
}

func TestResumedBookingAccompaniesTheStay(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.arrival, w.status = 9*day, booking.Confirmed
	w.OnUpsertTypedSearchAttributes(anything).Return(nil).Run(w.countUpsert)
	in := hold(10 * time.Minute)
	in.Resume = true
	result := w.book(t, in)
	require.Equal(t, booking.Completed, result.Status)
	require.Equal(t, kinds{workflows.NoticeArrival, workflows.NoticeThanks}, w.kinds())
	require.Equal(t, []string{"StayTimes", "SendNotices", "CompleteStay", "SendNotices"}, w.calls)
	require.Equal(t, 1, w.upserts)
}

func TestArrivalMessageOfTheLastMinuteIsSkipped(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.after(time.Minute, func() { w.pay("1", deposit) })
	w.book(t, hold(10*time.Minute))
	require.NotContains(t, w.kinds(), workflows.NoticeArrival)
}

func TestThreeUpsertsAtMost(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.arrival = 9 * day
	w.OnUpsertTypedSearchAttributes(anything).Return(nil).Run(w.countUpsert)
	w.after(time.Hour, func() { w.pay("1", deposit) })
	require.Equal(t, booking.Completed, w.book(t, hold(10*time.Minute)).Status)
	require.Equal(t, 3, w.upserts, "expired, confirmed late, completed")
}

func TestOwnerConfirms(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]time.Duration{"hold": time.Minute, "expired": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.arrival = 9 * day
			var first, second *answer[workflows.ChangeOutcome]
			request := workflows.ConfirmRequest{StaffID: 3}
			w.after(at, func() { first = ask[workflows.ChangeOutcome](w, workflows.UpdateConfirm, request) })
			w.after(at+time.Minute, func() { second = ask[workflows.ChangeOutcome](w, workflows.UpdateConfirm, request) })
			result := w.book(t, hold(10*time.Minute))
			require.Equal(t, booking.Completed, result.Status)
			require.True(t, first.value.Done)
			require.Equal(t, booking.CodeWrongState, second.value.Refusal)
			require.Subset(t, w.kinds(), kinds{workflows.NoticeConfirmed, workflows.NoticeOwnerConfirmed})
			w.requireJust(t)
		})
	}
}

func TestExtensionOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	start := w.Now()
	var first, second, late *answer[workflows.ChangeOutcome]
	extend := func() *answer[workflows.ChangeOutcome] {
		return ask[workflows.ChangeOutcome](w, workflows.UpdateExtend, workflows.Done{})
	}
	w.after(35*time.Minute, func() { first = extend() })
	w.after(36*time.Minute, func() { second = extend() })
	w.after(3*time.Hour, func() { late = extend() })
	w.book(t, hold(40*time.Minute))
	require.True(t, first.value.Done)
	require.WithinDuration(t, start.Add(80*time.Minute), first.value.ExpiresAt, time.Millisecond)
	require.Equal(t, booking.CodeAlreadyExtended, second.value.Refusal)
	require.Equal(t, booking.CodeWrongState, late.value.Refusal)
	require.WithinDuration(t, start.Add(80*time.Minute), w.expiredAt, time.Millisecond)
	require.Equal(t, kinds{
		workflows.NoticeHold, workflows.NoticeHalfTime, workflows.NoticeLastCall, workflows.NoticeExtended,
		workflows.NoticeLastCall, workflows.NoticeExpired,
	}, w.kinds())
	require.Equal(t, 2, w.count("CreatePaymentLink"))
}
