package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// Sweep is a look at every payment of the provider's account that changed between two instants, which came to its end.
type Sweep struct {
	Since, Through time.Time
	Seen, HandedOn int
}

// LastSweep tells up to when the account was gone through, and up to when by a sweep of more than sixty days; the epoch when
// it never was.
func (s *Store) LastSweep(ctx context.Context) (through, deep time.Time, err error) {
	row, err := s.queries.LastSweep(ctx, s.pool)
	if err != nil {
		return time.Time{}, time.Time{}, explain("read last sweep", err)
	}
	return row.Through, row.Deep, nil
}

// SaveSweep notes a sweep that came to its end.
func (s *Store) SaveSweep(ctx context.Context, sweep Sweep, now time.Time) error {
	return explain("save sweep", s.queries.SaveSweep(ctx, s.pool, &dbgen.SaveSweepParams{
		Since: sweep.Since, Through: sweep.Through, Seen: int32(sweep.Seen), HandedOn: int32(sweep.HandedOn), Now: now}))
}

// LedgerPayment is what the ledger knows of a payment.
type LedgerPayment struct {
	Status    booking.ProviderStatus
	Amount    booking.Money
	Refunded  booking.Money
	UpdatedAt time.Time
}

// LedgerPayments reads payments by the provider's ids; those that are not known are missing.
func (s *Store) LedgerPayments(ctx context.Context, providerIDs []string) (map[string]LedgerPayment, error) {
	rows, err := s.queries.ListLedgerPayments(ctx, s.pool, providerIDs)
	if err != nil {
		return nil, explain("list payments", err)
	}
	found := make(map[string]LedgerPayment, len(rows))
	for _, row := range rows {
		found[row.ProviderID] = LedgerPayment{Status: booking.ProviderStatus(row.Status), Amount: money(row.AmountCentavos, row.Currency),
			Refunded: money(row.RefundedCentavos, row.Currency), UpdatedAt: row.ProviderUpdatedAt}
	}
	return found, nil
}

// PaymentDay compares the totals of a day of the property at the provider with the ledger, in centavos.
type PaymentDay struct {
	Day              booking.Date
	Payments         int
	ProviderApproved int64
	ProviderRefunded int64
	LedgerApproved   int64
	LedgerRefunded   int64
	Differing        int
	// DifferingSince is when payments began to differ, zero while none does.
	DifferingSince time.Time
	ComparedAt     time.Time
}

// PaymentDay reads the last comparison of a day; false when there was none.
func (s *Store) PaymentDay(ctx context.Context, day booking.Date) (PaymentDay, bool, error) {
	row, err := s.queries.GetPaymentDay(ctx, s.pool, day.Time())
	if errors.Is(err, pgx.ErrNoRows) {
		return PaymentDay{}, false, nil
	}
	if err != nil {
		return PaymentDay{}, false, explain("read payment day", err)
	}
	return paymentDayOf(row), true, nil
}

// SavePaymentDay notes a comparison and returns it with the instant since when the day differs.
func (s *Store) SavePaymentDay(ctx context.Context, day PaymentDay, now time.Time) (PaymentDay, error) {
	row, err := s.queries.SavePaymentDay(ctx, s.pool, &dbgen.SavePaymentDayParams{
		Day: day.Day.Time(), Payments: int32(day.Payments), ProviderApprovedCentavos: day.ProviderApproved, ProviderRefundedCentavos: day.ProviderRefunded,
		LedgerApprovedCentavos: day.LedgerApproved, LedgerRefundedCentavos: day.LedgerRefunded, Differing: int32(day.Differing), Now: now,
	})
	if err != nil {
		return PaymentDay{}, explain("save payment day", err)
	}
	return paymentDayOf(row), nil
}

func paymentDayOf(row *dbgen.PaymentDay) PaymentDay {
	return PaymentDay{
		Day: dateOf(row.Day), Payments: int(row.Payments), ProviderApproved: row.ProviderApprovedCentavos, ProviderRefunded: row.ProviderRefundedCentavos,
		LedgerApproved: row.LedgerApprovedCentavos, LedgerRefunded: row.LedgerRefundedCentavos, Differing: int(row.Differing),
		DifferingSince: timeOf(row.DifferingSince), ComparedAt: row.ComparedAt,
	}
}
