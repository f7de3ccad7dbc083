package postgres

import (
	"strconv"
	"strings"

	"cabanas/booking"
)

// judge decides what the report means and what is to become of the money.
func (c *paymentCase) judge() {
	// What was counted stays what it is: a provider that now names another amount is for a person to ask.
	changedAmount := c.counted && c.report.Amount != money(c.stored.Payment.AmountCentavos, c.stored.Payment.Currency)
	if changedAmount {
		c.report.Amount = money(c.stored.Payment.AmountCentavos, c.stored.Payment.Currency)
	}
	amount := max(c.report.Amount.Centavos, 0)
	onItsWay, known := int64(0), int64(0)
	c.refunded = min(max(c.report.RefundedAmount.Centavos, 0), amount)
	if c.report.Status == booking.ProviderRefunded {
		c.refunded = amount
	}
	if c.stored != nil {
		onItsWay, known = c.stored.ReturningCentavos, c.stored.Payment.ReturnedElsewhereCentavos
	}
	c.elsewhere = max(c.refunded-onItsWay, 0)
	if c.stored != nil {
		c.refunded = min(max(c.refunded, c.stored.ReturnedCentavos), amount)
	}
	facts := c.facts(amount - max(c.refunded, onItsWay))
	facts.MoreReturned = c.elsewhere > known
	c.verdict = booking.Judge(facts)
	switch {
	case changedAmount:
		c.verdict = booking.VerdictPark
	case onItsWay > 0 && !c.counted && c.report.Status == booking.ProviderApproved:
		// We decided to give it back and the provider may have begun: no second thoughts, whatever is free now.
		c.verdict = booking.VerdictReturn
	case onItsWay >= amount && amount > 0 && c.report.Status == booking.ProviderRefunded:
		c.verdict = booking.VerdictSettled // our own refund, reported back
	case c.verdict == booking.VerdictLate && c.around.OfferedPayment != "" && c.around.OfferedPayment != c.report.ProviderID:
		c.verdict = booking.VerdictReturn // the guest is being offered other nights for the money of another payment
	}
	c.again = c.disputeMoves() || (c.verdict == booking.VerdictPart || c.verdict == booking.VerdictReversed) && c.elsewhere > known
	switch c.verdict {
	case booking.VerdictConfirm, booking.VerdictLate, booking.VerdictCount:
		c.surplus = facts.Surplus().Centavos
	}
	c.dispose()
	if c.takenBack() {
		c.refunded = amount
	}
	if c.refunded == amount && amount > 0 && (c.disposition == DispositionToRefund || c.disposition == DispositionApplied) {
		c.disposition = DispositionRefunded
	}
}

// dispose says where the money of the verdict is.
func (c *paymentCase) dispose() {
	switch c.verdict {
	case booking.VerdictConfirm, booking.VerdictShort, booking.VerdictLate, booking.VerdictCount, booking.VerdictRestored:
		c.counted, c.disposition = true, DispositionApplied
	case booking.VerdictSettled, booking.VerdictPart:
		c.disposition = c.settledDisposition()
	case booking.VerdictReversed, booking.VerdictChargeback, booking.VerdictLost:
		c.disposition = DispositionReversed
	case booking.VerdictReturn:
		c.disposition = DispositionToRefund
	case booking.VerdictTaken:
		c.counted, c.surplus, c.disposition = false, 0, DispositionToRefund
		if c.around.OfferedPayment == c.report.ProviderID {
			c.disposition = DispositionOffered
		}
	case booking.VerdictPark, booking.VerdictMediation:
		c.disposition = DispositionParked
	case booking.VerdictFailed:
		c.disposition = DispositionFailed
	case booking.VerdictWait:
		c.disposition = DispositionOpen
	}
}

// takenBack reports whether all of the payment is gone, held back or for good. A mediation only withholds it.
func (c *paymentCase) takenBack() bool {
	switch c.verdict {
	case booking.VerdictReversed, booking.VerdictChargeback, booking.VerdictLost:
		return true
	}
	return false
}

func (c *paymentCase) facts(available int64) booking.PaymentFacts {
	facts := booking.PaymentFacts{
		Status: c.report.Status, Dispute: c.report.Dispute, Amount: money(available, c.report.Amount.Currency), CollectorOurs: c.report.CollectorOurs,
		AlreadyCounted: c.counted, Reservation: c.status,
	}
	if c.stored != nil {
		facts.WasDisputed = strings.HasSuffix(c.stored.Dispute, "/open") || strings.HasSuffix(c.stored.Dispute, "/lost")
	}
	if c.reservation == nil {
		return facts
	}
	// A payment that was counted for one reservation cannot become another's by a changed reference.
	facts.ReferenceOurs = c.stored == nil || c.stored.Payment.ReservationID == nil || *c.stored.Payment.ReservationID == c.reservation.ID
	facts.Deposit = money(c.reservation.DepositCentavos, c.reservation.Currency)
	facts.Total = money(c.reservation.TotalCentavos, c.reservation.Currency)
	facts.PaidBefore = money(c.others.AvailableCentavos, c.reservation.Currency)
	facts.BalanceAsked = c.around.BalanceAsked
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

// disputeMoves reports whether the report opens, escalates or decides a dispute.
func (c *paymentCase) disputeMoves() bool {
	kind, outcome := c.disputeNow()
	if outcome == "" {
		return false
	}
	before, open := "", false
	if c.stored != nil {
		before, open = c.stored.Dispute, strings.HasSuffix(c.stored.Dispute, "/open")
	}
	switch outcome {
	case booking.DisputeOpen:
		return before != kind+"/open"
	case booking.DisputeLost:
		return open || c.verdict == booking.VerdictLost && !strings.HasSuffix(before, "/lost")
	}
	return open || strings.HasSuffix(before, "/lost")
}

// disputeNow is what the verdict says of a dispute: its kind when one is meant, and where it stands. "" says nothing of any.
func (c *paymentCase) disputeNow() (kind string, outcome booking.Dispute) {
	switch c.verdict {
	case booking.VerdictMediation:
		return "mediation", booking.DisputeOpen
	case booking.VerdictChargeback:
		return "chargeback", booking.DisputeOpen
	case booking.VerdictLost:
		return "chargeback", booking.DisputeLost
	case booking.VerdictReversed:
		return "", booking.DisputeLost
	case booking.VerdictPark, booking.VerdictWait, booking.VerdictFailed:
		return "", booking.DisputeNone
	}
	if c.report.Status == booking.ProviderApproved || c.report.Dispute == booking.DisputeWon {
		return "", booking.DisputeWon
	}
	return "", booking.DisputeNone
}

// caseOf tells apart what can happen to one payment more than once: a second dispute, another part given back.
func (c *paymentCase) caseOf(verdict booking.Verdict) string {
	switch verdict {
	case booking.VerdictMediation, booking.VerdictChargeback, booking.VerdictLost, booking.VerdictRestored:
		return strconv.FormatInt(c.disputeID, 10)
	case booking.VerdictPart, booking.VerdictReversed:
		return strconv.FormatInt(c.returnedElsewhere(), 10)
	}
	return ""
}

func (c *paymentCase) returnedElsewhere() int64 {
	if c.stored != nil {
		return max(c.elsewhere, c.stored.Payment.ReturnedElsewhereCentavos)
	}
	return c.elsewhere
}
