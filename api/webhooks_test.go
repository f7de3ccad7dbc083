package api_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/api"
	"cabanas/booking"
)

const (
	whatsappHook    = "/api/v1/webhooks/whatsapp"
	mercadopagoHook = "/api/v1/webhooks/mercadopago"

	// contracts A3
	metaBody      = `{"object":"whatsapp_business_account","entry":[]}`
	metaSignature = "sha256=56a21e195072d3c07ec2bbf608e0dfeaf322e1917ec30f0cb399c2a43588216e"

	// contracts B5
	mpQuery     = "?data.id=123456789&type=payment&ref=RES261121ABCDEF"
	mpRequestID = "2066ca19-c6f1-498a-be75-1923005edd06"
	mpSignature = "ts=1704908010,v1=fdbcf6922807bd0428cbb1781c25e9e9cb6866a2ae2074a1fe9c85096f2e2b0c"
	mpBody      = `{"id":12345,"live_mode":true,"type":"payment","user_id":44444,"api_version":"v1","action":"payment.created","data":{"id":"123456789"}}`
)

func sign(body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func (e *edge) requireRefused(t *testing.T, provider, reason string, times float64) {
	t.Helper()
	answer := e.do(t, http.MethodGet, "/metrics", "")
	require.Contains(t, answer.Body.String(),
		`webhook_inbox_refused_total{provider="`+provider+`",reason="`+reason+`"} `+strconv.FormatFloat(times, 'f', -1, 64))
}

func TestMetaVerifiesTheAddress(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	answer := e.do(t, http.MethodGet, whatsappHook+"?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=our-verify-token", "")
	require.Equal(t, http.StatusOK, answer.Code)
	require.Equal(t, "1158201444", answer.Body.String(), "raw, not JSON")
	require.Equal(t, "text/plain; charset=utf-8", answer.Header().Get("Content-Type"))

	for _, query := range []string{"", "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=guess",
		"?hub.mode=subscribe&hub.challenge=1&hub.challenge=2&hub.verify_token=our-verify-token"} {
		requireProblem(t, e.do(t, http.MethodGet, whatsappHook+query, ""), http.StatusForbidden, booking.CodeForbidden)
	}
	require.NotContains(t, e.logs.String(), "our-verify-token", "queries are not logged")
}

func TestASignedDeliveryIsStoredAsItCame(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	answer := e.do(t, http.MethodPost, whatsappHook, metaBody, "X-Hub-Signature-256", metaSignature, "X-Trace-ID", "from-meta-1")
	require.Equal(t, http.StatusOK, answer.Code)
	require.Equal(t, "from-meta-1", answer.Header().Get("X-Trace-ID"))
	sum := sha256.Sum256([]byte(metaBody))
	require.Equal(t, []activities.Webhook{{Provider: "whatsapp", EventKey: hex.EncodeToString(sum[:]), Body: []byte(metaBody),
		Meta: map[string]string{}, TraceID: "from-meta-1"}}, e.inbox.received)

	require.Equal(t, http.StatusOK, e.do(t, http.MethodPost, whatsappHook, metaBody, "X-Hub-Signature-256", metaSignature).Code)
	require.Equal(t, e.inbox.received[0].EventKey, e.inbox.received[1].EventKey, "a repetition has the key of the first")
	require.Contains(t, e.do(t, http.MethodGet, "/metrics", "").Body.String(), `webhook_inbox_received_total{provider="whatsapp"} 2`)
}

func TestDeliveriesThatAreNotMetasAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body, signature string
		status          int
		code            booking.Code
		reason          string
	}{
		"no signature":           {metaBody, "", 401, booking.CodeUnauthorized, "missing_signature"},
		"another body":           {metaBody + " ", metaSignature, 403, booking.CodeForbidden, "wrong_signature"},
		"another secret":         {metaBody, strings.Replace(metaSignature, "56", "57", 1), 403, booking.CodeForbidden, "wrong_signature"},
		"no hex":                 {metaBody, "sha256=zz", 403, booking.CodeForbidden, "wrong_signature"},
		"signature of no scheme": {metaBody, strings.TrimPrefix(metaSignature, "sha256="), 403, booking.CodeForbidden, "wrong_signature"},
		"malformed, wrong sign":  {`{"object":`, metaSignature, 403, booking.CodeForbidden, "wrong_signature"},
		"malformed, signed":      {`{"object":`, sign(`{"object":`), 400, api.CodeMalformed, "malformed"},
		"not an object, signed":  {`[]`, sign(`[]`), 400, api.CodeMalformed, "malformed"},
		"empty, signed":          {``, sign(``), 400, api.CodeMalformed, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEdge(t)
			headers := []string{}
			if test.signature != "" {
				headers = append(headers, "X-Hub-Signature-256", test.signature)
			}
			requireProblem(t, e.do(t, http.MethodPost, whatsappHook, test.body, headers...), test.status, test.code)
			require.Empty(t, e.inbox.received)
			e.requireRefused(t, "whatsapp", test.reason, 1)
		})
	}
}

