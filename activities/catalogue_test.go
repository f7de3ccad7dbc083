package activities_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/internal/observe"
	"cabanas/migrations"
	"cabanas/store/postgres"
)

// statements counts what a pool is asked, and the rows it answers.
type statements struct{ asked, rows atomic.Int64 }

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	s.asked.Add(1)
	return ctx
}

func (s *statements) TraceQueryEnd(_ context.Context, _ *pgx.Conn, end pgx.TraceQueryEndData) {
	s.rows.Add(end.CommandTag.RowsAffected())
}

// Asking for one cabin costs as many statements with forty cabins as with four; and while it is free, as few rows.
func TestAvailabilityCostsTheSameInALargePlace(t *testing.T) {
	t.Parallel()
	seen := &statements{}
	url := embeddedtest.Database(t, migrations.Up)
	store, err := postgres.Open(t.Context(), url, 2, func(c *pgxpool.Config) { c.ConnConfig.Tracer = seen })
	require.NoError(t, err)
	t.Cleanup(store.Close)
	now := time.Date(2026, time.November, 22, 15, 0, 0, 0, time.UTC)
	desk := &activities.FrontDesk{Store: store, Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: func() time.Time { return now },
		Terms: activities.Terms{DepositPercent: 30, Limits: booking.Limits{HorizonMonths: 18, LongestStay: 30}}}
	free := booking.Stay{CheckIn: booking.MustDate("2027-01-10"), CheckOut: booking.MustDate("2027-01-13")}
	sold := free.Shift(10)
	guest, err := store.UpsertGuest(t.Context(), postgres.Guest{Phone: "543515550101"})
	require.NoError(t, err)
	first := int64(0)
	build := func(cabins int) {
		for n := range cabins {
			id, err := store.CreateAccommodation(t.Context(), booking.Accommodation{Name: "Cabaña", Type: booking.Cabin, Capacity: 4, Active: true,
				Rate: booking.Rate{Base: booking.Pesos(50_000), WeekendPercent: 100, MinNights: 1}})
			require.NoError(t, err)
			if first == 0 {
				first = id
			}
			if n == 1 {
				continue // free for who finds the first one sold
			}
			_, err = store.PlaceHold(t.Context(), postgres.NewHold{Code: fmt.Sprintf("RES261122%06X", id), AccommodationID: id, GuestID: guest, Stay: sold,
				Guests: 2, Channel: booking.ChannelDirect, Quote: booking.QuoteStay(booking.Rate{Base: booking.Pesos(50_000)}, sold, 2, 30), ExpiresAt: now.Add(time.Hour), TokenHash: []byte("x")}, now)
			require.NoError(t, err)
		}
	}
	ask := func(stay booking.Stay) (activities.Availability, int64, int64) {
		seen.asked.Store(0)
		seen.rows.Store(0)
		answer, err := desk.Availability(t.Context(), activities.AvailabilityRequest{AccommodationID: first, Stay: stay, Guests: 2})
		require.NoError(t, err)
		return answer, seen.asked.Load(), seen.rows.Load()
	}
	build(4)
	answer, asked, rows := ask(free)
	require.True(t, answer.Available)
	require.EqualValues(t, 3, asked, "the property, the cabin with its rules, its nights")
	require.EqualValues(t, 2, rows)
	other, askedSold, _ := ask(sold)
	require.False(t, other.Available)
	require.NotEmpty(t, other.Alternatives)
	require.NotEqual(t, first, other.Alternatives[0].AccommodationID)
	require.Equal(t, sold, other.Alternatives[0].Stay)

	build(36)
	answer, askedLater, rowsLater := ask(free)
	require.True(t, answer.Available)
	require.Equal(t, []int64{asked, rows}, []int64{askedLater, rowsLater})
	other, askedLater, _ = ask(sold)
	require.False(t, other.Available)
	require.Equal(t, askedSold, askedLater)
}
