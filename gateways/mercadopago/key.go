package mercadopago

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"
)

// Idempotency keys are made of what a call is about, never of chance: a call repeated after a crash is the same call.

const longestKey = 64

var keyForm = regexp.MustCompile(`^[A-Za-z0-9:._-]+$`)

// PreferenceKey is the idempotency key of the payment link that is the attempt-th for a reference.
func PreferenceKey(reference string, attempt int) string {
	return key("preference:" + reference + ":" + strconv.Itoa(attempt))
}

// RefundKey is the idempotency key of the refund of a payment for a reason, which names one decision: two refunds of one
// payment need two reasons.
func RefundKey(paymentID int64, reason string) string {
	return key("refund:" + strconv.FormatInt(paymentID, 10) + ":" + reason)
}

// key keeps what is short and plain as it is, so that it can be recognised in Mercado Pago's panel.
func key(text string) string {
	if len(text) <= longestKey && keyForm.MatchString(text) {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