func TestDeliveriesOfThreeMegabytesAreRead(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	body := `{"object":"` + strings.Repeat("x", 3<<20-13) + `"}`
	require.Len(t, body, 3<<20)
	require.Equal(t, http.StatusOK, e.do(t, http.MethodPost, whatsappHook, body, "X-Hub-Signature-256", sign(body)).Code)
	require.Len(t, e.inbox.received[0].Body, 3<<20)

	large := `{"object":"` + strings.Repeat("x", 4_000_000) + `"}`
	requireProblem(t, e.do(t, http.MethodPost, whatsappHook, large, "X-Hub-Signature-256", sign(large)), http.StatusRequestEntityTooLarge, api.CodeTooLarge)

	request := httptest.NewRequest(http.MethodPost, whatsappHook, strings.NewReader(large))
	request.ContentLength = -1 // as chunked
	request.Header.Set("X-Hub-Signature-256", sign(large))
	recorder := httptest.NewRecorder()
	e.ServeHTTP(recorder, request)
	requireProblem(t, recorder, http.StatusRequestEntityTooLarge, api.CodeTooLarge)
	require.Len(t, e.inbox.received, 1)
}

func TestWithoutPostgresTheProviderMustRepeat(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.inbox.err = errors.New("connection refused")
	for _, answer := range []*httptest.ResponseRecorder{
		e.do(t, http.MethodPost, whatsappHook, metaBody, "X-Hub-Signature-256", metaSignature),
		e.do(t, http.MethodPost, mercadopagoHook+mpQuery, mpBody, "X-Signature", mpSignature, "X-Request-Id", mpRequestID),
		e.do(t, http.MethodPost, mercadopagoHook+"?topic=payment&id=77", ""),
	} {
		requireProblem(t, answer, http.StatusServiceUnavailable, booking.CodeUnavailable)
		require.NotEmpty(t, answer.Header().Get("Retry-After"))
		require.NotContains(t, answer.Body.String(), "refused")
	}
	e.requireRefused(t, "whatsapp", "unavailable", 1)
	e.requireRefused(t, "mercadopago", "unavailable", 2)
}

func TestASignedNotificationIsStored(t *testing.T) {
	t.Parallel()
	for _, path := range []string{mercadopagoHook, "/api/v1/mercadopago/webhook"} {
		e := newEdge(t)
		post := func(query, body string) *httptest.ResponseRecorder {
			return e.do(t, http.MethodPost, path+query, body, "X-Signature", mpSignature, "X-Request-Id", mpRequestID)
		}
		require.Equal(t, http.StatusOK, post(mpQuery+"&signed=false&payment_id=666&topic=evil", mpBody).Code)
		require.Len(t, e.inbox.received, 1)
		stored := e.inbox.received[0]
		require.Equal(t, "mercadopago", stored.Provider)
		require.JSONEq(t, mpBody, string(stored.Body))
		require.Equal(t, map[string]string{"data.id": "123456789", "type": "payment", "ref": "RES261121ABCDEF", "topic": "payment",
			activities.MetaSigned: "true", activities.MetaPaymentID: "123456789"}, stored.Meta)

		require.Equal(t, http.StatusOK, post(mpQuery, mpBody).Code)
		require.Equal(t, stored.EventKey, e.inbox.received[1].EventKey, "a repetition has the key of the first")
		require.Equal(t, http.StatusOK, post(mpQuery, strings.Replace(mpBody, "created", "updated", 1)).Code)
		require.NotEqual(t, stored.EventKey, e.inbox.received[2].EventKey, "another action is another event")
	}
}

func TestWithoutRequestIDTheBodyMakesTheKey(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	const signature = "ts=1704908010,v1=5f5b04655b1d66044ac625fce94dab07a79acf82e8c7d22862a193cb407dcb7d"
	post := func(body string) {
		require.Equal(t, http.StatusOK, e.do(t, http.MethodPost, mercadopagoHook+"?data.id=123456789&type=payment", body, "X-Signature", signature).Code)
	}
	post(mpBody)
	post(mpBody)
	post(strings.Replace(mpBody, "12345,", "12346,", 1))
	require.Equal(t, e.inbox.received[0].EventKey, e.inbox.received[1].EventKey)
	require.NotEqual(t, e.inbox.received[0].EventKey, e.inbox.received[2].EventKey)
}

