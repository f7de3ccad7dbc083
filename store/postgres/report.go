package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/store/postgres/dbgen"
)

// MoneyReport is what the ledger says of a span of time, and of what is open now.
type MoneyReport struct {
	Moved    []PaymentMoved
	Open     []OpenMoney
	Bookings []BookingMoney
}

// PaymentMoved is what happened to one payment within the span, in centavos.
type PaymentMoved struct {
	// Method is mercadopago, cash or transfer.
	Method    string
	PaymentID string
	// Code is empty for money that is nobody's.
	Code, Currency string
	// Taken is what was credited first within the span.
	Taken int64
	// ReturnedByUs is what we gave back, ReturnedElsewhere what somebody did in the provider's panel.
	ReturnedByUs, ReturnedElsewhere int64
	// Disputed is what disputes that began were about; Lost and Won what decided ones were.
	Disputed, Lost, Won int64
}

// OpenMoney is a sum that waits for somebody or something.
type OpenMoney struct {
	// Kind is parked, offered, to_refund, refund_planned, refund_in_process, refund_awaiting_approval, refund_by_hand,
	// refund_failed, disputed or balance.
	Kind string
	// Whose is the booking's code, or "payment" with its id at the provider.
	Whose, Currency string
	Centavos        int64
}

// BookingMoney is where a booking stands now.
type BookingMoney struct {
	Code, Currency string
	// Kept is what was paid and not returned; Due what a live booking still owes of its total.
	Kept, Due int64
}

// MoneyReport reads the money that moved from since until before until, what is open, and where the bookings of the moved money
// stand; all on one snapshot.
func (s *Store) MoneyReport(ctx context.Context, since, until time.Time) (MoneyReport, error) {
	var report MoneyReport
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.pool, options, func(tx pgx.Tx) (err error) {
		if err = s.queries.PrepareAudit(ctx, tx); err != nil {
			return err
		}
		if report.Moved, err = s.moneyMoved(ctx, tx, since, until); err != nil {
			return err
		}
		if report.Open, err = s.openMoney(ctx, tx); err != nil {
			return err
		}
		report.Bookings, err = s.moneyOfBookings(ctx, tx, report.Moved)
		return err
	})
	return report, explain("report money", err)
}

func (s *Store) moneyMoved(ctx context.Context, db dbgen.DBTX, since, until time.Time) ([]PaymentMoved, error) {
	rows, err := s.queries.ListMoneyOfDay(ctx, db, &dbgen.ListMoneyOfDayParams{Since: since, Until: until})
	moved := make([]PaymentMoved, 0, len(rows))
	for _, row := range rows {
		moved = append(moved, PaymentMoved{
			Method: row.Provider, PaymentID: row.ProviderID, Code: row.Code, Currency: row.Currency, Taken: row.TakenCentavos,
			ReturnedByUs: row.OursCentavos, ReturnedElsewhere: row.ElsewhereCentavos,
			Disputed: row.OpenedCentavos, Lost: row.LostCentavos, Won: row.WonCentavos,
		})
	}
	return moved, err
}

func (s *Store) openMoney(ctx context.Context, db dbgen.DBTX) ([]OpenMoney, error) {
	rows, err := s.queries.ListOpenMoney(ctx, db)
	open := make([]OpenMoney, 0, len(rows))
	for _, row := range rows {
		open = append(open, OpenMoney{Kind: row.Kind, Whose: row.Whose, Currency: row.Currency, Centavos: row.Centavos})
	}
	return open, err
}

func (s *Store) moneyOfBookings(ctx context.Context, db dbgen.DBTX, moved []PaymentMoved) ([]BookingMoney, error) {
	codes := make([]string, 0, len(moved))
	for _, payment := range moved {
		codes = append(codes, payment.Code)
	}
	rows, err := s.queries.ListMoneyOfBookings(ctx, db, codes)
	bookings := make([]BookingMoney, 0, len(rows))
	for _, row := range rows {
		bookings = append(bookings, BookingMoney{Code: row.Code, Currency: row.Currency, Kept: row.KeptCentavos, Due: row.DueTotalCentavos})
	}
	return bookings, err
}
