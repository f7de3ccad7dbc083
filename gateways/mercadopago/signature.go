package mercadopago

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"strings"
)

// The HTTP headers that belong to a signed notification.
const (
	SignatureHeader = "X-Signature"
	RequestIDHeader = "X-Request-Id"
)

// VerifySignature reports whether a notification was signed by Mercado Pago with one of the secrets. The header is
// x-signature ("ts=…,v1=…"), requestID is x-request-id, dataID the data.id of the query string; the last two are left out
// of the signed text when empty. Sources disagree whether an alphanumeric dataID is signed as sent or in lower case, so
// both count. The age of ts, in seconds or milliseconds, is not judged, as a repetition may carry an old one. Empty secrets
// never match, and without any the answer is false.
func VerifySignature(header, requestID, dataID string, secrets ...string) bool {
	ts, given, ok := parseSignature(header)
	requestID, dataID = strings.TrimSpace(requestID), strings.TrimSpace(dataID)
	// A semicolon would let one part of the signed text pass for another.
	if !ok || strings.Contains(requestID+dataID, ";") {
		return false
	}
	manifests := []string{manifest(dataID, requestID, ts)}
	if lower := strings.ToLower(dataID); lower != dataID {
		manifests = append(manifests, manifest(lower, requestID, ts))
	}
	matches := 0
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		for _, text := range manifests {
			mac := hmac.New(sha256.New, []byte(secret))
			mac.Write([]byte(text))
			matches |= subtle.ConstantTimeCompare(given, mac.Sum(nil))
		}
	}
	return matches == 1
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

// parseSignature reads the parts in any order, keys in any case, and ignores those it does not know, such as versions to
// come.
func parseSignature(header string) (ts string, v1 []byte, ok bool) {
	for part := range strings.SplitSeq(header, ",") {
		key, value, _ := strings.Cut(part, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "ts":
			ts = value
		case "v1":
			v1, _ = hex.DecodeString(value)
		}
	}
	if _, err := strconv.ParseInt(ts, 10, 64); err != nil {
		return "", nil, false
	}
	return ts, v1, len(v1) == sha256.Size
}
