package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
	"cabanas/sandbox/mercadopago"
)

func order(change object) object {
	o := object{
		"items":              []any{object{"title": "Seña cabaña Arrayán", "quantity": 1, "unit_price": 45000.5, "currency_id": "ARS"}},
		"external_reference": "RES261121abcdef",
		"payment_methods":    object{"excluded_payment_types": []any{object{"id": "ticket"}, object{"id": "atm"}}},
	}
	maps.Copy(o, change)
	return o
}

func (b *bundle) mp(t *testing.T, method, path string, body any, headers ...string) answer {
	t.Helper()
	return b.call(t, method, "/mp"+path, mpToken, body, headers...)
}

func (b *bundle) link(t *testing.T, change object) string {
	t.Helper()
	a := b.mp(t, http.MethodPost, "/checkout/preferences", order(change))
	require.Equalf(t, http.StatusCreated, a.status, "%s", a.raw)
	return a.body["id"].(string)
}

func (b *bundle) pay(t *testing.T, p control.NewPayment) control.Payment {
	t.Helper()
	got, err := b.control.Pay(t.Context(), p)
	require.NoError(t, err)
	return got
}

func paymentPath(p control.Payment) string { return fmt.Sprintf("/v1/payments/%d", p.ID) }

func TestPreferenceRefusals(t *testing.T) {
	t.Parallel()
	b := start(t)
	item := func(change object) object {
		i := object{"title": "Seña", "quantity": 1, "unit_price": 100, "currency_id": "ARS"}
		maps.Copy(i, change)
		return order(object{"items": []any{i}})
	}
	cases := []struct {
		name string
		body any
		ok   bool
	}{
		{"whole", order(nil), true},
		{"amount with cents", item(object{"unit_price": json.Number("4500.00")}), true},
		{"no items", order(object{"items": []any{}}), false},
		{"malformed", `{"items":`, false},
		{"amount as text", item(object{"unit_price": "100"}), false},
		{"amount of three decimals", item(object{"unit_price": 1.234}), false},
		{"amount zero", item(object{"unit_price": 0}), false},
		{"quantity zero", item(object{"quantity": 0}), false},
		{"quantity not whole", item(object{"quantity": 1.5}), false},
		{"other currency", item(object{"currency_id": "USD"}), false},
		{"no title", item(object{"title": ""}), false},
		{"date", order(object{"expires": true, "expiration_date_to": "2026-12-01T12:00:00.000-03:00"}), true},
		{"date without milliseconds", order(object{"expires": true, "expiration_date_to": "2026-12-01T12:00:00-03:00"}), false},
		{"date in Z", order(object{"expires": true, "expiration_date_to": "2026-12-01T12:00:00.000Z"}), false},
		{"date impossible", order(object{"date_of_expiration": "2026-02-30T12:00:00.000-03:00"}), false},
		{"dates reversed", order(object{"expiration_date_from": "2026-12-02T12:00:00.000-03:00", "expiration_date_to": "2026-12-01T12:00:00.000-03:00"}), false},
		{"expires as text", order(object{"expires": "true"}), false},
		{"auto_return alone", order(object{"auto_return": "approved"}), false},
		{"auto_return with success", order(object{"auto_return": "approved", "back_urls": object{"success": "https://a.example/ok"}}), true},
		{"notification address", order(object{"notification_url": "/relative"}), false},
		{"account money cannot be excluded", order(object{"payment_methods": object{"excluded_payment_types": []any{object{"id": "account_money"}}}}), false},
		{"unknown fields are ignored", order(object{"surprise": 1}), true},
		{"reference too long", order(object{"external_reference": strings.Repeat("x", 257)}), false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := b.mp(t, http.MethodPost, "/checkout/preferences", c.body)
			if c.ok {
				require.Equalf(t, http.StatusCreated, a.status, "%s", a.raw)
				return
			}
			require.Equalf(t, http.StatusBadRequest, a.status, "%s", a.raw)
			require.Equal(t, "bad_request", a.body["error"])
			require.NotEmpty(t, a.body["message"])
			require.NotEmpty(t, a.body["cause"])
		})
	}
	a := b.call(t, http.MethodPost, "/mp/checkout/preferences", "wrong", order(nil))
	require.Equal(t, http.StatusUnauthorized, a.status)
}

