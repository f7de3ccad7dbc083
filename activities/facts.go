package activities

import (
	"context"
	"errors"
	"sort"
	"time"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/store/postgres"
)

// mostBookings is how many of a guest's reservations a conversation looks at.
const mostBookings = 10

// facts answers one turn's questions about the business; it lives as long as the turn and reads everything at most once.
type facts struct {
	ctx       context.Context
	catalogue catalogue
	guests    GuestBookings
	guestID   int64
	property  booking.Property
	now       time.Time
	places    []booking.Accommodation
	bookings  []dialogue.BookingView
}

// GuestBookings reads the reservations of a guest.
type GuestBookings interface {
	linkReader
	GuestReservations(ctx context.Context, guestID int64, limit int) ([]postgres.Reservation, error)
}

var _ dialogue.Facts = (*facts)(nil)

func newFacts(ctx context.Context, catalogue catalogue, guests GuestBookings, guestID int64) (*facts, error) {
	property, err := catalogue.property(ctx)
	if err != nil {
		return nil, err
	}
	return &facts{ctx: ctx, catalogue: catalogue, guests: guests, guestID: guestID, property: property, now: catalogue.now()}, nil
}

func (f *facts) Now() time.Time             { return f.now }
func (f *facts) Property() booking.Property { return f.property }

func (f *facts) Accommodations() ([]booking.Accommodation, error) {
	if f.places == nil {
		places, err := f.catalogue.store.Accommodations(f.ctx)
		if err != nil {
			return nil, err
		}
		f.places = places
	}
	return f.places, nil
}

func (f *facts) Offers(stay booking.Stay, guests int) ([]dialogue.Offer, error) {
	places, err := f.Accommodations()
	if err != nil {
		return nil, err
	}
	calendar, err := f.catalogue.calendar(f.ctx, stay, 0)
	if err != nil {
		return nil, err
	}
	var (
		offers  []dialogue.Offer
		refusal error
		fits    int
		today   = booking.DateIn(f.now, f.property.Location)
	)
	for _, place := range places {
		if err := f.property.Limits.Check(place, stay, guests, today); err != nil {
			refusal = err
			continue
		}
		fits++
		if calendar.Free(place.ID, stay) {
			offers = append(offers, dialogue.Offer{Accommodation: place, Stay: stay, Guests: guests,
				Quote: f.catalogue.quote(f.property, place, stay, guests)})
		}
	}
	if fits == 0 && refusal != nil {
		return nil, refusal // where one would fit and is taken, "nothing free" is the truth
	}
	sort.SliceStable(offers, func(i, j int) bool { return offers[i].Quote.Total.Less(offers[j].Quote.Total) })
	return offers, nil
}

func (f *facts) Offer(id int64, stay booking.Stay, guests int) (dialogue.Offer, []booking.Alternative, error) {
	answer, err := f.catalogue.offer(f.ctx, id, stay, guests)
	offer := dialogue.Offer{Accommodation: answer.place, Stay: stay, Guests: guests, Quote: answer.quote}
	if taken, ok := errors.AsType[*TakenError](err); ok {
		return offer, taken.Alternatives, taken.Unwrap()
	}
	return offer, nil, err
}

func (f *facts) Bookings() ([]dialogue.BookingView, error) {
	if f.bookings == nil {
		reservations, err := f.guests.GuestReservations(f.ctx, f.guestID, mostBookings)
		if err != nil {
			return nil, err
		}
		f.bookings = make([]dialogue.BookingView, 0, len(reservations))
		for _, reservation := range reservations {
			view, err := viewOf(f.ctx, f.guests, f.property, reservation, f.now)
			if err != nil {
				return nil, err
			}
			f.bookings = append(f.bookings, view)
		}
	}
	return f.bookings, nil
}

// viewOf is a reservation as its guest is told about it.
func viewOf(ctx context.Context, links linkReader, property booking.Property, r postgres.Reservation, now time.Time) (dialogue.BookingView, error) {
	view := dialogue.BookingView{
		Code: r.Code, AccommodationID: r.AccommodationID, UnitName: r.UnitName, Stay: r.Stay, Guests: r.Guests,
		Status: r.Status, PaymentStatus: r.PaymentStatus, Total: r.Total, Deposit: r.Deposit, Paid: r.Paid,
		ExpiresAt: r.ExpiresAt, ExtendedOnce: r.ExtendedOnce,
		Cancellation:      r.Cancellation,
		RefundIfCancelled: r.Cancellation.Refund(r.Paid, r.Stay.CheckIn, booking.DateIn(now, property.Location)),
	}
	if r.Status == booking.Expired {
		alternative, found, err := links.Alternative(ctx, r.Code)
		if found {
			view.Alternative = alternativeView(alternative, now)
		}
		return view, err
	}
	if !r.Status.Live() || r.Status == booking.Confirmed && property.Payments.BalanceMode != booking.BalanceByLink {
		return view, nil
	}
	open, err := links.OpenPaymentLinks(ctx, r.Code)
	if err != nil {
		return view, err
	}
	for _, link := range open {
		switch {
		case link.Kind == booking.LinkBalance && r.Status == booking.Confirmed:
			view.BalanceURL = link.URL
		case link.Kind != booking.LinkBalance && r.Status == booking.PreReserved:
			view.PaymentURL = link.URL
		}
	}
	return view, nil
}

type linkReader interface {
	OpenPaymentLinks(ctx context.Context, code string) ([]postgres.PaymentLink, error)
	Alternative(ctx context.Context, code string) (postgres.Alternative, bool, error)
}
