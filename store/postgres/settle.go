package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// Settle applies a report to the ledger and decides in one transaction, see [booking.Judge]: a covered deposit confirms, a late
// one takes the nights again when they are free, money without a place is marked to be returned. It may be repeated and run
// at the same time for the same payment or beside [Store.ExpireHold]: the row's lock orders them.
func (s *Store) Settle(ctx context.Context, report PaymentReport, now time.Time) (Settlement, error) {
	settlement, err := s.settle(ctx, report, now)
	if unstorable(err) {
		report.Raw = asText(report.Raw)
		return s.settle(ctx, report, now)
	}
	return settlement, err
}

func (s *Store) settle(ctx context.Context, report PaymentReport, now time.Time) (Settlement, error) {
	var settlement Settlement
	err := s.transact(ctx, "settle payment", func(tx pgx.Tx) error {
		c, err := s.openCase(ctx, tx, report, now)
		if err != nil {
			return err
		}
		settlement, err = c.settle(ctx)
		return err
	})
	return settlement, err
}

// paymentCase is one payment in front of its reservation, both locked.
type paymentCase struct {
	store  *Store
	tx     pgx.Tx
	report PaymentReport
	now    time.Time
	// by is who says so: the provider, or a person of the house who recorded the money.
	by booking.Actor

	reservation *dbgen.Reservation    // nil: the reference is nobody's
	stored      *dbgen.LockPaymentRow // nil: the first report
	others      *dbgen.SumOtherPaymentsRow

	verdict     booking.Verdict
	counted     bool
	refunded    int64
	disposition Disposition
	status      booking.Status
}

func (s *Store) openCase(ctx context.Context, tx pgx.Tx, report PaymentReport, now time.Time) (*paymentCase, error) {
	c := &paymentCase{store: s, tx: tx, report: report, now: now, by: booking.ByProvider, others: &dbgen.SumOtherPaymentsRow{}}
	row, err := s.queries.LockReservation(ctx, tx, report.Reference)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		if err := s.queries.LockPaymentID(ctx, tx, report.ProviderID); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	default:
		c.reservation = &row.Reservation
		c.status = booking.Status(row.Reservation.ReservationStatus)
	}
	stored, err := s.queries.LockPayment(ctx, tx, report.ProviderID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, err
	}
	if err == nil {
		c.stored, c.counted = stored, stored.Payment.Counted
	}
	if c.reservation != nil {
		c.others, err = s.queries.SumOtherPayments(ctx, tx, &dbgen.SumOtherPaymentsParams{
			ReservationID: c.reservation.ID, ProviderID: report.ProviderID})
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *paymentCase) settle(ctx context.Context) (Settlement, error) {
	if c.outdated() {
		return c.known(c.lastVerdict()), nil
	}
	c.judge()
	reached := c.verdict
	if c.verdict == booking.VerdictLate {
		taken, err := c.takeNightsAgain(ctx)
		if err != nil {
			return Settlement{}, err
		}
		if !taken {
			c.verdict, c.counted, c.disposition = booking.VerdictReturn, false, DispositionToRefund
			reached = booking.VerdictReturn
		}
	}
	if c.nothingNew() {
		return c.known(reached), nil
	}
	news := reached != booking.VerdictSettled && (c.stored == nil || !slices.Contains(c.stored.Verdicts, string(reached)))
	if err := c.write(ctx, reached, news); err != nil {
		return Settlement{}, err
	}
	if !news {
		return c.known(reached), nil
	}
	return c.settlement(reached, true), nil
}

// known answers what was decided before: to who asked then, as the news it was.
func (c *paymentCase) known(reached booking.Verdict) Settlement {
	verdict := booking.Verdict(c.stored.Payment.Verdict)
	if c.report.Asker != "" && c.report.Asker == c.stored.Payment.ToldTo && (reached == verdict || reached == booking.VerdictSettled) {
		return c.settlement(verdict, true)
	}
	return c.settlement(reached, false)
}

// outdated reports whether something newer is known, or the report would take an approval back to undecided.
func (c *paymentCase) outdated() bool {
	if c.stored == nil {
		return false
	}
	undecided := c.report.Status == booking.ProviderPending || c.report.Status == booking.ProviderInProcess ||
		c.report.Status == booking.ProviderAuthorized
	return c.report.UpdatedAt.Truncate(time.Microsecond).Before(c.stored.Payment.ProviderUpdatedAt) ||
		undecided && (c.counted || c.stored.Payment.Status == string(booking.ProviderApproved))
}

