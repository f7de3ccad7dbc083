package postgres

import (
	"context"
	"encoding/json"
	"time"

	"cabanas/booking"
)

// PaymentLink is a checkout at the provider for one reservation; Attempt grows when its terms change.
type PaymentLink struct {
	Code       string
	Attempt    int
	ProviderID string
	URL        string
	Amount     booking.Money
	ExpiresAt  time.Time
	// ClosedAt is zero while the link can be paid.
	ClosedAt time.Time
}

// Disposition says what is to become of a payment's money.
type Disposition string

// The dispositions.
const (
	DispositionOpen     Disposition = "open"      // not decided at the provider yet
	DispositionApplied  Disposition = "applied"   // counted for its reservation
	DispositionToRefund Disposition = "to_refund" // to be given back
	DispositionRefunded Disposition = "refunded"  // given back by us
	DispositionParked   Disposition = "parked"    // a person decides
	DispositionFailed   Disposition = "failed"    // no money moved
	DispositionReversed Disposition = "reversed"  // taken back at the provider
)

// PaymentReport is what the provider says of one payment now.
type PaymentReport struct {
	ProviderID string
	// Reference is the provider's external reference: the code of the reservation, when it is ours.
	Reference      string
	Status         booking.ProviderStatus
	StatusDetail   string
	Amount         booking.Money
	RefundedAmount booking.Money
	CollectorOurs  bool
	// UpdatedAt is the provider's date_last_updated; an older report than the stored one changes nothing.
	UpdatedAt time.Time
	// Raw is kept for disputes; the caller removes what concerns the payer.
	Raw json.RawMessage
}

// Settlement is what a report meant and what it changed.
type Settlement struct {
	// Code is empty when the payment belongs to no reservation of ours.
	Code    string
	Verdict booking.Verdict
	// Status of the reservation after the settlement, read in the same transaction.
	Status booking.Status
	// News is true when this verdict was reached for the first time for this payment. A caller that died before it read the
	// answer sees false on repeating: act on Verdict and Status with keyed effects, use News only to save work.
	News      bool
	Amount    booking.Money
	PaymentID string
}

// Refund is money on its way back.
type Refund struct {
	ID int64
	// Key is the provider's idempotency key: refund:<payment id>:<reason>.
	Key string
	// PaymentID is the provider's id of the payment.
	PaymentID string
	Amount    booking.Money
	Reason    string
	Status    RefundStatus
}

// RefundStatus is how far a refund is.
type RefundStatus string

// The states of a refund. Planned and in_process count as returned when asking how much is left to return.
const (
	RefundPlanned   RefundStatus = "planned"    // written down, the provider may not know yet
	RefundInProcess RefundStatus = "in_process" // the provider has it
	RefundDone      RefundStatus = "done"       // the money went back
	RefundFailed    RefundStatus = "failed"     // the provider refuses for good
)

// CreditedPayment is a payment counted for a reservation.
type CreditedPayment struct {
	ProviderID string
	Amount     booking.Money
	// Returned is what went back or is on its way.
	Returned booking.Money
}

// SavePaymentLink keeps the link of a reservation's attempt and returns it; when one was kept before, that one.
func (s *Store) SavePaymentLink(ctx context.Context, link PaymentLink) (PaymentLink, error) {
	return PaymentLink{}, errPending
}

// PaymentLink reads the link of an attempt; attempt 0 is the newest.
func (s *Store) PaymentLink(ctx context.Context, code string, attempt int) (PaymentLink, bool, error) {
	return PaymentLink{}, false, errPending
}

// OpenPaymentLinks lists the links of a reservation that were not closed.
func (s *Store) OpenPaymentLinks(ctx context.Context, code string) ([]PaymentLink, error) {
	return nil, errPending
}

// ClosePaymentLink records that a link cannot be paid any more.
func (s *Store) ClosePaymentLink(ctx context.Context, providerID string, now time.Time) error {
	return errPending
}

// ReservationsAwaitingPayment lists codes whose links were made since and whose stay is not over, oldest link first: those the
// provider is to be asked about.
func (s *Store) ReservationsAwaitingPayment(ctx context.Context, since time.Time, limit int) ([]string, error) {
	return nil, errPending
}

// Settle applies a report to the ledger and decides in one transaction, see [booking.Judge]: a covered deposit confirms, a late
// one takes the nights again when they are free, money without a place is marked to be returned. It may be repeated and run
// at the same time for the same payment or beside [Store.ExpireHold]: the row's lock orders them.
func (s *Store) Settle(ctx context.Context, report PaymentReport, now time.Time) (Settlement, error) {
	return Settlement{}, errPending
}

// PlanRefund writes down that amount (zero: all that is left) of a payment goes back, once per payment and reason; repeated it
// returns the first plan. More than what is left is [booking.CodeInvalidInput], nothing left [booking.CodeWrongState].
func (s *Store) PlanRefund(ctx context.Context, providerPaymentID string, amount booking.Money, reason string, now time.Time) (Refund, error) {
	return Refund{}, errPending
}

// FinishRefund records the provider's answer and, when the money went back, what that means for payment and reservation.
func (s *Store) FinishRefund(ctx context.Context, id int64, providerRefundID string, status RefundStatus, now time.Time) error {
	return errPending
}

// CreditedPayments lists the payments counted for a reservation, newest first.
func (s *Store) CreditedPayments(ctx context.Context, code string) ([]CreditedPayment, error) {
	return nil, errPending
}
