package temporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"cabanas/booking"
	"cabanas/workflows"
)

// Processes reaches the workflows of one namespace; it is how the rest of the program starts, wakes and asks them. Its
// errors are booking refusals, or mean that nothing is known: [booking.CodeUnavailable].
type Processes struct {
	Client client.Client
	// Idle ends a conversation after this long without a message; zero is a day, WhatsApp's window.
	Idle time.Duration
}

// askTime bounds a request that somebody waits for; a payment provider that is away takes up to eight seconds of it.
const askTime = 14 * time.Second

// Start places the hold of a new reservation, see [StartBooking].
func (p *Processes) Start(ctx context.Context, in workflows.BookingInput) (workflows.HoldOutcome, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	outcome, err := StartBooking(ctx, p.Client, in)
	return outcome, unavailable(err)
}

// Resume starts the workflow of a reservation confirmed late, see [ResumeBooking].
func (p *Processes) Resume(ctx context.Context, in workflows.BookingInput) error {
	return ResumeBooking(ctx, p.Client, in)
}

// Cancel ends a reservation, see [CancelBooking].
func (p *Processes) Cancel(ctx context.Context, code, key string, request workflows.CancelRequest) (workflows.ChangeOutcome, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	outcome, err := CancelBooking(ctx, p.Client, code, key, request)
	return outcome, unavailable(err)
}

// Confirm confirms without the provider's money, see [ConfirmBooking].
func (p *Processes) Confirm(ctx context.Context, code, key string, request workflows.ConfirmRequest) (workflows.ChangeOutcome, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	outcome, err := ConfirmBooking(ctx, p.Client, code, key, request)
	return outcome, unavailable(err)
}

// Extend moves the deadline of a hold, see [ExtendBooking].
func (p *Processes) Extend(ctx context.Context, code, key string) (workflows.ChangeOutcome, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	outcome, err := ExtendBooking(ctx, p.Client, code, key)
	return outcome, unavailable(err)
}

// DecideRefund takes the owner's word on a refund, see [DecideRefund].
func (p *Processes) DecideRefund(ctx context.Context, code, key string, decision workflows.RefundDecision) (workflows.ChangeOutcome, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	outcome, err := DecideRefund(ctx, p.Client, code, key, decision)
	return outcome, unavailable(err)
}

// Refund gives part of a booking's money back, see [RefundBooking].
func (p *Processes) Refund(ctx context.Context, code, key string, request workflows.RefundRequest) (workflows.ChangeOutcome, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	outcome, err := RefundBooking(ctx, p.Client, code, key, request)
	return outcome, unavailable(err)
}

// AnswerAlternative tells what a guest says to the nights that are offered, see [AnswerAlternative].
func (p *Processes) AnswerAlternative(ctx context.Context, code, paymentID, key string, answer workflows.AlternativeAnswer) (workflows.ChangeOutcome, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	outcome, err := AnswerAlternative(ctx, p.Client, code, paymentID, key, answer)
	return outcome, unavailable(err)
}

// Transfer tells a hold that its guest pays by bank transfer, see [ChooseTransfer].
func (p *Processes) Transfer(ctx context.Context, code, key string) (workflows.ChangeOutcome, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	outcome, err := ChooseTransfer(ctx, p.Client, code, key)
	return outcome, unavailable(err)
}

// Message wakes the conversation with a guest, see [SignalConversation].
func (p *Processes) Message(ctx context.Context, guestID int64, message workflows.MessageSignal) error {
	idle := p.Idle
	if idle == 0 {
		idle = 24 * time.Hour
	}
	return SignalConversation(ctx, p.Client, guestID, message, idle)
}

// Payment wakes a booking, see [SignalPayment].
func (p *Processes) Payment(ctx context.Context, code, paymentID string) (bool, error) {
	return SignalPayment(ctx, p.Client, code, paymentID)
}

// Redelivery sends a message again, see [StartRedelivery].
func (p *Processes) Redelivery(ctx context.Context, messageID int64) error {
	return StartRedelivery(ctx, p.Client, messageID)
}

// LatePayment starts the resolver of a payment, see [StartLatePayment].
func (p *Processes) LatePayment(ctx context.Context, in workflows.LatePaymentInput) error {
	return StartLatePayment(ctx, p.Client, in)
}

// BookingRuns reports whether a Booking workflow with this code runs now; it asks the workflow itself, not the index.
func (p *Processes) BookingRuns(ctx context.Context, code string) (bool, error) {
	description, err := p.Client.DescribeWorkflowExecution(ctx, workflows.BookingID(code), "")
	if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("describe booking %s: %w", code, err)
	}
	return description.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
}

// RunningBookings lists the codes of Booking workflows that have run since before an instant. The index behind it lags: ask
// [Processes.BookingRuns] before believing one.
func (p *Processes) RunningBookings(ctx context.Context, before time.Time) ([]string, error) {
	var (
		codes []string
		page  []byte
		query = fmt.Sprintf("WorkflowType = 'Booking' AND ExecutionStatus = 'Running' AND StartTime < '%s'", before.UTC().Format(time.RFC3339))
	)
	for {
		found, err := p.Client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, NextPageToken: page})
		if err != nil {
			return nil, fmt.Errorf("list running bookings: %w", err)
		}
		for _, execution := range found.GetExecutions() {
			codes = append(codes, workflows.BookingCode(execution.GetExecution().GetWorkflowId()))
		}
		if page = found.GetNextPageToken(); len(page) == 0 {
			return codes, nil
		}
	}
}

// unavailable names what is no refusal: Temporal or its workers did not answer in time.
func unavailable(err error) error {
	if err == nil || booking.CodeOf(err) != booking.CodeInternal {
		return err
	}
	return fmt.Errorf("%w: %w", booking.Refuse(booking.CodeUnavailable, "the booking process did not answer"), err)
}
