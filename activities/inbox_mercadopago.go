package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"

	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// dispatchMercadoPago wakes whoever must look at a payment. It fetches nothing and believes nothing.
func (i *Inbox) dispatchMercadoPago(ctx context.Context, item postgres.InboxItem) error {
	var meta map[string]string
	if err := json.Unmarshal(item.Meta, &meta); err != nil {
		return fmt.Errorf("read meta of delivery %d: %w", item.ID, err)
	}
	query := make(url.Values, len(meta))
	for name, value := range meta {
		query.Set(name, value)
	}
	notification := mercadopago.ParseNotification(query, item.Body)
	if notification.Topic != mercadopago.TopicPayment || notification.ResourceID == "" {
		slog.InfoContext(ctx, "notification of another topic", "inbox_id", item.ID, "topic", string(notification.Topic))
		return nil
	}
	code := query.Get(refHint)
	if !booking.ValidCode(code) {
		code = ""
	}
	if code != "" {
		delivered, err := i.Processes.Payment(ctx, code, notification.ResourceID)
		if err != nil || delivered {
			return err
		}
	}
	return i.Processes.LatePayment(ctx, workflows.LatePaymentInput{PaymentID: notification.ResourceID, Code: code})
}
