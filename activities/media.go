package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"

	"cabanas/dialogue"
	"cabanas/gateways/transcription"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// Media works on files that guests send.
type Media struct {
	Store MediaStore
	Files Files
	// Listener hears voice notes; nil when no speech service is set, and every note then fails.
	Listener Listener
	Metrics  *observe.Metrics
	Now      func() time.Time
}

var _ workflows.MediaActivities = (*Media)(nil)

// MediaStore is what listening reads and writes.
type MediaStore interface {
	VoiceMessage(ctx context.Context, messageID int64) (postgres.VoiceMessage, error)
	StoreTranscription(ctx context.Context, t postgres.Transcription, now time.Time) error
}

// Files opens what guests sent; the WhatsApp gateway does.
type Files interface {
	Download(ctx context.Context, mediaID string) (whatsapp.File, error)
}

// Listener hears what is said in a sound file, in a language (es, pt, en) if it is known.
type Listener interface {
	Listen(ctx context.Context, sound io.Reader, mime, language string) (transcription.Heard, error)
}

const (
	heartbeatEvery  = 5 * time.Second
	downloadTimeout = time.Minute
)

// Transcribe hears a voice message and keeps what was said beside it, once. What cannot be heard is an outcome in the row;
// the error means that trying again may help. It heartbeats every five seconds.
func (a *Media) Transcribe(ctx context.Context, in workflows.TranscribeInput) (workflows.Done, error) {
	message, err := a.Store.VoiceMessage(ctx, in.MessageID)
	if err != nil {
		return workflows.Done{}, asTemporal(err)
	}
	if message.Transcribed {
		return workflows.Done{}, nil
	}
	ctx = observe.WithTrace(ctx, message.TraceID)
	stop := heartbeat(ctx)
	defer stop()
	heard, err := a.hear(ctx, message)
	if err != nil && mayHelp(err) {
		slog.WarnContext(ctx, "voice note not heard yet", "message_id", message.ID, "error", err)
		return workflows.Done{}, again(err)
	}
	row := rowOf(message.ID, heard)
	if err != nil {
		slog.ErrorContext(ctx, "voice note cannot be heard", "message_id", message.ID, "error", err)
		row.Outcome = string(failureOf(err))
	}
	a.count(row.Outcome, heard)
	slog.InfoContext(ctx, "voice note heard", "message_id", message.ID, "outcome", row.Outcome, "confidence", row.Confidence,
		"seconds", heard.Duration.Seconds(), "engine_seconds", heard.Engine.Seconds())
	return workflows.Done{}, asTemporal(a.Store.StoreTranscription(ctx, row, a.Now()))
}

var (
	errNoListener = errors.New("no speech service is set: give its address in WHISPER_API_URL")
	errNoFile     = errors.New("the message has no file")
)

func (a *Media) hear(ctx context.Context, message postgres.VoiceMessage) (transcription.Heard, error) {
	var inbound dialogue.Inbound
	if err := json.Unmarshal(message.Body, &inbound); err != nil {
		return transcription.Heard{}, fmt.Errorf("read message %d: %w", message.ID, errNoFile)
	}
	if inbound.Media == nil {
		return transcription.Heard{}, errNoFile
	}
	if a.Listener == nil {
		return transcription.Heard{}, errNoListener
	}
	downloading, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	file, err := a.Files.Download(downloading, inbound.Media.ID)
	if err != nil {
		return transcription.Heard{}, err
	}
	defer file.Body.Close()
	return a.Listener.Listen(ctx, file.Body, file.MIMEType, message.GuestLanguage)
}

func rowOf(messageID int64, heard transcription.Heard) postgres.Transcription {
	return postgres.Transcription{
		MessageID: messageID, Outcome: string(heard.Outcome), Text: heard.Text, Confidence: heard.Confidence, Language: heard.Language,
		Duration: heard.Duration, Model: heard.Model,
	}
}

func (a *Media) count(outcome string, heard transcription.Heard) {
	a.Metrics.Transcriptions.WithLabelValues(outcome).Inc()
	if heard.Engine > 0 {
		a.Metrics.TranscriptionSeconds.WithLabelValues("engine").Observe(heard.Engine.Seconds())
	}
	if heard.Converting > 0 {
		a.Metrics.TranscriptionSeconds.WithLabelValues("convert").Observe(heard.Converting.Seconds())
	}
}

// mayHelp tells whether trying again may help; a failure of no known sort is tried again.
func mayHelp(err error) bool {
	if errors.Is(err, errNoListener) || errors.Is(err, errNoFile) {
		return false
	}
	if file, ok := errors.AsType[*whatsapp.MediaError](err); ok {
		return file.Retryable()
	}
	if speech, ok := errors.AsType[*transcription.Error](err); ok {
		return speech.Retryable()
	}
	return true
}

// failureOf tells the guest's own sort of failure from ours.
func failureOf(err error) dialogue.VoiceOutcome {
	if file, ok := errors.AsType[*whatsapp.MediaError](err); ok && file.Reason == whatsapp.MediaTooLarge {
		return dialogue.VoiceTooLong
	}
	if transcription.ReasonOf(err) == transcription.ReasonTooLarge {
		return dialogue.VoiceTooLong
	}
	return dialogue.VoiceFailed
}

// again asks for another try, not before the other side wants one.
func again(err error) error {
	if file, ok := errors.AsType[*whatsapp.MediaError](err); ok && file.RetryAfter > 0 {
		return rateLimited(err, file.RetryAfter)
	}
	return err
}

// heartbeat tells Temporal that the activity lives until stop is called, so that one whose worker died is soon given to another.
func heartbeat(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(heartbeatEvery)
		defer tick.Stop()
		for {
			activity.RecordHeartbeat(ctx)
			select {
			case <-tick.C:
			case <-done:
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { close(done) }
}
