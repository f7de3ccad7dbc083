package mercadopago

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	requestID = "2066ca19-c6f1-498a-be75-1923005edd06"
	vector    = "fdbcf6922807bd0428cbb1781c25e9e9cb6866a2ae2074a1fe9c85096f2e2b0c"
	noRequest = "5f5b04655b1d66044ac625fce94dab07a79acf82e8c7d22862a193cb407dcb7d"
)

func TestVerifySignature(t *testing.T) {
	t.Parallel()
	type delivery struct {
		header, requestID, dataID string
		secrets                   []string
	}
	one := []string{"secret"}
	accepted := map[string]delivery{
		"published vector":              {"ts=1704908010,v1=" + vector, requestID, "123456789", one},
		"published vector, no request":  {"ts=1704908010,v1=" + noRequest, "", "123456789", one},
		"second of two secrets":         {"ts=1704908010,v1=" + vector, requestID, "123456789", []string{"new", "secret"}},
		"same secret twice":             {"ts=1704908010,v1=" + vector, requestID, "123456789", []string{"secret", "secret"}},
		"spaces, case, order, unknowns": {" V1 = " + vector + " , x=1, v2=ffff,nonsense, TS =1704908010 ", " " + requestID + " ", " 123456789 ", one},
		"no data id":                    {"ts=1704908010,v1=" + sign("request-id:r;ts:1704908010;"), "r", "", one},
		"nothing but the time":          {"ts=1704908010,v1=" + sign("ts:1704908010;"), "", "", one},
		"milliseconds":                  {"ts=1742505638683,v1=" + sign("id:1;request-id:r;ts:1742505638683;"), "r", "1", one},
		"letters signed as received":    {"ts=1,v1=" + sign("id:ORD01JQ;request-id:r;ts:1;"), "r", "ORD01JQ", one},
		"letters signed in lower case":  {"ts=1,v1=" + sign("id:ord01jq;request-id:r;ts:1;"), "r", "ORD01JQ", one},
		"hexadecimal in upper case":     {"ts=1704908010,v1=" + strings.ToUpper(vector), requestID, "123456789", one},
	}
	for name, d := range accepted {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.True(t, VerifySignature(d.header, d.requestID, d.dataID, d.secrets...))
			require.False(t, VerifySignature(d.header, d.requestID, d.dataID, "other"))
			require.False(t, VerifySignature(d.header, d.requestID, d.dataID))
			require.False(t, VerifySignature(d.header, d.requestID, d.dataID, ""))
		})
	}
	refused := map[string]delivery{
		"another payment":        {"ts=1704908010,v1=" + vector, requestID, "123456788", one},
		"another request":        {"ts=1704908010,v1=" + vector, "r", "123456789", one},
		"another time":           {"ts=1704908011,v1=" + vector, requestID, "123456789", one},
		"data id taken away":     {"ts=1704908010,v1=" + vector, requestID, "", one},
		"parts moved":            {"ts=1704908010,v1=" + vector, "", "123456789;request-id:" + requestID, one},
		"no header":              {"", requestID, "123456789", one},
		"no time":                {"v1=" + vector, requestID, "123456789", one},
		"time is no number":      {"ts=now,v1=" + vector, requestID, "123456789", one},
		"no version":             {"ts=1704908010", requestID, "123456789", one},
		"only another version":   {"ts=1704908010,v2=" + vector, requestID, "123456789", one},
		"cut":                    {"ts=1704908010,v1=" + vector[:62], requestID, "123456789", one},
		"not hexadecimal":        {"ts=1704908010,v1=" + strings.Repeat("z", 64), requestID, "123456789", one},
		"signed by nobody":       {"ts=1,v1=" + signWith("", "id:1;ts:1;"), "", "1", []string{""}},
		"upper case was not due": {"ts=1,v1=" + sign("id:ORD;ts:1;"), "", "ord", one},
	}
	for name, d := range refused {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.False(t, VerifySignature(d.header, d.requestID, d.dataID, d.secrets...))
		})
	}
}

func FuzzVerifySignature(f *testing.F) {
	f.Add("ts=1704908010,v1="+vector, requestID, "123456789")
	f.Add("ts=,v1=", "", "")
	f.Add(",,,=,=ts,v1", ";", "İ")
	f.Fuzz(func(t *testing.T, header, request, data string) {
		require.False(t, VerifySignature(header, request, data, "a secret nobody signs with"))
		require.False(t, VerifySignature(header, request, data))
	})
}

func sign(text string) string { return signWith("secret", text) }

func signWith(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}
