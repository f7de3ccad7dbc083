package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/workflows"
)

// ChangeStay moves the model by as many days as the check-in moves; nights of another cabin than 7 or 8 are taken.
func (f *fake) ChangeStay(ctx context.Context, in workflows.StayChangeInput) (workflows.StayChanged, error) {
	var out workflows.StayChanged
	change, err := f.change(ctx, "ChangeStay", func(r *row) bool { return r.status.Live() })
	if err != nil {
		return out, err
	}
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	switch {
	case !change.Changed:
		return out, final(workflows.ErrorRefused, booking.CodeWrongState)
	case in.AccommodationID > 8:
		return out, final(workflows.ErrorDatesTaken)
	}
	f.r.keys = append(f.r.keys, in.Key)
	from := hold(0).Stay.CheckIn.AddDays(f.r.moved)
	days := from.DaysUntil(in.Stay.CheckIn)
	f.r.moved += days
	f.r.arrival += time.Duration(days) * day
	for n := range f.r.balance {
		f.r.balance[n].At = f.r.balance[n].At.Add(time.Duration(days) * day)
	}
	requoted := in.Price == workflows.PriceRequote
	return workflows.StayChanged{Change: change, Changed: days != 0 || requoted, UnitName: "Cabaña Coihue", DepositChanged: requoted,
		DueChanged: requoted || days != 0}, nil
}

// MarkNoShow closes the confirmed stay of the model.
func (f *fake) MarkNoShow(ctx context.Context, _ workflows.NoShowInput) (workflows.ReservationChange, error) {
	return f.change(ctx, "MarkNoShow", func(r *row) bool {
		if r.status != booking.Confirmed {
			return false
		}
		r.status = booking.NoShow
		return true
	})
}

var _ workflows.StayChangeActivities = (*fake)(nil)

// moving asks for the stay so many days later than it was made.
func (w *world) moving(days int, change func(*workflows.StayChangeRequest)) *answer[workflows.ChangeOutcome] {
	request := workflows.StayChangeRequest{AccommodationID: 7, Stay: hold(0).Stay.Shift(days), Guests: 4, Price: workflows.PriceKeep, StaffID: 3}
	if change != nil {
		change(&request)
	}
	return ask[workflows.ChangeOutcome](w, workflows.UpdateChangeStay, request)
}

func requoted(r *workflows.StayChangeRequest) { r.Price = workflows.PriceRequote }

func (r *row) at(kind workflows.NoticeKind) []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.toldAt[kind]
}

func TestAHoldIsMoved(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change  func(*workflows.StayChangeRequest)
		links   int
		notices []workflows.NoticeKind
	}{
		"at the same price": {nil, 1, []workflows.NoticeKind{workflows.NoticeHold, workflows.NoticeStayChanged}},
		"at another price":  {requoted, 2, []workflows.NoticeKind{workflows.NoticeHold, workflows.NoticeStayChanged}},
		"without a word": {func(r *workflows.StayChangeRequest) { r.Price, r.Quiet = workflows.PriceRequote, true }, 2,
			[]workflows.NoticeKind{workflows.NoticeHold}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			var moved *answer[workflows.ChangeOutcome]
			w.after(time.Minute, func() { moved = w.moving(3, test.change) })
			result := w.book(t, hold(4*time.Minute))
			require.Equal(t, booking.Expired, result.Status)
			require.NoError(t, moved.err)
			require.True(t, moved.value.Done)
			require.Equal(t, booking.PreReserved, moved.value.Status)
			require.Equal(t, append(test.notices, workflows.NoticeExpired), w.kinds())
			require.Equal(t, test.links, w.count("CreatePaymentLink"))
			require.WithinDuration(t, w.started.Add(4*time.Minute), w.expiredAt, 2*time.Second, "the deadline stays")
			w.requireJust(t)
		})
	}
}

