package whatsapp

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const accepted = `{"messaging_product":"whatsapp","contacts":[{"input":"+5491112345678","wa_id":"5491112345678"}],"messages":[{"id":"wamid.OUT","message_status":"accepted"}]}`

// meta is a server that answers every request with the next of its answers, the last one again and again.
type meta struct {
	mu      sync.Mutex
	answers []metaAnswer
	seen    []*http.Request
	bodies  []map[string]any
}

type metaAnswer struct {
	status int
	body   string
	header http.Header
}

func (m *meta) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var body map[string]any
	_ = json.Unmarshal(raw, &body)
	m.mu.Lock()
	answer := m.answers[min(len(m.seen), len(m.answers)-1)]
	m.seen, m.bodies = append(m.seen, r), append(m.bodies, body)
	m.mu.Unlock()
	maps.Copy(w.Header(), answer.header)
	w.WriteHeader(answer.status)
	_, _ = io.WriteString(w, answer.body)
}

func setup(t *testing.T, options Options, answers ...metaAnswer) (*Client, *meta) {
	t.Helper()
	handler := &meta{answers: answers}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	options.BaseURL, options.PhoneID, options.Token = server.URL, "777", "token"
	client, err := New(options)
	require.NoError(t, err)
	return client, handler
}

func failureOf(t *testing.T, err error) *Error {
	t.Helper()
	var failure *Error
	require.ErrorAs(t, err, &failure)
	return failure
}

func TestSend(t *testing.T) {
	t.Parallel()
	client, server := setup(t, Options{Version: "v25.0"}, metaAnswer{status: 200, body: accepted})
	receipt, err := client.Send(t.Context(), ana, Text("Hola"))
	require.NoError(t, err)
	require.Equal(t, Receipt{MessageID: "wamid.OUT", WaID: "5491112345678", Status: "accepted", Phone: "5491112345678"}, receipt)
	require.Equal(t, "/v25.0/777/messages", server.seen[0].URL.Path)
	require.Equal(t, "Bearer token", server.seen[0].Header.Get("Authorization"))
	require.Equal(t, "application/json", server.seen[0].Header.Get("Content-Type"))
	require.Equal(t, "+5491112345678", server.bodies[0]["to"])
}

func TestNumber(t *testing.T) {
	t.Parallel()
	client, server := setup(t, Options{Version: "v25.0"},
		metaAnswer{status: 200, body: `{"verified_name":"Cabañas","quality_rating":"GREEN","id":"777"}`},
		metaAnswer{status: 401, body: `{"error":{"message":"Error validating access token","code":190}}`})
	number, err := client.Number(t.Context())
	require.NoError(t, err)
	require.Equal(t, Number{Name: "Cabañas", Quality: "GREEN"}, number)
	require.Equal(t, http.MethodGet, server.seen[0].Method)
	require.Equal(t, "/v25.0/777", server.seen[0].URL.Path)
	require.Equal(t, "verified_name,quality_rating", server.seen[0].URL.Query().Get("fields"))
	require.Equal(t, "Bearer token", server.seen[0].Header.Get("Authorization"))
	_, err = client.Number(t.Context())
	require.Equal(t, ReasonAccount, failureOf(t, err).Reason)
}

func TestMarkRead(t *testing.T) {
	t.Parallel()
	client, server := setup(t, Options{}, metaAnswer{status: 200, body: `{"success":true}`}, metaAnswer{status: 200, body: `{"success":true}`}, metaAnswer{status: 200, body: `{}`})
	require.NoError(t, client.MarkRead(t.Context(), "wamid.1", true))
	require.Equal(t, map[string]any{"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1", "typing_indicator": map[string]any{"type": "text"}}, server.bodies[0])
	require.NoError(t, client.MarkRead(t.Context(), "wamid.1", false))
	require.NotContains(t, server.bodies[1], "typing_indicator")
	require.Error(t, client.MarkRead(t.Context(), "wamid.1", false))
}

