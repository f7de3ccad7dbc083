package dialogue

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/dialogue/understanding"
)

func TestSignsAreReadable(t *testing.T) {
	t.Parallel()
	known := []sign{signOptOut, signOptIn, signWary, signUpset, signFraud, signBot, signPerson, signSurplus, signReceipt, signMore, signOtherOne, signGoOn,
		signThat, signWait, signQuestion, signAbilities, signMeans, signTerms, signLater, signTakeIt, signAnother, signIfCancelled, signCheaper, signBigger,
		signLastOne, signNextWeek, signNextMonth, signTransfer, signMyReceipt}
	require.Len(t, signPhrases(), len(known), "a section that nothing looks for")
	for _, s := range known {
		require.NotEmpty(t, signPhrases()[s], s)
		for _, phrase := range signPhrases()[s] {
			for _, word := range phrase.words {
				plain := strings.TrimSuffix(word, "*")
				require.Equal(t, []string{plain}, understanding.Words(plain), "%s: %q is never said so", s, word)
			}
		}
	}
}

func TestSigns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		sign sign
		want bool
	}{
		{"¡¡BAJA!!", signOptOut, true}, {"la baja temporada", signOptOut, false}, {"stop", signOptOut, true}, {"non stop", signOptOut, false},
		{"No me escriban más, por favor", signOptOut, true}, {"I don't want you to... don't text me", signOptOut, true},
		{"estafadores", signUpset, true}, {"es una vergüenza", signUpset, true}, {"me da vergüenza", signUpset, false},
		{"de más", signSurplus, false}, {"te pagué de más", signSurplus, true}, {"", signOptOut, false},
	} {
		require.Equal(t, c.want, gives(c.text, c.sign), c.text)
	}
}
