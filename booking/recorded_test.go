package booking_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

func TestJudgeRecorded(t *testing.T) {
	t.Parallel()
	pesos := booking.Pesos
	for name, test := range map[string]struct {
		status       booking.Status
		amount, paid booking.Money
		want         booking.Verdict
		refused      booking.Code
	}{
		"the deposit of a hold":            {status: booking.PreReserved, amount: pesos(30_000), want: booking.VerdictConfirm},
		"all of a hold":                    {status: booking.PreReserved, amount: pesos(100_000), want: booking.VerdictConfirm},
		"the rest of a deposit":            {status: booking.PreReserved, amount: pesos(20_000), paid: pesos(10_000), want: booking.VerdictConfirm},
		"part of a deposit":                {status: booking.PreReserved, amount: pesos(10_000), want: booking.VerdictShort},
		"the deposit after the end":        {status: booking.Expired, amount: pesos(30_000), want: booking.VerdictLate},
		"part of it after the end":         {status: booking.Expired, amount: pesos(10_000), refused: booking.CodeWrongState},
		"the balance":                      {status: booking.Confirmed, amount: pesos(70_000), paid: pesos(30_000), want: booking.VerdictCount},
		"the balance, written down late":   {status: booking.Completed, amount: pesos(70_000), paid: pesos(30_000), want: booking.VerdictCount},
		"what a no-show owes":              {status: booking.NoShow, amount: pesos(1), paid: pesos(30_000), want: booking.VerdictCount},
		"a peso too much":                  {status: booking.Confirmed, amount: pesos(70_001), paid: pesos(30_000), refused: booking.CodeMoreThanDue},
		"a deposit with a zero too many":   {status: booking.PreReserved, amount: pesos(300_000), refused: booking.CodeMoreThanDue},
		"for a cancelled stay":             {status: booking.Cancelled, amount: pesos(30_000), refused: booking.CodeWrongState},
		"nothing":                          {status: booking.Confirmed, amount: pesos(0), refused: booking.CodeInvalidInput},
		"less than nothing":                {status: booking.Confirmed, amount: pesos(-5), refused: booking.CodeInvalidInput},
		"dollars":                          {status: booking.Confirmed, amount: booking.Money{Centavos: 5, Currency: "USD"}, refused: booking.CodeInvalidInput},
		"more than is left of a paid stay": {status: booking.Confirmed, amount: pesos(1), paid: pesos(100_000), refused: booking.CodeMoreThanDue},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			paid := test.paid
			if paid.Currency == "" {
				paid = pesos(0)
			}
			got, err := booking.JudgeRecorded(booking.RecordedFacts{
				Amount: test.amount, Reservation: test.status, Deposit: pesos(30_000), Total: pesos(100_000), Paid: paid,
			})
			require.Equal(t, test.refused, booking.CodeOf(err))
			require.Equal(t, test.want, got)
		})
	}
}
