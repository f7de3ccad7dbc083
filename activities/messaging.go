package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/temporal"

	"cabanas/gateways/whatsapp"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// Messaging sends WhatsApp messages, each once. WhatsApp has no idempotency key, so a message is recorded before it is
// sent, carries its key as callback data, and an attempt whose end is unknown is settled by status webhooks before the
// message is sent again.
type Messaging struct {
	Store    MessagingStore
	WhatsApp Sender
	// OwnerPhone is who is alarmed; empty records alarms without sending them.
	OwnerPhone string
	// SettleWait is how long a status webhook may take to tell the end of an attempt that is unknown.
	SettleWait time.Duration
	Terms      Terms
	Metrics    *observe.Metrics
	Now        func() time.Time
}

var _ workflows.MessagingActivities = (*Messaging)(nil)

// Sender is the WhatsApp gateway.
type Sender interface {
	Send(ctx context.Context, to whatsapp.Recipient, m whatsapp.Message) (whatsapp.Receipt, error)
}

// MessagingStore is what sending reads and writes.
type MessagingStore interface {
	noticeStore
	Outbound(ctx context.Context, id int64) (postgres.OutboundMessage, error)
	ClaimSend(ctx context.Context, id int64, now time.Time) (postgres.Claim, error)
	SendAccepted(ctx context.Context, id int64, wamid string, now time.Time) error
	SendFailed(ctx context.Context, id int64, reason string, final bool, now time.Time) error
}

// DefaultSettleWait is the time status webhooks get: Meta usually tells within a second or two.
const DefaultSettleWait = 8 * time.Second

const (
	settlePoll    = 100 * time.Millisecond
	recordTimeout = 5 * time.Second
)

// DeliverMessages sends stored messages in order. A message that cannot be delivered for good is marked with its reason and
// does not keep back the next.
func (a *Messaging) DeliverMessages(ctx context.Context, in workflows.DeliverInput) (workflows.Done, error) {
	for _, id := range in.MessageIDs {
		if err := a.deliver(ctx, id); err != nil {
			return workflows.Done{}, asTemporal(err)
		}
	}
	return workflows.Done{}, nil
}

// deliver returns nil once the message is accepted by Meta or marked as failed for good; an error means: try again.
func (a *Messaging) deliver(ctx context.Context, id int64) error {
	claim, err := a.Store.ClaimSend(ctx, id, a.Now())
	if err != nil {
		return err
	}
	if !claim.Claimed {
		return nil
	}
	if claim.Was == postgres.MessageSending {
		settled, err := a.awaitSettlement(ctx, id, claim.Since)
		if settled || err != nil {
			return err
		}
	}
	message, err := a.Store.Outbound(ctx, id)
	if err != nil {
		return err
	}
	ctx = observe.WithTrace(ctx, message.TraceID)
	wamid, err := a.send(ctx, message)
	if err != nil {
		return a.failed(ctx, message, err)
	}
	// What Meta took is written down even when the time of this attempt is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	a.Metrics.WhatsAppSends.WithLabelValues("accepted").Inc()
	slog.InfoContext(ctx, "message sent", "message_id", id, "key", message.EffectKey)
	return a.Store.SendAccepted(ctx, id, wamid, a.Now())
}

// awaitSettlement waits until a status webhook has settled the former attempt, or until it had its time.
func (a *Messaging) awaitSettlement(ctx context.Context, id int64, since time.Time) (bool, error) {
	deadline := since.Add(a.SettleWait)
	for {
		message, err := a.Store.Outbound(ctx, id)
		if err != nil {
			return false, err
		}
		if message.Status != postgres.MessageSending {
			return true, nil
		}
		if !a.Now().Before(deadline) {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(settlePoll):
		}
	}
}

func (a *Messaging) send(ctx context.Context, message postgres.OutboundMessage) (string, error) {
	windowOpen := a.Now().Before(message.WindowOpenUntil)
	to := whatsapp.Recipient{Phone: message.RecipientPhone, UserID: message.RecipientUserID}
	if to == (whatsapp.Recipient{}) {
		return "", errNobody
	}
	wamid, err := a.post(ctx, to, message, windowOpen)
	if windowOpen && whatsapp.ReasonOf(err) == whatsapp.ReasonWindowClosed {
		return a.post(ctx, to, message, false)
	}
	return wamid, err
}

func (a *Messaging) post(ctx context.Context, to whatsapp.Recipient, message postgres.OutboundMessage, windowOpen bool) (string, error) {
	wire, err := render(message.Reply, windowOpen)
	if err != nil {
		return "", fmt.Errorf("message %d cannot be put into WhatsApp's form: %w", message.ID, errors.Join(errUnsendable, err))
	}
	receipt, err := a.WhatsApp.Send(ctx, to, wire.WithCallbackData(message.EffectKey))
	return receipt.MessageID, err
}

// What keeps a message from ever being sent; the words are kept with it.
var (
	errUnsendable = errors.New("unsendable")
	errNobody     = errors.New("no_recipient") // an alarm without OWNER_WHATSAPP
)

// failed records a failed attempt: ambiguous ones stay claimed, what may be repeated is queued again, the rest is final.
func (a *Messaging) failed(ctx context.Context, message postgres.OutboundMessage, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	reason := whatsapp.ReasonOf(cause)
	a.Metrics.WhatsAppSends.WithLabelValues(string(reason)).Inc()
	slog.WarnContext(ctx, "message not sent", "message_id", message.ID, "key", message.EffectKey, "reason", string(reason), "error", cause)
	switch {
	case errors.Is(cause, errUnsendable):
		return a.Store.SendFailed(ctx, message.ID, errUnsendable.Error(), true, a.Now())
	case errors.Is(cause, errNobody):
		return a.Store.SendFailed(ctx, message.ID, errNobody.Error(), true, a.Now())
	case reason == whatsapp.ReasonAmbiguous:
		return cause
	case reason == whatsapp.ReasonRecipient, reason == whatsapp.ReasonMessageInvalid, reason == whatsapp.ReasonWindowClosed:
		return a.Store.SendFailed(ctx, message.ID, string(reason), true, a.Now())
	}
	// Whatever else it was, a wrong address of the API included, somebody can mend it and the message still goes out.
	return errors.Join(cause, a.Store.SendFailed(ctx, message.ID, string(reason), false, a.Now()))
}

// SendNotices writes and sends messages a booking sends by itself. A notice already written is not written again, one
// already sent is not sent again.
func (a *Messaging) SendNotices(ctx context.Context, in workflows.NoticesInput) (workflows.Done, error) {
	var failures []error
	for _, notice := range in.Notices {
		id, err := a.queueNotice(ctx, notice)
		if err == nil && id != 0 {
			err = a.deliver(ctx, id)
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("notice %s of %s: %w", notice.Kind, notice.Code, err))
		}
	}
	if len(failures) == 0 {
		return workflows.Done{}, nil
	}
	// One guest's or the owner's trouble must not keep the others' messages: all are tried, then the first failure decides about the retry.
	return workflows.Done{}, retryUnlessFinal(failures)
}

func retryUnlessFinal(failures []error) error {
	for _, failure := range failures {
		var application *temporal.ApplicationError
		if converted := asTemporal(failure); !errors.As(converted, &application) || !application.NonRetryable() {
			return converted
		}
	}
	return asTemporal(failures[0])
}
