package workflows

import (
	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// handleUpdates registers the updates and the query of a booking.
func (b *bookingRun) handleUpdates(ctx workflow.Context) error {
	handlers := []struct {
		name, description string
		handler           any
	}{
		{UpdateHold, "the outcome of the hold, with the payment link when it came in time", b.onHold},
		{UpdateCancel, "cancels the reservation and returns what the policy gives back", b.onCancel},
		{UpdateExtend, "moves the deadline of the hold, once", b.onExtend},
		{UpdateTransfer, "the guest pays the deposit by bank transfer", b.onTransfer},
		{UpdateConfirm, "the owner confirms without the provider's money", b.onConfirm},
		{UpdateAnswerAlternative, "the guest takes or leaves the nights that are offered", b.onAnswerAlternative},
		{UpdateDecide, "the owner lets a refund go or keeps the money", b.onDecideRefund},
		{UpdateRefund, "staff gives part of the money back", b.onRefund},
		{UpdateChangeStay, "staff gives the booking another stay, number of guests or price", b.onChangeStay},
		{UpdateNoShow, "the guest did not come", b.onNoShow},
		{UpdateResend, "the guest is told again where the booking stands", b.onResend},
	}
	for _, h := range handlers {
		options := workflow.UpdateHandlerOptions{Description: h.description}
		if err := workflow.SetUpdateHandlerWithOptions(ctx, h.name, h.handler, options); err != nil {
			return err
		}
	}
	return workflow.SetQueryHandlerWithOptions(ctx, QueryState, b.state, workflow.QueryHandlerOptions{
		Description: "where the booking stands and what it waits for",
	})
}

func (b *bookingRun) state() (BookingState, error) {
	return BookingState{Status: b.status, WaitsFor: b.waitsFor, ExpiresAt: b.expiresAt}, nil
}

// onHold answers as soon as the guest can pay, or when the nights are refused; when the payment provider does not answer, after
// [linkAnswer] without a link.
func (b *bookingRun) onHold(ctx workflow.Context, _ Done) (HoldOutcome, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	err := workflow.Await(ctx, func() bool { return b.answered })
	return b.hold, err
}

func (b *bookingRun) onCancel(ctx workflow.Context, request CancelRequest) (ChangeOutcome, error) {
	ctx, err := b.awaitBegun(ctx)
	if err != nil {
		return ChangeOutcome{}, err
	}
	return b.cancel(ctx, request)
}

// cancel changes the row; the rest follows in the background.
func (b *bookingRun) cancel(ctx workflow.Context, request CancelRequest) (ChangeOutcome, error) {
	if b.alternative.open() {
		return b.answerAlternative(ctx, AlternativeAnswer{}) // who cancels does not want other nights either
	}
	if !b.status.Live() {
		return b.refuse(booking.CodeWrongState), nil
	}
	change, err := cancelReservation.runLocal(databaseStep(ctx, "cancel"),
		CancelInput{Code: b.in.Code, By: request.By, Reason: request.Reason, Refund: request.Refund, StaffID: request.StaffID})
	if outcome, done, err := b.changed(change, err); !done {
		return outcome, err
	}
	if change.Status != booking.Cancelled || b.cancelled {
		return b.refuse(booking.CodeWrongState), nil
	}
	b.cancelled = true
	b.refund(RefundOrder{Amount: change.RefundDue, Reason: refundCancelled, Ask: change.AskOwner})
	toGuest, toOwner := NoticeInput{Kind: NoticeCancelled, Amount: change.RefundDue}, NoticeInput{Kind: NoticeOwnerCancelled, Amount: change.RefundDue}
	if change.AskOwner {
		toGuest.Verdict, toOwner.Verdict = booking.VerdictWait, booking.VerdictWait
	}
	b.tell(toGuest, toOwner)
	return ChangeOutcome{Done: true, Status: b.status, Refund: change.RefundDue}, nil
}

func (b *bookingRun) onExtend(ctx workflow.Context, _ Done) (ChangeOutcome, error) {
	ctx, err := b.awaitBegun(ctx)
	if err != nil {
		return ChangeOutcome{}, err
	}
	if b.status != booking.PreReserved {
		return b.refuse(booking.CodeWrongState), nil
	}
	before := b.expiresAt
	change, err := extendHold.runLocal(databaseStep(ctx, "extend the hold"),
		ExtendInput{Code: b.in.Code, Until: before.Add(b.in.Extension)})
	if outcome, done, err := b.changed(change, err); !done {
		return outcome, err
	}
	switch {
	case change.Status != booking.PreReserved:
		return b.refuse(booking.CodeWrongState), nil
	case b.extended || !change.ExpiresAt.After(before):
		return b.refuse(booking.CodeAlreadyExtended), nil
	}
	b.extended = true
	b.reminders = extensionReminders(b.expiresAt, b.in.Extension)
	b.offerLink(NoticeInput{Kind: NoticeExtended})
	return ChangeOutcome{Done: true, Status: b.status, ExpiresAt: b.expiresAt}, nil
}

func (b *bookingRun) onConfirm(ctx workflow.Context, request ConfirmRequest) (ChangeOutcome, error) {
	ctx, err := b.awaitBegun(ctx)
	if err != nil {
		return ChangeOutcome{}, err
	}
	if b.status != booking.PreReserved && b.status != booking.Expired {
		return b.refuse(booking.CodeWrongState), nil
	}
	change, err := confirmByOwner.runLocal(databaseStep(ctx, "confirmed by the owner"),
		OwnerConfirmInput{Code: b.in.Code, StaffID: request.StaffID})
	if outcome, done, err := b.changed(change, err); !done {
		return outcome, err
	}
	if change.Status != booking.Confirmed {
		return b.refuse(booking.CodeWrongState), nil
	}
	return ChangeOutcome{Done: true, Status: b.status}, nil
}

// changed takes over what a change answered; done is false when the answer to the caller is decided: a refusal or a failure.
func (b *bookingRun) changed(change ReservationChange, err error) (ChangeOutcome, bool, error) {
	if code, refused := refusalOf(err); refused {
		return b.refuse(code), false, nil
	}
	if err != nil {
		return ChangeOutcome{}, false, err
	}
	b.moved(change, Settlement{})
	return ChangeOutcome{}, true, nil
}

func (b *bookingRun) refuse(code booking.Code) ChangeOutcome {
	return ChangeOutcome{Refusal: code, Status: b.status, ExpiresAt: b.expiresAt}
}

// awaitBegun lets an update that came with the very first task wait for the outcome of the hold. The context it returns is for
// the handler: a cancelled workflow still answers.
func (b *bookingRun) awaitBegun(ctx workflow.Context) (workflow.Context, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	return ctx, workflow.Await(ctx, func() bool { return b.begun })
}
