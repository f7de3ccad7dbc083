package prometheus_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/temporal"
)

// metric is one that exists: its labels, and the values of those that are shown from zero.
type metric struct {
	labels map[string]bool
	values map[string]map[string]bool
}

// known are metrics by the names they have in PromQL.
type known map[string]metric

// targetLabels are put on by Prometheus.
var targetLabels = []string{"job", "instance", "service"}

// outside are metrics of programs that are not ours, with where the names are from.
var outside = map[string][]string{
	"up":     nil, // Prometheus itself
	"ALERTS": {"alertname", "alertstate", "severity"},
	// `temporal-devserver --metrics-port`, which is the same server as the image's, 1.32.
	"service_requests": {"namespace", "operation", "service_name"}, "service_error_with_type": {"namespace", "operation", "service_name", "error_type"},
	"persistence_latency_bucket": {"namespace", "operation", "service_name", "le"},
	// node-exporter 1.9, collector filesystem.
	"node_filesystem_avail_bytes": {"device", "fstype", "mountpoint"}, "node_filesystem_size_bytes": {"device", "fstype", "mountpoint"},
}

// existing gathers what real registries show: ours as every process registers them, and the SDK's after a worker did good and bad work
// on a real server.
func existing(t *testing.T) known {
	t.Helper()
	registry := observe.NewRegistry()
	observe.NewMetrics(registry)
	observe.RegisterBuild(registry, "api", "test")
	registry.MustRegister(
		observe.Pools{Postgres: poolStats(t), Redis: func() *redis.PoolStats { return &redis.PoolStats{} }},
		observe.FeedAges{Ages: func(context.Context) (map[int64]time.Duration, error) {
			return map[int64]time.Duration{1: time.Minute}, nil
		}},
		activities.StandingGauges(quiet{}, time.Now),
	)
	address, namespace := embeddedtest.Namespace(t)
	connected := work(t, address, namespace, registry)
	registry.MustRegister(temporal.QueueGauges(temporal.Queues{Client: connected, Namespace: namespace}))

	all := known{}
	for name, labels := range outside {
		all.add(name, labels)
	}
	descs := make(chan *prometheus.Desc)
	go func() {
		registry.Describe(descs)
		close(descs)
	}()
	for desc := range descs {
		if found := described.FindStringSubmatch(desc.String()); found != nil {
			all.add(found[1], strings.FieldsFunc(found[2], func(r rune) bool { return r == ',' || r == ' ' }))
		}
	}
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		for _, series := range family.GetMetric() {
			labels := map[string]string{}
			for _, pair := range series.GetLabel() {
				labels[pair.GetName()] = pair.GetValue()
			}
			all.shown(family.GetName(), family.GetType().String(), labels)
		}
	}
	// A histogram that nobody has observed yet shows nothing, but its name tells.
	for name, m := range maps.Clone(all) {
		if strings.HasSuffix(name, "_seconds") {
			all.add(name+"_bucket", append(keys(m.labels), "le"))
			all.add(name+"_count", keys(m.labels))
			all.add(name+"_sum", keys(m.labels))
		}
	}
	script, err := os.ReadFile("../backup.sh")
	require.NoError(t, err)
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (cabanas_backup_\w+) gauge`).FindAllStringSubmatch(string(script), -1) {
		all.add(found[1], nil)
	}
	return all
}

var described = regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)

func (k known) add(name string, labels []string) {
	m, found := k[name]
	if !found {
		m = metric{labels: map[string]bool{}, values: map[string]map[string]bool{}}
		k[name] = m
	}
	for _, label := range append(labels, targetLabels...) {
		m.labels[label] = true
	}
}

// shown takes a series of a gathered family, a histogram's under the names its parts have.
func (k known) shown(name, kind string, labels map[string]string) {
	names := []string{name}
	if kind == "HISTOGRAM" {
		names = append(names, name+"_bucket", name+"_count", name+"_sum")
	}
	for _, name := range names {
		k.add(name, slices.Collect(maps.Keys(labels)))
		if kind == "SUMMARY" {
			k.add(name, []string{"quantile"})
		}
		for label, value := range labels {
			if k[name].values[label] == nil {
				k[name].values[label] = map[string]bool{}
			}
			k[name].values[label][value] = true
		}
	}
}

func keys(set map[string]bool) []string {
	var all []string
	for key := range set {
		all = append(all, key)
	}
	return all
}

// quiet is a database in which nothing waits.
type quiet struct{}

func (quiet) Standing(context.Context, time.Time) (postgres.Standing, error) {
	return postgres.Standing{Currency: "ARS", Units: 3, SweptAt: time.Now()}, nil
}

func (quiet) Occupancy(context.Context, booking.Date) ([]postgres.Occupancy, error) {
	var all []postgres.Occupancy
	for _, days := range []int{7, 30, 90} {
		all = append(all, postgres.Occupancy{Days: days, By: "booking"}, postgres.Occupancy{Days: days, By: "block"})
	}
	return all, nil
}

func poolStats(t *testing.T) func() *pgxpool.Stat {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), embeddedtest.Postgres(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool.Stat
}

// work has a worker do what makes the SDK show its metrics: a workflow that ends well and one that fails, an activity that fails once, a
// workflow task that panics, a request that is refused.
func work(t *testing.T, address, namespace string, registry *prometheus.Registry) client.Client {
	t.Helper()
	connected, err := temporal.Dial(t.Context(), temporal.Options{Address: address, Namespace: namespace, Metrics: registry, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(connected.Close)
	const queue = "work"
	served := worker.New(connected, queue, worker.Options{})
	tries := 0
	served.RegisterActivityWithOptions(func(context.Context) error {
		if tries++; tries == 1 {
			return errors.New("once")
		}
		return nil
	}, activity.RegisterOptions{Name: "Try"})
	served.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second,
			RetryPolicy: &sdktemporal.RetryPolicy{InitialInterval: time.Millisecond}})
		return workflow.ExecuteActivity(ctx, "Try").Get(ctx, nil)
	}, workflow.RegisterOptions{Name: "Good"})
	served.RegisterWorkflowWithOptions(func(workflow.Context) error { return errors.New("bad") }, workflow.RegisterOptions{Name: "Bad"})
	served.RegisterWorkflowWithOptions(func(workflow.Context) error { panic("worse") }, workflow.RegisterOptions{Name: "Worse"})
	require.NoError(t, served.Start())
	t.Cleanup(served.Stop)

	start := func(name string) client.WorkflowRun {
		run, err := connected.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: name, TaskQueue: queue}, name)
		require.NoError(t, err)
		return run
	}
	worse := start("Worse")
	require.NoError(t, start("Good").Get(t.Context(), nil))
	require.Error(t, start("Bad").Get(t.Context(), nil))
	_, err = connected.DescribeWorkflowExecution(t.Context(), "nobody", "")
	var missing *serviceerror.NotFound
	require.ErrorAs(t, err, &missing)
	for _, name := range []string{"temporal_workflow_task_execution_failed_total", "temporal_num_pollers"} {
		require.Eventually(t, func() bool { return shows(t, registry, name) }, 20*time.Second, 20*time.Millisecond, name)
	}
	require.NoError(t, connected.TerminateWorkflow(t.Context(), worse.GetID(), "", ""))
	return connected
}

func shows(t *testing.T, registry *prometheus.Registry, name string) bool {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() == name {
			return true
		}
	}
	return false
}
