package mercadopago

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Reason is why a call failed; the set is closed and safe as a metric label.
type Reason string

// The reasons. What to do about each is in the comment.
const (
	ReasonNotFound        Reason = "not_found"        // not there, or not there yet
	ReasonInvalid         Reason = "invalid"          // our request is wrong: a bug, tell the developers
	ReasonAuth            Reason = "auth"             // token refused: page the operator
	ReasonConflict        Reason = "conflict"         // the idempotency key was used for another request: a bug
	ReasonLocked          Reason = "locked"           // the same thing is being done right now: repeat after RetryAfter
	ReasonDependency      Reason = "dependency"       // something behind Mercado Pago failed: repeat
	ReasonRateLimited     Reason = "rate_limited"     // repeat after RetryAfter
	ReasonServer          Reason = "server"           // Mercado Pago's trouble, or an answer that makes no sense: repeat
	ReasonNotSent         Reason = "not_sent"         // the request never left: repeat
	ReasonAmbiguous       Reason = "ambiguous"        // it may have been carried out: repeat with the same key
	ReasonAlreadyRefunded Reason = "already_refunded" // or in a state without anything to refund: look at the payment
	ReasonRefundWindow    Reason = "refund_window"    // too old to refund: the owner must pay back in another way
	ReasonRefundAmount    Reason = "refund_amount"    // more than is left of the payment, or not divisible
	ReasonUnreadable      Reason = "unreadable"       // JSON that is no payment: put it aside, see [UnreadableError]
)

// sameRequestWait is the minute that code 2001 ("already posted the same request in the last minute") speaks of.
const sameRequestWait = time.Minute

const (
	codeSameRequest     = 2001
	codePaymentNotFound = 2000
)

// refundReasons are the codes of the refunds API that say more than the status.
var refundReasons = map[int]Reason{
	codePaymentNotFound: ReasonNotFound, 2063: ReasonAlreadyRefunded, 2024: ReasonRefundWindow, 15016: ReasonRefundWindow,
	4040: ReasonRefundAmount, 4041: ReasonRefundAmount, 3024: ReasonRefundAmount,
}

// reasonOf classifies by code where one is known, else by status.
func reasonOf(status int, codes []int, refund bool) (Reason, int) {
	for _, code := range codes {
		if code == codeSameRequest {
			return ReasonLocked, code
		}
		if reason, known := refundReasons[code]; known && refund {
			return reason, code
		}
	}
	first := 0
	if len(codes) > 0 {
		first = codes[0]
	}
	return reasonOfStatus(status), first
}

func reasonOfStatus(status int) Reason {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ReasonAuth
	case http.StatusNotFound:
		return ReasonNotFound
	case http.StatusConflict:
		return ReasonConflict
	case http.StatusLocked:
		return ReasonLocked
	case http.StatusFailedDependency:
		return ReasonDependency
	case http.StatusTooManyRequests:
		return ReasonRateLimited
	case http.StatusRequestTimeout, http.StatusTooEarly:
		return ReasonServer
	}
	if status/100 == 4 {
		return ReasonInvalid
	}
	return ReasonServer
}

func reasonWithoutAnswer(sent bool) Reason {
	if sent {
		return ReasonAmbiguous
	}
	return ReasonNotSent
}

// Error is a failed call. Nothing in it identifies a person: what Mercado Pago says is redacted when the Error is made.
type Error struct {
	Operation  string
	Reason     Reason
	HTTPStatus int // 0 when there was no answer
	Code       int // of the first cause, or of the one that decided; 0 when there is none
	Message    string
	RetryAfter time.Duration // least wait before a repetition; 0 when nothing is known
	Cause      error
}

// Error gives operation, reason, status, code and redacted message.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "mercadopago: %s: %s", e.Operation, e.Reason)
	if e.HTTPStatus != 0 {
		fmt.Fprintf(&text, " (http %d, code %d)", e.HTTPStatus, e.Code)
	}
	if e.Message != "" {
		text.WriteString(": " + e.Message)
	}
	if e.Cause != nil {
		text.WriteString(": " + e.Cause.Error())
	}
	return text.String()
}

// Unwrap returns the cause, such as context.DeadlineExceeded.
func (e *Error) Unwrap() error { return e.Cause }

// Retryable reports whether the same call with the same key may succeed later; it is safe because reads change nothing
// and writes carry the key.
func (e *Error) Retryable() bool {
	switch e.Reason {
	case ReasonLocked, ReasonDependency, ReasonRateLimited, ReasonServer, ReasonNotSent, ReasonAmbiguous:
		return true
	case ReasonNotFound, ReasonInvalid, ReasonAuth, ReasonConflict, ReasonAlreadyRefunded, ReasonRefundWindow, ReasonRefundAmount,
		ReasonUnreadable:
	}
	return false
}

// ReasonOf returns the reason of the [Error] in err's chain, or "" for any other error.
func ReasonOf(err error) Reason {
	if failure, ok := errors.AsType[*Error](err); ok {
		return failure.Reason
	}
	return ""
}

const longestMessage = 200

var private = regexp.MustCompile(`[^\s@<>"']+@[^\s@<>"']+|\+?\d(?:[\s().\-/]{0,3}\d){6,}`)

// redacted removes e-mail addresses and everything of seven digits and more, however grouped.
func redacted(message string) string {
	message = private.ReplaceAllString(strings.ToValidUTF8(message, ""), "[private]")
	if runes := []rune(message); len(runes) > longestMessage {
		message = string(runes[:longestMessage])
	}
	return message
}
