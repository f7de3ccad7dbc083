package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// How long things are tried. An activity is repeated until it works unless giving up means something in the business.
const (
	// outage is the longest absence of Postgres that a running workflow sits through. The SDK takes the limit of one attempt
	// as the limit of all attempts of a local activity unless this one is given.
	outage = 30 * 24 * time.Hour
	// firstMoment is what the first try of a prompt step may take. The workflow sees nothing else meanwhile, a deadline included.
	firstMoment = 1500 * time.Millisecond
	// linkAnswer is how long the caller of UpdateHold waits for a payment link after the first try.
	linkAnswer = 6 * time.Second
	// sweepAnswer is what the last look at the provider may take of the two seconds in which the nights of a hold must be free.
	sweepAnswer = 1500 * time.Millisecond
	// unknownPayment is how long a payment that the provider does not know is looked for.
	unknownPayment = 24 * time.Hour
	// hintWorth is how long a payment is looked for that only an unsigned notification speaks of; reconciliation finds real ones.
	hintWorth = 5 * time.Minute
	// noticeWorth is how long a notice is worth sending: as long as WhatsApp repeats a failed delivery, and over a weekend.
	noticeWorth = 72 * time.Hour
	// replyWorth is how long a reply may be sent: WhatsApp's window after the guest's message.
	replyWorth = 24 * time.Hour
	// listenWorth is how long a guest waits for a voice message to be heard; then the bot says that it could not.
	listenWorth = 6 * time.Minute
)

// finalErrors are the types of errors that no retry heals.
var finalErrors = []string{
	ErrorRefused, ErrorDatesTaken, ErrorNotFound, ErrorInvalidInput, ErrorPaymentRejected, ErrorWindowClosed,
	ErrorRecipientBlocked, ErrorAuthFailed,
}

// retryUpTo repeats after 1 s, 2 s, 4 s and so on, at most longest apart.
func retryUpTo(longest time.Duration) *temporal.RetryPolicy {
	return &temporal.RetryPolicy{
		InitialInterval:        time.Second,
		BackoffCoefficient:     2,
		MaximumInterval:        longest,
		NonRetryableErrorTypes: finalErrors,
	}
}

// databaseStep is for short, repeatable changes in Postgres: inside the worker, repeated until they work.
func databaseStep(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: outage,
		RetryPolicy:            retryUpTo(5 * time.Second),
		Summary:                summary,
	})
}

// firstTry is the one attempt inside the worker that a prompt step begins with; it goes by the name of the step.
func firstTry(ctx workflow.Context) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: firstMoment,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
		Summary:                workflow.GetActivityOptions(ctx).Summary,
	})
}

// linkStep makes a payment link, for as long as it is of use.
func linkStep(ctx workflow.Context, useful time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueBooking,
		StartToCloseTimeout:    15 * time.Second,
		ScheduleToCloseTimeout: useful,
		RetryPolicy:            retryUpTo(20 * time.Second),
		Summary:                "payment link",
	})
}

// settleStep looks a payment up, until the provider answers that it knows it.
func settleStep(ctx workflow.Context, paymentID string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueBooking,
		StartToCloseTimeout:    30 * time.Second,
		ScheduleToCloseTimeout: unknownPayment,
		RetryPolicy:            retryUpTo(time.Minute),
		Summary:                "payment " + paymentID,
	})
}

// sweepStep asks the provider once, and does not wait: the deadline of a hold is near.
func sweepStep(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueBooking,
		ScheduleToCloseTimeout: sweepAnswer,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
		Summary:                "last look for a payment",
	})
}

// moneyStep returns money or closes what could take more of it: never given up.
func moneyStep(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           QueueBooking,
		StartToCloseTimeout: time.Minute,
		RetryPolicy:         retryUpTo(time.Minute),
		Summary:             summary,
	})
}

