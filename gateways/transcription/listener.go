package transcription

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"
)

// Listener hears what is said in sound files. It is safe for concurrent use.
type Listener struct {
	Engine *Client
	FFmpeg FFmpeg
	// Original gives the engine the file as it came, without FFmpeg; guards that need the sound itself then rest.
	Original bool
	// MinConfidence is the bar from 0 to 1 below which a text is unclear.
	MinConfidence float64
}

// Languages that are listened for.
var languages = []string{"es", "pt", "en"}

const usualLanguage = "es"

// Transcribe is [Listener.Listen] for somebody who speaks Spanish.
func (l *Listener) Transcribe(ctx context.Context, sound io.Reader, mime string) (Heard, error) {
	return l.Listen(ctx, sound, mime, usualLanguage)
}

// Listen hears a file of at most [MaxBytes]. The language is es, pt or en; anything else is taken for Spanish. It takes as long as
// the engine does: at most a minute and twice the length of the sound. Errors of reading sound are passed on; any other is an
// [Error].
func (l *Listener) Listen(ctx context.Context, sound io.Reader, mime, language string) (Heard, error) {
	file, err := io.ReadAll(io.LimitReader(sound, MaxBytes+1))
	switch {
	case err != nil:
		return Heard{}, fmt.Errorf("read sound: %w", err)
	case len(file) > MaxBytes:
		return Heard{}, &Error{Reason: ReasonTooLarge}
	case len(file) == 0:
		return Heard{}, &Error{Reason: ReasonUnreadable, Cause: errEmpty}
	}
	heard, given, err := l.prepare(ctx, Sound{Data: file, MIME: mime})
	if err != nil || heard.Outcome != "" {
		return heard, err
	}
	if !slices.Contains(languages, language) {
		language = usualLanguage
	}
	return l.ask(ctx, heard, given, language)
}

var errEmpty = errors.New("an empty file")

// prepare brings a file into the engine's form. An outcome is set when there is nothing to ask.
func (l *Listener) prepare(ctx context.Context, file Sound) (heard Heard, given Sound, err error) {
	if l.Original {
		return unconverted(file)
	}
	began := time.Now()
	pcm, err := l.FFmpeg.Convert(ctx, file.Data)
	if ReasonOf(err) == ReasonNoFFmpeg {
		slog.WarnContext(ctx, "sound goes to the speech service unconverted", "error", err)
		return unconverted(file)
	}
	if err != nil {
		return Heard{}, Sound{}, err
	}
	heard = Heard{Duration: pcm.Duration(), Converting: time.Since(began)}
	switch {
	case heard.Duration > MaxDuration:
		return Heard{Outcome: OutcomeTooLong, Converting: heard.Converting}, Sound{}, nil
	case isSilent(pcm):
		heard.Outcome = OutcomeSilent
	}
	return heard, Sound{Data: pcm.WAV(), MIME: "audio/wav"}, nil
}

func unconverted(file Sound) (Heard, Sound, error) {
	heard := Heard{}
	if duration, known := oggDuration(file.Data); known {
		heard.Duration = duration
		switch {
		case duration > MaxDuration:
			heard.Outcome, heard.Duration = OutcomeTooLong, 0
		case duration < shortestSpeech:
			heard.Outcome = OutcomeSilent
		}
	}
	return heard, file, nil
}

// engineStart is what an engine may take before it works: loading a model that it had unloaded.
const engineStart = time.Minute

func (l *Listener) ask(ctx context.Context, heard Heard, given Sound, language string) (Heard, error) {
	length := heard.Duration
	if length == 0 {
		length = MaxDuration
	}
	asking, cancel := context.WithTimeout(ctx, 2*length+engineStart)
	defer cancel()
	began := time.Now()
	transcript, err := l.Engine.Transcribe(asking, given, language)
	heard.Engine = time.Since(began)
	if err != nil {
		return Heard{}, l.explained(err)
	}
	verdict := judge(transcript, l.MinConfidence)
	heard.Outcome, heard.Text, heard.Confidence = verdict.outcome, verdict.text, verdict.confidence
	heard.Model, heard.Language = l.Engine.Model(), transcript.Language
	if heard.Duration == 0 {
		heard.Duration = transcript.Duration
	}
	return heard, nil
}

// explained adds what helps when an engine cannot read a file that FFmpeg did not convert.
func (l *Listener) explained(err error) error {
	failure, ok := errors.AsType[*Error](err)
	if ok && failure.Reason == ReasonUnsupported && failure.Fix == "" {
		failure.Fix = "install ffmpeg and set WHISPER_INPUT=wav, or start whisper.cpp's server with --convert"
	}
	return err
}
