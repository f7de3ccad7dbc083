package mercadopago

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"cabanas/sandbox/control"
)

// payment is one attempt to pay a preference.
type payment struct {
	ID                int64          `json:"id"`
	PreferenceID      string         `json:"preference_id"`
	ExternalReference string         `json:"external_reference"`
	Status            string         `json:"status"`
	Detail            string         `json:"detail"`
	Type              string         `json:"type"`
	Amount            amount         `json:"amount"`
	Refunded          amount         `json:"refunded"`
	Currency          string         `json:"currency"`
	CollectorID       int64          `json:"collector_id"`
	Description       string         `json:"description"`
	Metadata          map[string]any `json:"metadata,omitempty"`
	BinaryMode        bool           `json:"binary_mode"`
	HiddenGets        int            `json:"hidden_gets,omitempty"` // GETs still to be answered 404
	Created           time.Time      `json:"created"`
	Approved          time.Time      `json:"approved,omitzero"`
	Updated           time.Time      `json:"updated"`
	ChargebackID      int64          `json:"chargeback_id,omitempty"`
	// RawBody and RawMembers replace the truth towards the API.
	RawBody    *string                    `json:"raw_body,omitempty"`
	RawMembers map[string]json.RawMessage `json:"raw_members,omitempty"`

	refunds  []*refund
	versions []version
}

// transitions are the changes that Mercado Pago's status tables imply.
var transitions = map[string][]string{
	"pending":      {"pending", "in_process", "authorized", "approved", "rejected", "cancelled"},
	"in_process":   {"pending", "in_process", "authorized", "approved", "rejected", "cancelled"},
	"authorized":   {"authorized", "approved", "cancelled"},
	"approved":     {"approved", "refunded", "in_mediation", "charged_back"},
	"in_mediation": {"in_mediation", "approved", "refunded", "charged_back"},
	"charged_back": {"charged_back", "approved"},
	"refunded":     {"refunded"},
	"rejected":     {"rejected"},
	"cancelled":    {"cancelled"},
}

var defaultDetail = map[string]string{
	"pending": "pending_waiting_payment", "in_process": "pending_contingency", "authorized": "pending_capture",
	"approved": "accredited", "rejected": "cc_rejected_insufficient_amount", "cancelled": "by_collector",
	"refunded": "refunded", "charged_back": "in_process", "in_mediation": "pending",
}

var (
	errExpired    = errors.New("the payment link's validity is over")
	errBinary     = errors.New("the preference is binary: a payment is approved or rejected at once")
	errTransition = errors.New("not a change of status that Mercado Pago makes")
)

// pay makes a payment on a preference.
func (s *Server) pay(in control.NewPayment) (*payment, error) {
	pref := s.preferences[in.PreferenceID]
	if pref == nil {
		return nil, errors.New("this preference is not known")
	}
	if in.Outcome == "" {
		in.Outcome = "approved"
	}
	if transitions[in.Outcome] == nil {
		return nil, fmt.Errorf("outcome %q is not a payment status", in.Outcome)
	}
	if s.expired(pref) && !in.Late {
		return nil, errExpired
	}
	if pref.BinaryMode && !slices.Contains([]string{"approved", "rejected"}, in.Outcome) {
		return nil, errBinary
	}
	now := s.o.Clock()
	p := &payment{
		ID: s.newID(), PreferenceID: pref.ID, ExternalReference: pref.ExternalReference, Type: in.Method, Amount: pref.total(),
		Currency: pref.Items[0].CurrencyID, CollectorID: pref.CollectorID, Description: pref.Items[0].Title,
		Metadata: pref.Metadata, BinaryMode: pref.BinaryMode, HiddenGets: s.faults.notFoundGets, Created: now, Updated: now,
	}
	if p.Type == "" {
		p.Type = "credit_card"
	}
	if in.Amount != "" {
		given, err := parseAmount(in.Amount.String())
		if err != nil {
			return nil, fmt.Errorf("amount %w", err)
		}
		p.Amount = given
	}
	if in.Currency != "" {
		p.Currency = in.Currency
	}
	if in.CollectorID != 0 {
		p.CollectorID = in.CollectorID
	}
	if in.ExternalReference != nil {
		p.ExternalReference = *in.ExternalReference
	}
	p.set(in.Outcome, in.StatusDetail, now)
	s.index(p)
	p.remember(now)
	s.o.Journal.Put(kindPayment, strconv.FormatInt(p.ID, 10), p)
	if !in.Silent {
		s.notify(p, "payment.created")
	}
	return p, nil
}

