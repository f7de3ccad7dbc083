package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"cabanas/booking"
	"cabanas/workflows"
)

const (
	soldOnce = 40 * time.Minute // a payment that comes after the hold of half an hour
	deadline = 2 * time.Hour
)

// tooLate is a world in which the nights were sold after the expiry and others are free.
func tooLate() *world {
	w := newWorld()
	w.sold, w.others.free, w.others.until = true, true, deadline
	return w
}

func (w *world) answer(accept bool) *answer[workflows.ChangeOutcome] {
	return ask[workflows.ChangeOutcome](w, workflows.UpdateAnswerAlternative, workflows.AlternativeAnswer{Accept: accept})
}

func TestLatePaymentFindsOtherNights(t *testing.T) {
	t.Parallel()
	offered := kinds{workflows.NoticeHold, workflows.NoticeHalfTime, workflows.NoticeLastCall, workflows.NoticeExpired,
		workflows.NoticeAlternative, workflows.NoticeOwnerAlternative}
	refunded := kinds{workflows.NoticeLateRefund, workflows.NoticeOwnerPayment}
	confirmed := kinds{workflows.NoticeLateConfirmed, workflows.NoticeOwnerPayment}
	for name, test := range map[string]struct {
		then    func(*world)
		want    booking.Status
		refunds []string
		tell    kinds
		state   workflows.AlternativeState
	}{
		"yes": {
			then: func(w *world) { w.after(soldOnce+time.Hour, func() { w.answer(true) }) },
			want: booking.Completed, tell: append(confirmed, workflows.NoticeThanks), state: workflows.AlternativeAccepted,
		},
		"yes, twice": {
			then: func(w *world) {
				w.after(soldOnce+time.Hour, func() { w.answer(true); w.answer(true) })
			},
			want: booking.Completed, tell: append(confirmed, workflows.NoticeThanks), state: workflows.AlternativeAccepted,
		},
		"no": {
			then: func(w *world) { w.after(soldOnce+time.Hour, func() { w.answer(false) }) },
			want: booking.Expired, refunds: []string{"1/taken"}, tell: refunded, state: workflows.AlternativeDeclined,
		},
		"silence": {
			then: func(*world) {}, want: booking.Expired, refunds: []string{"1/taken"}, tell: refunded, state: workflows.AlternativeLapsed,
		},
		"yes, too late": {
			then: func(w *world) { w.after(soldOnce+deadline+time.Minute, func() { w.answer(true) }) },
			want: booking.Expired, refunds: []string{"1/taken"}, tell: refunded, state: workflows.AlternativeLapsed,
		},
		"gone meanwhile": {
			then: func(w *world) {
				w.others.lost = true
				w.after(soldOnce+time.Hour, func() { w.answer(true) })
			},
			want: booking.Expired, refunds: []string{"1/taken"}, tell: refunded, state: workflows.AlternativeLapsed,
		},
		"the guest cancels": {
			then: func(w *world) { w.after(soldOnce+time.Hour, func() { w.cancel() }) },
			want: booking.Expired, refunds: []string{"1/taken"}, tell: refunded, state: workflows.AlternativeDeclined,
		},
		"a second payment": {
			then: func(w *world) {
				w.after(soldOnce+time.Hour, func() { w.pay("2", deposit) })
				w.after(soldOnce+90*time.Minute, func() { w.answer(true) })
			},
			want: booking.Completed, refunds: []string{"2/late"}, state: workflows.AlternativeAccepted,
			tell: append(append(append(kinds{}, refunded...), confirmed...), workflows.NoticeThanks),
		},
		"the old nights come free": {
			then: func(w *world) {
				w.after(soldOnce+time.Hour, func() {
					w.mu.Lock()
					w.sold, w.others.state = false, workflows.AlternativeWithdrawn
					w.mu.Unlock()
					w.signal("1")
				})
			},
			want: booking.Completed, tell: append(confirmed, workflows.NoticeThanks), state: workflows.AlternativeWithdrawn,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tooLate()
			w.after(soldOnce, func() { w.pay("1", deposit) })
			w.after(soldOnce+10*time.Minute, func() { w.signal("1") })
			test.then(w)
			require.Equal(t, test.want, w.book(t, hold(30*time.Minute)).Status)
			require.Equal(t, test.refunds, w.refunds)
			require.Equal(t, append(append(kinds{}, offered...), test.tell...), w.kinds())
			require.Equal(t, test.state, w.others.state)
			w.requireJust(t)
		})
	}
}

func TestLatePaymentOfAClosedBookingFindsOtherNights(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		accept  *bool
		want    booking.Status
		refunds []string
		resumed []string
		tell    kinds
	}{
		"yes":     {new(true), booking.Confirmed, nil, []string{code}, kinds{workflows.NoticeLateConfirmed, workflows.NoticeOwnerPayment}},
		"no":      {new(false), booking.Expired, []string{"1/taken"}, nil, kinds{workflows.NoticeLateRefund, workflows.NoticeOwnerPayment}},
		"silence": {nil, booking.Expired, []string{"1/taken"}, nil, kinds{workflows.NoticeLateRefund, workflows.NoticeOwnerPayment}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tooLate()
			w.status = booking.Expired
			w.set("1", deposit, booking.ProviderApproved)
			if test.accept != nil {
				w.after(time.Hour, func() { w.answer(*test.accept) })
			}
			w.resolve(t, workflows.LatePaymentInput{PaymentID: "1", Code: code})
			require.Equal(t, test.want, w.status)
			require.Equal(t, test.refunds, w.refunds)
			require.Equal(t, test.resumed, w.resumed)
			require.Equal(t, append(kinds{workflows.NoticeAlternative, workflows.NoticeOwnerAlternative}, test.tell...), w.kinds())
		})
	}
}

func TestDayThatDiffersIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.others.days = []workflows.DayComparison{
		{Day: booking.MustDate("2027-01-10"), Differing: 1}, {Day: booking.MustDate("2027-01-11"), Differing: 2, Difference: deposit, Tell: true},
	}
	w.ExecuteWorkflow(workflows.PaymentReconciliation)
	require.NoError(t, w.GetWorkflowError())
	require.Equal(t, []workflows.NoticeInput{{Kind: workflows.NoticeOwnerLedger, Suffix: "2027-01-11", Amount: deposit}}, w.notices)
}

// crash fails one call of one activity, before it does anything or after it has done it.
type crash struct {
	interceptor.WorkerInterceptorBase
	mu     sync.Mutex
	name   string
	after  bool
	nth    int
	struck bool
}

type crashing struct {
	interceptor.ActivityInboundInterceptorBase
	crash *crash
}

func (c *crash) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &crashing{crash: c}
	i.Next = next
	return i
}

var errCrash = errors.New("the worker died")

func (c *crash) strikes(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if name != c.name || c.struck {
		return false
	}
	c.nth--
	c.struck = c.nth < 0
	return c.struck
}

func (i *crashing) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	strikes := i.crash.strikes(activity.GetInfo(ctx).ActivityType.Name)
	if strikes && !i.crash.after {
		return nil, errCrash
	}
	result, err := i.Next.ExecuteActivity(ctx, in)
	if strikes {
		return nil, errCrash
	}
	return result, err
}

// Whatever dies between the money that moved and the guest that is told: the end is the same, and everybody is told once.
func TestCrashAnywhereEndsTheSame(t *testing.T) {
	t.Parallel()
	stories := map[string]func(*world){
		"paid":      func(w *world) { w.after(5*time.Minute, func() { w.pay("1", deposit) }) },
		"paid late": func(w *world) { w.after(soldOnce, func() { w.pay("1", deposit) }) },
		"paid twice": func(w *world) {
			w.after(5*time.Minute, func() { w.pay("1", deposit) })
			w.after(10*time.Minute, func() { w.pay("2", deposit) })
		},
		"short": func(w *world) { w.after(5*time.Minute, func() { w.pay("1", booking.Pesos(1)) }) },
		"sold": func(w *world) {
			w.sold = true
			w.after(soldOnce, func() { w.pay("1", deposit) })
		},
		"other nights taken": func(w *world) {
			w.sold, w.others.free, w.others.until = true, true, deadline
			w.after(soldOnce, func() { w.pay("1", deposit) })
			w.after(soldOnce+time.Hour, func() { w.answer(true) })
		},
		"other nights left": func(w *world) {
			w.sold, w.others.free, w.others.until = true, true, deadline
			w.after(soldOnce, func() { w.pay("1", deposit) })
			w.after(soldOnce+time.Hour, func() { w.answer(false) })
		},
		"cancelled": func(w *world) {
			w.arrival = 9 * day
			w.after(5*time.Minute, func() { w.pay("1", deposit) })
			w.after(time.Hour, func() { w.cancel() })
		},
		"disputed": func(w *world) {
			w.arrival = 9 * day
			w.after(5*time.Minute, func() { w.pay("1", deposit) })
			w.after(day, func() { w.set("1", deposit, booking.ProviderChargedBack); w.signal("1") })
		},
	}
	type end struct {
		Status  booking.Status
		Refunds map[string]int
		Kept    booking.Money
		Told    map[workflows.NoticeKind]int
	}
	run := func(t *testing.T, play func(*world), c *crash) (end, []string) {
		w := newWorld()
		w.SetWorkerOptions(worker.Options{
			WorkflowPanicPolicy: worker.FailWorkflow, DeadlockDetectionTimeout: 10 * time.Second, Interceptors: []interceptor.WorkerInterceptor{c},
		})
		play(w)
		e := end{Status: w.book(t, hold(30*time.Minute)).Status, Refunds: map[string]int{}, Told: map[workflows.NoticeKind]int{}}
		for _, refund := range w.refunds {
			e.Refunds[refund]++
		}
		for _, kind := range w.kinds() {
			e.Told[kind]++
		}
		e.Kept = w.kept()
		return e, w.calls
	}
	for name, play := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, calls := run(t, play, &crash{})
			counted := map[string]int{}
			for _, call := range calls {
				nth := counted[call]
				for _, after := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s %d after=%v", call, nth, after), func(t *testing.T) {
						t.Parallel()
						got, _ := run(t, play, &crash{name: call, nth: nth, after: after})
						require.Equal(t, want, got)
					})
				}
				counted[call]++
			}
		})
	}
}
