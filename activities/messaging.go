package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
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
	// Budget keeps all processes together within Meta's limits; nil sends at once.
	Budget SendBudget
	// Again sends a message apart from the step that wrote it.
	Again Redelivery
	// Templates renames the templates of the dialogue to what Meta approved; one that is missing keeps its name.
	Templates map[string]ApprovedTemplate
	// OwnerPhone is who is alarmed; empty records alarms without sending them.
	OwnerPhone string
	// Mailbox mails notices beside; nil mails none.
	Mailbox *Mailbox
	// SettleWait is how long a status webhook may take to tell the end of an attempt that is unknown.
	SettleWait time.Duration
	// ReceiptBase is where receipts are fetched from; nil sends none by itself.
	ReceiptBase *url.URL
	// Feeds is what alarms about calendars of other channels are made of.
	Feeds   CalendarAlarmStore
	Terms   Terms
	Metrics *observe.Metrics
	Now     func() time.Time
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
	RememberSendTo(ctx context.Context, messageID int64, phone string, now time.Time) error
}

// Redelivery starts sending a stored message; it may be repeated.
type Redelivery interface {
	Redelivery(ctx context.Context, messageID int64) error
}

// DefaultSettleWait is the time status webhooks get: Meta usually tells within a second or two.
const DefaultSettleWait = 8 * time.Second

const (
	settlePoll    = 100 * time.Millisecond
	recordTimeout = 5 * time.Second
)

// DeliverMessages sends stored messages in order. A message that cannot be delivered for good is marked with its reason, the
// owner is told, and it does not keep back the next.
func (a *Messaging) DeliverMessages(ctx context.Context, in workflows.DeliverInput) (workflows.Done, error) {
	for _, id := range in.MessageIDs {
		if err := a.deliver(ctx, id); err != nil {
			return workflows.Done{}, asTemporal(err)
		}
	}
	return workflows.Done{}, nil
}

// deliver returns nil once the message is accepted by Meta, or marked as failed for good and told; an error means: try again.
func (a *Messaging) deliver(ctx context.Context, id int64) error {
	message, err := a.Store.Outbound(ctx, id)
	if err != nil {
		return err
	}
	ctx = observe.WithTrace(ctx, message.TraceID)
	switch message.Status {
	case postgres.MessageQueued:
		if admitted, err := a.admit(ctx, message); !admitted || err != nil {
			return err
		}
	case postgres.MessageSending:
	case postgres.MessageFailed:
		return a.tellOwner(ctx, message, problemOf(message.Error))
	default:
		return nil
	}
	claim, err := a.Store.ClaimSend(ctx, id, a.Now())
	if err != nil || !claim.Claimed {
		return err
	}
	if claim.Was == postgres.MessageSending {
		settled, err := a.awaitSettlement(ctx, id, claim.Since)
		if settled || err != nil {
			return err
		}
	}
	message.Attempts = claim.Attempts
	receipt, err := a.sendTraced(ctx, message)
	if err != nil {
		return a.failed(ctx, message, err)
	}
	return a.accepted(ctx, message, receipt)
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

// send posts the message in the form that may be sent now. The window may be closed sooner than we know; a template may be
// approved in Spanish only, which says more than nothing to whoever speaks something else.
func (a *Messaging) send(ctx context.Context, message postgres.OutboundMessage) (whatsapp.Receipt, error) {
	form := formTemplate
	if a.Now().Before(message.WindowOpenUntil) {
		form = formFree
	}
	receipt, err := a.post(ctx, message, form)
	if form == formFree && whatsapp.ReasonOf(err) == whatsapp.ReasonWindowClosed {
		form = formTemplate
		receipt, err = a.post(ctx, message, form)
	}
	if form == formTemplate && whatsapp.IsMissingTranslation(err) {
		receipt, err = a.post(ctx, message, formSpanishTemplate)
	}
	return receipt, err
}

func (a *Messaging) post(ctx context.Context, message postgres.OutboundMessage, form form) (whatsapp.Receipt, error) {
	to := whatsapp.Recipient{Phone: message.RecipientPhone, UserID: message.RecipientUserID}
	if to == (whatsapp.Recipient{}) {
		return whatsapp.Receipt{}, errNobody
	}
	wire, err := a.render(message.Reply, form)
	if err != nil {
		return whatsapp.Receipt{}, fmt.Errorf("message %d cannot be put into WhatsApp's form: %w", message.ID, err)
	}
	return a.WhatsApp.Send(ctx, to, wire.WithCallbackData(message.EffectKey))
}

// accepted writes down what Meta took, even when the time of this attempt is over.
func (a *Messaging) accepted(ctx context.Context, message postgres.OutboundMessage, receipt whatsapp.Receipt) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	a.Metrics.WhatsAppSends.WithLabelValues("accepted").Inc()
	a.measureSent(message)
	slog.InfoContext(ctx, "message sent", "message_id", message.ID, "key", message.EffectKey)
	if err := a.Store.SendAccepted(ctx, message.ID, receipt.MessageID, a.Now()); err != nil {
		return err
	}
	if receipt.Fallback {
		a.rememberForm(ctx, message, receipt.Phone)
	}
	return nil
}

// rememberForm spares the next message the refused form; forgetting it costs one request.
func (a *Messaging) rememberForm(ctx context.Context, message postgres.OutboundMessage, phone string) {
	if err := a.Store.RememberSendTo(ctx, message.ID, phone, a.Now()); err != nil {
		slog.WarnContext(ctx, "form of a number not kept", "message_id", message.ID, "error", err)
	}
}

// SendNotices writes and sends messages a booking sends by itself. A notice already written is not written again, one
// already sent is not sent again.
func (a *Messaging) SendNotices(ctx context.Context, in workflows.NoticesInput) (workflows.Done, error) {
	var failures []error
	for _, notice := range a.withCompanions(ctx, in.Notices, &failures) {
		id, err := a.queueNotice(ctx, notice, &failures)
		if err == nil && id != 0 {
			err = a.deliver(ctx, id)
		}
		if toOwner(notice.Kind) && errors.Is(err, errTooManyAtOnce) {
			// The owner of many bookings waits in line; the guest's next notice does not wait behind that.
			err = a.Again.Redelivery(ctx, id)
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("notice %s of %s: %w", notice.Kind, notice.Code, err))
		}
	}
	if len(failures) == 0 {
		return workflows.Done{}, nil
	}
	// One guest's or the owner's trouble must not keep the others' messages: all are tried, and the failure that may be
	// repeated soonest decides about the retry.
	return workflows.Done{}, retryUnlessFinal(failures)
}

func retryUnlessFinal(failures []error) error {
	var soonest error
	least := time.Duration(-1)
	for _, failure := range failures {
		converted, wait := asTemporal(failure), time.Duration(0)
		if application, known := errors.AsType[*temporal.ApplicationError](converted); known {
			if application.NonRetryable() {
				continue
			}
			wait = application.NextRetryDelay()
		}
		if least < 0 || wait < least {
			soonest, least = converted, wait
		}
	}
	if soonest == nil {
		return asTemporal(failures[0])
	}
	return soonest
}
