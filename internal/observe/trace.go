package observe

import (
	"context"
	"crypto/rand"
	"encoding/hex"
)

const longestTraceID = 64

type traceKey struct{}

// WithTrace returns a context that carries the trace id; an id that is not [ValidTraceID] is not carried.
func WithTrace(ctx context.Context, id string) context.Context {
	if !ValidTraceID(id) {
		return ctx
	}
	return context.WithValue(ctx, traceKey{}, id)
}

// Trace returns the trace id of the context, "" when it has none.
func Trace(ctx context.Context) string {
	id, _ := ctx.Value(traceKey{}).(string)
	return id
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
