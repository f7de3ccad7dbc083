package mercadopago

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"
)

// preference is a payment link. The fields the business sends are decoded strictly in type; a field that Mercado Pago
// does not know is ignored, as it does.
type preference struct {
	ID               string `json:"id"`
	InitPoint        string `json:"init_point"`
	SandboxInitPoint string `json:"sandbox_init_point"`
	ClientID         string `json:"client_id"`
	CollectorID      int64  `json:"collector_id"`
	DateCreated      *date  `json:"date_created"`
	SiteID           string `json:"site_id"`
	LastUpdated      *date  `json:"last_updated"`

	Items               []item          `json:"items"`
	Payer               json.RawMessage `json:"payer"`
	BackURLs            backURLs        `json:"back_urls"`
	AutoReturn          string          `json:"auto_return"`
	ExternalReference   string          `json:"external_reference"`
	NotificationURL     *string         `json:"notification_url"`
	Metadata            map[string]any  `json:"metadata"`
	StatementDescriptor *string         `json:"statement_descriptor"`
	BinaryMode          bool            `json:"binary_mode"`
	Purpose             *string         `json:"purpose"`
	Marketplace         string          `json:"marketplace"`
	MarketplaceFee      amount          `json:"marketplace_fee"`
	AdditionalInfo      string          `json:"additional_info"`
	OperationType       string          `json:"operation_type"`
	PaymentMethods      methods         `json:"payment_methods"`
	Expires             bool            `json:"expires"`
	ExpirationDateFrom  *date           `json:"expiration_date_from"`
	ExpirationDateTo    *date           `json:"expiration_date_to"`
	DateOfExpiration    *date           `json:"date_of_expiration"`
}

type item struct {
	ID                 string          `json:"id"`
	Title              string          `json:"title"`
	Description        string          `json:"description"`
	PictureURL         string          `json:"picture_url"`
	CategoryID         string          `json:"category_id"`
	CurrencyID         string          `json:"currency_id"`
	Quantity           int64           `json:"quantity"`
	UnitPrice          amount          `json:"unit_price"`
	Type               string          `json:"type,omitempty"`
	CategoryDescriptor json.RawMessage `json:"category_descriptor,omitempty"`
}

type backURLs struct {
	Success string `json:"success"`
	Pending string `json:"pending"`
	Failure string `json:"failure"`
}

type methods struct {
	DefaultCardID          *string  `json:"default_card_id"`
	DefaultPaymentMethodID *string  `json:"default_payment_method_id"`
	ExcludedPaymentMethods []idOnly `json:"excluded_payment_methods"`
	ExcludedPaymentTypes   []idOnly `json:"excluded_payment_types"`
	Installments           *int64   `json:"installments"`
	DefaultInstallments    *int64   `json:"default_installments"`
}

type idOnly struct {
	ID string `json:"id"`
}

const (
	site         = "MLA"
	currency     = "ARS"
	maxReference = 256
	maxWebURL    = 500
	maxRows      = 1000 // of a page, and to skip: whoever wants more has to narrow the dates
)

var (
	paymentTypes = []string{
		"credit_card", "debit_card", "ticket", "atm", "bank_transfer", "prepaid_card", "digital_currency", "digital_wallet",
	}
	referenceForm = regexp.MustCompile(`^[A-Za-z0-9_\-./:+ ]*$`)
)

func (p *preference) total() amount {
	var sum amount
	for _, i := range p.Items {
		sum += i.UnitPrice * amount(i.Quantity)
	}
	return sum
}

func (p *preference) excludes(paymentType string) bool {
	return slices.Contains(p.PaymentMethods.ExcludedPaymentTypes, idOnly{paymentType})
}

// decodePreference lays the fields of a request over p, so that it serves creation and partial change alike.
func decodePreference(p *preference, raw []byte) *refusal {
	kept := *p
	if err := json.Unmarshal(raw, p); err != nil {
		field := "body"
		if typeErr, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			field = typeErr.Field
		}
		return bad(codeInvalidField, "%s is invalid: %s", field, err)
	}
	// What only Mercado Pago decides is not taken from the request.
	p.ID, p.InitPoint, p.SandboxInitPoint, p.ClientID = kept.ID, kept.InitPoint, kept.SandboxInitPoint, kept.ClientID
	p.CollectorID, p.DateCreated, p.SiteID = kept.CollectorID, kept.DateCreated, kept.SiteID
	return p.validate()
}

func (p *preference) validate() *refusal {
	if len(p.Items) == 0 {
		return bad(codeInvalidField, "items needed")
	}
	for n := range p.Items {
		i := &p.Items[n]
		if i.CurrencyID == "" {
			i.CurrencyID = currency
		}
		switch {
		case i.Title == "" || utf8.RuneCountInString(i.Title) > 256:
			return bad(codeInvalidField, "items[%d].title must have 1 to 256 characters", n)
		case i.Quantity < 1:
			return bad(codeInvalidField, "items[%d].quantity must be a positive integer", n)
		case i.UnitPrice <= 0:
			return bad(codeInvalidField, "items[%d].unit_price must be a positive number", n)
		case i.CurrencyID != currency:
			return bad(codeInvalidField, "items[%d].currency_id invalid for site %s", n, site)
		}
	}
	if len(p.ExternalReference) > maxReference || !referenceForm.MatchString(p.ExternalReference) {
		return bad(codeInvalidField, "external_reference must have at most %d plain characters", maxReference)
	}
	if p.NotificationURL != nil && !webURL(*p.NotificationURL) {
		return bad(codeInvalidField, "notification_url must be a valid url")
	}
	for _, u := range []string{p.BackURLs.Success, p.BackURLs.Pending, p.BackURLs.Failure} {
		if u != "" && !webURL(u) {
			return bad(codeInvalidField, "back_urls must be valid urls")
		}
	}
	return p.validateBehaviour()
}

