package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"cabanas/dialogue"
	"cabanas/gateways/whatsapp"
	"cabanas/store/postgres"
)

// freshEcho is how old an echo may be to silence the bot; older ones are history that WhatsApp fills in.
const freshEcho = 5 * time.Minute

// receiveEcho keeps what the owner wrote to a guest from the phone, and silences the bot: a person is talking.
func (i *Inbox) receiveEcho(ctx context.Context, item postgres.InboxItem, echo whatsapp.Echo) error {
	if echo.PhoneNumberID != i.PhoneID {
		slog.WarnContext(ctx, "echo of a number that is not ours", "inbox_id", item.ID)
		return nil
	}
	if kinds[echo.Kind] == dialogue.InboundSilent {
		return nil
	}
	guest, err := guestOf(whatsapp.Inbound{From: echo.To, UserID: echo.ToUserID})
	if err != nil {
		slog.WarnContext(ctx, "receiver of an echo cannot be read, echo skipped", "inbox_id", item.ID, "error", err)
		return nil
	}
	body, err := json.Marshal(saidByPhone(echo))
	if err != nil {
		return fmt.Errorf("encode echo: %w", err)
	}
	now := i.Now()
	stored := postgres.Echo{Guest: guest, ProviderID: echo.ID, Kind: string(echo.Kind), Body: body, SentAt: echo.Timestamp, TraceID: item.TraceID}
	if stored.SentAt.IsZero() {
		stored.SentAt = item.ReceivedAt
	}
	// A delivery that waited here for long was fresh when it came.
	stored.TakeOver = item.ReceivedAt.Sub(stored.SentAt) <= freshEcho
	if stored.TakeOver && i.TakeoverReturn > 0 {
		stored.Until = now.Add(i.TakeoverReturn)
	}
	guestID, isNew, err := i.Store.RecordEcho(ctx, stored, now)
	if err != nil {
		return fmt.Errorf("record echo: %w", err)
	}
	if isNew {
		slog.InfoContext(ctx, "the owner answered from the phone", "guest_id", guestID, "kind", string(echo.Kind), "takes_over", stored.TakeOver)
	}
	return nil
}

// saidByPhone is an echo in the form of what the bot says; the kind of the message tells what a text stands beside.
func saidByPhone(echo whatsapp.Echo) dialogue.Reply {
	if echo.Place != nil {
		return dialogue.Reply{Kind: dialogue.ReplyLocation, Latitude: echo.Place.Latitude, Longitude: echo.Place.Longitude,
			Name: echo.Place.Name, Address: echo.Place.Address}
	}
	return dialogue.Reply{Kind: dialogue.ReplyText, Body: cut(echo.Text)}
}
