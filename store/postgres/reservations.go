package postgres

import (
	"context"
	"encoding/json"
	"time"

	"cabanas/booking"
)

// Reservation is one booking with everything its row says. Instants that did not happen are zero.
type Reservation struct {
	ID              int64
	Code            string
	AccommodationID int64
	UnitName        string
	GuestID         int64
	Stay            booking.Stay
	Guests          int
	Channel         booking.Channel
	Status          booking.Status
	PaymentStatus   booking.PaymentStatus
	Quote           booking.Quote
	Total           booking.Money
	Deposit         booking.Money
	// Paid is what was credited and not returned.
	Paid booking.Money
	// ExpiresAt is the deadline of the hold; it stays readable after the hold ended.
	ExpiresAt    time.Time
	ExtendedOnce bool
	// TokenHash is the hash of the secret the guest was shown.
	TokenHash   []byte
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ConfirmedAt time.Time
	CancelledAt time.Time
	CompletedAt time.Time
}

// NewHold is a request to hold nights until a deadline.
type NewHold struct {
	Code            string
	AccommodationID int64
	GuestID         int64
	Stay            booking.Stay
	Guests          int
	Channel         booking.Channel
	TokenHash       []byte
	Quote           booking.Quote
	ExpiresAt       time.Time
}

// Change is the outcome of a conditional change: the row as it is now, and whether this call changed it.
type Change struct {
	Changed     bool
	Reservation Reservation
}

// Event is one entry of the flight recorder of a reservation, with the row as it was afterwards.
type Event struct {
	ID int64
	// Kind is held, extended, confirmed, expired, cancelled, completed, no_show, money, edited or one of the notes that leave
	// the row as it is (payment_…, refund_…, link_…).
	Kind      string
	Actor     booking.Actor
	Reason    string
	Details   json.RawMessage
	Status    booking.Status
	Payment   booking.PaymentStatus
	ExpiresAt time.Time
	Paid      booking.Money
	At        time.Time
}

// PlaceHold holds the nights or refuses: [booking.CodeDatesTaken] when a live reservation or an active block has one of them,
// [booking.CodeInactive] when the accommodation is not offered. Repeated with the same code, accommodation, guest and stay it
// returns the reservation made before, whatever became of it; the same code for anything else is [booking.CodeDuplicate].
func (s *Store) PlaceHold(ctx context.Context, hold NewHold, now time.Time) (Reservation, error) {
	return Reservation{}, errPending
}

// Reservation reads one by code; unknown codes are [booking.CodeNotFound].
func (s *Store) Reservation(ctx context.Context, code string) (Reservation, error) {
	return Reservation{}, errPending
}

// GuestReservations lists the reservations of a guest, newest first.
func (s *Store) GuestReservations(ctx context.Context, guestID int64, limit int) ([]Reservation, error) {
	return nil, errPending
}

// ExpireHold frees the nights of a hold whose deadline has come at now; anything else is left as it is.
func (s *Store) ExpireHold(ctx context.Context, code string, now time.Time) (Change, error) {
	return Change{}, errPending
}

// ExtendHold moves the deadline of a running hold to until, once: a second time is [booking.CodeAlreadyExtended], a hold that
// is over [booking.CodeWrongState]. Repeated with the same until it changes nothing and is no error.
func (s *Store) ExtendHold(ctx context.Context, code string, until, now time.Time) (Change, error) {
	return Change{}, errPending
}

// Cancel ends a reservation that is held, confirmed or expired; one that is cancelled already is left as it is. A stay that is
// over is [booking.CodeWrongState]. Reason is a word of ours, never a person's text.
func (s *Store) Cancel(ctx context.Context, code string, by booking.Actor, reason string, now time.Time) (Change, error) {
	return Change{}, errPending
}

// ConfirmByOwner confirms a hold, or an expired one whose nights are still free, by the decision of a staff account. Nights
// that are gone are [booking.CodeDatesTaken]; a reservation that is confirmed already is left as it is.
func (s *Store) ConfirmByOwner(ctx context.Context, code string, staffID int64, now time.Time) (Change, error) {
	return Change{}, errPending
}

// CompleteStay ends a confirmed stay; anything else is left as it is.
func (s *Store) CompleteStay(ctx context.Context, code string, now time.Time) (Change, error) {
	return Change{}, errPending
}

// CountOpenHolds counts the unpaid holds of the guest with this canonical phone.
func (s *Store) CountOpenHolds(ctx context.Context, phone string) (int, error) { return 0, errPending }

// Events lists the flight recorder of a reservation, oldest first.
func (s *Store) Events(ctx context.Context, code string) ([]Event, error) { return nil, errPending }

// LiveCodes lists the codes of reservations that are held or confirmed.
func (s *Store) LiveCodes(ctx context.Context) ([]string, error) { return nil, errPending }
