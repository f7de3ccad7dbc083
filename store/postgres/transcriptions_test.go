package postgres_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func TestTranscriptionIsKeptOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, message, _, err := b.RecordInbound(t.Context(), postgres.Inbound{
		Guest: postgres.Guest{Phone: "541155550101", Language: "pt"}, ProviderID: "wamid.voice", Kind: "audio",
		Body: json.RawMessage(`{"kind":"audio","media":{"id":"77"}}`), SentAt: now, TraceID: "trace",
	}, now)
	require.NoError(t, err)
	_, found, err := b.Transcription(t.Context(), message)
	require.NoError(t, err)
	require.False(t, found)
	voice, err := b.VoiceMessage(t.Context(), message)
	require.NoError(t, err)
	require.Equal(t, []any{message, "trace", "pt", false}, []any{voice.ID, voice.TraceID, voice.GuestLanguage, voice.Transcribed})
	require.JSONEq(t, `{"kind":"audio","media":{"id":"77"}}`, string(voice.Body))

	heard := postgres.Transcription{MessageID: message, Outcome: "unclear", Text: "somos dos", Confidence: 0.4, Language: "pt",
		Duration: 2500 * time.Millisecond, Model: "small"}
	require.NoError(t, b.StoreTranscription(t.Context(), heard, now))
	require.NoError(t, b.StoreTranscription(t.Context(), postgres.Transcription{MessageID: message, Outcome: "silent"}, now))
	kept, found, err := b.Transcription(t.Context(), message)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, heard, kept, "the first stays")
	voice, err = b.VoiceMessage(t.Context(), message)
	require.NoError(t, err)
	require.True(t, voice.Transcribed)
}

func TestTranscriptionsThatCannotBe(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.VoiceMessage(t.Context(), 999)
	requireCode(t, err, booking.CodeNotFound)
	requireCode(t, b.StoreTranscription(t.Context(), postgres.Transcription{MessageID: 999, Outcome: "silent"}, now), booking.CodeNotFound)
	_, message, _, err := b.RecordInbound(t.Context(), postgres.Inbound{
		Guest: postgres.Guest{Phone: "541155550102"}, ProviderID: "wamid.wrong", Kind: "audio", Body: json.RawMessage(`{}`), SentAt: now,
	}, now)
	require.NoError(t, err)
	for _, wrong := range []postgres.Transcription{
		{Outcome: "guessed"}, {Outcome: "heard"}, {Outcome: "failed", Text: "hola"}, {Outcome: "heard", Text: "hola", Confidence: 1.5, Model: "small"},
	} {
		wrong.MessageID = message
		requireCode(t, b.StoreTranscription(t.Context(), wrong, now), booking.CodeInvalidInput)
	}
	require.NoError(t, b.StoreTranscription(t.Context(), postgres.Transcription{MessageID: message, Outcome: "failed"}, now))
	kept, _, err := b.Transcription(t.Context(), message)
	require.NoError(t, err)
	require.Equal(t, postgres.Transcription{MessageID: message, Outcome: "failed"}, kept)
}
