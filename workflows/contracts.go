package workflows

import (
	"time"

	"cabanas/booking"
)

// BookingInput starts a Booking workflow. Durations come from the settings of the process that starts it, so that a
// running booking keeps the terms it was made under.
type BookingInput struct {
	Code            string          `json:"code"`
	AccommodationID int64           `json:"accommodation_id"`
	UnitName        string          `json:"unit_name"`
	Stay            booking.Stay    `json:"stay"`
	Guests          int             `json:"guests"`
	GuestID         int64           `json:"guest_id"`
	Channel         booking.Channel `json:"channel"`
	// TokenHash is the hash of the guest's secret; the secret itself stays at the edge that shows it.
	TokenHash []byte `json:"token_hash,omitempty"`
	// ClientHash is a keyed hash of the network address that asks for the hold. The insert refuses a hold beyond HoldsPerPhone or
	// HoldsPerAddress unpaid ones; 0 is no limit.
	ClientHash      []byte `json:"client_hash,omitempty"`
	HoldsPerPhone   int    `json:"holds_per_phone,omitempty"`
	HoldsPerAddress int    `json:"holds_per_address,omitempty"`

	HoldFor   time.Duration `json:"hold_for"`
	Extension time.Duration `json:"extension"`
	Grace     time.Duration `json:"grace"`
	// Resume continues a reservation that is confirmed already: its first workflow had ended when a late payment took the nights again.
	Resume bool `json:"resume,omitempty"`
}

// BookingResult is how a booking ended.
type BookingResult struct {
	Status  booking.Status `json:"status,omitempty"`
	Refusal booking.Code   `json:"refusal,omitempty"`
}

// HoldOutcome answers UpdateHold: placed, or refused with a code.
type HoldOutcome struct {
	Placed  bool         `json:"placed"`
	Refusal booking.Code `json:"refusal,omitempty"`
	// PaymentURL is empty when the payment provider did not answer in time: the link then follows by message.
	PaymentURL string `json:"payment_url,omitempty"`
}

// CancelRequest asks UpdateCancel to end a booking.
type CancelRequest struct {
	By     booking.Actor `json:"by"`
	Reason string        `json:"reason,omitempty"` // a closed set of ours, never free text of a person
	// Refund is what an owner gives back, everything when empty; StaffID names the account that decided.
	Refund  booking.RefundChoice `json:"refund,omitempty"`
	StaffID int64                `json:"staff_id,omitempty"`
}

// ChangeOutcome answers UpdateCancel, UpdateExtend and UpdateConfirm.
type ChangeOutcome struct {
	Done      bool           `json:"done"`
	Refusal   booking.Code   `json:"refusal,omitempty"`
	Status    booking.Status `json:"status"`
	ExpiresAt time.Time      `json:"expires_at,omitzero"`
	Refund    booking.Money  `json:"refund,omitzero"`
}

// ConfirmRequest is the owner's decision to confirm without the provider's money; By names the staff account.
type ConfirmRequest struct {
	StaffID int64 `json:"staff_id"`
}

// PaymentSignal hints that something happened to a payment at the provider. It is never trusted, only followed up.
type PaymentSignal struct {
	PaymentID string `json:"payment_id"`
}

// BookingState answers QueryState.
type BookingState struct {
	Status    booking.Status `json:"status"`
	WaitsFor  string         `json:"waits_for"`
	ExpiresAt time.Time      `json:"expires_at,omitzero"`
}

// Reservation activities.

// HoldPlaced is the outcome of PlaceHold.
type HoldPlaced struct {
	ExpiresAt time.Time `json:"expires_at"`
}

// ReservationRef names a reservation.
type ReservationRef struct {
	Code string `json:"code"`
}

// ReservationChange is the outcome of a conditional change: what the row says now, and whether this call changed it.
type ReservationChange struct {
	Changed   bool           `json:"changed"`
	Status    booking.Status `json:"status"`
	ExpiresAt time.Time      `json:"expires_at,omitzero"`
	// RefundDue is what the cancellation policy gives back of what was paid.
	RefundDue booking.Money `json:"refund_due,omitzero"`
	// AskOwner says that the sum is one that the owner lets go first.
	AskOwner bool `json:"ask_owner,omitempty"`
}

// CancelInput cancels a reservation.
type CancelInput struct {
	Code   string        `json:"code"`
	By     booking.Actor `json:"by"`
	Reason string        `json:"reason,omitempty"`
	// Refund and StaffID are of an owner's cancellation.
	Refund  booking.RefundChoice `json:"refund,omitempty"`
	StaffID int64                `json:"staff_id,omitempty"`
}

