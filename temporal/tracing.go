package temporal

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	sdktemporal "go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"cabanas/internal/observe"
)

// NewTracing returns what carries traces from whoever starts or signals a workflow through it into its activities.
//
// It is ours because the SDK's keeps one span open for the whole life of a workflow, which may be months, and writes the words of
// errors into spans. Here what a workflow does is told by spans of a moment, and an activity belongs to the trace of what the workflow
// heard last. On the wire, in the headers, it is the same as the SDK's.
func NewTracing() interceptor.Interceptor { return &tracing{} }

type tracing struct{ interceptor.InterceptorBase }

func (t *tracing) InterceptClient(next interceptor.ClientOutboundInterceptor) interceptor.ClientOutboundInterceptor {
	out := &tracedClient{}
	out.Next = next
	return out
}

func (t *tracing) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	in := &tracedActivity{}
	in.Next = next
	return in
}

func (t *tracing) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &tracedWorkflow{}
	in.Next = next
	return in
}

type tracedClient struct {
	interceptor.ClientOutboundInterceptorBase
}

func (c *tracedClient) ExecuteWorkflow(ctx context.Context, in *interceptor.ClientExecuteWorkflowInput) (run client.WorkflowRun, err error) {
	ctx, span := calling(ctx, "StartWorkflow:"+in.WorkflowType, in.Options.ID)
	defer func() { observe.EndSpan(span, failureKind(err)) }()
	return c.Next.ExecuteWorkflow(ctx, in)
}

func (c *tracedClient) SignalWorkflow(ctx context.Context, in *interceptor.ClientSignalWorkflowInput) (err error) {
	ctx, span := calling(ctx, "SignalWorkflow:"+in.SignalName, in.WorkflowID)
	defer func() { observe.EndSpan(span, failureKind(err)) }()
	return c.Next.SignalWorkflow(ctx, in)
}

func (c *tracedClient) SignalWithStartWorkflow(ctx context.Context, in *interceptor.ClientSignalWithStartWorkflowInput) (run client.WorkflowRun, err error) {
	ctx, span := calling(ctx, "SignalWithStartWorkflow:"+in.WorkflowType, in.Options.ID)
	defer func() { observe.EndSpan(span, failureKind(err)) }()
	return c.Next.SignalWithStartWorkflow(ctx, in)
}

func (c *tracedClient) UpdateWorkflow(ctx context.Context, in *interceptor.ClientUpdateWorkflowInput) (handle client.WorkflowUpdateHandle, err error) {
	ctx, span := calling(ctx, "UpdateWorkflow:"+in.UpdateName, in.WorkflowID)
	defer func() { observe.EndSpan(span, failureKind(err)) }()
	return c.Next.UpdateWorkflow(ctx, in)
}

func (c *tracedClient) UpdateWithStartWorkflow(ctx context.Context, in *interceptor.ClientUpdateWithStartWorkflowInput) (handle client.WorkflowUpdateHandle, err error) {
	ctx, span := calling(ctx, "UpdateWithStartWorkflow:"+in.UpdateOptions.UpdateName, in.UpdateOptions.WorkflowID)
	defer func() { observe.EndSpan(span, failureKind(err)) }()
	return c.Next.UpdateWithStartWorkflow(ctx, in)
}

// calling starts the span of a call and puts it into what is sent.
func calling(ctx context.Context, name, workflowID string) (context.Context, trace.Span) {
	ctx, span := observe.StartSpan(ctx, name, trace.SpanKindProducer, attributeWorkflow.String(workflowID))
	writeHeader(interceptor.Header(ctx), span.SpanContext())
	return ctx, span
}

type tracedActivity struct {
	interceptor.ActivityInboundInterceptorBase
}

func (a *tracedActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (result any, err error) {
	info := activity.GetInfo(ctx)
	if from := readHeader(interceptor.Header(ctx)); from.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, from)
	}
	ctx, span := observe.StartSpan(ctx, "RunActivity:"+info.ActivityType.Name, trace.SpanKindConsumer,
		attributeWorkflow.String(info.WorkflowExecution.ID), attributeRun.String(info.WorkflowExecution.RunID),
		attribute.Int("temporal.attempt", int(info.Attempt)))
	defer func() { observe.EndSpan(span, failureKind(err)) }()
	return a.Next.ExecuteActivity(ctx, in)
}

const (
	attributeWorkflow = attribute.Key("temporal.workflow_id")
	attributeRun      = attribute.Key("temporal.run_id")
	// headerKey is the one of all SDKs of Temporal.
	headerKey = "_tracer-data"
)

var carrier = propagation.TraceContext{}

func writeHeader(header map[string]*commonpb.Payload, span trace.SpanContext) {
	if header == nil || !span.IsValid() {
		return
	}
	carried := propagation.MapCarrier{}
	carrier.Inject(trace.ContextWithSpanContext(context.Background(), span), carried)
	// Headers are read by the SDK's own converter, whatever the client's.
	if payload, err := converter.GetDefaultDataConverter().ToPayload(map[string]string(carried)); err == nil {
		header[headerKey] = payload
	}
}

func readHeader(header map[string]*commonpb.Payload) trace.SpanContext {
	payload := header[headerKey]
	if payload == nil {
		return trace.SpanContext{}
	}
	carried := propagation.MapCarrier{}
	if err := converter.GetDefaultDataConverter().FromPayload(payload, &carried); err != nil {
		return trace.SpanContext{}
	}
	return trace.SpanContextFromContext(carrier.Extract(context.Background(), carried))
}

// failureKind names an error by the type under which workflows know it.
func failureKind(err error) string {
	if application, ok := errors.AsType[*sdktemporal.ApplicationError](err); ok && application.Type() != "" {
		return application.Type()
	}
	return observe.FailureKind(err)
}
