package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// PaymentRow is one payment of the ledger as staff sees it.
type PaymentRow struct {
	ID int64
	// ProviderID is the provider's, or ours for money that somebody of the house wrote down.
	ProviderID   string
	Method       booking.PaymentMethod
	Code         string // empty when it is nobody's
	Status       booking.ProviderStatus
	StatusDetail string
	Disposition  Disposition
	Verdict      booking.Verdict
	// Counted is true for what is part of what was paid for its reservation.
	Counted    bool
	Amount     booking.Money
	Refunded   booking.Money
	ReceivedAt time.Time
	// UpdatedAt is when the last report came.
	UpdatedAt time.Time
}

// Place is where a list goes on after this row.
func (p PaymentRow) Place() Place { return Place{p.ReceivedAt, p.ID} }

// LedgerFilter says which payments a list has; a zero field asks for nothing.
type LedgerFilter struct {
	Code         string
	Methods      []booking.PaymentMethod
	Statuses     []booking.ProviderStatus
	Dispositions []Disposition
	Verdicts     []booking.Verdict
	Counted      *bool
	// From and To bound when it was first heard of; To is not included.
	From, To time.Time
}

const selectLedger = `SELECT p.id, p.provider_id, p.provider, coalesce(r.code, ''), p.status, p.status_detail, p.disposition, p.verdict, p.counted,
    p.amount_centavos, p.refunded_centavos, p.currency, p.first_received_at, p.last_received_at
FROM payments p LEFT JOIN reservations r ON r.id = p.reservation_id
`

// Ledger lists payments by when they were first heard of, the newest first unless oldest, at most that many after a place.
func (s *Store) Ledger(ctx context.Context, filter LedgerFilter, oldest bool, after Place, most int) ([]PaymentRow, error) {
	where := &conditions{}
	if filter.Code != "" {
		where.add("p.reservation_id = (SELECT id FROM reservations WHERE code = $::text)", filter.Code)
	}
	among(where, "p.provider", filter.Methods)
	among(where, "p.status", filter.Statuses)
	among(where, "p.disposition", filter.Dispositions)
	among(where, "p.verdict", filter.Verdicts)
	if filter.Counted != nil {
		where.add("p.counted = $::boolean", *filter.Counted)
	}
	where.within("p.first_received_at", filter.From, filter.To)
	order := listOrder{key: "p.first_received_at", kind: "timestamptz", id: "p.id", oldest: oldest}
	rows, err := s.pool.Query(ctx, selectLedger+order.page(where, after.At, after.ID, most), where.args...)
	if err != nil {
		return nil, explain("list payments", err)
	}
	list, err := pgx.CollectRows(rows, scanPayment)
	return list, explain("list payments", err)
}

func scanPayment(row pgx.CollectableRow) (PaymentRow, error) {
	var (
		p                PaymentRow
		amount, refunded int64
		currency         string
	)
	err := row.Scan(&p.ID, &p.ProviderID, &p.Method, &p.Code, &p.Status, &p.StatusDetail, &p.Disposition, &p.Verdict, &p.Counted,
		&amount, &refunded, &currency, &p.ReceivedAt, &p.UpdatedAt)
	p.Amount, p.Refunded = money(amount, currency), money(refunded, currency)
	return p, err
}

// PaymentFile is everything about one payment but who paid, read in one moment.
type PaymentFile struct {
	PaymentRow
	// Note and RecordedBy are of money that somebody of the house wrote down; RecordedBy is 0 when no account did.
	Note       string
	RecordedBy int64
	// Events are the reports that said something new, oldest first, the first two hundred.
	Events   []PaymentEvent
	Refunds  []RefundOf
	Disputes []PaymentDispute
	// Reservation is nil for money that is nobody's.
	Reservation *Reservation
}

// PaymentEvent is a report of a payment.
type PaymentEvent struct {
	Status       booking.ProviderStatus
	StatusDetail string
	Verdict      booking.Verdict
	Amount       booking.Money
	Refunded     booking.Money
	// UpdatedAt is the provider's date of the report, ReceivedAt ours.
	UpdatedAt, ReceivedAt time.Time
}

// PaymentDispute is a payer's disagreement.
type PaymentDispute struct {
	// Kind is mediation or chargeback, Outcome open, lost, won or escalated.
	Kind, Outcome string
	Amount        booking.Money
	// OpenedAt and DecidedAt are by the provider's clock; DecidedAt is zero while it is open.
	OpenedAt, DecidedAt time.Time
}

// mostPaymentEvents is more than a payment that is not broken has.
const mostPaymentEvents = 200

// PaymentFile reads one payment by its provider's id; an unknown one is [booking.CodeNotFound].
func (s *Store) PaymentFile(ctx context.Context, providerID string) (PaymentFile, error) {
	var file PaymentFile
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectLedger+"WHERE p.provider_id = $1", providerID)
		if err != nil {
			return err
		}
		if file.PaymentRow, err = pgx.CollectExactlyOneRow(rows, scanPayment); err != nil {
			return err
		}
		return s.fillPaymentFile(ctx, tx, &file)
	})
	return file, explain("read payment", err)
}

