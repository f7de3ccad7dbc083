package load

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"cabanas/sandbox/speech"
)

// What the product promises of 95 of 100 replies.
const (
	textAim  = 3 * time.Second
	voiceAim = 15 * time.Second
)

// Rates that stand for a very busy place and are far from what saturates the machine.
const (
	busyTexts = 20 // A second.
	busyNotes = 2
)

// replies are what guests wait for: questions as they write them, at a steady rate.
func (w *workload) replies() Scenario {
	return Scenario{
		Name:  "replies",
		Ours:  "signed webhook with a mixed question, until the reply is posted to WhatsApp",
		Floor: "signal-with-start and one empty local activity",
		ours:  w.asGuest(w.askAnything), floor: w.asGuest(w.floors.converse),
		Rate: busyTexts, Aim: textAim, prepare: w.meetEveryGuest, reset: w.nights.clear, check: w.everyTurnTaken,
	}
}

// askAnything asks the next of the mixed questions.
func (w *workload) askAnything(ctx context.Context, guest int) error {
	// Neighbours are at different places of the list.
	return w.await(ctx, guest, textOf(questions[(w.turn(guest)+guest)%len(questions)]))
}

// voice notes are downloaded, converted, heard by an engine that answers at once, and replied to.
func (w *workload) voice() Scenario {
	var before int64
	return Scenario{
		Name: "voice",
		Ours: "signed webhook with a voice note of 6 s: download in two steps, conversion with FFmpeg, an engine that answers at once, " +
			"until the reply is posted to WhatsApp",
		Floor: "signed webhook with a mixed question as text, until the reply is posted to WhatsApp",
		ours: w.asGuest(func(ctx context.Context, guest int) error {
			return w.await(ctx, guest, map[string]any{"type": "audio", "audio": map[string]any{
				"id": noteID, "mime_type": noteMIME, "sha256": w.Provider.noteHash, "voice": true,
			}})
		}),
		floor: w.asGuest(w.askAnything),
		Rate:  busyNotes, Aim: voiceAim,
		prepare: func(ctx context.Context) error {
			if _, err := exec.LookPath("ffmpeg"); err != nil {
				return errors.New("voice notes need FFmpeg on PATH")
			}
			return w.meetEveryGuest(ctx)
		},
		reset: func(ctx context.Context) error {
			before = w.Provider.heard.Load()
			return w.nights.clear(ctx)
		},
		check: func(ctx context.Context, o Outcome) error {
			if heard := w.Provider.heard.Load() - before; heard < o.Done {
				return fmt.Errorf("%w: %d voice notes were replied to and %d were heard", ErrAccount, o.Done, heard)
			}
			return w.everyTurnTaken(ctx, o)
		},
	}
}

// The voice note that every guest sends.
const (
	noteName = "fechas-cuatro"
	noteID   = "1000000000000009"
	noteMIME = "audio/ogg; codecs=opus"
)

var errNoNote = errors.New("the speech stand-in has no such clip")

func note() ([]byte, error) {
	audio, known := speech.Audio(noteName)
	if !known {
		return nil, fmt.Errorf("voice note %q: %w", noteName, errNoNote)
	}
	return audio, nil
}
