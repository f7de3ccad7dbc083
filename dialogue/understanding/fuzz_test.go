package understanding_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/dialogue/understanding"
)

func FuzzUnderstand(f *testing.F) {
	for _, text := range []string{"del 28/12 al 3/1 somos 4", "una semana en enero", "finde largo", "RES261122A1B2C3", "del 31 al 30/2", "\xff 9999999999999999999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u := understanding.Understand(text, clockAt(t, defaultNow), buenosAires)
		require.GreaterOrEqual(t, u.Guests, 0)
		require.Equal(t, u, understanding.Understand(text, clockAt(t, defaultNow), buenosAires))
	})
}
