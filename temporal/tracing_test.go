package temporal_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	sdktemporal "go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"cabanas/internal/observe"
	"cabanas/temporal"
	"cabanas/workflows"
)

const (
	startTrace  = "11111111111111111111111111111111"
	callerSpan  = "2222222222222222"
	startHeader = "00-" + startTrace + "-" + callerSpan + "-01"
)

// traceable runs an activity at once and one long after.
func traceable(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, RetryPolicy: &sdktemporal.RetryPolicy{MaximumAttempts: 1}})
	_ = workflow.ExecuteActivity(ctx, "traced", "now").Get(ctx, nil)
	if err := workflow.Sleep(ctx, 48*time.Hour); err != nil {
		return err
	}
	return workflow.ExecuteActivity(ctx, "traced", "later").Get(ctx, nil)
}

// Traces are a state of the process, so that what is tested with them on runs in one of its own.
func TestTracesThroughWorkflows(t *testing.T) {
	t.Parallel()
	if os.Getenv("TRACING_TEST") == "" {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTracesThroughWorkflows$", "-test.v")
		command.Env = append(os.Environ(), "TRACING_TEST=1")
		out, err := command.CombinedOutput()
		require.NoError(t, err, string(out))
		return
	}
	exporter := tracetest.NewInMemoryExporter()
	stop, err := observe.StartTracingTo(t.Context(), exporter, sdktrace.ParentBased(sdktrace.AlwaysSample()),
		observe.TracingOptions{Service: "test", Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	collect := func() map[string]tracetest.SpanStub {
		require.NoError(t, otel.GetTracerProvider().(*sdktrace.TracerProvider).ForceFlush(t.Context()))
		spans := map[string]tracetest.SpanStub{}
		for _, span := range exporter.GetSpans() {
			name := span.Name
			for _, attribute := range span.Attributes {
				if attribute.Key == "error.type" {
					name += " failed"
				}
			}
			spans[name] = span
		}
		exporter.Reset()
		return spans
	}
	run := func(header map[string]string) {
		var suite testsuite.WorkflowTestSuite
		suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
		env := suite.NewTestWorkflowEnvironment()
		env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{temporal.NewTracing()}})
		if header != nil {
			payload, err := converter.GetDefaultDataConverter().ToPayload(header)
			require.NoError(t, err)
			env.SetHeader(&commonpb.Header{Fields: map[string]*commonpb.Payload{"_tracer-data": payload}})
		}
		env.RegisterActivityWithOptions(func(_ context.Context, when string) error {
			if when == "now" {
				return sdktemporal.NewApplicationError("Lucía is not at home", "NotAtHome", errors.New("Lucía"))
			}
			return nil
		}, activity.RegisterOptions{Name: "traced"})
		env.ExecuteWorkflow(traceable)
		require.NoError(t, env.GetWorkflowError())
	}

	run(map[string]string{"traceparent": startHeader})
	spans := collect()
	require.Equal(t, startTrace, spans["RunWorkflow:traceable"].SpanContext.TraceID().String())
	require.Equal(t, callerSpan, spans["RunWorkflow:traceable"].Parent.SpanID().String())
	for _, name := range []string{"RunActivity:traced", "RunActivity:traced failed"} {
		require.Equal(t, spans["RunWorkflow:traceable"].SpanContext.SpanID(), spans[name].Parent.SpanID(), name)
		require.Equal(t, startTrace, spans[name].SpanContext.TraceID().String())
	}
	failed := spans["RunActivity:traced failed"]
	require.Contains(t, failed.Attributes, attribute.String("error.type", "NotAtHome"))
	require.Empty(t, failed.Status.Description)
	require.Empty(t, failed.Events, "no words of the error")

	// Started by a schedule: a trace of its own, that a replay finds again.
	run(nil)
	spans = collect()
	own := spans["RunWorkflow:traceable"].SpanContext
	require.True(t, own.IsValid())
	require.NotEqual(t, startTrace, own.TraceID().String())
	require.False(t, spans["RunWorkflow:traceable"].Parent.IsValid())
	require.Equal(t, own.TraceID(), spans["RunActivity:traced"].SpanContext.TraceID())

	// Histories of releases before there were traces replay, and a replay tells nothing.
	files, err := filepath.Glob("../workflows/testdata/histories/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
			Interceptors: []interceptor.WorkerInterceptor{temporal.NewTracing()}})
		require.NoError(t, err)
		workflows.Register(replayer, "")
		require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), file), file)
	}
	require.Empty(t, collect())
	require.NoError(t, stop(context.Background()))
}
