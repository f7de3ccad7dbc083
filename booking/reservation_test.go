package booking_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
)

func TestTransitions(t *testing.T) {
	t.Parallel()
	legal := map[string]bool{
		"pre_reserved confirmed": true, "pre_reserved expired": true, "pre_reserved cancelled": true,
		"confirmed cancelled": true, "confirmed completed": true, "confirmed no_show": true,
		"expired confirmed": true, "expired cancelled": true, "no_show completed": true,
	}
	for _, from := range booking.Statuses {
		require.Equal(t, from == booking.PreReserved || from == booking.Confirmed, from.Live())
		for _, to := range booking.Statuses {
			require.Equal(t, legal[fmt.Sprint(from, " ", to)], from.CanBecome(to), "%s to %s", from, to)
		}
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	evening := time.Date(2026, time.November, 22, 22, 30, 0, 0, time.FixedZone("", -3*3600))
	code := booking.NewCode(evening, [3]byte{0x0a, 0xbc, 0xde})
	require.Equal(t, "RES2611230ABCDE", code, "the day is UTC's")
	require.True(t, booking.ValidCode(code))
	require.Equal(t, code, booking.NormalizeCode(" res2611230abcde\n"))
	for _, bad := range []string{"", "RES", "res2611230abcde", "RES2611230ABCDG", "RES2611230ABCDEF", "xRES2611230ABCDE", "RES2611230ABCDE\n"} {
		require.False(t, booking.ValidCode(bad), bad)
	}
}

func TestErrorsAreComparedByCode(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("place hold: %w", booking.Refuse(booking.CodeDatesTaken, "night %s", "2027-01-10"))
	require.ErrorIs(t, err, &booking.Error{Code: booking.CodeDatesTaken})
	require.NotErrorIs(t, err, &booking.Error{Code: booking.CodeNotFound})
	require.NotErrorIs(t, err, errors.New("dates_taken"))
	require.Equal(t, booking.CodeDatesTaken, booking.CodeOf(err))
	require.Equal(t, booking.CodeInternal, booking.CodeOf(errors.New("x")))
	require.Empty(t, booking.CodeOf(nil))
	require.False(t, booking.IsCode(nil, booking.CodeInternal))
	require.Equal(t, "place hold: dates_taken: night 2027-01-10", err.Error())
}

func TestAlternatives(t *testing.T) {
	t.Parallel()
	place := func(id int64, pesos int64) booking.Accommodation {
		return booking.Accommodation{ID: id, Capacity: 4, Active: true, Rate: booking.Rate{Base: booking.Pesos(pesos), WeekendPercent: 100, MinNights: 1}}
	}
	wanted := place(1, 100)
	small := place(6, 1)
	small.Capacity = 1
	search := booking.AlternativeSearch{
		Wanted: wanted, Stay: stay("2027-01-11", "2027-01-13"), Guests: 2, Today: booking.MustDate("2027-01-10"),
		Catalog: []booking.Accommodation{wanted, place(2, 300), place(3, 200), place(4, 250), place(5, 400), small},
		Limits:  booking.DefaultLimits, DepositPercent: 30, WindowDays: 10,
	}
	calendar := booking.NewCalendar([]booking.Busy{
		{AccommodationID: 1, Stay: stay("2027-01-11", "2027-01-14")}, {AccommodationID: 3, Stay: stay("2027-01-12", "2027-01-20")},
	})
	found := calendar.Alternatives(search)
	require.Equal(t, []booking.Alternative{
		{AccommodationID: 4, Stay: search.Stay, Total: booking.Pesos(500), Deposit: booking.Pesos(150)},
		{AccommodationID: 2, Stay: search.Stay, Total: booking.Pesos(600), Deposit: booking.Pesos(180)},
		{AccommodationID: 5, Stay: search.Stay, Total: booking.Pesos(800), Deposit: booking.Pesos(240)},
		// Two days earlier would be in the past.
		{AccommodationID: 1, Stay: stay("2027-01-14", "2027-01-16"), Total: booking.Pesos(200), Deposit: booking.Pesos(60)},
		{AccommodationID: 1, Stay: stay("2027-01-15", "2027-01-17"), Total: booking.Pesos(200), Deposit: booking.Pesos(60)},
	}, found)
}

func TestAlternativesAreFreeAndWithinLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var busy []booking.Busy
		today := booking.MustDate("2027-01-01")
		for range rapid.IntRange(0, 12).Draw(t, "busy") {
			s := booking.Stay{CheckIn: today.AddDays(rapid.IntRange(0, 30).Draw(t, "from"))}
			s.CheckOut = s.CheckIn.AddDays(rapid.IntRange(1, 8).Draw(t, "for"))
			busy = append(busy, booking.Busy{AccommodationID: int64(rapid.IntRange(1, 4).Draw(t, "of")), Stay: s})
		}
		search := booking.AlternativeSearch{
			Stay:   booking.Stay{CheckIn: today.AddDays(5), CheckOut: today.AddDays(5 + rapid.IntRange(1, 5).Draw(t, "nights"))},
			Guests: rapid.IntRange(1, 5).Draw(t, "guests"), Today: today, Limits: booking.DefaultLimits, DepositPercent: 30, WindowDays: 14,
		}
		byID := map[int64]booking.Accommodation{}
		for id := range int64(4) {
			place := booking.Accommodation{ID: id + 1, Capacity: rapid.IntRange(1, 6).Draw(t, "capacity"), Active: rapid.Bool().Draw(t, "active"),
				Rate: booking.Rate{Base: booking.Pesos(100), WeekendPercent: 120, MinNights: rapid.IntRange(1, 3).Draw(t, "min")}}
			byID[place.ID] = place
			search.Catalog = append(search.Catalog, place)
		}
		search.Wanted = search.Catalog[0]
		calendar := booking.NewCalendar(busy)
		found := calendar.Alternatives(search)
		require.LessOrEqual(t, len(found), 5)
		for _, alternative := range found {
			require.True(t, calendar.Free(alternative.AccommodationID, alternative.Stay))
			require.NoError(t, search.Limits.Check(byID[alternative.AccommodationID], alternative.Stay, search.Guests, today))
			require.Equal(t, search.Stay.Nights(), alternative.Stay.Nights())
			require.False(t, alternative.AccommodationID == search.Wanted.ID && alternative.Stay == search.Stay)
		}
	})
}
