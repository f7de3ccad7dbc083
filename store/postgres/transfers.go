package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// RecordedPayment is money that a person of the house saw: cash in hand, or a transfer on the account.
type RecordedPayment struct {
	Code   string
	Method booking.PaymentMethod
	Amount booking.Money
	// Note is the owner's, kept with the payment and shown to staff only.
	Note string
	// Key makes a repetition recognisable, over all recorded payments.
	Key string
	// Confirm confirms a hold although the deposit is not covered: the owner's decision.
	Confirm bool
	By      Author
	// Via says how it was told: a word of ours for the audit log.
	Via string
}

// Recorded is what recording a payment did.
type Recorded struct {
	PaymentID   string
	Verdict     booking.Verdict
	Reservation Reservation
	// Repeated is true when the key was recorded before: nothing changed.
	Repeated bool
}

// recordedPrefixes begin the ids of recorded payments; a provider's are numbers.
var recordedPrefixes = []string{string(booking.ByCash) + "-", string(booking.ByTransfer) + "-"}

// IsRecorded reports whether a payment id is one of money recorded by hand.
func IsRecorded(paymentID string) bool {
	for _, prefix := range recordedPrefixes {
		if strings.HasPrefix(paymentID, prefix) {
			return true
		}
	}
	return false
}

// RecordPayment counts money that no provider tells of, in one transaction with its entry in the audit log: a covered deposit
// confirms, a late one takes the nights again. Repeated with its key it changes nothing; the same key for other money is
// [booking.CodeDuplicate]. What has no place is refused, see [booking.JudgeRecorded]; [booking.CodeDatesTaken] when the nights
// of an expired hold are sold.
func (s *Store) RecordPayment(ctx context.Context, payment RecordedPayment, now time.Time) (Recorded, error) {
	var recorded Recorded
	err := s.transact(ctx, "record payment", func(tx pgx.Tx) (err error) {
		recorded, err = s.recordPayment(ctx, tx, payment, now)
		return err
	})
	return recorded, err
}

func (s *Store) recordPayment(ctx context.Context, tx pgx.Tx, payment RecordedPayment, now time.Time) (Recorded, error) {
	c, err := s.openCase(ctx, tx, recordedReport(payment, now), now)
	if err != nil {
		return Recorded{}, err
	}
	if c.reservation == nil {
		return Recorded{}, booking.Refuse(booking.CodeNotFound, "no reservation %s", payment.Code)
	}
	if recorded, found, err := s.recordedBefore(ctx, tx, payment); found || err != nil {
		return recorded, err
	}
	before := auditOfMoney(c.reservation)
	if err := c.record(ctx, payment); err != nil {
		return Recorded{}, err
	}
	params := &dbgen.InsertRecordedPaymentParams{
		Method: string(payment.Method), Verdict: string(c.verdict), ProviderID: c.report.ProviderID, Key: payment.Key, Note: payment.Note, Now: now,
	}
	if payment.By.UserID != 0 {
		params.UserID = &payment.By.UserID
	}
	if _, err := s.queries.InsertRecordedPayment(ctx, tx, params); err != nil {
		return Recorded{}, err
	}
	row, err := s.queries.LockReservation(ctx, tx, payment.Code)
	if err != nil {
		return Recorded{}, err
	}
	after := auditOfMoney(&row.Reservation)
	after["payment"], after["method"], after["amount_centavos"] = c.report.ProviderID, payment.Method, payment.Amount.Centavos
	after["decided"], after["via"] = payment.Confirm, payment.Via
	err = s.record(ctx, tx, payment.By, AuditEntry{Action: "payment.recorded", Entity: "reservation", EntityID: payment.Code,
		Before: before, After: after}, now)
	if err != nil {
		return Recorded{}, err
	}
	r, err := reservationOf((*dbgen.GetReservationRow)(row))
	return Recorded{PaymentID: c.report.ProviderID, Verdict: c.verdict, Reservation: r}, err
}

func recordedReport(payment RecordedPayment, now time.Time) PaymentReport {
	sum := sha256.Sum256([]byte(payment.Key))
	return PaymentReport{
		ProviderID: string(payment.Method) + "-" + hex.EncodeToString(sum[:10]), Reference: payment.Code,
		Status: booking.ProviderApproved, StatusDetail: "recorded", Amount: payment.Amount,
		RefundedAmount: booking.Money{Currency: payment.Amount.Currency}, CollectorOurs: true, UpdatedAt: now,
	}
}

// RecordedPayment finds the payment that was recorded under a key; false where none was.
func (s *Store) RecordedPayment(ctx context.Context, key string) (paymentID string, found bool, err error) {
	row, err := s.queries.GetRecordedPayment(ctx, s.pool, key)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, explain("find recorded payment", err)
	}
	return row.ProviderID, true, nil
}

// recordedBefore finds the payment of a key that was used before.
func (s *Store) recordedBefore(ctx context.Context, tx pgx.Tx, payment RecordedPayment) (Recorded, bool, error) {
	row, err := s.queries.GetRecordedPayment(ctx, tx, payment.Key)
	if errors.Is(err, pgx.ErrNoRows) {
		return Recorded{}, false, nil
	}
	if err != nil {
		return Recorded{}, false, err
	}
	if row.Code != payment.Code || row.Method != string(payment.Method) || money(row.AmountCentavos, row.Currency) != payment.Amount {
		return Recorded{}, true, booking.Refuse(booking.CodeDuplicate, "the key was used for another payment")
	}
	found, err := s.queries.LockReservation(ctx, tx, payment.Code)
	if err != nil {
		return Recorded{}, true, err
	}
	r, err := reservationOf((*dbgen.GetReservationRow)(found))
	return Recorded{PaymentID: row.ProviderID, Verdict: booking.Verdict(row.Verdict), Reservation: r, Repeated: true}, true, err
}

