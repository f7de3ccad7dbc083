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

// Disposition says what is to become of a payment's money.
type Disposition string

// The dispositions.
const (
	DispositionOpen     Disposition = "open"      // not decided at the provider yet
	DispositionApplied  Disposition = "applied"   // counted for its reservation
	DispositionToRefund Disposition = "to_refund" // to be given back
	DispositionOffered  Disposition = "offered"   // the guest is being offered other nights for it
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
	// Dispute is where a chargeback or mediation stands.
	Dispute       booking.Dispute
	CollectorOurs bool
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
	// Case tells apart what can happen to one payment more than once; empty where nothing can.
	Case string
	// Surplus is what a counted payment brought above the total of the reservation: to be returned.
	Surplus booking.Money
	// Returned is what somebody else than we gave back of the payment in all.
	Returned booking.Money
	// AlsoDue is what other counted payments of an expired reservation still hold: to be returned unless it is taken back.
	AlsoDue booking.Money
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
	// Decision is the owner's word on a sum that needs it, empty when none was needed or given yet; DecidedBy and DecidedAt go with it.
	Decision  RefundDecision
	DecidedBy booking.Actor
	DecidedAt time.Time
}

// RefundStatus is how far a refund is.
type RefundStatus string

// The states of a refund. Planned, awaiting_approval and in_process count as returned when asking how much is left to return.
const (
	RefundPlanned   RefundStatus = "planned"           // written down, the provider may not know yet
	RefundAwaiting  RefundStatus = "awaiting_approval" // the owner has to let it go
	RefundInProcess RefundStatus = "in_process"        // the provider has it
	RefundDone      RefundStatus = "done"              // the money went back
	RefundFailed    RefundStatus = "failed"            // the provider refuses for good
)

// CreditedPayment is a payment counted for a reservation.
type CreditedPayment struct {
	ProviderID string
	Amount     booking.Money
	// Returned is what went back or is on its way.
	Returned booking.Money
}

// ReservationsAwaitingPayment lists codes of held and expired reservations whose links were made since: those the provider is to
// be asked about one by one. Holds come first, then the oldest links.
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
