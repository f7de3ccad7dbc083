package observe_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"cabanas/internal/observe"
)

// Traces are a state of the process, so that what is tested with them on runs in one of its own.
func TestTracing(t *testing.T) {
	t.Parallel()
	if os.Getenv("TRACING_TEST") == "" {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTracing$", "-test.v")
		command.Env = append(os.Environ(), "TRACING_TEST=1")
		out, err := command.CombinedOutput()
		require.NoError(t, err, string(out))
		return
	}
	exporter := tracetest.NewInMemoryExporter()
	stop, err := observe.StartTracingTo(t.Context(), exporter, sdktrace.ParentBased(sdktrace.AlwaysSample()),
		observe.TracingOptions{Service: "test", Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	require.True(t, observe.TracingOn())

	// A request, and what another process does with the row that it wrote.
	id := observe.NewTraceID()
	ctx, span := observe.StartRequest(observe.WithTrace(t.Context(), id), "POST /webhook", false, attribute.String("http.route", "/webhook"))
	require.Equal(t, id, observe.Trace(ctx))
	_, inside := observe.StartSpan(ctx, "inside", trace.SpanKindInternal)
	observe.EndSpan(inside, "")
	observe.EndSpan(span, "")
	later := observe.WithTrace(context.Background(), id)
	_, dispatch := observe.StartSpan(later, "dispatch", trace.SpanKindConsumer)
	observe.EndSpan(dispatch, "unavailable")

	// An activity of one trace sends the answer of another.
	other := observe.NewTraceID()
	activityCtx, activity := observe.StartSpan(later, "activity", trace.SpanKindConsumer)
	sendCtx := observe.WithTrace(activityCtx, other)
	require.Equal(t, other, observe.Trace(sendCtx))
	_, send := observe.StartSpan(sendCtx, "send", trace.SpanKindProducer)
	observe.EndSpan(send, "")
	same, _ := observe.StartSpan(observe.WithTrace(activityCtx, id), "same", trace.SpanKindInternal)
	require.Equal(t, id, observe.Trace(same))
	trace.SpanFromContext(same).End()
	observe.EndSpan(activity, "")

	// A client's own id: in W3C form it is the trace's, else the two live side by side.
	theirs := observe.NewTraceID()
	_, client := observe.StartRequest(observe.WithTrace(t.Context(), theirs), "GET /theirs", true)
	observe.EndSpan(client, "500")
	free, own := observe.StartRequest(observe.WithTrace(t.Context(), "support-case-7"), "GET /own", true)
	require.Equal(t, "support-case-7", observe.Trace(free))
	observe.EndSpan(own, "")

	// The log line of a context with nothing but a span names its trace.
	var logged bytes.Buffer
	slog.New(observe.Traced(slog.NewJSONHandler(&logged, nil))).InfoContext(
		trace.ContextWithSpanContext(context.Background(), span.SpanContext()), "line")
	require.Contains(t, logged.String(), `"trace_id":"`+id+`"`)

	_, derived := observe.StartDerived(t.Context(), "run 1", "schedule")
	observe.EndSpan(derived, "")
	require.Equal(t, observe.DerivedTrace("run 1").SpanID(), derived.SpanContext().SpanID())
	require.Equal(t, observe.DerivedTrace("run 1").TraceID(), derived.SpanContext().TraceID())

	require.NoError(t, otel.GetTracerProvider().(*sdktrace.TracerProvider).ForceFlush(t.Context()))
	spans := map[string]tracetest.SpanStub{}
	for _, span := range exporter.GetSpans() {
		spans[span.Name] = span
	}
	root := spans["POST /webhook"]
	require.Equal(t, id, root.SpanContext.TraceID().String())
	require.False(t, root.Parent.IsValid(), "ours is the first span")
	require.Equal(t, root.SpanContext.SpanID(), spans["inside"].Parent.SpanID())
	require.NotEqual(t, root.SpanContext.SpanID(), spans["inside"].SpanContext.SpanID())
	require.Equal(t, id, spans["dispatch"].SpanContext.TraceID().String())
	require.Equal(t, root.SpanContext.SpanID(), spans["dispatch"].Parent.SpanID(), "the row alone is enough")
	require.Contains(t, spans["dispatch"].Attributes, attribute.String("error.type", "unavailable"))
	require.Equal(t, other, spans["send"].SpanContext.TraceID().String())
	require.Len(t, spans["send"].Links, 1)
	require.Equal(t, spans["activity"].SpanContext.SpanID(), spans["send"].Links[0].SpanContext.SpanID())
	require.Equal(t, spans["activity"].SpanContext.SpanID(), spans["same"].Parent.SpanID())
	require.Equal(t, theirs, spans["GET /theirs"].SpanContext.TraceID().String())
	require.True(t, spans["GET /theirs"].Parent.IsRemote())
	require.True(t, spans["GET /own"].SpanContext.IsValid())
	require.NoError(t, stop(context.Background()))
	require.False(t, observe.TracingOn())
}

func TestNoExporterNoTraces(t *testing.T) {
	t.Parallel()
	if os.Getenv("TRACING_TEST") != "" {
		return
	}
	for name, env := range map[string]map[string]string{"none": {}, "": {}, "otlp": {"OTEL_SDK_DISABLED": "true"}} {
		stop, err := observe.StartTracing(t.Context(), observe.TracingOptions{Exporter: name, Getenv: func(n string) string { return env[n] }})
		require.NoError(t, err)
		require.NoError(t, stop(t.Context()))
	}
	require.False(t, observe.TracingOn())
	for want, env := range map[string]map[string]string{
		"OTEL_TRACES_SAMPLER:":         {"OTEL_TRACES_SAMPLER": "sometimes"},
		"OTEL_TRACES_SAMPLER_ARG:":     {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"},
		"OTEL_EXPORTER_OTLP_PROTOCOL:": {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"},
	} {
		_, err := observe.StartTracing(t.Context(), observe.TracingOptions{
			Exporter: "otlp", Console: io.Discard, Getenv: func(n string) string { return env[n] }})
		require.ErrorContains(t, err, want)
	}
}

// What a request and a log line cost when nobody wants traces.
func BenchmarkTracingOff(b *testing.B) {
	ctx, id := context.Background(), observe.NewTraceID()
	b.ReportAllocs()
	for b.Loop() {
		traced := observe.WithTrace(ctx, id)
		_, span := observe.StartSpan(traced, "dispatch", trace.SpanKindConsumer)
		observe.EndSpan(span, "")
	}
}
