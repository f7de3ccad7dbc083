package booking_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

func TestBusinessDeadline(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Argentina/Buenos_Aires")
	require.NoError(t, err)
	for name, test := range map[string]struct {
		from  string
		hours int
		want  string
	}{
		"within a day":                       {"2026-11-25 10:00", 4, "2026-11-25 14:00"},
		"to the end of the day":              {"2026-11-25 10:00", 8, "2026-11-25 18:00"},
		"into the next day":                  {"2026-11-25 17:30", 1, "2026-11-26 09:30"},
		"three days of nine hours":           {"2026-11-24 09:00", 24, "2026-11-26 15:00"},
		"before opening":                     {"2026-11-25 03:00", 1, "2026-11-25 10:00"},
		"after closing":                      {"2026-11-25 22:00", 1, "2026-11-26 10:00"},
		"at closing":                         {"2026-11-25 18:00", 1, "2026-11-26 10:00"},
		"over a weekend":                     {"2026-11-27 17:00", 2, "2026-11-30 10:00"},
		"from a Saturday":                    {"2026-11-28 12:00", 9, "2026-11-30 18:00"},
		"a Monday that is a moved holiday":   {"2026-11-20 17:00", 2, "2026-11-24 10:00"},
		"a bridge day and the holiday after": {"2026-12-04 17:00", 2, "2026-12-09 10:00"},
		"Christmas on a Friday":              {"2026-12-24 17:00", 2, "2026-12-28 10:00"},
		"Carnival":                           {"2026-02-13 17:00", 2, "2026-02-18 10:00"},
		"Good Friday":                        {"2026-04-01 17:00", 2, "2026-04-06 10:00"},
		"nothing to wait":                    {"2026-11-28 12:00", 0, "2026-11-28 12:00"},
		"over New Year":                      {"2026-12-31 17:00", 2, "2027-01-04 10:00"},
		"a week of hours":                    {"2026-11-30 09:00", 45, "2026-12-04 18:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, err := time.ParseInLocation("2006-01-02 15:04", test.from, zone)
			require.NoError(t, err)
			got := booking.BusinessDeadline(from.UTC(), test.hours, zone)
			require.Equal(t, test.want, got.In(zone).Format("2006-01-02 15:04"))
		})
	}
}

func TestDaysOff(t *testing.T) {
	t.Parallel()
	for day, off := range map[string]bool{
		"2026-11-23": true, "2026-11-20": false, "2026-10-12": true, "2026-06-15": true, "2026-06-17": false, "2027-03-26": true,
		"2027-02-08": true, "2026-12-07": true, "2026-11-28": true, "2026-11-25": false,
	} {
		require.Equal(t, off, booking.IsDayOff(booking.MustDate(day)), day)
	}
	require.Equal(t, booking.MustDate("2027-03-28"), booking.EasterSunday(2027))
}
