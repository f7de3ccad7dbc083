package mercadopago

import (
	"context"
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

	"cabanas/booking"
)

type reply struct {
	status int
	body   string
	header http.Header
}

// provider answers every request with the next of its replies, the last one again and again.
type provider struct {
	mu      sync.Mutex
	replies []reply
	seen    []*http.Request
	bodies  []string
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	next := p.replies[min(len(p.seen), len(p.replies)-1)]
	p.seen, p.bodies = append(p.seen, r), append(p.bodies, string(body))
	p.mu.Unlock()
	maps.Copy(w.Header(), next.header)
	w.WriteHeader(next.status)
	_, _ = io.WriteString(w, next.body)
}

func setup(t *testing.T, replies ...reply) (*Client, *provider) {
	t.Helper()
	handler := &provider{replies: replies}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := New(Options{BaseURL: server.URL + "/", Token: "APP_USR-token"})
	require.NoError(t, err)
	return client, handler
}

func failureOf(t *testing.T, err error) *Error {
	t.Helper()
	var failure *Error
	require.ErrorAs(t, err, &failure)
	return failure
}

func link() PreferenceRequest {
	return PreferenceRequest{
		ItemID: "RES1", Title: "Seña cabaña Arrayán", Amount: booking.Centavos(2700005), ExternalReference: "RES1",
		ValidFrom:       time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC),
		ValidTo:         time.Date(2026, 11, 22, 12, 30, 0, 5e6, time.FixedZone("ART", -3*60*60)),
		NotificationURL: "https://x.y/webhooks/mercadopago?source_news=webhooks", Metadata: map[string]string{"code": "RES1"}, StatementDescriptor: "CABANAS",
		BackURLs: BackURLs{Success: "https://x.y/ok", Pending: "https://x.y/wait", Failure: "https://x.y/no"},
	}
}

func TestCreatePreference(t *testing.T) {
	t.Parallel()
	client, server := setup(t, reply{status: 201, body: `{"id":"444-uuid","init_point":"https://mp/1","sandbox_init_point":"https://sandbox/1","client_id":"1",
		"collector_id":444,"expiration_date_to":"2026-11-22T11:30:00.005-04:00","external_reference":"RES1","site_id":"MLA","marketplace":null}`})
	preference, err := client.CreatePreference(t.Context(), link(), "preference:1:1")
	require.NoError(t, err)
	preference.Raw = nil
	require.Equal(t, Preference{
		ID: "444-uuid", InitPoint: "https://mp/1", SandboxInitPoint: "https://sandbox/1", ExternalReference: "RES1", CollectorID: 444,
		ValidTo: time.Date(2026, 11, 22, 15, 30, 0, 5e6, time.UTC),
	}, preference)
	request := server.seen[0]
	require.Equal(t, "/checkout/preferences", request.URL.Path)
	require.Equal(t, http.MethodPost, request.Method)
	require.Equal(t, "preference:1:1", request.Header.Get("X-Idempotency-Key"))
	require.JSONEq(t, `{"items":[{"id":"RES1","title":"Seña cabaña Arrayán","quantity":1,"currency_id":"ARS","unit_price":27000.05}],
		"expires":true,"expiration_date_from":"2026-11-22T11:00:00.000-04:00","expiration_date_to":"2026-11-22T11:30:00.005-04:00",
		"external_reference":"RES1","notification_url":"https://x.y/webhooks/mercadopago?source_news=webhooks","metadata":{"code":"RES1"},
		"statement_descriptor":"CABANAS","auto_return":"approved",
		"back_urls":{"success":"https://x.y/ok","pending":"https://x.y/wait","failure":"https://x.y/no"},
		"payment_methods":{"excluded_payment_types":[{"id":"ticket"},{"id":"atm"}]}}`, server.bodies[0])
	require.Contains(t, server.bodies[0], `"unit_price":27000.05`)

	moved := link()
	moved.ValidTo = moved.ValidTo.UTC()
	_, err = client.CreatePreference(t.Context(), moved, "preference:1:1")
	require.NoError(t, err)
	require.Equal(t, server.bodies[0], server.bodies[1], "the same request byte by byte, whatever the zone of the clock")
}

func TestCreatePreferenceWholePesosAndBareRequest(t *testing.T) {
	t.Parallel()
	client, server := setup(t, reply{status: 201, body: `{"id":"1","init_point":"https://mp/1"}`})
	_, err := client.CreatePreference(t.Context(), PreferenceRequest{
		Title: "t", Amount: booking.Pesos(15000), ExternalReference: "R", ValidTo: time.Unix(1800000000, 0),
	}, "k")
	require.NoError(t, err)
	require.Contains(t, server.bodies[0], `"unit_price":15000.00`)
	for _, absent := range []string{"back_urls", "auto_return", "expiration_date_from", "notification_url", "metadata"} {
		require.NotContains(t, server.bodies[0], absent)
	}
}

