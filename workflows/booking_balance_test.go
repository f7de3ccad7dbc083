package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/workflows"
)

// ChooseTransfer gives a hold of the model three days, with a reminder after one and two.
func (f *fake) ChooseTransfer(ctx context.Context, _ workflows.ReservationRef) (workflows.TransferChosen, error) {
	change, err := f.change(ctx, "ChooseTransfer", func(r *row) bool {
		if r.status != booking.PreReserved || r.transfer {
			return false
		}
		r.transfer, r.expiresAt = true, r.now().Add(3*day)
		return true
	})
	at := change.ExpiresAt.Add(-3 * day)
	return workflows.TransferChosen{Change: change, Remind: []time.Time{at.Add(day), at.Add(2 * day)}}, err
}

var _ workflows.TransferActivities = (*fake)(nil)

func (w *world) transferring() *answer[workflows.ChangeOutcome] {
	return ask[workflows.ChangeOutcome](w, workflows.UpdateTransfer, workflows.Done{})
}

func TestATransferHasALongerClock(t *testing.T) {
	t.Parallel()
	w := newWorld()
	var first, again, late *answer[workflows.ChangeOutcome]
	w.after(5*time.Minute, func() { first = w.transferring() })
	w.after(time.Hour, func() { again = w.transferring() })
	w.after(4*day, func() { late = w.transferring() })
	result := w.book(t, hold(30*time.Minute))

	require.Equal(t, booking.Expired, result.Status, "it expires as any hold")
	require.True(t, first.value.Done)
	require.True(t, again.value.Done)
	require.Equal(t, first.value.ExpiresAt.Unix(), again.value.ExpiresAt.Unix(), "once")
	require.Equal(t, booking.CodeWrongState, late.value.Refusal)
	require.Equal(t, []workflows.NoticeKind{workflows.NoticeHold, workflows.NoticeOwnerTransfer, workflows.NoticeTransferReminder,
		workflows.NoticeTransferReminder, workflows.NoticeExpired}, w.kinds())
	require.Equal(t, 2, w.count("CreatePaymentLink"), "the link ends with the new deadline")
	require.WithinDuration(t, first.value.ExpiresAt, w.expiredAt, time.Minute)
}

func TestATransferThatIsCreditedConfirms(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.after(5*time.Minute, func() { w.transferring() })
	w.after(36*time.Hour, func() { w.pay("transfer-1", deposit) })
	result := w.book(t, hold(30*time.Minute))
	require.Equal(t, booking.Completed, result.Status)
	require.Contains(t, w.kinds(), workflows.NoticeConfirmed)
	w.requireJust(t)
}

// linked asks for the balance ten days before an arrival that is a month away.
func linked(w *world) {
	w.arrival = 30 * day
	arrival := w.started.Add(w.arrival)
	w.balance = []workflows.BalanceStep{
		{At: arrival.Add(-10 * day), Kind: workflows.NoticeBalanceLink},
		{At: arrival.Add(-3 * day), Kind: workflows.NoticeBalanceReminder, Suffix: "3"},
		{At: arrival.Add(-day), Kind: workflows.NoticeBalanceReminder, Suffix: "1"},
		{At: arrival.Add(-day), Kind: workflows.NoticeOwnerBalanceUnpaid},
	}
}

func TestTheBalanceIsAskedForAndNeverCancels(t *testing.T) {
	t.Parallel()
	w := newWorld()
	linked(w)
	w.after(time.Minute, func() { w.pay("1", deposit) })
	result := w.book(t, hold(30*time.Minute))
	require.Equal(t, booking.Completed, result.Status)
	require.Equal(t, []workflows.NoticeKind{workflows.NoticeHold, workflows.NoticeConfirmed, workflows.NoticeOwnerConfirmed,
		workflows.NoticeBalanceLink, workflows.NoticeBalanceReminder, workflows.NoticeBalanceReminder, workflows.NoticeOwnerBalanceUnpaid,
		workflows.NoticeArrival, workflows.NoticeThanks}, w.kinds())
	require.Equal(t, 2, w.count("CreatePaymentLink"))
}

func TestALateBookingIsAskedForItsBalanceAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	linked(w)
	w.arrival = 2 * day
	for n := range w.balance {
		w.balance[n].At = w.balance[n].At.Add(-28 * day)
	}
	w.after(time.Minute, func() { w.pay("1", deposit) })
	require.Equal(t, booking.Completed, w.book(t, hold(30*time.Minute)).Status)
	require.Equal(t, []workflows.NoticeKind{workflows.NoticeHold, workflows.NoticeConfirmed, workflows.NoticeOwnerConfirmed,
		workflows.NoticeBalanceLink, workflows.NoticeBalanceReminder, workflows.NoticeOwnerBalanceUnpaid, workflows.NoticeArrival,
		workflows.NoticeThanks}, w.kinds())
}

func TestACancelledStayHasNoBalanceToPay(t *testing.T) {
	t.Parallel()
	w := newWorld()
	linked(w)
	w.after(time.Minute, func() { w.pay("1", deposit) })
	closed := 0
	w.after(25*day, func() { closed = w.count("ClosePaymentLink"); w.cancel() })
	require.Equal(t, booking.Cancelled, w.book(t, hold(30*time.Minute)).Status)
	require.Equal(t, closed+1, w.count("ClosePaymentLink"), "its link ends")
	require.Contains(t, w.kinds(), workflows.NoticeBalanceLink)
	require.NotContains(t, w.kinds(), workflows.NoticeOwnerBalanceUnpaid)
}
