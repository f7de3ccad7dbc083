package postgres

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// RefundByHand is money that no provider has: the owner gives it back and says so.
const RefundByHand RefundStatus = "by_hand"

// MarkReturned records that the money of a refund went back by hand. A refund of a provider's payment, or of another
// reservation, is [booking.CodeNotFound]; one that nobody has to return by hand [booking.CodeWrongState]. Repeated it changes
// nothing.
func (s *Store) MarkReturned(ctx context.Context, code string, refundID int64, by Author, now time.Time) error {
	done := false
	err := s.transact(ctx, "mark refund returned", func(tx pgx.Tx) error {
		row, err := s.queries.LockHandRefund(ctx, tx, &dbgen.LockHandRefundParams{ID: refundID, Code: code})
		if err != nil {
			return err
		}
		switch RefundStatus(row.Status) {
		case RefundDone:
			done = true
			return nil
		case RefundInProcess: // the process died between the two steps
			return nil
		case RefundByHand:
		default:
			return booking.Refuse(booking.CodeWrongState, "the refund is %s", row.Status)
		}
		if err := s.queries.BeginHandReturn(ctx, tx, &dbgen.BeginHandReturnParams{ID: refundID, Now: now}); err != nil {
			return err
		}
		return s.record(ctx, tx, by, AuditEntry{Action: "refund.returned", Entity: "refund", EntityID: strconv.FormatInt(refundID, 10),
			Before: map[string]any{"status": row.Status},
			After:  map[string]any{"status": RefundDone, "amount_centavos": row.AmountCentavos, "payment": row.ProviderID}}, now)
	})
	if err != nil || done {
		return err
	}
	return s.FinishRefund(ctx, refundID, "", RefundDone, now)
}

// ToReturnByHand is how much of a reservation's money the owner still has to give back by hand.
func (s *Store) ToReturnByHand(ctx context.Context, code, currency string) (booking.Money, error) {
	centavos, err := s.queries.SumByHand(ctx, s.pool, code)
	return money(centavos, currency), explain("sum refunds by hand", err)
}
