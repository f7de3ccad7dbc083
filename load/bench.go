package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// BenchOptions say what Bench measures and for how long.
type BenchOptions struct {
	System SystemOptions
	// Scenarios by name; all of them when empty.
	Scenarios []string
	// Measure is how long each single measurement offers work.
	Measure time.Duration
	// Rounds are how often each is repeated, floor and ours in turns; medians are reported.
	Rounds int
	// Workers replaces the concurrencies of the scenarios; nil keeps them.
	Workers []int
	// Patience is how long the system may take to work off one measurement before the next begins.
	Patience time.Duration
	// OpenWorkers is how many open-model iterations may be under way.
	OpenWorkers int
	// Jobs are the sizes of the jobs.
	Jobs JobSizes
	// Fleets are the numbers of cabins that availability is asked in, growing.
	Fleets []int
	// HookRate is how many webhooks a second webhook-ack and memory offer.
	HookRate float64
	// Progress is told what is measured; nil is silent.
	Progress io.Writer
}

// DefaultBench measures everything in about half an hour.
var DefaultBench = BenchOptions{Measure: 4 * time.Second, Rounds: 3, Patience: 20 * time.Second, OpenWorkers: 512, Jobs: DefaultJobs,
	Fleets: []int{10, 200, 2000}, HookRate: DefaultHookRate}

// openShare of our highest rate is what both sides are offered for the latency: busy, not full.
const openShare = 0.5

// sampleWorkers is the concurrency at which the WAL is read: enough to be like a busy hour.
const sampleWorkers = 8

// Bench starts a system, measures the scenarios and stops it. The report holds what was measured even when there is an error: an
// [ErrAccount] when the data contradict the answers, or what kept a measurement from being made.
func Bench(ctx context.Context, o BenchOptions) (Report, error) {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	names := o.Scenarios
	if len(names) == 0 {
		names = ScenarioNames
	}
	for _, name := range names {
		if !slices.Contains(ScenarioNames, name) {
			return Report{}, fmt.Errorf("no scenario %q: there are %v", name, ScenarioNames)
		}
	}
	report := newReport(o)
	// A quiet machine reads best: before anything is started.
	if slices.Contains(names, understandingName) {
		result, err := readSample(ctx, o)
		report.Scenarios = append(report.Scenarios, result)
		if names = without(names, understandingName); err != nil || len(names) == 0 {
			return report, err
		}
	}
	o.System.Cabins = max(o.System.Cabins, cabinsFor(o.Measure))
	o.System.Stdout = o.Progress
	system, err := StartSystem(ctx, o.System)
	if err != nil {
		return report, err
	}
	err = bench(ctx, system, names, o, &report)
	return report, errors.Join(err, system.Close())
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
}

// inOrder measures memory before anything has run, and a large place when nothing else is to run in it.
func inOrder(names []string) []string {
	rank := map[string]int{memoryName: -1, availabilityName: 1}
	return slices.SortedStableFunc(slices.Values(names), func(a, b string) int { return cmp.Compare(rank[a], rank[b]) })
}

const (
	fewestCabins = 12
	// mostHolds a second is more than any machine of today answers.
	mostHolds = 500
)

func cabinsFor(measure time.Duration) int {
	return max(fewestCabins, int(mostHolds*measure.Seconds())/StaysPerCabin+1)
}

