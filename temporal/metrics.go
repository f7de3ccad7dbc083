package temporal

import (
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
)

// labels are the tags of the SDK that become labels, on every metric alike: Prometheus wants one set per name, and a label
// without a value counts as absent. Other tags (the client's name, Nexus) say nothing here and are dropped.
var labels = []string{
	"namespace", "task_queue", "worker_type", "poller_type", "workflow_type", "activity_type", "operation", "status_code",
	"failure_reason", "cause",
}

// latencies are the upper bounds of the SDK's timers, in seconds: from a local call to a worker that was away.
var latencies = []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// NewMetricsHandler returns the SDK's metrics as Prometheus metrics: counters end in _total, timers are histograms that end in
// _seconds.
func NewMetricsHandler(registerer prometheus.Registerer) client.MetricsHandler {
	return metricsHandler{to: &vectors{
		registerer: registerer,
		counters:   map[string]*prometheus.CounterVec{},
		gauges:     map[string]*prometheus.GaugeVec{},
		timers:     map[string]*prometheus.HistogramVec{},
	}}
}

type metricsHandler struct {
	to   *vectors
	tags map[string]string
}

// vectors are the metrics seen so far by name; the SDK names them as it goes.
type vectors struct {
	registerer prometheus.Registerer
	mu         sync.Mutex
	counters   map[string]*prometheus.CounterVec
	gauges     map[string]*prometheus.GaugeVec
	timers     map[string]*prometheus.HistogramVec
}

// WithTags returns a handler whose metrics carry the tags as well.
func (h metricsHandler) WithTags(tags map[string]string) client.MetricsHandler {
	merged := make(map[string]string, len(h.tags)+len(tags))
	maps.Copy(merged, h.tags)
	maps.Copy(merged, tags)
	return metricsHandler{to: h.to, tags: merged}
}

// Counter returns the counter of that name with this handler's tags.
func (h metricsHandler) Counter(name string) client.MetricsCounter {
	vector := find(h.to, h.to.counters, name, func() *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name + "_total", Help: "Temporal SDK: " + name}, labels)
	})
	return counter{vector.WithLabelValues(h.values()...)}
}

// Gauge returns the gauge of that name with this handler's tags.
func (h metricsHandler) Gauge(name string) client.MetricsGauge {
	vector := find(h.to, h.to.gauges, name, func() *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: "Temporal SDK: " + name}, labels)
	})
	return gauge{vector.WithLabelValues(h.values()...)}
}

// Timer returns the timer of that name with this handler's tags.
func (h metricsHandler) Timer(name string) client.MetricsTimer {
	vector := find(h.to, h.to.timers, name, func() *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: name + "_seconds", Help: "Temporal SDK: " + name, Buckets: latencies,
		}, labels)
	})
	return timer{vector.WithLabelValues(h.values()...)}
}

func (h metricsHandler) values() []string {
	values := make([]string, len(labels))
	for i, label := range labels {
		if value := h.tags[label]; value != "none" {
			values[i] = value
		}
	}
	return values
}

// find returns the vector of that name, made and registered the first time. Several clients of one process share a registry:
// the vector of the first is used by all.
func find[V prometheus.Collector](to *vectors, known map[string]V, name string, build func() V) V {
	to.mu.Lock()
	defer to.mu.Unlock()
	if vector, found := known[name]; found {
		return vector
	}
	vector := build()
	if err := to.registerer.Register(vector); err != nil {
		if taken, same := errors.AsType[prometheus.AlreadyRegisteredError](err); same {
			if shared, ok := taken.ExistingCollector.(V); ok {
				vector = shared
			}
		}
	}
	known[name] = vector
	return vector
}

type counter struct{ prometheus.Counter }

// Inc adds to the counter.
func (c counter) Inc(by int64) { c.Add(float64(by)) }

type gauge struct{ prometheus.Gauge }

// Update sets the gauge.
func (g gauge) Update(to float64) { g.Set(to) }

type timer struct{ prometheus.Observer }

// Record adds a duration.
func (t timer) Record(took time.Duration) { t.Observe(took.Seconds()) }
