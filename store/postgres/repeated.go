package postgres

import (
	"context"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// LiveReservationByToken finds the reservation of a stay that runs and whose guest was given the secret with this hash; refused with
// [booking.CodeNotFound] when there is none.
func (s *Store) LiveReservationByToken(ctx context.Context, accommodationID int64, stay booking.Stay, tokenHash []byte) (Reservation, error) {
	code, err := s.queries.LiveReservationByToken(ctx, s.pool, &dbgen.LiveReservationByTokenParams{
		AccommodationID: accommodationID, CheckIn: stay.CheckIn.Time(), CheckOut: stay.CheckOut.Time(), TokenHash: tokenHash,
	})
	if err != nil {
		return Reservation{}, explain("find reservation by its secret", err)
	}
	return s.Reservation(ctx, code)
}