func bench(ctx context.Context, system *System, names []string, o BenchOptions, report *Report) error {
	work, err := newWorkload(ctx, system, o.Measure)
	if err != nil {
		return err
	}
	system.meter.patience = o.Patience
	if err := system.meter.calibrate(ctx, min(o.Measure, 3*time.Second)); err != nil {
		return err
	}
	report.IdleWrites, report.IdleWALBytes = system.meter.idleWrites, system.meter.idleWAL
	studies := map[string]func(context.Context, BenchOptions) (ScenarioReport, error){memoryName: work.memory, availabilityName: work.availability}
	for _, name := range inOrder(names) {
		if study := studies[name]; study != nil {
			result, err := study(ctx, o)
			report.Scenarios = append(report.Scenarios, result)
			if err != nil {
				return fmt.Errorf("scenario %s: %w", name, err)
			}
			continue
		}
		if isJob(name) {
			result, err := work.runJob(ctx, o, work.job(name, o.Jobs))
			report.Scenarios = append(report.Scenarios, result)
			if err != nil {
				return fmt.Errorf("scenario %s: %w", name, err)
			}
			continue
		}
		b := &bencher{BenchOptions: o, work: work, scenario: work.scenario(name, o)}
		result, err := b.run(ctx)
		report.Scenarios = append(report.Scenarios, result)
		if err != nil {
			return fmt.Errorf("scenario %s: %w", name, err)
		}
	}
	return nil
}

// bencher measures one scenario.
type bencher struct {
	BenchOptions
	work     *workload
	scenario Scenario
}

// side is one half of a comparison.
type side struct {
	name  string
	do    Iteration
	check func(context.Context, Outcome) error
}

func (b *bencher) sides() []side {
	nothing := func(context.Context, Outcome) error { return nil }
	return []side{{"floor", b.scenario.floor, nothing}, {"ours", b.scenario.ours, b.scenario.check}}
}

func (b *bencher) run(ctx context.Context) (ScenarioReport, error) {
	result := ScenarioReport{
		Name: b.scenario.Name, What: b.scenario.Ours, FloorWhat: b.scenario.Floor, Fixed: b.scenario.Rate > 0, OpenRate: b.scenario.Rate,
		Aim: milliseconds(b.scenario.Aim),
	}
	if err := b.scenario.prepare(ctx); err != nil {
		return result, err
	}
	if result.Fixed {
		err := b.each(ctx, "warm-up", 1, func(s side) (measured, error) {
			return b.measure(ctx, s, Arrivals{Rate: result.OpenRate, For: b.Measure / 2, Workers: b.OpenWorkers}.Run)
		}, nil)
		if err == nil {
			err = b.offer(ctx, &result)
		}
		result.finish()
		return result, err
	}
	if err := b.saturate(ctx, &result); err != nil {
		return result, err
	}
	// Where nothing ended in the time, one iteration is still offered.
	result.OpenRate = max(openShare*result.Ours.Rate, 1/b.Measure.Seconds())
	if err := b.offer(ctx, &result); err != nil {
		return result, err
	}
	err := b.each(ctx, "WAL", 1, func(s side) (measured, error) { return b.sample(ctx, s) },
		func(s side, m measured) { result.of(s.name).Databases = m.databases })
	result.finish()
	return result, err
}

// saturate looks for the highest rates.
func (b *bencher) saturate(ctx context.Context, result *ScenarioReport) error {
	workers := b.scenario.Workers
	if b.Workers != nil {
		workers = b.Workers
	}
	if err := b.each(ctx, "warm-up", 1, func(s side) (measured, error) {
		return b.measure(ctx, s, Saturation{Workers: workers[0], For: b.Measure / 2}.Run)
	}, nil); err != nil {
		return err
	}
	for _, count := range workers {
		err := b.each(ctx, fmt.Sprintf("%d workers", count), b.Rounds, func(s side) (measured, error) {
			return b.measure(ctx, s, Saturation{Workers: count, For: b.Measure}.Run)
		}, func(s side, m measured) { result.of(s.name).addClosed(count, m) })
		if err != nil {
			return err
		}
	}
	result.chooseBest()
	return nil
}

// offer measures the latencies of both sides at the same rate.
func (b *bencher) offer(ctx context.Context, result *ScenarioReport) error {
	open := Arrivals{Rate: result.OpenRate, For: b.Measure, Workers: b.OpenWorkers}
	if result.Fixed {
		// A tail needs more iterations than a rate does.
		open.For = max(b.Measure, min(fixedShare*b.Measure, leastFixed))
	}
	return b.each(ctx, fmt.Sprintf("%.0f/s offered", result.OpenRate), b.Rounds, func(s side) (measured, error) {
		return b.measure(ctx, s, open.Run)
	}, func(s side, m measured) { result.of(s.name).addOpen(m) })
}