func TestNotificationsThatAreNotMercadoPagos(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		query, body, signature string
		status                 int
		code                   booking.Code
		reason                 string
	}{
		"payment without signature":   {mpQuery, mpBody, "", 401, booking.CodeUnauthorized, "missing_signature"},
		"no query, no signature":      {"", mpBody, "", 401, booking.CodeUnauthorized, "missing_signature"},
		"nothing at all":              {"", "", "", 401, booking.CodeUnauthorized, "missing_signature"},
		"another payment":             {"?data.id=987654321&type=payment", mpBody, mpSignature, 403, booking.CodeForbidden, "wrong_signature"},
		"signature of something else": {mpQuery, mpBody, "ts=1,v1=" + strings.Repeat("0", 64), 403, booking.CodeForbidden, "wrong_signature"},
		"signature without parts":     {mpQuery, mpBody, "nonsense", 403, booking.CodeForbidden, "wrong_signature"},
		"signed, malformed":           {mpQuery, `{"id":`, mpSignature, 400, api.CodeMalformed, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEdge(t)
			headers := []string{"X-Request-Id", mpRequestID}
			if test.signature != "" {
				headers = append(headers, "X-Signature", test.signature)
			}
			requireProblem(t, e.do(t, http.MethodPost, mercadopagoHook+test.query, test.body, headers...), test.status, test.code)
			require.Empty(t, e.inbox.received)
			e.requireRefused(t, "mercadopago", test.reason, 1)
		})
	}
}

func TestLegacyNotificationsAreHintsAtMost(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	legacy := func(query, body string) int {
		return e.do(t, http.MethodPost, mercadopagoHook+query, body).Code
	}
	require.Equal(t, 200, legacy("?topic=payment&id=77&ref=RES261121ABCDEF&signed=true", `{"resource":"77","topic":"payment","junk":"`+strings.Repeat("j", 5000)+`"}`))
	require.Len(t, e.inbox.received, 1)
	require.JSONEq(t, `{"topic":"payment","resource":"77"}`, string(e.inbox.received[0].Body), "nothing of an unsigned body is kept")
	require.Equal(t, map[string]string{"topic": "payment", "id": "77", "ref": "RES261121ABCDEF", activities.MetaSigned: "false",
		activities.MetaPaymentID: "77"}, e.inbox.received[0].Meta)

	require.Equal(t, 200, legacy("", `{"resource":"https://api.mercadopago.com/v1/payments/77","topic":"payment"}`))
	require.Equal(t, e.inbox.received[0].EventKey, e.inbox.received[1].EventKey, "one row per payment and period")
	e.now = e.now.Add(10 * time.Second)
	require.Equal(t, 200, e.do(t, http.MethodPost, mercadopagoHook+"?topic=payment&id=77", "", "X-Signature", mpSignature).Code, "the old form is never signed")
	require.Equal(t, "false", e.inbox.received[2].Meta[activities.MetaSigned])
	require.NotEqual(t, e.inbox.received[0].EventKey, e.inbox.received[2].EventKey)

	for _, query := range []string{"?topic=merchant_order&id=9", "?topic=nonsense&id=9", "?topic=payment&id=abc", "?topic=payment", "?type=stop_delivery_op_wh&data.id=9"} {
		require.Equal(t, 200, legacy(query, `{}`), query)
	}
	require.Len(t, e.inbox.received, 3)
	e.requireRefused(t, "mercadopago", "other_topic", 5)
	requireProblem(t, e.do(t, http.MethodPost, mercadopagoHook+"?topic=payment&id=77", strings.Repeat("x", 70_000)), 413, api.CodeTooLarge)
}

func TestSignedNotificationsOfOtherTopicsAreAcknowledged(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	body := strings.Replace(mpBody, `"type":"payment"`, `"type":"topic_claims_integration_wh"`, 1)
	answer := e.do(t, http.MethodPost, mercadopagoHook+"?data.id=123456789&type=topic_claims_integration_wh", body,
		"X-Signature", mpSignature, "X-Request-Id", mpRequestID)
	require.Equal(t, http.StatusOK, answer.Code)
	require.Empty(t, e.inbox.received)
}

func TestAFloodOfHintsIsBounded(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	for id := range 200 {
		require.Equal(t, 200, e.do(t, http.MethodPost, mercadopagoHook+"?topic=payment&id="+strconv.Itoa(id+1), "").Code)
	}
	require.Len(t, e.inbox.received, 50)
	e.requireRefused(t, "mercadopago", "too_many_hints", 150)
}

func TestQueryValuesOfANotificationAreBounded(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	query := url.Values{"topic": {"payment"}, "id": {"77"}, "ref": {"not a code"}, "long": {strings.Repeat("x", 300)}, "nul": {"a\x00"}}
	for i := range 40 {
		query.Set("q"+strconv.Itoa(i), "x")
	}
	require.Equal(t, 200, e.do(t, http.MethodPost, mercadopagoHook+"?"+query.Encode(), "").Code)
	meta := e.inbox.received[0].Meta
	require.LessOrEqual(t, len(meta), 25)
	require.NotContains(t, meta, "ref")
	require.NotContains(t, meta, "long")
	require.NotContains(t, meta, "nul")
	require.Equal(t, "77", meta[activities.MetaPaymentID])
}
