package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"cabanas/activities"
	"cabanas/api"
	"cabanas/internal/observe"
	"cabanas/temporal"
	"cabanas/workflows"
)

func (a *app) queues() temporal.Queues {
	return temporal.Queues{Client: a.temporal, Namespace: a.config.TemporalNamespace}
}

// showGauges adds what every process shows: who it is, and its pools of connections.
func (a *app) showGauges(role string) {
	observe.RegisterBuild(a.registry, role, version(a.config.BuildID))
	a.registry.MustRegister(observe.Pools{Postgres: a.store.PoolStats, Redis: a.redis.PoolStats})
}

// showSharedGauges adds what is the same whoever tells it, in the worker that serves the calendar queue only: in every process it would
// be asked for many times over, and sums would be multiples.
func (a *app) showSharedGauges(queues []string) {
	if len(queues) > 0 && !slices.Contains(queues, workflows.QueueCalendar) {
		return
	}
	a.registry.MustRegister(activities.StandingGauges(a.store, time.Now), temporal.QueueGauges(a.queues()))
}

// workerDoor is what a worker answers: metrics, health, and whether it asks its queues for work.
func (a *app) workerDoor(serving func() bool) http.Handler {
	machine := []api.Probe{{Name: "disk", State: diskState}, {Name: "memory", State: memoryState}}
	return doorOf(a.registry, a.probes(append(a.neighbours(), machine...)...), a.ready(), serving)
}

func doorOf(gatherer prometheus.Gatherer, health, ready api.Health, serving func() bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		report := health.Check(r.Context())
		part := api.PartHealth{Status: api.Healthy}
		if !serving() {
			part = api.PartHealth{Status: api.Unhealthy, Detail: "asks for no work"}
			report.Status = api.Unhealthy
		}
		report.Checks = withPart(report.Checks, "pollers", part)
		code := http.StatusOK
		if report.Status == api.Unhealthy {
			code = http.StatusServiceUnavailable
		}
		writeJSON(w, code, report)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		body, code := api.ReadinessOf(ready.Check(r.Context()), !serving(), time.Now())
		writeJSON(w, code, body)
	})
	return mux
}

// withPart copies: the report is remembered and shared.
func withPart(checks map[string]api.PartHealth, name string, part api.PartHealth) map[string]api.PartHealth {
	all := map[string]api.PartHealth{name: part}
	maps.Copy(all, checks)
	return all
}

func writeJSON(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}
