package activities_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"cabanas/activities"
	"cabanas/dialogue"
	"cabanas/gateways/transcription"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/observe"
	"cabanas/sandbox"
	"cabanas/sandbox/control"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// shelf is one voice message and what was heard in it.
type shelf struct {
	mu      sync.Mutex
	message postgres.VoiceMessage
	kept    []postgres.Transcription
	fail    error
}

func (s *shelf) VoiceMessage(context.Context, int64) (postgres.VoiceMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.message.Transcribed = len(s.kept) > 0
	return s.message, s.fail
}

func (s *shelf) StoreTranscription(_ context.Context, t postgres.Transcription, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, t)
	return nil
}

func (s *shelf) only(t *testing.T) postgres.Transcription {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Len(t, s.kept, 1)
	return s.kept[0]
}

func voiceMessage(t *testing.T, inbound dialogue.Inbound, language string) *shelf {
	t.Helper()
	body, err := json.Marshal(inbound)
	require.NoError(t, err)
	return &shelf{message: postgres.VoiceMessage{ID: 7, Body: body, GuestLanguage: language, TraceID: "trace"}}
}

func note(mediaID string) dialogue.Inbound {
	return dialogue.Inbound{Kind: dialogue.InboundAudio, Media: &dialogue.Media{ID: mediaID, MIMEType: "audio/ogg; codecs=opus", Voice: true}}
}

// files and ears answer as told.
type files struct{ err error }

func (f files) Download(context.Context, string) (whatsapp.File, error) {
	return whatsapp.File{MIMEType: "audio/ogg", Body: io.NopCloser(bytes.NewReader([]byte("OggS")))}, f.err
}

type ears struct {
	heard    transcription.Heard
	err      error
	language string
	asked    int
}

func (e *ears) Listen(_ context.Context, sound io.Reader, _, language string) (transcription.Heard, error) {
	e.asked, e.language = e.asked+1, language
	_, _ = io.ReadAll(sound)
	return e.heard, e.err
}

// transcribe runs the activity as Temporal would.
func transcribe(t *testing.T, a *activities.Media) error {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(a)
	_, err := env.ExecuteActivity(a.Transcribe, workflows.TranscribeInput{MessageID: 7})
	return err
}

func listeningTo(store *shelf, f activities.Files, l activities.Listener) *activities.Media {
	return &activities.Media{Store: store, Files: f, Listener: l, Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: time.Now}
}

func TestWhatWasHeardIsKeptOnce(t *testing.T) {
	t.Parallel()
	store := voiceMessage(t, note("1"), "pt")
	listener := &ears{heard: transcription.Heard{Outcome: transcription.OutcomeHeard, Text: "Somos dos", Confidence: 0.8, Language: "pt",
		Duration: 2 * time.Second, Model: "small", Engine: time.Second}}
	a := listeningTo(store, files{}, listener)
	registry := prometheus.NewRegistry()
	a.Metrics = observe.NewMetrics(registry)
	require.NoError(t, transcribe(t, a))
	require.NoError(t, transcribe(t, a), "again is nothing")
	require.Equal(t, postgres.Transcription{MessageID: 7, Outcome: "heard", Text: "Somos dos", Confidence: 0.8, Language: "pt",
		Duration: 2 * time.Second, Model: "small"}, store.only(t))
	require.Equal(t, 1, listener.asked)
	require.Equal(t, "pt", listener.language)
	families, err := registry.Gather()
	require.NoError(t, err)
	var heard float64
	var timed uint64
	for _, family := range families {
		for _, series := range family.GetMetric() {
			switch family.GetName() {
			case "audio_transcriptions_total":
				heard += series.GetCounter().GetValue()
			case "audio_transcription_duration_seconds":
				timed += series.GetHistogram().GetSampleCount()
			}
		}
	}
	require.InDelta(t, 1, heard, 0)
	require.EqualValues(t, 1, timed, "the engine once; nothing was converted")
}

func TestOutcomesAndRetries(t *testing.T) {
	t.Parallel()
	fileError := func(r whatsapp.MediaReason) error { return &whatsapp.MediaError{Reason: r} }
	speechError := func(r transcription.Reason) error { return &transcription.Error{Reason: r} }
	tests := []struct {
		name     string
		message  dialogue.Inbound
		file     error
		listener activities.Listener
		outcome  string // empty: an error, tried again
	}{
		{"nobody listens", note("1"), nil, nil, "failed"},
		{"no file", dialogue.Inbound{Kind: dialogue.InboundAudio}, nil, &ears{}, "failed"},
		{"the file is gone", note("1"), fileError(whatsapp.MediaGone), &ears{}, "failed"},
		{"the file is elsewhere", note("1"), fileError(whatsapp.MediaForbiddenHost), &ears{}, "failed"},
		{"the file is too large", note("1"), fileError(whatsapp.MediaTooLarge), &ears{}, "too_long"},
		{"the file cannot be had now", note("1"), fileError(whatsapp.MediaTransient), &ears{}, ""},
		{"our token is refused", note("1"), fileError(whatsapp.MediaAccount), &ears{}, ""},
		{"no sound", note("1"), nil, &ears{err: speechError(transcription.ReasonUnreadable)}, "failed"},
		{"too many bytes", note("1"), nil, &ears{err: speechError(transcription.ReasonTooLarge)}, "too_long"},
		{"the model is missing", note("1"), nil, &ears{err: speechError(transcription.ReasonModelMissing)}, "failed"},
		{"the key is refused", note("1"), nil, &ears{err: speechError(transcription.ReasonBadKey)}, "failed"},
		{"the engine is away", note("1"), nil, &ears{err: speechError(transcription.ReasonTransient)}, ""},
		{"something else", note("1"), nil, &ears{err: errors.New("disk full")}, ""},
		{"too long", note("1"), nil, &ears{heard: transcription.Heard{Outcome: transcription.OutcomeTooLong}}, "too_long"},
		{"silent", note("1"), nil, &ears{heard: transcription.Heard{Outcome: transcription.OutcomeSilent}}, "silent"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := voiceMessage(t, test.message, "")
			err := transcribe(t, listeningTo(store, files{test.file}, test.listener))
			if test.outcome == "" {
				require.Error(t, err)
				var application *temporal.ApplicationError
				require.ErrorAs(t, err, &application)
				require.False(t, application.NonRetryable())
				require.Empty(t, store.kept)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.outcome, store.only(t).Outcome)
			require.Empty(t, store.only(t).Text)
		})
	}
}