// ExtendInput moves the deadline of a hold once.
type ExtendInput struct {
	Code  string    `json:"code"`
	Until time.Time `json:"until"`
}

// OwnerConfirmInput confirms by the owner's decision.
type OwnerConfirmInput struct {
	Code    string `json:"code"`
	StaffID int64  `json:"staff_id"`
}

// StayTimes are the instants a confirmed stay is accompanied at, in the property's zone.
type StayTimes struct {
	Arrival   time.Time `json:"arrival_message"`
	Departure time.Time `json:"departure"`
	// CheckIn is when the stay begins; Balance is what is done about the rest of the price until then, in order.
	CheckIn time.Time     `json:"check_in,omitzero"`
	Balance []BalanceStep `json:"balance,omitempty"`
}

// Payment activities.

// LinkInput asks for a payment link; Attempt counts those of one kind and grows when the terms change (extension).
type LinkInput struct {
	Code string `json:"code"`
	// Kind is [booking.LinkDeposit] when empty.
	Kind    booking.LinkKind `json:"kind,omitempty"`
	Attempt int              `json:"attempt"`
	// Until ends a link of another kind; the link of a deposit ends with the hold.
	Until time.Time `json:"until,omitzero"`
}

// LinkResult is a payment link.
type LinkResult struct {
	URL string `json:"url"`
	// Until is when it ends by itself.
	Until time.Time `json:"until,omitzero"`
}

// LinkCloseInput ends open payment links of a reservation: those of Kind, or of every kind when it is empty.
type LinkCloseInput struct {
	Code string           `json:"code"`
	Kind booking.LinkKind `json:"kind,omitempty"`
	// Before spares the attempts from this one on; 0 spares none.
	Before int `json:"before,omitempty"`
}

// SettleInput names a payment to look up; Code is a hint and may be empty.
type SettleInput struct {
	PaymentID string `json:"payment_id"`
	Code      string `json:"code,omitempty"`
}

// Settlement is what looking at a payment changed.
type Settlement struct {
	PaymentID string          `json:"payment_id"`
	Code      string          `json:"code,omitempty"` // whose payment it is by its reference; empty when nobody's
	Verdict   booking.Verdict `json:"verdict"`
	// Status of the reservation after the settlement, read in the same transaction.
	Status booking.Status `json:"status,omitempty"`
	// News is true the first time this verdict is reached for this payment: people are told once.
	News   bool          `json:"news"`
	Amount booking.Money `json:"amount,omitzero"`
	// LinkClosed is true when the settlement confirmed and nothing can be paid with any more.
	LinkClosed bool `json:"link_closed,omitempty"`
	// Case tells apart what can happen to one payment more than once: a second dispute, another part given back.
	Case string `json:"case,omitempty"`
	// Surplus is what a counted payment brought above the price: it goes back.
	Surplus booking.Money `json:"surplus,omitzero"`
	// Returned is what somebody else than we gave back of the payment in all.
	Returned booking.Money `json:"returned,omitzero"`
	// AlsoDue is what other payments of an expired reservation still hold.
	AlsoDue booking.Money `json:"also_due,omitzero"`
}

// Settlements is the outcome of SweepPayments.
type Settlements struct {
	Items []Settlement `json:"items,omitempty"`
}

// RefundInput returns a payment; a zero Amount means all of it that was not returned yet.
type RefundInput struct {
	Code      string        `json:"code,omitempty"`
	PaymentID string        `json:"payment_id"`
	Amount    booking.Money `json:"amount,omitzero"`
	Reason    string        `json:"reason"` // part of the idempotency key: late, surplus, cancelled, short, taken
}

// RefundResult says what was returned.
type RefundResult struct {
	Amount booking.Money `json:"amount,omitzero"`
	// InProcess is true while the provider is at it: look again, it can still fail.
	InProcess bool `json:"in_process,omitempty"`
}

// ForwardResult says whether a running Booking workflow took a payment signal.
type ForwardResult struct {
	Delivered bool `json:"delivered"`
}

// Notices.

// NoticeKind names a message that a booking sends by itself; the key of its one sending is <code>/<kind>[/<payment id or attempt>].
type NoticeKind string

