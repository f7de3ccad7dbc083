package transcription

import "time"

// Outcome is how listening went. The words are those of the table audio_transcriptions.
type Outcome string

// The outcomes of listening to a file that could be read.
const (
	OutcomeHeard   Outcome = "heard"
	OutcomeUnclear Outcome = "unclear"  // below the bar: the text is a guess
	OutcomeSilent  Outcome = "silent"   // nobody speaks in it
	OutcomeTooLong Outcome = "too_long" // longer than [MaxDuration], not listened to
)

// Heard is what a [Listener] made of a file.
type Heard struct {
	Outcome Outcome
	// Text is what was said, in one line; empty unless the outcome is heard or unclear.
	Text string
	// Confidence from 0 to 1; 0 when no engine was asked.
	Confidence float64
	// Language as the engine names it: a code such as es, or a lower-case English name that has none here. Empty when it does not say.
	Language string
	// Duration of the sound; 0 when it is not known, as with OutcomeTooLong.
	Duration time.Duration
	// Model is the engine's that was asked; empty when none was.
	Model string
	// Converting and Engine are the time that the two parts took.
	Converting, Engine time.Duration
}
