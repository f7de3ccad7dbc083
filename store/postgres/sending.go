package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
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
	row, err := s.queries.GetOutbound(ctx, s.pool, id)
	if err != nil {
		return OutboundMessage{}, explain("read outbound message", err)
	}
	message := OutboundMessage{
		ID: row.ID, GuestID: row.GuestID, RecipientPhone: row.RecipientPhone, RecipientUserID: row.RecipientUserID, Reply: row.Body,
		Status: MessageStatus(row.Status), ProviderID: row.ProviderID, WindowOpenUntil: row.WindowOpenUntil, TraceID: row.TraceID,
		EffectKey: row.EffectKey, Attempts: int(row.Attempts),
	}
	return message, nil
}

// ClaimSend records that sending begins, before the provider is called.
func (s *Store) ClaimSend(ctx context.Context, id int64, now time.Time) (Claim, error) {
	row, err := s.queries.ClaimSend(ctx, s.pool, &dbgen.ClaimSendParams{ID: id, Now: now})
	if err == nil {
		return Claim{Claimed: true, Was: MessageStatus(row.Was), Since: row.Since, Attempts: int(row.Attempts)}, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return Claim{}, explain("claim send", err)
	}
	state, err := s.queries.GetSendState(ctx, s.pool, id)
	if err != nil {
		return Claim{}, explain("claim send", err)
	}
	return Claim{Was: MessageStatus(state.Status), Attempts: int(state.Attempts)}, nil
}

// SendAccepted records that the provider took the message under wamid.
func (s *Store) SendAccepted(ctx context.Context, id int64, wamid string, now time.Time) error {
	found, err := s.queries.SendAccepted(ctx, s.pool, &dbgen.SendAcceptedParams{ID: id, ProviderID: wamid, Now: now})
	return oneRow("record accepted message", found, err)
}

// SendFailed records a try that surely did not reach the guest: final ends the message, otherwise it waits for another try.
// Reason is a word of the provider's error classes.
func (s *Store) SendFailed(ctx context.Context, id int64, reason string, final bool, now time.Time) error {
	found, err := s.queries.SendFailed(ctx, s.pool, &dbgen.SendFailedParams{ID: id, Reason: reason, Final: final})
	return oneRow("record failed message", found, err)
}

// ApplyStatus moves a message forward (sent, delivered, read; failed only before it was delivered). It finds the message by
// wamid, else by callback data, which settles a try whose answer was lost; a message of nobody's is ignored.
func (s *Store) ApplyStatus(ctx context.Context, update StatusUpdate) error {
	_, err := s.queries.ApplyMessageStatus(ctx, s.pool, &dbgen.ApplyMessageStatusParams{
		ProviderID: update.ProviderID, CallbackData: update.CallbackData, Status: string(update.Status), ErrorCode: update.ErrorCode, At: update.At,
	})
	return explain("apply message status", err)
}

// mostAttempts bounds how often a message is sent that the provider takes and then fails.
const mostAttempts = 5

// ReopenFailed lets a message be sent again that the provider took and then reported as failed for a reason that passes;
// closeWindow says that the reason was a closed 24-hour window. False means that there is nothing to send again: the status
// is of an earlier try, or the message had its tries. While a try is under way the answer is [booking.CodeUnavailable].
func (s *Store) ReopenFailed(ctx context.Context, update StatusUpdate, closeWindow bool) (messageID int64, reopened bool, err error) {
	id, err := s.queries.ReopenFailedMessage(ctx, s.pool, &dbgen.ReopenFailedMessageParams{
		ProviderID: update.ProviderID, CallbackData: update.CallbackData, ErrorCode: update.ErrorCode, At: update.At,
		MostAttempts: mostAttempts, CloseWindow: closeWindow,
	})
	if err == nil || !errors.Is(err, pgx.ErrNoRows) {
		return id, err == nil, explain("reopen failed message", err)
	}
	sending, err := s.queries.IsBeingSent(ctx, s.pool, update.CallbackData)
	if err == nil && sending {
		err = booking.Refuse(booking.CodeUnavailable, "the message is being sent")
	}
	return 0, false, explain("reopen failed message", err)
}

// QueueNotice writes the message of a notice once per key and returns its id, the first one's when the key was used before. An
// owner without a phone gets the notice on record and no message: the id is 0.
func (s *Store) QueueNotice(ctx context.Context, notice Notice, now time.Time) (int64, error) {
	params := &dbgen.QueueNoticeParams{Key: notice.Key, ToOwner: notice.Owner, Body: notice.Reply, TraceID: notice.TraceID, Now: now}
	switch {
	case notice.Owner:
		params.Recipient = notice.OwnerPhone
	case notice.GuestID == 0:
		return 0, booking.Refuse(booking.CodeInvalidInput, "notice %s is for nobody", notice.Key)
	default:
		params.GuestID = &notice.GuestID
	}
	id, err := s.queries.QueueNotice(ctx, s.pool, params)
	if errors.Is(err, pgx.ErrNoRows) {
		id, err = s.queries.GetNotice(ctx, s.pool, notice.Key)
	}
	return id, explain("queue notice", err)
}

func oneRow(operation string, found int64, err error) error {
	if err == nil && found == 0 {
		err = pgx.ErrNoRows
	}
	return explain(operation, err)
}
