package api

import (
	"context"
	"time"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/store/postgres"
)

// FrontDesk is the business behind the public routes. Its refusals are [booking.Error], with [activities.TakenError] for
// dates that are taken; any other error is a fault of ours and shown as such.
type FrontDesk interface {
	// Accommodations returns what is on offer.
	Accommodations(ctx context.Context) ([]booking.Accommodation, error)
	Accommodation(ctx context.Context, id int64) (booking.Accommodation, error)
	Availability(ctx context.Context, request activities.AvailabilityRequest) (activities.Availability, error)
	// Book places a hold and returns once its outcome is durable.
	Book(ctx context.Context, request activities.BookRequest) (activities.Booked, error)
	// Reservation refuses with [booking.CodeNotFound] when there is no such code or the token is not the guest's; the two
	// cannot be told apart, by time neither.
	Reservation(ctx context.Context, code, token string) (activities.ReservationView, error)
	// Cancel refuses as Reservation does, and with [booking.CodeWrongState] when there is nothing left to cancel.
	Cancel(ctx context.Context, code, token string) (activities.ReservationView, error)
}

// Inbox keeps webhook deliveries.
type Inbox interface {
	// Receive returns nil only when the delivery is in Postgres, now or from before.
	Receive(ctx context.Context, webhook activities.Webhook) error
}

// Health looks at the parts this process depends on.
type Health interface {
	Check(ctx context.Context) HealthReport
}

// IdempotencyStore remembers answers for 48 hours. Both methods take the client's key, the name of the operation and a hash of
// what was asked.
type IdempotencyStore interface {
	// IdempotentResponse returns the answer kept for the key; it refuses with [booking.CodeDuplicate] when the key was used for
	// another request.
	IdempotentResponse(ctx context.Context, key, endpoint string, requestHash []byte, now time.Time) (postgres.StoredResponse, bool, error)
	// SaveIdempotentResponse keeps an answer unless one is kept already, and returns the one that is kept. It holds the guest's
	// token: whoever reads it can act for the guest.
	SaveIdempotentResponse(ctx context.Context, key, endpoint string, requestHash []byte, response postgres.StoredResponse,
		now time.Time) (postgres.StoredResponse, error)
}

// Limiter bounds how often something may be tried.
type Limiter interface {
	// Allow counts one try under key and reports whether it may go on, else how long to wait.
	Allow(ctx context.Context, key string) (ok bool, retryAfter time.Duration)
}
