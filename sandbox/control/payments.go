package control

import (
	"encoding/json"
	"time"
)

// Preference is a payment link as Mercado Pago holds it.
type Preference struct {
	ID                string      `json:"id"`
	ExternalReference string      `json:"external_reference"`
	InitPoint         string      `json:"init_point"`
	Title             string      `json:"title"`
	Amount            json.Number `json:"amount"`
	Currency          string      `json:"currency"`
	NotificationURL   string      `json:"notification_url,omitempty"`
	ExpiresAt         *time.Time  `json:"expires_at,omitempty"`
	Expired           bool        `json:"expired"`
	CreatedAt         time.Time   `json:"created_at"`
}

// NewPayment is a payment made on a preference without the checkout page.
type NewPayment struct {
	PreferenceID string `json:"preference_id"`
	// Outcome is the payment's status: approved, pending, in_process, authorized, rejected, cancelled; empty is approved.
	Outcome      string `json:"outcome,omitempty"`
	StatusDetail string `json:"status_detail,omitempty"`
	// Method is the payment type: credit_card (the default), debit_card, account_money or ticket.
	Method string `json:"method,omitempty"`
	// Amount, Currency, CollectorID and ExternalReference replace what the preference says.
	Amount            json.Number `json:"amount,omitempty"`
	Currency          string      `json:"currency,omitempty"`
	CollectorID       int64       `json:"collector_id,omitempty"`
	ExternalReference *string     `json:"external_reference,omitempty"`
	// Late allows the payment after the link's validity.
	Late bool `json:"late,omitempty"`
	// Silent sends no notification.
	Silent bool `json:"silent,omitempty"`
}

// PaymentChange moves an existing payment.
type PaymentChange struct {
	// Status is the new status, refunded and charged_back included.
	Status       string `json:"status"`
	StatusDetail string `json:"status_detail,omitempty"`
	// Force allows a change Mercado Pago is not known to make.
	Force bool `json:"force,omitempty"`
	// Silent sends no notification.
	Silent bool `json:"silent,omitempty"`
}

// Payment is a payment as control shows it.
type Payment struct {
	ID                int64       `json:"id"`
	PreferenceID      string      `json:"preference_id"`
	ExternalReference string      `json:"external_reference"`
	Status            string      `json:"status"`
	StatusDetail      string      `json:"status_detail"`
	Amount            json.Number `json:"amount"`
	Refunded          json.Number `json:"refunded"`
	Currency          string      `json:"currency"`
	Method            string      `json:"method"`
	CreatedAt         time.Time   `json:"created_at"`
	UpdatedAt         time.Time   `json:"updated_at"`
}

// Refund is money given back.
type Refund struct {
	ID             int64       `json:"id"`
	PaymentID      int64       `json:"payment_id"`
	Amount         json.Number `json:"amount"`
	Status         string      `json:"status"`
	Source         string      `json:"source"` // collector, or admin when Mercado Pago decided it
	IdempotencyKey string      `json:"idempotency_key,omitempty"`
	CreatedAt      time.Time   `json:"created_at"`
}

// RawPayment replaces what the API says of a payment; with neither it says the truth again.
type RawPayment struct {
	// Body is the answer to a GET, byte by byte; where it is JSON, search has it too.
	Body *string `json:"body,omitempty"`
	// Members are laid over the true ones, null included.
	Members map[string]json.RawMessage `json:"members,omitempty"`
	// Silent sends no notification.
	Silent bool `json:"silent,omitempty"`
}

// The steps of a dispute.
const (
	DisputeMediation  = "mediation"  // the buyer complains to Mercado Pago
	DisputeChargeback = "chargeback" // the cardholder complains to the bank
	DisputeLost       = "lost"       // the buyer gets the money
	DisputeWon        = "won"        // the seller keeps it: a mediation ends approved, a chargeback reimbursed
	DisputeRestored   = "restored"   // a chargeback that was won shows as approved again
)

// Account is what one account got and gave back, in one currency. Kept is Taken less Refunded, Held and Lost.
type Account struct {
	CollectorID int64       `json:"collector_id"`
	Currency    string      `json:"currency"`
	Payments    int         `json:"payments"` // in any state
	Approved    int         `json:"approved"` // that ever were
	Taken       json.Number `json:"taken"`
	Refunded    json.Number `json:"refunded"`
	Refunding   json.Number `json:"refunding"` // of Kept, in refunds that are not settled
	Held        json.Number `json:"held"`      // in disputes that are not decided
	Lost        json.Number `json:"lost"`      // in chargebacks
	Kept        json.Number `json:"kept"`
}

// Notice is a notification of anything: an unknown payment, another topic.
type Notice struct {
	DataID string `json:"data_id"`
	// Type is payment when empty; Action is payment.updated when empty.
	Type   string `json:"type,omitempty"`
	Action string `json:"action,omitempty"`
	// URL replaces the panel's.
	URL string `json:"url,omitempty"`
	// Form is webhook when empty; ipn and merchant_order are the unsigned legacy ones, for payments only.
	Form string `json:"form,omitempty"`
}

// Calls counts the business's API calls of one provider by operation.
type Calls map[string]int64
