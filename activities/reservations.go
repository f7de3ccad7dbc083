package activities

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"cabanas/booking"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// Reservations changes reservations for their workflows.
type Reservations struct {
	Store   ReservationStore
	Locks   NightLocks
	Terms   Terms
	Metrics *observe.Metrics
	Now     func() time.Time
}

var _ workflows.ReservationActivities = (*Reservations)(nil)

// ReservationStore is what the reservation activities read and write.
type ReservationStore interface {
	TransferStore
	CatalogueStore
	StayStore
	PlaceHold(ctx context.Context, hold postgres.NewHold, now time.Time) (postgres.Reservation, error)
	Reservation(ctx context.Context, code string) (postgres.Reservation, error)
	ExpireHold(ctx context.Context, code string, now time.Time) (postgres.Change, error)
	ExtendHold(ctx context.Context, code string, until, now time.Time) (postgres.Change, error)
	CancelBy(ctx context.Context, code string, order postgres.CancelOrder, now time.Time) (postgres.Change, error)
	ConfirmByOwner(ctx context.Context, code string, staffID int64, now time.Time) (postgres.Change, error)
	CompleteStay(ctx context.Context, code string, now time.Time) (postgres.Change, error)
}

// NightLocks spares the database races that are lost already. They are advice: without them the exclusion constraint
// decides all the same, so every failure is logged, counted and passed over.
type NightLocks interface {
	Acquire(ctx context.Context, accommodationID int64, nights []booking.Date, token string, ttl time.Duration) (ok bool, holder string, err error)
	Release(ctx context.Context, accommodationID int64, nights []booking.Date, token string) error
}

const (
	// lockMargin is how much longer than its hold a night lock lives.
	lockMargin = time.Minute
	// lockPatience is how long a hold waits for another one in the making to show whether it succeeds.
	lockPatience = 500 * time.Millisecond
	lockPoll     = 25 * time.Millisecond
	// lockTimeout bounds each word with Redis: a hold does not wait for an optimisation.
	lockTimeout = 300 * time.Millisecond
)

// PlaceHold locks the nights, prices the stay and inserts the hold in one transaction.
func (a *Reservations) PlaceHold(ctx context.Context, in workflows.BookingInput) (workflows.HoldPlaced, error) {
	now := a.Now()
	property, place, err := a.place(ctx, in.AccommodationID)
	if err != nil {
		return workflows.HoldPlaced{}, asTemporal(err)
	}
	if err := property.Limits.Check(place, in.Stay, in.Guests, booking.DateIn(now, property.Location)); err != nil {
		return workflows.HoldPlaced{}, asTemporal(err)
	}
	if err := a.lockNights(ctx, in); err != nil {
		return workflows.HoldPlaced{}, asTemporal(err)
	}
	r, err := a.Store.PlaceHold(ctx, postgres.NewHold{
		Code: in.Code, AccommodationID: in.AccommodationID, GuestID: in.GuestID, Stay: in.Stay, Guests: in.Guests,
		Channel: in.Channel, TokenHash: in.TokenHash, ExpiresAt: now.Add(in.HoldFor),
		ClientHash: in.ClientHash, HoldsPerPhone: in.HoldsPerPhone, HoldsPerAddress: in.HoldsPerAddress,
		Quote: booking.QuoteStay(place.Rate, in.Stay, in.Guests, property.DepositPercent),
	}, now)
	if err != nil {
		if code := booking.CodeOf(err); code != booking.CodeUnavailable && code != booking.CodeInternal {
			a.releaseNights(ctx, in.AccommodationID, in.Stay, in.Code)
		}
		return workflows.HoldPlaced{}, asTemporal(err)
	}
	// Asked again, it returns the hold made before.
	if r.CreatedAt.Equal(now.Truncate(time.Microsecond)) {
		a.Metrics.ReservationsCreated.WithLabelValues(string(in.Channel)).Inc()
	}
	return workflows.HoldPlaced{ExpiresAt: r.ExpiresAt}, nil
}

