package exchange

import (
	"context"
	"errors"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Traced starts the span of a request and returns the request to send and what ends the span, told the
// status of the answer or the error. The span says method and host and no more: paths name people and bookings. Providers are
// not told that there is a trace.
func Traced(request *http.Request) (*http.Request, func(status int, err error)) {
	ctx, span := otel.Tracer("cabanas").Start(request.Context(), request.Method+" "+request.URL.Hostname(),
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			attribute.String("http.request.method", request.Method), attribute.String("server.address", request.URL.Hostname())))
	if !span.IsRecording() {
		return request, func(int, error) {}
	}
	return request.WithContext(ctx), func(status int, err error) {
		defer span.End()
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			failed(span, "timeout")
		case err != nil:
			failed(span, "no_answer")
		default:
			span.SetAttributes(attribute.Int("http.response.status_code", status))
			if status >= http.StatusBadRequest {
				failed(span, http.StatusText(status))
			}
		}
	}
}

func failed(span trace.Span, kind string) {
	span.SetAttributes(attribute.String("error.type", kind))
	span.SetStatus(codes.Error, "")
}
