package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
)

// The process that placed a hold may die before anybody hears of it: whoever asks again is not told that their own nights are taken.
func TestAnAttemptThatIsRepeatedFindsItsHold(t *testing.T) {
	t.Parallel()
	c := newCoast(t)
	bookings := &placer{c: c}
	desk := &activities.FrontDesk{Store: c.store, Bookings: bookings, Metrics: c.Metrics, Now: c.clock,
		Terms: activities.Terms{HoldFor: time.Hour, DepositPercent: 30, Limits: booking.Limits{HorizonMonths: 18, LongestStay: 30}, HoldsPerPhone: 1}}
	wish := func(attempt string) (activities.Booked, error) {
		return desk.Book(t.Context(), activities.BookRequest{
			AccommodationID: c.cabin, Stay: booking.Stay{CheckIn: c.in(20), CheckOut: c.in(22)}, Guests: 2,
			Name: "Ana", Phone: "+" + anasPhone, Channel: booking.ChannelDirect, Attempt: []byte(attempt),
		})
	}
	first, err := wish("first")
	require.NoError(t, err)
	again, err := wish("first")
	require.NoError(t, err, "neither her own hold nor the limit of her phone stands in the way")
	require.Equal(t, []string{first.Code, first.Token}, []string{again.Code, again.Token})
	require.WithinDuration(t, first.ExpiresAt, again.ExpiresAt, 0)
	require.Equal(t, 1, bookings.starts)
	for _, other := range []string{"second", ""} {
		_, err = wish(other)
		require.Error(t, err)
	}
	_, err = c.sql.Exec(t.Context(), `UPDATE reservations SET reservation_status = 'cancelled', cancelled_at = now() WHERE code = $1`, first.Code)
	require.NoError(t, err)
	anew, err := wish("first")
	require.NoError(t, err)
	require.NotEqual(t, first.Code, anew.Code, "a hold that is over is no answer")
}
