package whatsapp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVerifySignature(t *testing.T) {
	t.Parallel()
	const (
		body   = `{"object":"whatsapp_business_account","entry":[]}`
		vector = "sha256=56a21e195072d3c07ec2bbf608e0dfeaf322e1917ec30f0cb399c2a43588216e"
	)
	tests := map[string]struct {
		header, body string
		secrets      []string
		want         bool
	}{
		"published vector":          {vector, body, []string{"secret"}, true},
		"second of two secrets":     {vector, body, []string{"new", "secret"}, true},
		"first of two secrets":      {vector, body, []string{"secret", "new"}, true},
		"same secret twice":         {vector, body, []string{"secret", "secret"}, true},
		"no secret":                 {vector, body, nil, false},
		"wrong secret":              {vector, body, []string{"other"}, false},
		"one byte more":             {vector, body + " ", []string{"secret"}, false},
		"without the prefix":        {strings.TrimPrefix(vector, "sha256="), body, []string{"secret"}, false},
		"sha1":                      {strings.Replace(vector, "sha256", "sha1", 1), body, []string{"secret"}, false},
		"cut":                       {vector[:len(vector)-2], body, []string{"secret"}, false},
		"longer":                    {vector + "00", body, []string{"secret"}, false},
		"not hexadecimal":           {"sha256=zz" + vector[9:], body, []string{"secret"}, false},
		"missing header":            {"", body, []string{"secret"}, false},
		"only the prefix":           {"sha256=", body, []string{"secret"}, false},
		"empty secret is no secret": {"sha256=" + hmacHex("", body), body, []string{""}, false},
		"raw bytes, not the text":   {"sha256=" + hmacHex("s", `{"t":"\u00e4"}`), `{"t":"ä"}`, []string{"s"}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, VerifySignature(test.header, []byte(test.body), test.secrets...))
		})
	}
}

func TestVerifySubscription(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		query, token string
		want         string
		ok           bool
	}{
		"right":              {"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=ours", "ours", "1158201444", true},
		"wrong token":        {"hub.mode=subscribe&hub.challenge=1&hub.verify_token=theirs", "ours", "", false},
		"wrong mode":         {"hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=ours", "ours", "", false},
		"no challenge":       {"hub.mode=subscribe&hub.verify_token=ours", "ours", "", false},
		"no token":           {"hub.mode=subscribe&hub.challenge=1", "ours", "", false},
		"no mode":            {"hub.challenge=1&hub.verify_token=ours", "ours", "", false},
		"token twice":        {"hub.mode=subscribe&hub.challenge=1&hub.verify_token=ours&hub.verify_token=x", "ours", "", false},
		"challenge twice":    {"hub.mode=subscribe&hub.challenge=1&hub.challenge=2&hub.verify_token=ours", "ours", "", false},
		"mode twice":         {"hub.mode=subscribe&hub.mode=subscribe&hub.challenge=1&hub.verify_token=ours", "ours", "", false},
		"no token is set":    {"hub.mode=subscribe&hub.challenge=1&hub.verify_token=", "", "", false},
		"nothing":            {"", "ours", "", false},
		"token is a prefix":  {"hub.mode=subscribe&hub.challenge=1&hub.verify_token=our", "ours", "", false},
		"token has a prefix": {"hub.mode=subscribe&hub.challenge=1&hub.verify_token=ours2", "ours", "", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query, err := url.ParseQuery(test.query)
			require.NoError(t, err)
			challenge, ok := VerifySubscription(query, test.token)
			require.Equal(t, test.ok, ok)
			require.Equal(t, test.want, challenge)
		})
	}
}

func hmacHex(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}
