package api

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"cabanas/internal/observe"
)

const (
	tagOperations = "Operations"
	healthPath    = "/healthz"
	readyPath     = "/readyz"
	metricsPath   = "/metrics"
	probeTime     = 2 * time.Second
	// reportTime is what somebody who asks waits for at most, also when a probe does not mind its context.
	reportTime = probeTime + 500*time.Millisecond
)

// HealthStatus is how well the process, or a part it depends on, is.
type HealthStatus string

// The states of health. Degraded still does its work.
const (
	Healthy   HealthStatus = "healthy"
	Degraded  HealthStatus = "degraded"
	Unhealthy HealthStatus = "unhealthy"
)

// HealthReport is the state of the process and of each part.
type HealthReport struct {
	Status HealthStatus          `json:"status"`
	Build  string                `json:"build,omitempty"`
	Time   time.Time             `json:"timestamp"`
	Checks map[string]PartHealth `json:"checks"`
}

// PartHealth is the state of one part; Detail never holds addresses or credentials.
type PartHealth struct {
	Status    HealthStatus `json:"status" enum:"healthy,degraded,unhealthy"`
	LatencyMS float64      `json:"latency_ms"`
	Detail    string       `json:"detail,omitempty"`
}

// Probe is how one part is looked at.
type Probe struct {
	Name string
	// Critical parts make the whole unhealthy when they are away, others degraded.
	Critical bool
	// Slow is the latency from which the part counts as degraded; 0 means never.
	Slow  time.Duration
	Check func(ctx context.Context) error
	// State, given instead of Check, tells how the part is and why.
	State func(ctx context.Context) (HealthStatus, string, error)
}

// Probes is a [Health] that looks at all parts at once and gives each 2 s.
type Probes struct {
	Build  string
	Logger *slog.Logger
	List   []Probe
	Now    func() time.Time
}

// Check runs every probe.
func (p Probes) Check(ctx context.Context) HealthReport {
	report := HealthReport{Status: Healthy, Build: p.Build, Time: p.Now().UTC(), Checks: make(map[string]PartHealth, len(p.List))}
	results := make([]PartHealth, len(p.List))
	var running sync.WaitGroup
	for i, probe := range p.List {
		running.Go(func() { results[i] = p.look(ctx, probe) })
	}
	running.Wait()
	for i, probe := range p.List {
		report.Checks[probe.Name] = results[i]
		report.Status = worse(report.Status, probe.counts(results[i].Status))
	}
	return report
}

// counts is what the state of a part means for the whole.
func (p Probe) counts(status HealthStatus) HealthStatus {
	if status == Unhealthy && !p.Critical {
		return Degraded
	}
	return status
}

func (p Probes) look(ctx context.Context, probe Probe) PartHealth {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	start := time.Now()
	part := PartHealth{Status: Healthy}
	var err error
	if probe.State != nil {
		part.Status, part.Detail, err = probe.State(ctx)
	} else {
		err = probe.Check(ctx)
	}
	took := time.Since(start)
	part.LatencyMS = float64(took.Microseconds()) / 1000
	switch {
	case err != nil:
		p.Logger.WarnContext(ctx, "health_check_failed", "part", probe.Name, "error", err)
		part.Status, part.Detail = Degraded, "does not answer"
		if probe.Critical {
			part.Status = Unhealthy
		}
	case probe.Slow > 0 && took > probe.Slow:
		part.Status, part.Detail = Degraded, "slow"
	}
	return part
}

func worse(a, b HealthStatus) HealthStatus {
	rank := map[HealthStatus]int{Healthy: 0, Degraded: 1, Unhealthy: 2}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

// Remembering is a [Health] that looks at most once in keep, one look at a time: a flood of questions costs one. A look that does not
// end is unhealthy.
func Remembering(health Health, keep time.Duration) Health {
	return &remembering{health: health, keep: keep}
}

type remembering struct {
	health Health
	keep   time.Duration
	last   observe.Remembered[HealthReport]
}

// Check returns the report of the last look, or looks.
func (r *remembering) Check(ctx context.Context) HealthReport {
	report, err := r.last.Get(ctx, r.keep, reportTime, func(ctx context.Context) (HealthReport, error) { return r.health.Check(ctx), nil })
	if err != nil {
		return HealthReport{Status: Unhealthy, Time: time.Now().UTC(), Checks: map[string]PartHealth{"probes": {Status: Unhealthy, Detail: "do not end"}}}
	}
	return report
}

// Readiness tells whether a process should get work, with the parts it waits for when it should not.
type Readiness struct {
	Status  string    `json:"status" enum:"ready,not_ready"`
	Time    time.Time `json:"timestamp"`
	Waiting []string  `json:"waiting_for,omitempty" doc:"the parts that are away, or stopping"`
}

// ReadinessOf reads the readiness out of a report; a process that stops is not ready.
func ReadinessOf(report HealthReport, stopping bool, now time.Time) (Readiness, int) {
	ready, code := Readiness{Status: "ready", Time: now.UTC()}, http.StatusOK
	if stopping {
		ready.Waiting = append(ready.Waiting, "stopping")
	}
	if report.Status == Unhealthy {
		for name, part := range report.Checks {
			if part.Status == Unhealthy {
				ready.Waiting = append(ready.Waiting, name)
			}
		}
		slices.Sort(ready.Waiting)
	}
	if stopping || report.Status == Unhealthy {
		ready.Status, code = "not_ready", http.StatusServiceUnavailable
	}
	return ready, code
}

// addHealth adds the routes that orchestrators and people ask; ready may look at fewer parts than health.
func addHealth(api huma.API, health, ready Health, stopping func() bool, now func() time.Time) {
	type output struct {
		Status int
		Body   HealthReport
	}
	huma.Register(api, huma.Operation{
		OperationID: "health", Method: http.MethodGet, Path: healthPath, Tags: []string{tagOperations},
		Summary: "State of this process and the parts it depends on", Description: "200 when healthy or degraded, 503 when unhealthy.",
	}, func(ctx context.Context, _ *struct{}) (*output, error) {
		report := health.Check(ctx)
		return &output{Status: healthCode(report.Status), Body: report}, nil
	})

	type readyOutput struct {
		Status int
		Body   Readiness
	}
	huma.Register(api, huma.Operation{
		OperationID: "ready", Method: http.MethodGet, Path: readyPath, Tags: []string{tagOperations},
		Summary: "Whether this process should get requests", Description: "200 when it should, 503 when a part it cannot do without is away, the schema is older than the program, or it was told to stop.",
	}, func(ctx context.Context, _ *struct{}) (*readyOutput, error) {
		body, code := ReadinessOf(ready.Check(ctx), stopping(), now())
		return &readyOutput{Status: code, Body: body}, nil
	})
}

func healthCode(status HealthStatus) int {
	if status == Unhealthy {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

func addMetrics(router *gin.Engine, gatherer prometheus.Gatherer) {
	router.GET(metricsPath, gin.WrapH(promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{})))
}
