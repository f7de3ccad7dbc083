package load

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what a bench measured.
type Report struct {
	At        time.Time        `json:"at"`
	CPUs      int              `json:"cpus"`
	GoVersion string           `json:"go_version"`
	Measure   float64          `json:"measure_seconds"`
	Rounds    int              `json:"rounds"`
	Providers string           `json:"providers"`
	Scenarios []ScenarioReport `json:"scenarios"`
	// What the idle system writes a second; it is taken off the costs.
	IdleWrites   float64 `json:"idle_write_transactions_per_second"`
	IdleWALBytes float64 `json:"idle_wal_bytes_per_second"`
}

// ScenarioReport compares ours with the floor.
type ScenarioReport struct {
	Name      string `json:"name"`
	What      string `json:"ours_is"`
	FloorWhat string `json:"floor_is"`
	// Ratio is our highest rate by the floor's.
	Ratio float64 `json:"ratio"`
	// CPURatio is the floor's processor time by ours: what the ratio would be if processors were all that counts. Other programs on the
	// machine disturb it less.
	CPURatio float64    `json:"cpu_ratio"`
	Ours     SideReport `json:"ours"`
	Floor    SideReport `json:"floor"`
	// OpenRate is what both sides were offered a second for their latencies; Fixed says that it is the scenario's own and no highest
	// rate was looked for.
	OpenRate float64 `json:"open_rate"`
	Fixed    bool    `json:"fixed_rate,omitempty"`
	// Job says that a heap of work was done as fast as could be; Rate is how much of it a second.
	Job bool `json:"job,omitempty"`
	// P95Ratio is the floor's p95 by ours.
	P95Ratio float64 `json:"p95_ratio,omitempty"`
	// Aim is what our p95 should not exceed, in milliseconds, and OfAim how much of it ours takes. Aims hold for a machine of one's own:
	// here they are information.
	Aim   float64 `json:"aim_p95_ms,omitempty"`
	OfAim float64 `json:"p95_of_aim,omitempty"`
	// Answers and Memory are what the scenarios of these names measured.
	Answers []AnswersReport `json:"answers,omitempty"`
	Memory  []MemoryReport  `json:"memory,omitempty"`
}

// SideReport is one side of a scenario: medians over the rounds.
type SideReport struct {
	// Rate is the highest of the closed loops, reached with Workers.
	Rate    float64        `json:"rate"`
	Workers int            `json:"workers"`
	Closed  []ClosedReport `json:"closed"`
	Open    OpenReport     `json:"open"`
	// Cost of one iteration at the highest rate.
	Cost      Cost           `json:"cost"`
	Databases []DatabaseCost `json:"databases,omitempty"`
	Failed    int64          `json:"failed"`
	// Nanoseconds of one iteration, and milliseconds of the slowest kind and of getting ready, where one goroutine does them.
	Nanoseconds float64 `json:"ns_each,omitempty"`
	Slowest     float64 `json:"slowest_ms,omitempty"`
	Ready       float64 `json:"ready_ms,omitempty"`

	open []measured
}

// ClosedReport is a closed loop at one concurrency.
type ClosedReport struct {
	Workers int       `json:"workers"`
	Rate    float64   `json:"rate"`
	Rounds  []float64 `json:"rounds"`
	Cost    Cost      `json:"cost"`
	Offered int64     `json:"offered"`
	Done    int64     `json:"done"`
	Failed  int64     `json:"failed"`

	costs []Cost
}

// OpenReport is the open model; latencies are milliseconds from the planned start.
type OpenReport struct {
	Offered  int64   `json:"offered"`
	Dropped  int64   `json:"dropped"`
	Done     int64   `json:"done"`
	Failed   int64   `json:"failed"`
	Achieved float64 `json:"achieved_rate"`
	P50      float64 `json:"p50_ms"`
	P95      float64 `json:"p95_ms"`
	P99      float64 `json:"p99_ms"`
	P999     float64 `json:"p99_9_ms"`
	Max      float64 `json:"max_ms"`
}

