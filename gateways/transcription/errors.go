package transcription

import (
	"errors"
	"fmt"
)

// Reason says why a file was not heard.
type Reason string

// The closed set of reasons.
const (
	ReasonTransient    Reason = "transient"     // the engine is away, busy or slow: try again
	ReasonUnreadable   Reason = "unreadable"    // no sound in a form that FFmpeg knows
	ReasonTooLarge     Reason = "too_large"     // more bytes than [MaxBytes]
	ReasonUnsupported  Reason = "unsupported"   // the engine does not read this form
	ReasonModelMissing Reason = "model_missing" // the engine does not have the model: an operator installs it
	ReasonBadKey       Reason = "bad_key"       // the engine refuses our key: an operator mends WHISPER_API_KEY
	ReasonAddress      Reason = "address"       // nothing that transcribes is at the address: an operator mends WHISPER_API_URL
	ReasonRefused      Reason = "refused"       // the engine refuses the request for another reason
	ReasonNoFFmpeg     Reason = "no_ffmpeg"     // the program ffmpeg is not installed
)

// Error is a file that was not heard. Nothing in it is of what was said.
type Error struct {
	Reason     Reason
	HTTPStatus int // 0 when no engine answered
	// Fix is what an operator should do, in one sentence; empty when there is nothing.
	Fix   string
	Cause error // may be nil
}

// Error gives the reason, the fix and the cause.
func (e *Error) Error() string {
	text := "transcription: " + string(e.Reason)
	if e.HTTPStatus != 0 {
		text += fmt.Sprintf(" (http %d)", e.HTTPStatus)
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	if e.Fix != "" {
		text += ": " + e.Fix
	}
	return text
}

// Unwrap returns the cause, such as context.DeadlineExceeded.
func (e *Error) Unwrap() error { return e.Cause }

// Retryable reports whether the same file may be heard later without anybody doing anything.
func (e *Error) Retryable() bool { return e.Reason == ReasonTransient }

// ReasonOf returns the reason of the [Error] in err's chain, or the empty Reason.
func ReasonOf(err error) Reason {
	if failure, ok := errors.AsType[*Error](err); ok {
		return failure.Reason
	}
	return ""
}
