package observe

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// PhoneRef returns what stands for a phone in logs: the first 16 hex digits of its HMAC-SHA256 under key. The same phone in
// its canonical form gives the same reference, and without the key nobody can try all numbers. No phone gives "", no key
// gives "redacted" for every phone.
func PhoneRef(key []byte, phone string) string {
	if phone == "" {
		return ""
	}
	if len(key) == 0 {
		return "redacted"
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(phone))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}
