package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// CodeNotCredited refuses to return money that the provider has not credited or that its payer disputes.
const CodeNotCredited booking.Code = "payment_not_credited"

// RefundDecision is the owner's word on a refund above the sum from which the owner is asked.
type RefundDecision string

// The decisions.
const (
	RefundApproved RefundDecision = "approved"
	RefundRefused  RefundDecision = "refused"
)

// RefundOrder is money that goes back over the payments of a reservation for one reason.
type RefundOrder struct {
	Code   string
	Amount booking.Money
	Reason string
	// Ask is true when the owner has to let it go first.
	Ask bool
	// Whole refuses an order of more than is left with [booking.CodeInvalidInput], with nothing planned.
	Whole bool
	// StaffID names the account of staff that ordered it, 0 when none did.
	StaffID int64
}

// PlanRefunds writes down how an order is spread over the credited payments of its reservation, the newest first, in one
// transaction. Repeated it returns the first plan. What is disputed or gone already is left out: the parts can be less than the
// order.
func (s *Store) PlanRefunds(ctx context.Context, order RefundOrder, now time.Time) ([]Refund, error) {
	var parts []Refund
	err := s.transact(ctx, "plan refunds", func(tx pgx.Tx) error {
		parts = nil
		row, err := s.queries.LockReservation(ctx, tx, order.Code)
		if err != nil {
			return err
		}
		payments, err := s.queries.PaymentsToReturn(ctx, tx, &dbgen.PaymentsToReturnParams{Code: order.Code, Reason: order.Reason})
		if err != nil {
			return err
		}
		left := order.Amount.Centavos
		for _, payment := range payments {
			part, err := s.planPart(ctx, tx, &row.Reservation, payment, order, left, now)
			if err != nil || part == nil {
				if err != nil {
					return err
				}
				continue
			}
			left -= part.AmountCentavos
			parts = append(parts, refundOf(part, payment.ProviderID))
		}
		if order.Whole && left > 0 {
			return booking.Refuse(booking.CodeInvalidInput, "%d centavos less than that can go back of %s", left, order.Code)
		}
		return nil
	})
	return parts, err
}

// planPart plans what one payment gives to an order; nil when that is nothing.
func (s *Store) planPart(ctx context.Context, tx pgx.Tx, r *dbgen.Reservation, payment *dbgen.PaymentsToReturnRow, order RefundOrder,
	left int64, now time.Time,
) (*dbgen.Refund, error) {
	planned, err := s.queries.GetRefundByReason(ctx, tx, &dbgen.GetRefundByReasonParams{ProviderID: payment.ProviderID, Reason: order.Reason})
	if err == nil || !errors.Is(err, pgx.ErrNoRows) {
		return planned, err
	}
	part := min(left, payment.AmountCentavos-payment.ReturnedCentavos)
	if part <= 0 || payment.Status != string(booking.ProviderApproved) {
		return nil, nil
	}
	locked, err := s.queries.LockPayment(ctx, tx, payment.ProviderID)
	if err != nil {
		return nil, err
	}
	planned, err = s.planRefund(ctx, tx, locked, money(part, payment.Currency), order.Reason, now)
	if err == nil && order.StaffID != 0 {
		told := refundChange(planned, order.Reason, now)
		told.By, told.Details["staff_id"] = booking.ByOwner, order.StaffID
		err = s.queries.NoteBooking(ctx, tx, &dbgen.NoteBookingParams{ReservationID: r.ID, Kind: "refund_ordered", Change: mustJSON(told)})
		if err == nil {
			err = s.recordRefund(ctx, tx, planned, "ordered", order.StaffID, now)
		}
	}
	if err != nil || !order.Ask {
		return planned, err
	}
	if _, err := s.queries.AwaitRefundApproval(ctx, tx, &dbgen.AwaitRefundApprovalParams{ID: planned.ID, Now: now}); err != nil {
		return nil, err
	}
	planned.Status = string(RefundAwaiting)
	return planned, s.noteRefund(ctx, tx, &r.ID, planned, "refund_awaiting_approval", now)
}

