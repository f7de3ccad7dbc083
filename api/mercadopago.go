package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/mercadopago"
)

const (
	// largestHint is far above any legacy notification; nothing of an unsigned body is kept.
	largestHint = 64 << 10
	// An unsigned hint makes us ask Mercado Pago, so anybody could make us ask: once per payment in hintPeriod, and no more
	// than hintRate a second in all. Reconciliation finds what is dropped.
	hintPeriod = 10 * time.Second
	hintRate   = 5
	hintBurst  = 50

	mostQueryValues  = 20
	longestQueryText = 256
)

// receiveMercadoPago takes notifications in both forms (contracts B4). The signature covers the payment id of the query, not
// the body; in either form the payment is fetched before anything changes.
func (w *webhooks) receiveMercadoPago(c *gin.Context) {
	query, signature := c.Request.URL.Query(), c.GetHeader("X-Signature")
	switch {
	case signature != "" && !isLegacy(query):
		w.receiveSigned(c, query, signature)
	default:
		w.receiveUnsigned(c, query)
	}
}

// isLegacy tells the old form by its query, which is never signed: ?topic=…&id=….
func isLegacy(query url.Values) bool { return query.Has("topic") && !query.Has("data.id") }

func (w *webhooks) receiveSigned(c *gin.Context, query url.Values, signature string) {
	const provider = activities.ProviderMercadoPago
	requestID := c.GetHeader("X-Request-Id")
	if !w.VerifyMercadoPago(signature, requestID, query.Get("data.id")) {
		w.refuse(c, provider, reasonWrongSignature, booking.CodeForbidden, "the signature is not of this notification")
		return
	}
	body, ok := w.read(c, provider, largestWebhook)
	if !ok {
		return
	}
	if !isJSONObject(body) {
		w.refuse(c, provider, reasonMalformed, CodeMalformed, "the body is not a JSON object")
		return
	}
	notice := mercadopago.ParseNotification(query, body)
	payment, ok := paymentID(notice)
	if !ok {
		w.ignore(c, provider, reasonOtherTopic)
		return
	}
	key := eventKey("v1", requestID, payment, notice.Action)
	if requestID == "" {
		sum := sha256.Sum256(body)
		key = eventKey("v1", hex.EncodeToString(sum[:]), payment)
	}
	w.store(c, activities.Webhook{Provider: provider, EventKey: key, Body: body, Meta: metaOf(query, payment, true)})
}

func (w *webhooks) receiveUnsigned(c *gin.Context, query url.Values) {
	const provider = activities.ProviderMercadoPago
	body, ok := w.read(c, provider, largestHint)
	if !ok {
		return
	}
	notice := mercadopago.ParseNotification(query, body)
	payment, isPayment := paymentID(notice)
	named := notice.Legacy || query.Has("type") || query.Has("topic")
	switch {
	case !named, !notice.Legacy && notice.Topic == mercadopago.TopicPayment:
		w.refuse(c, provider, reasonMissingSignature, booking.CodeUnauthorized, "x-signature is missing")
		return
	case !isPayment:
		w.ignore(c, provider, reasonOtherTopic)
		return
	case !w.hints.worthwhile():
		w.ignore(c, provider, reasonHintBound)
		return
	}
	hint, err := json.Marshal(map[string]string{"topic": "payment", "resource": payment})
	if err != nil {
		w.refuse(c, provider, reasonMalformed, booking.CodeInternal, "a fault of ours")
		return
	}
	w.store(c, activities.Webhook{Provider: provider, EventKey: w.hints.key(payment), Body: hint, Meta: metaOf(query, payment, false)})
}

func paymentID(notice mercadopago.Notification) (string, bool) {
	id, ok := notice.PaymentID()
	return strconv.FormatInt(id, 10), ok
}

// metaOf keeps the query values, within bounds, and over them what was made sure of here.
func metaOf(query url.Values, payment string, signed bool) map[string]string {
	meta := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(query)) {
		value := query.Get(name)
		if len(meta) < mostQueryValues && len(name) <= longestQueryText && len(value) <= longestQueryText && printable(name) && printable(value) {
			meta[name] = value
		}
	}
	if reference := booking.NormalizeCode(meta[activities.MetaReference]); booking.ValidCode(reference) {
		meta[activities.MetaReference] = reference
	} else {
		delete(meta, activities.MetaReference)
	}
	meta[activities.MetaSigned] = strconv.FormatBool(signed)
	meta[activities.MetaTopic] = string(mercadopago.TopicPayment)
	meta[activities.MetaPaymentID] = payment
	return meta
}

// hints bounds what unsigned notifications can make us do.
type hints struct {
	now     func() time.Time
	limiter *rate.Limiter
}

func newHints(now func() time.Time) *hints {
	return &hints{now: now, limiter: rate.NewLimiter(hintRate, hintBurst)}
}

func (h *hints) worthwhile() bool { return h.limiter.AllowN(h.now(), 1) }

// key is the same for all hints at one payment in one period, so that the inbox keeps one of them.
func (h *hints) key(payment string) string {
	return eventKey("hint", payment, strconv.FormatInt(h.now().Unix()/int64(hintPeriod/time.Second), 10))
}