// record counts money by the owner's word; it is the sibling of settle for what no provider reports.
func (c *paymentCase) record(ctx context.Context, payment RecordedPayment) (err error) {
	r := c.reservation
	c.by = booking.ByOwner
	c.verdict, err = booking.JudgeRecorded(booking.RecordedFacts{
		Amount: payment.Amount, Reservation: c.status, Deposit: money(r.DepositCentavos, r.Currency),
		Total: money(r.TotalCentavos, r.Currency), Paid: money(c.others.AvailableCentavos, r.Currency),
	})
	if err != nil {
		return err
	}
	c.counted, c.disposition = true, DispositionApplied
	if c.verdict == booking.VerdictLate {
		taken, err := c.takeNightsAgain(ctx)
		if err != nil {
			return err
		}
		if !taken {
			return booking.Refuse(booking.CodeDatesTaken, "the nights of %s are sold", payment.Code)
		}
	}
	if err := c.write(ctx, c.verdict, true); err != nil || c.verdict != booking.VerdictShort || !payment.Confirm {
		return err
	}
	c.verdict = booking.VerdictConfirm
	_, err = c.store.queries.ConfirmReservation(ctx, c.tx, &dbgen.ConfirmReservationParams{Code: r.Code, Now: c.now,
		Change: change{By: booking.ByOwner, Reason: "decision", At: c.now, Details: map[string]any{"staff_id": payment.By.UserID}}.text()})
	return err
}

func auditOfMoney(r *dbgen.Reservation) map[string]any {
	return map[string]any{"status": r.ReservationStatus, "payment_status": r.PaymentStatus, "paid_centavos": r.PaidCentavos}
}

// HearRecorded tells the workflow of a booking what a recorded payment changed: as news to the first asker, and to the same
// again. An unknown id is [booking.CodeNotFound].
func (s *Store) HearRecorded(ctx context.Context, paymentID, asker string, now time.Time) (Settlement, error) {
	var heard Settlement
	err := s.transact(ctx, "hear recorded payment", func(tx pgx.Tx) error {
		row, err := s.queries.HearRecordedPayment(ctx, tx, &dbgen.HearRecordedPaymentParams{ProviderID: paymentID, Asker: asker})
		if err != nil {
			return err
		}
		heard = Settlement{Code: row.Code, Verdict: booking.Verdict(row.Verdict), Status: booking.Status(row.ReservationStatus),
			News: row.News, Amount: money(row.AmountCentavos, row.Currency), PaymentID: paymentID}
		return s.queries.MarkRecordedHeard(ctx, tx, &dbgen.MarkRecordedHeardParams{PaymentID: row.ID, Now: now})
	})
	return heard, err
}

// RecordedRef names a recorded payment and its booking.
type RecordedRef struct{ PaymentID, Code string }

// UnheardRecorded lists recorded payments from before an instant that no workflow has taken over, oldest first.
func (s *Store) UnheardRecorded(ctx context.Context, before time.Time, most int) ([]RecordedRef, error) {
	rows, err := s.queries.ListUnheardRecorded(ctx, s.pool, &dbgen.ListUnheardRecordedParams{Before: before, Most: int32(most)})
	if err != nil {
		return nil, explain("list unheard payments", err)
	}
	refs := make([]RecordedRef, 0, len(rows))
	for _, row := range rows {
		refs = append(refs, RecordedRef{PaymentID: row.ProviderID, Code: row.Code})
	}
	return refs, nil
}

// BookedPayment is one payment of a reservation as staff sees it.
type BookedPayment struct {
	PaymentID   string
	Method      booking.PaymentMethod
	Amount      booking.Money
	Returned    booking.Money
	Status      string
	Verdict     booking.Verdict
	Disposition Disposition
	Counted     bool
	Note        string
	// UserID recorded it; 0 for the provider's and for what no account did.
	UserID     int64
	ReceivedAt time.Time
}

// BookedPayments lists every payment of a reservation, oldest first.
func (s *Store) BookedPayments(ctx context.Context, code string) ([]BookedPayment, error) {
	rows, err := s.queries.ListRecordedPayments(ctx, s.pool, code)
	if err != nil {
		return nil, explain("list payments", err)
	}
	payments := make([]BookedPayment, 0, len(rows))
	for _, row := range rows {
		payment := BookedPayment{
			PaymentID: row.ProviderID, Method: booking.PaymentMethod(row.Provider), Amount: money(row.AmountCentavos, row.Currency),
			Returned: money(row.RefundedCentavos, row.Currency), Status: row.Status, Verdict: booking.Verdict(row.Verdict),
			Disposition: Disposition(row.Disposition), Counted: row.Counted, Note: row.Note, ReceivedAt: row.FirstReceivedAt,
		}
		if row.UserID != nil {
			payment.UserID = *row.UserID
		}
		payments = append(payments, payment)
	}
	return payments, nil
}
