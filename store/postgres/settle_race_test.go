package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// A payment, its twin, the deadline, and others who want the nights, at the same moment.
func TestPaymentRacesTheDeadline(t *testing.T) {
	t.Parallel()
	rounds := 500
	if testing.Short() {
		rounds = 50
	}
	b := setup(t)
	var confirmed, returned atomic.Int32
	var lanes errgroup.Group
	for range 4 {
		cabin := b.newCabin()
		lanes.Go(func() error {
			for i := range rounds {
				wish := b.wish(stay("2027-01-01", 2).Shift(i * 2))
				wish.AccommodationID = cabin
				r, err := b.PlaceHold(t.Context(), wish, now)
				if err != nil {
					return err
				}
				end, err := b.raceForPayment(r, wish)
				switch {
				case err != nil:
					return err
				case end == "confirmed applied":
					confirmed.Add(1)
				case end == "expired to_refund":
					returned.Add(1)
				default:
					return fmt.Errorf("%s ended as %s", r.Code, end)
				}
			}
			return nil
		})
	}
	require.NoError(t, lanes.Wait())
	t.Logf("confirmed %d, to be returned %d", confirmed.Load(), returned.Load())
	b.clean()
}

// raceForPayment lets everything that can happen at a deadline happen at once, and says how it ended.
func (b *bench) raceForPayment(r postgres.Reservation, rival postgres.NewHold) (string, error) {
	ctx := b.t.Context()
	p := report(r.Code)
	rival.Code = newCode()
	var group errgroup.Group
	for _, try := range []func() error{
		func() error { _, err := b.Settle(ctx, p, r.ExpiresAt); return err },
		func() error { _, err := b.Settle(ctx, p, r.ExpiresAt); return err },
		func() error { _, err := b.ExpireHold(ctx, r.Code, r.ExpiresAt); return err },
		func() error {
			_, err := b.PlaceHold(ctx, rival, now)
			if booking.IsCode(err, booking.CodeDatesTaken) {
				return nil
			}
			return err
		},
	} {
		group.Go(func() error {
			<-time.After(time.Duration(rand.IntN(1500)) * time.Microsecond) // not a wait: another order each time
			return try()
		})
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	row, err := b.Reservation(ctx, r.Code)
	if err == nil && row.Status == booking.Expired {
		_, err = b.QueueNotice(ctx, ownerCase(r.Code, p.ProviderID), now)
	}
	if err != nil {
		return "", err
	}
	var disposition string
	err = b.sql.QueryRow(ctx, `SELECT disposition FROM payments WHERE provider_id = $1`, p.ProviderID).Scan(&disposition)
	return string(row.Status) + " " + disposition, err
}