func TestSendClassifiesAnswers(t *testing.T) {
	t.Parallel()
	refused := func(code string) string {
		return `{"error":{"message":"(#131000) to 5491112345678","type":"OAuthException","code":` + code + `,"error_data":{"messaging_product":"whatsapp","details":"Recipient +54 9 11 1234-5678: 'Hola'"},"fbtrace_id":"AbC"}}`
	}
	tests := map[string]struct {
		answer metaAnswer
		reason Reason
		code   int
		wait   time.Duration
	}{
		"code decides over status 400":    {metaAnswer{status: 400, body: refused("130429")}, ReasonThroughput, 130429, 0},
		"code decides over status 500":    {metaAnswer{status: 500, body: refused("131009")}, ReasonMessageInvalid, 131009, 0},
		"code decides over status 200":    {metaAnswer{status: 200, body: refused("131047")}, ReasonWindowClosed, 131047, 0},
		"pair rate waits":                 {metaAnswer{status: 400, body: refused("131056")}, ReasonPairRate, 131056, 6 * time.Second},
		"code zero is the account":        {metaAnswer{status: 401, body: refused("0")}, ReasonAccount, 0, 0},
		"code as a string":                {metaAnswer{status: 400, body: refused(`"131026"`)}, ReasonRecipient, 131026, 0},
		"new code":                        {metaAnswer{status: 400, body: refused("987654")}, ReasonUnknown, 987654, 0},
		"Retry-After is kept":             {metaAnswer{status: 503, header: http.Header{"Retry-After": {"7"}}}, ReasonTransient, 0, 7 * time.Second},
		"Retry-After is capped":           {metaAnswer{status: 429, header: http.Header{"Retry-After": {"99999999"}}}, ReasonThroughput, 0, time.Hour},
		"gateway gave up waiting":         {metaAnswer{status: 504, body: "<html>"}, ReasonAmbiguous, 0, 0},
		"500 without a code":              {metaAnswer{status: 500, body: "{}"}, ReasonAmbiguous, 0, 0},
		"404 without a code":              {metaAnswer{status: 404, body: "nope"}, ReasonUnknown, 0, 0},
		"403 without a code":              {metaAnswer{status: 403, body: ""}, ReasonAccount, 0, 0},
		"redirect is not followed":        {metaAnswer{status: 307, header: http.Header{"Location": {"http://127.0.0.1:1/"}}}, ReasonUnknown, 0, 0},
		"200 without a message id":        {metaAnswer{status: 200, body: `{"messages":[{}]}`}, ReasonAmbiguous, 0, 0},
		"200 with messages of other type": {metaAnswer{status: 200, body: `{"messages":{"id":"x"},"contacts":7}`}, ReasonAmbiguous, 0, 0},
		"200 that is not JSON":            {metaAnswer{status: 200, body: `ok`}, ReasonAmbiguous, 0, 0},
		"200 that is a list":              {metaAnswer{status: 200, body: `[]`}, ReasonAmbiguous, 0, 0},
		"200 without end":                 {metaAnswer{status: 200, body: strings.Repeat(" ", maxAnswer) + accepted}, ReasonAmbiguous, 0, 0},
		"error with a strange code":       {metaAnswer{status: 400, body: `{"error":{"message":"x","code":"gone"}}`}, ReasonUnknown, 0, 0},
		"error without code":              {metaAnswer{status: 400, body: `{"error":{"message":"x"}}`}, ReasonUnknown, 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, server := setup(t, Options{}, test.answer)
			_, err := client.Send(t.Context(), ana, Text("Hola"))
			failure := failureOf(t, err)
			require.Equal(t, test.reason, failure.Reason)
			require.Equal(t, test.code, failure.Code)
			require.Equal(t, test.wait, failure.RetryAfter)
			require.Equal(t, test.answer.status, failure.HTTPStatus)
			require.Len(t, server.seen, 1)
			for _, private := range []string{"1112345678", "1234-5678", "Hola", "token"} {
				require.NotContains(t, err.Error(), private)
				require.NotContains(t, failure.Details, private)
			}
		})
	}
}

func TestSendRefusesWhatMetaWould(t *testing.T) {
	t.Parallel()
	client, server := setup(t, Options{}, metaAnswer{status: 200, body: accepted})
	_, err := client.Send(t.Context(), ana, Text(""))
	require.Equal(t, ReasonMessageInvalid, ReasonOf(err))
	_, err = client.Send(t.Context(), Recipient{}, Text("Hola"))
	require.Equal(t, ReasonRecipient, ReasonOf(err))
	require.Empty(t, server.seen)
}