// routeStep finds or starts the workflow that has to know.
func routeStep(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           QueueBooking,
		StartToCloseTimeout: 20 * time.Second,
		RetryPolicy:         retryUpTo(20 * time.Second),
		Summary:             summary,
	})
}

// reconcileStep ends before the next run is due; that run repeats what this one missed.
func reconcileStep(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueBooking,
		StartToCloseTimeout:    2 * time.Minute,
		ScheduleToCloseTimeout: 4 * time.Minute,
		RetryPolicy:            retryUpTo(30 * time.Second),
		Summary:                "payments no notification told us of",
	})
}

// housekeepingStep forgets one sort of thing; a task that is cut off goes on where it was.
func housekeepingStep(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueBooking,
		StartToCloseTimeout:    30 * time.Minute,
		ScheduleToCloseTimeout: 2 * time.Hour,
		HeartbeatTimeout:       time.Minute,
		RetryPolicy:            retryUpTo(time.Minute),
		Summary:                summary,
	})
}

// Priorities on the messaging queue: answers and money first, reminders after.
const (
	priorityNow      = 1
	priorityReminder = 4
)

// noticeStep sends notices.
func noticeStep(ctx workflow.Context, summary string, priority int) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueMessaging,
		StartToCloseTimeout:    30 * time.Second,
		ScheduleToCloseTimeout: noticeWorth,
		RetryPolicy:            retryUpTo(time.Minute),
		Summary:                summary,
		Priority:               temporal.Priority{PriorityKey: priority},
	})
}

// replyStep sends the replies of a turn.
func replyStep(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueMessaging,
		StartToCloseTimeout:    30 * time.Second,
		ScheduleToCloseTimeout: replyWorth,
		RetryPolicy:            retryUpTo(time.Minute),
		Summary:                "reply",
		Priority:               temporal.Priority{PriorityKey: priorityNow},
	})
}

// effectStep carries out what a turn asked for; one attempt may wait for the answer of a Booking workflow.
func effectStep(ctx workflow.Context, kind EffectKind) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueConversation,
		StartToCloseTimeout:    30 * time.Second,
		ScheduleToCloseTimeout: replyWorth,
		RetryPolicy:            retryUpTo(20 * time.Second),
		Summary:                string(kind),
		Priority:               temporal.Priority{PriorityKey: priorityNow},
	})
}

// listenStep hears a voice message. A file lives five minutes at its address, so that later tries ask for a new one.
func listenStep(ctx workflow.Context) workflow.Context {
	retries := retryUpTo(20 * time.Second)
	retries.MaximumAttempts = 4
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueMedia,
		StartToCloseTimeout:    3 * time.Minute,
		HeartbeatTimeout:       20 * time.Second,
		ScheduleToCloseTimeout: listenWorth,
		RetryPolicy:            retries,
		Summary:                "listen",
		Priority:               temporal.Priority{PriorityKey: priorityNow},
	})
}

// isFinal reports whether err is one that no retry heals.
func isFinal(err error) bool {
	var failure *temporal.ApplicationError
	return errors.As(err, &failure) && (failure.NonRetryable() || slices.Contains(finalErrors, failure.Type()))
}

// refusalOf returns the refusal that an activity answered with, if err is one.
func refusalOf(err error) (booking.Code, bool) {
	var failure *temporal.ApplicationError
	if !errors.As(err, &failure) {
		return "", false
	}
	switch failure.Type() {
	case ErrorDatesTaken:
		return booking.CodeDatesTaken, true
	case ErrorNotFound:
		return booking.CodeNotFound, true
	case ErrorInvalidInput:
		return booking.CodeInvalidInput, true
	case ErrorRefused:
		// Decoded it is a string; inside one process it can still be a booking.Code.
		var detail any
		if failure.Details(&detail) != nil || detail == nil {
			return booking.CodeWrongState, true
		}
		return booking.Code(fmt.Sprint(detail)), true
	}
	return "", false
}
