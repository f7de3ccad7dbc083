package understanding_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/dialogue/understanding"
)

// FuzzUnderstand holds what is true of any text on any day: the same text is read the same way, no day is in the past, nights
// are what lies between the days, and people add up.
func FuzzUnderstand(f *testing.F) {
	for _, text := range []string{
		"", "del 28/12 al 3/1 somos 4", "una semana en enero", "finde largo de junio", "RES261122A1B2C3", "del 31 al 30/2", "\xff 9999999999999999999",
		"segunda quincena de diciembre", "el 29/2 por 40 noches", "hasta el 5, mejor el 6 o el 7", "viernes 13 al martes 13", "reyes reyes reyes", "puente del 8",
		"2 adultos, mi suegra, el perro y yo con 99 nenes", "primer finde de este mes", "noches del 10, 11 y 12", strings.Repeat("el 3 y ", 300), "10-10-10-10", "1/1/2199",
		"a week or two from tomorrow", "de hoy a hoy", "sin mascotas ni perros", "0 personas", "somos -3", "20/12/1999", "todo el mes de mes",
	} {
		f.Add(text, int64(0))
		f.Add(text, int64(25))
		f.Add(text, int64(410))
	}
	f.Fuzz(func(t *testing.T, text string, days int64) {
		now := clockAt(t, defaultNow).Add(time.Duration(days%3000) * 24 * time.Hour)
		today := booking.DateIn(now, buenosAires)
		u := understanding.Understand(text, now, buenosAires)
		require.Equal(t, u, understanding.Understand(text, now, buenosAires))
		for _, d := range []booking.Date{u.CheckIn, u.CheckOut} {
			require.True(t, d.IsZero() || !d.Before(today), "%s is past", d)
		}
		if !u.CheckIn.IsZero() && !u.CheckOut.IsZero() {
			require.True(t, u.CheckIn.Before(u.CheckOut), "%s to %s", u.CheckIn, u.CheckOut)
			require.Equal(t, u.CheckIn.DaysUntil(u.CheckOut), u.Nights)
		}
		require.GreaterOrEqual(t, u.Nights, 0)
		const most = 999
		for _, n := range []int{u.Guests, u.Adults, u.Children, u.Pets} {
			require.True(t, n >= 0 && n <= most, "%d people", n)
		}
		require.True(t, u.Guests == 0 || u.Adults+u.Children <= u.Guests, "%d + %d of %d", u.Adults, u.Children, u.Guests)
		require.True(t, u.Confidence >= 0 && u.Confidence <= 1)
		require.NotEmpty(t, u.Intent)
	})
}
