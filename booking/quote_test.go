package booking_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
)

func stay(checkIn, checkOut string) booking.Stay {
	return booking.Stay{CheckIn: booking.MustDate(checkIn), CheckOut: booking.MustDate(checkOut)}
}

func TestQuoteStay(t *testing.T) {
	t.Parallel()
	rate := booking.Rate{
		Base: booking.Pesos(10_000), WeekendPercent: 120, CleaningFee: booking.Pesos(5_000), GuestsIncluded: 2,
		ExtraGuest: booking.Pesos(1_000), MinNights: 1, Version: 3,
		LengthDiscounts: []booking.LengthDiscount{{Nights: 14, Percent: 20}, {Nights: 7, Percent: 10}},
	}
	tests := map[string]struct {
		stay           booking.Stay
		guests         int
		total, deposit int64
	}{
		"one week night":          {stay("2027-01-11", "2027-01-12"), 2, 15_000, 4_500},
		"Friday and Saturday":     {stay("2027-01-08", "2027-01-10"), 2, 29_000, 8_700},
		"Sunday is a week night":  {stay("2027-01-10", "2027-01-11"), 2, 15_000, 4_500},
		"two more, two nights":    {stay("2027-01-11", "2027-01-13"), 4, 29_000, 8_700},
		"one alone":               {stay("2027-01-11", "2027-01-12"), 1, 15_000, 4_500},
		"a week is a tenth less":  {stay("2027-01-11", "2027-01-18"), 2, 71_600, 21_480}, // 74,000 less 7,400 and 5,000
		"a fortnight, four":       {stay("2027-01-11", "2027-01-25"), 4, 145_800, 43_740},
		"six nights, no discount": {stay("2027-01-11", "2027-01-17"), 2, 69_000, 20_700},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quote := booking.QuoteStay(rate, test.stay, test.guests, 30)
			require.Equal(t, booking.Pesos(test.total), quote.Total)
			require.Equal(t, booking.Pesos(test.deposit), quote.Deposit)
			require.Equal(t, 3, quote.RateVersion)
		})
	}
}

func TestQuoteAddsUpNightByNight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := booking.Rate{
			Base:           booking.Centavos(rapid.Int64Range(1, 50_000_000).Draw(t, "base")),
			WeekendPercent: rapid.IntRange(50, 300).Draw(t, "weekend"),
			CleaningFee:    booking.Centavos(rapid.Int64Range(0, 5_000_000).Draw(t, "cleaning")),
			GuestsIncluded: rapid.IntRange(0, 6).Draw(t, "included"),
			ExtraGuest:     booking.Centavos(rapid.Int64Range(0, 3_000_000).Draw(t, "extra")),
			MinNights:      1,
		}
		for range rapid.IntRange(0, 3).Draw(t, "discounts") {
			rate.LengthDiscounts = append(rate.LengthDiscounts, booking.LengthDiscount{
				Nights: rapid.IntRange(2, 30).Draw(t, "from"), Percent: rapid.IntRange(0, 90).Draw(t, "off")})
		}
		s := booking.Stay{CheckIn: anyDate(t, "check in")}
		s.CheckOut = s.CheckIn.AddDays(rapid.IntRange(1, 60).Draw(t, "nights"))
		percent := rapid.IntRange(1, 100).Draw(t, "deposit percent")
		quote := booking.QuoteStay(rate, s, rapid.IntRange(1, 8).Draw(t, "guests"), percent)

		var sum int64
		var nights []booking.Date
		for _, line := range quote.Lines {
			sum += line.Amount.Centavos
			require.NotEmpty(t, line.Reason)
			if line.Kind != booking.LineNight {
				continue
			}
			nights = append(nights, line.Night)
			weekend := line.Night.Weekday() == time.Friday || line.Night.Weekday() == time.Saturday
			want := rate.Base
			if weekend {
				want = rate.Base.Percent(rate.WeekendPercent)
			}
			require.Equal(t, want, line.Amount)
		}
		require.Equal(t, s.EachNight(), nights, "each night is explained once, in order")
		require.Equal(t, quote.Total.Centavos, sum)
		require.Positive(t, quote.Total.Centavos)
		require.LessOrEqual(t, quote.Deposit.Centavos, quote.Total.Centavos)
		require.GreaterOrEqual(t, quote.Deposit.Centavos*100, quote.Total.Centavos*int64(percent), "never less than asked")
		if quote.Deposit != quote.Total {
			require.Zero(t, quote.Deposit.Centavos%100, "whole pesos")
			require.Less(t, quote.Deposit.Centavos*100-quote.Total.Centavos*int64(percent), int64(100*100), "less than a peso more")
		}
	})
}

