package mercadopago

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"cabanas/booking"
	"cabanas/gateways/internal/lenient"
)

// Chargeback is a cardholder's claim at the bank, with what it asks of the seller. How it ends is told by the payment
// ([Payment.Dispute]).
type Chargeback struct {
	ID          string
	PaymentIDs  []int64
	Amount      booking.Money
	AmountError error // set when Amount cannot be trusted
	// DocumentsDue is until when proof of the sale can be handed in; zero when none is asked for.
	DocumentsDue time.Time
	DateCreated  time.Time
	DateUpdated  time.Time
	Raw          json.RawMessage
}

var errNoChargebackID = errors.New("chargeback id is empty")

// Chargeback fetches one chargeback by the id that its notification names.
func (c *Client) Chargeback(ctx context.Context, chargebackID string) (Chargeback, error) {
	const operation = "get chargeback"
	if chargebackID == "" {
		return Chargeback{}, &Error{Operation: operation, Reason: ReasonInvalid, Cause: errNoChargebackID}
	}
	answer, err := c.do(ctx, call{operation: operation, method: http.MethodGet, path: "/v1/chargebacks/" + url.PathEscape(chargebackID)})
	if err != nil {
		return Chargeback{}, err
	}
	item, ok := lenient.Read(answer)
	if !ok {
		return Chargeback{}, unreadable(operation, answer, &UnreadableError{Raw: answer, Cause: errAnswerShape})
	}
	return readChargeback(item, answer), nil
}

// The documentation and the SDKs name some members differently; both are read.
func readChargeback(item lenient.Object, raw json.RawMessage) Chargeback {
	chargeback := Chargeback{
		ID: item.Text("id"), DateCreated: moment(item.Text("date_created")),
		DateUpdated: moment(first(item.Text("date_last_updated"), item.Text("last_modified"))), Raw: raw,
	}
	if item.Flag("documentation_required") {
		chargeback.DocumentsDue = moment(item.Text("date_documentation_deadline"))
	}
	payments, _ := item.Array("payments")
	for _, payment := range append(payments, item["payment_id"]) {
		if number := id(lenient.Object{"id": payment}.Text("id")); number != 0 {
			chargeback.PaymentIDs = append(chargeback.PaymentIDs, number)
		}
	}
	chargeback.Amount, chargeback.AmountError = amount(item, "amount", first(item.Text("currency"), item.Text("currency_id")))
	return chargeback
}

func first(one, other string) string {
	if one != "" {
		return one
	}
	return other
}