func (s *Store) fillPaymentFile(ctx context.Context, tx pgx.Tx, file *PaymentFile) error {
	note, err := s.queries.GetLedgerNote(ctx, tx, file.ID)
	switch {
	case err == nil:
		file.Note, file.RecordedBy = note.Note, note.UserID
	case !errors.Is(err, pgx.ErrNoRows):
		return err
	}
	events, err := s.queries.ListLedgerEvents(ctx, tx, &dbgen.ListLedgerEventsParams{PaymentID: file.ID, Most: mostPaymentEvents})
	if err != nil {
		return err
	}
	for _, e := range events {
		file.Events = append(file.Events, PaymentEvent{Status: booking.ProviderStatus(e.Status), StatusDetail: e.StatusDetail,
			Verdict: booking.Verdict(e.Verdict), Amount: money(e.AmountCentavos, file.Amount.Currency),
			Refunded: money(e.RefundedCentavos, file.Amount.Currency), UpdatedAt: e.ProviderUpdatedAt, ReceivedAt: e.ReceivedAt})
	}
	disputes, err := s.queries.ListLedgerDisputes(ctx, tx, file.ID)
	if err != nil {
		return err
	}
	for _, d := range disputes {
		file.Disputes = append(file.Disputes, PaymentDispute{Kind: d.Kind, Outcome: d.Outcome, Amount: money(d.AmountCentavos, d.Currency),
			OpenedAt: d.OpenedAt, DecidedAt: timeOf(d.DecidedAt)})
	}
	refunds, err := s.queries.ListRefunds(ctx, tx, file.ProviderID)
	if err != nil {
		return err
	}
	for _, f := range refunds {
		file.Refunds = append(file.Refunds, RefundOf{refundOf(f, file.ProviderID), file.Code, f.UpdatedAt})
	}
	if file.Code == "" {
		return nil
	}
	row, err := s.queries.GetReservation(ctx, tx, file.Code)
	if err != nil {
		return err
	}
	reservation, err := reservationOf(row)
	file.Reservation = &reservation
	return err
}

// RefundFilter says which refunds a list has; a zero field asks for nothing.
type RefundFilter struct {
	// Statuses may have [RefundSent].
	Statuses  []RefundStatus
	Code      string
	PaymentID string // the provider's
	// From and To bound when it was written down; To is not included.
	From, To time.Time
}

// RefundSent is a planned refund that somebody has begun to send. It is a word of lists: stored, it is planned and has an instant.
const RefundSent RefundStatus = "sent"

// Place is where a list goes on after this refund.
func (f RefundOf) Place() Place { return Place{f.CreatedAt, f.ID} }

// AllRefunds lists refunds by when they were written down, the newest first unless oldest, at most that many after a place.
func (s *Store) AllRefunds(ctx context.Context, filter RefundFilter, oldest bool, after Place, most int) ([]RefundOf, error) {
	where := &conditions{}
	among(where, "CASE WHEN f.status = 'planned' AND f.tried_at IS NOT NULL THEN 'sent' ELSE f.status END", filter.Statuses)
	if filter.Code != "" {
		where.add("p.reservation_id = (SELECT id FROM reservations WHERE code = $::text)", filter.Code)
	}
	if filter.PaymentID != "" {
		where.add("f.payment_id = (SELECT id FROM payments WHERE provider_id = $::text)", filter.PaymentID)
	}
	where.within("f.created_at", filter.From, filter.To)
	order := listOrder{key: "f.created_at", kind: "timestamptz", id: "f.id", oldest: oldest}
	rows, err := s.pool.Query(ctx, `SELECT f.id, f.key, p.provider_id, f.amount_centavos, f.currency, f.reason, f.status, f.provider_refund_id,
    f.created_at, f.updated_at, f.tried_at, f.decision, f.decided_by, f.decided_at, coalesce(r.code, '')
FROM refunds f JOIN payments p ON p.id = f.payment_id LEFT JOIN reservations r ON r.id = p.reservation_id
`+order.page(where, after.At, after.ID, most), where.args...)
	if err != nil {
		return nil, explain("list refunds", err)
	}
	list, err := pgx.CollectRows(rows, scanRefund)
	return list, explain("list refunds", err)
}

func scanRefund(row pgx.CollectableRow) (RefundOf, error) {
	var (
		f                RefundOf
		amount           int64
		currency         string
		tried, decidedAt *time.Time
	)
	err := row.Scan(&f.ID, &f.Key, &f.PaymentID, &amount, &currency, &f.Reason, &f.Status, &f.ProviderRefundID,
		&f.CreatedAt, &f.UpdatedAt, &tried, &f.Decision, &f.DecidedBy, &decidedAt, &f.Code)
	f.Amount, f.TriedAt, f.DecidedAt = money(amount, currency), timeOf(tried), timeOf(decidedAt)
	return f, err
}
