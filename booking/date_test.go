package booking_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
)

func anyDate(t *rapid.T, label string) booking.Date {
	return booking.MustDate("2020-01-01").AddDays(rapid.IntRange(-10_000, 10_000).Draw(t, label))
}

func TestDateRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDate(t, "date")
		parsed, err := booking.ParseDate(d.String())
		require.NoError(t, err)
		require.Equal(t, d, parsed)
		encoded, err := json.Marshal(map[string]booking.Date{"d": d})
		require.NoError(t, err)
		var decoded map[string]booking.Date
		require.NoError(t, json.Unmarshal(encoded, &decoded))
		require.Equal(t, d, decoded["d"])
		require.Equal(t, d, booking.DateIn(d.Time(), time.UTC))
		n := rapid.IntRange(-400, 400).Draw(t, "days")
		require.Equal(t, n, d.DaysUntil(d.AddDays(n)))
		require.Equal(t, n > 0, d.Before(d.AddDays(n)))
		require.Equal(t, n < 0, d.After(d.AddDays(n)))
	})
}

func TestDateParsing(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "2026-2-3", "2026-02-30", "03/02/2026", "2026-02-03T00:00:00Z", "hoy"} {
		_, err := booking.ParseDate(bad)
		require.Error(t, err, bad)
	}
	require.Panics(t, func() { booking.MustDate("no") })
	var none booking.Date
	require.True(t, none.IsZero())
	require.Empty(t, none.String())
	require.True(t, none.Time().IsZero())
	require.NoError(t, none.UnmarshalText([]byte("2026-02-03")))
	require.False(t, none.IsZero())
	require.NoError(t, none.UnmarshalText(nil))
	require.True(t, none.IsZero())
	require.Error(t, none.UnmarshalText([]byte("x")))
	require.False(t, booking.NewDate(1970, time.January, 1).IsZero(), "the epoch is a date")
}

func TestDateInAZone(t *testing.T) {
	t.Parallel()
	buenosAires, err := time.LoadLocation("America/Argentina/Buenos_Aires")
	require.NoError(t, err)
	late := time.Date(2026, time.December, 1, 2, 30, 0, 0, time.UTC)
	require.Equal(t, booking.MustDate("2026-11-30"), booking.DateIn(late, buenosAires), "at half past eleven in the evening")
	require.Equal(t, time.Date(2026, time.December, 1, 17, 0, 0, 0, time.UTC), booking.MustDate("2026-12-01").At(14, 0, buenosAires).UTC())
	require.Equal(t, time.Saturday, booking.MustDate("2026-11-28").Weekday())
	require.Equal(t, booking.MustDate("2027-03-03"), booking.MustDate("2027-01-31").AddMonths(1))
}

func TestStay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyDate(t, "check in")
		s, err := booking.NewStay(in, in.AddDays(rapid.IntRange(1, 60).Draw(t, "nights")))
		require.NoError(t, err)
		nights := s.EachNight()
		require.Len(t, nights, s.Nights())
		require.Equal(t, s.CheckIn, nights[0])
		require.Equal(t, s.CheckOut, nights[len(nights)-1].AddDays(1))

		other := booking.Stay{CheckIn: in.AddDays(rapid.IntRange(-70, 70).Draw(t, "shift"))}
		other.CheckOut = other.CheckIn.AddDays(rapid.IntRange(1, 60).Draw(t, "other nights"))
		shared := false
		for _, mine := range nights {
			for _, theirs := range other.EachNight() {
				shared = shared || mine == theirs
			}
		}
		require.Equal(t, shared, s.Overlaps(other), "%s and %s", s, other)
		require.Equal(t, shared, other.Overlaps(s))
		require.False(t, s.Overlaps(s.Shift(s.Nights())), "back to back")
		require.Equal(t, s, s.Shift(9).Shift(-9))
	})
	for _, dates := range [][2]string{{"2027-01-10", "2027-01-10"}, {"2027-01-10", "2027-01-09"}} {
		_, err := booking.NewStay(booking.MustDate(dates[0]), booking.MustDate(dates[1]))
		require.True(t, booking.IsCode(err, booking.CodeInvalidDates))
	}
	_, err := booking.NewStay(booking.Date{}, booking.MustDate("2027-01-10"))
	require.True(t, booking.IsCode(err, booking.CodeInvalidDates))
	require.True(t, booking.Stay{}.IsZero())
	require.Empty(t, booking.Stay{CheckIn: booking.MustDate("2027-01-10"), CheckOut: booking.MustDate("2027-01-01")}.EachNight())
	require.Equal(t, "2027-01-10/2027-01-12", booking.Stay{CheckIn: booking.MustDate("2027-01-10"), CheckOut: booking.MustDate("2027-01-12")}.String())
}
