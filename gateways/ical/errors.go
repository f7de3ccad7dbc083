package ical

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Reason is why a feed could not be fetched or read; the set is closed and safe as a metric label.
type Reason string

// The reasons of [Parse]: the body says nothing about any night.
const (
	ReasonEmpty        Reason = "empty"          // nothing but white space
	ReasonHTML         Reason = "html"           // a web page: a log-in, an error or a consent page
	ReasonNotACalendar Reason = "not_a_calendar" // text that does not begin with BEGIN:VCALENDAR
	ReasonTruncated    Reason = "truncated"      // ends before END:VCALENDAR, or inside an event
	ReasonUnreadable   Reason = "unreadable"     // binary, or a calendar that has events but none that can be read
)

// ReasonTooLarge is of both: the body, once decompressed, is larger than allowed.
const ReasonTooLarge Reason = "too_large"

// The reasons of [Fetcher.Fetch].
const (
	ReasonBadAddress       Reason = "bad_address"        // no address of a web page, a number instead of a name, or with a password in it
	ReasonNotHTTPS         Reason = "not_https"          // the address, or one it redirects to, is not https
	ReasonPrivateAddress   Reason = "private_address"    // leads, by name or redirect, into a network that is not public
	ReasonTooManyRedirects Reason = "too_many_redirects" // more than three
	ReasonTimeout          Reason = "timeout"            // not there whole in time
	ReasonCancelled        Reason = "cancelled"          // the caller gave up
	ReasonUnknownHost      Reason = "unknown_host"       // no such name
	ReasonUnreachable      Reason = "unreachable"        // no connection, or it broke
	ReasonTLS              Reason = "tls"                // the certificate is not good
	ReasonHTTPStatus       Reason = "http_status"        // see Status
	ReasonEncoding         Reason = "encoding"           // compressed in a way that cannot be undone
)

// Error is a feed that could not be fetched or read. It never holds the address, which is a secret, nor text of the feed.
type Error struct {
	Operation string // "fetch" or "parse"
	Reason    Reason
	Status    int // the HTTP status, with ReasonHTTPStatus only
	// RetryAfter is the least wait that the feed asks for; 0 when it does not, at most an hour.
	RetryAfter time.Duration
	Cause      error // the end of a context, or nil
}

// Error gives operation, reason and status.
func (e *Error) Error() string {
	text := "ical: " + e.Operation + ": " + string(e.Reason)
	if e.Status != 0 {
		text += fmt.Sprintf(" %d", e.Status)
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause, such as context.Canceled.
func (e *Error) Unwrap() error { return e.Cause }

// Temporary reports whether the same address may well answer better within minutes; otherwise somebody has to look at it.
func (e *Error) Temporary() bool {
	switch e.Reason {
	case ReasonTimeout, ReasonCancelled, ReasonUnknownHost, ReasonUnreachable, ReasonEmpty, ReasonTruncated, ReasonEncoding:
		return true
	case ReasonHTTPStatus:
		return e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout ||
			e.Status == http.StatusTooEarly
	case ReasonHTML, ReasonNotACalendar, ReasonUnreadable, ReasonTooLarge, ReasonBadAddress, ReasonNotHTTPS,
		ReasonPrivateAddress, ReasonTooManyRedirects, ReasonTLS:
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
