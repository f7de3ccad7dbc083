package mercadopago

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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
	Refunded       booking.Money
	// AmountError is set when Amount or Refunded cannot be trusted: absent, negative, masked, fractions of a centavo, huge.
	AmountError       error
	ExternalReference string
	CollectorID       int64 // our account; 0 when absent or masked
	LiveMode          bool
	MethodID          string // visa, account_money, …
	TypeID            string // credit_card, ticket, …
	OrderID           string // merchant order, may be empty
	PreferenceID      string // may be empty
	DateCreated       time.Time
	DateApproved      time.Time
	DateLastUpdated   time.Time
	Raw               json.RawMessage
}

var errNoPaymentID = errors.New("payment has no id")

var providerStatuses = map[string]booking.ProviderStatus{
	"pending": booking.ProviderPending, "in_process": booking.ProviderInProcess, "authorized": booking.ProviderAuthorized,
	"approved": booking.ProviderApproved, "rejected": booking.ProviderRejected,
	"cancelled": booking.ProviderCancelled, "canceled": booking.ProviderCancelled, // newer pages spell it with one l
	"refunded": booking.ProviderRefunded, "charged_back": booking.ProviderChargedBack, "in_mediation": booking.ProviderInMediation,
}

// ParsePayment reads a payment as GET /v1/payments/{id} gives it. It fails only when there is no object or no id.
func ParsePayment(raw []byte) (Payment, error) {
	item, ok := lenient.Read(raw)
	if !ok {
		return Payment{}, errAnswerShape
	}
	payment := Payment{
		ID: id(item.Text("id")), ProviderStatus: item.Text("status"), StatusDetail: item.Text("status_detail"),
		ExternalReference: item.Text("external_reference"), CollectorID: id(item.Text("collector_id")), LiveMode: item.Flag("live_mode"),
		MethodID: item.Text("payment_method_id"), TypeID: item.Text("payment_type_id"), PreferenceID: item.Text("preference_id"),
		DateCreated: moment(item.Text("date_created")), DateApproved: moment(item.Text("date_approved")), DateLastUpdated: moment(item.Text("date_last_updated")),
		Raw: raw,
	}
	if payment.ID == 0 {
		return Payment{}, errNoPaymentID
	}
	payment.Status = booking.ProviderUnknown
	if status, known := providerStatuses[payment.ProviderStatus]; known {
		payment.Status = status
	}
	if order, ok := item.Object("order"); ok {
		payment.OrderID = order.Text("id")
	}
	currency := item.Text("currency_id")
	var amountErr, refundedErr error
	payment.Amount, amountErr = amount(item.Text("transaction_amount"), currency)
	if payment.Refunded, refundedErr = amount(item.Text("transaction_amount_refunded"), currency); errors.Is(refundedErr, errNoAmount) {
		refundedErr = nil
	}
	payment.AmountError = errors.Join(amountErr, refundedErr)
	return payment, nil
}

// Payment fetches one payment. A payment may not be found yet moments after its notification.
func (c *Client) Payment(ctx context.Context, id int64) (Payment, error) {
	const operation = "get payment"
	answer, err := c.do(ctx, call{
		operation: operation, method: http.MethodGet, path: "/v1/payments/" + strconv.FormatInt(id, 10), answer: objectAnswer,
	})
	if err != nil {
		return Payment{}, err
	}
	payment, err := ParsePayment(answer)
	if err == nil && payment.ID != id {
		err = errOtherPayment
	}
	if err != nil {
		return Payment{}, &Error{Operation: operation, Reason: ReasonServer, Cause: err}
	}
	return payment, nil
}

const (
	searchPage = 30
	// A reference is one reservation, with a handful of attempts; more pages mean that the filter was not applied.
	maxSearchPages = 20
)

var (
	errOtherPayment = errors.New("answer is about another payment")
	errNoReference  = errors.New("external reference is empty")
	errTooMany      = errors.New("more payments than one reference can have")
)

// SearchPayments returns every payment of the last twelve months with this external reference, newest first, over all
// pages. The search may lag behind a payment. On an error the payments read so far come with it.
func (c *Client) SearchPayments(ctx context.Context, externalReference string) ([]Payment, error) {
	const operation = "search payments"
	if externalReference == "" {
		return nil, &Error{Operation: operation, Reason: ReasonInvalid, Cause: errNoReference}
	}
	var found []Payment
	var unreadable error
	seen := map[int64]bool{}
	offset := 0
	for range maxSearchPages {
		results, total, err := c.searchPage(ctx, operation, externalReference, offset)
		if err != nil {
			return found, err
		}
		for _, raw := range results {
			payment, err := ParsePayment(raw)
			if err != nil {
				unreadable = &Error{Operation: operation, Reason: ReasonServer, Cause: err}
				continue
			}
			// A payment made meanwhile moves the others to the next page, where they come a second time.
			if payment.ExternalReference == externalReference && !seen[payment.ID] {
				seen[payment.ID] = true
				found = append(found, payment)
			}
		}
		offset += len(results)
		if len(results) == 0 || offset >= total {
			return found, unreadable
		}
	}
	return found, &Error{Operation: operation, Reason: ReasonServer, Cause: errTooMany}
}

func (c *Client) searchPage(ctx context.Context, operation, reference string, offset int) ([]json.RawMessage, int, error) {
	query := url.Values{
		"external_reference": {reference}, "sort": {"date_created"}, "criteria": {"desc"}, "range": {"date_created"},
		"begin_date": {"NOW-12MONTHS"}, "end_date": {"NOW"}, "limit": {strconv.Itoa(searchPage)}, "offset": {strconv.Itoa(offset)},
	}
	answer, err := c.do(ctx, call{operation: operation, method: http.MethodGet, path: "/v1/payments/search", query: query, answer: objectAnswer})
	if err != nil {
		return nil, 0, err
	}
	var page struct {
		Paging  lenient.Object
		Results []json.RawMessage
	}
	if err := json.Unmarshal(answer, &page); err != nil {
		return nil, 0, &Error{Operation: operation, Reason: ReasonServer, Cause: fmt.Errorf("search page: %w", errAnswerShape)}
	}
	return page.Results, int(id(page.Paging.Text("total"))), nil
}
