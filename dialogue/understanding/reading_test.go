package understanding_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/dialogue/understanding"
)

func readOn(t *testing.T, today, text string) understanding.Reading {
	t.Helper()
	return understanding.Read(text, understanding.Context{Today: booking.MustDate(today)})
}

func TestTwoReadingsAreSaid(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"del 10 al 15 de enero o del 12 al 17 de enero": {"2027-01-10", "2027-01-12"},
		"el 10 o el 12 de enero":                        {"2027-01-10", "2027-01-12"},
		"viernes 10 de enero":                           {"2027-01-10", "2027-01-08"},
		"del viernes 10 al lunes 13 de enero":           {"2027-01-10", "2027-01-08"},
	} {
		var found []string
		for _, stay := range readOn(t, "2026-12-02", text).Ambiguous {
			found = append(found, stay.CheckIn.String())
		}
		require.Equal(t, want, found, text)
	}
	require.Len(t, readOn(t, "2026-12-05", "este finde").Ambiguous, 2, "said on a Saturday")
	for _, text := range []string{"este finde", "domingo 10 de enero", "del 10 al 15 de enero", "el 3/4", "del 30 al 5", "2 o 3 personas", "vie 4 a dom 6"} {
		require.Empty(t, readOn(t, "2026-12-02", text).Ambiguous, text)
	}
}

func TestReadingOfAnOpenQuestion(t *testing.T) {
	t.Parallel()
	today := booking.MustDate("2026-12-02")
	anchor := booking.MustDate("2027-01-10")
	for _, c := range []struct {
		text    string
		context understanding.Context
		want    string
	}{
		{"4", understanding.Context{Awaited: understanding.AskedGuests}, "provide_info g=4"},
		{"somos dos", understanding.Context{Awaited: understanding.AskedGuests}, "provide_info g=2"},
		{"el 15", understanding.Context{Awaited: understanding.AskedCheckOut, Anchor: anchor}, "provide_info ..2027-01-15"},
		{"hasta mañana", understanding.Context{Awaited: understanding.AskedCheckOut}, "provide_info ..2026-12-03"},
		{"15", understanding.Context{Awaited: understanding.AskedDates}, "provide_info 2026-12-15.."},
	} {
		c.context.Today = today
		require.Equal(t, c.want, summary(understanding.Read(c.text, c.context).Understanding), c.text)
	}
}

func TestReadingKeepsWhatMustBeAnswered(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"del 20/12/2025 al 23/12/2025": "provide_info 2025-12-20..2025-12-23 n=3",
		"20/12 al 10/12":               "provide_info 2026-12-20..2026-12-10",
		"del 15 al 10 de enero":        "provide_info 2027-01-15..2027-01-10",
	} {
		require.Equal(t, want, summary(readOn(t, "2026-12-02", text).Understanding), text)
	}
}