// Fixed rates are offered some times longer than is measured otherwise, but no longer than this.
const (
	fixedShare = 4
	leastFixed = 20 * time.Second
)

// each measures floor and ours in turns.
func (b *bencher) each(ctx context.Context, what string, rounds int, measure func(side) (measured, error), keep func(side, measured)) error {
	for round := range rounds {
		for _, s := range b.sides() {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			m, err := measure(s)
			if keep != nil && (err == nil || errors.Is(err, ErrAccount)) {
				keep(s, m)
			}
			fmt.Fprintf(b.Progress, "%-9s %-14s round %d  %-5s %8.1f/s  %d failed, %d dropped\n", b.scenario.Name, what, round+1, s.name,
				m.outcome.Rate(), m.outcome.Failed, m.outcome.Dropped)
			for _, failure := range commonest(m.outcome.Failures) {
				fmt.Fprintf(b.Progress, "          %6d × %s\n", m.outcome.Failures[failure], failure)
			}
			if err != nil {
				return fmt.Errorf("%s, %s: %w", what, s.name, err)
			}
		}
	}
	return nil
}

// measured is one measurement of one side.
type measured struct {
	outcome   Outcome
	cost      Cost
	databases []DatabaseCost
}

// measure runs one measurement from a quiet system to a quiet system, so that what it costs is all its own.
func (b *bencher) measure(ctx context.Context, s side, run func(context.Context, Iteration) Outcome) (measured, error) {
	if err := b.scenario.reset(ctx); err != nil {
		return measured{}, err
	}
	before, err := b.work.meter.settle(ctx)
	if err != nil {
		return measured{}, err
	}
	m := measured{outcome: run(ctx, s.do)}
	after, err := b.work.meter.settle(ctx)
	if err != nil {
		return m, err
	}
	m.cost = b.work.meter.between(before, after, m.outcome.Done+m.outcome.Failed)
	return m, s.check(ctx, m.outcome)
}

// sample attributes the WAL of a short measurement to the databases. Where the server does not let us, there is nothing to report.
func (b *bencher) sample(ctx context.Context, s side) (measured, error) {
	if _, err := b.work.Pool.Exec(ctx, `CREATE EXTENSION IF NOT EXISTS pg_walinspect`); err != nil {
		fmt.Fprintf(b.Progress, "%-9s WAL by database is not available: %v\n", b.scenario.Name, err)
		return measured{}, nil
	}
	release, err := b.work.keepWAL(ctx)
	if err != nil {
		return measured{}, err
	}
	defer release()
	// The reset writes too: it must be over before the log is looked at.
	if err := b.scenario.reset(ctx); err != nil {
		return measured{}, err
	}
	if _, err := b.work.meter.settle(ctx); err != nil {
		return measured{}, err
	}
	from, err := b.work.walPosition(ctx)
	if err != nil {
		return measured{}, err
	}
	m := measured{outcome: Saturation{Workers: sampleWorkers, For: b.Measure / 2}.Run(ctx, s.do)}
	if _, err := b.work.meter.settle(ctx); err != nil {
		return m, err
	}
	to, err := b.work.walPosition(ctx)
	if err != nil {
		return m, err
	}
	if n := m.outcome.Done + m.outcome.Failed; n > 0 && from != to {
		m.databases, err = b.work.databaseCosts(ctx, from, to, n)
	}
	return m, err
}

// commonest returns the three most frequent errors.
func commonest(failures map[string]int64) []string {
	messages := make([]string, 0, len(failures))
	for message := range failures {
		messages = append(messages, message)
	}
	slices.SortFunc(messages, func(a, b string) int { return cmp.Or(cmp.Compare(failures[b], failures[a]), cmp.Compare(a, b)) })
	return messages[:min(len(messages), 3)]
}
