package mercadopago

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// throttle keeps one account's calls below a rate, and still after Mercado Pago asked for a pause.
type throttle struct {
	limiter *rate.Limiter // nil: no rate of our own
	now     func() time.Time

	mu    sync.Mutex
	until time.Time
}

// longestPause bounds how long one answer can stop all other calls; the call that got it is told the whole time.
const longestPause = time.Minute

var errPaused = errors.New("not sent: calls are paused or above the rate")

func newThrottle(perSecond float64, now func() time.Time) *throttle {
	t := &throttle{now: now}
	if perSecond > 0 {
		t.limiter = rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond)))
	}
	return t
}

// admit waits for the call's turn, at most for patience; wait is how long to stay away when it may not be sent.
func (t *throttle) admit(ctx context.Context, patience time.Duration) (wait time.Duration, err error) {
	t.mu.Lock()
	pause := t.until.Sub(t.now())
	t.mu.Unlock()
	if pause > 0 {
		return pause, errPaused
	}
	if t.limiter == nil {
		return 0, nil
	}
	now := t.now()
	turn := t.limiter.ReserveN(now, 1)
	delay := turn.DelayFrom(now)
	if delay > patience {
		turn.CancelAt(now)
		return delay, errPaused
	}
	if delay == 0 {
		return 0, nil
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return 0, nil
	case <-ctx.Done():
		turn.CancelAt(now)
		return 0, ctx.Err()
	}
}

// pause stops all calls after one was told to come back later.
func (t *throttle) pause(failure *Error) {
	if failure.Reason != ReasonRateLimited || failure.RetryAfter <= 0 {
		return
	}
	until := t.now().Add(min(failure.RetryAfter, longestPause))
	t.mu.Lock()
	defer t.mu.Unlock()
	if until.After(t.until) {
		t.until = until
	}
}