// DecideRefund lets the parts of an order go or keeps them, once; decided before, the first decision stands and is returned.
// StaffID is 0 when no account of staff decided. Nothing that was ever asked about is [booking.CodeWrongState].
func (s *Store) DecideRefund(ctx context.Context, code, reason string, decision RefundDecision, by booking.Actor, staffID int64, now time.Time) (RefundDecision, error) {
	stands := decision
	err := s.transact(ctx, "decide refund", func(tx pgx.Tx) error {
		row, err := s.queries.LockReservation(ctx, tx, code)
		if err != nil {
			return err
		}
		decided, err := s.queries.DecideRefund(ctx, tx, &dbgen.DecideRefundParams{
			Code: code, Reason: reason, Decision: string(decision), DecidedBy: string(by), Now: now})
		if err != nil {
			return err
		}
		if len(decided) == 0 {
			stands, err = s.standing(ctx, tx, code, reason)
			return err
		}
		for _, part := range decided {
			if decision == RefundRefused {
				if err := s.queries.KeepRefused(ctx, tx, part.PaymentID); err != nil {
					return err
				}
			}
			told := refundChange(part, reason, now)
			told.By, told.Details["staff_id"] = by, staffID
			err := s.queries.NoteBooking(ctx, tx, &dbgen.NoteBookingParams{
				ReservationID: row.Reservation.ID, Kind: "refund_" + string(decision), Change: mustJSON(told)})
			if err == nil {
				err = s.recordRefund(ctx, tx, part, string(decision), staffID, now)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return stands, err
}

func (s *Store) standing(ctx context.Context, tx pgx.Tx, code, reason string) (RefundDecision, error) {
	found, err := s.queries.RefundDecisions(ctx, tx, &dbgen.RefundDecisionsParams{Code: code, Reason: reason})
	if err != nil {
		return "", err
	}
	asked := slices.IndexFunc(found, func(row *dbgen.RefundDecisionsRow) bool { return row.Decision != "" })
	if asked < 0 {
		return "", booking.Refuse(booking.CodeWrongState, "no refund of %s waits for a decision", code)
	}
	return RefundDecision(found[asked].Decision), nil
}

// ShrinkRefund cuts a refund that the provider does not have down to amount, under a key of its own: the first one answers what
// it answered before. A refund that is not planned any more, or is not larger, is [booking.CodeWrongState].
func (s *Store) ShrinkRefund(ctx context.Context, refund Refund, amount booking.Money, now time.Time) error {
	return s.transact(ctx, "shrink refund", func(tx pgx.Tx) error {
		if _, _, err := s.lockLedger(ctx, tx, refund.PaymentID); err != nil {
			return err
		}
		payment, err := s.queries.LockPayment(ctx, tx, refund.PaymentID)
		if err != nil {
			return err
		}
		shrunk, err := s.queries.ShrinkRefund(ctx, tx, &dbgen.ShrinkRefundParams{ID: refund.ID, AmountCentavos: amount.Centavos,
			Key: "refund:" + refund.PaymentID + ":" + refund.Reason + ":" + strconv.FormatInt(amount.Centavos, 10), Now: now})
		if errors.Is(err, pgx.ErrNoRows) {
			return booking.Refuse(booking.CodeWrongState, "refund %d cannot be cut down", refund.ID)
		}
		if err != nil {
			return err
		}
		return s.noteRefund(ctx, tx, payment.Payment.ReservationID, shrunk, "refund_shrunk", now)
	})
}

// RefundOf is a refund with the code of its reservation, empty when the payment was nobody's.
type RefundOf struct {
	Refund
	Code      string
	UpdatedAt time.Time
}

// RefundByID reads one; unknown ids are [booking.CodeNotFound].
func (s *Store) RefundByID(ctx context.Context, id int64) (RefundOf, error) {
	row, err := s.queries.GetRefundCode(ctx, s.pool, id)
	if err != nil {
		return RefundOf{}, explain("read refund", err)
	}
	return RefundOf{refundOf(&row.Refund, row.ProviderID), row.Code, row.Refund.UpdatedAt}, nil
}

// SetCancellation gives the property, or with an id other than 0 one accommodation, a policy for bookings made from now on. Nil
// is for an accommodation that follows the property again. Errors are those of [booking.CancellationPolicy.Validate] and
// [booking.CodeNotFound].
func (s *Store) SetCancellation(ctx context.Context, by Author, accommodationID int64, policy *booking.CancellationPolicy, now time.Time) error {
	entry := AuditEntry{Action: "cancellation.changed", Entity: "property", After: map[string]any{"cancellation": policy}}
	var stored json.RawMessage
	if policy != nil {
		if err := policy.Validate(); err != nil {
			return fmt.Errorf("set cancellation policy: %w", err)
		}
		stored = mustJSON(booking.CancellationPolicy{Name: policy.Name, Steps: emptyIfNil(policy.Ladder())})
	} else if accommodationID == 0 {
		return booking.Refuse(booking.CodeInvalidInput, "a property needs a cancellation policy")
	}
	property, err := s.Property(ctx)
	if err != nil {
		return err
	}
	return s.transact(ctx, "set cancellation policy", func(tx pgx.Tx) error {
		var found int64
		if accommodationID != 0 {
			entry.Entity, entry.EntityID = "accommodation", strconv.FormatInt(accommodationID, 10)
			found, err = s.queries.SetAccommodationCancellation(ctx, tx, &dbgen.SetAccommodationCancellationParams{ID: accommodationID, Cancellation: stored})
		} else {
			entry.EntityID = strconv.FormatInt(property.ID, 10)
			found, err = s.queries.SetPropertyCancellation(ctx, tx, &dbgen.SetPropertyCancellationParams{ID: property.ID, Cancellation: stored})
		}
		if err == nil && found == 0 {
			err = pgx.ErrNoRows
		}
		if err != nil {
			return err
		}
		return s.record(ctx, tx, by, entry, now)
	})
}

// recordRefund writes what an account of staff decided about a refund.
func (s *Store) recordRefund(ctx context.Context, tx pgx.Tx, refund *dbgen.Refund, action string, staffID int64, now time.Time) error {
	if staffID == 0 {
		return nil
	}
	return s.record(ctx, tx, Author{Kind: "staff", UserID: staffID}, AuditEntry{
		Action: "refund." + action, Entity: "refund", EntityID: strconv.FormatInt(refund.ID, 10),
		After: map[string]any{"amount_centavos": refund.AmountCentavos, "currency": refund.Currency, "reason": refund.Reason},
	}, now)
}