// TestAConfirmedStayIsMovedAtEachWait moves a stay a week later, or earlier, in each of its waits, and looks when everything happens.
func TestAConfirmedStayIsMovedAtEachWait(t *testing.T) {
	t.Parallel()
	// The balance is asked for on day 20, the arrival message goes out on day 30, the guest leaves on day 35.
	for name, test := range map[string]struct {
		at      time.Duration
		days    int
		links   []time.Duration
		arrival []time.Duration
		thanks  time.Duration
	}{
		"before the balance, later":        {10 * day, 7, days(27), days(37), 42 * day},
		"before the balance, earlier":      {10 * day, -7, days(13), days(23), 28 * day},
		"so early that all is due at once": {10 * day, -18, days(10), days(12), 17 * day},
		"after the link, later":            {25 * day, 7, days(20, 27), days(37), 42 * day},
		"after the link, earlier":          {22 * day, -5, days(20, 22), days(25), 30 * day},
		"after the arrival message, later": {32 * day, 7, days(20, 32), days(30, 37), 42 * day},
		"a day longer than it was":         {34 * day, 1, days(20), days(30), 36 * day},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			linked(w)
			w.after(time.Minute, func() { w.pay("1", deposit) })
			var moved *answer[workflows.ChangeOutcome]
			w.after(test.at, func() { moved = w.moving(test.days, nil) })
			result := w.book(t, hold(30*time.Minute))
			require.Equal(t, booking.Completed, result.Status)
			require.True(t, moved.value.Done, "%+v", moved)
			require.Equal(t, days(int(test.at/day)), w.at(workflows.NoticeStayChanged))
			require.Equal(t, test.links, w.at(workflows.NoticeBalanceLink))
			require.Equal(t, test.arrival, w.at(workflows.NoticeArrival))
			require.Equal(t, []time.Duration{test.thanks}, w.at(workflows.NoticeThanks))
			require.Equal(t, 1+len(test.links), w.count("CreatePaymentLink"), "the deposit's and those of the balance")
			require.Equal(t, 1, w.count("CompleteStay"))
			w.requireJust(t)
		})
	}
}

// days are so many days each.
func days(counts ...int) []time.Duration {
	var all []time.Duration
	for _, count := range counts {
		all = append(all, time.Duration(count)*day)
	}
	return all
}

func TestNightsThatAreTakenChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	linked(w)
	taken := func(r *workflows.StayChangeRequest) { r.AccommodationID = 9 }
	var held, confirmed, over *answer[workflows.ChangeOutcome]
	w.after(time.Minute, func() { held = w.moving(3, taken) })
	w.after(2*time.Minute, func() { w.pay("1", deposit) })
	w.after(25*day, func() { confirmed = w.moving(3, taken) })
	w.after(26*day, func() { w.cancel(); over = w.moving(3, nil) })
	require.Equal(t, booking.Cancelled, w.book(t, hold(30*time.Minute)).Status)
	require.Equal(t, booking.CodeDatesTaken, held.value.Refusal)
	require.Equal(t, booking.CodeDatesTaken, confirmed.value.Refusal)
	require.Equal(t, booking.CodeWrongState, over.value.Refusal)
	require.Empty(t, w.at(workflows.NoticeStayChanged))
	require.Equal(t, days(20), w.at(workflows.NoticeBalanceLink))
	require.Equal(t, 1, w.count("StayTimes"), "nobody looked again")
}

func TestAChangeIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	linked(w)
	w.failures["ChangeStay"] = []error{errAway, errAway}
	w.after(time.Minute, func() { w.pay("1", deposit) })
	w.after(10*day, func() { w.moving(3, nil); w.moving(5, nil) })
	w.after(15*day, func() { w.moving(5, func(r *workflows.StayChangeRequest) { r.Guests = 4 }) })
	require.Equal(t, booking.Completed, w.book(t, hold(30*time.Minute)).Status)
	require.Len(t, w.at(workflows.NoticeStayChanged), 1, "two in one second are one piece of news, and nothing new is none")
	require.Len(t, w.keys, 3)
	require.NotEqual(t, w.keys[0], w.keys[1], "every change has a name of its own")
	require.Equal(t, days(35), w.at(workflows.NoticeArrival))
}

func TestAGuestWhoDoesNotCome(t *testing.T) {
	t.Parallel()
	w := newWorld()
	linked(w)
	var early, marked *answer[workflows.ChangeOutcome]
	noShow := func() *answer[workflows.ChangeOutcome] {
		return ask[workflows.ChangeOutcome](w, workflows.UpdateNoShow, workflows.ConfirmRequest{StaffID: 3})
	}
	w.after(time.Second, func() { early = noShow() })
	w.after(time.Minute, func() { w.pay("1", deposit) })
	w.after(32*day, func() { marked = noShow() })
	require.Equal(t, booking.NoShow, w.book(t, hold(30*time.Minute)).Status)
	require.Equal(t, booking.CodeWrongState, early.value.Refusal)
	require.True(t, marked.value.Done)
	require.Empty(t, w.at(workflows.NoticeThanks))
}

func TestAGuestIsToldAgain(t *testing.T) {
	t.Parallel()
	w := newWorld()
	linked(w)
	again := func() { ask[workflows.ChangeOutcome](w, workflows.UpdateResend, workflows.Done{}) }
	w.after(time.Minute, again)
	w.after(2*time.Minute, func() { w.pay("1", deposit) })
	w.after(day, again)
	w.after(2*day, again)
	require.Equal(t, booking.Completed, w.book(t, hold(30*time.Minute)).Status)
	require.Len(t, w.at(workflows.NoticeHold), 2)
	require.Len(t, w.at(workflows.NoticeConfirmed), 3)
}
