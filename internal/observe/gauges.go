package observe

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// RegisterBuild shows who a process is: build_info with its role (api, worker, codec), build id and Go version, always 1.
func RegisterBuild(registerer prometheus.Registerer, role, build string) {
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "cabanas_build_info", Help: "The build of this process; always 1."},
		[]string{"role", "build", "go_version"})
	registerer.MustRegister(info)
	info.WithLabelValues(role, build, runtime.Version()).Set(1)
}

// Sample is one series of a gauge at the moment it was asked.
type Sample struct {
	Gauge  *Gauge
	Value  float64
	Labels []string
}

// Gauge is the name of a measurement that is asked for, with its labels.
type Gauge struct {
	desc *prometheus.Desc
}

// NewGauge names a gauge; its samples carry a value for each label, in this order.
func NewGauge(name, help string, labels ...string) *Gauge {
	return &Gauge{desc: prometheus.NewDesc(name, help, labels, nil)}
}

// Asked shows gauges whose values are asked from somewhere else, such as the database. However often it is scraped, it asks at most
// once in Every and lets a scrape wait for at most Patience; while it has no answer it shows none, because an old value would look like
// a good one.
type Asked struct {
	// What is named in the log when it does not answer.
	What            string
	Gauges          []*Gauge
	Every, Patience time.Duration
	Ask             func(ctx context.Context) ([]Sample, error)

	asking Remembered[[]Sample]
}

// Describe is for the registry.
func (a *Asked) Describe(into chan<- *prometheus.Desc) {
	for _, gauge := range a.Gauges {
		into <- gauge.desc
	}
}

// Collect shows the last answer, or a new one.
func (a *Asked) Collect(into chan<- prometheus.Metric) {
	samples, err := a.asking.Get(context.Background(), a.Every, a.Patience, a.Ask)
	if err != nil {
		slog.Warn("gauges not known", "gauges", a.What, "error", err)
		return
	}
	for _, sample := range samples {
		into <- prometheus.MustNewConstMetric(sample.Gauge.desc, prometheus.GaugeValue, sample.Value, sample.Labels...)
	}
}

// errSlow is the answer to whoever waited for as long as was allowed.
var errSlow = errors.New("no answer in time")

// Remembered keeps an answer for a while, so that a flood of questions costs one. The zero value remembers nothing yet.
type Remembered[T any] struct {
	mu    sync.Mutex
	until time.Time
	value T
	err   error
	now   chan struct{} // closed when the question under way is answered; nil when there is none
}

// Get returns the answer given within the last keep, a failure included, or asks. One question is under way at a time, and everybody
// who comes meanwhile waits for it, at most patience. The question itself may take patience too.
func (r *Remembered[T]) Get(ctx context.Context, keep, patience time.Duration, ask func(ctx context.Context) (T, error)) (T, error) {
	r.mu.Lock()
	if r.now == nil && time.Now().Before(r.until) {
		defer r.mu.Unlock()
		return r.value, r.err
	}
	if r.now == nil {
		r.now = make(chan struct{})
		go r.ask(context.WithoutCancel(ctx), keep, patience, ask)
	}
	answered := r.now
	r.mu.Unlock()

	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-answered:
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.value, r.err
	case <-timer.C:
	case <-ctx.Done():
	}
	var none T
	return none, errSlow
}

func (r *Remembered[T]) ask(ctx context.Context, keep, patience time.Duration, ask func(ctx context.Context) (T, error)) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	value, err := ask(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.value, r.err, r.until = value, err, time.Now().Add(keep)
	close(r.now)
	r.now = nil
}
