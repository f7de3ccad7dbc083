package whatsapp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCanonicalPhoneArgentina(t *testing.T) {
	t.Parallel()
	spellings := map[string][]string{
		"541112345678": {
			"+54 9 11 1234-5678", "5491112345678", "541112345678", "+54 11 1234 5678", "54 11 15 1234 5678", "011 15-1234-5678",
			"011 1234-5678", "11 1234-5678", "1112345678", "11-15-1234-5678", "(011) 15 1234.5678", "9 11 1234 5678", "+5491112345678",
			"00 54 9 11 1234 5678", "+54 (011) 15 1234-5678", "+54 9 011 1234 5678", "15 1234-5678", "+54 9 11 15 1234 5678",
			"\u202a+54\u00a09\u00a011\u00a01234\u20115678\u202c", "01112345678", "0 11 1234 5678",
		},
		"542944123456": {"02944 15-123456", "(02944) 15 123456", "+54 9 2944 123456", "5492944123456", "54 2944 15 123456", "2944123456", "2944 15123456", "0294 4123456"},
		"543757423456": {"03757 15-423456", "3757-423456", "+54 9 3757 42-3456", "543757423456", "+54 3757 15 423456"},
		"543514567890": {"0351 15 456-7890", "0351-4567890", "351 456 7890", "+54 9 351 4567890", "5493514567890", "54 351 15 4567890", "9 351 456 7890"},
		"542215151515": {"0221 15 515-1515", "+54 9 221 515 1515", "221 5151515"},
	}
	for want, raws := range spellings {
		for _, raw := range raws {
			t.Run(raw, func(t *testing.T) {
				t.Parallel()
				got, err := CanonicalPhone(raw)
				require.NoError(t, err)
				require.Equal(t, want, got)
			})
		}
	}
}

func TestCanonicalPhoneElsewhere(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"+55 11 91234-5678": "5511912345678", "5511912345678": "5511912345678", "+598 99 123 456": "59899123456",
		"56 9 1234 5678": "56912345678", "+1 (555) 555-5555": "15555555555", "15555555555": "15555555555",
		"0034 612 345 678": "34612345678", "+354 123 4567": "3541234567", "+351 912 345 678": "351912345678", "351912345678": "351912345678",
	} {
		got, err := CanonicalPhone(raw)
		require.NoError(t, err, raw)
		require.Equal(t, want, got, raw)
	}
}

func TestCanonicalPhoneRefusesWhatIsNotComplete(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", "   ", "+", "4567-8901", "15 456-7890", "hola", "11 1234-567a", "+54 11 1234 567", "+54 11 1234 56789", "54911123456",
		"+54 9 811 123 4567", "0800 555 1234", "+0 123 456 789", "+1234567", "+1234567890123456", "1234567890123456", "++5491112345678", "11+12345678",
		strings.Repeat("1", 5000),
	} {
		_, err := CanonicalPhone(raw)
		require.ErrorIs(t, err, ErrPhone, raw)
		if len(raw) > 3 {
			require.NotContains(t, err.Error(), raw)
		}
	}
}

func TestCanonicalWaIDAlwaysReadsACountryCode(t *testing.T) {
	t.Parallel()
	for waID, want := range map[string]string{
		"5491112345678": "541112345678", "541112345678": "541112345678", "5492944123456": "542944123456",
		"3541234567": "3541234567", // Iceland; written by a person the same digits are Córdoba's 03541
	} {
		got, err := CanonicalWaID(waID)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := CanonicalWaID("AR.1A2B3C")
	require.ErrorIs(t, err, ErrPhone)
}

func TestEverySpellingOfAnArgentineNumberIsOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		area := rapid.SampledFrom([]string{"11", "221", "351", "294", "2944", "3757", "3541", "2902"}).Draw(t, "area")
		subscriber := rapid.StringMatching(`[2-9][0-9]{9}`).Draw(t, "subscriber")[:10-len(area)]
		want := "54" + area + subscriber
		for _, raw := range []string{
			"+54 9 " + area + " " + subscriber, "549" + area + subscriber, "54" + area + "15" + subscriber, "0" + area + " 15-" + subscriber,
			area + subscriber, "0" + area + subscriber, area + "15" + subscriber, "+54" + area + subscriber,
		} {
			got, err := CanonicalPhone(raw)
			require.NoError(t, err, raw)
			require.Equal(t, want, got, raw)
			again, err := CanonicalPhone(got)
			require.NoError(t, err)
			require.Equal(t, want, again, "canonical form of the canonical form")
		}
	})
}

func FuzzCanonicalPhone(f *testing.F) {
	for _, seed := range []string{"", "+54 9 11 1234-5678", "011 15-1234-5678", "549", "0", "9", "00", "54", "15", "é١٢٣"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := CanonicalPhone(raw)
		if err != nil {
			return
		}
		require.Regexp(t, `^[1-9][0-9]{7,14}$`, got)
		again, err := CanonicalWaID(got)
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}
