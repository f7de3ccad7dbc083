package e2e

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// spanCollector takes spans as OpenTelemetry's own collector does, over HTTP.
type spanCollector struct {
	mu       sync.Mutex
	spans    []collected
	raw      [][]byte
	failures []error
}

type collected struct {
	*tracepb.Span

	service string
}

func (c *spanCollector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost { // `cabanas doctor` asks whether anybody is there
		w.WriteHeader(http.StatusNoContent)
		return
	}
	body, err := io.ReadAll(r.Body)
	var request collectorpb.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &request)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || r.URL.Path != "/v1/traces" {
		c.failures = append(c.failures, fmt.Errorf("%s: %w", r.URL.Path, err))
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.raw = append(c.raw, body)
	for _, process := range request.GetResourceSpans() {
		service := ""
		for _, attribute := range process.GetResource().GetAttributes() {
			if attribute.GetKey() == "service.name" {
				service = attribute.GetValue().GetStringValue()
			}
		}
		for _, scope := range process.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				c.spans = append(c.spans, collected{span, service})
			}
		}
	}
}

// of returns the spans of one trace, the last of each name, and the ids of all.
func (c *spanCollector) of(traceID string) (found map[string]collected, ids map[string]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ids = map[string]collected{}, map[string]bool{}
	for _, span := range c.spans {
		if hex.EncodeToString(span.GetTraceId()) == traceID {
			found[span.GetName()], ids[string(span.GetSpanId())] = span, true
		}
	}
	return found, ids
}

// TestTraces follows what a guest writes from Meta's webhook to the message that answers it, by one trace id.
func TestTraces(t *testing.T) {
	t.Parallel()
	spans := &spanCollector{}
	served := httptest.NewServer(spans)
	t.Cleanup(served.Close)
	s := start(t, true, "OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT="+served.URL, "OTEL_BSP_SCHEDULE_DELAY=100")
	g := s.arrives(t)
	g.says("Hola, soy Wenceslada, ¿aceptan mascotas?")
	g.hearsAnything()
	s.everythingAnsweredOnce(t, g.Number)
	first := s.traceOf(t, g.Number, 1)
	spans.tellsAll(t, s, first, "SignalWithStartWorkflow:Conversation", "RunWorkflow:Conversation")

	// The next goes to the workflow that runs already, and is a trace of its own all the same.
	g.says("gracias por contestar tan rápido")
	s.everythingAnsweredOnce(t, g.Number)
	second := s.traceOf(t, g.Number, 2)
	require.NotEqual(t, first, second)
	spans.tellsAll(t, s, second, "SignalWithStartWorkflow:Conversation")

	for _, file := range []string{"api.log", "worker.log"} {
		log, err := os.ReadFile(filepath.Join(s.home, "logs", file))
		require.NoError(t, err)
		require.Contains(t, string(log), `"trace_id":"`+first+`"`, file)
	}
	spans.mu.Lock()
	defer spans.mu.Unlock()
	require.Empty(t, spans.failures)
	for _, raw := range spans.raw {
		s.holdsNothingPrivate(t, "a trace", raw)
	}
	for _, span := range spans.spans {
		require.NotContains(t, span.GetName(), g.Number)
		require.NotEqual(t, "unknown_service:cabanas", span.service)
	}
}

// traceOf is the trace id of a guest's nth message.
func (s *stack) traceOf(t *testing.T, number string, nth int) (id string) {
	t.Helper()
	require.NoError(t, s.db.QueryRow(patient(t), `SELECT m.trace_id FROM messages m JOIN guests g ON g.id = m.guest_id
		WHERE g.phone = $1 AND m.direction = 'in' ORDER BY m.id OFFSET $2 LIMIT 1`, canonical(number), nth-1).Scan(&id))
	return id
}

// tellsAll waits until a trace has every step from the webhook to the send, as one tree.
func (c *spanCollector) tellsAll(t *testing.T, s *stack, traceID string, more ...string) {
	t.Helper()
	steps := append([]string{
		"POST /api/v1/webhooks/whatsapp", "dispatch whatsapp", "HandleSignal:message", "RunActivity:DecideTurn", "RunActivity:DeliverMessages",
		"send message",
	}, more...)
	s.eventually(t, patience, "one trace from webhook to send", func(context.Context) error {
		found, ids := c.of(traceID)
		for _, step := range steps {
			if _, ok := found[step]; !ok {
				return fmt.Errorf("no span %q among %s", step, strings.Join(slices.Sorted(maps.Keys(found)), ", "))
			}
		}
		roots := 0
		for name, span := range found {
			switch parent := string(span.GetParentSpanId()); {
			case parent == "":
				roots++
			case !ids[parent]:
				return fmt.Errorf("%s has no parent among the spans", name)
			}
		}
		if roots != 1 {
			return errors.New("not one tree")
		}
		return nil
	})
	found, _ := c.of(traceID)
	require.Equal(t, "cabanas-api", found[steps[0]].service)
	require.Equal(t, "cabanas-worker", found["send message"].service)
}
