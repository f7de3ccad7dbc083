package api

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// mostBuckets bounds the memory an attacker with many addresses can take; it is about 10 MB.
const mostBuckets = 50_000

// tokenBuckets bounds tries within one process: each key may try burst times at once and burst times per window in the long run.
type tokenBuckets struct {
	burst  int
	window time.Duration
	now    func() time.Time

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

// newTokenBuckets returns a limiter of burst tries, at least 1, per window.
func newTokenBuckets(burst int, window time.Duration, now func() time.Time) *tokenBuckets {
	return &tokenBuckets{burst: burst, window: window, now: now, buckets: make(map[string]*rate.Limiter)}
}

// allow takes a token of the key's bucket.
func (t *tokenBuckets) allow(key string) (bool, time.Duration) {
	now := t.now()
	reservation := t.bucket(key, now).ReserveN(now, 1)
	if wait := reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
		return false, wait
	}
	return true, 0
}

func (t *tokenBuckets) bucket(key string, now time.Time) *rate.Limiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	if bucket, known := t.buckets[key]; known {
		return bucket
	}
	if len(t.buckets) >= mostBuckets {
		t.forget(now)
	}
	bucket := rate.NewLimiter(rate.Limit(float64(t.burst)/t.window.Seconds()), t.burst)
	t.buckets[key] = bucket
	return bucket
}

// forget drops the buckets that are full again, which say nothing; when none is, it starts over rather than grow.
func (t *tokenBuckets) forget(now time.Time) {
	for key, bucket := range t.buckets {
		if bucket.TokensAt(now) >= float64(t.burst) {
			delete(t.buckets, key)
		}
	}
	if len(t.buckets) >= mostBuckets {
		clear(t.buckets)
	}
}
