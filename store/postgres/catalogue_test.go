package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/migrations"
	"cabanas/samples"
	"cabanas/store/postgres"
)

func TestPropertyIsMade(t *testing.T) {
	t.Parallel()
	b := setup(t)
	property, err := b.Property(t.Context())
	require.NoError(t, err)
	require.Equal(t, "America/Argentina/Buenos_Aires", property.Location.String())
	require.Equal(t, booking.ARS, property.Currency)
	require.Equal(t, 14*60, property.CheckInTime)
	require.Equal(t, 10*60, property.CheckOutTime)
	require.Equal(t, booking.DefaultLimits, property.Limits)
	require.Zero(t, property.DepositPercent, "the installation's")
	require.Equal(t, booking.FlexiblePolicy, property.Cancellation)
}

func TestAccommodations(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cabin := booking.Accommodation{
		Name: "Los Cipreses", Type: booking.House, Capacity: 6, Active: true, Description: "Grande",
		Amenities: []string{"wifi"}, Photos: []booking.Photo{{URL: "https://x/1.jpg", Caption: "frente"}},
		Location: booking.Location{City: "Bariloche", Latitude: -41.1, Longitude: -71.3}, CheckInText: "Tocá timbre",
		Rate: booking.Rate{
			Base: booking.Centavos(12_345_678), WeekendPercent: 130, CleaningFee: booking.Pesos(9), GuestsIncluded: 4,
			ExtraGuest: booking.Pesos(8), MinNights: 3, LengthDiscounts: []booking.LengthDiscount{{Nights: 7, Percent: 10}},
		},
	}
	id, err := b.CreateAccommodation(t.Context(), cabin)
	require.NoError(t, err)
	cabin.ID, cabin.Rate.Version = id, 1
	read, err := b.Accommodation(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, cabin, read)

	require.NoError(t, b.SetAccommodationActive(t.Context(), b.cabin, false))
	offered, err := b.Accommodations(t.Context())
	require.NoError(t, err)
	require.Equal(t, []booking.Accommodation{cabin}, offered)
	inactive, err := b.Accommodation(t.Context(), b.cabin)
	require.NoError(t, err)
	require.False(t, inactive.Active)
	_, err = b.Accommodation(t.Context(), 4711)
	requireCode(t, err, booking.CodeNotFound)
	requireCode(t, b.SetAccommodationActive(t.Context(), 4711, true), booking.CodeNotFound)

	for name, spoil := range map[string]func(*booking.Accommodation){
		"no name":      func(a *booking.Accommodation) { a.Name = "" },
		"a tent":       func(a *booking.Accommodation) { a.Type = "tent" },
		"for nobody":   func(a *booking.Accommodation) { a.Capacity = 0 },
		"for free":     func(a *booking.Accommodation) { a.Rate.Base.Centavos = 0 },
		"no nights":    func(a *booking.Accommodation) { a.Rate.MinNights = 0 },
		"negative fee": func(a *booking.Accommodation) { a.Rate.CleaningFee.Centavos = -1 },
	} {
		spoiled := cabin
		spoil(&spoiled)
		_, err := b.CreateAccommodation(t.Context(), spoiled)
		require.Equal(t, booking.CodeInvalidInput, booking.CodeOf(err), name)
	}
}

func TestBusyIsOfOfferedAccommodations(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 3))
	gone := b.hold(stay("2027-01-20", 3))
	_, err := b.Cancel(t.Context(), gone.Code, booking.ByGuest, "guest", now)
	require.NoError(t, err)
	busy := func(from, to string) []booking.Busy {
		nights, err := b.Busy(t.Context(), booking.MustDate(from), booking.MustDate(to))
		require.NoError(t, err)
		return nights
	}
	require.Equal(t, []booking.Busy{{AccommodationID: b.cabin, Stay: r.Stay}}, busy("2027-01-12", "2027-03-01"))
	require.Empty(t, busy("2027-01-13", "2027-03-01"), "the day of departure is free")
	require.Empty(t, busy("2027-01-01", "2027-01-10"), "to is not part of it")
	require.NoError(t, b.SetAccommodationActive(t.Context(), b.cabin, false))
	require.Empty(t, busy("2027-01-01", "2027-03-01"))
}

func TestSeedSampleCabinsOnce(t *testing.T) {
	t.Parallel()
	store, err := postgres.Open(t.Context(), embeddedtest.Database(t, migrations.Up), 4)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	pictureURL := func(name string) string { return samples.Address("https://cabins.ar/", name) }
	var group errgroup.Group
	for range 4 {
		group.Go(func() error { return store.SeedSampleCabins(t.Context(), pictureURL) })
	}
	require.NoError(t, group.Wait())
	cabins, err := store.Accommodations(t.Context())
	require.NoError(t, err)
	require.Len(t, cabins, 3)
	seen := map[string]bool{}
	for _, cabin := range cabins {
		quote := booking.QuoteStay(cabin.Rate, stay("2027-01-10", 7), cabin.Capacity, 30)
		require.Positive(t, quote.Total.Centavos)
		require.GreaterOrEqual(t, len(cabin.Photos), 2, cabin.Name)
		for _, photo := range cabin.Photos {
			file, ours := strings.CutPrefix(photo.URL, "https://cabins.ar"+samples.Path)
			require.True(t, ours, photo.URL)
			_, there := samples.Picture(file)
			require.True(t, there, photo.URL)
			require.NotEmpty(t, photo.Caption, photo.URL)
			require.False(t, seen[photo.URL], "%s is shown once", photo.URL)
			seen[photo.URL] = true
		}
	}
	require.NoError(t, store.SetAccommodationActive(t.Context(), cabins[0].ID, false))
	require.NoError(t, store.SeedSampleCabins(t.Context(), pictureURL))
	cabins, err = store.Accommodations(t.Context())
	require.NoError(t, err)
	require.Len(t, cabins, 2, "a catalogue that is not empty is the owner's")
}

func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	_, err := postgres.Open(t.Context(), "postgres://nobody@127.0.0.1:1/none?connect_timeout=2", 1)
	requireCode(t, err, booking.CodeUnavailable)

	b := setup(t)
	require.NoError(t, b.Ping(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	requireCode(t, b.Ping(ctx), booking.CodeUnavailable)
	b.exec(`DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid(); END $$`)
	// A connection cut under a call says so, and the next call gets a new one.
	require.Eventually(t, func() bool {
		err := b.Ping(t.Context())
		if err != nil {
			require.Equal(t, booking.CodeUnavailable, booking.CodeOf(err))
		}
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
}
