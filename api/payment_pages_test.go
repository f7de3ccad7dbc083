package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/api"
	"cabanas/booking"
	"cabanas/dialogue"
)

const (
	payCode   = "RES261121A1B2C3"
	paySecret = "good-secret"
	payPage   = "/pay/" + payCode + "/" + paySecret
)

// payDesk shows one reservation in a state of the test's choice.
type payDesk struct {
	view  dialogue.PageView
	err   error
	asked []string
}

func (d *payDesk) PageAddress(code string) string {
	return "https://book.example.org/pay/" + code + "/" + paySecret
}

func (d *payDesk) Page(_ context.Context, code, secret, paymentID, language string) (dialogue.PageView, error) {
	d.asked = append(d.asked, paymentID)
	if code != payCode || secret != paySecret {
		return dialogue.PageView{}, booking.Refuse(booking.CodeNotFound, "no such page")
	}
	view := d.view
	if view.Language == "" {
		view.Language = language
	}
	return view, d.err
}

func (d *payDesk) Nobody(state dialogue.PageState, language string) dialogue.PageView {
	return dialogue.PageView{State: state, Language: language, WhatsApp: "5492944123456"}
}

func viewIn(state dialogue.PageState) dialogue.PageView {
	view := dialogue.PageView{
		State: state, Code: payCode, UnitName: "Cabaña <Arrayán>", Stay: january, WhatsApp: "5492944123456",
		Deadline: time.Date(2026, 11, 21, 15, 30, 0, 0, time.UTC), Now: time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC), Location: time.UTC,
	}
	switch state {
	case dialogue.PagePay, dialogue.PageRejected:
		view.Due, view.CheckoutURL = booking.Pesos(45_000), "https://www.mercadopago.com.ar/checkout/v1/redirect?pref_id=1-a"
	case dialogue.PageMaking:
		view.Due = booking.Pesos(45_000)
	case dialogue.PageConfirmed:
		view.Paid, view.Balance = booking.Pesos(45_000), booking.Pesos(105_000)
	case dialogue.PageReturned:
		view.Returned = booking.Pesos(45_000)
	}
	return view
}

func payEdge(t *testing.T, state dialogue.PageState) (*edge, *payDesk) {
	t.Helper()
	desk := &payDesk{view: viewIn(state)}
	return newEdge(t, func(o *api.Options) { o.PayDesk = desk }), desk
}

func TestPaymentPageInEveryStateAndLanguage(t *testing.T) {
	t.Parallel()
	titles := map[dialogue.PageState][3]string{
		dialogue.PagePay:       {"Falta la seña", "Falta o sinal", "still to be paid"},
		dialogue.PageRejected:  {"no se aprobó", "não foi aprovado", "not approved"},
		dialogue.PageMaking:    {"preparando el link", "preparando o link", "preparing your payment link"},
		dialogue.PageChecking:  {"verificando tu pago", "verificando seu pagamento", "checking your payment"},
		dialogue.PagePending:   {"está en proceso", "em processo", "being processed"},
		dialogue.PageConfirmed: {"está confirmada", "está confirmada", "is confirmed"},
		dialogue.PageExpired:   {"La reserva venció", "A reserva venceu", "hold has ended"},
		dialogue.PageLate:      {"Recibimos tu pago", "Recebemos seu pagamento", "received your payment"},
		dialogue.PageReturned:  {"Te devolvemos", "devolver o dinheiro", "goes back to you"},
		dialogue.PageCancelled: {"está cancelada", "está cancelada", "is cancelled"},
		dialogue.PageOver:      {"Gracias por tu visita", "Obrigado pela visita", "Thank you for your visit"},
	}
	for state, texts := range titles {
		e, _ := payEdge(t, state)
		for n, language := range []string{"es", "pt", "en"} {
			answer := e.do(t, http.MethodGet, payPage+"?from=checkout", "", "Accept-Language", language+"-XX,en;q=0.5")
			require.Equal(t, http.StatusOK, answer.Code, state)
			body := answer.Body.String()
			require.Contains(t, body, texts[n], "%s in %s", state, language)
			require.Contains(t, body, `<html lang="`+language+`">`)
			require.Contains(t, body, `data-state="`+string(state)+`"`)
			require.Contains(t, body, "Cabaña &lt;Arrayán&gt;")
			require.Contains(t, body, `href="https://wa.me/5492944123456?text=`)
			payable := state == dialogue.PagePay || state == dialogue.PageRejected
			require.Equal(t, payable, strings.Contains(body, "pref_id=1-a"), state)
			requirePageHeaders(t, answer)
			waits := state == dialogue.PageMaking || state == dialogue.PageChecking || state == dialogue.PagePending
			require.Equal(t, waits, strings.Contains(body, `http-equiv="refresh"`), state)
		}
	}
}

