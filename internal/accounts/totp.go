package accounts

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// RFC 6238 as every authenticator app speaks it: SHA-1, six digits, steps of 30 seconds.
const (
	totpStep   = 30
	totpSecret = 20
	// totpDrift is how many steps a clock may be off, either way (RFC 6238 section 5.2 advises one).
	totpDrift = 1
)

func newTOTPSecret() []byte { return chance(totpSecret) }

// totpCode is the code of a time step (RFC 4226 section 5.3).
func totpCode(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac.Write(counter[:])
	digest := mac.Sum(nil)
	offset := digest[len(digest)-1] & 0x0f
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(digest[offset:offset+4])&0x7fffffff%1_000_000)
}

// matchTOTP finds the time step a code is of; false when it is of none near now.
func matchTOTP(secret []byte, code string, now time.Time) (step int64, ok bool) {
	at := now.Unix() / totpStep
	for candidate := at - totpDrift; candidate <= at+totpDrift; candidate++ {
		if subtle.ConstantTimeCompare([]byte(totpCode(secret, candidate)), []byte(code)) == 1 {
			step, ok = candidate, true
		}
	}
	return step, ok
}

// totpText is the secret as a person types it, totpURL as an app scans it.
func totpText(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

func totpURL(secret []byte, email string) string {
	address := url.URL{Scheme: "otpauth", Host: "totp", Path: "/Cabañas:" + email,
		RawQuery: url.Values{"secret": {totpText(secret)}, "issuer": {"Cabañas"}}.Encode()}
	return address.String()
}

// sealer keeps second factors unreadable in copies of the database (AES-256-GCM under a key derived from JWT_SECRET).
type sealer struct{ aead cipher.AEAD }

func newSealer(secret []byte) (sealer, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "cabanas second factor", 32)
	if err != nil {
		return sealer{}, fmt.Errorf("derive key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, fmt.Errorf("derive key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return sealer{}, fmt.Errorf("derive key: %w", err)
	}
	return sealer{aead}, nil
}

// Sealed for one account, a secret cannot be opened for another.
func (s sealer) seal(secret []byte, userID int64) []byte {
	return s.aead.Seal(nil, nil, secret, binding(userID))
}

var errSealed = errors.New("the second factor cannot be read: JWT_SECRET was changed; reset the account on the command line")

func (s sealer) open(sealed []byte, userID int64) ([]byte, error) {
	secret, err := s.aead.Open(nil, nil, sealed, binding(userID))
	if err != nil {
		return nil, errSealed
	}
	return secret, nil
}

func binding(userID int64) []byte { return fmt.Appendf(nil, "user %d", userID) }
