package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"cabanas/booking"
	"cabanas/workflows"
)

const code = "RES260110A1B2C3"

var (
	deposit = booking.Pesos(30_000)
	total   = booking.Pesos(100_000)
)

func hold(lasts time.Duration) workflows.BookingInput {
	return workflows.BookingInput{
		Code: code, AccommodationID: 7, UnitName: "Cabaña Arrayán", Guests: 4, GuestID: 12, Channel: booking.ChannelWhatsApp,
		Stay:    booking.Stay{CheckIn: booking.MustDate("2026-01-20"), CheckOut: booking.MustDate("2026-01-25")},
		HoldFor: lasts, Extension: lasts, Grace: 72 * time.Hour,
	}
}

// payment is one payment at the provider of the model.
type payment struct {
	amount   booking.Money
	status   booking.ProviderStatus
	counted  bool
	due      bool // to go back: written with the change that ended the reservation, so that no late payment builds on it
	returned bool
	back     booking.Money // what went back of it
	kept     bool          // by the owner's decision
	looks    int           // how often the provider is still at its refund
	refused  bool          // by the provider, after that
	verdict  booking.Verdict
}

// row is the model of one reservation, with the conditional changes of the database.
type row struct {
	mu        sync.Mutex
	now       func() time.Time
	status    booking.Status
	expiresAt time.Time
	extended  bool
	byOwner   bool // confirmed by the owner's decision
	sold      bool // the nights were sold to someone else after the expiry
	payments  map[string]*payment
	arrival   time.Duration // from the start, 0 = already past
	stay      time.Duration // from the arrival to the departure
	transfer  bool          // the guest pays by bank transfer
	balance   []workflows.BalanceStep
	started   time.Time

	calls     []string // every attempt, in order
	failures  map[string][]error
	away      map[string]bool // fails every attempt
	notices   []workflows.NoticeInput
	plans     map[string]workflows.RefundPlan // by reason
	asks      bool                            // a refund needs the owner
	decision  string
	decidedBy booking.Actor
	seen      map[string]bool
	refunds   []string
	forwarded []string
	resumed   []string
	runs      bool // a booking workflow runs, for ForwardPayment
	expiredAt time.Time
	swept     bool // the provider tells of its payments by search
	others    others
	openLinks bool                       // a settlement that confirms cannot close the link itself
	linkUntil time.Time                  // a link's own end, when it is not the hold's
	closings  []workflows.LinkCloseInput // those that worked
	moved     int                        // days that the stay was moved by
	keys      []string                   // of the changes of the stay
	forgotten []string                   // tasks of the housekeeping
	toldAt    map[workflows.NoticeKind][]time.Duration
}

func newRow(now func() time.Time) *row {
	return &row{
		now: now, started: now(), stay: 5 * day, payments: map[string]*payment{}, failures: map[string][]error{}, away: map[string]bool{},
		seen: map[string]bool{}, plans: map[string]workflows.RefundPlan{}, toldAt: map[workflows.NoticeKind][]time.Duration{},
	}
}

// world is a test environment with the model behind its activities.
type world struct {
	*testsuite.TestWorkflowEnvironment
	*row
	upserts int
	updates int
}

var anything = mock.Anything

func (w *world) countUpsert(mock.Arguments) { w.upserts++ }

// newWorld starts at the real present: the deadline of a local activity is compared with the real clock.
func newWorld() *world {
	suite := testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	w := &world{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment()}
	w.SetWorkerOptions(worker.Options{
		WorkflowPanicPolicy: worker.FailWorkflow, DeadlockDetectionTimeout: 10 * time.Second,
	})
	w.SetTestTimeout(20 * time.Second)
	w.row = newRow(w.Now)
	workflows.Register(w, "")
	w.RegisterActivity(&fake{w.row})
	return w
}

// book runs a Booking workflow to its end and returns its result.
func (w *world) book(t *testing.T, in workflows.BookingInput) workflows.BookingResult {
	t.Helper()
	w.ExecuteWorkflow(workflows.Booking, in)
	require.True(t, w.IsWorkflowCompleted())
	require.NoError(t, w.GetWorkflowError())
	var result workflows.BookingResult
	require.NoError(t, w.GetWorkflowResult(&result))
	return result
}

// after runs something when that much time has been skipped.
func (w *world) after(d time.Duration, do func()) { w.RegisterDelayedCallback(do, d) }

