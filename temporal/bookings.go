package temporal

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"

	"cabanas/booking"
	"cabanas/workflows"
)

// StartBooking starts the Booking workflow of a new reservation and returns the outcome of its hold, in one round trip. It can
// be repeated with the same code: the first outcome is returned again, even when the workflow has ended since. Give ctx a
// deadline of more than ten seconds: a payment provider that is away is waited for.
func StartBooking(ctx context.Context, c client.Client, in workflows.BookingInput) (workflows.HoldOutcome, error) {
	options := bookingOptions(in, booking.PreReserved)
	options.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
	options.WorkflowIDConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
	update := client.UpdateWorkflowOptions{
		UpdateID:     "hold/" + in.Code,
		WorkflowID:   options.ID,
		UpdateName:   workflows.UpdateHold,
		Args:         []any{workflows.Done{}},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	}
	var outcome workflows.HoldOutcome
	handle, err := c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: c.NewWithStartWorkflowOperation(options, "Booking", in),
		UpdateOptions:          update,
	})
	if err == nil {
		err = handle.Get(ctx, &outcome)
	} else if isClosed(err) {
		err = outcomeOf(ctx, c, update, &outcome)
	}
	if err != nil {
		return workflows.HoldOutcome{}, fmt.Errorf("hold of booking %s: %w", in.Code, err)
	}
	return outcome, nil
}

// CancelBooking cancels a reservation that has a running workflow. Key makes a repeated call return the first outcome; empty
// means that every call is a new one. A booking without a running workflow is refused with [booking.CodeWrongState].
func CancelBooking(ctx context.Context, c client.Client, code, key string, request workflows.CancelRequest) (workflows.ChangeOutcome, error) {
	return change(ctx, c, code, workflows.UpdateCancel, key, request)
}

// ExtendBooking moves the deadline of a hold, once; key and refusal are as of [CancelBooking].
func ExtendBooking(ctx context.Context, c client.Client, code, key string) (workflows.ChangeOutcome, error) {
	return change(ctx, c, code, workflows.UpdateExtend, key, workflows.Done{})
}

// ConfirmBooking confirms by the owner's decision; key and refusal are as of [CancelBooking].
func ConfirmBooking(ctx context.Context, c client.Client, code, key string, request workflows.ConfirmRequest) (workflows.ChangeOutcome, error) {
	return change(ctx, c, code, workflows.UpdateConfirm, key, request)
}

// DecideRefund lets the refund of a cancelled booking go, or keeps the money; key and refusal are as of [CancelBooking].
func DecideRefund(ctx context.Context, c client.Client, code, key string, decision workflows.RefundDecision) (workflows.ChangeOutcome, error) {
	return change(ctx, c, code, workflows.UpdateDecide, key, decision)
}

// RefundBooking gives part of the money of a running booking back; key and refusal are as of [CancelBooking].
func RefundBooking(ctx context.Context, c client.Client, code, key string, request workflows.RefundRequest) (workflows.ChangeOutcome, error) {
	return change(ctx, c, code, workflows.UpdateRefund, key, request)
}

// AnswerAlternative tells the running Booking, or else the resolver of the late payment, what the guest says to the nights that are
// offered; key and refusal are as of [CancelBooking].
func AnswerAlternative(ctx context.Context, c client.Client, code, paymentID, key string, answer workflows.AlternativeAnswer) (workflows.ChangeOutcome, error) {
	ids := []string{workflows.BookingID(code), workflows.LatePaymentID(workflows.LatePaymentInput{PaymentID: paymentID}),
		workflows.LatePaymentID(workflows.LatePaymentInput{PaymentID: paymentID, Hint: true})}
	var outcome workflows.ChangeOutcome
	var err error
	for _, id := range ids {
		outcome, err = update(ctx, c, id, code, workflows.UpdateAnswerAlternative, key, answer)
		if err == nil && outcome.Done || err != nil && !booking.IsCode(err, booking.CodeWrongState) {
			break
		}
	}
	return outcome, err
}

// ChooseTransfer tells a hold that its guest pays by bank transfer; key and refusal are as of [CancelBooking].
func ChooseTransfer(ctx context.Context, c client.Client, code, key string) (workflows.ChangeOutcome, error) {
	return change(ctx, c, code, workflows.UpdateTransfer, key, workflows.Done{})
}

// change sends an update to a booking, see [update].
func change(ctx context.Context, c client.Client, code, name, key string, request any) (workflows.ChangeOutcome, error) {
	return update(ctx, c, workflows.BookingID(code), code, name, key, request)
}

