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
// one takes the nights again when they are free, money without a place is marked to be returned. A hold whose nights another
// channel sold is not confirmed by its payment: it ends, and the verdict is [booking.VerdictTaken]. It may be repeated and run
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
	around      *dbgen.LookAroundRow

	verdict     booking.Verdict
	again       bool // the same verdict as before, and news all the same
	counted     bool
	refunded    int64
	elsewhere   int64 // of refunded, what we did not give back
	surplus     int64
	disputeID   int64
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
		c.stored, c.counted, c.disputeID, c.surplus = stored, stored.Payment.Counted, stored.DisputeID, stored.Payment.SurplusCentavos
	}
	if c.reservation != nil {
		c.others, err = s.queries.SumOtherPayments(ctx, tx, &dbgen.SumOtherPaymentsParams{
			ReservationID: c.reservation.ID, ProviderID: report.ProviderID})
		if err != nil {
			return nil, err
		}
		if c.around, err = s.queries.LookAround(ctx, tx, c.reservation.ID); err != nil {
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
	if c.verdict == booking.VerdictConfirm && c.around.SoldElsewhere {
		if err := c.letGo(ctx); err != nil {
			return Settlement{}, err
		}
	}
	if c.verdict == booking.VerdictLate {
		taken, err := c.takeNightsAgain(ctx)
		if err != nil {
			return Settlement{}, err
		}
		if taken {
			return c.settlement(booking.VerdictLate, true), nil
		}
		c.verdict = booking.VerdictTaken
		c.dispose()
	}
	if c.nothingNew() {
		return c.known(c.verdict), nil
	}
	news := c.news()
	if err := c.write(ctx, c.verdict, news); err != nil {
		return Settlement{}, err
	}
	if !news {
		return c.known(c.verdict), nil
	}
	return c.settlement(c.verdict, true), nil
}

// news reports whether nobody was told of this yet.
func (c *paymentCase) news() bool {
	return c.verdict != booking.VerdictSettled && (c.again || c.stored == nil || !slices.Contains(c.stored.Verdicts, string(c.verdict)))
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

// takeNightsAgain confirms an expired reservation when its nights are still free; what was offered instead is withdrawn.
func (c *paymentCase) takeNightsAgain(ctx context.Context) (bool, error) {
	outer := c.tx
	err := pgx.BeginFunc(ctx, outer, func(savepoint pgx.Tx) error {
		c.tx = savepoint
		if err := c.store.queries.WithdrawAlternative(ctx, savepoint, &dbgen.WithdrawAlternativeParams{
			ReservationID: c.reservation.ID, Status: string(AlternativeWithdrawn), Now: c.now}); err != nil {
			return err
		}
		if err := c.storePayment(ctx, true); err != nil {
			return err
		}
		return c.applyMoney(ctx, booking.Confirmed, "late_payment")
	})
	c.tx = outer
	if err = explain("take nights again", err); booking.IsCode(err, booking.CodeDatesTaken) {
		return false, nil
	}
	if err == nil {
		c.status = booking.Confirmed
	}
	return err == nil, err
}

// letGo ends a hold whose nights were sold on another channel, in the moment that its payment came.
func (c *paymentCase) letGo(ctx context.Context) error {
	err := c.store.queries.EndSoldHold(ctx, c.tx, &dbgen.EndSoldHoldParams{
		ID: c.reservation.ID, Now: c.now, Change: c.change("sold_elsewhere").text()})
	c.status, c.verdict = booking.Expired, booking.VerdictTaken
	c.dispose()
	return err
}

// nothingNew spares the write of a report that was polled again.
func (c *paymentCase) nothingNew() bool {
	if c.stored == nil || c.again {
		return false
	}
	p := c.stored.Payment
	return p.Status == string(c.report.Status) && p.StatusDetail == c.report.StatusDetail && p.RefundedCentavos == c.refunded &&
		p.AmountCentavos == c.report.Amount.Centavos && p.ProviderUpdatedAt.Equal(c.report.UpdatedAt.Truncate(time.Microsecond)) &&
		p.Counted == c.counted && p.Disposition == string(c.disposition) &&
		(c.verdict == booking.VerdictSettled || p.Verdict == string(c.verdict))
}

// write puts down what was decided; a late payment that took its nights again is written already.
func (c *paymentCase) write(ctx context.Context, reached booking.Verdict, news bool) error {
	if reached == booking.VerdictLate {
		return nil
	}
	if err := c.storePayment(ctx, news); err != nil || c.reservation == nil {
		return err
	}
	return c.writeReservation(ctx, news)
}

// storePayment writes the payment as decided, the report, and what it says of a dispute.
func (c *paymentCase) storePayment(ctx context.Context, news bool) error {
	verdict := c.verdict
	if verdict == booking.VerdictSettled && c.stored != nil {
		verdict = booking.Verdict(c.stored.Payment.Verdict)
	}
	params := &dbgen.StorePaymentParams{
		ProviderID: c.report.ProviderID, Reference: c.report.Reference, Status: string(c.report.Status),
		StatusDetail: c.report.StatusDetail, AmountCentavos: c.report.Amount.Centavos, RefundedCentavos: c.refunded,
		ReturnedElsewhereCentavos: c.returnedElsewhere(), SurplusCentavos: c.surplus,
		Currency: c.report.Amount.Currency, CollectorOurs: c.report.CollectorOurs, Counted: c.counted, Verdict: string(verdict),
		Disposition: string(c.disposition), ProviderUpdatedAt: c.report.UpdatedAt, Now: c.now, Reached: string(c.verdict),
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
	return c.followDispute(ctx)
}

// followDispute writes down that a dispute began or ended.
func (c *paymentCase) followDispute(ctx context.Context) error {
	if !c.disputeMoves() || c.report.Amount.Centavos <= 0 {
		return nil
	}
	kind, outcome := c.disputeNow()
	decided := string(outcome)
	if outcome == booking.DisputeOpen {
		decided = "escalated"
	}
	ended, err := c.store.queries.DecideDispute(ctx, c.tx, &dbgen.DecideDisputeParams{
		ProviderID: c.report.ProviderID, Outcome: decided, At: c.report.UpdatedAt})
	if err != nil || outcome != booking.DisputeOpen && (ended > 0 || kind == "") {
		return err
	}
	c.disputeID, err = c.store.queries.OpenDispute(ctx, c.tx, &dbgen.OpenDisputeParams{
		ProviderID: c.report.ProviderID, Kind: kind, Outcome: string(outcome), At: c.report.UpdatedAt})
	return err
}

func (c *paymentCase) writeReservation(ctx context.Context, news bool) error {
	status := c.status
	if c.verdict == booking.VerdictConfirm {
		status = booking.Confirmed
	}
	ledger, err := c.store.queries.GetReservationMoney(ctx, c.tx, c.reservation.ID)
	if err != nil {
		return err
	}
	if status != c.status || ledger.KeptCentavos != c.reservation.PaidCentavos || ledger.PaymentStatus != c.reservation.PaymentStatus {
		if err := c.applyMoney(ctx, status, "payment_"+string(c.verdict)); err != nil {
			return err
		}
		c.status = status
		return nil
	}
	if !news {
		return nil
	}
	return c.store.queries.NoteBooking(ctx, c.tx, &dbgen.NoteBookingParams{
		ReservationID: c.reservation.ID, Kind: "payment_" + string(c.verdict), Change: mustJSON(c.change(""))})
}

// applyMoney brings the reservation in line with the ledger, from which its payment status and what is paid are derived.
func (c *paymentCase) applyMoney(ctx context.Context, status booking.Status, reason string) error {
	return c.store.queries.ApplyMoney(ctx, c.tx, &dbgen.ApplyMoneyParams{
		ID: c.reservation.ID, ReservationStatus: string(status), Now: c.now, Change: c.change(reason).text(),
	})
}

func (c *paymentCase) change(reason string) change {
	return change{By: c.by, Reason: reason, At: c.now, Details: map[string]any{
		"payment": c.report.ProviderID, "status": c.report.Status, "status_detail": c.report.StatusDetail,
		"amount_centavos": c.report.Amount.Centavos, "refunded_centavos": c.refunded, "currency": c.report.Amount.Currency,
		"disposition": c.disposition, "provider_updated_at": c.report.UpdatedAt,
	}}
}

func (c *paymentCase) settlement(verdict booking.Verdict, news bool) Settlement {
	settlement := Settlement{
		Verdict: verdict, Status: c.status, News: news, Amount: c.report.Amount, PaymentID: c.report.ProviderID, Case: c.caseOf(verdict),
		Returned: some(c.returnedElsewhere(), c.report.Amount.Currency),
	}
	if c.reservation == nil {
		return settlement
	}
	settlement.Code = c.reservation.Code
	if c.counted {
		settlement.Surplus = some(c.surplus, c.report.Amount.Currency)
	}
	if c.status == booking.Expired {
		settlement.AlsoDue = some(c.others.AvailableCentavos, c.reservation.Currency)
	}
	return settlement
}

// some is an amount, the zero Money when there is none.
func some(centavos int64, currency string) booking.Money {
	if centavos == 0 {
		return booking.Money{}
	}
	return money(centavos, currency)
}
