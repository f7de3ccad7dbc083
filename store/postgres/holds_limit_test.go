package postgres_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
)

// Fifty at once, for different nights of different cabins: nothing but the limit can refuse them.
func TestHoldsOfOneClientAndOfOnePhoneAreBoundedWhenManyAskAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cabins := []int64{b.cabin}
	for range 4 {
		cabins = append(cabins, ask[int64](b, `INSERT INTO accommodations (property_id, name, type, capacity, base_price_centavos)
			SELECT property_id, 'Otra ' || random(), type, capacity, base_price_centavos FROM accommodations WHERE id = $1 RETURNING id`, b.cabin))
	}
	rush := func(month string, limitPhone, limitAddress int, guest func() int64, client []byte) (placed, refused int32) {
		var held, tooMany atomic.Int32
		var group errgroup.Group
		group.SetLimit(25)
		for n := range 50 {
			wish := b.wish(stay(month, 1))
			wish.Stay.CheckIn, wish.Stay.CheckOut = wish.Stay.CheckIn.AddDays(n/5*2), wish.Stay.CheckIn.AddDays(n/5*2+1)
			wish.AccommodationID, wish.GuestID, wish.ClientHash = cabins[n%5], guest(), client
			wish.HoldsPerPhone, wish.HoldsPerAddress = limitPhone, limitAddress
			group.Go(func() error {
				switch _, err := b.PlaceHold(t.Context(), wish, now); {
				case err == nil:
					held.Add(1)
				case booking.IsCode(err, booking.CodeTooManyHolds):
					tooMany.Add(1)
				default:
					return err
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		return held.Load(), tooMany.Load()
	}
	client := []byte("0123456789abcdef")
	placed, refused := rush("2027-03-01", 3, 10, b.newGuest, client)
	require.Equal(t, int32(10), placed, "one address with many phones")
	require.Equal(t, int32(40), refused)
	phone := b.newGuest()
	placed, refused = rush("2027-05-01", 3, 10, func() int64 { return phone }, nil)
	require.Equal(t, int32(3), placed, "one phone, from nowhere known")
	require.Equal(t, int32(47), refused)
	placed, _ = rush("2027-07-01", 0, 0, func() int64 { return phone }, client)
	require.Equal(t, int32(50), placed, "no limit")
	b.clean()
}

func TestWhatIsOverOrConfirmedDoesNotCountAndForgetsItsClient(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := []byte("0123456789abcdef")
	first, err := b.Guest(t.Context(), b.guest)
	require.NoError(t, err)
	days := 0
	try := func() (string, error) {
		days += 2
		wish := b.wish(stay("2027-03-01", 1))
		wish.Stay.CheckIn, wish.Stay.CheckOut = wish.Stay.CheckIn.AddDays(days), wish.Stay.CheckIn.AddDays(days+1)
		wish.ClientHash, wish.HoldsPerAddress, wish.ExpiresAt = client, 2, now.Add(time.Duration(days)*time.Minute)
		r, err := b.PlaceHold(t.Context(), wish, now)
		if err == nil {
			again, repeated := b.PlaceHold(t.Context(), wish, now)
			require.NoError(t, repeated, "a hold that is there already is found again, also at the limit")
			require.Equal(t, r.ID, again.ID)
		}
		return r.Code, err
	}
	place := func() string { t.Helper(); code, err := try(); require.NoError(t, err); return code }
	full := func() { t.Helper(); _, err := try(); requireCode(t, err, booking.CodeTooManyHolds) }
	one, two := place(), place()
	full()
	open, err := b.OpenHolds(t.Context(), first.Phone, client)
	require.NoError(t, err)
	require.Equal(t, 2, open.OfClient)
	require.Equal(t, now.Add(2*time.Minute), open.ClientUntil, "when the first ends")

	_, err = b.Cancel(t.Context(), one, booking.ByGuest, "guest", now)
	require.NoError(t, err)
	three := place()
	full()
	_, err = b.ConfirmByOwner(t.Context(), two, 1, now)
	require.NoError(t, err)
	four := place()
	full()
	_, err = b.ExpireHold(t.Context(), three, now.Add(time.Hour))
	require.NoError(t, err)
	place()
	full()
	for _, over := range []string{one, two, three} {
		require.True(t, ask[bool](b, `SELECT client_hash IS NULL FROM reservations WHERE code = $1`, over))
	}
	require.True(t, ask[bool](b, `SELECT client_hash IS NOT NULL FROM reservations WHERE code = $1`, four))
	require.True(t, ask[bool](b, `SELECT bool_and(details::text NOT LIKE '%client%') FROM booking_events`))
}