func (p *preference) validateBehaviour() *refusal {
	if p.AutoReturn != "" {
		if p.AutoReturn != "approved" && p.AutoReturn != "all" {
			return bad(codeInvalidField, "auto_return must be approved or all")
		}
		if p.BackURLs.Success == "" {
			return bad(codeInvalidField, "auto_return invalid. back_url.success must be defined")
		}
	}
	for _, t := range p.PaymentMethods.ExcludedPaymentTypes {
		if t.ID != "" && !slices.Contains(paymentTypes, t.ID) {
			return bad(codeInvalidField, "excluded_payment_types: %q is not a payment type that can be excluded", t.ID)
		}
	}
	if n := p.PaymentMethods.Installments; n != nil && (*n < 1 || *n > 36) {
		return bad(codeInvalidField, "installments must be between 1 and 36")
	}
	return nil
}

// clone shares nothing with p, so that a refused change leaves no trace.
func (p *preference) clone() (*preference, error) {
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	copied := &preference{}
	return copied, json.Unmarshal(raw, copied)
}

func webURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && len(s) <= maxWebURL
}

func (s *Server) createPreference(w http.ResponseWriter, r *http.Request, raw []byte) {
	s.idempotent(w, r, raw, false, func() (any, *refusal) {
		p := &preference{OperationType: "regular_payment", Marketplace: "NONE"}
		if refused := decodePreference(p, raw); refused != nil {
			return nil, refused
		}
		// Only at creation: a link is killed by setting its end to any moment of the past.
		if p.ExpirationDateFrom != nil && p.ExpirationDateTo != nil && !p.ExpirationDateFrom.Before(p.ExpirationDateTo.Time) {
			return nil, bad(codeInvalidField, "expiration_date_to must be after expiration_date_from")
		}
		p.ID = strconv.FormatInt(s.o.CollectorID, 10) + "-" + s.uuid()
		p.InitPoint = s.o.PublicURL + "/mp/checkout/" + p.ID
		p.SandboxInitPoint = p.InitPoint
		p.ClientID = "6543210987654321"
		p.CollectorID, p.SiteID = s.o.CollectorID, site
		p.DateCreated = at(s.o.Clock())
		s.preferences[p.ID] = p
		s.order = append(s.order, p.ID)
		s.o.Journal.Put(kindPreference, p.ID, p)
		return p, nil
	})
}

func (s *Server) getPreference(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.preferences[r.PathValue("id")]
	if p == nil {
		notFound("Preference not found").write(w)
		return
	}
	answer(w, http.StatusOK, p)
}

// changePreference changes only the fields present.
func (s *Server) changePreference(w http.ResponseWriter, r *http.Request, raw []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.preferences[r.PathValue("id")]
	if old == nil {
		notFound("Preference not found").write(w)
		return
	}
	next, err := old.clone()
	if err != nil {
		bad(codeInvalidField, "%s", err).write(w)
		return
	}
	if bytes.Contains(raw, []byte(`"items"`)) {
		next.Items = nil // a list is replaced, not laid over
	}
	if refused := decodePreference(next, raw); refused != nil {
		refused.write(w)
		return
	}
	next.LastUpdated = at(s.o.Clock())
	s.preferences[next.ID] = next
	s.o.Journal.Put(kindPreference, next.ID, next)
	answer(w, http.StatusOK, next)
}

func (s *Server) searchPreferences(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit, offset, refused := page(q)
	if refused != nil {
		refused.write(w)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []*preference{}
	for _, id := range slices.Backward(s.order) {
		p := s.preferences[id]
		if ref := q.Get("external_reference"); ref == "" || p.ExternalReference == ref {
			found = append(found, p)
		}
	}
	total := len(found)
	found = found[min(offset, total):min(offset+limit, total)]
	answer(w, http.StatusOK, map[string]any{"elements": found, "next_offset": offset + len(found), "total": total})
}

func page(q url.Values) (limit, offset int, refused *refusal) {
	limit = 30
	for name, to := range map[string]*int{"limit": &limit, "offset": &offset} {
		if v := q.Get(name); v != "" {
			n, err := strconv.Atoi(v)
			if err != nil || n < 0 || name == "limit" && n < 1 {
				return 0, 0, bad(codeInvalidField, "%s is invalid", name)
			}
			if n > maxRows {
				return 0, 0, bad(codeTooManyRows, "Number of rows exceeded the limits")
			}
			*to = n
		}
	}
	return limit, offset, nil
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		return nil, bad(codeInvalidField, "request too large or cut")
	}
	return raw, nil
}
