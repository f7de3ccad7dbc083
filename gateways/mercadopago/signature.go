package mercadopago

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The HTTP headers that belong to a signed notification.
const (
	SignatureHeader = "X-Signature"
	RequestIDHeader = "X-Request-Id"
)

// SignatureReason is why a signature was refused; the set is closed and safe as a metric label.
type SignatureReason string

// The reasons.
const (
	SignatureMissing       SignatureReason = "missing_header"
	SignatureMalformed     SignatureReason = "malformed_header"
	SignatureNoTimestamp   SignatureReason = "missing_timestamp"
	SignatureNoHash        SignatureReason = "missing_hash" // perhaps a version to come
	SignatureMismatch      SignatureReason = "mismatch"
	SignatureOutOfDate     SignatureReason = "out_of_tolerance" // signed as it should be, long ago or in the future
	SignatureWithoutSecret SignatureReason = "no_secret"        // we have none to check with
)

// SignatureError is a signature that was refused.
type SignatureError struct{ Reason SignatureReason }

// Error gives the reason.
func (e *SignatureError) Error() string { return "mercadopago: signature refused: " + string(e.Reason) }

// SignatureCheck says how notifications are checked.
type SignatureCheck struct {
	// Secrets are all that may have signed: those of production and of test, an old and a new one. Empty ones never match.
	Secrets []string
	// Tolerance is how far ts may be from now; zero does not judge it. A repetition may carry an old ts, so only a wide one
	// makes sense: a replay is harmless, because the payment is fetched again.
	Tolerance time.Duration
	Now       func() time.Time // needed with a Tolerance
}

// VerifySignature reports whether a notification was signed by Mercado Pago with one of the secrets, however long ago.
func VerifySignature(header, requestID, dataID string, secrets ...string) bool {
	return SignatureCheck{Secrets: secrets}.Verify(header, requestID, dataID) == nil
}

// Verify checks a notification. The header is x-signature ("ts=…,v1=…"), requestID is x-request-id, dataID the data.id of
// the query string; the last two are left out of the signed text when empty. Sources disagree whether an alphanumeric dataID
// is signed as sent or in lower case, so both count, and whether ts is in seconds or milliseconds, so its size tells. Its
// error is a [SignatureError].
func (c SignatureCheck) Verify(header, requestID, dataID string) error {
	signature, reason := parseSignature(header)
	if reason != "" {
		return &SignatureError{reason}
	}
	if reason := c.match(signature, strings.TrimSpace(requestID), strings.TrimSpace(dataID)); reason != "" {
		return &SignatureError{reason}
	}
	if c.Tolerance > 0 && c.Now().Sub(signature.at()).Abs() > c.Tolerance {
		return &SignatureError{SignatureOutOfDate}
	}
	return nil
}

func (c SignatureCheck) match(signature signature, requestID, dataID string) SignatureReason {
	// A semicolon would let one part of the signed text pass for another.
	if strings.Contains(requestID+dataID, ";") {
		return SignatureMismatch
	}
	manifests := []string{manifest(dataID, requestID, signature.ts)}
	if lower := strings.ToLower(dataID); lower != dataID {
		manifests = append(manifests, manifest(lower, requestID, signature.ts))
	}
	secrets, matches := 0, 0
	for _, secret := range c.Secrets {
		if secret == "" {
			continue
		}
		secrets++
		for _, text := range manifests {
			mac := hmac.New(sha256.New, []byte(secret))
			mac.Write([]byte(text))
			matches |= subtle.ConstantTimeCompare(signature.v1, mac.Sum(nil))
		}
	}
	switch {
	case matches == 1:
		return ""
	case secrets == 0:
		return SignatureWithoutSecret
	}
	return SignatureMismatch
}

func manifest(dataID, requestID, ts string) string {
	var text strings.Builder
	for _, part := range [][2]string{{"id", dataID}, {"request-id", requestID}, {"ts", ts}} {
		if part[1] != "" {
			text.WriteString(part[0] + ":" + part[1] + ";")
		}
	}
	return text.String()
}

// signature is what the header holds. v1 is nil when it is no hexadecimal, which matches nothing.
type signature struct {
	ts     string
	number int64
	v1     []byte
}

var versionForm = regexp.MustCompile(`^v\d+$`)

// parseSignature reads the parts in any order, keys in any case, and ignores those it does not know, such as versions to
// come.
func parseSignature(header string) (signature, SignatureReason) {
	if strings.TrimSpace(header) == "" {
		return signature{}, SignatureMissing
	}
	var read signature
	var v1 string
	versions := 0
	for part := range strings.SplitSeq(header, ",") {
		key, value, _ := strings.Cut(part, "=")
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
		switch {
		case value == "":
		case key == "ts":
			read.ts = value
		case versionForm.MatchString(key):
			versions++
			if key == "v1" {
				v1 = value
			}
		}
	}
	switch {
	case read.ts == "" && versions == 0:
		return signature{}, SignatureMalformed
	case read.ts == "":
		return signature{}, SignatureNoTimestamp
	}
	var err error
	if read.number, err = strconv.ParseInt(read.ts, 10, 64); err != nil {
		return signature{}, SignatureMalformed
	}
	if v1 == "" {
		return signature{}, SignatureNoHash
	}
	// What is decoded before a fault does not count.
	if decoded, err := hex.DecodeString(v1); err == nil {
		read.v1 = decoded
	}
	return read, ""
}

// firstMilliseconds is September 2001 in milliseconds and the year 33658 in seconds.
const firstMilliseconds = 1_000_000_000_000

func (s signature) at() time.Time {
	if s.number >= firstMilliseconds {
		return time.UnixMilli(s.number)
	}
	return time.Unix(s.number, 0)
}
