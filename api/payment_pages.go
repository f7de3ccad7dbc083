package api

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/gateways/mercadopago"
	"cabanas/internal/observe"
)

// PayDesk says what the payment page of a reservation shows.
type PayDesk interface {
	// PageAddress is the page's address, for the guest only; empty when there is none.
	PageAddress(code string) string
	// Page refuses with [booking.CodeNotFound] when there is no such code or the secret is not its own. It believes nothing of
	// paymentID but that a browser spoke of it.
	Page(ctx context.Context, code, secret, paymentID, language string) (dialogue.PageView, error)
	// Nobody is a page that shows no reservation.
	Nobody(state dialogue.PageState, language string) dialogue.PageView
}

const (
	payPath  = "/pay/:code/:secret"
	payStyle = "/pay/page.css"

	// mostLooks bounds how often a page looks again by itself: about half a minute.
	mostLooks = 8
	// hintsPerBooking payments a browser spoke of are looked up for one reservation in hintWindow; a guest makes one or two.
	hintsPerBooking = 6
	hintWindow      = 10 * time.Minute

	longestCode   = 40
	longestSecret = 64
	longestID     = 19 // digits of a payment id
)

//go:embed pages/payment.html pages/page.css
var pageFiles embed.FS

var paymentPage = template.Must(template.ParseFS(pageFiles, "pages/payment.html"))

// paymentPages is the one address a guest has for paying and for seeing how things stand.
type paymentPages struct {
	*Options
	hints  *hints
	guests *tokenBuckets // hints per reservation
}

// addPaymentPages serves the pages; none without a desk.
func addPaymentPages(router *gin.Engine, o *Options) error {
	if o.PayDesk == nil {
		return nil
	}
	style, err := pageFiles.ReadFile("pages/page.css")
	if err != nil {
		return fmt.Errorf("style of the payment page: %w", err)
	}
	router.GET(payStyle, func(c *gin.Context) {
		c.Header("Cache-Control", "public, max-age=3600")
		c.Data(http.StatusOK, "text/css; charset=utf-8", style)
	})
	pages := &paymentPages{Options: o, hints: newHints(o.Now), guests: newTokenBuckets(hintsPerBooking, hintWindow, o.Now)}
	router.GET(payPath, within(requestTime), pages.show)
	return nil
}

// show sends the guest to the checkout that is open now, or shows what is true instead. Whoever comes from a checkout is never
// sent to one.
func (p *paymentPages) show(c *gin.Context) {
	ctx, language := c.Request.Context(), acceptedLanguage(c.GetHeader("Accept-Language"))
	if wait := c.GetDuration(busyKey); wait > 0 {
		c.Header("Retry-After", strconv.Itoa(seconds(wait)))
		p.write(c, http.StatusTooManyRequests, p.PayDesk.Nobody(dialogue.PageBusy, language), visit{})
		return
	}
	code, secret := booking.NormalizeCode(c.Param("code")), c.Param("secret")
	if len(c.Param("code")) > longestCode || len(secret) > longestSecret || !booking.ValidCode(code) {
		p.write(c, http.StatusNotFound, p.PayDesk.Nobody(dialogue.PageUnknown, language), visit{})
		return
	}
	visit := visitOf(c.Request.URL.Query())
	view, err := p.PayDesk.Page(ctx, code, secret, visit.payment, language)
	switch {
	case booking.IsCode(err, booking.CodeNotFound):
		p.write(c, http.StatusNotFound, p.PayDesk.Nobody(dialogue.PageUnknown, language), visit)
		return
	case err != nil:
		p.Logger.ErrorContext(ctx, "payment page not shown", "error", err)
		p.write(c, http.StatusServiceUnavailable, p.PayDesk.Nobody(dialogue.PageAway, language), visit)
		return
	}
	if !visit.back && (view.State == dialogue.PagePay || view.State == dialogue.PageRejected) {
		c.Header("X-Robots-Tag", "noindex")
		c.Redirect(http.StatusSeeOther, view.CheckoutURL)
		return
	}
	if view.State == dialogue.PageChecking && visit.looks == 0 {
		p.lookUp(ctx, code, visit.payment)
	}
	p.write(c, http.StatusOK, view, visit)
}