// update sends an update and waits for its outcome. A refusal inside the outcome is the caller's to show; only a booking that
// cannot be asked is an error.
func update(ctx context.Context, c client.Client, id, code, name, key string, request any) (workflows.ChangeOutcome, error) {
	update := client.UpdateWorkflowOptions{
		WorkflowID:   id,
		UpdateName:   name,
		Args:         []any{request},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	}
	if key != "" {
		update.UpdateID = name + "/" + key
	}
	var outcome workflows.ChangeOutcome
	handle, err := c.UpdateWorkflow(ctx, update)
	if err == nil {
		err = handle.Get(ctx, &outcome)
	}
	if err != nil && isClosed(err) {
		if key == "" || outcomeOf(ctx, c, update, &outcome) != nil {
			return workflows.ChangeOutcome{}, booking.Refuse(booking.CodeWrongState, "booking %s has ended", code)
		}
		err = nil
	}
	if err != nil {
		return workflows.ChangeOutcome{}, fmt.Errorf("%s booking %s: %w", name, code, err)
	}
	return outcome, nil
}

// outcomeOf reads the outcome of an update that was made before, on a workflow that may be closed.
func outcomeOf(ctx context.Context, c client.Client, update client.UpdateWorkflowOptions, outcome any) error {
	return c.GetWorkflowUpdateHandle(client.GetWorkflowUpdateHandleOptions{
		WorkflowID: update.WorkflowID, UpdateID: update.UpdateID,
	}).Get(ctx, outcome)
}

// ResumeBooking starts a Booking workflow for a reservation that was confirmed after its workflow had ended. One that runs
// already is left alone.
func ResumeBooking(ctx context.Context, c client.Client, in workflows.BookingInput) error {
	in.Resume = true
	options := bookingOptions(in, booking.Confirmed)
	options.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	options.WorkflowIDConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
	if _, err := c.ExecuteWorkflow(ctx, options, "Booking", in); err != nil {
		return fmt.Errorf("resume booking %s: %w", in.Code, err)
	}
	return nil
}

// SignalPayment tells the running Booking workflow that something may have happened to a payment. False means that no workflow
// of that booking runs: the payment is then a case for [StartLatePayment].
func SignalPayment(ctx context.Context, c client.Client, code, paymentID string) (bool, error) {
	err := c.SignalWorkflow(ctx, workflows.BookingID(code), "", workflows.SignalPayment, workflows.PaymentSignal{PaymentID: paymentID})
	switch {
	case err == nil:
		return true, nil
	case isClosed(err):
		return false, nil
	}
	return false, fmt.Errorf("signal payment to booking %s: %w", code, err)
}

// StartLatePayment resolves a payment that no running booking takes. One that is being resolved already is left alone.
func StartLatePayment(ctx context.Context, c client.Client, in workflows.LatePaymentInput) error {
	_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       workflows.LatePaymentID(in),
		TaskQueue:                workflows.QueueBooking,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            strings.TrimSpace("payment " + in.PaymentID + " " + in.Code),
	}, "LatePayment", in)
	if err != nil {
		return fmt.Errorf("start late payment %s: %w", in.PaymentID, err)
	}
	return nil
}

// bookingOptions are the identity of a booking and what Temporal's UI shows of it from the start; nothing of it is personal.
func bookingOptions(in workflows.BookingInput, status booking.Status) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:            workflows.BookingID(in.Code),
		TaskQueue:     workflows.QueueBooking,
		StaticSummary: summary(in),
		TypedSearchAttributes: sdktemporal.NewSearchAttributes(
			workflows.AttributeBookingStatus.ValueSet(string(status)),
			workflows.AttributeAccommodationID.ValueSet(strconv.FormatInt(in.AccommodationID, 10)),
			workflows.AttributeCheckIn.ValueSet(in.Stay.CheckIn.Time()),
			workflows.AttributeChannel.ValueSet(string(in.Channel)),
		),
	}
}

// longestSummary is Temporal's limit for one line of the UI, in bytes.
const longestSummary = 200

func summary(in workflows.BookingInput) string {
	rest := fmt.Sprintf(" · %s to %s · %d guests", in.Stay.CheckIn, in.Stay.CheckOut, in.Guests)
	name := in.UnitName
	if room := longestSummary - len(rest); len(name) > room {
		name = strings.ToValidUTF8(name[:room], "")
	}
	return name + rest
}

// isClosed reports whether a workflow does not run, or ran and has ended.
func isClosed(err error) bool {
	var notFound *serviceerror.NotFound
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	return errors.As(err, &notFound) || errors.As(err, &started)
}