// pay makes a payment at the provider and signals it.
func (w *world) pay(id string, amount booking.Money) {
	w.set(id, amount, booking.ProviderApproved)
	w.signal(id)
}

func (w *world) signal(id string) {
	w.SignalWorkflow(workflows.SignalPayment, workflows.PaymentSignal{PaymentID: id})
}

func (r *row) set(id string, amount booking.Money, status booking.ProviderStatus) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.payments[id] == nil {
		r.payments[id] = &payment{amount: amount}
	}
	r.payments[id].status = status
}

// answer is what an update came back with.
type answer[T any] struct {
	value  T
	err    error
	at     time.Time
	called bool
}

func ask[T any](w *world, name string, arg any) *answer[T] {
	a := &answer[T]{}
	w.updates++
	w.UpdateWorkflow(name, fmt.Sprintf("%s/%d", name, w.updates), &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) { a.err, a.called = err, true },
		OnComplete: func(value any, err error) {
			a.err, a.called, a.at = err, true, w.Now()
			if got, ok := value.(T); ok {
				a.value = got
			}
		},
	}, arg)
	return a
}

func (w *world) cancel() *answer[workflows.ChangeOutcome] {
	return ask[workflows.ChangeOutcome](w, workflows.UpdateCancel, workflows.CancelRequest{By: booking.ByGuest})
}

// kinds are the kinds of notices sent, in order.
func (r *row) kinds() []workflows.NoticeKind {
	r.mu.Lock()
	defer r.mu.Unlock()
	kinds := []workflows.NoticeKind{}
	for _, n := range r.notices {
		kinds = append(kinds, n.Kind)
	}
	return kinds
}

func (r *row) count(name string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, call := range r.calls {
		if call == name {
			n++
		}
	}
	return n
}

// kept is what was paid and is not going back.
func (r *row) kept() booking.Money {
	return r.sum(func(p *payment) bool { return p.counted && !p.due && !p.returned })
}

func (r *row) due() booking.Money {
	return r.sum(func(p *payment) bool { return p.due })
}

func (r *row) sum(of func(*payment) bool) booking.Money {
	sum := booking.Pesos(0)
	for _, p := range r.payments {
		if of(p) {
			sum = sum.Plus(p.amount)
		}
	}
	return sum
}

// unreturned is money at the provider that no confirmed stay and no refund accounts for.
func (r *row) unreturned() (ids []string) {
	for id, p := range r.payments {
		if p.status == booking.ProviderApproved && !p.returned && !p.kept && !p.refused && p.verdict != booking.VerdictPark {
			ids = append(ids, id)
		}
	}
	return ids
}

// requireJust holds the model to the invariants: no stay without money, no money without a stay.
func (r *row) requireJust(t require.TestingT) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.status {
	case booking.Confirmed, booking.Completed:
		if !r.byOwner {
			require.False(t, r.kept().Less(deposit), "a stay without its deposit")
		}
		for _, id := range r.unreturned() {
			require.True(t, r.payments[id].counted, "surplus payment %s was kept", id)
		}
	case booking.Cancelled, booking.Expired:
		require.Empty(t, r.unreturned(), "money of a reservation that is %s", r.status)
	case booking.PreReserved:
		require.Fail(t, "a hold outlived its workflow")
	}
}

func (r *row) called(name string) error {
	r.calls = append(r.calls, name)
	if r.away[name] {
		return errors.New(name + " is away")
	}
	if planned := r.failures[name]; len(planned) > 0 {
		r.failures[name] = planned[1:]
		return planned[0]
	}
	return nil
}

var errAway = errors.New("away")

func final(kind string, details ...any) error {
	return temporal.NewNonRetryableApplicationError("refused", kind, nil, details...)
}

var (
	_ workflows.ReservationActivities  = (*fake)(nil)
	_ workflows.PaymentActivities      = (*fake)(nil)
	_ workflows.ConversationActivities = (*talk)(nil)
	_ workflows.MessagingActivities    = struct {
		*fake
		*talk
	}{}
)

// begin locks the model for one activity and counts the call.
func (r *row) begin(ctx context.Context, name string) (func(), error) {
	if ctx.Err() != nil {
		return func() {}, ctx.Err()
	}
	r.mu.Lock()
	return r.mu.Unlock, r.called(name)
}
