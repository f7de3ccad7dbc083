package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cabanas/gateways/internal/exchange"
	"cabanas/gateways/internal/lenient"
)

// The defaults of [Options].
const (
	DefaultBaseURL = "https://graph.facebook.com"
	DefaultVersion = "v24.0"
	DefaultTimeout = 15 * time.Second
)

// Options configures a [Client]. PhoneID and Token are required.
type Options struct {
	BaseURL string // without version; default [DefaultBaseURL]
	Version string // default [DefaultVersion]
	PhoneID string // phone number id that sends
	Token   string // access token
	// HTTPClient is copied and made not to follow redirects; the default keeps connections open.
	HTTPClient *http.Client
	Timeout    time.Duration // of one request; default [DefaultTimeout]
	// ArgentineFallback repeats a send to 549 and ten digits once as 54 and ten digits when Meta refuses the first form,
	// as it does for test numbers.
	ArgentineFallback bool
}

// Client sends messages from one number. It is safe for concurrent use and never repeats a request on its own, but for
// Options.ArgentineFallback.
type Client struct {
	endpoint string
	token    string
	http     *http.Client
	timeout  time.Duration
	fallback bool
}

// New checks the options and returns a client; it makes no request.
func New(options Options) (*Client, error) {
	var missing problems
	if options.PhoneID == "" {
		missing.addf("PhoneID is required")
	}
	if options.Token == "" {
		missing.addf("Token is required")
	}
	base := strings.TrimRight(valueOr(options.BaseURL, DefaultBaseURL), "/")
	missing.link("BaseURL", base)
	if err := errors.Join(missing...); err != nil {
		return nil, fmt.Errorf("whatsapp client: %w", err)
	}
	client := &Client{
		endpoint: fmt.Sprintf("%s/%s/%s/messages", base, url.PathEscape(valueOr(options.Version, DefaultVersion)), url.PathEscape(options.PhoneID)),
		token:    options.Token, http: exchange.Client(options.HTTPClient), timeout: options.Timeout, fallback: options.ArgentineFallback,
	}
	if client.timeout <= 0 {
		client.timeout = DefaultTimeout
	}
	return client, nil
}

// Receipt says that Meta accepted a message, which is not yet a delivery.
type Receipt struct {
	MessageID string // wamid
	WaID      string // Meta's id of the recipient, may differ from what was asked; empty for a user id
	Status    string // message_status where Meta gives one: accepted, held_for_quality_assessment
	// Phone is the form of the number, digits only, that was accepted; to be remembered when Fallback is true.
	Phone    string
	Fallback bool
}

// Send posts one message. The error is always an [Error]; with [ReasonAmbiguous] the message may have been sent.
func (c *Client) Send(ctx context.Context, to Recipient, m Message) (Receipt, error) {
	receipt, err := c.send(ctx, to, m)
	if other, applies := c.otherForm(to, err); applies {
		if receipt, retryErr := c.send(ctx, other, m); retryErr == nil {
			receipt.Fallback = true
			return receipt, nil
		} else if ReasonOf(retryErr) != ReasonRecipient {
			return Receipt{}, retryErr
		}
	}
	return receipt, err
}

func (c *Client) send(ctx context.Context, to Recipient, m Message) (Receipt, error) {
	const operation = "send"
	if err := to.validate(); err != nil {
		return Receipt{}, &Error{Operation: operation, Reason: ReasonRecipient, Cause: err}
	}
	body, err := m.Encode(to)
	if err != nil {
		return Receipt{}, &Error{Operation: operation, Reason: ReasonMessageInvalid, Cause: err}
	}
	answer, status, err := c.post(ctx, operation, body)
	if err != nil {
		return Receipt{}, err
	}
	receipt := Receipt{Phone: strings.TrimPrefix(to.Phone, "+")}
	if messages, ok := answer.Array("messages"); ok && len(messages) > 0 {
		message, _ := lenient.Read(messages[0])
		receipt.MessageID, receipt.Status = message.Text("id"), message.Text("message_status")
	}
	if contacts, ok := answer.Array("contacts"); ok && len(contacts) > 0 {
		contact, _ := lenient.Read(contacts[0])
		receipt.WaID = contact.Text("wa_id")
	}
	if receipt.MessageID == "" {
		return Receipt{}, &Error{Operation: operation, Reason: ReasonAmbiguous, HTTPStatus: status, Cause: errNoMessageID}
	}
	return receipt, nil
}

// otherForm gives the number without the mobile 9 when Meta does not know the person under the number with it.
func (c *Client) otherForm(to Recipient, err error) (Recipient, bool) {
	var failure *Error
	if !c.fallback || !errors.As(err, &failure) || !HasOtherForm(failure.Code) {
		return Recipient{}, false
	}
	phone, mobile := withoutMobileNine(strings.TrimPrefix(to.Phone, "+"))
	return Recipient{Phone: phone}, mobile
}

// MarkRead marks the message and all before it as read; typing shows the typing indicator as well, until our next message
// or for 25 s. The error is always an [Error]; repeating is harmless whatever its reason.
func (c *Client) MarkRead(ctx context.Context, wamid string, typing bool) error {
	const operation = "mark read"
	request := map[string]any{"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
	if typing {
		request["typing_indicator"] = map[string]string{"type": "text"}
	}
	body, err := json.Marshal(request)
	if err != nil {
		return &Error{Operation: operation, Reason: ReasonMessageInvalid, Cause: err}
	}
	answer, status, err := c.post(ctx, operation, body)
	if err != nil {
		return err
	}
	if !answer.Flag("success") {
		return &Error{Operation: operation, Reason: ReasonAmbiguous, HTTPStatus: status, Cause: errNoSuccess}
	}
	return nil
}

func valueOr(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
