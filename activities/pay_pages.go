package activities

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
)

// PayPages makes the addresses of the guests' payment pages: one for each reservation, which stays the same while its payment
// links come and go. Whoever has the address is taken for the guest; the code alone opens nothing.
type PayPages struct {
	// Base is the public address of this service.
	Base *url.URL
	// Keys derive the secret part: the first makes it, all are accepted. Without keys no address is valid.
	Keys []string
}

const (
	payPath = "pay"
	// payReturn marks the browser that comes back from the checkout: it must not be sent there again.
	payReturn = "from"
	// secretBytes is 128 bits, 22 characters.
	secretBytes = 16
)

// Address is the page of a reservation, for the guest only; empty when there is no base address or key.
func (p PayPages) Address(code string) string {
	if p.Base == nil || len(p.Keys) == 0 {
		return ""
	}
	return p.Base.JoinPath(payPath, code, paySecret(p.Keys[0], code)).String()
}

// Return is where the provider sends the browser after the checkout; the same for every attempt and outcome, because what
// happened is looked up, not believed.
func (p PayPages) Return(code string) string {
	page := p.Address(code)
	if page == "" {
		return ""
	}
	return page + "?" + payReturn + "=checkout"
}

// Valid reports, in the same time whatever the answer, whether a secret is the one of a code.
func (p PayPages) Valid(code, secret string) bool {
	valid := 0
	for _, key := range p.Keys {
		valid |= subtle.ConstantTimeCompare([]byte(paySecret(key, code)), []byte(secret))
	}
	return valid == 1
}

// The label keeps these codes apart from anything else that is signed with the same key.
func paySecret(key, code string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("cabanas payment page\n" + code))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:secretBytes])
}
