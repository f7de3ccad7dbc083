package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/store/postgres/dbgen"
)

// VoiceMessage is a guest's message that may be listened to.
type VoiceMessage struct {
	ID      int64
	Body    json.RawMessage
	TraceID string
	// GuestLanguage is es, pt or en; empty is not known yet.
	GuestLanguage string
	// Transcribed is true when it has a transcription already, of whatever outcome.
	Transcribed bool
}

// Transcription is what was heard in a voice message.
type Transcription struct {
	MessageID int64
	// Outcome is heard, unclear, silent, too_long or failed; only the first two come with a text.
	Outcome string
	Text    string
	// Confidence is from 0 to 1.
	Confidence float64
	// Language, Duration and Model are zero when they are not known.
	Language string
	Duration time.Duration
	Model    string
}

// VoiceMessage reads a guest's message with what listening to it needs; an unknown one is [booking.CodeNotFound].
func (s *Store) VoiceMessage(ctx context.Context, messageID int64) (VoiceMessage, error) {
	row, err := s.queries.GetVoiceMessage(ctx, s.pool, messageID)
	if err != nil {
		return VoiceMessage{}, explain("read voice message", err)
	}
	return VoiceMessage{ID: row.ID, Body: row.Body, TraceID: row.TraceID, GuestLanguage: row.GuestLanguage, Transcribed: row.Transcribed}, nil
}

// StoreTranscription keeps what was heard, once: a message that has a transcription keeps it. A message that does not exist is
// [booking.CodeNotFound].
func (s *Store) StoreTranscription(ctx context.Context, t Transcription, now time.Time) error {
	params := &dbgen.StoreTranscriptionParams{
		MessageID: t.MessageID, Outcome: t.Outcome, Text: t.Text, Language: unlessZero(t.Language), Model: unlessZero(t.Model), Now: now,
		DurationSeconds: unlessZero(t.Duration.Seconds()),
	}
	if t.Model != "" {
		params.Confidence = &t.Confidence
	}
	_, err := s.queries.StoreTranscription(ctx, s.pool, params)
	return explain("store transcription", err)
}

// Transcription reads what was heard in a message; false when it was not listened to.
func (s *Store) Transcription(ctx context.Context, messageID int64) (Transcription, bool, error) {
	row, err := s.queries.GetTranscription(ctx, s.pool, messageID)
	if errors.Is(err, pgx.ErrNoRows) {
		return Transcription{}, false, nil
	}
	if err != nil {
		return Transcription{}, false, explain("read transcription", err)
	}
	return Transcription{
		MessageID: row.MessageID, Outcome: row.Outcome, Text: row.Text, Confidence: orZero(row.Confidence), Language: orZero(row.Language),
		Duration: time.Duration(orZero(row.DurationSeconds) * float64(time.Second)), Model: orZero(row.Model),
	}, true, nil
}

func unlessZero[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

func orZero[T any](value *T) T {
	if value == nil {
		var zero T
		return zero
	}
	return *value
}