func (a *Reservations) place(ctx context.Context, id int64) (booking.Property, booking.Accommodation, error) {
	property, err := catalogue{store: a.Store, terms: a.Terms, now: a.Now}.property(ctx)
	if err != nil {
		return property, booking.Accommodation{}, err
	}
	place, err := a.Store.Accommodation(ctx, id)
	return property, place, err
}

// lockNights takes the night locks, or refuses when another live hold has them. A lock left behind by a closed reservation
// is removed; a lock whose reservation is not there yet is waited for briefly and then left to the constraint to settle.
func (a *Reservations) lockNights(ctx context.Context, in workflows.BookingInput) error {
	for deadline := time.Now().Add(lockPatience); ; {
		ok, holder, err := a.acquire(ctx, in)
		if err != nil {
			a.Metrics.RedisLockUnavailable.Inc()
			slog.WarnContext(ctx, "night locks unavailable, going on without", "code", in.Code, "error", err)
			return nil
		}
		if ok {
			return nil
		}
		other, err := a.Store.Reservation(ctx, holder)
		switch {
		case err == nil && other.Status.Live():
			a.Metrics.ReservationsLockFailed.WithLabelValues(string(in.Channel)).Inc()
			return booking.Refuse(booking.CodeDatesTaken, "the nights are locked by %s", holder)
		case err == nil:
			a.releaseNights(ctx, other.AccommodationID, other.Stay, holder)
		case !booking.IsCode(err, booking.CodeNotFound):
			return err
		}
		if time.Now().After(deadline) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}

func (a *Reservations) acquire(ctx context.Context, in workflows.BookingInput) (bool, string, error) {
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	return a.Locks.Acquire(ctx, in.AccommodationID, in.Stay.EachNight(), in.Code, in.HoldFor+lockMargin)
}

func (a *Reservations) releaseNights(ctx context.Context, accommodationID int64, stay booking.Stay, code string) {
	releaseNights(ctx, a.Locks, a.Metrics, accommodationID, stay, code)
}

// releaseNights frees the night locks of a reservation that needs them no more. They would end by themselves; a failure is
// counted and no reason to repeat anything.
func releaseNights(ctx context.Context, locks NightLocks, metrics *observe.Metrics, accommodationID int64, stay booking.Stay, code string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockTimeout)
	defer cancel()
	if err := locks.Release(ctx, accommodationID, stay.EachNight(), code); err != nil {
		metrics.RedisLockUnavailable.Inc()
		slog.WarnContext(ctx, "night locks not released, they end by themselves", "code", code, "error", err)
	}
}

// ExpireHold ends a hold whose deadline has passed, unless it was confirmed, extended or cancelled before.
func (a *Reservations) ExpireHold(ctx context.Context, ref workflows.ReservationRef) (workflows.ReservationChange, error) {
	change, err := a.Store.ExpireHold(ctx, ref.Code, a.Now())
	if err == nil && change.Changed {
		a.Metrics.HoldsExpired.WithLabelValues(strconv.FormatInt(change.Reservation.AccommodationID, 10)).Inc()
		a.Metrics.HoldLateness.Observe(max(a.Now().Sub(change.Reservation.ExpiresAt), 0).Seconds())
	}
	return a.closed(ctx, change, change.Reservation.Paid, err)
}

// ExtendHold moves the deadline of a live hold, once.
func (a *Reservations) ExtendHold(ctx context.Context, in workflows.ExtendInput) (workflows.ReservationChange, error) {
	change, err := a.Store.ExtendHold(ctx, in.Code, in.Until, a.Now())
	if err == nil && change.Changed {
		a.lockLonger(ctx, change.Reservation)
	}
	return changeOf(change, booking.Money{}), asTemporal(err)
}

func (a *Reservations) lockLonger(ctx context.Context, r postgres.Reservation) {
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	if _, _, err := a.Locks.Acquire(ctx, r.AccommodationID, r.Stay.EachNight(), r.Code, r.ExpiresAt.Sub(a.Now())+lockMargin); err != nil {
		a.Metrics.RedisLockUnavailable.Inc()
	}
}