func TestPreferenceLife(t *testing.T) {
	t.Parallel()
	b := start(t)
	body := order(object{"expires": true, "expiration_date_to": "2026-11-21T12:30:00.000-03:00", "notification_url": b.business.URL + "/mine"})
	a := b.mp(t, http.MethodPost, "/checkout/preferences", body, "X-Idempotency-Key", "preference:1:1")
	require.Equal(t, http.StatusCreated, a.status)
	id := a.body["id"].(string)
	require.True(t, strings.HasPrefix(id, "446566691-"))
	require.Equal(t, b.url+"/mp/checkout/"+id, a.body["init_point"])
	require.Equal(t, "MLA", a.body["site_id"])
	require.Nil(t, a.body["date_of_expiration"])
	require.Equal(t, "2026-11-21T11:30:00.000-04:00", a.body["expiration_date_to"])
	require.Contains(t, a.raw, `"unit_price":45000.50`)

	again := b.mp(t, http.MethodPost, "/checkout/preferences", body, "X-Idempotency-Key", "preference:1:1")
	require.Equal(t, a.raw, again.raw)
	body["external_reference"] = "other"
	require.Equal(t, http.StatusConflict, b.mp(t, http.MethodPost, "/checkout/preferences", body, "X-Idempotency-Key", "preference:1:1").status)
	all, err := b.control.Preferences(t.Context(), "RES261121abcdef")
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, json.Number("45000.50"), all[0].Amount)

	refused := b.mp(t, http.MethodPut, "/checkout/preferences/"+id, object{"expiration_date_to": "2026-11-20T12:30:00.000-03:00", "items": []any{}})
	require.Equal(t, http.StatusBadRequest, refused.status)
	require.Equal(t, "2026-11-21T11:30:00.000-04:00", b.mp(t, http.MethodGet, "/checkout/preferences/"+id, nil).body["expiration_date_to"])

	changed := b.mp(t, http.MethodPut, "/checkout/preferences/"+id, object{"expires": true, "expiration_date_to": "2026-11-20T12:30:00.000-03:00"})
	require.Equal(t, http.StatusOK, changed.status)
	require.Equal(t, "RES261121abcdef", changed.body["external_reference"], "the rest stays")
	found := b.mp(t, http.MethodGet, "/checkout/preferences/search?external_reference=RES261121abcdef", nil)
	require.EqualValues(t, 1, found.body["total"])
	require.Equal(t, http.StatusNotFound, b.mp(t, http.MethodGet, "/checkout/preferences/none", nil).status)
	_, err = b.control.Pay(t.Context(), control.NewPayment{PreferenceID: id})
	require.ErrorContains(t, err, "validity")
}