const providersNote = "in-process stand-in of this tool (no rules, no status webhooks)"

func newReport(o BenchOptions) Report {
	return Report{
		At: time.Now().UTC(), CPUs: runtime.NumCPU(), GoVersion: runtime.Version(), Measure: o.Measure.Seconds(), Rounds: o.Rounds,
		Providers: providersNote, Scenarios: []ScenarioReport{},
	}
}

func (r *ScenarioReport) of(side string) *SideReport {
	if side == "ours" {
		return &r.Ours
	}
	return &r.Floor
}

func (s *SideReport) addClosed(workers int, m measured) {
	at := slices.IndexFunc(s.Closed, func(c ClosedReport) bool { return c.Workers == workers })
	if at < 0 {
		at = len(s.Closed)
		s.Closed = append(s.Closed, ClosedReport{Workers: workers})
	}
	c := &s.Closed[at]
	c.Rounds = append(c.Rounds, m.outcome.Rate())
	c.costs = append(c.costs, m.cost)
	c.Rate, c.Cost = median(c.Rounds), medianCost(c.costs)
	c.Offered += m.outcome.Offered
	c.Done += m.outcome.Done
	c.Failed += m.outcome.Failed
	s.Failed += m.outcome.Failed
}

func (s *SideReport) addOpen(m measured) {
	s.open = append(s.open, m)
	s.Failed += m.outcome.Failed
}

// chooseBest takes the concurrency with the highest median rate.
func (r *ScenarioReport) chooseBest() {
	for _, s := range []*SideReport{&r.Ours, &r.Floor} {
		for _, c := range s.Closed {
			if c.Rate > s.Rate {
				s.Rate, s.Workers, s.Cost = c.Rate, c.Workers, c.Cost
			}
		}
	}
	if r.Floor.Rate > 0 {
		r.Ratio = r.Ours.Rate / r.Floor.Rate
	}
	if total := r.Ours.Cost.totalCPU(); total > 0 {
		r.CPURatio = r.Floor.Cost.totalCPU() / total
	}
}

func (r *ScenarioReport) finish() {
	defer r.compare()
	for _, s := range []*SideReport{&r.Ours, &r.Floor} {
		over := func(value func(*Outcome) float64) float64 {
			values := make([]float64, 0, len(s.open))
			for n := range s.open {
				values = append(values, value(&s.open[n].outcome))
			}
			return median(values)
		}
		quantile := func(q float64) func(*Outcome) float64 {
			return func(o *Outcome) float64 { return milliseconds(o.Latency.Quantile(q)) }
		}
		s.Open = OpenReport{
			Achieved: over((*Outcome).Rate), P50: over(quantile(0.5)), P95: over(quantile(0.95)), P99: over(quantile(0.99)), P999: over(quantile(0.999)),
			Max: over(func(o *Outcome) float64 { return milliseconds(o.Latency.Max()) }),
		}
		for _, m := range s.open {
			s.Open.Offered += m.outcome.Offered
			s.Open.Dropped += m.outcome.Dropped
			s.Open.Done += m.outcome.Done
			s.Open.Failed += m.outcome.Failed
		}
	}
}

// compare holds the latencies against each other and against the aim.
func (r *ScenarioReport) compare() {
	if r.Ours.Open.P95 > 0 {
		r.P95Ratio = r.Floor.Open.P95 / r.Ours.Open.P95
	}
	if r.Aim > 0 {
		r.OfAim = r.Ours.Open.P95 / r.Aim
	}
	if !r.Fixed {
		return
	}
	for _, s := range []*SideReport{&r.Ours, &r.Floor} {
		costs := make([]Cost, 0, len(s.open))
		for _, m := range s.open {
			costs = append(costs, m.cost)
		}
		s.Cost = medianCost(costs)
	}
	if total := r.Ours.Cost.totalCPU(); total > 0 {
		r.CPURatio = r.Floor.Cost.totalCPU() / total
	}
}

