package workflows

import (
	"cabanas/booking"
)

// aftermath is what follows from looking at a payment: who is told, and why it is given back, if it is.
type aftermath struct {
	notices []NoticeInput
	refund  string
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
	unpaid := s.Status == booking.PreReserved || s.Status == booking.Expired
	switch {
	case s.Verdict == booking.VerdictReturn:
		return aftermath{refund: s.refundReason()}
	case s.Verdict == booking.VerdictLate && s.Status != booking.Confirmed:
		return aftermath{refund: refundTaken}
	case !s.News:
		return aftermath{}
	case s.Verdict == booking.VerdictWait && unpaid:
		return aftermath{notices: []NoticeInput{s.toGuest(NoticePending)}}
	case s.Verdict == booking.VerdictFailed && unpaid:
		return aftermath{notices: []NoticeInput{s.toGuest(NoticeRejected)}}
	case s.Verdict == booking.VerdictShort:
		return aftermath{notices: []NoticeInput{s.toGuest(NoticeShort), s.toOwner()}}
	case s.Verdict == booking.VerdictPark, s.Verdict == booking.VerdictReversed && s.keptMoney():
		return aftermath{notices: []NoticeInput{s.toOwner()}}
	}
	return aftermath{}
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
	toGuest, toOwner := s.toGuest(kind), s.toOwner()
	toGuest.Amount, toOwner.Amount = amount, amount
	return []NoticeInput{toGuest, toOwner}
}

// stuck is the notice of money that could not go back: a person decides.
func (s Settlement) stuck() NoticeInput {
	s.Verdict = booking.VerdictPark
	return s.toOwner()
}

// lateConfirmed are the notices of a late payment that took the nights again.
func (s Settlement) lateConfirmed() []NoticeInput {
	s.Verdict = booking.VerdictLate
	return []NoticeInput{s.toGuest(NoticeLateConfirmed), s.toOwner()}
}

func (s Settlement) toGuest(kind NoticeKind) NoticeInput {
	return NoticeInput{Code: s.Code, Kind: kind, Suffix: s.PaymentID, PaymentID: s.PaymentID, Amount: s.Amount}
}

// toOwner names the case in the key: one payment can first be late and later be charged back.
func (s Settlement) toOwner() NoticeInput {
	return NoticeInput{
		Code: s.Code, Kind: NoticeOwnerPayment, Suffix: s.PaymentID + "/" + string(s.Verdict),
		PaymentID: s.PaymentID, Amount: s.Amount, Verdict: s.Verdict,
	}
}