func TestCreatePreferenceRefusesABadRequest(t *testing.T) {
	t.Parallel()
	client, server := setup(t, reply{status: 201, body: `{"id":"1","init_point":"x"}`})
	for name, spoil := range map[string]func(*PreferenceRequest){
		"no title":      func(r *PreferenceRequest) { r.Title = "" },
		"no reference":  func(r *PreferenceRequest) { r.ExternalReference = "" },
		"no amount":     func(r *PreferenceRequest) { r.Amount = booking.Money{} },
		"negative":      func(r *PreferenceRequest) { r.Amount.Centavos = -1 },
		"no currency":   func(r *PreferenceRequest) { r.Amount.Currency = "" },
		"ends at start": func(r *PreferenceRequest) { r.ValidTo = r.ValidFrom },
		"no end":        func(r *PreferenceRequest) { r.ValidTo = time.Time{} },
	} {
		request := link()
		spoil(&request)
		_, err := client.CreatePreference(t.Context(), request, "k")
		require.Equal(t, ReasonInvalid, ReasonOf(err), name)
	}
	_, err := client.CreatePreference(t.Context(), link(), "")
	require.ErrorIs(t, err, errNoKey)
	require.Empty(t, server.seen)
}

func TestClosePreference(t *testing.T) {
	t.Parallel()
	client, server := setup(t, reply{status: 200, body: ``})
	require.NoError(t, client.ClosePreference(t.Context(), "444-uu/id", time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)))
	require.Equal(t, http.MethodPut, server.seen[0].Method)
	require.Equal(t, "/checkout/preferences/444-uu%2Fid", server.seen[0].URL.EscapedPath())
	require.JSONEq(t, `{"expires":true,"expiration_date_to":"2026-11-22T11:00:00.000-04:00"}`, server.bodies[0])
	require.Equal(t, ReasonInvalid, ReasonOf(client.ClosePreference(t.Context(), "", time.Now())))
}

func TestRefund(t *testing.T) {
	t.Parallel()
	const answer = `{"id":9001,"payment_id":77,"amount":1.5,"source":{"name":"x","id":"1","type":"collector"},"date_created":"2026-11-22T10:00:00.000-04:00","unique_sequence_number":null,"status":"in_process"}`
	client, server := setup(t, reply{status: 201, body: answer})
	refund, err := client.Refund(t.Context(), 77, nil, "refund:77:late")
	require.NoError(t, err)
	require.JSONEq(t, answer, string(refund.Raw))
	refund.Raw = nil
	require.Equal(t, Refund{ID: 9001, PaymentID: 77, Amount: booking.Money{Centavos: 150}, Status: "in_process", SourceType: "collector", DateCreated: time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)}, refund)
	require.Equal(t, "{}", server.bodies[0])
	require.Equal(t, "/v1/payments/77/refunds", server.seen[0].URL.Path)
	require.Equal(t, "refund:77:late", server.seen[0].Header.Get("X-Idempotency-Key"))

	part := booking.Centavos(150)
	_, err = client.Refund(t.Context(), 77, &part, "k")
	require.NoError(t, err)
	require.Equal(t, `{"amount":1.50}`, server.bodies[1])

	none := booking.Centavos(0)
	_, err = client.Refund(t.Context(), 77, &none, "k")
	require.Equal(t, ReasonInvalid, ReasonOf(err))
	_, err = client.Refund(t.Context(), 77, nil, "")
	require.ErrorIs(t, err, errNoKey)
	require.Len(t, server.seen, 2)
}

func TestRefunds(t *testing.T) {
	t.Parallel()
	client, _ := setup(t, reply{status: 200, body: ` [{"id":1,"payment_id":77,"amount":"***"},{"id":2,"amount":3}]`}, reply{status: 200, body: `[]`}, reply{status: 200, body: `[{"amount":1}]`})
	refunds, err := client.Refunds(t.Context(), 77)
	require.NoError(t, err)
	require.Len(t, refunds, 2)
	require.Error(t, refunds[0].AmountError)
	require.EqualValues(t, 300, refunds[1].Amount.Centavos)
	refunds, err = client.Refunds(t.Context(), 77)
	require.NoError(t, err)
	require.Empty(t, refunds)
	_, err = client.Refunds(t.Context(), 77)
	require.ErrorIs(t, err, errNoRefundID)
}