func TestNotifications(t *testing.T) {
	t.Parallel()
	b := start(t)
	id := b.link(t, object{"notification_url": b.business.URL + "/hooks?source_news=webhooks&k=1"})
	b.business.failNext(1)
	p := b.pay(t, control.NewPayment{PreferenceID: id, Outcome: "pending"})
	eventually(t, func() bool { return len(b.business.hooks()) == 2 })
	first, second := b.business.hooks()[0], b.business.hooks()[1]
	dataID := fmt.Sprint(p.ID)
	require.Equal(t, "source_news=webhooks&k=1&data.id="+dataID+"&type=payment", first.raw)
	ts := strings.TrimPrefix(strings.Split(first.header.Get("x-signature"), ",")[0], "ts=")
	require.Equal(t, "1795273200", ts)
	requestID := first.header.Get("x-request-id")
	require.Equal(t, mercadopago.Sign(mpSecret, dataID, requestID, ts), first.header.Get("x-signature"))
	require.Equal(t, []string{"0", "1"}, []string{first.header.Get("X-Retry"), second.header.Get("X-Retry")})
	require.Equal(t, requestID, second.header.Get("x-request-id"), "the same event")
	body := decoded(t, first.body)
	require.Equal(t, "payment.created", body["action"])
	require.Equal(t, dataID, at(t, body, "data", "id"))
	require.Equal(t, "v1", body["api_version"])

	require.NoError(t, b.control.SetMercadoPagoFaults(t.Context(), control.MercadoPagoFaults{TimestampUnit: new("ms")}))
	_, err := b.control.ChangePayment(t.Context(), p.ID, control.PaymentChange{Status: "approved"})
	require.NoError(t, err)
	eventually(t, func() bool { return len(b.business.hooks()) == 3 })
	third := b.business.hooks()[2]
	require.Contains(t, third.header.Get("x-signature"), "ts=1795273200000,")
	require.NotEqual(t, requestID, third.header.Get("x-request-id"), "another event")
	require.Equal(t, "payment.updated", decoded(t, third.body)["action"])
	_, err = b.control.ChangePayment(t.Context(), p.ID, control.PaymentChange{Status: "pending"})
	require.ErrorContains(t, err, "not a change of status")

	require.NoError(t, b.control.NotifyAnything(t.Context(), control.Notice{DataID: "404", URL: b.business.URL + "/hooks"}))
	eventually(t, func() bool { return len(b.business.hooks()) == 4 })
	require.Equal(t, "data.id=404&type=payment", b.business.hooks()[3].raw)
}

func TestLegacyTwins(t *testing.T) {
	t.Parallel()
	b := start(t)
	id := b.link(t, nil) // no notification_url: the panel's address
	p := b.pay(t, control.NewPayment{PreferenceID: id})
	eventually(t, func() bool { return len(b.business.hooks()) == 3 })
	topics := map[string]hook{}
	for _, h := range b.business.hooks() {
		require.Equal(t, "/webhooks/mercadopago", h.path)
		topics[h.query.Get("topic")] = h
	}
	require.Equal(t, fmt.Sprint(p.ID), topics["payment"].query.Get("id"))
	require.Empty(t, topics["payment"].header.Get("x-signature"))
	require.Contains(t, string(topics["merchant_order"].body), "https://api.mercadolibre.com/merchant_orders/")
	require.NotEmpty(t, topics[""].header.Get("x-signature"))
	merchant := b.mp(t, http.MethodGet, "/merchant_orders/"+topics["merchant_order"].query.Get("id"), nil)
	require.Equal(t, "paid", merchant.body["order_status"])
}

