package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"cabanas/dialogue"
	"cabanas/gateways/whatsapp"
	"cabanas/store/postgres"
)

// dispatchWhatsApp records every message and status of a delivery, then wakes the conversations. All is tried before the
// first failure is returned: one bad item does not keep back the others.
func (i *Inbox) dispatchWhatsApp(ctx context.Context, item postgres.InboxItem) error {
	hook, err := whatsapp.ParseWebhook(item.Body)
	if err != nil {
		slog.WarnContext(ctx, "delivery is not a WhatsApp webhook", "inbox_id", item.ID, "error", err)
		return nil
	}
	for _, skipped := range hook.Skipped {
		slog.WarnContext(ctx, "part of a delivery skipped", "inbox_id", item.ID, "reason", skipped.Reason)
	}
	for _, trouble := range hook.Errors {
		slog.ErrorContext(ctx, "WhatsApp reports trouble with the account", "inbox_id", item.ID, "code", trouble.Code)
	}
	var failures []error
	for _, status := range hook.Statuses {
		failures = append(failures, i.applyStatus(ctx, status))
	}
	for _, message := range hook.Messages {
		failures = append(failures, i.receiveMessage(ctx, item, message))
	}
	for _, echo := range hook.Echoes {
		failures = append(failures, i.receiveEcho(ctx, item, echo))
	}
	return errors.Join(failures...)
}

// applyStatus moves a message on. Meta takes a message first and may only then find that it cannot be delivered: such a
// message is handed to delivery once more, which sends it again or tells the owner.
func (i *Inbox) applyStatus(ctx context.Context, status whatsapp.Status) error {
	if status.State != whatsapp.DeliveryFailed {
		return i.Store.ApplyStatus(ctx, statusUpdate(status))
	}
	remedy, reason := remedyOf(status)
	id, err := i.Store.ApplyFailure(ctx, statusUpdate(status), remedy)
	if err != nil {
		return fmt.Errorf("apply failure of a message: %w", err)
	}
	if id == 0 {
		return nil
	}
	slog.WarnContext(ctx, "message failed after it was taken", "message_id", id, "reason", string(reason))
	return i.Processes.Redelivery(ctx, id)
}

func (i *Inbox) receiveMessage(ctx context.Context, item postgres.InboxItem, message whatsapp.Inbound) error {
	if message.PhoneNumberID != i.PhoneID {
		slog.WarnContext(ctx, "message for a number that is not ours", "inbox_id", item.ID)
		return nil
	}
	inbound := inboundOf(message, i.Now())
	guest, err := guestOf(message)
	if err != nil {
		slog.WarnContext(ctx, "sender cannot be read, message skipped", "inbox_id", item.ID, "error", err)
		return nil
	}
	body, err := json.Marshal(inbound)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	guestID, messageID, _, err := i.Store.RecordInbound(ctx, postgres.Inbound{
		Guest: guest, ProviderID: message.ID, Kind: string(message.Kind), Body: body, SentAt: inbound.SentAt, TraceID: item.TraceID,
	}, i.Now())
	if err != nil {
		return fmt.Errorf("record message: %w", err)
	}
	if inbound.Kind != dialogue.InboundSilent {
		i.showRead(ctx, guestID, message.ID)
	}
	// A message recorded before is signalled again: the process that recorded it may have died before its signal.
	if err := i.Processes.Message(ctx, guestID, i.signalOf(messageID, inbound)); err != nil {
		return fmt.Errorf("wake conversation of message %d: %w", messageID, err)
	}
	slog.InfoContext(ctx, "message received", "message_id", messageID, "guest_id", guestID, "kind", string(message.Kind))
	return nil
}

// showRead is a courtesy: it never holds a message up and is not repeated. Where a person has taken over, the bot neither
// reads nor types.
func (i *Inbox) showRead(ctx context.Context, guestID int64, wamid string) {
	if i.Reads == nil {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		handedOver, err := i.Store.HandedOver(ctx, guestID, i.Now())
		if err == nil && !handedOver {
			err = i.Reads.MarkRead(ctx, wamid, true)
		}
		if err != nil {
			slog.DebugContext(ctx, "message not marked as read", "error", err)
		}
	}()
}

func guestOf(message whatsapp.Inbound) (postgres.Guest, error) {
	guest := postgres.Guest{WhatsAppPhone: message.From, WhatsAppUserID: message.UserID, Name: message.ProfileName}
	if message.From == "" {
		return guest, nil
	}
	phone, err := whatsapp.CanonicalWaID(message.From)
	if err != nil && message.UserID == "" {
		return guest, err
	}
	guest.Phone = phone
	return guest, nil
}

// kinds maps what WhatsApp can deliver to what the dialogue answers; what is missing here is unsupported.
var kinds = map[whatsapp.Kind]dialogue.InboundKind{
	whatsapp.KindText:           dialogue.InboundText,
	whatsapp.KindWelcome:        dialogue.InboundText,
	whatsapp.KindButton:         dialogue.InboundChoice,
	whatsapp.KindListReply:      dialogue.InboundChoice,
	whatsapp.KindTemplateButton: dialogue.InboundChoice,
	whatsapp.KindAudio:          dialogue.InboundAudio,
	whatsapp.KindImage:          dialogue.InboundPicture,
	whatsapp.KindVideo:          dialogue.InboundPicture,
	whatsapp.KindDocument:       dialogue.InboundDocument,
	whatsapp.KindLocation:       dialogue.InboundLocation,
	whatsapp.KindReaction:       dialogue.InboundSilent,
	whatsapp.KindEdit:           dialogue.InboundSilent,
	whatsapp.KindRevoke:         dialogue.InboundSilent,
	whatsapp.KindSystem:         dialogue.InboundSilent,
}

func inboundOf(message whatsapp.Inbound, now time.Time) dialogue.Inbound {
	kind, known := kinds[message.Kind]
	if !known {
		kind = dialogue.InboundUnsupported
	}
	sentAt := message.Timestamp
	if sentAt.IsZero() {
		sentAt = now
	}
	return dialogue.Inbound{Kind: kind, Text: cut(message.Text), ChoiceID: message.ReplyID, SentAt: sentAt, Media: mediaOf(message.Media)}
}

// longestText is what is kept of a text, in characters: four times what WhatsApp lets people write.
const longestText = 4 * 4096

func cut(text string) string {
	characters := 0
	for at := range text {
		if characters++; characters > longestText {
			return text[:at]
		}
	}
	return text
}

func mediaOf(media *whatsapp.Media) *dialogue.Media {
	if media == nil {
		return nil
	}
	return &dialogue.Media{ID: media.ID, MIMEType: media.MIMEType, SHA256: media.SHA256, Filename: media.Filename, Voice: media.Voice}
}

func statusUpdate(status whatsapp.Status) postgres.StatusUpdate {
	update := postgres.StatusUpdate{ProviderID: status.ID, CallbackData: status.CallbackData, At: status.Timestamp}
	switch status.State {
	case whatsapp.DeliverySent:
		update.Status = postgres.MessageSent
	case whatsapp.DeliveryDelivered:
		update.Status = postgres.MessageDelivered
	case whatsapp.DeliveryRead, whatsapp.DeliveryPlayed:
		update.Status = postgres.MessageRead
	case whatsapp.DeliveryFailed:
		update.Status = postgres.MessageFailed
	}
	if len(status.Errors) > 0 {
		update.ErrorCode = strconv.Itoa(status.Errors[0].Code)
	}
	return update
}
