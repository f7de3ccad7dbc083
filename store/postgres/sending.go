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
	// RecipientPhone is the number as the provider wrote it, or its other form when that is what the provider takes; empty when
	// only RecipientUserID is known.
	RecipientPhone  string
	RecipientUserID string
	Reply           json.RawMessage
	Status          MessageStatus
	// Error is why the last try failed: a word of ours, or the provider's code when it failed after it was taken.
	Error string
	// Unasked marks what the guest did not ask for, such as a reminder.
	Unasked bool
	// OptedOut is true for a guest who wants nothing that is unasked.
	OptedOut   bool
	ProviderID string
	// WindowOpenUntil is zero for somebody who never wrote; an owner who wrote to the bot has a window too.
	WindowOpenUntil time.Time
	TraceID         string
	// EffectKey is unique over all messages; it goes to the provider as callback data.
	EffectKey string
	Attempts  int
	// AskedAt is when the guest's message to which this is the bot's first reply was stored, AskedByVoice whether it was a voice
	// note; zero for every other message.
	AskedAt      time.Time
	AskedByVoice bool
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
	// Unasked is a message the guest did not ask for.
	Unasked bool
	TraceID string
}

// Outbound reads a message to send.
func (s *Store) Outbound(ctx context.Context, id int64) (OutboundMessage, error) {
	row, err := s.queries.GetOutbound(ctx, s.pool, id)
	if err != nil {
		return OutboundMessage{}, explain("read outbound message", err)
	}
	message := OutboundMessage{
		ID: row.ID, GuestID: row.GuestID, RecipientPhone: row.RecipientPhone, RecipientUserID: row.RecipientUserID, Reply: row.Body,
		Status: MessageStatus(row.Status), Error: row.Error, Unasked: row.Unasked, OptedOut: row.OptedOut, ProviderID: row.ProviderID, WindowOpenUntil: row.WindowOpenUntil, TraceID: row.TraceID,
		EffectKey: row.EffectKey, Attempts: int(row.Attempts), AskedAt: row.AskedAt, AskedByVoice: row.AskedByVoice,
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
	err := s.queries.ApplyMessageStatus(ctx, s.pool, &dbgen.ApplyMessageStatusParams{
		ProviderID: update.ProviderID, CallbackData: update.CallbackData, Status: string(update.Status), ErrorCode: update.ErrorCode, At: update.At,
	})
	return explain("apply message status", err)
}

// Remedy is what may help a message that the provider took and then reported as failed.
type Remedy int

// The remedies of a failure.
const (
	RemedyNone      Remedy = iota // it failed for good
	RemedyRepeat                  // the reason passes
	RemedyTemplate                // the 24-hour window was closed: it is so from now on
	RemedyOtherForm               // an Argentine number is tried once without its 9
	RemedyAccount                 // somebody has to mend the account: it is tried for as long as that may take
)

// mostAttempts bounds how often a message is sent that the provider takes and then fails, by what may help.
var mostAttempts = map[Remedy]int32{RemedyRepeat: 5, RemedyTemplate: 5, RemedyOtherForm: 10, RemedyAccount: 100}

// ApplyFailure applies the report that a message failed after the provider took it, and names the message that has to be
// delivered again now: because a remedy lets it be tried again, or because it failed for good and somebody has to be told,
// which delivering a failed message does. 0 is a report of an earlier try or of nobody's message. While a try is under way
// that may help, the answer is [booking.CodeUnavailable]. It may be repeated.
func (s *Store) ApplyFailure(ctx context.Context, update StatusUpdate, remedy Remedy) (messageID int64, err error) {
	if remedy != RemedyNone {
		id, err := s.reopenFailed(ctx, update, remedy)
		if err != nil || id != 0 {
			return id, explain("reopen failed message", err)
		}
	}
	if err := s.ApplyStatus(ctx, update); err != nil {
		return 0, err
	}
	id, err := s.queries.FindFailedMessage(ctx, s.pool, update.ProviderID)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return id, explain("find failed message", err)
}

func (s *Store) reopenFailed(ctx context.Context, update StatusUpdate, remedy Remedy) (int64, error) {
	params := &dbgen.ReopenFailedMessageParams{
		ProviderID: update.ProviderID, CallbackData: update.CallbackData, ErrorCode: update.ErrorCode, At: update.At,
		MostAttempts: mostAttempts[remedy], CloseWindow: remedy == RemedyTemplate, OtherForm: remedy == RemedyOtherForm,
	}
	id, err := s.queries.ReopenFailedMessage(ctx, s.pool, params)
	if err == nil || !errors.Is(err, pgx.ErrNoRows) {
		return id, err
	}
	sending, err := s.queries.IsBeingSent(ctx, s.pool, update.CallbackData)
	if err == nil && sending {
		err = booking.Refuse(booking.CodeUnavailable, "the message is being sent")
	}
	if err != nil {
		return 0, err
	}
	// The try may have ended between the two questions.
	id, err = s.queries.ReopenFailedMessage(ctx, s.pool, params)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// RememberSendTo keeps the form of a person's number that the provider took after it had refused the one it gives.
func (s *Store) RememberSendTo(ctx context.Context, messageID int64, phone string, now time.Time) error {
	_, err := s.queries.RememberSendTo(ctx, s.pool, &dbgen.RememberSendToParams{MessageID: messageID, Phone: phone, Now: now})
	return explain("remember form of number", err)
}

// QueueNotice writes the message of a notice once per key and returns its id, the first one's when the key was used before. An
// owner without a phone gets the notice on record and no message: the id is 0.
func (s *Store) QueueNotice(ctx context.Context, notice Notice, now time.Time) (int64, error) {
	params := &dbgen.QueueNoticeParams{Key: notice.Key, ToOwner: notice.Owner, Body: notice.Reply, Unasked: notice.Unasked, TraceID: notice.TraceID, Now: now}
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

// NoticeWaits reports whether a notice whose key begins with prefix has still to be sent.
func (s *Store) NoticeWaits(ctx context.Context, prefix string) (bool, error) {
	waits, err := s.queries.NoticeWaits(ctx, s.pool, prefix)
	return waits, explain("look for waiting notice", err)
}

func oneRow(operation string, found int64, err error) error {
	if err == nil && found == 0 {
		err = pgx.ErrNoRows
	}
	return explain(operation, err)
}
