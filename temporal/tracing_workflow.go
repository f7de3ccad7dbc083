package temporal

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/workflow"

	"cabanas/internal/observe"
)

// heardFor is how long what a workflow does counts as the consequence of the last signal. What it does of itself later, such as a
// reminder, is its own.
const heardFor = 5 * time.Minute

// tracedWorkflow follows the traces of one run. None of it touches what a workflow decides: spans are made when it does not replay,
// and headers are no part of what is compared.
type tracedWorkflow struct {
	interceptor.WorkflowInboundInterceptorBase

	own     trace.SpanContext
	heard   trace.SpanContext // of the last signal
	heardAt time.Time
}

func (w *tracedWorkflow) Init(outbound interceptor.WorkflowOutboundInterceptor) error {
	out := &tracedCommands{run: w}
	out.Next = outbound
	return w.Next.Init(out)
}

func (w *tracedWorkflow) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	info := workflow.GetInfo(ctx)
	if from := readHeader(interceptor.WorkflowHeader(ctx)); from.IsValid() {
		w.own = moment(ctx, from, "RunWorkflow:"+info.WorkflowType.Name)
	} else {
		w.own = began(ctx, info)
	}
	return w.Next.ExecuteWorkflow(ctx, in)
}

func (w *tracedWorkflow) HandleSignal(ctx workflow.Context, in *interceptor.HandleSignalInput) error {
	if from := readHeader(interceptor.WorkflowHeader(ctx)); from.IsValid() {
		w.heard, w.heardAt = moment(ctx, from, "HandleSignal:"+in.SignalName), workflow.Now(ctx)
	}
	return w.Next.HandleSignal(ctx, in)
}

func (w *tracedWorkflow) ExecuteUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (any, error) {
	if from := readHeader(interceptor.WorkflowHeader(ctx)); from.IsValid() {
		ctx = workflow.WithValue(ctx, spanKey{}, moment(ctx, from, "HandleUpdate:"+in.Name))
	}
	return w.Next.ExecuteUpdate(ctx, in)
}

// spanKey keeps the trace of an update in the context of its handler.
type spanKey struct{}

// current is the span that what happens in ctx follows from.
func (w *tracedWorkflow) current(ctx workflow.Context) trace.SpanContext {
	if span, ok := ctx.Value(spanKey{}).(trace.SpanContext); ok {
		return span
	}
	if w.heard.IsValid() && workflow.Now(ctx).Sub(w.heardAt) < heardFor {
		return w.heard
	}
	return w.own
}

// moment tells by a span without length that something happened in a workflow. A replay makes none: what follows then hangs on the
// caller's span.
func moment(ctx workflow.Context, from trace.SpanContext, name string) trace.SpanContext {
	if workflow.IsReplaying(ctx) {
		return from
	}
	info := workflow.GetInfo(ctx)
	_, span := observe.StartSpan(trace.ContextWithRemoteSpanContext(context.Background(), from), name, trace.SpanKindConsumer,
		attributeWorkflow.String(info.WorkflowExecution.ID), attributeRun.String(info.WorkflowExecution.RunID))
	span.End()
	return span.SpanContext()
}

// began is the first span of a workflow that nobody's trace started, such as one of a schedule. A replay finds the same.
func began(ctx workflow.Context, info *workflow.Info) trace.SpanContext {
	seed := "run " + info.WorkflowExecution.RunID
	if !workflow.IsReplaying(ctx) {
		_, span := observe.StartDerived(context.Background(), seed, "RunWorkflow:"+info.WorkflowType.Name,
			attributeWorkflow.String(info.WorkflowExecution.ID), attributeRun.String(info.WorkflowExecution.RunID))
		span.End()
	}
	return observe.DerivedTrace(seed)
}

// tracedCommands puts the current span into what a workflow sends.
type tracedCommands struct {
	interceptor.WorkflowOutboundInterceptorBase

	run *tracedWorkflow
}

func (c *tracedCommands) mark(ctx workflow.Context) {
	writeHeader(interceptor.WorkflowHeader(ctx), c.run.current(ctx))
}

func (c *tracedCommands) ExecuteActivity(ctx workflow.Context, activityType string, args ...any) workflow.Future {
	c.mark(ctx)
	return c.Next.ExecuteActivity(ctx, activityType, args...)
}

func (c *tracedCommands) ExecuteLocalActivity(ctx workflow.Context, activityType string, args ...any) workflow.Future {
	c.mark(ctx)
	return c.Next.ExecuteLocalActivity(ctx, activityType, args...)
}

func (c *tracedCommands) ExecuteChildWorkflow(ctx workflow.Context, childWorkflowType string, args ...any) workflow.ChildWorkflowFuture {
	c.mark(ctx)
	return c.Next.ExecuteChildWorkflow(ctx, childWorkflowType, args...)
}

func (c *tracedCommands) SignalExternalWorkflow(ctx workflow.Context, workflowID, runID, signalName string, arg any) workflow.Future {
	c.mark(ctx)
	return c.Next.SignalExternalWorkflow(ctx, workflowID, runID, signalName, arg)
}

func (c *tracedCommands) SignalChildWorkflow(ctx workflow.Context, workflowID, signalName string, arg any) workflow.Future {
	c.mark(ctx)
	return c.Next.SignalChildWorkflow(ctx, workflowID, signalName, arg)
}

func (c *tracedCommands) NewContinueAsNewError(ctx workflow.Context, wfn any, args ...any) error {
	c.mark(ctx)
	return c.Next.NewContinueAsNewError(ctx, wfn, args...)
}

func (c *tracedCommands) GetLogger(ctx workflow.Context) log.Logger {
	logger := c.Next.GetLogger(ctx)
	if span := c.run.current(ctx); span.IsValid() {
		return log.With(logger, "trace_id", span.TraceID().String())
	}
	return logger
}