// WriteJSON writes the report for programs.
func (r *Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	t := table{tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)}
	t.textf("Medians of %d rounds of %.3g s, floor and ours in turns, on %d processors. Providers: %s.", r.Rounds, r.Measure, r.CPUs, r.Providers)
	r.writeReading(t)
	r.writeRates(t)
	r.writeFixed(t)
	r.writeJobs(t)
	r.writeAnswers(t)
	r.writeMemory(t)
	r.writeCosts(t)
	r.writeDatabases(t)
	fmt.Fprintln(t)
	for _, s := range r.Scenarios {
		fmt.Fprintf(t, "%s: %s.\n    floor: %s.\n", s.Name, s.What, s.FloorWhat)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// where returns the scenarios of one kind.
func (r *Report) where(is func(ScenarioReport) bool) []ScenarioReport {
	return slices.DeleteFunc(slices.Clone(r.Scenarios), func(s ScenarioReport) bool { return !is(s) })
}

func isReading(s ScenarioReport) bool { return s.Name == understandingName }

func (r *Report) writeReading(t table) {
	for _, s := range r.where(isReading) {
		t.row("one goroutine", "ours/s", "floor/s", "ratio", "ours µs each", "floor µs each", "slowest message ms", "getting ready ms")
		t.row(s.Name, number(s.Ours.Rate), number(s.Floor.Rate), fmt.Sprintf("%.3f", s.Ratio), fmt.Sprintf("%.2f", s.Ours.Nanoseconds/1000),
			fmt.Sprintf("%.2f", s.Floor.Nanoseconds/1000), fmt.Sprintf("%.3f", s.Ours.Slowest), number(s.Ours.Ready))
		t.textf("A mixed sample of %d messages, read over and over.", len(sample))
	}
}

func (r *Report) writeRates(t table) {
	scenarios := r.where(func(s ScenarioReport) bool { return !s.Fixed && !s.Job && !isReading(s) && !isStudy(s) })
	if len(scenarios) == 0 {
		return
	}
	t.row("scenario", "ours/s", "floor/s", "ratio", "by CPU", "workers", "offered/s", "ours p50", "p95", "p99", "max", "floor p50", "p95", "dropped", "failed")
	for _, s := range scenarios {
		ours, floor := s.Ours, s.Floor
		t.row(s.Name, number(ours.Rate), number(floor.Rate), fmt.Sprintf("%.2f", s.Ratio), fmt.Sprintf("%.2f", s.CPURatio), both(ours.Workers, floor.Workers),
			number(s.OpenRate), number(ours.Open.P50), number(ours.Open.P95), number(ours.Open.P99), number(ours.Open.Max),
			number(floor.Open.P50), number(floor.Open.P95), both(ours.Open.Dropped, floor.Open.Dropped), both(ours.Failed, floor.Failed))
	}
	t.textf("Latencies in ms from the planned start, both sides offered the same.")
}

func (r *Report) writeFixed(t table) {
	scenarios := r.where(func(s ScenarioReport) bool { return s.Fixed })
	if len(scenarios) == 0 {
		return
	}
	t.row("at a fixed rate", "offered/s", "ours p50", "p95", "p99", "p99.9", "max", "floor p50", "p95", "p99", "p99.9", "p95 ratio", "by CPU", "aim p95", "of aim", "dropped", "failed")
	for _, s := range scenarios {
		ours, floor := s.Ours.Open, s.Floor.Open
		t.row(s.Name, number(s.OpenRate), number(ours.P50), number(ours.P95), number(ours.P99), number(ours.P999), number(ours.Max), number(floor.P50), number(floor.P95),
			number(floor.P99), number(floor.P999), fmt.Sprintf("%.2f", s.P95Ratio), fmt.Sprintf("%.2f", s.CPURatio), number(s.Aim), fmt.Sprintf("%.2f", s.OfAim),
			both(ours.Dropped, floor.Dropped), both(s.Ours.Failed, s.Floor.Failed))
	}
	t.textf("The aims are for information: a shared machine says little about them.")
}

func (r *Report) writeJobs(t table) {
	scenarios := r.where(func(s ScenarioReport) bool { return s.Job })
	if len(scenarios) == 0 {
		return
	}
	t.row("heap of work", "ours/s", "floor/s", "ratio", "by CPU", "ours ms each", "floor ms each", "how many")
	for _, s := range scenarios {
		count := func(side SideReport) int64 {
			total := int64(0)
			for _, c := range side.Closed {
				total += c.Done / int64(max(len(c.Rounds), 1))
			}
			return total
		}
		t.row(s.Name, number(s.Ours.Rate), number(s.Floor.Rate), fmt.Sprintf("%.2f", s.Ratio), fmt.Sprintf("%.2f", s.CPURatio),
			fmt.Sprintf("%.3f", s.Ours.Nanoseconds/1e6), fmt.Sprintf("%.3f", s.Floor.Nanoseconds/1e6), both(count(s.Ours), count(s.Floor)))
	}
	t.textf("From the first to the last of them. Elapsed time over their number: several are done at once.")
}

func (r *Report) writeCosts(t table) {
	if len(r.where(func(s ScenarioReport) bool { return !isReading(s) && !isStudy(s) })) == 0 {
		return
	}
	t.row("cost of one", "side", "write tx", "WAL KB", "CPU ms", "of it")
	r.eachSide(func(scenario, name string, side SideReport) {
		t.row(scenario, name, number(side.Cost.Writes), number(side.Cost.WALBytes/1024), number(side.Cost.totalCPU()), side.Cost.parts())
	})
	t.textf("What runs in the background is included.")
}

func (r *Report) writeDatabases(t table) {
	if len(r.where(func(s ScenarioReport) bool { return len(s.Ours.Databases) > 0 })) == 0 {
		return
	}
	t.row("scenario", "side", "database", "write tx", "WAL records", "WAL KB", "whole pages KB")
	r.eachSide(func(scenario, name string, side SideReport) {
		for _, d := range side.Databases {
			if d.Commits < 0.05 && d.Bytes+d.PageBytes < 100 {
				continue // The idle system's own.
			}
			t.row(scenario, name, d.Database, number(d.Commits), number(d.Records), number(d.Bytes/1024), number(d.PageBytes/1024))
		}
	})
	t.textf("Where it is written, %d at once (pg_walinspect).", sampleWorkers)
}

func (r *Report) eachSide(write func(scenario, name string, side SideReport)) {
	for _, s := range r.where(func(s ScenarioReport) bool { return !isReading(s) && !isStudy(s) }) {
		write(s.Name, "ours", s.Ours)
		write(s.Name, "floor", s.Floor)
	}
}

// table writes aligned columns; a write that fails shows when it is flushed.
type table struct{ *tabwriter.Writer }

func (t table) row(cells ...string) { fmt.Fprintln(t, strings.Join(cells, "\t")+"\t") }

func (t table) textf(format string, args ...any) { fmt.Fprintf(t, format+"\n\n", args...) }

func number(v float64) string { return fmt.Sprintf("%.1f", v) }

func both[T int | int64](ours, floor T) string { return fmt.Sprintf("%d/%d", ours, floor) }

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// median of no values is 0; of an even number the mean of the middle two.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Clone(values)
	slices.SortFunc(sorted, cmp.Compare[float64])
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

func medianCost(costs []Cost) Cost {
	of := func(value func(Cost) float64) float64 {
		values := make([]float64, 0, len(costs))
		for _, c := range costs {
			values = append(values, value(c))
		}
		return median(values)
	}
	total := Cost{
		Writes: of(func(c Cost) float64 { return c.Writes }), WALBytes: of(func(c Cost) float64 { return c.WALBytes }), CPU: map[string]float64{},
	}
	for _, c := range costs {
		for part := range c.CPU {
			total.CPU[part] = of(func(c Cost) float64 { return c.CPU[part] })
		}
	}
	return total
}
