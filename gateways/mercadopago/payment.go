package mercadopago

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"cabanas/booking"
	"cabanas/gateways/internal/lenient"
)

// Payment is one attempt to pay, as Mercado Pago knows it now. Times are UTC and zero when unknown.
type Payment struct {
	ID     int64
	Status booking.ProviderStatus
	// ProviderStatus is the status in Mercado Pago's own word, for what reads as booking.ProviderUnknown.
	ProviderStatus string
	StatusDetail   string
	Amount         booking.Money
	Refunded       booking.Money // what was given back in all, as far as it is settled
	// AmountError is set when Amount or Refunded cannot be trusted; it holds an [AmountError] for each.
	AmountError error
	// Refunds are the parts given back, by us or in Mercado Pago's panel, in any state.
	Refunds []Refund
	// RefundsError is set when Refunds is not all there is: no list, or one in it without an id. Ask [Client.Refunds] then.
	RefundsError      error
	ExternalReference string
	CollectorID       int64 // our account; 0 when absent or masked
	LiveMode          bool
	MethodID          string // visa, account_money, …
	TypeID            string // credit_card, ticket, …
	OrderID           string // merchant order, may be empty
	PreferenceID      string // may be empty
	DateCreated       time.Time
	DateApproved      time.Time
	DateLastUpdated   time.Time // orders the versions of one payment
	Raw               json.RawMessage
}

// Dispute is where a buyer's disagreement about a payment stands.
type Dispute string

// The stages. In an open one the money is withheld; the other two are final.
const (
	DisputeNone Dispute = ""
	DisputeOpen Dispute = "open" // in mediation, or a chargeback that is not decided
	DisputeLost Dispute = "lost" // the money went back to the buyer
	DisputeWon  Dispute = "won"  // the money stays with, or came back to, the seller
)

// Dispute tells an open dispute from a decided one. A chargeback with a detail that is not known is open. One that was won
// may also be back in approved, which reads as none.
func (p Payment) Dispute() Dispute {
	switch p.Status {
	case booking.ProviderInMediation:
		return DisputeOpen
	case booking.ProviderChargedBack:
		switch p.StatusDetail {
		case "settled":
			return DisputeLost
		case "reimbursed":
			return DisputeWon
		}
		return DisputeOpen
	}
	return DisputeNone
}

// UnreadableError is JSON that came in the place of a payment and is none. Raw is what came, to be put aside for a person
// to look at; it may be about the payer and belongs in no log.
type UnreadableError struct {
	Raw   json.RawMessage
	Cause error
}

// Error says what is wrong, without what came.
func (e *UnreadableError) Error() string { return "unreadable: " + e.Cause.Error() }

// Unwrap returns the cause.
func (e *UnreadableError) Unwrap() error { return e.Cause }

var (
	errNoPaymentID  = errors.New("payment has no id")
	errOtherPayment = errors.New("answer is about another payment")
	errNoRefundList = errors.New("refunds is not a list")
)

var providerStatuses = map[string]booking.ProviderStatus{
	"pending": booking.ProviderPending, "in_process": booking.ProviderInProcess, "authorized": booking.ProviderAuthorized,
	"approved": booking.ProviderApproved, "rejected": booking.ProviderRejected,
	"cancelled": booking.ProviderCancelled, "canceled": booking.ProviderCancelled, // newer pages spell it with one l
	"refunded": booking.ProviderRefunded, "charged_back": booking.ProviderChargedBack, "in_mediation": booking.ProviderInMediation,
}

// ParsePayment reads a payment as GET /v1/payments/{id} gives it. It fails only when there is no object or no id, with an
// [UnreadableError].
func ParsePayment(raw []byte) (Payment, error) {
	item, ok := lenient.Read(raw)
	if !ok {
		return Payment{}, &UnreadableError{Raw: raw, Cause: errAnswerShape}
	}
	payment := Payment{
		ID: id(item.Text("id")), ProviderStatus: item.Text("status"), StatusDetail: item.Text("status_detail"),
		ExternalReference: item.Text("external_reference"), CollectorID: id(item.Text("collector_id")), LiveMode: item.Flag("live_mode"),
		MethodID: item.Text("payment_method_id"), TypeID: item.Text("payment_type_id"), PreferenceID: item.Text("preference_id"),
		DateCreated: moment(item.Text("date_created")), DateApproved: moment(item.Text("date_approved")), DateLastUpdated: moment(item.Text("date_last_updated")),
		Raw: raw,
	}
	if payment.ID == 0 {
		return Payment{}, &UnreadableError{Raw: raw, Cause: errNoPaymentID}
	}
	payment.Status = booking.ProviderUnknown
	if status, known := providerStatuses[payment.ProviderStatus]; known {
		payment.Status = status
	}
	order, _ := item.Object("order")
	payment.OrderID = order.Text("id")
	currency := item.Text("currency_id")
	payment.readAmounts(item, currency)
	payment.readRefunds(item, currency)
	return payment, nil
}

func (p *Payment) readAmounts(item lenient.Object, currency string) {
	var amountErr, refundedErr error
	p.Amount, amountErr = amount(item, "transaction_amount", currency)
	p.Refunded, refundedErr = amount(item, "transaction_amount_refunded", currency)
	if fault, ok := errors.AsType[*AmountError](refundedErr); ok && fault.Fault == AmountAbsent && isNull(item["transaction_amount_refunded"]) {
		refundedErr = nil
	}
	p.AmountError = errors.Join(amountErr, refundedErr)
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func (p *Payment) readRefunds(item lenient.Object, currency string) {
	raws, ok := item.Array("refunds")
	if !ok {
		p.RefundsError = errNoRefundList
		return
	}
	for _, raw := range raws {
		refund, err := readRefund(raw)
		if err != nil {
			p.RefundsError = err
			continue
		}
		if refund.Amount.Currency == "" {
			refund.Amount.Currency = currency
		}
		if refund.PaymentID == 0 {
			refund.PaymentID = p.ID
		}
		p.Refunds = append(p.Refunds, refund)
	}
}

// Payment fetches one payment. A payment may not be found yet moments after its notification. An answer that is JSON but no
// payment is [ReasonUnreadable] with an [UnreadableError] in its chain.
func (c *Client) Payment(ctx context.Context, id int64) (Payment, error) {
	const operation = "get payment"
	answer, err := c.do(ctx, call{operation: operation, method: http.MethodGet, path: "/v1/payments/" + strconv.FormatInt(id, 10)})
	if err != nil {
		return Payment{}, err
	}
	payment, err := ParsePayment(answer)
	if err != nil {
		return Payment{}, unreadable(operation, answer, err)
	}
	if payment.ID != id {
		return Payment{}, &Error{Operation: operation, Reason: ReasonServer, Cause: &UnreadableError{Raw: answer, Cause: errOtherPayment}}
	}
	return payment, nil
}

// unreadable tells an answer of Mercado Pago that cannot be read, which will not change, from a page of something in
// between, which is its trouble of the moment.
func unreadable(operation string, answer json.RawMessage, cause error) *Error {
	reason := ReasonUnreadable
	if !json.Valid(answer) {
		reason = ReasonServer
	}
	return &Error{Operation: operation, Reason: reason, Cause: fmt.Errorf("read answer: %w", cause)}
}
