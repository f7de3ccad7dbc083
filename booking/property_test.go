package booking_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

func lodge() booking.Property {
	return booking.Property{Name: "Cabañas", Currency: booking.ARS, CheckInTime: 14 * 60, CheckOutTime: 10 * 60,
		Payments: booking.PaymentTerms{BalanceMode: booking.BalanceOnArrival, BalanceDays: 7, TransferHours: 24}}
}

func TestAChangeOfThePropertyLeavesTheRest(t *testing.T) {
	t.Parallel()
	was := lodge()
	same, err := booking.PropertyChange{}.Apply(was)
	require.NoError(t, err)
	was.DepositFixed = booking.Money{Currency: booking.ARS}
	require.Equal(t, was, same)
	is, err := booking.PropertyChange{Name: new("  Lago "), DepositFixed: new(booking.Money{Centavos: 500_00}), CheckInTime: new(10 * 60)}.Apply(was)
	require.NoError(t, err)
	was.Name, was.DepositFixed, was.CheckInTime = "Lago", booking.Pesos(500), 600
	require.Equal(t, was, is)
}

func TestAPropertyKeepsItsRules(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]booking.PropertyChange{
		"no name":              {Name: new(" ")},
		"a long name":          {Name: new(strings.Repeat("ñ", 61))},
		"two lines of name":    {Name: new("a\nb")},
		"no time of a day":     {CheckInTime: new(24 * 60)},
		"before midnight":      {CheckOutTime: new(-1)},
		"in before out":        {CheckInTime: new(9 * 60)},
		"more than all":        {DepositPercent: new(101)},
		"less than nothing":    {DepositPercent: new(-1)},
		"centavos":             {DepositFixed: new(booking.Money{Centavos: 1})},
		"a negative sum":       {DepositFixed: new(booking.Pesos(-1))},
		"another currency":     {DepositFixed: new(booking.Money{Centavos: 100, Currency: "USD"})},
		"a slip of the finger": {DepositFixed: new(booking.Pesos(100_000_001))},
		"an unknown mode":      {BalanceMode: new(booking.BalanceMode("later"))},
		"no days":              {BalanceDays: new(0)},
		"too many days":        {BalanceDays: new(91)},
		"no hours":             {TransferHours: new(0)},
		"too many hours":       {TransferHours: new(121)},
		"a bell":               {TransferDetails: new("a\ab")},
		"a long account":       {TransferDetails: new(strings.Repeat("x", 501))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := change.Apply(lodge())
			require.True(t, booking.IsCode(err, booking.CodeInvalidInput), "%v", err)
		})
	}
}
