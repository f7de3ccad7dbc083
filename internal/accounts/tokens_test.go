package accounts

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
)

var (
	noon   = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)
	ourKey = []byte(strings.Repeat("k", 32))
)

func TestATokenNamesAccountAndSessionOnly(t *testing.T) {
	t.Parallel()
	token, err := sign(ourKey, 7, 9, noon)
	require.NoError(t, err)
	userID, sessionID, err := verify(ourKey, token, noon.Add(14*time.Minute))
	require.NoError(t, err)
	require.Equal(t, []int64{7, 9}, []int64{userID, sessionID})
	read := jwt.MapClaims{}
	_, _, err = jwt.NewParser().ParseUnverified(token, read)
	require.NoError(t, err)
	require.Len(t, read, 6)
}

func TestTokensThatAreNotOurs(t *testing.T) {
	t.Parallel()
	good := func() claims {
		return claims{SessionID: "9", RegisteredClaims: jwt.RegisteredClaims{Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: "7",
			ExpiresAt: jwt.NewNumericDate(noon.Add(time.Minute))}}
	}
	token := func(method jwt.SigningMethod, key any, change func(*claims)) string {
		c := good()
		change(&c)
		signed, err := jwt.NewWithClaims(method, c).SignedString(key)
		require.NoError(t, err)
		return signed
	}
	same := func(*claims) {}
	_, _, err := verify(ourKey, token(jwt.SigningMethodHS256, ourKey, same), noon)
	require.NoError(t, err)
	for name, forged := range map[string]string{
		"empty":            "",
		"another key":      token(jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), same),
		"no signature":     token(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, same),
		"other algorithm":  token(jwt.SigningMethodHS512, ourKey, same),
		"too old":          token(jwt.SigningMethodHS256, ourKey, func(c *claims) { c.ExpiresAt = jwt.NewNumericDate(noon) }),
		"no end":           token(jwt.SigningMethodHS256, ourKey, func(c *claims) { c.ExpiresAt = nil }),
		"another issuer":   token(jwt.SigningMethodHS256, ourKey, func(c *claims) { c.Issuer = "other" }),
		"another audience": token(jwt.SigningMethodHS256, ourKey, func(c *claims) { c.Audience = jwt.ClaimStrings{"guests"} }),
		"no session":       token(jwt.SigningMethodHS256, ourKey, func(c *claims) { c.SessionID = "" }),
		"no account":       token(jwt.SigningMethodHS256, ourKey, func(c *claims) { c.Subject = "me" }),
	} {
		_, _, err := verify(ourKey, forged, noon)
		require.ErrorIs(t, err, errToken, name)
	}
}

// Appendix B of RFC 6238 gives eight digits; apps show the last six.
func TestCodesOfTheRFC(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for seconds, code := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		require.Equal(t, code[2:], totpCode(secret, seconds/30))
		at := time.Unix(seconds, 0)
		if seconds < 60 {
			continue // the step before is before 1970
		}
		for drift, near := range map[time.Duration]bool{0: true, 30 * time.Second: true, -30 * time.Second: true, time.Minute: false, -time.Minute: false} {
			step, ok := matchTOTP(secret, code[2:], at.Add(drift))
			require.Equal(t, near, ok)
			if near {
				require.Equal(t, seconds/30, step)
			}
		}
	}
	_, ok := matchTOTP(secret, "", noon)
	require.False(t, ok)
}

func TestASealedSecretIsOneAccounts(t *testing.T) {
	t.Parallel()
	ours, err := newSealer(ourKey)
	require.NoError(t, err)
	secret := newTOTPSecret()
	sealed := ours.seal(secret, 7)
	require.NotContains(t, string(sealed), string(secret))
	opened, err := ours.open(sealed, 7)
	require.NoError(t, err)
	require.Equal(t, secret, opened)
	_, err = ours.open(sealed, 8)
	require.ErrorIs(t, err, errSealed)
	other, err := newSealer([]byte("another"))
	require.NoError(t, err)
	_, err = other.open(sealed, 7)
	require.ErrorIs(t, err, errSealed)
}

func TestAddressesOfAccounts(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"ana@example.org", " Ana@Example.ORG "} {
		email, err := CanonicalEmail(given)
		require.NoError(t, err)
		require.Equal(t, "ana@example.org", email)
	}
	for _, given := range []string{"", "a", "a@", "Ana <a@example.org>", "a@example.org, b@example.org", strings.Repeat("a", 250) + "@example.org", "a\n@example.org"} {
		_, err := CanonicalEmail(given)
		require.Error(t, err, given)
	}
}

func TestADeskNeedsItsSettings(t *testing.T) {
	t.Parallel()
	_, err := New(nil, "", "", time.Now)
	require.Error(t, err)
	_, err = New(nil, "secret", "no hex", time.Now)
	require.Error(t, err)
}
