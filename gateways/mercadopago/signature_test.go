package mercadopago

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

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

// TestOfficialCases is what the tests of the four official SDKs agree on: Go (16 cases), Node.js, Python and Java. Where they
// differ, in the unit of ts, both count here. Their signed values are made again with their secret.
func TestOfficialCases(t *testing.T) {
	t.Parallel()
	const (
		secret  = "your_secret_key_here"
		upperID = "ORD01JQ4S4KY8HWQ6NA5PXB65B3D3"
		lowerID = "ord01jq4s4ky8hwq6na5pxb65b3d3"
		millis  = "1742505638683"
		seconds = "1742505638"
		minute  = time.Minute
	)
	hash := func(data, request, ts string) string { return signWith(secret, manifest(data, request, ts)) }
	header := func(data, request, ts string) string { return "ts=" + ts + ",v1=" + hash(data, request, ts) }
	good := header(lowerID, requestID, millis)
	last := map[bool]string{true: "ff", false: "00"}[strings.HasSuffix(good, "00")]
	signed := time.UnixMilli(1742505638683)
	tests := map[string]struct {
		header, request, data string
		tolerance             time.Duration
		now                   time.Time
		want                  SignatureReason
	}{
		"1 lower case":                     {good, requestID, lowerID, 0, signed, ""},
		"2 upper case is preserved":        {header(upperID, requestID, millis), requestID, upperID, 0, signed, ""},
		"2b upper case, signed as lower":   {good, requestID, upperID, 0, signed, ""},
		"3 malformed header":               {"this-is-garbage", requestID, lowerID, 0, signed, SignatureMalformed},
		"3b ts is no number":               {"ts=abc,v1=" + hash(lowerID, requestID, millis), requestID, lowerID, 0, signed, SignatureMalformed},
		"4 no header":                      {"", requestID, lowerID, 0, signed, SignatureMissing},
		"4b blank header":                  {"  ", requestID, lowerID, 0, signed, SignatureMissing},
		"5 no ts":                          {"v1=" + hash(lowerID, requestID, millis), requestID, lowerID, 0, signed, SignatureNoTimestamp},
		"5b empty ts":                      {"ts=,v1=" + hash(lowerID, requestID, millis), requestID, lowerID, 0, signed, SignatureNoTimestamp},
		"6 no v1":                          {"ts=" + millis, requestID, lowerID, 0, signed, SignatureNoHash},
		"6b empty v1":                      {"ts=" + millis + ",v1=", requestID, lowerID, 0, signed, SignatureNoHash},
		"7 tampered hash":                  {good[:len(good)-2] + last, requestID, lowerID, 0, signed, SignatureMismatch},
		"7b hash cut by one":               {good[:len(good)-1], requestID, lowerID, 0, signed, SignatureMismatch},
		"7c hash cut by a byte":            {good[:len(good)-2], requestID, lowerID, 0, signed, SignatureMismatch},
		"7d hash and one letter more":      {good + "0", requestID, lowerID, 0, signed, SignatureMismatch},
		"7e hash and rubbish after it":     {good + "zz", requestID, lowerID, 0, signed, SignatureMismatch},
		"7f hash twice":                    {good + good[len(good)-64:], requestID, lowerID, 0, signed, SignatureMismatch},
		"8 out of tolerance":               {good, requestID, lowerID, minute, signed.Add(10 * minute), SignatureOutOfDate},
		"8b out of tolerance, future":      {good, requestID, lowerID, minute, signed.Add(-10 * minute), SignatureOutOfDate},
		"8c old, but the hash is wrong":    {good[:len(good)-2] + last, requestID, lowerID, minute, signed.Add(10 * minute), SignatureMismatch},
		"8d within tolerance":              {good, requestID, lowerID, minute, signed.Add(30 * time.Second), ""},
		"8e seconds, within":               {header(lowerID, requestID, seconds), requestID, lowerID, minute, signed.Add(30 * time.Second), ""},
		"8f seconds, out":                  {header(lowerID, requestID, seconds), requestID, lowerID, minute, signed.Add(10 * minute), SignatureOutOfDate},
		"8g old without a tolerance":       {good, requestID, lowerID, 0, signed.AddDate(5, 0, 0), ""},
		"9 no data id":                     {header("", requestID, millis), requestID, "", 0, signed, ""},
		"10 no request id":                 {header(lowerID, "", millis), "", lowerID, 0, signed, ""},
		"11 neither":                       {header("", "", millis), "  ", "", 0, signed, ""},
		"11b neither, the other way round": {header("", "", millis), "", "   ", 0, signed, ""},
		"12 another topic":                 {header("ord01abc123", requestID, millis), requestID, "ord01abc123", 0, signed, ""},
		"13 v1 beside v2":                  {good + ",v2=aaaa", requestID, lowerID, 0, signed, ""},
		"13b v2 first":                     {"v2=aaaa," + good, requestID, lowerID, 0, signed, ""},
		"14 v2 only":                       {"ts=" + millis + ",v2=somehash", requestID, lowerID, 0, signed, SignatureNoHash},
		"15 multibyte hash (node #459)":    {"ts=1704908010,v1=é" + strings.Repeat("a", 63), requestID, lowerID, 0, signed, SignatureMismatch},
		"parts in another order":           {"ts=" + millis + ",v1=" + signWith(secret, "request-id:"+requestID+";id:"+lowerID+";ts:"+millis+";"), requestID, lowerID, 0, signed, SignatureMismatch},
		"no semicolon at the end":          {"ts=" + millis + ",v1=" + signWith(secret, "id:"+lowerID+";request-id:"+requestID+";ts:"+millis), requestID, lowerID, 0, signed, SignatureMismatch},
		"empty parts kept":                 {"ts=" + millis + ",v1=" + signWith(secret, "id:;request-id:;ts:"+millis+";"), "", "", 0, signed, SignatureMismatch},
		"header parts in another order":    {"v1=" + hash(lowerID, requestID, millis) + ",ts=" + millis, requestID, lowerID, 0, signed, ""},
		"request id left out":              {good, "", lowerID, 0, signed, SignatureMismatch},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := SignatureCheck{Secrets: []string{"another", secret}, Tolerance: test.tolerance, Now: func() time.Time { return test.now }}
			err := check.Verify(test.header, test.request, test.data)
			if test.want == "" {
				require.NoError(t, err)
				check.Secrets = []string{"another"}
				require.Equal(t, &SignatureError{SignatureMismatch}, check.Verify(test.header, test.request, test.data))
				check.Secrets = []string{""}
				require.Equal(t, &SignatureError{SignatureWithoutSecret}, check.Verify(test.header, test.request, test.data))
				return
			}
			require.Equal(t, &SignatureError{test.want}, err)
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
