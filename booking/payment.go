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

// The verdicts. Only [VerdictConfirm], [VerdictLate] and, when the guest takes what is offered, [VerdictTaken] can end in a
// confirmed stay.
const (
	VerdictWait     Verdict = "wait"     // not decided at the provider yet
	VerdictFailed   Verdict = "failed"   // rejected or cancelled at the provider: no money moved
	VerdictConfirm  Verdict = "confirm"  // the deposit is covered
	VerdictShort    Verdict = "short"    // money arrived, less than the deposit
	VerdictLate     Verdict = "late"     // covered, but the hold had expired: take the nights again or refund
	VerdictReturn   Verdict = "return"   // money that belongs to no live booking, or a surplus: refund it
	VerdictPark     Verdict = "park"     // does not match what was asked (currency, collector, reference, unknown status): a person decides
	VerdictReversed Verdict = "reversed" // refunded or undone at the provider
	VerdictSettled  Verdict = "settled"  // already counted, nothing to do

	VerdictCount Verdict = "count" // towards the price of a stay that is confirmed already
	VerdictTaken Verdict = "taken" // covered, but the nights are somebody else's: offer others or refund
	VerdictPart  Verdict = "part"  // part of a counted payment went back at the provider

	VerdictMediation  Verdict = "mediation"   // the payer complains: the provider keeps the money until it is decided
	VerdictChargeback Verdict = "charge_back" // the bank took the money back, not for good yet
	VerdictLost       Verdict = "lost"        // the dispute is lost: the money is gone
	VerdictRestored   Verdict = "restored"    // the dispute is won: the money counts again
)

// Verdicts lists every verdict.
var Verdicts = []Verdict{
	VerdictWait, VerdictFailed, VerdictConfirm, VerdictShort, VerdictLate, VerdictReturn, VerdictPark, VerdictReversed, VerdictSettled,
	VerdictCount, VerdictTaken, VerdictPart, VerdictMediation, VerdictChargeback, VerdictLost, VerdictRestored,
}

// Dispute is where a payer's disagreement about a payment stands, in the words of the payment gateway.
type Dispute string

// The stages of a dispute. DisputeOpen withholds the money.
const (
	DisputeNone Dispute = ""
	DisputeOpen Dispute = "open"
	DisputeLost Dispute = "lost"
	DisputeWon  Dispute = "won"
)

// PaymentFacts are what the verdict on one payment rests on. Amounts are of the provider's latest answer.
type PaymentFacts struct {
	Status ProviderStatus
	// Dispute is where a chargeback or mediation stands now; WasDisputed says that one was not won so far as we knew.
	Dispute        Dispute
	WasDisputed    bool
	Amount         Money
	ReferenceOurs  bool // external reference is this reservation's code
	CollectorOurs  bool // the money went to our account
	AlreadyCounted bool // this payment was counted before
	// MoreReturned says that more of a counted payment went back than we knew of and had asked for.
	MoreReturned bool
	Reservation  Status
	Deposit      Money
	Total        Money
	// PaidBefore is what other payments have brought to the reservation and not been returned.
	PaidBefore Money
	// BalanceAsked says that the rest of the price of a confirmed stay is being asked for.
	BalanceAsked bool
}

// Judge says what a payment means. It is total: every combination has a verdict, and nothing but an approved, matching,
// sufficient payment can confirm.
func Judge(f PaymentFacts) Verdict {
	gone := f.Status == ProviderRejected || f.Status == ProviderCancelled
	ours := f.ReferenceOurs && f.CollectorOurs && f.Amount.Currency == f.Deposit.Currency
	won := f.Status == ProviderChargedBack && f.Dispute == DisputeWon
	switch {
	case f.AlreadyCounted && gone:
		return VerdictReversed // the money was here and is gone
	case gone:
		return VerdictFailed
	case !ours:
		return VerdictPark
	case f.Status == ProviderPending || f.Status == ProviderInProcess || f.Status == ProviderAuthorized:
		return VerdictWait
	case f.Status == ProviderRefunded:
		return VerdictReversed
	case f.Status == ProviderInMediation:
		return VerdictMediation
	case f.Status == ProviderChargedBack && f.Dispute == DisputeLost:
		return VerdictLost
	case f.Status == ProviderChargedBack && !won:
		return VerdictChargeback
	case f.Status != ProviderApproved && !won || f.Amount.Centavos <= 0 && !f.AlreadyCounted:
		return VerdictPark
	case f.AlreadyCounted && f.WasDisputed:
		return VerdictRestored
	case f.AlreadyCounted && f.MoreReturned:
		return VerdictPart
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
	case Confirmed:
		if f.asked() {
			return VerdictCount
		}
		return VerdictReturn
	case Completed, NoShow, Cancelled:
		return VerdictReturn
	}
	return VerdictPark
}

// asked reports whether a confirmed stay still waits for money: its deposit, when the owner confirmed without it or it went
// back, or the rest of the price when that is asked for. A second payment of a deposit is neither.
func (f PaymentFacts) asked() bool {
	return f.PaidBefore.Less(f.Deposit) || f.BalanceAsked && f.PaidBefore.Less(f.Total)
}

// Surplus is what a counted payment brings above the total of its reservation, never more than the payment.
func (f PaymentFacts) Surplus() Money {
	over := f.PaidBefore.Plus(f.Amount).Minus(f.Total)
	switch {
	case over.Centavos <= 0:
		return Money{Currency: over.Currency}
	case f.Amount.Less(over):
		return f.Amount
	}
	return over
}
