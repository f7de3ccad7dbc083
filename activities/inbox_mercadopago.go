package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

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
	in := workflows.LatePaymentInput{PaymentID: meta[MetaPaymentID], Code: meta[MetaReference], Hint: meta[MetaSigned] != "true"}
	if meta[MetaTopic] != string(mercadopago.TopicPayment) || in.PaymentID == "" {
		slog.InfoContext(ctx, "notification of another topic", "inbox_id", item.ID, "topic", meta[MetaTopic])
		return nil
	}
	if !booking.ValidCode(in.Code) {
		in.Code = ""
	}
	if in.Code != "" {
		delivered, err := i.Processes.Payment(ctx, in.Code, in.PaymentID)
		if err != nil || delivered {
			return err
		}
	}
	return i.Processes.LatePayment(ctx, in)
}