func TestErrorsAreClassified(t *testing.T) {
	t.Parallel()
	cause := func(code string) string {
		return `{"message":"payer ana@example.com 5491112345678","error":"bad_request","status":400,"cause":[{"code":` + code + `,"description":"d","data":"x"}]}`
	}
	tests := map[string]struct {
		reply  reply
		reason Reason
		code   int
		wait   time.Duration
		retry  bool
	}{
		"not found":                    {reply{status: 404, body: `{"message":"Payment not found","error":"not_found","status":404,"cause":[]}`}, ReasonNotFound, 0, 0, false},
		"invalid":                      {reply{status: 400, body: cause("2006")}, ReasonInvalid, 2006, 0, false},
		"no idempotency key":           {reply{status: 400, body: cause("4292")}, ReasonInvalid, 4292, 0, false},
		"token":                        {reply{status: 401, body: `{"code":"unauthorized","message":"invalid token"}`}, ReasonAuth, 0, 0, false},
		"forbidden":                    {reply{status: 403, body: ``}, ReasonAuth, 0, 0, false},
		"conflict":                     {reply{status: 409, body: `{}`}, ReasonConflict, 0, 0, false},
		"locked":                       {reply{status: 423, body: `{}`}, ReasonLocked, 0, 0, true},
		"dependency":                   {reply{status: 424, body: `{}`}, ReasonDependency, 0, 0, true},
		"rate limited":                 {reply{status: 429, body: ``, header: http.Header{"Retry-After": {"3"}}}, ReasonRateLimited, 0, 3 * time.Second, true},
		"rate limited for a lifetime":  {reply{status: 429, body: ``, header: http.Header{"Retry-After": {"999999999"}}}, ReasonRateLimited, 0, time.Hour, true},
		"server":                       {reply{status: 500, body: `<html>`}, ReasonServer, 0, 0, true},
		"gateway":                      {reply{status: 502, body: ``}, ReasonServer, 0, 0, true},
		"same request within a minute": {reply{status: 400, body: cause("2001")}, ReasonLocked, 2001, time.Minute, true},
		"already refunded":             {reply{status: 400, body: cause("2063")}, ReasonAlreadyRefunded, 2063, 0, false},
		"code as a string":             {reply{status: 400, body: cause(`"2063"`)}, ReasonAlreadyRefunded, 2063, 0, false},
		"too old":                      {reply{status: 400, body: cause("2024")}, ReasonRefundWindow, 2024, 0, false},
		"too old, newer code":          {reply{status: 400, body: cause("15016")}, ReasonRefundWindow, 15016, 0, false},
		"too much":                     {reply{status: 400, body: cause("4040")}, ReasonRefundAmount, 4040, 0, false},
		"amount":                       {reply{status: 400, body: cause("4041")}, ReasonRefundAmount, 4041, 0, false},
		"not divisible":                {reply{status: 400, body: cause("3024")}, ReasonRefundAmount, 3024, 0, false},
		"payment of the refund":        {reply{status: 400, body: cause("2000")}, ReasonNotFound, 2000, 0, false},
		"second cause decides":         {reply{status: 400, body: `{"cause":[{"code":7},{"code":2063}]}`}, ReasonAlreadyRefunded, 2063, 0, false},
		"cause is an object":           {reply{status: 400, body: `{"cause":{"code":2063}}`}, ReasonAlreadyRefunded, 2063, 0, false},
		"cause is a text":              {reply{status: 400, body: `{"cause":"x","message":7}`}, ReasonInvalid, 0, 0, false},
		"redirect":                     {reply{status: 302, header: http.Header{"Location": {"http://127.0.0.1:1/"}}}, ReasonServer, 0, 0, true},
		"success without JSON":         {reply{status: 201, body: `ok`}, ReasonServer, 0, 0, true},
		"success without body":         {reply{status: 201, body: ``}, ReasonServer, 0, 0, true},
		"success with a list":          {reply{status: 201, body: `[]`}, ReasonServer, 0, 0, true},
		"success without an id":        {reply{status: 201, body: `{}`}, ReasonServer, 0, 0, true},
		"answer without end":           {reply{status: 201, body: strings.Repeat(" ", maxAnswer+1)}, ReasonServer, 0, 0, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, server := setup(t, test.reply)
			_, err := client.Refund(t.Context(), 77, nil, "k")
			failure := failureOf(t, err)
			require.Equal(t, test.reason, failure.Reason)
			require.Equal(t, test.code, failure.Code)
			require.Equal(t, test.wait, failure.RetryAfter)
			require.Equal(t, test.retry, failure.Retryable())
			require.Len(t, server.seen, 1)
			for _, secret := range []string{"ana@", "1112345678", "APP_USR"} {
				require.NotContains(t, err.Error(), secret)
			}
		})
	}
}