// change moves a payment as Mercado Pago or its panel would.
func (s *Server) change(p *payment, to control.PaymentChange) error {
	if transitions[to.Status] == nil {
		return fmt.Errorf("status %q is not a payment status", to.Status)
	}
	if !slices.Contains(transitions[p.Status], to.Status) && !to.Force {
		return fmt.Errorf("%s to %s: %w", p.Status, to.Status, errTransition)
	}
	if to.Status == "refunded" && p.Amount > p.Refunded {
		s.addRefund(p, refund{Amount: p.Amount - p.Refunded, Admin: to.StatusDetail == "by_admin"}, "approved")
	}
	p.move(to.Status, to.StatusDetail, s.o.Clock())
	s.changed(p, to.Silent)
	return nil
}

func (s *Server) changed(p *payment, silent bool) {
	p.remember(s.o.Clock())
	s.o.Journal.Put(kindPayment, strconv.FormatInt(p.ID, 10), p)
	if !silent {
		s.notify(p, "payment.updated")
	}
}

func (p *payment) move(status, detail string, now time.Time) {
	p.set(status, detail, now)
	p.touch(now)
}

func (p *payment) set(status, detail string, now time.Time) {
	if detail == "" {
		detail = defaultDetail[status]
	}
	p.Status, p.Detail = status, detail
	if status == "approved" && p.Approved.IsZero() {
		p.Approved = now
	}
}

// touch makes date_last_updated grow with every change, so that changes can be put in order.
func (p *payment) touch(now time.Time) {
	if !now.After(p.Updated) {
		now = p.Updated.Add(time.Millisecond)
	}
	p.Updated = now
}

func (s *Server) expired(p *preference) bool {
	return p.Expires && p.ExpirationDateTo.passed(s.o.Clock())
}

// newID is larger than 32 bits hold, as real ids are, and different in every sandbox.
func (s *Server) newID() int64 {
	for {
		id := 100_000_000_000 + s.o.Rand.Int64N(900_000_000_000)
		if s.payments[id] == nil && s.refunds[id] == nil {
			return id
		}
	}
}

// orderID is the merchant order of a preference.
func orderID(preferenceID string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(preferenceID))
	return 30_000_000_000 + int64(h.Sum64()%1_000_000_000)
}

func (s *Server) findPayment(r *http.Request) (*payment, *refusal) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, bad(codeInvalidField, "payment id is not a number")
	}
	p := s.payments[id]
	if p == nil {
		return nil, notFound("Payment not found")
	}
	return p, nil
}

func (s *Server) getPayment(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, refused := s.findPayment(r)
	if refused == nil && p.HiddenGets > 0 {
		p.HiddenGets--
		s.o.Journal.Put(kindPayment, strconv.FormatInt(p.ID, 10), p)
		refused = notFound("Payment not found")
	}
	if refused != nil {
		refused.write(w)
		return
	}
	if p.RawBody != nil {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, *p.RawBody)
		return
	}
	answer(w, http.StatusOK, p.view())
}

// changePayment lets the business cancel a payment that is not settled.
func (s *Server) changePayment(w http.ResponseWriter, r *http.Request, raw []byte) {
	var in struct {
		Status string `json:"status"`
	}
	if refused := decode(raw, &in); refused != nil {
		refused.write(w)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, refused := s.findPayment(r)
	switch {
	case refused != nil:
	case in.Status != "cancelled":
		refused = bad(codeInvalidField, "status must be cancelled")
	case !slices.Contains([]string{"pending", "in_process", "authorized"}, p.Status):
		refused = bad(codeInvalidAction, "The action requested is not valid for the current payment state")
	}
	if refused != nil {
		refused.write(w)
		return
	}
	p.move("cancelled", "by_collector", s.o.Clock())
	s.changed(p, false)
	answer(w, http.StatusOK, p.view())
}
