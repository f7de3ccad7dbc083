package observe

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A trace id is written to the inbox and to messages; nothing else of a trace is. So that whoever reads the row carries the trace on
// below the span that wrote it, that span's own id follows from the trace id, and whether the trace is kept does too.

// tracing is what a process that traces knows beside OpenTelemetry's own state.
type tracing struct{ sampler sdktrace.Sampler }

var active atomic.Pointer[tracing]

// TracingOn reports whether spans are made at all.
func TracingOn() bool { return active.Load() != nil }

// noSpan takes whatever is said to a span and keeps nothing.
var noSpan = trace.SpanFromContext(context.Background())

// tracer makes the spans of this program. Names and attributes say what is done with rows and routes, never whose they are.
func tracer() trace.Tracer { return otel.Tracer("cabanas") }

// StartRequest starts the span that a trace begins with, under the context's trace id. When that id came from a client, its own span,
// which we never see, is the parent.
func StartRequest(ctx context.Context, name string, idIsTheirs bool, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributes...)}
	id, err := trace.TraceIDFromHex(Trace(ctx))
	if err == nil && !idIsTheirs {
		ctx = context.WithValue(ctx, idsKey{}, spanIDs{id, firstSpan(id)})
		options = append(options, trace.WithNewRoot())
	}
	return begin(ctx, name, options...)
}

// StartSpan starts a span of the context's trace. When [WithTrace] left the span of another trace for it, the two are linked.
func StartSpan(ctx context.Context, name string, kind trace.SpanKind, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	if !TracingOn() {
		return ctx, noSpan
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(kind), trace.WithAttributes(attributes...)}
	if left, ok := ctx.Value(leftKey{}).(trace.SpanContext); ok && left.IsValid() && trace.SpanContextFromContext(ctx).IsRemote() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: left}))
	}
	return begin(ctx, name, options...)
}

// begin starts a span that the caller ends; ids that were decided for it are not for those below it.
func begin(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	ctx, span := tracer().Start(ctx, name, options...) //nolint:spancheck // handed out
	if ctx.Value(idsKey{}) != nil {
		ctx = context.WithValue(ctx, idsKey{}, nil)
	}
	return ctx, span //nolint:spancheck // handed out
}

// EndSpan ends a span. A failure is named by its kind, such as a code of ours; its words could be a guest's.
func EndSpan(span trace.Span, failure string) {
	if failure != "" {
		span.SetAttributes(attribute.String("error.type", failure))
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// FailureKind names an error without its words: by its type; "" for nil.
func FailureKind(err error) string {
	if err == nil {
		return ""
	}
	return fmt.Sprintf("%T", err)
}

// DerivedTrace is a span that nothing but a seed decides, for what must come out the same when it is repeated.
func DerivedTrace(seed string) trace.SpanContext {
	sum := sha256.Sum256([]byte(seed))
	return firstOf(trace.TraceID(sum[:16]))
}

// StartDerived starts the span of [DerivedTrace].
func StartDerived(ctx context.Context, seed, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	derived := DerivedTrace(seed)
	ctx = context.WithValue(ctx, idsKey{}, spanIDs{derived.TraceID(), derived.SpanID()})
	return begin(ctx, name, trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributes...))
}

// leftKey keeps the span whose trace was left for another.
type leftKey struct{}

// followed makes spans of ctx belong to the trace with this id.
func followed(ctx context.Context, id string) context.Context {
	if active.Load() == nil {
		return ctx
	}
	traceID, err := trace.TraceIDFromHex(id)
	current := trace.SpanContextFromContext(ctx)
	if err != nil || current.TraceID() == traceID {
		return ctx
	}
	ctx = context.WithValue(ctx, leftKey{}, current)
	return trace.ContextWithRemoteSpanContext(ctx, firstOf(traceID))
}

// firstOf is the span a trace began with, as [StartRequest] made it.
func firstOf(id trace.TraceID) trace.SpanContext {
	config := trace.SpanContextConfig{TraceID: id, SpanID: firstSpan(id), Remote: true}
	if t := active.Load(); t != nil && t.sampler.ShouldSample(sdktrace.SamplingParameters{
		ParentContext: context.Background(), TraceID: id, Kind: trace.SpanKindServer,
	}).Decision == sdktrace.RecordAndSample {
		config.TraceFlags = trace.FlagsSampled
	}
	return trace.NewSpanContext(config)
}

func firstSpan(id trace.TraceID) trace.SpanID {
	sum := sha256.Sum256(append([]byte("first span of "), id[:]...))
	return trace.SpanID(sum[:8])
}

// spanIDs are asked of the generator for one span.
type spanIDs struct {
	trace trace.TraceID
	span  trace.SpanID
}

type idsKey struct{}

// generator makes random ids, but for a span whose ids were decided.
type generator struct{}

func (generator) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if decided, ok := ctx.Value(idsKey{}).(spanIDs); ok && decided.trace.IsValid() {
		return decided.trace, decided.span
	}
	var id trace.TraceID
	_, _ = rand.Read(id[:]) // never fails: crypto/rand ends the program instead
	return id, generator{}.NewSpanID(ctx, id)
}

func (generator) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	var id trace.SpanID
	_, _ = rand.Read(id[:])
	return id
}