func TestRefundCodesMeanNothingElsewhere(t *testing.T) {
	t.Parallel()
	client, _ := setup(t, reply{status: 400, body: `{"cause":[{"code":2063}]}`})
	_, err := client.CreatePreference(t.Context(), link(), "k")
	require.Equal(t, ReasonInvalid, ReasonOf(err))
}

func TestNetworkFailures(t *testing.T) {
	t.Parallel()
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		client, err := New(Options{BaseURL: "http://" + listener.Addr().String(), Token: "t"})
		require.NoError(t, err)
		_, err = client.SearchPayments(t.Context(), "RES1")
		require.Equal(t, ReasonNotSent, ReasonOf(err))
		require.True(t, failureOf(t, err).Retryable())
		require.NotContains(t, err.Error(), "RES1")
	})
	t.Run("cancelled before", func(t *testing.T) {
		t.Parallel()
		client, server := setup(t, reply{status: 200, body: fullPayment})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := client.Payment(ctx, 1)
		require.Equal(t, ReasonNotSent, ReasonOf(err))
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, server.seen)
	})
	t.Run("no answer in time", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
		t.Cleanup(server.Close)
		t.Cleanup(func() { close(release) })
		client, err := New(Options{BaseURL: server.URL, Token: "t", Timeout: 50 * time.Millisecond})
		require.NoError(t, err)
		_, err = client.Refund(t.Context(), 77, nil, "k")
		require.Equal(t, ReasonAmbiguous, ReasonOf(err))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("answer cut short", func(t *testing.T) {
		t.Parallel()
		client, _ := setup(t, reply{status: 201, body: `{"id":`, header: http.Header{"Content-Length": {"1000"}}})
		_, err := client.Refund(t.Context(), 77, nil, "k")
		require.Equal(t, ReasonAmbiguous, ReasonOf(err))
	})
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	start := func(replies ...reply) (*Client, *provider) {
		handler := &provider{replies: replies}
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		client, err := New(Options{BaseURL: server.URL, Token: "t", PerSecond: 2, Timeout: 400 * time.Millisecond, Now: func() time.Time { return now }})
		require.NoError(t, err)
		return client, handler
	}
	found := reply{status: 200, body: `{"id":1}`}
	client, server := start(found)
	for range 2 {
		_, err := client.Payment(t.Context(), 1)
		require.NoError(t, err)
	}
	_, err := client.Payment(t.Context(), 1)
	require.Equal(t, ReasonRateLimited, ReasonOf(err))
	require.Equal(t, 500*time.Millisecond, failureOf(t, err).RetryAfter)
	require.True(t, failureOf(t, err).Retryable())
	require.Len(t, server.seen, 2)
	now = now.Add(200 * time.Millisecond)
	_, err = client.Payment(t.Context(), 1)
	require.NoError(t, err, "a turn within the patience is waited for")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	now = now.Add(400 * time.Millisecond)
	_, err = client.Payment(cancelled, 1)
	require.Equal(t, ReasonNotSent, ReasonOf(err))

	client, server = start(reply{status: 429, header: http.Header{"Retry-After": {"3600"}}}, found)
	_, err = client.Refund(t.Context(), 1, nil, "k")
	require.Equal(t, time.Hour, failureOf(t, err).RetryAfter)
	now = now.Add(20 * time.Second)
	_, err = client.Payment(t.Context(), 1)
	require.Equal(t, ReasonRateLimited, ReasonOf(err))
	require.Equal(t, 40*time.Second, failureOf(t, err).RetryAfter, "one answer stops the others for a minute at most")
	require.Len(t, server.seen, 1)
	now = now.Add(40 * time.Second)
	_, err = client.Payment(t.Context(), 1)
	require.NoError(t, err)
}

func TestNewRefusesBadOptions(t *testing.T) {
	t.Parallel()
	_, err := New(Options{Token: "t", BaseURL: "api.mercadopago.com"})
	require.ErrorContains(t, err, "BaseURL")
	_, err = New(Options{})
	require.ErrorContains(t, err, "Token")
	_, err = New(Options{Token: "t"})
	require.NoError(t, err)
}

func TestCollectorOf(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]int64{
		"446566691-bb16fadd-f49a-460d": 446566691, "pref_1": 0, "": 0, "446566691": 0, "-5": 0, "abc-1": 0,
	} {
		require.Equal(t, want, CollectorOf(id), id)
	}
}
