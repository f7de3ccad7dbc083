package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	tagOperations = "Operations"
	healthPath    = "/healthz"
	readyPath     = "/readyz"
	metricsPath   = "/metrics"
	probeTime     = 2 * time.Second
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

func addHealth(api huma.API, health Health, now func() time.Time) {
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

	type readiness struct {
		Status string    `json:"status" enum:"ready,not_ready"`
		Time   time.Time `json:"timestamp"`
	}
	type readyOutput struct {
		Status int
		Body   readiness
	}
	huma.Register(api, huma.Operation{
		OperationID: "ready", Method: http.MethodGet, Path: readyPath, Tags: []string{tagOperations},
		Summary: "Whether this process should get requests", Description: "200 when it should, 503 when a part it cannot do without is away.",
	}, func(ctx context.Context, _ *struct{}) (*readyOutput, error) {
		out := &readyOutput{Status: healthCode(health.Check(ctx).Status), Body: readiness{Status: "ready", Time: now().UTC()}}
		if out.Status != http.StatusOK {
			out.Body.Status = "not_ready"
		}
		return out, nil
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
