package load

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// JobSizes say how much the jobs have to do: the scenarios that are no stream of requests but a heap of work, of which the time counts
// until all of it is done.
type JobSizes struct {
	// Notifications of Mercado Pago, Payments to reconcile, Feeds to keep in step with Events each, and Bookings of one cabin to export.
	Notifications, Payments, Feeds, Events, Bookings int
	// FewFeeds is what the cost of a feed is compared with when there are Feeds of them.
	FewFeeds int
}

// DefaultJobs is what a busy installation has; a hundred times the feeds are asked for by flag.
var DefaultJobs = JobSizes{Notifications: 200, Payments: 10_000, Feeds: 1000, FewFeeds: 100, Events: 200, Bookings: 5000}

// jobNames lists the scenarios that are jobs. Those of calendars build on each other's feeds in this order.
var jobNames = []string{"notifications", "reconciliation", "parsing", "feed-growth", "feeds-unchanged", "feeds-changed", "export"}

func isJob(name string) bool { return slices.Contains(jobNames, name) }

// job is a heap of work, ours and the least it could cost.
type job struct {
	Name        string
	Ours, Floor string
	ours, floor heap
	// rounds is how often it is done at most: long work is its own average, and some can be done once only.
	rounds int
	// still requires that ours leaves every row of the annex as it was.
	still bool
}

// heap is one side of a job.
type heap struct {
	// ready prepares a measurement; its time does not count.
	ready func(context.Context) error
	// do works all of it off and returns how much it was.
	do func(context.Context) (int64, error)
}

// job builds one of the jobs.
func (w *workload) job(name string, sizes JobSizes) job {
	build := map[string]func(JobSizes) job{
		"notifications": w.notifications, "reconciliation": w.reconciliation, "parsing": parsing, "feed-growth": w.feedGrowth,
		"feeds-unchanged": w.feedsUnchanged, "feeds-changed": w.feedsChanged, "export": w.export,
	}
	j := build[name](sizes)
	j.Name = name
	return j
}

// runJob measures both sides in turns, as everything else.
func (w *workload) runJob(ctx context.Context, o BenchOptions, j job) (ScenarioReport, error) {
	result := ScenarioReport{Name: j.Name, What: j.Ours, FloorWhat: j.Floor, Job: true}
	// The program's own code runs in this process too, and tells of each payment.
	said := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	defer slog.SetDefault(said)
	walInspected := true
	if _, err := w.Pool.Exec(ctx, `CREATE EXTENSION IF NOT EXISTS pg_walinspect`); err != nil {
		walInspected = false
	}
	for round := range min(o.Rounds, j.rounds) {
		for _, s := range []struct {
			name string
			heap
		}{{"floor", j.floor}, {"ours", j.ours}} {
			m, err := w.workOff(ctx, s.heap, j.still && s.name == "ours", walInspected)
			if err != nil {
				return result, fmt.Errorf("%s: %w", s.name, err)
			}
			side := result.of(s.name)
			side.addClosed(1, m)
			side.Databases = m.databases
			fmt.Fprintf(o.Progress, "%-15s round %d  %-5s %10.1f/s\n", j.Name, round+1, s.name, m.outcome.Rate())
		}
	}
	result.chooseBest()
	for _, s := range []*SideReport{&result.Ours, &result.Floor} {
		if s.Rate > 0 {
			s.Nanoseconds = 1e9 / s.Rate
		}
	}
	return result, nil
}

// workOff does one heap, from a quiet system to a quiet system.
func (w *workload) workOff(ctx context.Context, h heap, still, walInspected bool) (measured, error) {
	var m measured
	if err := h.ready(ctx); err != nil {
		return m, fmt.Errorf("prepare: %w", err)
	}
	mark := ""
	if still {
		var err error
		if mark, err = w.annex.fingerprint(ctx); err != nil {
			return m, err
		}
	}
	release, from := func() {}, ""
	before, err := w.meter.settle(ctx)
	if err != nil {
		return m, err
	}
	if walInspected {
		if release, err = w.keepWAL(ctx); err != nil {
			return m, err
		}
		if from, err = w.walPosition(ctx); err != nil {
			release()
			return m, err
		}
	}
	defer release()
	begun := time.Now()
	done, err := h.do(ctx)
	m.outcome = Outcome{Offered: done, Done: done, Counted: done, Window: time.Since(begun)}
	if err != nil {
		return m, err
	}
	after, err := w.meter.settle(ctx)
	if err != nil {
		return m, err
	}
	m.cost = w.meter.between(before, after, done)
	if walInspected {
		if m.databases, err = w.costsSince(ctx, from, done); err != nil {
			return m, err
		}
	}
	if !still {
		return m, nil
	}
	now, err := w.annex.fingerprint(ctx)
	if err == nil && now != mark {
		err = fmt.Errorf("%w: what changes nothing wrote something", ErrAccount)
	}
	return m, err
}

func (w *workload) costsSince(ctx context.Context, from string, n int64) ([]DatabaseCost, error) {
	to, err := w.walPosition(ctx)
	if err != nil || n == 0 || from == to {
		return nil, err
	}
	return w.databaseCosts(ctx, from, to, n)
}
