package activities

import (
	"context"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// StayStore is what another stay writes.
type StayStore interface {
	ChangeStay(ctx context.Context, wish postgres.StayChange, now time.Time) (postgres.MovedStay, error)
	MarkNoShow(ctx context.Context, code string, staffID int64, today booking.Date, now time.Time) (postgres.Change, error)
}

var _ workflows.StayChangeActivities = (*Reservations)(nil)

// ChangeStay prices another stay by today's rates when it is to be priced, and moves the reservation and its night locks.
func (a *Reservations) ChangeStay(ctx context.Context, in workflows.StayChangeInput) (workflows.StayChanged, error) {
	plan, err := a.stays().plan(ctx, in.Code, stayWish{in.AccommodationID, in.Stay, in.Guests, in.Price == workflows.PriceRequote})
	if err != nil {
		return workflows.StayChanged{}, asTemporal(err)
	}
	wish := postgres.StayChange{Code: in.Code, AccommodationID: in.AccommodationID, Stay: in.Stay, Guests: in.Guests,
		StaffID: in.StaffID, Key: in.Key}
	if in.Price == workflows.PriceRequote {
		wish.Quote = &plan.quote
	}
	moved, err := a.Store.ChangeStay(ctx, wish, a.Now())
	if err != nil {
		return workflows.StayChanged{}, asTemporal(err)
	}
	before, after := moved.Before, moved.Reservation
	if moved.Changed && after.Status == booking.PreReserved {
		a.releaseNights(ctx, before.AccommodationID, before.Stay, in.Code)
		a.lockLonger(ctx, after)
	}
	return workflows.StayChanged{
		Change: changeOf(moved.Change, booking.Money{}), Changed: moved.Changed || moved.Repeated, UnitName: after.UnitName,
		// Whoever asks again does not know what was before: a link too many is closed, a wrong one is paid.
		DepositChanged: moved.Repeated || before.Deposit != after.Deposit,
		DueChanged:     moved.Repeated || before.Total != after.Total || before.Stay.CheckIn != after.Stay.CheckIn,
	}, nil
}

// MarkNoShow closes a stay whose guest did not come, from its check-in day on.
func (a *Reservations) MarkNoShow(ctx context.Context, in workflows.NoShowInput) (workflows.ReservationChange, error) {
	property, err := a.Store.Property(ctx)
	if err != nil {
		return workflows.ReservationChange{}, asTemporal(err)
	}
	now := a.Now()
	change, err := a.Store.MarkNoShow(ctx, in.Code, in.StaffID, booking.DateIn(now, property.Location), now)
	return changeOf(change, booking.Money{}), asTemporal(err)
}

func (a *Reservations) stays() stayPlanner {
	return stayPlanner{catalogue{store: a.Store, terms: a.Terms, now: a.Now}, a.Store}
}

// stayWish is another stay that somebody wants for a reservation.
type stayWish struct {
	accommodationID int64
	stay            booking.Stay
	guests          int
	requote         bool
}

// stayPlan is what a [stayWish] would make of a reservation.
type stayPlan struct {
	reservation postgres.Reservation
	place       booking.Accommodation
	// quote is what the stay costs by today's rates, and the price as it was agreed when that is kept.
	quote booking.Quote
}

// stayPlanner prices another stay and holds it to the rules. Whether the nights are free is for the database to say.
type stayPlanner struct {
	catalogue
	reservations interface {
		Reservation(ctx context.Context, code string) (postgres.Reservation, error)
	}
}

// plan refuses what breaks a limit of the property. A stay that has begun may keep its first day, and a cabin that is not offered
// any more its guests.
func (p stayPlanner) plan(ctx context.Context, code string, wish stayWish) (stayPlan, error) {
	var plan stayPlan
	property, err := p.property(ctx)
	if err != nil {
		return plan, err
	}
	if plan.reservation, err = p.reservations.Reservation(ctx, code); err != nil {
		return plan, err
	}
	if plan.place, err = p.store.Accommodation(ctx, wish.accommodationID); err != nil {
		return plan, err
	}
	if _, err := booking.NewStay(wish.stay.CheckIn, wish.stay.CheckOut); err != nil {
		return plan, err
	}
	r, today := plan.reservation, p.today(property)
	plan.quote = r.Quote
	plan.quote.Total, plan.quote.Deposit = r.Total, r.Deposit
	if wish.requote && wish.stay.Nights() <= property.Limits.LongestStay {
		plan.quote = p.quote(property, plan.place, wish.stay, wish.guests)
	}
	offered, earliest := plan.place, today
	if wish.accommodationID == r.AccommodationID {
		offered.Active = true
	}
	if wish.stay.CheckIn == r.Stay.CheckIn && r.Stay.CheckIn.Before(today) {
		earliest = r.Stay.CheckIn
	}
	if wish.stay.CheckOut.Before(today) {
		return plan, booking.Refuse(booking.CodeInThePast, "check-out %s is before today, %s", wish.stay.CheckOut, today)
	}
	return plan, property.Limits.Check(offered, wish.stay, wish.guests, earliest)
}
