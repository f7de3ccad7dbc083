package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
)

func TestMercadoPagoCallFaults(t *testing.T) {
	t.Parallel()
	b := start(t)
	set := func(f control.MercadoPagoFaults) {
		require.NoError(t, b.control.SetMercadoPagoFaults(t.Context(), f))
	}
	set(control.MercadoPagoFaults{CallFaults: control.CallFaults{FailNext: &control.FailNext{Count: 3, Statuses: []int{423, 429, 502}}}})
	for _, want := range []int{423, 429, 502} {
		a := b.mp(t, http.MethodPost, "/checkout/preferences", order(nil))
		require.Equal(t, want, a.status)
		require.EqualValues(t, want, a.body["status"])
		if want == 429 {
			require.Equal(t, "1", a.header.Get("Retry-After"))
		}
	}
	id := b.link(t, nil)
	set(control.MercadoPagoFaults{CallFaults: control.CallFaults{Outage: new(true)}})
	require.Equal(t, http.StatusServiceUnavailable, b.mp(t, http.MethodGet, "/checkout/preferences/"+id, nil).status)
	set(control.MercadoPagoFaults{CallFaults: control.CallFaults{Outage: new(false), TimeoutNext: new(1)}, DeliveryFaults: control.DeliveryFaults{DropPercent: new(100)}})

	p := b.pay(t, control.NewPayment{PreferenceID: id})
	client := &http.Client{Timeout: 200 * time.Millisecond}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/mp"+paymentPath(p)+"/refunds", strings.NewReader("{}"))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+mpToken)
	req.Header.Set("X-Idempotency-Key", "k")
	resp, err := client.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	require.ErrorContains(t, err, "Timeout")
	a := b.mp(t, http.MethodPost, paymentPath(p)+"/refunds", object{}, "X-Idempotency-Key", "k")
	require.Equal(t, http.StatusCreated, a.status, "the first was done, and is replayed")
	all, err := b.control.Refunds(t.Context(), p.ID)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Empty(t, b.business.hooks(), "every notification was dropped")
}

func TestChosenCallsFail(t *testing.T) {
	t.Parallel()
	b := start(t)
	set := func(rules ...control.CallFailure) {
		require.NoError(t, b.control.SetMercadoPagoFaults(t.Context(), control.MercadoPagoFaults{Failures: &rules}))
	}
	p := b.pay(t, control.NewPayment{PreferenceID: b.link(t, nil)})
	get := func() answer { return b.mp(t, http.MethodGet, paymentPath(p), nil) }
	refund := func(key string) answer {
		return b.mp(t, http.MethodPost, paymentPath(p)+"/refunds", object{"amount": 1}, "X-Idempotency-Key", key)
	}
	set(control.CallFailure{Operations: []string{"refund"}, Count: 2, Statuses: []int{423, 424}},
		control.CallFailure{Operations: []string{"refund"}, Count: 1, Statuses: []int{400}, Code: 2063},
		control.CallFailure{Operations: []string{"refund"}, Count: 1, Statuses: []int{503}, RetryAfter: 7})
	require.Equal(t, http.StatusOK, get().status)
	require.Equal(t, 423, refund("a").status)
	require.Equal(t, 424, refund("a").status)
	refused := refund("a")
	require.Equal(t, 400, refused.status)
	require.EqualValues(t, 2063, at(t, refused.body, "cause", 0, "code"))
	require.Equal(t, "7", refund("a").header.Get("Retry-After"))
	require.Equal(t, http.StatusCreated, refund("a").status, "the rules are used up")

	set(control.CallFailure{Percent: 50, Statuses: []int{500}})
	failed := 0
	for range 200 {
		if get().status == http.StatusInternalServerError {
			failed++
		}
	}
	require.InDelta(t, 100, failed, 40)
	set()
	require.Equal(t, http.StatusOK, get().status)
	require.Error(t, b.control.SetMercadoPagoFaults(t.Context(), control.MercadoPagoFaults{Failures: &[]control.CallFailure{{Operations: []string{"refunds"}}}}))
	require.Error(t, b.control.SetMercadoPagoFaults(t.Context(), control.MercadoPagoFaults{Failures: &[]control.CallFailure{{Statuses: []int{200}}}}))

	require.NoError(t, b.control.SetMercadoPagoFaults(t.Context(), control.MercadoPagoFaults{CallsPerSecond: new(2)}))
	for _, want := range []int{200, 200, 429, 429} {
		require.Equal(t, want, get().status)
	}
	b.clock.Advance(time.Second)
	require.Equal(t, http.StatusOK, get().status)
	require.NoError(t, b.control.SetMercadoPagoFaults(t.Context(), control.MercadoPagoFaults{CallsPerSecond: new(0), CutNext: new(1)}))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/mp"+paymentPath(p)+"/refunds", strings.NewReader(`{"amount":2}`))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+mpToken)
	req.Header.Set("X-Idempotency-Key", "cut")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	_, err = io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	all, err := b.control.Refunds(t.Context(), p.ID)
	require.NoError(t, err)
	require.Len(t, all, 2, "it was done all the same")
}