// Notices to the guest, then to the owner.
const (
	NoticeHold          NoticeKind = "hold"           // nights held, link, deadline
	NoticeHalfTime      NoticeKind = "hold_half_time" // half the hold is over
	NoticeLastCall      NoticeKind = "hold_last_call" // it ends soon
	NoticeExpired       NoticeKind = "hold_expired"
	NoticeExtended      NoticeKind = "hold_extended"
	NoticeConfirmed     NoticeKind = "confirmed"
	NoticeLateConfirmed NoticeKind = "late_confirmed" // paid late, nights taken again
	NoticeLateRefund    NoticeKind = "late_refund"    // paid late, nights sold: money goes back
	NoticeSurplus       NoticeKind = "surplus_refund"
	NoticeShort         NoticeKind = "payment_short"
	NoticePending       NoticeKind = "payment_pending"
	NoticeRejected      NoticeKind = "payment_rejected"
	NoticeCancelled     NoticeKind = "cancelled"
	NoticeRefundSent    NoticeKind = "refund_sent" // on its way, the provider takes its time
	NoticeRefundDone    NoticeKind = "refund_done"
	NoticeRefundRefused NoticeKind = "refund_refused" // by the owner
	NoticeArrival       NoticeKind = "arrival"
	NoticeThanks        NoticeKind = "thanks"

	NoticeOwnerConfirmed NoticeKind = "owner_confirmed"
	NoticeOwnerCancelled NoticeKind = "owner_cancelled"
	NoticeOwnerRefundAsk NoticeKind = "owner_refund_ask"   // may this sum go back?
	NoticeOwnerRefundDue NoticeKind = "owner_refund_due"   // the question again
	NoticeOwnerRefundGo  NoticeKind = "owner_refund_goes"  // nobody answered: it goes back
	NoticeOwnerPayment   NoticeKind = "owner_payment_case" // short, parked, late or surplus money: what happened and what was done
	NoticeOwnerHandOver  NoticeKind = "owner_hand_over"
	NoticeOwnerReceipt   NoticeKind = "owner_receipt"     // a guest sent what may be a transfer receipt: not verified
	NoticeOwnerUnsent    NoticeKind = "owner_undelivered" // a message cannot reach a guest
	NoticeOwnerAccount   NoticeKind = "owner_account"     // WhatsApp refuses the account or its token

	NoticeOwnerConflict   NoticeKind = "owner_calendar_conflict"   // another channel closed nights that we sold
	NoticeOwnerQuarantine NoticeKind = "owner_calendar_quarantine" // a feed changed so much that somebody has to look
	NoticeOwnerStale      NoticeKind = "owner_calendar_stale"      // a feed gave no good answer for too long
	NoticeOwnerWell       NoticeKind = "owner_calendar_well"       // it does again
)

// NoticeInput sends a notice about a reservation. Suffix makes the key unique where a kind can happen more than once.
type NoticeInput struct {
	Code      string        `json:"code"`
	Kind      NoticeKind    `json:"kind"`
	Suffix    string        `json:"suffix,omitempty"`
	PaymentID string        `json:"payment_id,omitempty"`
	Amount    booking.Money `json:"amount,omitzero"`
	// Verdict says to the owner which payment case this is; [booking.VerdictPark] asks for a person.
	Verdict booking.Verdict `json:"verdict,omitempty"`
}

// NoticesInput sends several notices in one activity, in order.
type NoticesInput struct {
	Notices []NoticeInput `json:"notices"`
}

// Conversation.

// ConversationInput starts or continues a Conversation workflow.
type ConversationInput struct {
	V       int   `json:"v"`
	GuestID int64 `json:"guest_id"`
	// Idle ends the workflow after this long without a message.
	Idle time.Duration `json:"idle"`
	// Pending counts signals that arrived and were not worked off when the run was continued as new.
	Pending int `json:"pending,omitempty"`
	// ContinueAfter continues the run as new after this many handled signals; 0 means the default.
	ContinueAfter int `json:"continue_after,omitempty"`
	// BackAt is when the bot answers again although a person has taken over; zero when nobody has, or without end.
	BackAt time.Time `json:"back_at,omitzero"`
	// Recent are the instants of the last turns, oldest first, by which a flood is known.
	Recent []time.Time `json:"recent,omitempty"`
}

// MessageSignal says that a message of the guest waits in the database. The id is for people reading the history: turns
// are taken oldest message first, whatever the order of signals.
type MessageSignal struct {
	MessageID int64 `json:"message_id"`
	// Settle is how long the guest may still be writing the rest of what they want to say; 0 is answered at once.
	Settle time.Duration `json:"settle,omitempty"`
	// Free is true for what a guest writes or sends freely, which may wait when they send very much. The press of a button, false,
	// never waits.
	Free bool `json:"free,omitempty"`
}

// TurnInput asks for the next turn of a conversation.
//
// The worker may die between the stored turn and Temporal's record of it, and asks again: a turn that was not worked off is
// returned again before a new one is taken.
type TurnInput struct {
	GuestID int64 `json:"guest_id"`
	// Unheard names a voice message whose transcription was given up: its turn is decided without.
	Unheard int64 `json:"unheard,omitempty"`
	// Flood says that the guest sends more than anybody can mean: only the last of their waiting words are read.
	Flood bool `json:"flood,omitempty"`
}

