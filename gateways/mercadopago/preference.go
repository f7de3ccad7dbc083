package mercadopago

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cabanas/booking"
	"cabanas/gateways/internal/lenient"
)

// PreferenceRequest describes a payment link for one thing.
type PreferenceRequest struct {
	ItemID      string
	Title       string
	Description string
	Amount      booking.Money // more than zero
	// ValidFrom and ValidTo bound the link; it can neither be opened before nor paid after. ValidTo is required.
	ValidFrom           time.Time
	ValidTo             time.Time
	ExternalReference   string // required: how the payment finds its reservation
	NotificationURL     string
	BackURLs            BackURLs
	Metadata            map[string]string
	StatementDescriptor string // on the card statement
}

// BackURLs are where the buyer's browser goes afterwards. With Success set it goes there by itself after an approval.
type BackURLs struct {
	Success string `json:"success,omitempty"`
	Pending string `json:"pending,omitempty"`
	Failure string `json:"failure,omitempty"`
}

// Preference is a payment link.
type Preference struct {
	ID                string
	InitPoint         string // the address to give to the guest
	SandboxInitPoint  string
	ExternalReference string
	CollectorID       int64 // the account that gets the money; 0 when absent
	ValidTo           time.Time
	Raw               json.RawMessage
}

var (
	errRequest        = errors.New("a preference needs title, reference, a positive amount with currency, and an end after its start")
	errNoPreference   = errors.New("answer has no preference id or address")
	errNoPreferenceID = errors.New("preference id is empty")
	errNoKey          = errors.New("idempotency key is empty")
)

// excludedTypes are the ways of paying that are settled hours or days later, in cash: a hold cannot wait for them.
var excludedTypes = []wireID{{"ticket"}, {"atm"}}

// CollectorOf returns the account that a preference collects for, from its id (collector, dash, uuid); 0 when it has another form.
func CollectorOf(preferenceID string) int64 {
	collector, _, found := strings.Cut(preferenceID, "-")
	account, err := strconv.ParseInt(collector, 10, 64)
	if !found || err != nil || account < 0 {
		return 0
	}
	return account
}

// CreatePreference makes a payment link. Repeat it with the same key and the same request.
func (c *Client) CreatePreference(ctx context.Context, request PreferenceRequest, idempotencyKey string) (Preference, error) {
	const operation = "create preference"
	if err := request.validate(); err != nil {
		return Preference{}, &Error{Operation: operation, Reason: ReasonInvalid, Cause: err}
	}
	answer, err := c.do(ctx, call{
		operation: operation, method: http.MethodPost, path: "/checkout/preferences", key: idempotencyKey, needsKey: true, body: request.wire(),
		answer: objectAnswer,
	})
	if err != nil {
		return Preference{}, err
	}
	return preferenceOf(operation, answer)
}

// ClosePreference ends a payment link at the given moment, now or past. A payment already begun may still be completed.
func (c *Client) ClosePreference(ctx context.Context, id string, at time.Time) error {
	const operation = "close preference"
	if id == "" {
		return &Error{Operation: operation, Reason: ReasonInvalid, Cause: errNoPreferenceID}
	}
	_, err := c.do(ctx, call{
		operation: operation, method: http.MethodPut, path: preferencePath(id),
		body: wireValidity{Expires: true, To: wireDate(at)},
	})
	return err
}

func preferencePath(preferenceID string) string {
	return "/checkout/preferences/" + url.PathEscape(preferenceID)
}

func preferenceOf(operation string, answer json.RawMessage) (Preference, error) {
	item, _ := lenient.Read(answer)
	preference := Preference{
		ID: item.Text("id"), InitPoint: item.Text("init_point"), SandboxInitPoint: item.Text("sandbox_init_point"),
		ExternalReference: item.Text("external_reference"), CollectorID: id(item.Text("collector_id")),
		ValidTo: moment(item.Text("expiration_date_to")), Raw: answer,
	}
	if preference.ID == "" || preference.InitPoint == "" {
		return Preference{}, &Error{Operation: operation, Reason: ReasonServer, Cause: errNoPreference}
	}
	return preference, nil
}

func (r PreferenceRequest) validate() error {
	if r.Title == "" || r.ExternalReference == "" || r.Amount.Centavos <= 0 || r.Amount.Currency == "" || !r.ValidTo.After(r.ValidFrom) {
		return errRequest
	}
	return nil
}

func (r PreferenceRequest) wire() wirePreference {
	out := wirePreference{
		Items: []wireItem{{
			ID: r.ItemID, Title: r.Title, Description: r.Description, Quantity: 1, Currency: r.Amount.Currency, UnitPrice: wireAmount(r.Amount),
		}},
		wireValidity:      wireValidity{Expires: true, To: wireDate(r.ValidTo)},
		ExternalReference: r.ExternalReference, NotificationURL: r.NotificationURL, Metadata: r.Metadata,
		StatementDescriptor: r.StatementDescriptor, PaymentMethods: wireMethods{ExcludedTypes: excludedTypes},
	}
	if !r.ValidFrom.IsZero() {
		out.From = wireDate(r.ValidFrom)
	}
	if r.BackURLs != (BackURLs{}) {
		out.BackURLs = &r.BackURLs
	}
	if r.BackURLs.Success != "" {
		out.AutoReturn = "approved"
	}
	return out
}

// The request bodies, member by member as Mercado Pago documents them.
type (
	wirePreference struct {
		wireValidity
		Items               []wireItem        `json:"items"`
		ExternalReference   string            `json:"external_reference"`
		NotificationURL     string            `json:"notification_url,omitempty"`
		BackURLs            *BackURLs         `json:"back_urls,omitempty"`
		AutoReturn          string            `json:"auto_return,omitempty"`
		PaymentMethods      wireMethods       `json:"payment_methods"`
		Metadata            map[string]string `json:"metadata,omitempty"`
		StatementDescriptor string            `json:"statement_descriptor,omitempty"`
	}
	wireValidity struct {
		Expires bool   `json:"expires"`
		From    string `json:"expiration_date_from,omitempty"`
		To      string `json:"expiration_date_to"`
	}
	wireItem struct {
		ID          string     `json:"id,omitempty"`
		Title       string     `json:"title"`
		Description string     `json:"description,omitempty"`
		Quantity    int        `json:"quantity"`
		Currency    string     `json:"currency_id"`
		UnitPrice   wireAmount `json:"unit_price"`
	}
	wireMethods struct {
		ExcludedTypes []wireID `json:"excluded_payment_types"`
	}
	wireID struct {
		ID string `json:"id"`
	}
)
