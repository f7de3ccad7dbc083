package activities

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"cabanas/booking"
	"cabanas/gateways/email"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
)

// sendTraced is send inside a span of its own, which belongs to the trace of the guest's message that is answered.
func (a *Messaging) sendTraced(ctx context.Context, message postgres.OutboundMessage) (receipt whatsapp.Receipt, err error) {
	ctx, span := observe.StartSpan(ctx, "send message", trace.SpanKindProducer,
		attribute.Int64("message_id", message.ID), attribute.Int("attempt", message.Attempts))
	defer func() { observe.EndSpan(span, failureKind(err)) }()
	return a.send(ctx, message)
}

// failureKind names an error in a span without its words, which could be a guest's.
func failureKind(err error) string {
	if err == nil {
		return ""
	}
	if code := booking.CodeOf(err); code != booking.CodeInternal {
		return string(code)
	}
	if failure, ok := errors.AsType[*whatsapp.Error](err); ok {
		return string(failure.Reason)
	}
	if reason := email.ReasonOf(err); reason != "" {
		return string(reason)
	}
	return observe.FailureKind(err)
}
