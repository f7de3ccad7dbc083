package observe

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"go.opentelemetry.io/otel/trace"
)

const longestTraceID = 64

type traceKey struct{}

// WithTrace returns a context that carries the trace id; an id that is not [ValidTraceID] is not carried. Spans that are started
// in it belong to that trace when the id has the form of a W3C trace id, also when it was read from a row that another process wrote.
func WithTrace(ctx context.Context, id string) context.Context {
	if !ValidTraceID(id) {
		return ctx
	}
	return followed(context.WithValue(ctx, traceKey{}, id), id)
}

// Trace returns the trace id of the context: the one given to [WithTrace], else that of its span; "" when it has none.
func Trace(ctx context.Context) string {
	if id, ok := ctx.Value(traceKey{}).(string); ok {
		return id
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		return span.TraceID().String()
	}
	return ""
}

// NewTraceID returns a random id of 32 lower-case hex digits, the form of a W3C trace id.
func NewTraceID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(id[:])
}

// ValidTraceID reports whether an id that came from outside may be taken over: 1 to 64 ASCII letters, digits and hyphens.
func ValidTraceID(id string) bool {
	if id == "" || len(id) > longestTraceID {
		return false
	}
	for _, r := range []byte(id) {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return true
}
