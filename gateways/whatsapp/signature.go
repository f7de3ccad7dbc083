package whatsapp

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/url"
	"strings"
)

// SignatureHeader is the HTTP header that carries the signature of a webhook delivery.
const SignatureHeader = "X-Hub-Signature-256"

// VerifySubscription answers Meta's webhook verification request (GET): ok is true only when hub.mode, hub.verify_token and
// hub.challenge are each present exactly once, the mode is "subscribe" and the token is ours; then the challenge is to be
// sent back as the raw body. An empty token of ours accepts nobody.
func VerifySubscription(query url.Values, token string) (challenge string, ok bool) {
	for _, name := range []string{"hub.mode", "hub.verify_token", "hub.challenge"} {
		if len(query[name]) != 1 {
			return "", false
		}
	}
	// Hashing first makes the comparison independent of the length of our token as well.
	given, ours := sha256.Sum256([]byte(query.Get("hub.verify_token"))), sha256.Sum256([]byte(token))
	same := subtle.ConstantTimeCompare(given[:], ours[:]) == 1
	if !same || token == "" || query.Get("hub.mode") != "subscribe" {
		return "", false
	}
	return query.Get("hub.challenge"), true
}

// VerifySignature reports whether header ("sha256=<hex>") is the HMAC-SHA256 of the raw, undecoded body under one of the
// app secrets. Several secrets serve a rotation; empty ones never match, and without any the answer is false.
func VerifySignature(header string, body []byte, secrets ...string) bool {
	encoded, found := strings.CutPrefix(strings.TrimSpace(header), "sha256=")
	if !found {
		return false
	}
	given, err := hex.DecodeString(encoded)
	if err != nil || len(given) != sha256.Size {
		return false
	}
	matches := 0
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		matches |= subtle.ConstantTimeCompare(given, mac.Sum(nil))
	}
	return matches == 1
}
