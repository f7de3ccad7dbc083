package booking_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
)

func nightsFrom(iso string, nights int) booking.Stay {
	first := booking.MustDate(iso)
	return booking.Stay{CheckIn: first, CheckOut: first.AddDays(nights)}
}

func TestOccupancyCountsEachNightOnce(t *testing.T) {
	t.Parallel()
	january := nightsFrom("2027-01-01", 31)
	o := booking.NewOccupancy(january, []int64{1, 2})
	o.Use(1, nightsFrom("2026-12-30", 4), booking.NightBooked)    // nights of 1 and 2 January
	o.Use(1, nightsFrom("2027-01-30", 5), booking.NightBooked)    // 30 and 31
	o.Use(1, nightsFrom("2027-01-03", 2), booking.NightBooked)    // back to back
	o.Use(1, nightsFrom("2027-01-04", 3), booking.NightElsewhere) // the 4th is ours: two nights
	o.Use(1, nightsFrom("2027-01-06", 2), booking.NightBlocked)   // the 6th is sold elsewhere: one night
	o.Use(2, nightsFrom("2027-01-10", 2), booking.NightHeld)
	o.Use(2, nightsFrom("2027-02-01", 2), booking.NightBooked) // begins when the range has ended
	o.Use(3, nightsFrom("2027-01-10", 2), booking.NightBooked) // not on offer any more
	o.Use(3, nightsFrom("2027-01-20", 2), booking.NightBlocked)
	n := o.Count()
	require.Equal(t, booking.Nights{Total: 64, Held: 2, Blocked: 1, Elsewhere: 2, Booked: 8}, n)
	require.Equal(t, 63, n.Available())
	require.InDelta(t, 15.87, n.Occupancy(), 0.001)
	require.Zero(t, booking.Nights{Total: 3, Blocked: 3}.Occupancy(), "nothing could be sold")
}

func TestOccupancyIsNeverOverAHundred(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		rng := nightsFrom("2027-01-01", rapid.IntRange(0, 20).Draw(rt, "days"))
		o := booking.NewOccupancy(rng, []int64{1, 2})
		for range rapid.IntRange(0, 12).Draw(rt, "uses") {
			first := booking.MustDate("2026-12-20").AddDays(rapid.IntRange(0, 40).Draw(rt, "first"))
			o.Use(rapid.Int64Range(1, 3).Draw(rt, "unit"), booking.Stay{CheckIn: first, CheckOut: first.AddDays(rapid.IntRange(0, 15).Draw(rt, "nights"))},
				booking.NightUse(rapid.IntRange(0, 4).Draw(rt, "use")))
		}
		n := o.Count()
		require.LessOrEqual(rt, n.Sold(), n.Available())
		require.GreaterOrEqual(rt, n.Total-n.Sold()-n.Blocked-n.Held, 0)
		require.True(rt, n.Occupancy() >= 0 && n.Occupancy() <= 100)
	})
}

func TestPartsOfAStayAddUp(t *testing.T) {
	t.Parallel()
	stay := nightsFrom("2027-01-30", 3)
	total := booking.Centavos(100_00)
	january, february := nightsFrom("2027-01-01", 31), nightsFrom("2027-02-01", 28)
	require.Equal(t, booking.Centavos(66_66), total.PartOf(stay, january))
	require.Equal(t, booking.Centavos(33_34), total.PartOf(stay, february))
	require.True(t, total.PartOf(stay, nightsFrom("2027-03-01", 31)).IsZero())
	rapid.Check(t, func(rt *rapid.T) {
		total := booking.Centavos(rapid.Int64Range(0, 1e12).Draw(rt, "total"))
		stay := nightsFrom("2027-01-10", rapid.IntRange(1, 60).Draw(rt, "nights"))
		cut := booking.MustDate("2027-01-01").AddDays(rapid.IntRange(0, 90).Draw(rt, "cut"))
		before := total.PartOf(stay, booking.Stay{CheckIn: booking.MustDate("2026-01-01"), CheckOut: cut})
		after := total.PartOf(stay, booking.Stay{CheckIn: cut, CheckOut: booking.MustDate("2028-01-01")})
		require.Equal(rt, total, before.Plus(after))
	})
}

func TestMoneyOver(t *testing.T) {
	t.Parallel()
	require.Equal(t, booking.Centavos(33_33), booking.Centavos(100_00).Over(3))
	require.Equal(t, booking.Centavos(3), booking.Centavos(5).Over(2))
	require.True(t, booking.Centavos(5).Over(0).IsZero())
	require.InDelta(t, 66.67, booking.Share(2, 3), 0.0001)
}
