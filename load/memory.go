package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const memoryName = "memory"

// MemoryReport is what a process of the program holds, by its own /metrics. Nothing is asserted about it: it depends on the machine,
// the collector's mood and what ran before.
type MemoryReport struct {
	Part string `json:"part"`
	// Stage is idle (before any work when memory is the first scenario), loaded or after.
	Stage string `json:"stage"`
	// Megabytes resident: median and highest of the readings. HeapMB is what the Go heap uses, by the last of them.
	RSSMB      float64 `json:"rss_mb"`
	PeakRSSMB  float64 `json:"peak_rss_mb"`
	HeapMB     float64 `json:"heap_mb"`
	Goroutines float64 `json:"goroutines"`
	// MoreMB is how much more is resident than idle.
	MoreMB float64 `json:"more_mb"`
}

const (
	readingPause = 250 * time.Millisecond
	// talksPerSecond run beside the webhooks.
	talksPerSecond = 4
	idleReadings   = 4
)

// memory reads the processes idle, while webhooks and conversations run, and when all is worked off.
func (w *workload) memory(ctx context.Context, o BenchOptions) (ScenarioReport, error) {
	result := ScenarioReport{Name: memoryName, FloorWhat: "none: the processes before any work",
		What: fmt.Sprintf("memory of api and worker while %.0f webhooks and %d questions a second arrive, with %d conversations open",
			o.HookRate, talksPerSecond, cap(w.writers))}
	idle, err := w.watchMemory(ctx, func() bool { return false }, idleReadings)
	if err != nil {
		return result, err
	}
	hooks := &hookStream{workload: w}
	if err := w.meetEveryGuest(ctx); err != nil {
		return result, err
	}
	if err := hooks.mark(ctx); err != nil {
		return result, err
	}
	load := max(o.Measure, min(fixedShare*o.Measure, leastFixed))
	var hooked, talked Outcome
	var working sync.WaitGroup
	working.Go(func() {
		hooked = Arrivals{Rate: o.HookRate, For: load, Workers: o.OpenWorkers}.Run(ctx, bounded(hooks.deliver))
	})
	working.Go(func() {
		talked = Arrivals{Rate: talksPerSecond, For: load, Workers: o.OpenWorkers}.Run(ctx, bounded(w.asGuest(w.ask)))
	})
	over := make(chan struct{})
	go func() { working.Wait(); close(over) }()
	loaded, err := w.watchMemory(ctx, func() bool {
		select {
		case <-over:
			return false
		default:
			return true
		}
	}, 1)
	<-over
	fmt.Fprintf(o.Progress, "%-9s webhooks %.1f/s, %d failed, %d dropped; questions %.1f/s, %d failed, %d dropped\n", memoryName,
		hooked.Rate(), hooked.Failed, hooked.Dropped, talked.Rate(), talked.Failed, talked.Dropped)
	if err != nil {
		return result, err
	}
	if _, err := w.meter.settle(ctx); err != nil {
		return result, err
	}
	after, err := w.watchMemory(ctx, func() bool { return false }, idleReadings)
	for _, stage := range []struct {
		name string
		held map[string][]held
	}{{"idle", idle}, {"loaded", loaded}, {"after", after}} {
		result.addMemory(stage.name, stage.held)
	}
	result.Ours.addOpen(measured{outcome: hooked})
	result.Ours.Failed += talked.Failed
	return result, errors.Join(err, hooks.everyOneStored(ctx, Outcome{Failed: hooked.Failed + talked.Offered}))
}

func (r *ScenarioReport) addMemory(stage string, readings map[string][]held) {
	for _, part := range []string{"api", "worker"} {
		all := readings[part]
		if len(all) == 0 {
			continue
		}
		resident := make([]float64, 0, len(all))
		for _, reading := range all {
			resident = append(resident, reading.resident)
		}
		last := all[len(all)-1]
		m := MemoryReport{Part: part, Stage: stage, RSSMB: median(resident), PeakRSSMB: slices.Max(resident), HeapMB: last.heap, Goroutines: last.goroutines}
		if at := slices.IndexFunc(r.Memory, func(first MemoryReport) bool { return first.Part == part }); at >= 0 {
			m.MoreMB = m.RSSMB - r.Memory[at].RSSMB
		}
		r.Memory = append(r.Memory, m)
	}
}

// held is one reading of one process, in megabytes.
type held struct{ resident, heap, goroutines float64 }

// watchMemory reads every process while go on, and least times in any case.
func (w *workload) watchMemory(ctx context.Context, goOn func() bool, least int) (map[string][]held, error) {
	readings := map[string][]held{}
	for n := 0; n < least || goOn(); n++ {
		for at, address := range w.running.Info().MetricsURLs {
			part := "worker"
			if at == 0 {
				part = "api"
			}
			now, err := w.readMemory(ctx, address)
			if err != nil {
				return readings, err
			}
			readings[part] = append(readings[part], now)
		}
		if !sleepUntil(ctx, time.Now().Add(readingPause)) {
			return readings, ctx.Err()
		}
	}
	return readings, nil
}

var errNoMemory = errors.New("the metrics do not say how much memory is used")

func (w *workload) readMemory(ctx context.Context, address string) (held, error) {
	ctx, cancel := context.WithTimeout(ctx, iterationTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return held{}, fmt.Errorf("read metrics: %w", err)
	}
	response, err := w.HTTP.Do(request)
	if err != nil {
		return held{}, errors.New("read metrics: " + rootCause(err))
	}
	defer response.Body.Close()
	if err := wantStatus(response, http.StatusOK); err != nil {
		return held{}, err
	}
	const megabyte = 1 << 20
	var now held
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			continue
		}
		switch name {
		case "process_resident_memory_bytes":
			now.resident = value / megabyte
		case "go_memstats_heap_inuse_bytes":
			now.heap = value / megabyte
		case "go_goroutines":
			now.goroutines = value
		}
	}
	if err := lines.Err(); err != nil {
		return held{}, errors.New("read metrics: " + rootCause(err))
	}
	if now.resident == 0 {
		return held{}, errNoMemory
	}
	return now, nil
}
