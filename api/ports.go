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

// IdempotencyStore remembers the answers of writes for 48 hours; *postgres.Store is one.
type IdempotencyStore interface {
	// TakeWrite gives the right to carry a write out to one at a time, or its answer when it was carried out. It refuses with
	// [booking.CodeDuplicate] when the key was used for another request.
	TakeWrite(ctx context.Context, write postgres.WriteKey, length time.Duration, now time.Time) (postgres.TakenWrite, error)
	// KeepWrite keeps the answer and tells whether the lease still stood.
	KeepWrite(ctx context.Context, write postgres.WriteKey, lease postgres.Lease, response postgres.StoredResponse, now time.Time) (bool, error)
	// FreeWrite gives the key back of a write that came to nothing.
	FreeWrite(ctx context.Context, write postgres.WriteKey, lease postgres.Lease) error
}
