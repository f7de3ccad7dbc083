package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
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
	// Cancellation is the policy as it was when the nights were held.
	Cancellation booking.CancellationPolicy
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
	// ClientHash is a keyed hash of the network address that asks; empty when unknown. It is forgotten when the hold is over.
	ClientHash []byte
	// HoldsPerPhone and HoldsPerAddress are how many unpaid holds the guest and the client may have with this one; 0 means no limit.
	HoldsPerPhone, HoldsPerAddress int
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
// [booking.CodeInactive] when the accommodation is not offered, [booking.CodeTooManyHolds] when the guest or the client has as many
// unpaid holds as allowed, however many ask at once. Repeated with the same code, accommodation, guest and stay it
// returns the reservation made before, whatever became of it; the same code for anything else is [booking.CodeDuplicate].
func (s *Store) PlaceHold(ctx context.Context, hold NewHold, now time.Time) (Reservation, error) {
	price, err := json.Marshal(hold.Quote)
	if err != nil {
		return Reservation{}, fmt.Errorf("place hold: encode quote: %w", err)
	}
	row, err := s.queries.InsertHold(ctx, s.pool, &dbgen.InsertHoldParams{
		Code: hold.Code, AccommodationID: hold.AccommodationID, GuestID: hold.GuestID,
		CheckIn: hold.Stay.CheckIn.Time(), CheckOut: hold.Stay.CheckOut.Time(), Guests: int32(hold.Guests),
		ChannelSource: string(hold.Channel), Price: price, TotalCentavos: hold.Quote.Total.Centavos,
		DepositCentavos: hold.Quote.Deposit.Centavos, Currency: hold.Quote.Total.Currency, ExpiresAt: hold.ExpiresAt,
		TokenHash: append([]byte{}, hold.TokenHash...), Now: now, ClientHash: nullIfEmpty(hold.ClientHash),
		HoldsPerPhone: int32(hold.HoldsPerPhone), HoldsPerAddress: int32(hold.HoldsPerAddress),
		Change: change{By: booking.ByGuest, Reason: string(hold.Channel), At: now, Details: map[string]any{
			"total_centavos": hold.Quote.Total.Centavos, "deposit_centavos": hold.Quote.Deposit.Centavos, "guests": hold.Guests,
			"rate_version": hold.Quote.RateVersion,
		}}.text(),
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return s.whyNotHeld(ctx, hold)
	}
	if err != nil {
		return Reservation{}, explain("place hold", err)
	}
	return reservationOf((*dbgen.GetReservationRow)(row))
}

// whyNotHeld finds out why nothing was inserted: the code is there already, the accommodation is not offered, or the nights
// are sold.
func (s *Store) whyNotHeld(ctx context.Context, hold NewHold) (Reservation, error) {
	why, err := s.queries.WhyNotHeld(ctx, s.pool, &dbgen.WhyNotHeldParams{Code: hold.Code, AccommodationID: hold.AccommodationID})
	switch {
	case err != nil:
		return Reservation{}, explain("place hold", err)
	case why.CodeKnown:
		return s.heldBefore(ctx, hold)
	case !why.Known:
		return Reservation{}, booking.Refuse(booking.CodeNotFound, "no accommodation %d", hold.AccommodationID)
	case !why.Offered:
		return Reservation{}, booking.Refuse(booking.CodeInactive, "accommodation %d is not offered", hold.AccommodationID)
	}
	return Reservation{}, booking.Refuse(booking.CodeDatesTaken, "a live reservation of accommodation %d has a night of %s", hold.AccommodationID, hold.Stay)
}

// heldBefore returns the reservation that has the code, when it is the one that is wished.
func (s *Store) heldBefore(ctx context.Context, hold NewHold) (Reservation, error) {
	r, err := s.Reservation(ctx, hold.Code)
	if err != nil {
		return Reservation{}, fmt.Errorf("place hold: %w", err)
	}
	guest, err := s.Guest(ctx, hold.GuestID)
	if err != nil {
		return Reservation{}, fmt.Errorf("place hold: %w", err)
	}
	if r.AccommodationID != hold.AccommodationID || r.Stay != hold.Stay || r.GuestID != guest.ID {
		return Reservation{}, booking.Refuse(booking.CodeDuplicate, "code %s is of another reservation", hold.Code)
	}
	return r, nil
}

// Reservation reads one by code; unknown codes are [booking.CodeNotFound].
func (s *Store) Reservation(ctx context.Context, code string) (Reservation, error) {
	row, err := s.queries.GetReservation(ctx, s.pool, code)
	if err != nil {
		return Reservation{}, explain("read reservation", err)
	}
	return reservationOf(row)
}

// GuestReservations lists the reservations of a guest, newest first.
func (s *Store) GuestReservations(ctx context.Context, guestID int64, limit int) ([]Reservation, error) {
	rows, err := s.queries.ListGuestReservations(ctx, s.pool, &dbgen.ListGuestReservationsParams{GuestID: guestID, Most: int32(limit)})
	if err != nil {
		return nil, explain("list reservations", err)
	}
	reservations := make([]Reservation, 0, len(rows))
	for _, row := range rows {
		r, err := reservationOf((*dbgen.GetReservationRow)(row))
		if err != nil {
			return nil, err
		}
		reservations = append(reservations, r)
	}
	return reservations, nil
}

// ExpireHold frees the nights of a hold whose deadline has come at now; anything else is left as it is.
func (s *Store) ExpireHold(ctx context.Context, code string, now time.Time) (Change, error) {
	row, err := s.queries.ExpireHold(ctx, s.pool, &dbgen.ExpireHoldParams{
		Code: code, Now: now, Change: change{By: booking.ByTimer, Reason: "deadline", At: now}.text(),
	})
	return s.changed(ctx, "expire hold", code, (*dbgen.GetReservationRow)(row), err)
}

// ExtendHold moves the deadline of a running hold to until, once: a second time is [booking.CodeAlreadyExtended], a hold that
// is over [booking.CodeWrongState]. Repeated with the same until it changes nothing and is no error.
func (s *Store) ExtendHold(ctx context.Context, code string, until, now time.Time) (Change, error) {
	row, err := s.queries.ExtendHold(ctx, s.pool, &dbgen.ExtendHoldParams{
		Code: code, Until: until, Now: now, Change: change{By: booking.ByGuest, Reason: "extension", At: now}.text(),
	})
	outcome, err := s.changed(ctx, "extend hold", code, (*dbgen.GetReservationRow)(row), err)
	if err != nil || outcome.Changed {
		return outcome, err
	}
	switch r := outcome.Reservation; {
	case r.ExtendedOnce && r.ExpiresAt.Equal(until.Truncate(time.Microsecond)):
		return outcome, nil
	case r.Status != booking.PreReserved || !r.ExpiresAt.After(now):
		return outcome, booking.Refuse(booking.CodeWrongState, "the hold of %s is over", code)
	case r.ExtendedOnce:
		return outcome, booking.Refuse(booking.CodeAlreadyExtended, "the hold of %s was extended before", code)
	}
	return outcome, booking.Refuse(booking.CodeInvalidInput, "an extension of %s cannot end before its deadline", code)
}

// CancelOrder says who cancels, and why: a word of ours, never a person's text. Refund is what an owner chose to give back and
// StaffID the account that chose, 0 for none.
type CancelOrder struct {
	By      booking.Actor
	Reason  string
	Refund  booking.RefundChoice
	StaffID int64
}

// Cancel is [Store.CancelBy] without an owner's choice.
func (s *Store) Cancel(ctx context.Context, code string, by booking.Actor, reason string, now time.Time) (Change, error) {
	return s.CancelBy(ctx, code, CancelOrder{By: by, Reason: reason}, now)
}

// CancelBy ends a reservation that is held, confirmed or expired; one that is cancelled already is left as it is. A stay that is
// over is [booking.CodeWrongState].
func (s *Store) CancelBy(ctx context.Context, code string, order CancelOrder, now time.Time) (Change, error) {
	told := change{By: order.By, Reason: order.Reason, At: now}
	if order.Refund != "" || order.StaffID != 0 {
		told.Details = map[string]any{"refund": order.Refund, "staff_id": order.StaffID}
	}
	row, err := s.queries.CancelReservation(ctx, s.pool, &dbgen.CancelReservationParams{Code: code, Now: now, Change: told.text()})
	outcome, err := s.changed(ctx, "cancel", code, (*dbgen.GetReservationRow)(row), err)
	if err == nil && !outcome.Changed && outcome.Reservation.Status != booking.Cancelled {
		err = booking.Refuse(booking.CodeWrongState, "reservation %s is %s", code, outcome.Reservation.Status)
	}
	return outcome, err
}

// ConfirmByOwner confirms a hold, or an expired one whose nights are still free, by the decision of a staff account. Nights
// that are gone are [booking.CodeDatesTaken]; a reservation that is confirmed already is left as it is.
func (s *Store) ConfirmByOwner(ctx context.Context, code string, staffID int64, now time.Time) (Change, error) {
	row, err := s.queries.ConfirmReservation(ctx, s.pool, &dbgen.ConfirmReservationParams{
		Code: code, Now: now,
		Change: change{By: booking.ByOwner, Reason: "decision", At: now, Details: map[string]any{"staff_id": staffID}}.text(),
	})
	outcome, err := s.changed(ctx, "confirm by owner", code, (*dbgen.GetReservationRow)(row), err)
	if err == nil && !outcome.Changed && outcome.Reservation.Status != booking.Confirmed {
		err = booking.Refuse(booking.CodeWrongState, "reservation %s is %s", code, outcome.Reservation.Status)
	}
	return outcome, err
}

// CompleteStay ends a confirmed stay; anything else is left as it is.
func (s *Store) CompleteStay(ctx context.Context, code string, now time.Time) (Change, error) {
	row, err := s.queries.CompleteStay(ctx, s.pool, &dbgen.CompleteStayParams{
		Code: code, Now: now, Change: change{By: booking.ByTimer, Reason: "departure", At: now}.text(),
	})
	return s.changed(ctx, "complete stay", code, (*dbgen.GetReservationRow)(row), err)
}

// OpenHolds are the unpaid holds that limits count. The instants are the earliest deadline of each kind, zero when there is none.
type OpenHolds struct {
	OfPhone, OfClient       int
	PhoneUntil, ClientUntil time.Time
}

// OpenHolds counts the unpaid holds of the guest with this canonical phone, and those asked for by this client; an empty hash is
// nobody. Confirmed, expired and cancelled reservations do not count.
func (s *Store) OpenHolds(ctx context.Context, phone string, clientHash []byte) (OpenHolds, error) {
	row, err := s.queries.CountHolds(ctx, s.pool, &dbgen.CountHoldsParams{Phone: phone, ClientHash: nullIfEmpty(clientHash)})
	if err != nil {
		return OpenHolds{}, explain("count open holds", err)
	}
	open := OpenHolds{OfPhone: int(row.OfPhone), OfClient: int(row.OfClient)}
	if open.OfPhone > 0 {
		open.PhoneUntil = row.PhoneUntil
	}
	if open.OfClient > 0 {
		open.ClientUntil = row.ClientUntil
	}
	return open, nil
}

func nullIfEmpty(value []byte) []byte {
	if len(value) == 0 {
		return nil
	}
	return value
}

// Events lists the flight recorder of a reservation, oldest first.
func (s *Store) Events(ctx context.Context, code string) ([]Event, error) {
	rows, err := s.queries.ListEvents(ctx, s.pool, code)
	if err != nil {
		return nil, explain("list events", err)
	}
	events := make([]Event, 0, len(rows))
	for _, row := range rows {
		events = append(events, Event{
			ID: row.ID, Kind: row.Kind, Actor: booking.Actor(row.Actor), Reason: row.Reason, Details: row.Details,
			Status: booking.Status(row.StatusAfter), Payment: booking.PaymentStatus(row.PaymentStatusAfter),
			ExpiresAt: timeOf(row.ExpiresAtAfter), Paid: money(row.PaidCentavosAfter, row.Currency), At: row.At,
		})
	}
	return events, nil
}

// LiveCodes lists the codes of reservations that are held or confirmed.
func (s *Store) LiveCodes(ctx context.Context) ([]string, error) {
	codes, err := s.queries.ListLiveCodes(ctx, s.pool)
	return codes, explain("list live codes", err)
}

// changed is the outcome of a conditional statement: the row it returned, or, when its condition did not hold, the row as it is.
func (s *Store) changed(ctx context.Context, operation, code string, row *dbgen.GetReservationRow, err error) (Change, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		r, err := s.Reservation(ctx, code)
		if err != nil {
			return Change{}, fmt.Errorf("%s: %w", operation, err)
		}
		return Change{Reservation: r}, nil
	}
	if err != nil {
		return Change{}, explain(operation, err)
	}
	r, err := reservationOf(row)
	return Change{Changed: true, Reservation: r}, err
}