func TestPaymentsReadAsMercadoPagoWritesThem(t *testing.T) {
	t.Parallel()
	b := start(t)
	id := b.link(t, object{"metadata": object{"code": "RES1"}})
	p := b.pay(t, control.NewPayment{PreferenceID: id})
	a := b.mp(t, http.MethodGet, paymentPath(p), nil)
	require.Equal(t, http.StatusOK, a.status)
	require.Greater(t, p.ID, int64(1)<<32)
	require.Equal(t, "approved", a.body["status"])
	require.Equal(t, "accredited", a.body["status_detail"])
	require.Equal(t, "2026-11-21T11:00:00.000-04:00", a.body["date_approved"])
	require.Contains(t, a.raw, `"transaction_amount":45000.50`)
	require.Equal(t, "RES261121abcdef", a.body["external_reference"])
	require.EqualValues(t, 446566691, a.body["collector_id"])
	require.Equal(t, "***", at(t, a.body, "card", "last_four_digits"))
	require.Equal(t, "RES1", at(t, a.body, "metadata", "code"))
	require.Equal(t, http.StatusNotFound, b.mp(t, http.MethodGet, "/v1/payments/1", nil).status)

	odd := b.pay(t, control.NewPayment{
		PreferenceID: id, Amount: "1", Currency: "USD", CollectorID: 5, ExternalReference: new("someone else's"), Outcome: "rejected",
	})
	a = b.mp(t, http.MethodGet, paymentPath(odd), nil)
	require.Contains(t, a.raw, `"transaction_amount":1.00`)
	require.Equal(t, "USD", a.body["currency_id"])
	require.EqualValues(t, 5, a.body["collector_id"])
	require.Equal(t, "someone else's", a.body["external_reference"])
	require.Equal(t, "cc_rejected_insufficient_amount", a.body["status_detail"])

	require.Equal(t, http.StatusBadRequest, b.mp(t, http.MethodPut, paymentPath(p), object{"status": "cancelled"}).status)
	open := b.pay(t, control.NewPayment{PreferenceID: id, Outcome: "in_process"})
	a = b.mp(t, http.MethodPut, paymentPath(open), object{"status": "cancelled"})
	require.Equal(t, "cancelled", a.body["status"])
}

func TestSearch(t *testing.T) {
	t.Parallel()
	b := start(t)
	id := b.link(t, nil)
	require.NoError(t, b.control.SetMercadoPagoFaults(t.Context(), control.MercadoPagoFaults{SearchLagMS: new(60_000), NotFoundGets: new(1)}))
	first := b.pay(t, control.NewPayment{PreferenceID: id, Outcome: "rejected"})
	b.clock.Advance(time.Minute)
	second := b.pay(t, control.NewPayment{PreferenceID: id})
	search := func(query string) answer {
		return b.mp(t, http.MethodGet, "/v1/payments/search?external_reference=RES261121abcdef"+query, nil)
	}
	a := search("")
	require.EqualValues(t, 1, at(t, a.body, "paging", "total"), "the second is still hidden")
	require.Equal(t, http.StatusNotFound, b.mp(t, http.MethodGet, paymentPath(first), nil).status)
	require.Equal(t, http.StatusOK, b.mp(t, http.MethodGet, paymentPath(first), nil).status)

	b.clock.Advance(time.Minute)
	a = search("&sort=date_created&criteria=desc&range=date_created&begin_date=NOW-3MONTHS&end_date=NOW&limit=1&offset=0")
	require.Equal(t, object{"total": 2.0, "limit": 1.0, "offset": 0.0}, a.body["paging"])
	require.EqualValues(t, second.ID, at(t, a.body, "results", 0, "id"))
	a = search("&criteria=desc&limit=1&offset=1")
	require.EqualValues(t, first.ID, at(t, a.body, "results", 0, "id"))
	require.EqualValues(t, 1, at(t, search("&status=approved").body, "paging", "total"))
	b.clock.Advance(100 * 24 * time.Hour)
	require.Empty(t, search("").body["results"], "three months unless asked")
	require.Len(t, search("&begin_date=NOW-6MONTHS").body["results"], 2)
	require.Equal(t, http.StatusBadRequest, search("&begin_date=yesterday").status)
	require.Equal(t, "[]", strings.TrimSpace(func() string {
		raw, _ := json.Marshal(b.mp(t, http.MethodGet, "/v1/payments/search?external_reference=none", nil).body["results"])
		return string(raw)
	}()))
}

