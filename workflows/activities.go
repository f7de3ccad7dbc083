package workflows

import (
	"context"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// ReservationActivities change reservations; each is one conditional statement with its event, safe to repeat.
// They are short and run as local activities.
type ReservationActivities interface {
	// PlaceHold locks the nights and inserts the hold. Errors: ErrorDatesTaken, ErrorRefused.
	PlaceHold(context.Context, BookingInput) (HoldPlaced, error)
	ExpireHold(context.Context, ReservationRef) (ReservationChange, error)
	ExtendHold(context.Context, ExtendInput) (ReservationChange, error)
	CancelReservation(context.Context, CancelInput) (ReservationChange, error)
	ConfirmByOwner(context.Context, OwnerConfirmInput) (ReservationChange, error)
	CompleteStay(context.Context, ReservationRef) (ReservationChange, error)
	// StayTimes tells when to accompany a confirmed stay.
	StayTimes(context.Context, ReservationRef) (StayTimes, error)
}

// PaymentActivities talk to the payment provider.
type PaymentActivities interface {
	// CreatePaymentLink makes a payment link, or returns the one that was made before for the same attempt. A deposit's ends with
	// the hold. One that became useless while it was made is closed again and refused.
	CreatePaymentLink(context.Context, LinkInput) (LinkResult, error)
	// ClosePaymentLink ends open links of a reservation.
	ClosePaymentLink(context.Context, LinkCloseInput) (Done, error)
	// SettlePayment fetches a payment and applies it to the ledger; a covered deposit confirms the reservation, a late one takes
	// the nights again when they are free, in the same transaction. A payment the provider does not know yet is retried.
	SettlePayment(context.Context, SettleInput) (Settlement, error)
	// SweepPayments asks the provider for every payment of a reservation and settles each.
	SweepPayments(context.Context, ReservationRef) (Settlements, error)
	// RefundPayment returns money of one payment, once per payment and reason.
	RefundPayment(context.Context, RefundInput) (RefundResult, error)
	// PlanRefunds writes down how money goes back over the payments of a reservation, newest first, once per reason.
	PlanRefunds(context.Context, RefundOrder) (RefundPlan, error)
	// DecideRefund records who let a planned refund go or kept it; the first decision stands.
	DecideRefund(context.Context, RefundDecisionInput) (RefundDecided, error)
	// ForwardPayment signals the running Booking workflow of a reservation.
	ForwardPayment(context.Context, SettleInput) (ForwardResult, error)
	// ResumeBooking starts a Booking workflow for a reservation confirmed after its workflow ended.
	ResumeBooking(context.Context, ReservationRef) (Done, error)
	// OfferAlternative looks for other nights for a payment whose own are sold, and holds the best until a deadline, once. An empty
	// state says that there are none.
	OfferAlternative(context.Context, AlternativeInput) (AlternativeOffer, error)
	// AcceptAlternative confirms the reservation on the nights that are offered, at the old price. Errors: ErrorDatesTaken, ErrorRefused.
	AcceptAlternative(context.Context, AlternativeInput) (ReservationChange, error)
	// EndAlternative lets go of nights that are offered, once, and tells what became of them: they may have been taken before.
	EndAlternative(context.Context, AlternativeInput) (AlternativeOffer, error)
	// CompareDays holds the provider's totals of a day against the ledger and hands differing payments on.
	CompareDays(context.Context, Done) (DayComparisons, error)
	// ReconcilePayments looks for payments no notification told us of and forwards them; it reports how many.
	ReconcilePayments(context.Context) (Settlements, error)
}

// MessagingActivities send messages.
type MessagingActivities interface {
	// SendNotices writes and sends notices, each once by its key.
	SendNotices(context.Context, NoticesInput) (Done, error)
	// DeliverMessages sends stored outbound messages, each once.
	DeliverMessages(context.Context, DeliverInput) (Done, error)
}

// ConversationActivities take turns and carry out what they ask for.
type ConversationActivities interface {
	// DecideTurn takes the guest's oldest message without a turn, and texts that follow it, decides and stores the answer in one
	// transaction. A voice message that nobody has listened to yet is named instead.
	DecideTurn(context.Context, TurnInput) (Turn, error)
	// RunEffect carries out one effect of a turn, once by its key.
	RunEffect(context.Context, EffectInput) (EffectResult, error)
	// ReturnToBot gives a conversation back to the bot when the time of the person who took it over is over. A guest whose last
	// message nobody answered is told, once.
	ReturnToBot(context.Context, ReturnInput) (ReturnResult, error)
}

// MediaActivities work on files that guests send.
type MediaActivities interface {
	// Transcribe turns a stored voice message into text and keeps it beside the message, once; what cannot be understood is an
	// outcome, not an error. It heartbeats.
	Transcribe(context.Context, TranscribeInput) (Done, error)
}

// activity is an activity known by name with the types of its input and output, so that the compiler checks the call while
// this package stays free of the implementation.
type activity[In, Out any] struct{ name string }

// run executes the activity on the context's activity options.
func (a activity[In, Out]) run(ctx workflow.Context, in In) (Out, error) {
	var out Out
	err := workflow.ExecuteActivity(ctx, a.name, in).Get(ctx, &out)
	return out, err
}

// promptly tries the activity once inside the worker, within the workflow task, and when that does not work at once hands it
// to its task queue and the patience of the context's activity options. It is for steps that reach a neighbour, carry a key
// and usually take a moment: each spares a booking or a reply about seven write transactions of Temporal (docs/adr/0009).
func (a activity[In, Out]) promptly(ctx workflow.Context, in In) (Out, error) {
	out, err := a.runLocal(firstTry(ctx), in)
	if err == nil || isFinal(err) || temporal.IsCanceledError(err) {
		return out, err
	}
	return a.run(ctx, in)
}

// runLocal executes the activity inside the worker on the context's local activity options.
func (a activity[In, Out]) runLocal(ctx workflow.Context, in In) (Out, error) {
	var out Out
	err := workflow.ExecuteLocalActivity(ctx, a.name, in).Get(ctx, &out)
	return out, err
}

var (
	placeHold         = activity[BookingInput, HoldPlaced]{"PlaceHold"}
	expireHold        = activity[ReservationRef, ReservationChange]{"ExpireHold"}
	extendHold        = activity[ExtendInput, ReservationChange]{"ExtendHold"}
	cancelReservation = activity[CancelInput, ReservationChange]{"CancelReservation"}
	confirmByOwner    = activity[OwnerConfirmInput, ReservationChange]{"ConfirmByOwner"}
	completeStay      = activity[ReservationRef, ReservationChange]{"CompleteStay"}
	stayTimes         = activity[ReservationRef, StayTimes]{"StayTimes"}

	createPaymentLink = activity[LinkInput, LinkResult]{"CreatePaymentLink"}
	closePaymentLink  = activity[LinkCloseInput, Done]{"ClosePaymentLink"}
	settlePayment     = activity[SettleInput, Settlement]{"SettlePayment"}
	sweepPayments     = activity[ReservationRef, Settlements]{"SweepPayments"}
	refundPayment     = activity[RefundInput, RefundResult]{"RefundPayment"}
	planRefunds       = activity[RefundOrder, RefundPlan]{"PlanRefunds"}
	decideRefund      = activity[RefundDecisionInput, RefundDecided]{"DecideRefund"}
	forwardPayment    = activity[SettleInput, ForwardResult]{"ForwardPayment"}
	resumeBooking     = activity[ReservationRef, Done]{"ResumeBooking"}

	sendNotices     = activity[NoticesInput, Done]{"SendNotices"}
	deliverMessages = activity[DeliverInput, Done]{"DeliverMessages"}
	decideTurn      = activity[TurnInput, Turn]{"DecideTurn"}
	transcribe      = activity[TranscribeInput, Done]{"Transcribe"}
	runEffect       = activity[EffectInput, EffectResult]{"RunEffect"}
	returnToBot     = activity[ReturnInput, ReturnResult]{"ReturnToBot"}
)