func (c *paymentCase) lastVerdict() booking.Verdict {
	if c.counted {
		return booking.VerdictSettled
	}
	return booking.Verdict(c.stored.Payment.Verdict)
}

// judge decides what the report means and what is to become of the money.
func (c *paymentCase) judge() {
	// What was counted stays what it is: a provider that now names another amount is for a person to ask.
	changedAmount := c.counted && c.report.Amount != money(c.stored.Payment.AmountCentavos, c.stored.Payment.Currency)
	if changedAmount {
		c.report.Amount = money(c.stored.Payment.AmountCentavos, c.stored.Payment.Currency)
	}
	amount := max(c.report.Amount.Centavos, 0)
	onItsWay := int64(0)
	c.refunded = min(max(c.report.RefundedAmount.Centavos, 0), amount)
	if c.stored != nil {
		onItsWay = c.stored.ReturningCentavos
		c.refunded = min(max(c.refunded, c.stored.ReturnedCentavos), amount)
	}
	c.verdict = booking.Judge(c.facts(amount - max(c.refunded, onItsWay)))
	switch {
	case changedAmount:
		c.verdict = booking.VerdictPark
	case onItsWay > 0 && !c.counted && c.report.Status == booking.ProviderApproved:
		// We decided to give it back and the provider may have begun: no second thoughts, whatever is free now.
		c.verdict = booking.VerdictReturn
	case onItsWay >= amount && amount > 0 && c.report.Status == booking.ProviderRefunded:
		c.verdict = booking.VerdictSettled // our own refund, reported back
	}
	switch c.verdict {
	case booking.VerdictConfirm, booking.VerdictShort, booking.VerdictLate:
		c.counted, c.disposition = true, DispositionApplied
	case booking.VerdictSettled:
		c.disposition = c.settledDisposition()
	case booking.VerdictReversed:
		c.disposition = DispositionReversed
	case booking.VerdictReturn:
		c.disposition = DispositionToRefund
	case booking.VerdictPark:
		c.disposition = DispositionParked
	case booking.VerdictFailed:
		c.disposition = DispositionFailed
	case booking.VerdictWait:
		c.disposition = DispositionOpen
	}
	if c.verdict == booking.VerdictReversed || c.report.Status == booking.ProviderRefunded {
		c.refunded = amount
	}
	if c.refunded == amount && amount > 0 && (c.disposition == DispositionToRefund || c.disposition == DispositionApplied) {
		c.disposition = DispositionRefunded
	}
}

func (c *paymentCase) facts(available int64) booking.PaymentFacts {
	facts := booking.PaymentFacts{
		Status: c.report.Status, Amount: money(available, c.report.Amount.Currency), CollectorOurs: c.report.CollectorOurs,
		AlreadyCounted: c.counted, Reservation: c.status,
	}
	if c.reservation == nil {
		return facts
	}
	// A payment that was counted for one reservation cannot become another's by a changed reference.
	facts.ReferenceOurs = c.stored == nil || c.stored.Payment.ReservationID == nil || *c.stored.Payment.ReservationID == c.reservation.ID
	facts.Deposit = money(c.reservation.DepositCentavos, c.reservation.Currency)
	facts.PaidBefore = money(c.others.AvailableCentavos, c.reservation.Currency)
	return facts
}

// settledDisposition keeps where the money is; one that came back from a dispute is applied again.
func (c *paymentCase) settledDisposition() Disposition {
	switch stored := Disposition(c.stored.Payment.Disposition); {
	case c.report.Status == booking.ProviderRefunded:
		return DispositionRefunded
	case stored == DispositionParked || stored == DispositionReversed:
		return DispositionApplied
	default:
		return stored
	}
}

// takeNightsAgain confirms an expired reservation when its nights are still free.
func (c *paymentCase) takeNightsAgain(ctx context.Context) (bool, error) {
	err := pgx.BeginFunc(ctx, c.tx, func(savepoint pgx.Tx) error {
		return c.applyMoney(ctx, savepoint, booking.Confirmed, "late_payment")
	})
	if err = explain("take nights again", err); booking.IsCode(err, booking.CodeDatesTaken) {
		return false, nil
	}
	if err == nil {
		c.status = booking.Confirmed
	}
	return err == nil, err
}

// nothingNew spares the write of a report that was polled again.
func (c *paymentCase) nothingNew() bool {
	if c.stored == nil {
		return false
	}
	p := c.stored.Payment
	return p.Status == string(c.report.Status) && p.StatusDetail == c.report.StatusDetail && p.RefundedCentavos == c.refunded &&
		p.AmountCentavos == c.report.Amount.Centavos && p.ProviderUpdatedAt.Equal(c.report.UpdatedAt.Truncate(time.Microsecond)) &&
		p.Counted == c.counted && p.Disposition == string(c.disposition) &&
		(c.verdict == booking.VerdictSettled || p.Verdict == string(c.verdict))
}

