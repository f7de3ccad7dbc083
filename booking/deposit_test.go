package booking_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

func TestDepositByPercentOrFixedSum(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		base, fixed booking.Money
		percent     int
		want        booking.Money
	}{
		"by percentage":                   {booking.Pesos(100_000), booking.Money{}, 30, booking.Pesos(30_000)},
		"rounded up to whole pesos":       {booking.Centavos(10_001), booking.Money{}, 30, booking.Pesos(31)},
		"never more than the total":       {booking.Centavos(10_050), booking.Money{}, 100, booking.Centavos(10_050)},
		"a fixed sum":                     {booking.Pesos(100_000), booking.Pesos(45_000), 30, booking.Pesos(45_000)},
		"a fixed sum in whole pesos":      {booking.Pesos(100_000), booking.Centavos(4_500_001), 30, booking.Pesos(45_001)},
		"a fixed sum above the total":     {booking.Pesos(20_000), booking.Pesos(45_000), 30, booking.Pesos(20_000)},
		"a fixed sum in another currency": {booking.Pesos(100_000), booking.Money{Centavos: 100, Currency: "USD"}, 30, booking.Pesos(30_000)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rate := booking.Rate{Base: test.base, WeekendPercent: 100, DepositFixed: test.fixed}
			stay := booking.Stay{CheckIn: booking.MustDate("2027-01-11"), CheckOut: booking.MustDate("2027-01-12")}
			quote := booking.QuoteStay(rate, stay, 2, test.percent)
			require.Equal(t, test.base, quote.Total)
			require.Equal(t, test.want, quote.Deposit)
		})
	}
}