func TestKeysAreForgottenAfterADay(t *testing.T) {
	t.Parallel()
	b := start(t)
	p := b.pay(t, control.NewPayment{PreferenceID: b.link(t, nil)})
	refund := func(amount int) answer {
		return b.mp(t, http.MethodPost, paymentPath(p)+"/refunds", object{"amount": amount}, "X-Idempotency-Key", "k")
	}
	first := refund(10)
	b.clock.Advance(23 * time.Hour)
	require.Equal(t, first.raw, refund(10).raw)
	require.Equal(t, http.StatusConflict, refund(11).status)
	b.clock.Advance(time.Hour)
	require.NotEqual(t, first.body["id"], refund(10).body["id"], "the money goes back twice")
	require.EqualValues(t, 4041, at(t, b.mp(t, http.MethodPost, paymentPath(p)+"/refunds", object{"amount": "10"}, "X-Idempotency-Key", "text").body, "cause", 0, "code"))
}

func TestNotificationDisorder(t *testing.T) {
	t.Parallel()
	b := start(t)
	id := b.link(t, object{"notification_url": b.business.URL + "/mine?source_news=webhooks"})
	set := func(f control.MercadoPagoFaults) {
		require.NoError(t, b.control.SetMercadoPagoFaults(t.Context(), f))
	}
	set(control.MercadoPagoFaults{LegacyTwins: new("four"), TimestampAgeMS: new(48 * 3600 * 1000), RepeatAfterMS: new(50)})
	p := b.pay(t, control.NewPayment{PreferenceID: id})
	eventually(t, func() bool { return len(b.business.hooks()) == 8 })
	kinds := map[string]int{}
	for _, h := range b.business.hooks() {
		action, _ := decoded(t, h.body)["action"].(string)
		kinds[h.query.Get("topic")+action]++
		if action != "" {
			require.Contains(t, h.header.Get("x-signature"), "ts=1795100400,", "two days old")
		}
	}
	require.Equal(t, map[string]int{"payment.created": 2, "payment.updated": 2, "payment": 2, "merchant_order": 2}, kinds, "each once more, later")

	set(control.MercadoPagoFaults{LegacyTwins: new("never"), RepeatAfterMS: new(0), Unsigned: new(true)})
	for _, form := range []string{"", "webhook", "ipn", "merchant_order"} {
		require.NoError(t, b.control.NotifyAs(t.Context(), p.ID, control.Notice{Form: form, Action: "payment.created"}))
	}
	eventually(t, func() bool { return len(b.business.hooks()) == 12 })
	for _, h := range b.business.hooks()[8:] {
		require.Empty(t, h.header.Get("x-signature"))
		require.Equal(t, "/mine", h.path)
	}
	require.Error(t, b.control.NotifyAs(t.Context(), p.ID, control.Notice{Form: "pigeon"}))
}

func TestRawPayments(t *testing.T) {
	t.Parallel()
	b := start(t)
	p := b.pay(t, control.NewPayment{PreferenceID: b.link(t, nil)})
	search := func() answer {
		return b.mp(t, http.MethodGet, "/v1/payments/search?external_reference=RES261121abcdef", nil)
	}
	set := func(raw control.RawPayment) { require.NoError(t, b.control.SetRawPayment(t.Context(), p.ID, raw)) }
	set(control.RawPayment{Members: map[string]json.RawMessage{"transaction_amount": json.RawMessage(`"***"`), "order": json.RawMessage(`[]`), "status": json.RawMessage(`null`)}})
	a := b.mp(t, http.MethodGet, paymentPath(p), nil)
	require.Contains(t, a.raw, `"transaction_amount":"***"`)
	require.Nil(t, a.body["status"])
	require.Equal(t, "***", at(t, search().body, "results", 0, "transaction_amount"))
	for _, body := range []string{`[1,2]`, `<html>`, `{"id":`, ``} {
		set(control.RawPayment{Body: &body})
		require.Equal(t, body, b.mp(t, http.MethodGet, paymentPath(p), nil).raw)
		require.Equal(t, http.StatusOK, search().status)
		require.NotNil(t, search().body, body)
	}
	set(control.RawPayment{})
	require.Equal(t, "approved", b.mp(t, http.MethodGet, paymentPath(p), nil).body["status"])
}

func TestSearchIsBehind(t *testing.T) {
	t.Parallel()
	b := start(t)
	p := b.pay(t, control.NewPayment{PreferenceID: b.link(t, nil), Outcome: "pending"})
	b.clock.Advance(time.Hour)
	_, err := b.control.ChangePayment(t.Context(), p.ID, control.PaymentChange{Status: "approved"})
	require.NoError(t, err)
	require.NoError(t, b.control.SetMercadoPagoFaults(t.Context(), control.MercadoPagoFaults{SearchLagMS: new(60_000)}))
	find := func(query string) answer {
		return b.mp(t, http.MethodGet, "/v1/payments/search?sort=date_last_updated&range=date_last_updated&begin_date=NOW-1DAY"+query, nil)
	}
	require.Equal(t, "pending", at(t, find("").body, "results", 0, "status"))
	require.Equal(t, "approved", b.mp(t, http.MethodGet, paymentPath(p), nil).body["status"])
	require.Empty(t, find("&begin_date=NOW").body["results"].([]any)[1:])
	b.clock.Advance(time.Minute)
	require.Equal(t, "approved", at(t, find("").body, "results", 0, "status"))
	require.EqualValues(t, 1000, at(t, find("&limit=1001").body, "cause", 0, "code"))
}
