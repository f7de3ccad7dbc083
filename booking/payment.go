package booking

// ProviderStatus is the state of one payment at the payment provider; anything not listed is [ProviderUnknown].
type ProviderStatus string

// The provider's payment states (contracts of Mercado Pago, section B6).
const (
	ProviderPending     ProviderStatus = "pending"
	ProviderInProcess   ProviderStatus = "in_process"
	ProviderAuthorized  ProviderStatus = "authorized"
	ProviderApproved    ProviderStatus = "approved"
	ProviderRejected    ProviderStatus = "rejected"
	ProviderCancelled   ProviderStatus = "cancelled"
	ProviderRefunded    ProviderStatus = "refunded"
	ProviderChargedBack ProviderStatus = "charged_back"
	ProviderInMediation ProviderStatus = "in_mediation"
	ProviderUnknown     ProviderStatus = "unknown"
)

// Verdict is what a payment means for its reservation.
type Verdict string

// The verdicts. Only [VerdictConfirm] and [VerdictLate] can end in a confirmed stay.
const (
	VerdictWait     Verdict = "wait"     // not decided at the provider yet
	VerdictFailed   Verdict = "failed"   // rejected or cancelled at the provider: no money moved
	VerdictConfirm  Verdict = "confirm"  // the deposit is covered
	VerdictShort    Verdict = "short"    // money arrived, less than the deposit
	VerdictLate     Verdict = "late"     // covered, but the hold had expired: take the nights again or refund
	VerdictReturn   Verdict = "return"   // money that belongs to no live booking, or a surplus: refund it
	VerdictPark     Verdict = "park"     // does not match what was asked (currency, collector, reference, unknown status): a person decides
	VerdictReversed Verdict = "reversed" // refunded, charged back or undone at the provider
	VerdictSettled  Verdict = "settled"  // already counted, nothing to do
)

// PaymentFacts are what the verdict on one payment rests on. Amounts are of the provider's latest answer.
type PaymentFacts struct {
	Status         ProviderStatus
	Amount         Money
	ReferenceOurs  bool // external reference is this reservation's code
	CollectorOurs  bool // the money went to our account
	AlreadyCounted bool // this payment was counted before
	Reservation    Status
	Deposit        Money
	// PaidBefore is what other payments have brought to the reservation and not been returned.
	PaidBefore Money
}

// Judge says what a payment means. It is total: every combination has a verdict, and nothing but an approved, matching,
// sufficient payment can confirm.
func Judge(f PaymentFacts) Verdict {
	switch {
	case f.AlreadyCounted && (f.Status == ProviderRejected || f.Status == ProviderCancelled):
		return VerdictReversed // the money was here and is gone
	case !f.ReferenceOurs || !f.CollectorOurs || f.Amount.Currency != f.Deposit.Currency:
		if f.Status == ProviderRejected || f.Status == ProviderCancelled {
			return VerdictFailed
		}
		return VerdictPark
	case f.Status == ProviderPending || f.Status == ProviderInProcess || f.Status == ProviderAuthorized:
		return VerdictWait
	case f.Status == ProviderRejected || f.Status == ProviderCancelled:
		return VerdictFailed
	case f.Status == ProviderRefunded || f.Status == ProviderChargedBack:
		return VerdictReversed
	case f.Status != ProviderApproved || f.Amount.Centavos <= 0:
		return VerdictPark
	case f.AlreadyCounted:
		return VerdictSettled
	}
	return judgeApproved(f)
}

func judgeApproved(f PaymentFacts) Verdict {
	covered := !f.PaidBefore.Plus(f.Amount).Less(f.Deposit)
	switch f.Reservation {
	case PreReserved:
		if covered {
			return VerdictConfirm
		}
		return VerdictShort
	case Expired:
		if covered {
			return VerdictLate
		}
		return VerdictReturn
	case Confirmed, Completed, NoShow, Cancelled:
		return VerdictReturn
	}
	return VerdictPark
}

// LedgerStatus derives the payment status of a reservation from what was paid and returned.
func LedgerStatus(total, paid, returned Money) PaymentStatus {
	kept := paid.Minus(returned)
	switch {
	case paid.Centavos > 0 && kept.Centavos <= 0:
		return PaymentRefunded
	case kept.Centavos <= 0:
		return PaymentPending
	case kept.Less(total):
		return PaymentPartiallyPaid
	}
	return PaymentPaid
}
