package booking_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

func TestLateOffersAreNearest(t *testing.T) {
	t.Parallel()
	cabin := func(id int64, capacity int, base int64) booking.Accommodation {
		return booking.Accommodation{ID: id, Name: "Cabaña", Capacity: capacity, Active: true,
			Rate: booking.Rate{Base: booking.Pesos(base), WeekendPercent: 100, MinNights: 1}}
	}
	closed := cabin(7, 4, 100)
	closed.Active = false
	paid := booking.Stay{CheckIn: booking.MustDate("2027-01-10"), CheckOut: booking.MustDate("2027-01-12")}
	search := booking.LateSearch{
		Paid: cabin(1, 4, 100), Stay: paid, Guests: 3, Total: booking.Pesos(200), Today: booking.MustDate("2027-01-08"),
		Catalog: []booking.Accommodation{cabin(1, 4, 100), cabin(2, 4, 80), cabin(3, 4, 120), cabin(4, 2, 100), cabin(5, 6, 300), closed},
		Limits:  booking.Limits{HorizonMonths: 12, LongestStay: 30},
	}
	type pick struct {
		id     int64
		shift  int
		reason booking.OfferReason
	}
	picks := func(busy ...booking.Busy) (found []pick) {
		for _, offer := range booking.NewCalendar(busy).LateOffers(search) {
			found = append(found, pick{offer.AccommodationID, paid.CheckIn.DaysUntil(offer.Stay.CheckIn), offer.Reason})
			require.Equal(t, paid.Nights(), offer.Stay.Nights())
			require.False(t, offer.Stay.CheckIn.Before(search.Today))
		}
		return found
	}
	sold := booking.Busy{AccommodationID: 1, Stay: paid}
	taken := func(id int64) booking.Busy { return booking.Busy{AccommodationID: id, Stay: paid} }

	// Equally near prices: the dearer one, at the old price. Then the cheaper, then the much dearer.
	require.Equal(t, []pick{{3, 0, booking.SameNights}, {2, 0, booking.SameNights}, {5, 0, booking.SameNights}}, picks(sold)[:3])
	require.Equal(t, pick{2, 0, booking.SameNights}, picks(sold, taken(3))[0])
	// Nothing for the same nights: the same cabin as soon as possible around them, and nothing in the past.
	alone := picks(sold, taken(2), taken(3), taken(5))
	require.Equal(t, []pick{{1, 2, booking.SameCabin}, {1, -2, booking.SameCabin}, {1, 3, booking.SameCabin}}, alone[:3])
	for _, other := range alone[3:] {
		require.Equal(t, booking.OtherNights, other.reason)
	}
	search.Guests = 7
	require.Empty(t, picks(sold))
}
