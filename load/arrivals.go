package load

import (
	"context"
	"sync"
	"time"
)

// Iteration is one unit of work; an error counts as failed. It must bound its own time.
type Iteration func(ctx context.Context) error

// Arrivals is the open model: iterations begin on schedule, however slow the earlier ones are.
type Arrivals struct {
	Rate    float64       // Iterations a second, more than zero.
	For     time.Duration // How long iterations are offered; those under way are then waited for.
	Workers int           // How many can be under way at once; one more is dropped.
}

// Run offers the iterations and returns when the last has ended. It stops offering when ctx ends.
func (a Arrivals) Run(ctx context.Context, do Iteration) Outcome {
	period := time.Duration(float64(time.Second) / a.Rate)
	planned := make(chan time.Time, a.Workers) // Never full: a worker's token is taken before.
	free := make(chan struct{}, a.Workers)
	tallies := make([]tally, a.Workers)
	var working sync.WaitGroup
	for n := range a.Workers {
		free <- struct{}{}
		working.Go(func() {
			for at := range planned {
				tallies[n].add(do(ctx), time.Since(at))
				free <- struct{}{}
			}
		})
	}

	start := time.Now()
	total := Outcome{}
	for n := int64(0); time.Duration(n)*period < a.For; n++ {
		at := start.Add(time.Duration(n) * period)
		if !sleepUntil(ctx, at) {
			break
		}
		total.Offered++
		select {
		case <-free:
			planned <- at
		default:
			total.Dropped++
		}
	}
	close(planned)
	working.Wait()

	for n := range tallies {
		total.merge(&tallies[n])
	}
	total.Counted, total.Window = total.Done, max(time.Since(start), a.For)
	return total
}

// Saturation is the closed loop: a fixed number of workers, each starting its next iteration when the last has ended.
type Saturation struct {
	Workers int
	For     time.Duration
}

// Run repeats the iteration and returns when the last has ended. The rate is that of the iterations which ended between the first
// quarter of the time, in which the system gets going, and its end.
func (s Saturation) Run(ctx context.Context, do Iteration) Outcome {
	start := time.Now()
	from, until := start.Add(s.For/4), start.Add(s.For)
	tallies := make([]tally, s.Workers)
	counted := make([]int64, s.Workers)
	var working sync.WaitGroup
	for n := range s.Workers {
		working.Go(func() {
			for ctx.Err() == nil {
				begun := time.Now()
				if !begun.Before(until) {
					return
				}
				err := do(ctx)
				ended := time.Now()
				tallies[n].add(err, ended.Sub(begun))
				if err == nil && ended.After(from) && !ended.After(until) {
					counted[n]++
				}
			}
		})
	}
	working.Wait()
	total := Outcome{Window: until.Sub(from)}
	for n := range tallies {
		total.merge(&tallies[n])
		total.Counted += counted[n]
	}
	total.Offered = total.Done + total.Failed
	return total
}

// Outcome is the account of one run: Offered = Dropped + Done + Failed.
type Outcome struct {
	Offered int64 // Iterations that were due.
	Dropped int64 // Due while every worker was busy.
	Done    int64
	Failed  int64
	// Counted iterations ended well within Window.
	Counted int64
	Window  time.Duration
	// Latency of the iterations that ended well, from their planned start (Arrivals) or real one (Saturation).
	Latency Latency
	// Failures counts the failed by their error.
	Failures map[string]int64
}

// Rate is how many iterations a second ended well.
func (o *Outcome) Rate() float64 {
	if o.Window <= 0 {
		return 0
	}
	return float64(o.Counted) / o.Window.Seconds()
}

func (o *Outcome) merge(t *tally) {
	o.Done += t.done
	o.Failed += t.failed
	o.Latency.Merge(&t.latency)
	for message, count := range t.failures {
		if o.Failures == nil {
			o.Failures = map[string]int64{}
		}
		o.Failures[message] += count
	}
}

// tally is the account of one worker, so that none waits for another to write down what it did.
type tally struct {
	done, failed int64
	latency      Latency
	failures     map[string]int64
}

func (t *tally) add(err error, took time.Duration) {
	if err == nil {
		t.done++
		t.latency.Add(took)
		return
	}
	t.failed++
	if t.failures == nil {
		t.failures = map[string]int64{}
	}
	t.failures[err.Error()]++
}

// sleepUntil tells whether the instant came before ctx ended; one that has passed comes at once.
func sleepUntil(ctx context.Context, at time.Time) bool {
	wait := time.Until(at)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
