package postgres

import (
	"context"
	"encoding/json"
	"time"
)

// MessageStatus is how far an outbound message is.
type MessageStatus string

// The states of an outbound message.
const (
	MessageQueued    MessageStatus = "queued"    // nobody has tried yet, or the last try surely did not reach the provider
	MessageSending   MessageStatus = "sending"   // a try was begun and its end is not known
	MessageSent      MessageStatus = "sent"      // the provider took it
	MessageDelivered MessageStatus = "delivered" // it is on the guest's phone
	MessageRead      MessageStatus = "read"
	MessageFailed    MessageStatus = "failed" // it will not be sent
)

// OutboundMessage is a message to send.
type OutboundMessage struct {
	ID int64
	// GuestID is 0 for a message to the owner.
	GuestID int64
	// RecipientPhone is the number as the provider wrote it; empty when only RecipientUserID is known.
	RecipientPhone  string
	RecipientUserID string
	Reply           json.RawMessage
	Status          MessageStatus
	ProviderID      string
	// WindowOpenUntil is zero for somebody who never wrote.
	WindowOpenUntil time.Time
	TraceID         string
	// EffectKey is unique over all messages; it goes to the provider as callback data.
	EffectKey string
	Attempts  int
}

// Claim is the outcome of ClaimSend.
type Claim struct {
	// Claimed is false for a message that needs no sending any more.
	Claimed bool
	// Was is the state before: with MessageSending an earlier try may have reached the provider.
	Was MessageStatus
	// Since is when that earlier try began.
	Since    time.Time
	Attempts int
}

// StatusUpdate is what the provider reports of a message it took.
type StatusUpdate struct {
	ProviderID string
	// CallbackData is the EffectKey given when sending; may be empty.
	CallbackData string
	Status       MessageStatus
	ErrorCode    string
	At           time.Time
}

// Notice is a message that the system sends by itself, once per key.
type Notice struct {
	Key string
	// GuestID is who gets it; with Owner it is OwnerPhone instead.
	GuestID    int64
	Owner      bool
	OwnerPhone string
	Reply      json.RawMessage
	TraceID    string
}

// Outbound reads a message to send.
func (s *Store) Outbound(ctx context.Context, id int64) (OutboundMessage, error) {
	return OutboundMessage{}, errPending
}

// ClaimSend records that sending begins, before the provider is called.
func (s *Store) ClaimSend(ctx context.Context, id int64, now time.Time) (Claim, error) {
	return Claim{}, errPending
}

// SendAccepted records that the provider took the message under wamid.
func (s *Store) SendAccepted(ctx context.Context, id int64, wamid string, now time.Time) error {
	return errPending
}

// SendFailed records a try that surely did not reach the guest: final ends the message, otherwise it waits for another try.
// Reason is a word of the provider's error classes.
func (s *Store) SendFailed(ctx context.Context, id int64, reason string, final bool, now time.Time) error {
	return errPending
}

// ApplyStatus moves a message forward (sent, delivered, read; failed only before it was delivered). It finds the message by
// wamid, else by callback data, which settles a try whose answer was lost; a message of nobody's is ignored.
func (s *Store) ApplyStatus(ctx context.Context, update StatusUpdate) error { return errPending }

// QueueNotice writes the message of a notice once per key and returns its id, the first one's when the key was used before.
func (s *Store) QueueNotice(ctx context.Context, notice Notice, now time.Time) (int64, error) {
	return 0, errPending
}
