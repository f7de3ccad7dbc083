package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// alarm is the one timer of a workflow: set again for every next instant, left alone when the instant stays the same.
type alarm struct {
	at    time.Time
	fired workflow.Future
	stop  workflow.CancelFunc
}

func (a *alarm) set(ctx workflow.Context, at time.Time, summary string) {
	if a.fired != nil && a.at.Equal(at) {
		return
	}
	if a.stop != nil {
		a.stop()
	}
	ctx, a.stop = workflow.WithCancel(ctx)
	a.at = at
	a.fired = workflow.NewTimerWithOptions(ctx, at.Sub(workflow.Now(ctx)), workflow.TimerOptions{Summary: summary})
}

func (a *alarm) rang() bool { return a.fired.IsReady() }

func (a *alarm) pending() bool { return a.fired != nil && !a.fired.IsReady() }

// wait is the one place where a booking waits: until the instant, a payment signal, or a change made by an update or a payment
// being followed. It reports whether the instant came with nothing changed; the error is the workflow's cancellation.
func (b *bookingRun) wait(ctx workflow.Context, at time.Time, summary, waitsFor string) (bool, error) {
	b.alarm.set(b.background, at, summary)
	b.show(waitsFor)
	status, deadline, moves := b.status, b.expiresAt, b.moves
	changed := func() bool { return b.status != status || !b.expiresAt.Equal(deadline) || b.moves != moves }
	err := workflow.Await(ctx, func() bool { return b.alarm.rang() || b.payments.Len() > 0 || changed() })
	b.readPayments()
	return err == nil && b.alarm.rang() && !changed(), err
}

// waitUntil waits through payment signals until the instant, as long as the reservation is in that status and has
// the stay it has.
func (b *bookingRun) waitUntil(
	ctx workflow.Context, status booking.Status, at time.Time, summary, waitsFor string,
) (bool, error) {
	for moves := b.moves; b.status == status && b.moves == moves; {
		if rang, err := b.wait(ctx, at, summary, waitsFor); rang || err != nil {
			return rang, err
		}
	}
	return false, nil
}

// spawn runs work in the background; the workflow does not end before it has.
func (b *bookingRun) spawn(ctx workflow.Context, work func(workflow.Context)) {
	b.busy++
	workflow.Go(ctx, func(ctx workflow.Context) {
		work(ctx)
		b.busy--
	})
}
