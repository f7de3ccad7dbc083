package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// PlanRefund writes down that amount (zero: all that is left) of a payment goes back, once per payment and reason; repeated it
// returns the first plan. One that failed is planned again while its amount is left, unless the owner refused it. More than what
// is left is cut down to it; nothing left is [booking.CodeWrongState], an unknown payment [booking.CodeNotFound], money that was
// not credited or is disputed [CodeNotCredited].
func (s *Store) PlanRefund(ctx context.Context, providerPaymentID string, amount booking.Money, reason string, now time.Time) (Refund, error) {
	var refund Refund
	err := s.transact(ctx, "plan refund", func(tx pgx.Tx) error {
		_, payment, err := s.lockLedger(ctx, tx, providerPaymentID)
		if err != nil {
			return err
		}
		planned, err := s.queries.GetRefundByReason(ctx, tx, &dbgen.GetRefundByReasonParams{ProviderID: providerPaymentID, Reason: reason})
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			planned, err = s.planRefund(ctx, tx, payment, amount, reason, now)
		case err == nil && planned.Status == string(RefundFailed) && planned.Decision != string(RefundRefused):
			planned, err = s.reviveRefund(ctx, tx, payment, planned, now)
		}
		if err == nil {
			refund = refundOf(planned, providerPaymentID)
		}
		return err
	})
	return refund, err
}

func (s *Store) planRefund(ctx context.Context, tx pgx.Tx, payment *dbgen.LockPaymentRow, amount booking.Money, reason string, now time.Time) (*dbgen.Refund, error) {
	p := payment.Payment
	left := p.AmountCentavos - max(p.RefundedCentavos, payment.ReturningCentavos)
	if left <= 0 {
		return nil, booking.Refuse(booking.CodeWrongState, "nothing is left to return of payment %s", p.ProviderID)
	}
	if p.Status != string(booking.ProviderApproved) {
		return nil, booking.Refuse(CodeNotCredited, "payment %s is %s", p.ProviderID, p.Status)
	}
	if !amount.IsZero() && amount.Currency != p.Currency {
		return nil, booking.Refuse(booking.CodeInvalidInput, "payment %s is in %s", p.ProviderID, p.Currency)
	}
	back := left
	if !amount.IsZero() {
		back = min(left, amount.Centavos)
	}
	planned, err := s.queries.InsertRefund(ctx, tx, &dbgen.InsertRefundParams{
		PaymentID: p.ID, Key: "refund:" + p.ProviderID + ":" + reason, Reason: reason, AmountCentavos: back, Currency: p.Currency, Now: now,
	})
	if err != nil {
		return nil, err
	}
	return planned, s.notePlan(ctx, tx, &p, planned, left, now)
}

// reviveRefund plans a refund again that the provider had refused: a dispute that forbade it may be over.
func (s *Store) reviveRefund(ctx context.Context, tx pgx.Tx, payment *dbgen.LockPaymentRow, failed *dbgen.Refund, now time.Time) (*dbgen.Refund, error) {
	p := payment.Payment
	left := p.AmountCentavos - max(p.RefundedCentavos, payment.ReturningCentavos)
	switch {
	case left <= 0:
		return nil, booking.Refuse(booking.CodeWrongState, "nothing is left to return of payment %s", p.ProviderID)
	case left < failed.AmountCentavos:
		return failed, nil
	}
	planned, err := s.queries.ReviveRefund(ctx, tx, &dbgen.ReviveRefundParams{ID: failed.ID, Now: now})
	if err != nil {
		return nil, err
	}
	return planned, s.notePlan(ctx, tx, &p, planned, left, now)
}

func (s *Store) notePlan(ctx context.Context, tx pgx.Tx, p *dbgen.Payment, planned *dbgen.Refund, left int64, now time.Time) error {
	if planned.AmountCentavos == left {
		err := s.queries.MovePayment(ctx, tx, &dbgen.MovePaymentParams{ID: p.ID, Disposition: string(DispositionToRefund), RefundedCentavos: p.RefundedCentavos})
		if err != nil {
			return err
		}
	}
	return s.noteRefund(ctx, tx, p.ReservationID, planned, "refund_planned", now)
}

// TryRefund notes that a refund is about to be sent. The audit takes one that nobody has tried for an hour for forgotten.
func (s *Store) TryRefund(ctx context.Context, id int64, now time.Time) error {
	return explain("try refund", s.queries.TryRefund(ctx, s.pool, &dbgen.TryRefundParams{ID: id, Now: now}))
}

// Refunds lists what was planned to be returned of a payment, oldest first, whatever became of it.
func (s *Store) Refunds(ctx context.Context, providerPaymentID string) ([]Refund, error) {
	rows, err := s.queries.ListRefunds(ctx, s.pool, providerPaymentID)
	if err != nil {
		return nil, explain("list refunds", err)
	}
	refunds := make([]Refund, 0, len(rows))
	for _, row := range rows {
		refunds = append(refunds, refundOf(row, providerPaymentID))
	}
	return refunds, nil
}

