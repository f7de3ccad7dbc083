package llm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Reason is why there is no proposal; the set is closed and safe as a metric label.
type Reason string

// The reasons.
const (
	ReasonTimeout    Reason = "timeout"    // no answer within the time limit
	ReasonAway       Reason = "away"       // the service cannot be reached, or is in trouble
	ReasonBusy       Reason = "busy"       // it asks us to slow down
	ReasonRefused    Reason = "refused"    // it does not accept our key, model or request
	ReasonUnreadable Reason = "unreadable" // it answered, but not with the object asked for
)

// Error is a proposal that did not come. It contains nothing of the message or the answer.
type Error struct {
	Reason     Reason
	HTTPStatus int // 0 without an answer
	Cause      error
}

func (e *Error) Error() string {
	text := fmt.Sprintf("ask the language model: %s", e.Reason)
	if e.HTTPStatus != 0 {
		text += fmt.Sprintf(", status %d", e.HTTPStatus)
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap gives what the network said.
func (e *Error) Unwrap() error { return e.Cause }

func withoutAnswer(ctx context.Context, cause error) *Error {
	if ctx.Err() != nil || errors.Is(cause, context.DeadlineExceeded) {
		return &Error{Reason: ReasonTimeout, Cause: cause}
	}
	return &Error{Reason: ReasonAway, Cause: cause}
}

func reasonOfStatus(status int) Reason {
	switch {
	case status == http.StatusTooManyRequests:
		return ReasonBusy
	case status >= http.StatusInternalServerError:
		return ReasonAway
	}
	return ReasonRefused
}