func reservationOf(row *dbgen.GetReservationRow) (Reservation, error) {
	stored := &row.Reservation
	r := Reservation{
		ID: stored.ID, Code: stored.Code, AccommodationID: stored.AccommodationID, UnitName: row.UnitName, GuestID: stored.GuestID,
		Stay:   booking.Stay{CheckIn: dateOf(stored.CheckIn), CheckOut: dateOf(stored.CheckOut)},
		Guests: int(stored.Guests), Channel: booking.Channel(stored.ChannelSource),
		Status: booking.Status(stored.ReservationStatus), PaymentStatus: booking.PaymentStatus(stored.PaymentStatus),
		Total: money(stored.TotalCentavos, stored.Currency), Deposit: money(stored.DepositCentavos, stored.Currency),
		Paid: money(stored.PaidCentavos, stored.Currency), ExpiresAt: timeOf(stored.ExpiresAt), ExtendedOnce: stored.ExtendedOnce,
		TokenHash: stored.TokenHash, CreatedAt: stored.CreatedAt, UpdatedAt: stored.UpdatedAt,
		ConfirmedAt: timeOf(stored.ConfirmedAt), CancelledAt: timeOf(stored.CancelledAt), CompletedAt: timeOf(stored.CompletedAt),
	}
	if err := json.Unmarshal(stored.Price, &r.Quote); err != nil {
		return Reservation{}, fmt.Errorf("read reservation %s: price: %w", stored.Code, err)
	}
	if err := json.Unmarshal(stored.Cancellation, &r.Cancellation); err != nil {
		return Reservation{}, fmt.Errorf("read reservation %s: cancellation policy: %w", stored.Code, err)
	}
	return r, nil
}
