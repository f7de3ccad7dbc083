package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
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
	// Asker names the call, the same for all its repetitions (of an activity: run and activity id). Whoever was the first to
	// learn a verdict is told it again as news: it may have died before it heard. Empty is nobody in particular.
	Asker string
}

// Settlement is what a report meant and what it changed.
type Settlement struct {
	// Code is empty when the payment belongs to no reservation of ours.
	Code    string
	Verdict booking.Verdict
	// Status of the reservation after the settlement, read in the same transaction.
	Status booking.Status
	// News is true when this verdict was reached for the first time for this payment, to the Asker of that time however often it
	// asks.
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
	// ProviderRefundID is empty until the provider has said it.
	ProviderRefundID string
	CreatedAt        time.Time
	// TriedAt is when somebody last began to send it, zero before; the provider may have it since the first time.
	TriedAt time.Time
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

// SavePaymentLink keeps the link of a reservation's attempt and returns it; when one was kept before, that one. An unknown
// code is [booking.CodeNotFound].
func (s *Store) SavePaymentLink(ctx context.Context, link PaymentLink) (PaymentLink, error) {
	_, err := s.queries.InsertPaymentLink(ctx, s.pool, &dbgen.InsertPaymentLinkParams{
		Code: link.Code, Attempt: int32(link.Attempt), ProviderID: link.ProviderID, Url: link.URL,
		AmountCentavos: link.Amount.Centavos, Currency: link.Amount.Currency, ExpiresAt: link.ExpiresAt,
		Details: mustJSON(map[string]any{"attempt": link.Attempt, "link": link.ProviderID, "amount_centavos": link.Amount.Centavos}),
	})
	if err == nil {
		return link, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return PaymentLink{}, explain("save payment link", err)
	}
	stored, found, err := s.PaymentLink(ctx, link.Code, link.Attempt)
	if err == nil && !found {
		err = booking.Refuse(booking.CodeNotFound, "no reservation %s", link.Code)
	}
	return stored, err
}

// PaymentLink reads the link of an attempt; attempt 0 is the newest.
func (s *Store) PaymentLink(ctx context.Context, code string, attempt int) (PaymentLink, bool, error) {
	row, err := s.queries.GetPaymentLink(ctx, s.pool, &dbgen.GetPaymentLinkParams{Code: code, Attempt: int32(attempt)})
	if errors.Is(err, pgx.ErrNoRows) {
		return PaymentLink{}, false, nil
	}
	if err != nil {
		return PaymentLink{}, false, explain("read payment link", err)
	}
	return linkOf(row), true, nil
}

// OpenPaymentLinks lists the links of a reservation that were not closed, oldest attempt first.
func (s *Store) OpenPaymentLinks(ctx context.Context, code string) ([]PaymentLink, error) {
	rows, err := s.queries.ListOpenPaymentLinks(ctx, s.pool, code)
	if err != nil {
		return nil, explain("list payment links", err)
	}
	links := make([]PaymentLink, 0, len(rows))
	for _, row := range rows {
		links = append(links, linkOf((*dbgen.GetPaymentLinkRow)(row)))
	}
	return links, nil
}

// ClosePaymentLink records that a link cannot be paid any more.
func (s *Store) ClosePaymentLink(ctx context.Context, providerID string, now time.Time) error {
	found, err := s.queries.ClosePaymentLink(ctx, s.pool, &dbgen.ClosePaymentLinkParams{ProviderID: providerID, Now: now})
	if err == nil && found == 0 {
		err = pgx.ErrNoRows
	}
	return explain("close payment link", err)
}

// ReservationsAwaitingPayment lists codes whose links were made since and whose stay is not over: those the provider is to be
// asked about. Holds come first, then the oldest links.
func (s *Store) ReservationsAwaitingPayment(ctx context.Context, since time.Time, limit int) ([]string, error) {
	codes, err := s.queries.ListAwaitingPayment(ctx, s.pool, &dbgen.ListAwaitingPaymentParams{Since: since, Most: int32(limit)})
	return codes, explain("list reservations awaiting payment", err)
}

// CreditedPayments lists the payments counted for a reservation, newest first.
func (s *Store) CreditedPayments(ctx context.Context, code string) ([]CreditedPayment, error) {
	rows, err := s.queries.ListCreditedPayments(ctx, s.pool, code)
	if err != nil {
		return nil, explain("list credited payments", err)
	}
	payments := make([]CreditedPayment, 0, len(rows))
	for _, row := range rows {
		payments = append(payments, CreditedPayment{ProviderID: row.ProviderID, Amount: money(row.AmountCentavos, row.Currency),
			Returned: money(row.ReturnedCentavos, row.Currency)})
	}
	return payments, nil
}

// PaymentVersion returns the provider's date of the newest report settled for a payment, and whether there is any.
func (s *Store) PaymentVersion(ctx context.Context, providerID string) (updatedAt time.Time, known bool, err error) {
	updatedAt, err = s.queries.GetPaymentVersion(ctx, s.pool, providerID)
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, false, nil
	}
	return updatedAt, err == nil, explain("read payment version", err)
}

func linkOf(row *dbgen.GetPaymentLinkRow) PaymentLink {
	return PaymentLink{
		Code: row.Code, Attempt: int(row.PaymentLink.Attempt), ProviderID: row.PaymentLink.ProviderID, URL: row.PaymentLink.Url,
		Amount:    money(row.PaymentLink.AmountCentavos, row.PaymentLink.Currency),
		ExpiresAt: row.PaymentLink.ExpiresAt, ClosedAt: timeOf(row.PaymentLink.ClosedAt),
	}
}
