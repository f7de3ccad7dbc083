package workflows

import (
	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// aftermath is what follows from looking at a payment: who is told, and why it is given back, if it is.
type aftermath struct {
	notices []NoticeInput
	refund  string
	// amount is the part that goes back; zero is all of it.
	amount booking.Money
	// offer asks for other nights before anything goes back.
	offer bool
}

// Reasons of refunds, part of their idempotency keys.
const (
	refundTaken     = "taken"     // paid late, and the nights are sold
	refundLate      = "late"      // paid after the end
	refundSurplus   = "surplus"   // paid more than once
	refundCancelled = "cancelled" // the reservation was cancelled
	refundShort     = "short"     // less than the deposit when the hold ended
)

// follows tells what a settlement leads to beside the change of status. It is pure: Booking and LatePayment act on it alike.
func (s Settlement) follows() aftermath {
	switch {
	case s.Verdict == booking.VerdictReturn:
		return aftermath{refund: s.refundReason()}
	case s.Verdict == booking.VerdictTaken:
		return aftermath{offer: true}
	case s.Verdict == booking.VerdictLate && s.Status != booking.Confirmed:
		return aftermath{refund: refundTaken}
	}
	next := aftermath{}
	if s.News {
		next.notices = s.news()
	}
	if s.Surplus.Centavos > 0 && s.keptMoney() {
		next.refund, next.amount = refundSurplus, s.Surplus
	}
	return next
}

// news are the notices of what was seen for the first time. A confirmation is told by the change of status.
func (s Settlement) news() []NoticeInput {
	unpaid := s.Status == booking.PreReserved || s.Status == booking.Expired
	switch s.Verdict {
	case booking.VerdictWait:
		if unpaid {
			return []NoticeInput{s.toGuest(NoticePending)}
		}
	case booking.VerdictFailed:
		if unpaid {
			return []NoticeInput{s.toGuest(NoticeRejected)}
		}
	case booking.VerdictShort:
		return []NoticeInput{s.toGuest(NoticeShort), s.toOwner()}
	case booking.VerdictCount:
		return []NoticeInput{s.toGuest(NoticeCounted), s.toOwner()}
	case booking.VerdictPark, booking.VerdictMediation, booking.VerdictChargeback, booking.VerdictLost, booking.VerdictRestored:
		// A dispute is between the payer, the bank and the owner: the guest who opened it hears of it there.
		return []NoticeInput{s.toOwner()}
	case booking.VerdictPart, booking.VerdictReversed:
		return s.takenBack()
	case booking.VerdictConfirm, booking.VerdictLate, booking.VerdictTaken, booking.VerdictReturn, booking.VerdictSettled:
	}
	return nil
}

// takenBack are the notices of money that went back without us. The guest is told when it was given to them.
func (s Settlement) takenBack() []NoticeInput {
	if s.Returned.Centavos > 0 {
		toGuest, toOwner := s.toGuest(NoticeReturned), s.toOwner()
		toGuest.Suffix += "/" + s.Case
		toGuest.Amount, toOwner.Amount = s.Returned, s.Returned
		return []NoticeInput{toGuest, toOwner}
	}
	if s.keptMoney() {
		return []NoticeInput{s.toOwner()}
	}
	return nil
}

// keptMoney reports whether a payment taken back hurts: on a reservation that ended unpaid or cancelled it was ours to return.
func (s Settlement) keptMoney() bool {
	return s.Status == booking.Confirmed || s.Status == booking.Completed || s.Status == booking.NoShow
}

func (s Settlement) refundReason() string {
	switch s.Status {
	case booking.Cancelled:
		return refundCancelled
	case booking.Confirmed, booking.Completed, booking.NoShow:
		return refundSurplus
	default:
		return refundLate
	}
}

// returned are the notices of money that went back.
func (s Settlement) returned(amount booking.Money) []NoticeInput {
	kind := NoticeLateRefund
	if s.keptMoney() {
		kind = NoticeSurplus
	}
	if s.Verdict != booking.VerdictTaken {
		s.Verdict = booking.VerdictReturn // a surplus is of a payment that also confirmed
	}
	toGuest, toOwner := s.toGuest(kind), s.toOwner()
	toGuest.Amount, toOwner.Amount = amount, amount
	return []NoticeInput{toGuest, toOwner}
}

// giveBack returns the payment, or amount of it, for as long as it takes, and tells both sides: at once, and again when the money
// is there if the provider takes its time.
func (s Settlement) giveBack(ctx workflow.Context, reason string, amount booking.Money, tell func(...NoticeInput)) error {
	late := false
	refund, err := returnPayment(ctx, RefundInput{Code: s.Code, PaymentID: s.PaymentID, Amount: amount, Reason: reason}, func(begun RefundResult) {
		late = true
		tell(s.returned(begun.Amount)...)
	})
	switch {
	case err != nil || refund.Amount.Centavos <= 0: // nothing was left: it went back another way, which is told as such
		return err
	case late:
		done := s.toGuest(NoticeRefundDone)
		done.Amount = refund.Amount
		tell(done)
	default:
		tell(s.returned(refund.Amount)...)
	}
	return nil
}

// stuck is the notice of money that could not go back: a person decides.
func (s Settlement) stuck() NoticeInput {
	s.Verdict, s.Case = booking.VerdictPark, ""
	return s.toOwner()
}

// lateConfirmed are the notices of a late payment that took the nights again.
func (s Settlement) lateConfirmed() []NoticeInput {
	s.Verdict, s.Case = booking.VerdictLate, ""
	return []NoticeInput{s.toGuest(NoticeLateConfirmed), s.toOwner()}
}

func (s Settlement) toGuest(kind NoticeKind) NoticeInput {
	return NoticeInput{Code: s.Code, Kind: kind, Suffix: s.PaymentID, PaymentID: s.PaymentID, Amount: s.Amount}
}

// toOwner names the case in the key: one payment can first be late and later be charged back.
func (s Settlement) toOwner() NoticeInput {
	notice := NoticeInput{
		Code: s.Code, Kind: NoticeOwnerPayment, Suffix: s.PaymentID + "/" + string(s.Verdict),
		PaymentID: s.PaymentID, Amount: s.Amount, Verdict: s.Verdict,
	}
	if s.Case != "" {
		notice.Suffix += "/" + s.Case
	}
	return notice
}
