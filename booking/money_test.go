package booking_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
)

func anyMoney(t *rapid.T, label string) booking.Money {
	return booking.Centavos(rapid.Int64Range(-1_000_000_000_00, 1_000_000_000_00).Draw(t, label))
}

func TestMoneyRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := anyMoney(t, "money")
		parsed, err := booking.ParseDecimal(m.Decimal(), m.Currency)
		require.NoError(t, err)
		require.Equal(t, m, parsed)
		encoded, err := json.Marshal(m)
		require.NoError(t, err)
		var decoded booking.Money
		require.NoError(t, json.Unmarshal(encoded, &decoded))
		require.Equal(t, m, decoded)
		other := anyMoney(t, "other")
		require.Equal(t, m, m.Plus(other).Minus(other))
		require.Equal(t, m.Centavos < other.Centavos, m.Less(other))
	})
}

func TestPercentRoundsHalfAwayFromZero(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, percent := anyMoney(t, "money"), rapid.IntRange(-200, 200).Draw(t, "percent")
		exact := new(big.Rat).SetFrac64(m.Centavos*int64(percent), 100)
		off := new(big.Rat).Sub(new(big.Rat).SetInt64(m.Percent(percent).Centavos), exact)
		require.LessOrEqual(t, off.Abs(off).Cmp(big.NewRat(1, 2)), 0, "%s %% of %s", m, m)
		require.Equal(t, -m.Percent(percent).Centavos, m.Percent(-percent).Centavos)
	})
	require.Equal(t, int64(1), booking.Centavos(1).Percent(50).Centavos)
	require.Equal(t, int64(-1), booking.Centavos(1).Percent(-50).Centavos)
}

func TestParseDecimal(t *testing.T) {
	t.Parallel()
	for text, centavos := range map[string]int64{
		"15000": 1_500_000, "15000.5": 1_500_050, "15000.50": 1_500_050, "0.01": 1, "-0.01": -1, "-12.3": -1_230,
		"007.00": 700, "12.340": 1_234, "12.": 1_200, "92233720368547758.07": 9_223_372_036_854_775_807,
	} {
		m, err := booking.ParseDecimal(text, booking.ARS)
		require.NoError(t, err, text)
		require.Equal(t, centavos, m.Centavos, text)
	}
	for _, bad := range []string{"", "-", ".", ".5", "-.5", "1.005", "1,50", "1e3", "+1", "--1", "1.-5", "0x10", " 1", "1_000", "NaN", "99999999999999999999", "1.2.3", "١"} {
		_, err := booking.ParseDecimal(bad, booking.ARS)
		require.Error(t, err, bad)
	}
	var m booking.Money
	require.Error(t, json.Unmarshal([]byte(`{"amount":15000,"currency":"ARS"}`), &m), "amounts are text")
	require.Error(t, json.Unmarshal([]byte(`{"amount":"x","currency":"ARS"}`), &m))
}

func TestMoneyAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	for centavos, text := range map[int64]string{
		0: "$ 0", 5: "$ 0,05", 100: "$ 1", 99_999: "$ 999,99", 100_000: "$ 1.000", 123_456_789: "$ 1.234.567,89", -150_000: "$ -1.500",
	} {
		require.Equal(t, text, booking.Centavos(centavos).String())
	}
	require.Equal(t, "USD 1.000", booking.Money{Centavos: 100_000, Currency: "USD"}.String())
	require.Equal(t, booking.Pesos(3), booking.Centavos(201).UpToWholeUnit())
	require.Equal(t, booking.Pesos(2), booking.Centavos(200).UpToWholeUnit())
	require.Equal(t, booking.Pesos(6), booking.Pesos(2).Times(3))
}

func TestCurrenciesDoNotMix(t *testing.T) {
	t.Parallel()
	dollars := booking.Money{Centavos: 100, Currency: "USD"}
	require.Panics(t, func() { booking.Pesos(1).Plus(dollars) })
	require.Panics(t, func() { booking.Pesos(1).Less(dollars) })
	require.Equal(t, "USD", booking.Money{}.Plus(dollars).Currency, "no amount takes the other's currency")
}
