package mercadopago

import (
	"net/url"
	"regexp"
	"strings"

	"cabanas/gateways/internal/lenient"
)

// Topic is what a notification is about.
type Topic string

// The topics; anything else is [TopicUnknown].
const (
	TopicPayment       Topic = "payment"
	TopicMerchantOrder Topic = "merchant_order"
	TopicOrder         Topic = "order"
	TopicChargeback    Topic = "chargeback"
	TopicClaim         Topic = "claim"
	TopicDelivery      Topic = "delivery"
	TopicUnknown       Topic = "unknown"
)

var topicByName = map[string]Topic{
	"payment": TopicPayment, "merchant_order": TopicMerchantOrder, "topic_merchant_order_wh": TopicMerchantOrder, "order": TopicOrder,
	"chargebacks": TopicChargeback, "topic_chargebacks_wh": TopicChargeback, "topic_claims_integration_wh": TopicClaim,
	"stop_delivery_op_wh": TopicDelivery,
}

// Notification is what a delivery says; everything in it is a hint to be checked at Mercado Pago.
type Notification struct {
	Topic Topic
	// ResourceID is the payment's (or other thing's) id, letters, digits, - and _ only; empty when none was legible.
	// For a payment it is at most 19 digits, see [Notification.PaymentID].
	ResourceID string
	// AboutPayment is the payment that a chargeback is about, 0 when it does not say; a hint that is not signed.
	AboutPayment int64
	Action       string // payment.created, payment.updated, …
	EventID      string // the same in every repetition; empty in legacy notifications
	// Legacy is set for the older IPN form, which is not signed.
	Legacy   bool
	LiveMode bool
}

// PaymentID returns the id of the payment that the notification is about, also when it is a chargeback that names one; ok is
// false for any other topic or no id.
func (n Notification) PaymentID() (id int64, ok bool) {
	switch n.Topic {
	case TopicPayment:
	case TopicChargeback:
		return n.AboutPayment, n.AboutPayment > 0
	default:
		return 0, false
	}
	id, ok = wholeNumber(n.ResourceID)
	return id, ok && id > 0
}

// ParseNotification reads a delivery in any of its forms: webhook v1 ("data.id" and "type" in the query, a JSON body), or
// legacy IPN ("topic" and "id" in the query, or "resource" and "topic" in the body, the resource an id or an address). It
// never fails: what it cannot read has [TopicUnknown]. What the query says wins over the body, as only the query's data.id
// is signed.
func ParseNotification(query url.Values, body []byte) Notification {
	message, _ := lenient.Read(body)
	data, _ := message.Object("data")
	notification := Notification{
		Topic:  topic(query.Get("type"), message.Text("type"), query.Get("topic"), message.Text("topic"), actionTopic(message.Text("action"))),
		Action: message.Text("action"), EventID: resourceID(message.Text("id")), LiveMode: message.Flag("live_mode"),
	}
	if notification.Topic == TopicChargeback {
		notification.AboutPayment = id(data.Text("payment_id"))
	}
	notification.Legacy = query.Get("data.id") == "" && message["data"] == nil && message.Text("type") == "" &&
		(query.Has("topic") || message["topic"] != nil || message["resource"] != nil)
	candidates := []string{query.Get("data.id"), data.Text("id")}
	if notification.Legacy {
		notification.EventID = ""
		candidates = []string{query.Get("id"), message.Text("resource")}
	}
	for _, candidate := range candidates {
		if notification.ResourceID = resourceID(candidate); notification.ResourceID != "" {
			break
		}
	}
	return notification
}

// topic takes the first name that is there.
func topic(names ...string) Topic {
	for _, name := range names {
		if name == "" {
			continue
		}
		if known, ok := topicByName[name]; ok {
			return known
		}
		return TopicUnknown
	}
	return TopicUnknown
}

// actionTopic is the first half of "payment.created", for bodies without a type.
func actionTopic(action string) string {
	name, _, _ := strings.Cut(action, ".")
	return name
}

var resourceForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// resourceID takes an id as it is, and of an address the last step.
func resourceID(resource string) string {
	resource = strings.TrimSpace(resource)
	if address, err := url.Parse(resource); err == nil && address.Host != "" {
		path := strings.TrimRight(address.Path, "/")
		resource = path[strings.LastIndexByte(path, '/')+1:]
	}
	if !resourceForm.MatchString(resource) {
		return ""
	}
	return resource
}