func TestCheckoutPage(t *testing.T) {
	t.Parallel()
	b := start(t)
	page := func(path string) string { return b.call(t, http.MethodGet, path, "", nil).raw }
	press := func(id string, form url.Values) *http.Response {
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/mp/checkout/"+id+"/pay", strings.NewReader(form.Encode()))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := client.Do(req)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		return resp
	}
	id := b.link(t, object{"expires": true, "expiration_date_to": "2026-11-21T12:30:00.000-03:00"})
	html := page("/mp/checkout/" + id)
	require.Contains(t, html, "$ 45.000,50")
	require.Contains(t, html, "21/11/2026 12:30")
	require.NotContains(t, html, "method-ticket", "cash is excluded")
	resp := press(id, url.Values{"outcome": {"reject"}, "method": {"credit_card"}})
	require.Contains(t, page(resp.Header.Get("Location")), `data-status="rejected"`)
	require.Equal(t, http.StatusConflict, press(id, url.Values{"outcome": {"approve"}, "method": {"ticket"}}).StatusCode)

	b.clock.Advance(30 * time.Minute)
	require.Contains(t, page("/mp/checkout/"+id), "El link venció")
	require.Equal(t, "/mp/checkout/"+id, press(id, url.Values{"outcome": {"approve"}}).Header.Get("Location"))
	payments, err := b.control.Payments(t.Context(), "RES261121abcdef")
	require.NoError(t, err)
	require.Len(t, payments, 1, "nothing was paid after the end")
	resp = press(id, url.Values{"outcome": {"approve"}, "late": {"1"}})
	require.Contains(t, page(resp.Header.Get("Location")), `data-status="approved"`)

	id = b.link(t, object{"payment_methods": object{}, "back_urls": object{"success": "https://a.example/ok?x=1", "pending": "https://a.example/wait"}})
	require.Contains(t, page("/mp/checkout/"+id), "method-ticket")
	result := page(press(id, url.Values{"outcome": {"approve"}, "method": {"ticket"}}).Header.Get("Location"))
	require.Contains(t, result, `href="https://a.example/wait?`)
	result = page(press(id, url.Values{"outcome": {"approve"}, "method": {"debit_card"}}).Header.Get("Location"))
	require.Contains(t, result, `href="https://a.example/ok?x=1&amp;`)
	require.Contains(t, result, "status=approved")
	require.NotContains(t, result, "http-equiv", "nobody asked for auto_return")
	require.Contains(t, page("/mp/checkout/none"), "no existe")
}

// TestTheWayBackToTheShop: after an approval the browser goes back by itself, after anything else the payer presses a button, and
// a link that is over leads back too.
func TestTheWayBackToTheShop(t *testing.T) {
	t.Parallel()
	b := start(t)
	id := b.link(t, object{
		"expires": true, "expiration_date_to": "2026-11-21T12:30:00.000-03:00", "auto_return": "approved",
		"back_urls": object{"success": "https://a.example/p?from=checkout", "pending": "https://a.example/p?from=checkout", "failure": "https://a.example/p?from=checkout"},
	})
	pay := func(outcome string) string {
		p, err := b.control.Pay(t.Context(), control.NewPayment{PreferenceID: id, Outcome: outcome})
		require.NoError(t, err)
		return b.call(t, http.MethodGet, fmt.Sprintf("/mp/checkout/%s?payment=%d", id, p.ID), "", nil).raw
	}
	rejected := pay("rejected")
	require.Contains(t, rejected, `data-testid="back"`)
	require.NotContains(t, rejected, "http-equiv")
	approved := pay("approved")
	require.Contains(t, approved, `http-equiv="refresh" content="3;url=https://a.example/p?from=checkout&amp;`)
	require.Contains(t, approved, `data-status="approved"`)

	closed := b.mp(t, http.MethodPut, "/checkout/preferences/"+id, object{"expires": true, "expiration_date_to": "2026-11-21T12:00:00.000-03:00"})
	require.Equal(t, http.StatusOK, closed.status)
	b.clock.Advance(time.Minute)
	over := b.call(t, http.MethodGet, "/mp/checkout/"+id, "", nil).raw
	require.Contains(t, over, "El link venció")
	require.Contains(t, over, `href="https://a.example/p?from=checkout&amp;`)
	require.Contains(t, over, "payment_id=null")
	require.NotContains(t, over, `data-testid="pay"`)
}
