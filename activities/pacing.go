package activities

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.temporal.io/sdk/temporal"

	"cabanas/gateways/whatsapp"
	"cabanas/store/postgres"
	"cabanas/store/redis"
	"cabanas/workflows"
)

// SendBudget is the budget of sends that all processes share, see [redis.SendBudget].
type SendBudget interface {
	Take(ctx context.Context, ask redis.Ask) (wait time.Duration, limit redis.Limit, err error)
	Pause(ctx context.Context, length time.Duration) error
}

const (
	// inPlace is how long a message waits for its turn inside its attempt; longer waits give the worker's slot back.
	inPlace = time.Second
	// sendTime is kept free of waiting in an attempt that has a deadline: one that is cut off may have reached the guest.
	sendTime = 700 * time.Millisecond
	// budgetTimeout is what asking may take: the limits are Meta's too, who only answers that we are too fast.
	budgetTimeout = 300 * time.Millisecond
	// spread keeps messages that were held back together from coming back together, unasked ones, which have no place in the
	// line, over a longer time.
	spread        = time.Second
	unaskedSpread = 10 * time.Second
)

// optedOut is the mark of a message that its guest does not want.
const optedOut = "opted_out"

// admit lets a message that waits go now. False without an error means that it needs no sending any more.
func (a *Messaging) admit(ctx context.Context, message postgres.OutboundMessage) (bool, error) {
	if message.Unasked && message.OptedOut {
		slog.InfoContext(ctx, "message kept from a guest who opted out", "message_id", message.ID, "key", message.EffectKey)
		return false, a.Store.SendFailed(ctx, message.ID, optedOut, true, a.Now())
	}
	if whatsapp.ReasonOfCode(message.Error) == whatsapp.ReasonAccount {
		// Meta took it and then found fault with the account: the longer that lasts the more seldom is it tried.
		wait := min(time.Duration(message.Attempts)*accountPause, longestAccountWait)
		return false, a.accountRefused(ctx, message, wait)
	}
	if err := a.awaitTurn(ctx, message); err != nil {
		return false, err
	}
	return true, nil
}

// awaitTurn takes one message out of the shared budget. Without Redis it goes at once.
func (a *Messaging) awaitTurn(ctx context.Context, message postgres.OutboundMessage) error {
	if a.Budget == nil {
		return nil
	}
	patience := inPlace
	if deadline, limited := ctx.Deadline(); limited {
		patience = max(0, min(patience, time.Until(deadline)-sendTime))
	}
	asking, cancel := context.WithTimeout(ctx, budgetTimeout)
	wait, limit, err := a.Budget.Take(asking, redis.Ask{Message: message.ID, Recipient: personOf(message), Unasked: message.Unasked, Patience: patience})
	cancel()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		a.Metrics.SendBudgetUnavailable.Inc()
		slog.WarnContext(ctx, "message sent without asking the send budget", "message_id", message.ID, "error", err)
		return nil
	case limit != redis.LimitNone:
		a.Metrics.WhatsAppHeldBack.WithLabelValues(string(limit)).Inc()
		held := heldBack(message, string(limit), wait)
		if limit == redis.LimitPair {
			held = errors.Join(held, errTooManyAtOnce)
		}
		return held
	case wait == 0:
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

// errTooManyAtOnce is a person who gets more messages than Meta allows: everybody else's go on.
var errTooManyAtOnce = errors.New("too many messages to one person")

// personOf names who gets a message, whatever the form of the number.
func personOf(message postgres.OutboundMessage) string {
	if phone, err := whatsapp.CanonicalWaID(message.RecipientPhone); err == nil {
		return phone
	}
	return message.RecipientPhone + message.RecipientUserID
}

// heldBack is the error of a message whose turn has not come: it is tried again after the wait, without holding a slot.
func heldBack(message postgres.OutboundMessage, limit string, wait time.Duration) error {
	over := spread
	if message.Unasked {
		over = unaskedSpread
	}
	wait += time.Duration(message.ID) * 37 * time.Millisecond % over
	return temporal.NewApplicationErrorWithOptions("sending is held back: "+limit, workflows.ErrorRateLimited,
		temporal.ApplicationErrorOptions{NextRetryDelay: wait, Category: temporal.ApplicationErrorCategoryBenign})
}