// CancelReservation ends a live reservation and says what the policy gives back.
func (a *Reservations) CancelReservation(ctx context.Context, in workflows.CancelInput) (workflows.ReservationChange, error) {
	property, err := a.Store.Property(ctx)
	if err != nil {
		return workflows.ReservationChange{}, asTemporal(err)
	}
	order := postgres.CancelOrder{By: in.By, Reason: in.Reason, Refund: in.Refund, StaffID: in.StaffID}
	change, err := a.Store.CancelBy(ctx, in.Code, order, a.Now())
	r := change.Reservation
	// The day of the first cancellation counts, also when this is asked again past midnight.
	at := r.CancelledAt
	if at.IsZero() {
		at = a.Now()
	}
	refund := booking.Cancellation{
		By: in.By, Choice: in.Refund, Paid: r.Paid, Policy: r.Cancellation, CheckIn: r.Stay.CheckIn, Today: booking.DateIn(at, property.Location),
	}.Refund()
	outcome, err := a.closed(ctx, change, refund, err)
	outcome.AskOwner = a.Terms.asksOwner(in.By, refund)
	return outcome, err
}

// ConfirmByOwner confirms by the decision of a member of staff.
func (a *Reservations) ConfirmByOwner(ctx context.Context, in workflows.OwnerConfirmInput) (workflows.ReservationChange, error) {
	change, err := a.Store.ConfirmByOwner(ctx, in.Code, in.StaffID, a.Now())
	if err == nil && change.Changed {
		a.Metrics.ReservationsConfirmed.WithLabelValues(string(change.Reservation.Channel)).Inc()
	}
	return a.closed(ctx, change, booking.Money{}, err)
}

// CompleteStay closes a confirmed stay after its check-out.
func (a *Reservations) CompleteStay(ctx context.Context, ref workflows.ReservationRef) (workflows.ReservationChange, error) {
	change, err := a.Store.CompleteStay(ctx, ref.Code, a.Now())
	return changeOf(change, booking.Money{}), asTemporal(err)
}

// arrivalLead is how long before check-in a guest is told how to arrive; departures are worked off at check-out time.
const arrivalLead = 24 * time.Hour

// StayTimes says when a confirmed stay is accompanied.
func (a *Reservations) StayTimes(ctx context.Context, ref workflows.ReservationRef) (workflows.StayTimes, error) {
	property, err := a.Store.Property(ctx)
	if err != nil {
		return workflows.StayTimes{}, asTemporal(err)
	}
	r, err := a.Store.Reservation(ctx, ref.Code)
	if err != nil {
		return workflows.StayTimes{}, asTemporal(err)
	}
	return workflows.StayTimes{
		Arrival:   r.Stay.CheckIn.At(0, property.CheckInTime, property.Location).Add(-arrivalLead),
		CheckIn:   r.Stay.CheckIn.At(0, property.CheckInTime, property.Location),
		Balance:   balanceSteps(property, r.Stay),
		Departure: r.Stay.CheckOut.At(0, property.CheckOutTime, property.Location),
	}, nil
}

// closed reports a change after which the night locks are of no more use: the row itself holds the nights, or nothing does.
func (a *Reservations) closed(ctx context.Context, change postgres.Change, refund booking.Money, err error) (workflows.ReservationChange, error) {
	if err != nil {
		return workflows.ReservationChange{}, asTemporal(err)
	}
	if change.Changed {
		a.releaseNights(ctx, change.Reservation.AccommodationID, change.Reservation.Stay, change.Reservation.Code)
	}
	return changeOf(change, refund), nil
}

func changeOf(change postgres.Change, refund booking.Money) workflows.ReservationChange {
	r := change.Reservation
	return workflows.ReservationChange{Changed: change.Changed, Status: r.Status, ExpiresAt: r.ExpiresAt, RefundDue: refund}
}