func TestArgentineFallback(t *testing.T) {
	t.Parallel()
	refuse := func(code string) metaAnswer {
		return metaAnswer{status: 400, body: `{"error":{"code":` + code + `}}`}
	}
	ok := metaAnswer{status: 200, body: accepted}
	tests := map[string]struct {
		off     bool
		to      string
		answers []metaAnswer
		sentTo  []string
		reason  Reason
		phone   string
	}{
		"not in the allowed list": {false, "5491112345678", []metaAnswer{refuse("131030"), ok}, []string{"+5491112345678", "+541112345678"}, "", "541112345678"},
		"undeliverable":           {false, "5491112345678", []metaAnswer{refuse("131026"), ok}, []string{"+5491112345678", "+541112345678"}, "", "541112345678"},
		"only once":               {false, "5491112345678", []metaAnswer{refuse("131030")}, []string{"+5491112345678", "+541112345678"}, ReasonRecipient, ""},
		"second form is ambiguous": {
			false, "5491112345678", []metaAnswer{refuse("131030"), {status: 502}},
			[]string{"+5491112345678", "+541112345678"}, ReasonAmbiguous, "",
		},
		"option off":        {true, "5491112345678", []metaAnswer{refuse("131030")}, []string{"+5491112345678"}, ReasonRecipient, ""},
		"other code":        {false, "5491112345678", []metaAnswer{refuse("131021")}, []string{"+5491112345678"}, ReasonRecipient, ""},
		"other country":     {false, "5511912345678", []metaAnswer{refuse("131030")}, []string{"+5511912345678"}, ReasonRecipient, ""},
		"already without 9": {false, "541112345678", []metaAnswer{refuse("131030")}, []string{"+541112345678"}, ReasonRecipient, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, server := setup(t, Options{ArgentineFallback: !test.off}, test.answers...)
			receipt, err := client.Send(t.Context(), Recipient{Phone: test.to}, Text("Hola"))
			var sentTo []string
			for _, body := range server.bodies {
				to, _ := body["to"].(string)
				sentTo = append(sentTo, to)
			}
			require.Equal(t, test.sentTo, sentTo)
			if test.reason != "" {
				require.Equal(t, test.reason, ReasonOf(err))
				return
			}
			require.NoError(t, err)
			require.True(t, receipt.Fallback)
			require.Equal(t, test.phone, receipt.Phone)
		})
	}
}

func TestSendKnowsWhatWasCertainlyNotSent(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := "http://" + listener.Addr().String()
	require.NoError(t, listener.Close())
	client, err := New(Options{BaseURL: closed, PhoneID: "phone-id-777", Token: "t"})
	require.NoError(t, err)
	_, err = client.Send(t.Context(), ana, Text("Hola"))
	failure := failureOf(t, err)
	require.Equal(t, ReasonNotSent, failure.Reason)
	require.True(t, failure.Retryable())
	require.NotContains(t, err.Error(), "phone-id-777")

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.Send(cancelled, ana, Text("Hola"))
	require.Equal(t, ReasonNotSent, ReasonOf(err))
	require.ErrorIs(t, err, context.Canceled)
}

func TestSendIsAmbiguousOnceTheRequestWasOut(t *testing.T) {
	t.Parallel()
	t.Run("no answer in time", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
		t.Cleanup(server.Close)
		t.Cleanup(func() { close(release) })
		client, err := New(Options{BaseURL: server.URL, PhoneID: "777", Token: "t", Timeout: 50 * time.Millisecond})
		require.NoError(t, err)
		_, err = client.Send(t.Context(), ana, Text("Hola"))
		require.Equal(t, ReasonAmbiguous, ReasonOf(err))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.False(t, failureOf(t, err).Retryable())
	})
	t.Run("connection lost", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }))
		t.Cleanup(server.Close)
		client, err := New(Options{BaseURL: server.URL, PhoneID: "777", Token: "t"})
		require.NoError(t, err)
		_, err = client.Send(t.Context(), ana, Text("Hola"))
		require.Equal(t, ReasonAmbiguous, ReasonOf(err))
	})
	t.Run("answer cut short", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"messages":[{"id":"wam`)
		}))
		t.Cleanup(server.Close)
		client, err := New(Options{BaseURL: server.URL, PhoneID: "777", Token: "t"})
		require.NoError(t, err)
		_, err = client.Send(t.Context(), ana, Text("Hola"))
		require.Equal(t, ReasonAmbiguous, ReasonOf(err))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
}

func TestNewReportsEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := New(Options{BaseURL: "graph.facebook.com"})
	require.ErrorContains(t, err, "PhoneID")
	require.ErrorContains(t, err, "Token")
	require.ErrorContains(t, err, "BaseURL")
}