// Turn is a stored decision: messages to deliver and effects to carry out.
type Turn struct {
	// MessageID is the inbound message this turn answers; 0 when none was waiting.
	MessageID int64 `json:"message_id"`
	// Merged names earlier messages that this turn answers along.
	Merged []int64 `json:"merged,omitempty"`
	// Deliver names outbound messages, in order.
	Deliver []int64 `json:"deliver,omitempty"`
	// Effects to carry out after the delivery, in order.
	Effects []Effect `json:"effects,omitempty"`
	// Transcribe names the guest's voice message that must be heard before its turn can be decided; nothing else is set then.
	Transcribe int64 `json:"transcribe,omitempty"`
	// BackAt is when the bot answers again although a person has taken over; zero when nobody has, or without end.
	BackAt time.Time `json:"back_at,omitzero"`
}

// TranscribeInput names a stored voice message.
type TranscribeInput struct {
	MessageID int64 `json:"message_id"`
}

// EffectKind names what a turn asks the system to do.
type EffectKind string

// The effects of a turn.
const (
	EffectHold     EffectKind = "hold"      // place a hold
	EffectCancel   EffectKind = "cancel"    // cancel a booking of this guest
	EffectExtend   EffectKind = "extend"    // extend a hold of this guest
	EffectLink     EffectKind = "link"      // send the payment link again
	EffectHandOver EffectKind = "hand_over" // call a person
	EffectHandBack EffectKind = "hand_back" // the bot answers again
	EffectReceipt  EffectKind = "receipt"   // tell the owner of a picture that may be a transfer receipt
	EffectOptOut   EffectKind = "opt_out"   // send no more messages that the guest did not ask for
	EffectRefundOK EffectKind = "refund_ok" // the owner lets a refund go
	EffectRefundNo EffectKind = "refund_no" // the owner keeps the money

	EffectTakeAlternative  EffectKind = "take_alternative"  // the nights offered instead of sold ones
	EffectLeaveAlternative EffectKind = "leave_alternative" // the money back instead
)

// Effect is one thing to do. Key is stable over retries: <message id>/<n>.
type Effect struct {
	Key             string       `json:"key"`
	Kind            EffectKind   `json:"kind"`
	Code            string       `json:"code,omitempty"`
	AccommodationID int64        `json:"accommodation_id,omitempty"`
	Stay            booking.Stay `json:"stay,omitzero"`
	Guests          int          `json:"guests,omitempty"`
	// AskedAt is when the guest sent the message that asks for it; TraceID is that message's.
	AskedAt time.Time `json:"asked_at,omitzero"`
	TraceID string    `json:"trace_id,omitempty"`
	// Reason of a hand-over, a word of [dialogue.HandOverReason]; never what a person wrote.
	Reason string `json:"reason,omitempty"`
	// OtherGuestID is whose conversation the owner hands back.
	OtherGuestID int64 `json:"other_guest_id,omitempty"`
}

// EffectInput carries out one effect for a guest and stores the replies its outcome needs.
type EffectInput struct {
	GuestID   int64  `json:"guest_id"`
	MessageID int64  `json:"message_id"`
	Effect    Effect `json:"effect"`
}

// EffectResult names the outbound messages that tell the outcome, if any: a placed hold is told by its Booking workflow.
type EffectResult struct {
	Deliver []int64 `json:"deliver,omitempty"`
	// BackAt is when the bot answers again after this effect called a person; zero without end.
	BackAt time.Time `json:"back_at,omitzero"`
}

// ReturnInput asks whether the bot answers a guest again.
type ReturnInput struct {
	GuestID int64 `json:"guest_id"`
	// Now is the workflow's time, by which the time of the person is over; a worker's clock may be behind.
	Now time.Time `json:"now"`
}

// ReturnResult says how the bot came back.
type ReturnResult struct {
	// Deliver names the messages that say so.
	Deliver []int64 `json:"deliver,omitempty"`
	// BackAt is when to ask again because a person still talks to the guest; zero when nobody does, or without end.
	BackAt time.Time `json:"back_at,omitzero"`
}

// DeliverInput sends stored outbound messages in order.
type DeliverInput struct {
	MessageIDs []int64 `json:"message_ids"`
}

// LatePaymentInput starts LatePayment; Code is the hint that came with the notification, may be empty.
type LatePaymentInput struct {
	PaymentID string `json:"payment_id"`
	Code      string `json:"code,omitempty"`
	// Hint is true when nobody signed the notification: anybody may have invented the payment, so that one the provider does
	// not know is soon given up and alarms nobody.
	Hint bool `json:"hint,omitempty"`
}

// Done is the empty result.
type Done struct{}