func TestDeposit(t *testing.T) {
	t.Parallel()
	require.Equal(t, booking.Pesos(31), booking.Deposit(booking.Centavos(10_001), 30), "rounded up to whole pesos")
	require.Equal(t, booking.Pesos(30), booking.Deposit(booking.Pesos(100), 30))
	require.Equal(t, booking.Centavos(10_050), booking.Deposit(booking.Centavos(10_050), 100), "never more than the total")
	require.Equal(t, booking.Centavos(0), booking.Deposit(booking.Centavos(0), 30))
}

func TestLimits(t *testing.T) {
	t.Parallel()
	place := booking.Accommodation{ID: 1, Capacity: 4, Active: true, Rate: booking.Rate{MinNights: 2}}
	off := place
	off.Active = false
	tests := map[string]struct {
		place  booking.Accommodation
		stay   booking.Stay
		guests int
		code   booking.Code
	}{
		"fine":            {place, stay("2026-12-20", "2026-12-23"), 4, ""},
		"today":           {place, stay("2026-11-22", "2026-11-24"), 1, ""},
		"yesterday":       {place, stay("2026-11-21", "2026-11-24"), 1, booking.CodeInThePast},
		"reversed":        {place, stay("2026-12-23", "2026-12-20"), 2, booking.CodeInvalidDates},
		"no night":        {place, stay("2026-12-23", "2026-12-23"), 2, booking.CodeInvalidDates},
		"not offered":     {off, stay("2026-12-20", "2026-12-23"), 2, booking.CodeInactive},
		"last day ahead":  {place, stay("2028-05-22", "2028-05-24"), 2, ""},
		"one day further": {place, stay("2028-05-23", "2028-05-25"), 2, booking.CodeBeyondHorizon},
		"sixty nights":    {place, stay("2027-01-01", "2027-03-02"), 2, ""},
		"sixty-one":       {place, stay("2027-01-01", "2027-03-03"), 2, booking.CodeTooLong},
		"one night":       {place, stay("2026-12-20", "2026-12-21"), 2, booking.CodeTooShort},
		"nobody":          {place, stay("2026-12-20", "2026-12-23"), 0, booking.CodeInvalidGuests},
		"99":              {place, stay("2026-12-20", "2026-12-23"), 99, booking.CodeTooManyGuests},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := booking.DefaultLimits.Check(test.place, test.stay, test.guests, booking.MustDate("2026-11-22"))
			require.Equal(t, test.code, booking.CodeOf(err), "%v", err)
		})
	}
}

func TestCancellationPolicy(t *testing.T) {
	t.Parallel()
	checkIn := booking.MustDate("2027-01-10")
	for today, want := range map[string]int64{"2026-12-01": 100, "2027-01-08": 100, "2027-01-09": 50, "2027-01-10": 0, "2027-01-11": 0} {
		require.Equal(t, booking.Pesos(want), booking.FlexiblePolicy.Refund(booking.Pesos(100), checkIn, booking.MustDate(today)), today)
	}
	unordered := booking.CancellationPolicy{Steps: []booking.CancellationStep{{0, 10}, {7, 100}, {3, 50}}}
	require.Equal(t, booking.Pesos(50), unordered.Refund(booking.Pesos(100), checkIn, booking.MustDate("2027-01-05")))
	require.True(t, booking.CancellationPolicy{}.Refund(booking.Pesos(100), checkIn, booking.MustDate("2026-01-05")).IsZero())
}
