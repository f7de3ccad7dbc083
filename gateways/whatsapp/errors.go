package whatsapp

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Reason is why a call failed; the set is closed and safe as a metric label.
type Reason string

// The reasons. What to do about each is in the comment.
const (
	ReasonThroughput     Reason = "throughput"      // our number sends too fast: back off and repeat
	ReasonPairRate       Reason = "pair_rate"       // too fast to this person: repeat after RetryAfter times 4^attempt
	ReasonTransient      Reason = "transient"       // Meta's trouble: back off and repeat
	ReasonNotSent        Reason = "not_sent"        // the request never left: repeat
	ReasonAmbiguous      Reason = "ambiguous"       // it may have been sent: wait for status webhooks before repeating
	ReasonWindowClosed   Reason = "window_closed"   // more than 24 h since the person wrote: send a template
	ReasonRecipient      Reason = "recipient"       // this person cannot be reached: mark it, tell the owner
	ReasonMessageInvalid Reason = "message_invalid" // our message is wrong: a bug, tell the developers
	ReasonTemplate       Reason = "template"        // the template is missing, paused or differs from ours: tell the owner
	ReasonAccount        Reason = "account"         // token, payment, policy: stop sending, page the operator
	ReasonUnknown        Reason = "unknown"         // refused with a code that is in no table: do not repeat, tell the operator
)

// pairRateWait is the least time between messages to one person once the burst is used up.
const pairRateWait = 6 * time.Second

// reasonByCode is Meta's table of error codes (15 May 2026); 200 to 299, the permission errors, are in reasonOf.
var reasonByCode = map[int]Reason{
	1: ReasonTransient, 2: ReasonTransient, 131016: ReasonTransient, 131057: ReasonTransient, 133016: ReasonTransient, 131000: ReasonTransient,
	4: ReasonThroughput, 80007: ReasonThroughput, 130429: ReasonThroughput,
	131056: ReasonPairRate,
	131047: ReasonWindowClosed,
	131026: ReasonRecipient, 131030: ReasonRecipient, 131021: ReasonRecipient, 130497: ReasonRecipient, 131049: ReasonRecipient,
	131050: ReasonRecipient, 130472: ReasonRecipient, 131062: ReasonRecipient,
	100: ReasonMessageInvalid, 131008: ReasonMessageInvalid, 131009: ReasonMessageInvalid, 131051: ReasonMessageInvalid,
	131052: ReasonMessageInvalid, 131053: ReasonMessageInvalid, 132068: ReasonMessageInvalid, 132069: ReasonMessageInvalid,
	135000: ReasonMessageInvalid,
	132000: ReasonTemplate, 132001: ReasonTemplate, 132005: ReasonTemplate, 132007: ReasonTemplate, 132008: ReasonTemplate,
	132012: ReasonTemplate, 132015: ReasonTemplate, 132016: ReasonTemplate,
	0: ReasonAccount, 190: ReasonAccount, 3: ReasonAccount, 10: ReasonAccount, 131005: ReasonAccount, 131031: ReasonAccount,
	131037: ReasonAccount, 131042: ReasonAccount, 131045: ReasonAccount, 131048: ReasonAccount, 368: ReasonAccount,
}

func reasonOf(code int) Reason {
	if reason, known := reasonByCode[code]; known {
		return reason
	}
	if code >= 200 && code <= 299 {
		return ReasonAccount
	}
	return ReasonUnknown
}

// HasOtherForm reports whether a refusal may be of the form in which an Argentine number was given: Meta does not know the
// person, or the number is not on the list of a test account.
func HasOtherForm(code int) bool { return code == 131026 || code == 131030 }

// ReasonOfCode classifies a code as it came in a webhook; [ReasonUnknown] for a text that is no code.
func ReasonOfCode(text string) Reason {
	code, err := strconv.Atoi(text)
	if err != nil {
		return ReasonUnknown
	}
	return reasonOf(code)
}

// IsMissingTranslation reports whether err says that a template is not approved in the language asked for.
func IsMissingTranslation(err error) bool {
	failure, ok := errors.AsType[*Error](err)
	return ok && failure.Code == 132001
}

// CodeUnexplained is Meta's "something went wrong": it passes, or it never does.
const CodeUnexplained = 131000

// Error is a failed call. Nothing in it identifies a person: what Meta says is redacted when the Error is made.
type Error struct {
	Operation  string
	Reason     Reason
	Code       int // Meta's error code; 0 with [ReasonAccount] is Meta's own 0, otherwise none came
	HTTPStatus int // 0 when there was no answer
	Details    string
	TraceID    string        // fbtrace_id, for Meta's support
	RetryAfter time.Duration // least wait before a repetition; 0 when nothing is known
	Cause      error
}

// Error gives operation, reason, code and redacted details.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "whatsapp: %s: %s", e.Operation, e.Reason)
	if e.HTTPStatus != 0 {
		fmt.Fprintf(&text, " (http %d, code %d)", e.HTTPStatus, e.Code)
	}
	if e.Details != "" {
		text.WriteString(": " + e.Details)
	}
	if e.Cause != nil {
		text.WriteString(": " + e.Cause.Error())
	}
	return text.String()
}

// Unwrap returns the cause, such as context.DeadlineExceeded.
func (e *Error) Unwrap() error { return e.Cause }

// Retryable reports whether the same message can be sent again without the risk of a second copy; an ambiguous failure
// is not, until status webhooks had their time.
func (e *Error) Retryable() bool {
	switch e.Reason {
	case ReasonThroughput, ReasonPairRate, ReasonTransient, ReasonNotSent:
		return true
	case ReasonAmbiguous, ReasonWindowClosed, ReasonRecipient, ReasonMessageInvalid, ReasonTemplate, ReasonAccount, ReasonUnknown:
	}
	return false
}

// ReasonOf returns the reason of the [Error] in err's chain, or [ReasonUnknown].
func ReasonOf(err error) Reason {
	if failure, ok := errors.AsType[*Error](err); ok {
		return failure.Reason
	}
	return ReasonUnknown
}

const longestDetails = 200

var (
	quoted        = regexp.MustCompile(`"[^"]*"|'[^']*'|“[^”]*”|«[^»]*»`)
	digitsInGroup = regexp.MustCompile(`\+?\d(?:[\s().\-/]{0,3}\d){6,}`)
)

// redacted removes what could be a phone number (seven digits and more, however grouped) or a quotation of the message.
func redacted(details string) string {
	details = strings.ToValidUTF8(details, "")
	details = quoted.ReplaceAllString(details, "[text]")
	details = digitsInGroup.ReplaceAllString(details, "[digits]")
	if utf8.RuneCountInString(details) > longestDetails {
		details = string([]rune(details)[:longestDetails])
	}
	return details
}
