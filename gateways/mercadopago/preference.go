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
	errNoChange       = errors.New("nothing to change")
	errItem           = errors.New("an item needs a title and a positive amount with currency")
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

// Preference fetches a payment link.
func (c *Client) Preference(ctx context.Context, preferenceID string) (Preference, error) {
	const operation = "get preference"
	if preferenceID == "" {
		return Preference{}, &Error{Operation: operation, Reason: ReasonInvalid, Cause: errNoPreferenceID}
	}
	answer, err := c.do(ctx, call{operation: operation, method: http.MethodGet, path: preferencePath(preferenceID), answer: objectAnswer})
	if err != nil {
		return Preference{}, err
	}
	return preferenceOf(operation, answer)
}

const maxPreferencePages = 20

// PreferencesOf finds the payment links of a reference, also those whose id was lost in a crash after they were made. They
// come as the search has them: without InitPoint, and perhaps without the newest.
func (c *Client) PreferencesOf(ctx context.Context, externalReference string) ([]Preference, error) {
	const operation = "search preferences"
	if externalReference == "" {
		return nil, &Error{Operation: operation, Reason: ReasonInvalid, Cause: errNoReference}
	}
	var found []Preference
	offset := 0
	for range maxPreferencePages {
		answer, err := c.do(ctx, call{
			operation: operation, method: http.MethodGet, path: "/checkout/preferences/search", answer: objectAnswer,
			query: url.Values{"external_reference": {externalReference}, "limit": {strconv.Itoa(searchPage)}, "offset": {strconv.Itoa(offset)}},
		})
		if err != nil {
			return found, err
		}
		body, _ := lenient.Read(answer)
		elements, ok := body.Array("elements")
		if !ok {
			return found, &Error{Operation: operation, Reason: ReasonServer, Cause: errAnswerShape}
		}
		for _, raw := range elements {
			item, _ := lenient.Read(raw)
			if preference := readPreference(item, raw); preference.ID != "" && preference.ExternalReference == externalReference {
				found = append(found, preference)
			}
		}
		offset += len(elements)
		if total := int(id(body.Text("total"))); len(elements) == 0 || len(elements) < searchPage && offset >= total {
			return found, nil
		}
	}
	return found, &Error{Operation: operation, Reason: ReasonServer, Cause: errTooMany}
}

// PreferenceChange is what to change in a payment link; what is zero stays as it is.
type PreferenceChange struct {
	ValidTo time.Time
	// Item replaces what is sold, with its price.
	Item            *PreferenceItem
	NotificationURL string
	BackURLs        BackURLs
}

// PreferenceItem is the one thing that a payment link sells.
type PreferenceItem struct {
	ID          string
	Title       string
	Description string
	Amount      booking.Money // more than zero
}

// UpdatePreference changes a payment link that was given out. A payment already begun may still be completed as it was; a
// change of price is safer made by closing the link and creating another.
func (c *Client) UpdatePreference(ctx context.Context, preferenceID string, change PreferenceChange) error {
	const operation = "update preference"
	body, err := change.wire()
	if preferenceID == "" {
		err = errNoPreferenceID
	}
	if err != nil {
		return &Error{Operation: operation, Reason: ReasonInvalid, Cause: err}
	}
	_, err = c.do(ctx, call{operation: operation, method: http.MethodPut, path: preferencePath(preferenceID), body: body})
	return err
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
	preference := readPreference(item, answer)
	if preference.ID == "" || preference.InitPoint == "" {
		return Preference{}, &Error{Operation: operation, Reason: ReasonServer, Cause: errNoPreference}
	}
	return preference, nil
}

func readPreference(item lenient.Object, raw json.RawMessage) Preference {
	return Preference{
		ID: item.Text("id"), InitPoint: item.Text("init_point"), SandboxInitPoint: item.Text("sandbox_init_point"),
		ExternalReference: item.Text("external_reference"), CollectorID: id(item.Text("collector_id")),
		ValidTo: moment(item.Text("expiration_date_to")), Raw: raw,
	}
}

func (r PreferenceRequest) validate() error {
	if r.Title == "" || r.ExternalReference == "" || r.Amount.Centavos <= 0 || r.Amount.Currency == "" || !r.ValidTo.After(r.ValidFrom) {
		return errRequest
	}
	return nil
}

func (p PreferenceChange) wire() (wireChange, error) {
	var out wireChange
	if !p.ValidTo.IsZero() {
		out.wireValidity = &wireValidity{Expires: true, To: wireDate(p.ValidTo)}
	}
	if p.Item != nil {
		if p.Item.Title == "" || p.Item.Amount.Centavos <= 0 || p.Item.Amount.Currency == "" {
			return out, errItem
		}
		out.Items = []wireItem{p.Item.wire()}
	}
	if p.BackURLs != (BackURLs{}) {
		out.BackURLs = &p.BackURLs
	}
	out.NotificationURL = p.NotificationURL
	if out.wireValidity == nil && out.Items == nil && out.BackURLs == nil && out.NotificationURL == "" {
		return out, errNoChange
	}
	return out, nil
}

func (i PreferenceItem) wire() wireItem {
	return wireItem{ID: i.ID, Title: i.Title, Description: i.Description, Quantity: 1, Currency: i.Amount.Currency, UnitPrice: wireAmount(i.Amount)}
}

func (r PreferenceRequest) wire() wirePreference {
	out := wirePreference{
		Items:             []wireItem{PreferenceItem{ID: r.ItemID, Title: r.Title, Description: r.Description, Amount: r.Amount}.wire()},
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
	wireChange struct {
		*wireValidity
		Items           []wireItem `json:"items,omitempty"`
		NotificationURL string     `json:"notification_url,omitempty"`
		BackURLs        *BackURLs  `json:"back_urls,omitempty"`
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