// lookUp has the payment that a browser spoke of fetched, as after an unsigned notification. What is dropped here is found by
// reconciliation.
func (p *paymentPages) lookUp(ctx context.Context, code, payment string) {
	if ok, _ := p.guests.allow(code); !ok || !p.hints.worthwhile() {
		return
	}
	hint, err := json.Marshal(map[string]string{"topic": "payment", "resource": payment})
	if err == nil {
		err = p.Inbox.Receive(ctx, activities.Webhook{
			Provider: activities.ProviderMercadoPago, EventKey: p.hints.key(payment), Body: hint, TraceID: observe.Trace(ctx),
			Meta: map[string]string{
				activities.MetaReference: code, activities.MetaPaymentID: payment, activities.MetaSigned: "false",
				activities.MetaTopic: string(mercadopago.TopicPayment),
			},
		})
	}
	if err != nil {
		p.Logger.LogAttrs(ctx, slog.LevelWarn, "payment of a page not handed on", slog.Any("error", err))
	}
}

// visit is what the query says, of which only form is believed.
type visit struct {
	back    bool   // from a checkout
	payment string // digits, or empty
	looks   int
}

func visitOf(query url.Values) visit {
	v := visit{back: query.Has("from")}
	for _, name := range []string{"payment_id", "collection_id"} { // the provider's two names of it
		if id := query.Get(name); v.payment == "" && isPaymentID(id) {
			v.payment, v.back = id, true
		}
	}
	if looks, err := strconv.Atoi(query.Get("look")); err == nil {
		v.looks = min(max(looks, 0), mostLooks)
	}
	return v
}

func isPaymentID(text string) bool {
	id, err := strconv.ParseInt(text, 10, 64)
	return err == nil && id > 0 && len(text) <= longestID && text[0] != '+' && text[0] != '0'
}

// again is the address of the next look; the way back to the first look is the same with look 0.
func (v visit) again(looks int) string {
	query := url.Values{"from": {"checkout"}}
	if v.payment != "" {
		query.Set("payment_id", v.payment)
	}
	if looks > 0 {
		query.Set("look", strconv.Itoa(looks))
	}
	return "?" + query.Encode()
}

// shownPage is what the template lays out.
type shownPage struct {
	dialogue.Page
	// Refresh is the content of the meta element, empty when the page stays as it is.
	Refresh string
	// LookAgain is where a press looks again; empty when there is nothing to wait for.
	LookAgain string
	Style     string
}

func (p *paymentPages) write(c *gin.Context, status int, view dialogue.PageView, visit visit) {
	waits := view.State == dialogue.PageChecking || view.State == dialogue.PageMaking || view.State == dialogue.PagePending
	view.GaveUp = visit.looks >= mostLooks
	shown := shownPage{Page: dialogue.ComposePage(view), Style: payStyle}
	switch {
	case waits && !view.GaveUp:
		seconds := 3
		if visit.looks >= mostLooks/2 {
			seconds = 6
		}
		shown.Refresh = fmt.Sprintf("%d;url=%s", seconds, visit.again(visit.looks+1))
	case waits, status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
		shown.LookAgain = visit.again(0)
	}
	var body bytes.Buffer
	if err := paymentPage.Execute(&body, shown); err != nil {
		p.Logger.ErrorContext(c.Request.Context(), "payment page not laid out", "error", err)
		c.Status(http.StatusInternalServerError)
		return
	}
	c.Header("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	c.Header("X-Robots-Tag", "noindex")
	c.Header("Content-Language", shown.Language)
	c.Data(status, "text/html; charset=utf-8", body.Bytes())
}

// acceptedLanguage is the first of ours that a browser asks for; empty when it asks for none.
func acceptedLanguage(header string) string {
	for part := range strings.SplitSeq(header, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch primary, _, _ := strings.Cut(strings.ToLower(tag), "-"); primary {
		case "es", "pt", "en":
			return primary
		}
	}
	return ""
}
