package temporal_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"

	"cabanas/temporal"
)

func TestLoggerSpeaksOurKeys(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := temporal.NewLogger(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{AddSource: true})))
	log.With(logger, "WorkflowID", "booking/1", "TaskQueue", "booking").Warn("retry", "StartToCloseTimeout", 3, "payment_id", "9", "Worker Type", "x")
	logger.Debug("not enabled")

	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	require.Equal(t, "WARN", line["level"])
	for key, want := range map[string]any{
		"workflow_id": "booking/1", "task_queue": "booking", "start_to_close_timeout": 3.0, "payment_id": "9", "worker_type": "x",
	} {
		require.Equal(t, want, line[key], key)
	}
	source := line["source"].(map[string]any)
	require.True(t, strings.HasSuffix(source["file"].(string), "logger_test.go"), "%v", source)
}

func TestMetricsOfOneNameShareTheirLabels(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	for range 2 { // two clients of one process
		handler := temporal.NewMetricsHandler(registry)
		handler.WithTags(map[string]string{"operation": "Start", "namespace": "n"}).Counter("temporal_request").Inc(2)
		handler.WithTags(map[string]string{"task_queue": "booking", "unknown": "x", "activity_type": "none"}).Counter("temporal_request").Inc(1)
		handler.Timer("temporal_request_latency").Record(30 * time.Millisecond)
		handler.Gauge("temporal_num_pollers").Update(3)
	}
	values := map[string]float64{}
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			name := family.GetName()
			for _, label := range metric.GetLabel() {
				if label.GetValue() != "" {
					name += " " + label.GetName() + "=" + label.GetValue()
				}
			}
			values[name] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount())
		}
	}
	require.Equal(t, map[string]float64{
		"temporal_request_total namespace=n operation=Start": 4,
		"temporal_request_total task_queue=booking":          2,
		"temporal_request_latency_seconds":                   2,
		"temporal_num_pollers":                               3,
	}, values)
}
