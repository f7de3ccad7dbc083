package postgres

import (
	"context"

	"cabanas/booking"
)

// Property returns the business; the migrations make one.
func (s *Store) Property(ctx context.Context) (booking.Property, error) {
	return booking.Property{}, errPending
}

// Accommodations lists what is offered, by id.
func (s *Store) Accommodations(ctx context.Context) ([]booking.Accommodation, error) {
	return nil, errPending
}

// Accommodation reads one, offered or not; unknown ids are [booking.CodeNotFound].
func (s *Store) Accommodation(ctx context.Context, id int64) (booking.Accommodation, error) {
	return booking.Accommodation{}, errPending
}

// CreateAccommodation adds one to the property and returns its id; values that break a rule are [booking.CodeInvalidInput].
func (s *Store) CreateAccommodation(ctx context.Context, accommodation booking.Accommodation) (int64, error) {
	return 0, errPending
}

// SetAccommodationActive offers an accommodation or takes it off the offer; its bookings stay.
func (s *Store) SetAccommodationActive(ctx context.Context, id int64, active bool) error {
	return errPending
}

// Busy lists what cannot be sold between two dates (to excluded): live reservations and active blocks of offered accommodations.
func (s *Store) Busy(ctx context.Context, from, to booking.Date) ([]booking.Busy, error) {
	return nil, errPending
}

// SeedSampleCabins adds three sample cabins to a catalogue that is empty and does nothing otherwise.
func (s *Store) SeedSampleCabins(ctx context.Context) error { return errPending }
