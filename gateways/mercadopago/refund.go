package mercadopago

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"cabanas/booking"
	"cabanas/gateways/internal/lenient"
)

// Refund is money given back for a payment.
type Refund struct {
	ID        int64
	PaymentID int64
	// Amount has no currency when Mercado Pago does not say one, which is usual: it is that of the payment.
	Amount      booking.Money
	AmountError error  // set when Amount cannot be trusted
	Status      string // Mercado Pago's own word, see [Refund.State]
	SourceType  string // who gave it back: collector (our account), admin (Mercado Pago), …; may be empty
	DateCreated time.Time
	Raw         json.RawMessage
}

// RefundState is what became of a refund.
type RefundState string

// The states.
const (
	RefundDone    RefundState = "done"
	RefundPending RefundState = "pending" // the money is not back yet; ask again
	RefundFailed  RefundState = "failed"  // nothing was given back
	RefundUnknown RefundState = "unknown" // a word of tomorrow: neither done nor failed, ask again
)

var refundStates = map[string]RefundState{
	"approved": RefundDone, "in_process": RefundPending, "pending": RefundPending, "authorized": RefundPending,
	"rejected": RefundFailed, "cancelled": RefundFailed, "canceled": RefundFailed,
}

// State reads the status.
func (r Refund) State() RefundState {
	if state, known := refundStates[r.Status]; known {
		return state
	}
	return RefundUnknown
}

var (
	errRefundAmount = errors.New("refund amount is not positive")
	errNoRefundID   = errors.New("refund has no id")
)

// Refund gives back part of a payment, or with a nil amount all that is left of it. Repeat it with the same key,
// which names one decision: two refunds of one payment need two keys. Mercado Pago speaks of remembering a key for 24 hours:
// before a repetition after that, look with [Client.Refunds] whether the money went back already.
func (c *Client) Refund(ctx context.Context, paymentID int64, amount *booking.Money, idempotencyKey string) (Refund, error) {
	const operation = "refund"
	var body wireRefund
	if amount != nil {
		if amount.Centavos <= 0 {
			return Refund{}, &Error{Operation: operation, Reason: ReasonInvalid, Cause: errRefundAmount}
		}
		body.Amount = (*wireAmount)(amount)
	}
	answer, err := c.do(ctx, call{
		operation: operation, method: http.MethodPost, path: refundsPath(paymentID), key: idempotencyKey, needsKey: true, body: body, refund: true,
		answer: objectAnswer,
	})
	if err != nil {
		return Refund{}, err
	}
	refund, err := readRefund(answer)
	if err != nil {
		return Refund{}, &Error{Operation: operation, Reason: ReasonServer, Cause: err}
	}
	return refund, nil
}

// Refunds lists what was given back for a payment.
func (c *Client) Refunds(ctx context.Context, paymentID int64) ([]Refund, error) {
	const operation = "list refunds"
	answer, err := c.do(ctx, call{operation: operation, method: http.MethodGet, path: refundsPath(paymentID), answer: listAnswer})
	if err != nil {
		return nil, err
	}
	var raws []json.RawMessage
	if err := json.Unmarshal(answer, &raws); err != nil {
		return nil, &Error{Operation: operation, Reason: ReasonServer, Cause: errAnswerShape}
	}
	refunds := make([]Refund, 0, len(raws))
	for _, raw := range raws {
		refund, err := readRefund(raw)
		if err != nil {
			return nil, &Error{Operation: operation, Reason: ReasonServer, Cause: err}
		}
		refunds = append(refunds, refund)
	}
	return refunds, nil
}

func readRefund(raw json.RawMessage) (Refund, error) {
	item, ok := lenient.Read(raw)
	if !ok {
		return Refund{}, errAnswerShape
	}
	source, _ := item.Object("source")
	refund := Refund{
		ID: id(item.Text("id")), PaymentID: id(item.Text("payment_id")), Status: item.Text("status"), SourceType: source.Text("type"),
		DateCreated: moment(item.Text("date_created")), Raw: raw,
	}
	if refund.ID == 0 {
		return Refund{}, errNoRefundID
	}
	refund.Amount, refund.AmountError = amount(item, "amount", item.Text("currency_id"))
	return refund, nil
}

func refundsPath(paymentID int64) string {
	return "/v1/payments/" + strconv.FormatInt(paymentID, 10) + "/refunds"
}

type wireRefund struct {
	Amount *wireAmount `json:"amount,omitempty"`
}
