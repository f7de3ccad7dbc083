package workflows

import "cabanas/booking"

// RefundOrder is money of a reservation that goes back for one reason; Code is filled in by the workflow.
type RefundOrder struct {
	Code   string        `json:"code"`
	Amount booking.Money `json:"amount"`
	// Reason is a word of ours, unique for one order of a reservation: it is part of the idempotency key at the provider.
	Reason string `json:"reason"`
	// Ask is true when the owner has to let it go first.
	Ask bool `json:"ask,omitempty"`
	// Whole refuses an order of more than is left, with nothing planned. StaffID names the account of staff that ordered it.
	Whole   bool  `json:"whole,omitempty"`
	StaffID int64 `json:"staff_id,omitempty"`
}

// RefundPlan is how an order is spread over payments, the newest first.
type RefundPlan struct {
	Parts []RefundInput `json:"parts,omitempty"`
	// Amount is what the parts add up to. It is less than the order when money is disputed, or went back another way.
	Amount booking.Money `json:"amount,omitzero"`
	// Awaits is true while the owner has not decided; Kept when the owner decided to keep the money.
	Awaits bool `json:"awaits,omitempty"`
	Kept   bool `json:"kept,omitempty"`
}

// RefundDecisionInput records a decision on a refund that waits for one.
type RefundDecisionInput struct {
	Code    string        `json:"code"`
	Reason  string        `json:"reason"`
	Approve bool          `json:"approve"`
	By      booking.Actor `json:"by"`
	StaffID int64         `json:"staff_id,omitempty"`
}

// RefundDecided is the decision that stands, which can be an earlier one.
type RefundDecided struct {
	Approved bool `json:"approved"`
}

// RefundDecision is the owner's answer to UpdateDecide. StaffID is 0 when it came from the owner's phone.
type RefundDecision struct {
	Approve bool  `json:"approve"`
	StaffID int64 `json:"staff_id,omitempty"`
}

// RefundRequest asks UpdateRefund to give part of the money of a running booking back. Reason is as of [RefundOrder].
type RefundRequest struct {
	Amount  booking.Money `json:"amount"`
	Reason  string        `json:"reason"`
	StaffID int64         `json:"staff_id"`
}
