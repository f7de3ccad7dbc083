package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/observe"
)

// largestWebhook is Meta's 3 MB (contracts A3) and some slack.
const largestWebhook = 3<<20 + 64<<10

// Why a delivery was not stored: values of the label reason.
const (
	reasonMissingSignature = "missing_signature"
	reasonWrongSignature   = "wrong_signature"
	reasonWrongToken       = "wrong_verify_token"
	reasonMalformed        = "malformed"
	reasonTooLarge         = "too_large"
	reasonUnread           = "unread"         // the body did not arrive
	reasonUnavailable      = "unavailable"    // Postgres is away
	reasonOtherTopic       = "other_topic"    // not about a payment; answered 200
	reasonHintBound        = "too_many_hints" // unsigned, beyond what is looked at; answered 200
)

func addWebhooks(group *gin.RouterGroup, o *Options) {
	hooks := &webhooks{Options: o, hints: newHints(o.Now)}
	group.GET("/webhooks/whatsapp", hooks.subscribeWhatsApp)
	group.POST("/webhooks/whatsapp", hooks.receiveWhatsApp)
	group.POST("/webhooks/mercadopago", hooks.receiveMercadoPago)
	// Links made by earlier installations notify here.
	group.POST("/mercadopago/webhook", hooks.receiveMercadoPago)
}

// webhooks answers providers. A delivery is acknowledged when it is in Postgres and not before: whatever goes wrong until
// then is told, so that the provider delivers again.
type webhooks struct {
	*Options
	hints *hints
}

// subscribeWhatsApp answers Meta's verification of the address with the bare challenge (contracts A2).
func (w *webhooks) subscribeWhatsApp(c *gin.Context) {
	challenge, ok := w.VerifySubscription(c.Request.URL.Query())
	if !ok {
		w.refuse(c, activities.ProviderWhatsApp, reasonWrongToken, booking.CodeForbidden, "the verification request is not ours to answer")
		return
	}
	c.Data(http.StatusOK, "text/plain; charset=utf-8", []byte(challenge))
}

func (w *webhooks) receiveWhatsApp(c *gin.Context) {
	const provider = activities.ProviderWhatsApp
	signature := c.GetHeader("X-Hub-Signature-256")
	if signature == "" {
		w.refuse(c, provider, reasonMissingSignature, booking.CodeUnauthorized, "X-Hub-Signature-256 is missing")
		return
	}
	body, ok := w.read(c, provider, largestWebhook)
	if !ok {
		return
	}
	if !w.VerifyWhatsApp(signature, body) {
		w.refuse(c, provider, reasonWrongSignature, booking.CodeForbidden, "the signature is not of this body")
		return
	}
	if !isJSONObject(body) {
		w.refuse(c, provider, reasonMalformed, CodeMalformed, "the body is not a JSON object")
		return
	}
	sum := sha256.Sum256(body)
	w.store(c, activities.Webhook{Provider: provider, EventKey: hex.EncodeToString(sum[:]), Body: body, Meta: map[string]string{}})
}

// read reads the raw body, or answers why it cannot.
func (w *webhooks) read(c *gin.Context, provider string, limit int64) ([]byte, bool) {
	body, problem := readBody(c, limit)
	if problem == nil {
		return body, true
	}
	reason := reasonUnread
	if problem.Code == CodeTooLarge {
		reason = reasonTooLarge
	}
	w.Metrics.WebhookRefused.WithLabelValues(provider, reason).Inc()
	writeProblem(c, problem)
	return nil, false
}

// store puts the delivery into the inbox and only then acknowledges it.
func (w *webhooks) store(c *gin.Context, hook activities.Webhook) {
	ctx := c.Request.Context()
	hook.TraceID = observe.Trace(ctx)
	if err := w.Inbox.Receive(ctx, hook); err != nil {
		w.Logger.ErrorContext(ctx, "webhook_not_stored", "provider", hook.Provider, "error", err)
		w.refuse(c, hook.Provider, reasonUnavailable, booking.CodeUnavailable, "the delivery was not stored; deliver it again")
		return
	}
	w.Metrics.WebhookReceived.WithLabelValues(hook.Provider).Inc()
	acknowledge(c)
}

func acknowledge(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) }

func (w *webhooks) refuse(c *gin.Context, provider, reason string, code booking.Code, detail string) {
	ctx := c.Request.Context()
	w.Metrics.WebhookRefused.WithLabelValues(provider, reason).Inc()
	w.Logger.WarnContext(ctx, "webhook_refused", "provider", provider, "reason", reason)
	writeProblem(c, newProblem(ctx, code, detail))
}

// ignore acknowledges what is none of our business, so that the provider stops repeating it.
func (w *webhooks) ignore(c *gin.Context, provider, reason string) {
	w.Metrics.WebhookRefused.WithLabelValues(provider, reason).Inc()
	acknowledge(c)
}

func isJSONObject(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) && json.Valid(body)
}

// eventKey makes one key of several parts, none of which can run into the next.
func eventKey(kind string, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return kind + ":" + hex.EncodeToString(sum[:])
}