func requirePageHeaders(t *testing.T, answer *httptest.ResponseRecorder) {
	t.Helper()
	header, body := answer.Header(), answer.Body.String()
	require.Equal(t, "text/html; charset=utf-8", header.Get("Content-Type"))
	require.Equal(t, "no-store", header.Get("Cache-Control"))
	require.Equal(t, "no-referrer", header.Get("Referrer-Policy"))
	require.Equal(t, "noindex", header.Get("X-Robots-Tag"))
	require.Equal(t, "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		header.Get("Content-Security-Policy"))
	require.NotRegexp(t, `(?i)<script|<style|style=|\son\w+=`, body, "what the policy forbids")
	require.NotRegexp(t, `(?i)(src|href)="http://`, body)
}

func TestPaymentPageLeadsToTheCheckoutThatIsOpenNow(t *testing.T) {
	t.Parallel()
	for state, sent := range map[dialogue.PageState]bool{
		dialogue.PagePay: true, dialogue.PageRejected: true, dialogue.PagePending: false, dialogue.PageConfirmed: false, dialogue.PageExpired: false,
	} {
		e, desk := payEdge(t, state)
		answer := e.do(t, http.MethodGet, "/pay/"+strings.ToLower(payCode)+"/"+paySecret, "")
		if !sent {
			require.Equal(t, http.StatusOK, answer.Code, state)
			continue
		}
		require.Equal(t, http.StatusSeeOther, answer.Code, state)
		require.Equal(t, desk.view.CheckoutURL, answer.Header().Get("Location"))
		require.Equal(t, "no-store", answer.Header().Get("Cache-Control"))
		require.Equal(t, "no-referrer", answer.Header().Get("Referrer-Policy"))
		for _, back := range []string{"?from=checkout", "?payment_id=77", "?from=checkout&payment_id=null&status=null"} {
			require.Equal(t, http.StatusOK, e.do(t, http.MethodGet, payPage+back, "").Code, "who comes from the checkout is not sent back")
		}
	}
}

func TestPaymentPageDoesNotTellCodesFromSecrets(t *testing.T) {
	t.Parallel()
	e, _ := payEdge(t, dialogue.PagePay)
	trace := regexp.MustCompile(`X-Trace-Id`)
	var first *httptest.ResponseRecorder
	for _, path := range []string{
		"/pay/" + payCode + "/wrong", "/pay/RES261121FFFFFF/" + paySecret, "/pay/RES261121FFFFFF/wrong", "/pay/nonsense/" + paySecret,
		"/pay/" + strings.Repeat("A", 4000) + "/x", "/pay/" + payCode + "/" + strings.Repeat("A", 4000), "/pay/" + payCode + "/%00%0d%0a",
		"/pay/" + payCode + "/wrong?payment_id=77&from=checkout",
	} {
		answer := e.do(t, http.MethodGet, path, "")
		require.Equal(t, http.StatusNotFound, answer.Code, path)
		requirePageHeaders(t, answer)
		if first == nil {
			first = answer
		}
		require.Equal(t, first.Body.String(), answer.Body.String(), path)
		for name := range answer.Header() {
			if !trace.MatchString(name) {
				require.Equal(t, first.Header()[name], answer.Header()[name], name)
			}
		}
	}
	require.Empty(t, e.inbox.received, "no stranger makes us look anything up")
	require.Equal(t, http.StatusNotFound, e.do(t, http.MethodGet, "/pay/"+payCode, "").Code, "never a code alone")
	require.Equal(t, http.StatusMethodNotAllowed, e.do(t, http.MethodPost, payPage, "").Code)
}

func TestPaymentPageBelievesNothingOfTheQuery(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]string{
		"claims":     "?collection_status=approved&status=approved&payment_id=null&from=checkout",
		"markup":     "?from=checkout&payment_id=" + url.QueryEscape(`1"><script>alert(1)</script>`) + "&look=" + url.QueryEscape(`1;url=//evil`),
		"elsewhere":  "?from=https%3A%2F%2Fevil.example&url=https%3A%2F%2Fevil.example&preference_id=evil",
		"huge":       "?from=checkout&payment_id=" + strings.Repeat("9", 400),
		"negative":   "?from=checkout&payment_id=-5&look=-7",
		"signs":      "?from=checkout&payment_id=%2B5",
		"odd escape": "?from=checkout&payment_id=%zz&look=%zz",
	} {
		e, desk := payEdge(t, dialogue.PagePay)
		answer := e.do(t, http.MethodGet, payPage+query, "")
		require.Equal(t, http.StatusOK, answer.Code, name)
		require.Contains(t, answer.Body.String(), "Falta la seña", name)
		require.NotContains(t, answer.Body.String(), "evil", name)
		require.NotContains(t, answer.Body.String(), "<script", name)
		require.Equal(t, []string{""}, desk.asked, name)
		require.Empty(t, e.inbox.received, name)
	}
}