// FinishRefund records the provider's answer and, when the money went back, what that means for payment and reservation. A
// refund that is done or failed stays so. A refund at the provider that is another one of ours is [booking.CodeDuplicate].
func (s *Store) FinishRefund(ctx context.Context, id int64, providerRefundID string, status RefundStatus, now time.Time) error {
	return s.transact(ctx, "finish refund", func(tx pgx.Tx) error {
		planned, err := s.queries.GetRefund(ctx, tx, id)
		if err != nil {
			return err
		}
		reservation, _, err := s.lockLedger(ctx, tx, planned.ProviderID)
		if err != nil {
			return err
		}
		moved, err := s.queries.FinishRefund(ctx, tx, &dbgen.FinishRefundParams{
			ID: id, ProviderRefundID: providerRefundID, Status: string(status), Now: now})
		if err != nil || moved == 0 {
			return err
		}
		// Read again: what is on its way and what is back has changed.
		payment, err := s.queries.LockPayment(ctx, tx, planned.ProviderID)
		if err != nil {
			return err
		}
		p := &payment.Payment
		p.RefundedCentavos = max(p.RefundedCentavos, payment.ReturnedCentavos)
		p.Disposition = string(afterRefund(payment, status))
		err = s.queries.MovePayment(ctx, tx, &dbgen.MovePaymentParams{ID: p.ID, Disposition: p.Disposition, RefundedCentavos: p.RefundedCentavos})
		if err != nil || reservation == nil {
			return err
		}
		planned.Refund.Status = string(status)
		if status != RefundDone || !p.Counted {
			return s.noteRefund(ctx, tx, p.ReservationID, &planned.Refund, "refund_"+string(status), now)
		}
		return s.moneyReturned(ctx, tx, reservation, p, &planned.Refund, now)
	})
}

// afterRefund says what becomes of a payment when one of its refunds reached a new state.
func afterRefund(payment *dbgen.LockPaymentRow, status RefundStatus) Disposition {
	p := payment.Payment
	switch current := Disposition(p.Disposition); {
	case p.RefundedCentavos >= p.AmountCentavos:
		return DispositionRefunded
	case status == RefundFailed && current == DispositionToRefund:
		return DispositionParked // somebody has to return it another way
	default:
		return current
	}
}

func (s *Store) moneyReturned(ctx context.Context, tx pgx.Tx, r *dbgen.Reservation, p *dbgen.Payment, refund *dbgen.Refund, now time.Time) error {
	return s.queries.ApplyMoney(ctx, tx, &dbgen.ApplyMoneyParams{
		ID: r.ID, ReservationStatus: r.ReservationStatus, Now: now,
		Change: refundChange(refund, "refund_done", now).text(),
	})
}

// lockLedger locks a payment and the reservation it is of, in the order that Settle does; reservation is nil for nobody's.
func (s *Store) lockLedger(ctx context.Context, tx pgx.Tx, providerID string) (*dbgen.Reservation, *dbgen.LockPaymentRow, error) {
	reservationID, err := s.queries.GetPaymentReservation(ctx, tx, providerID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil, booking.Refuse(booking.CodeNotFound, "no payment %s", providerID)
	}
	if err != nil {
		return nil, nil, err
	}
	var reservation *dbgen.Reservation
	if reservationID != nil {
		row, err := s.queries.LockReservationByID(ctx, tx, *reservationID)
		if err != nil {
			return nil, nil, err
		}
		reservation = &row.Reservation
	} else if err := s.queries.LockPaymentID(ctx, tx, providerID); err != nil {
		return nil, nil, err
	}
	payment, err := s.queries.LockPayment(ctx, tx, providerID)
	if err != nil {
		return nil, nil, fmt.Errorf("lock payment: %w", err)
	}
	return reservation, payment, nil
}

func (s *Store) noteRefund(ctx context.Context, tx pgx.Tx, reservationID *int64, refund *dbgen.Refund, kind string, now time.Time) error {
	if reservationID == nil {
		return nil
	}
	return s.queries.NoteBooking(ctx, tx, &dbgen.NoteBookingParams{
		ReservationID: *reservationID, Kind: kind, Change: mustJSON(refundChange(refund, refund.Reason, now))})
}

func refundChange(refund *dbgen.Refund, reason string, now time.Time) change {
	return change{By: booking.BySystem, Reason: reason, At: now, Details: map[string]any{
		"refund": refund.Key, "amount_centavos": refund.AmountCentavos, "currency": refund.Currency, "status": refund.Status,
	}}
}

func refundOf(row *dbgen.Refund, providerPaymentID string) Refund {
	return Refund{ID: row.ID, Key: row.Key, PaymentID: providerPaymentID, Amount: money(row.AmountCentavos, row.Currency),
		Reason: row.Reason, Status: RefundStatus(row.Status), ProviderRefundID: row.ProviderRefundID,
		CreatedAt: row.CreatedAt, TriedAt: timeOf(row.TriedAt),
		Decision: RefundDecision(row.Decision), DecidedBy: booking.Actor(row.DecidedBy), DecidedAt: timeOf(row.DecidedAt)}
}
