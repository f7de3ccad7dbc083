package observe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/internal/observe"
)

func TestLoggerWritesJSONWithTheTraceOfTheContext(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := observe.NewLogger(&out, slog.LevelInfo).With("queue", "booking")

	logger.DebugContext(t.Context(), "below the level")
	require.Empty(t, out.String())

	logger.InfoContext(observe.WithTrace(t.Context(), "trace-1"), "hold_placed", "code", "RES260101AAAAAA")
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	require.Equal(t, "hold_placed", line["msg"])
	require.Equal(t, "trace-1", line["trace_id"])
	require.Equal(t, "booking", line["queue"])

	out.Reset()
	logger.InfoContext(t.Context(), "no trace")
	require.NotContains(t, out.String(), "trace_id")
}

func TestTracedKeepsGroups(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := slog.New(observe.Traced(slog.NewJSONHandler(&out, nil))).WithGroup("http")
	logger.InfoContext(observe.WithTrace(t.Context(), "abc"), "request", "status", 200)
	require.Contains(t, out.String(), `"http":{"status":200,"trace_id":"abc"}`)
}

func TestTraceIDs(t *testing.T) {
	t.Parallel()
	require.Empty(t, observe.Trace(context.Background()))
	made := observe.NewTraceID()
	require.Len(t, made, 32)
	require.NotEqual(t, made, observe.NewTraceID())
	require.Equal(t, made, observe.Trace(observe.WithTrace(t.Context(), made)))

	for id, valid := range map[string]bool{
		"":                      false,
		"a":                     true,
		"Abc-019":               true,
		strings.Repeat("a", 64): true,
		strings.Repeat("a", 65): false,
		"with space":            false,
		"new\nline":             false,
		"ñ":                     false,
		"a_b":                   false,
	} {
		require.Equal(t, valid, observe.ValidTraceID(id), "%q", id)
		require.Equal(t, valid, observe.Trace(observe.WithTrace(t.Context(), id)) == id && id != "", "%q", id)
	}
}

func TestPhoneRefHidesThePhoneAndIsStable(t *testing.T) {
	t.Parallel()
	key := []byte("a key of this deployment")
	ref := observe.PhoneRef(key, "541112345678")
	require.Len(t, ref, 16)
	require.Equal(t, ref, observe.PhoneRef(key, "541112345678"))
	require.NotEqual(t, ref, observe.PhoneRef(key, "541112345679"))
	require.NotEqual(t, ref, observe.PhoneRef([]byte("another key"), "541112345678"))
	require.Equal(t, "redacted", observe.PhoneRef(nil, "541112345678"))
	require.Empty(t, observe.PhoneRef(key, ""))
}

func TestMetricsHaveTheirNamesAndShowAtZero(t *testing.T) {
	t.Parallel()
	registry := observe.NewRegistry()
	metrics := observe.NewMetrics(registry)
	metrics.HoldsExpired.WithLabelValues("7").Inc()
	metrics.HoldReminders.WithLabelValues("whatsapp").Inc()
	metrics.DialogueHolds.WithLabelValues("pre_reserved", "whatsapp").Inc()
	metrics.WhatsAppSends.WithLabelValues("accepted").Inc()
	metrics.PaymentsSettled.WithLabelValues("confirm").Inc()
	metrics.WebhookRefused.WithLabelValues("whatsapp", "wrong_signature").Inc()
	metrics.HTTPRequests.WithLabelValues("/healthz", "GET", "2xx").Inc()
	metrics.HTTPDuration.WithLabelValues("/healthz", "GET").Observe(.01)

	families, err := registry.Gather()
	require.NoError(t, err)
	names := map[string]int{}
	for _, family := range families {
		names[family.GetName()] = len(family.GetMetric())
	}
	for _, name := range []string{
		"reservations_created_total", "reservations_date_overlap_total", "reservations_lock_failed_total", "reservations_confirmed_total",
		"prereservations_expired_total", "prereservation_reminders_sent_total", "nlu_pre_reserve_total", "redis_lock_unavailable_total",
		"whatsapp_send_total", "payments_settled_total", "webhook_inbox_received_total", "webhook_inbox_duplicate_total",
		"webhook_inbox_refused_total", "webhook_dispatch_lag_seconds", "http_requests_total", "http_request_duration_seconds", "go_goroutines",
	} {
		require.Positive(t, names[name], name)
	}
	require.Equal(t, 5, names["reservations_created_total"])
}

func TestMetricsOfTwoProcessesDoNotMeet(t *testing.T) {
	t.Parallel()
	require.NotPanics(t, func() {
		observe.NewMetrics(prometheus.NewRegistry())
		observe.NewMetrics(prometheus.NewRegistry())
	})
}