func TestPaymentPageHasAnUnknownPaymentLookedUp(t *testing.T) {
	t.Parallel()
	e, desk := payEdge(t, dialogue.PageChecking)
	answer := e.do(t, http.MethodGet, payPage+"?from=checkout&collection_id=77&collection_status=approved&payment_id=77", "")
	require.Equal(t, []string{"77"}, desk.asked)
	require.Contains(t, answer.Body.String(), `content="3;url=?from=checkout&amp;look=1&amp;payment_id=77"`)
	require.Len(t, e.inbox.received, 1)
	hook := e.inbox.received[0]
	require.Equal(t, activities.ProviderMercadoPago, hook.Provider)
	require.Equal(t, map[string]string{"ref": payCode, "payment_id": "77", "signed": "false", "topic": "payment"}, hook.Meta)

	answer = e.do(t, http.MethodGet, payPage+"?from=checkout&payment_id=77&look=1", "")
	require.Contains(t, answer.Body.String(), "look=2")
	require.Len(t, e.inbox.received, 1, "one look is enough")
	answer = e.do(t, http.MethodGet, payPage+"?from=checkout&payment_id=77&look=999", "")
	require.NotContains(t, answer.Body.String(), "http-equiv")
	require.Contains(t, answer.Body.String(), "todavía no nos respondió")
	require.Contains(t, answer.Body.String(), `href="?from=checkout&amp;payment_id=77"`)

	for id := range 40 {
		e.do(t, http.MethodGet, payPage+"?payment_id="+string(rune('1'+id%9))+"00", "")
	}
	require.LessOrEqual(t, len(e.inbox.received), 6, "a guest cannot make us ask for ever")
}

func TestPaymentPageInTrouble(t *testing.T) {
	t.Parallel()
	e, desk := payEdge(t, dialogue.PagePay)
	desk.err = errors.New("the inside")
	answer := e.do(t, http.MethodGet, payPage, "", "Accept-Language", "en-GB")
	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.NotContains(t, answer.Body.String(), "the inside")
	require.Contains(t, answer.Body.String(), "We cannot show your booking right now")
	require.NotContains(t, e.logs.String(), paySecret)

	busy := newEdge(t, func(o *api.Options) {
		o.PayDesk, o.RateLimit = &payDesk{view: viewIn(dialogue.PageConfirmed)}, twoAMinute(t)
	})
	for range 2 {
		require.Equal(t, http.StatusOK, busy.do(t, http.MethodGet, payPage, "").Code)
	}
	answer = busy.do(t, http.MethodGet, payPage, "")
	require.Equal(t, http.StatusTooManyRequests, answer.Code)
	require.NotEmpty(t, answer.Header().Get("Retry-After"))
	require.Contains(t, answer.Body.String(), "Abriste esta página muchas veces")

	style := e.do(t, http.MethodGet, "/pay/page.css", "")
	require.Equal(t, http.StatusOK, style.Code)
	require.Equal(t, "text/css; charset=utf-8", style.Header().Get("Content-Type"))
	require.NotContains(t, style.Body.String(), "url(")
	require.Equal(t, http.StatusNotFound, newEdge(t).do(t, http.MethodGet, payPage, "").Code, "no desk, no pages")
}

func TestHoldNamesThePaymentPage(t *testing.T) {
	t.Parallel()
	e, desk := payEdge(t, dialogue.PagePay)
	body := object(t, e.do(t, http.MethodPost, reservations, wish))
	require.Equal(t, desk.PageAddress(body["code"].(string)), body["pay_page_url"])
	require.NotEqual(t, body["payment_url"], body["pay_page_url"])
	require.Nil(t, object(t, newEdge(t).do(t, http.MethodPost, reservations, wish))["pay_page_url"])
}