func TestWhoSaysWhenIsAskedThen(t *testing.T) {
	t.Parallel()
	store := voiceMessage(t, note("1"), "")
	err := transcribe(t, listeningTo(store, files{&whatsapp.MediaError{Reason: whatsapp.MediaTransient, RetryAfter: time.Minute}}, &ears{}))
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	require.Equal(t, time.Minute, application.NextRetryDelay())
}

// voice is the whole chain: a guest's note at the WhatsApp stand-in, our gateways, FFmpeg and the speech stand-in.
func voice(t *testing.T) (*control.Client, *activities.Media, *shelf, func(clip string)) {
	t.Helper()
	served := httptest.NewUnstartedServer(nil)
	address := "http://" + served.Listener.Addr().String()
	stand, err := sandbox.New(sandbox.Options{PublicURL: address, PhoneNumberID: "1", AccessToken: "token", AppSecret: "secret", VerifyToken: "verify",
		MercadoPagoAccessToken: "mp", MercadoPagoWebhookSecret: "mp"})
	require.NoError(t, err)
	served.Config.Handler = stand.Handler()
	served.Start()
	guests := control.NewClient(address, nil)
	t.Cleanup(func() {
		require.NoError(t, stand.Close())
		guests.CloseIdle()
		served.Close()
	})
	gateway, err := whatsapp.New(whatsapp.Options{BaseURL: address + "/graph", PhoneID: "1", Token: "token"})
	require.NoError(t, err)
	engine, err := transcription.New(transcription.Options{URL: address + "/speech", Model: "whisper-1"})
	require.NoError(t, err)
	store := &shelf{}
	a := listeningTo(store, gateway, &transcription.Listener{Engine: engine, MinConfidence: 0.6})
	send := func(clip string) {
		_, err := guests.SendClip(t.Context(), "5493515550101", clip)
		require.NoError(t, err)
		all, err := guests.Messages(t.Context(), "5493515550101", 0)
		require.NoError(t, err)
		store.mu.Lock()
		defer store.mu.Unlock()
		store.kept, store.message = nil, voiceMessage(t, note(all[len(all)-1].Media.ID), "es").message
	}
	return guests, a, store, send
}

func TestVoiceNoteEndToEnd(t *testing.T) {
	t.Parallel()
	guests, a, store, send := voice(t)
	send("fechas-cuatro")
	require.NoError(t, transcribe(t, a))
	heard := store.only(t)
	require.Equal(t, "heard", heard.Outcome)
	require.Equal(t, "Hola, ¿qué tal? ¿Tenés lugar del diez al quince de enero? Somos cuatro.", heard.Text)
	require.InDelta(t, 6, heard.Duration.Seconds(), 0.2)

	send("silencio")
	require.NoError(t, transcribe(t, a))
	require.Equal(t, "silent", store.only(t).Outcome)
	send("viento")
	require.NoError(t, transcribe(t, a))
	require.Equal(t, "silent", store.only(t).Outcome)

	send("si-dale")
	down := true
	require.NoError(t, guests.SetSpeechFaults(t.Context(), control.SpeechFaults{Outage: &down}))
	require.Error(t, transcribe(t, a))
	require.NoError(t, guests.ClearSpeechFaults(t.Context()))
	require.NoError(t, transcribe(t, a))
	require.Equal(t, "Sí, dale.", store.only(t).Text)
	calls, err := guests.WhatsAppCalls(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 5, calls["download"])
}

// What a guest says must not get into the log. Not parallel: the logger is the process's.
func TestNothingSaidIsLogged(t *testing.T) {
	var log lockedLog
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	_, a, _, send := voice(t)
	for _, clip := range []string{"si-dale", "viento"} {
		send(clip)
		require.NoError(t, transcribe(t, a))
	}
	require.Contains(t, log.String(), "voice note heard")
	for _, secret := range []string{"dale", "Amara", "5493515550101", "lookaside"} {
		require.NotContains(t, log.String(), secret)
	}
}

type lockedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