func (c *paymentCase) write(ctx context.Context, reached booking.Verdict, news bool) error {
	verdict := reached
	if reached == booking.VerdictSettled && c.stored != nil {
		verdict = booking.Verdict(c.stored.Payment.Verdict)
	}
	params := &dbgen.StorePaymentParams{
		ProviderID: c.report.ProviderID, Reference: c.report.Reference, Status: string(c.report.Status),
		StatusDetail: c.report.StatusDetail, AmountCentavos: c.report.Amount.Centavos, RefundedCentavos: c.refunded,
		Currency: c.report.Amount.Currency, CollectorOurs: c.report.CollectorOurs, Counted: c.counted, Verdict: string(verdict),
		Disposition: string(c.disposition), ProviderUpdatedAt: c.report.UpdatedAt, Now: c.now, Reached: string(reached),
		Raw: orNull(c.report.Raw), ToldTo: c.report.Asker,
	}
	if !news {
		params.ToldTo = c.stored.Payment.ToldTo
	}
	if c.reservation != nil {
		params.ReservationID = &c.reservation.ID
	}
	if err := c.store.queries.StorePayment(ctx, c.tx, params); err != nil {
		return err
	}
	if c.reservation == nil || reached == booking.VerdictLate {
		return nil
	}
	return c.writeReservation(ctx, reached, news)
}

func (c *paymentCase) writeReservation(ctx context.Context, reached booking.Verdict, news bool) error {
	status := c.status
	if reached == booking.VerdictConfirm {
		status = booking.Confirmed
	}
	paymentStatus, paid := c.ledger()
	if status != c.status || paid != c.reservation.PaidCentavos || string(paymentStatus) != c.reservation.PaymentStatus {
		if err := c.applyMoney(ctx, c.tx, status, "payment_"+string(reached)); err != nil {
			return err
		}
		c.status = status
		return nil
	}
	if !news {
		return nil
	}
	return c.store.queries.NoteBooking(ctx, c.tx, &dbgen.NoteBookingParams{
		ReservationID: c.reservation.ID, Kind: "payment_" + string(reached), Change: mustJSON(c.change(""))})
}

func (c *paymentCase) applyMoney(ctx context.Context, tx pgx.Tx, status booking.Status, reason string) error {
	paymentStatus, paid := c.ledger()
	return c.store.queries.ApplyMoney(ctx, tx, &dbgen.ApplyMoneyParams{
		ID: c.reservation.ID, ReservationStatus: string(status), PaymentStatus: string(paymentStatus), PaidCentavos: paid,
		Now: c.now, Change: c.change(reason).text(),
	})
}

// ledger is what all payments of the reservation amount to with this one as decided.
func (c *paymentCase) ledger() (booking.PaymentStatus, int64) {
	counted, refunded, chargedBack := c.others.CountedCentavos, c.others.RefundedCentavos, c.others.ChargedBack
	if c.counted {
		counted, refunded = counted+c.report.Amount.Centavos, refunded+c.refunded
		chargedBack = chargedBack || c.report.Status == booking.ProviderChargedBack
	}
	return ledgerOf(c.reservation, counted, refunded, chargedBack)
}

func ledgerOf(r *dbgen.Reservation, counted, refunded int64, chargedBack bool) (booking.PaymentStatus, int64) {
	status := booking.LedgerStatus(money(r.TotalCentavos, r.Currency), money(counted, r.Currency), money(refunded, r.Currency))
	if chargedBack {
		status = booking.PaymentChargedBack
	}
	return status, counted - refunded
}

func (c *paymentCase) change(reason string) change {
	return change{By: c.by, Reason: reason, At: c.now, Details: map[string]any{
		"payment": c.report.ProviderID, "status": c.report.Status, "status_detail": c.report.StatusDetail,
		"amount_centavos": c.report.Amount.Centavos, "refunded_centavos": c.refunded, "currency": c.report.Amount.Currency,
		"disposition": c.disposition, "provider_updated_at": c.report.UpdatedAt,
	}}
}

func (c *paymentCase) settlement(verdict booking.Verdict, news bool) Settlement {
	settlement := Settlement{Verdict: verdict, Status: c.status, News: news, Amount: c.report.Amount, PaymentID: c.report.ProviderID}
	if c.reservation != nil {
		settlement.Code = c.reservation.Code
	}
	return settlement
}
