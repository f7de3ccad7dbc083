package workflows

import (
	"time"

	"cabanas/booking"
)

// UpdateAnswerAlternative tells a Booking, or the LatePayment of a closed one, what the guest says to the nights that were offered.
const UpdateAnswerAlternative = "answer_alternative"

// AlternativeAnswer is the guest's yes or no to the nights offered instead of those that were sold.
type AlternativeAnswer struct {
	Accept bool `json:"accept"`
}

// AlternativeInput names the payment for which other nights are looked for, taken or let go.
type AlternativeInput struct {
	Code      string `json:"code"`
	PaymentID string `json:"payment_id"`
	// End says why nights that were offered are let go: AlternativeDeclined or AlternativeLapsed.
	End AlternativeState `json:"end,omitempty"`
}

// AlternativeState is what became of nights that were offered; "" says that none were.
type AlternativeState string

// The states of an offer; the same words as in the database.
const (
	AlternativeOpen      AlternativeState = "open"
	AlternativeAccepted  AlternativeState = "accepted"
	AlternativeDeclined  AlternativeState = "declined"
	AlternativeLapsed    AlternativeState = "lapsed"
	AlternativeWithdrawn AlternativeState = "withdrawn" // the old nights came free and were taken again
)

// AlternativeOffer is what is held for a guest until an instant.
type AlternativeOffer struct {
	State     AlternativeState `json:"state,omitempty"`
	UnitName  string           `json:"unit_name,omitempty"`
	Stay      booking.Stay     `json:"stay,omitzero"`
	ExpiresAt time.Time        `json:"expires_at,omitzero"`
}

// DayComparison is how the totals of a day at the provider compare with the ledger.
type DayComparison struct {
	Day booking.Date `json:"day"`
	// Differing payments were handed on; Tell is true once they differ for longer than settling them can take.
	Differing  int           `json:"differing"`
	Difference booking.Money `json:"difference,omitzero"`
	Tell       bool          `json:"tell,omitempty"`
}

// DayComparisons is the outcome of CompareDays.
type DayComparisons struct {
	Days []DayComparison `json:"days,omitempty"`
}

// Notices about money beyond those of contracts.go.
const (
	NoticeAlternative      NoticeKind = "alternative"       // other nights at the same price, with a deadline
	NoticeCounted          NoticeKind = "payment_counted"   // money towards a stay that is confirmed
	NoticeReturned         NoticeKind = "payment_returned"  // given back in the provider's panel
	NoticeOwnerAlternative NoticeKind = "owner_alternative" // nights are held for an answer
	NoticeOwnerLedger      NoticeKind = "owner_ledger"      // a day's totals differ from the provider's
)

var (
	offerAlternative  = activity[AlternativeInput, AlternativeOffer]{"OfferAlternative"}
	acceptAlternative = activity[AlternativeInput, ReservationChange]{"AcceptAlternative"}
	endAlternative    = activity[AlternativeInput, AlternativeOffer]{"EndAlternative"}
	compareDays       = activity[Done, DayComparisons]{"CompareDays"}
)
