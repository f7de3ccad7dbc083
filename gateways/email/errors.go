package email

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"

	mail "github.com/wneessen/go-mail"
)

// Reason is why a mail was not taken; the set is closed and safe as a metric label.
type Reason string

// The reasons.
const (
	ReasonTemporary   Reason = "temporary"   // the relay says 4xx: later
	ReasonUnreachable Reason = "unreachable" // no connection, or it broke: later; the relay may have taken the mail all the same
	ReasonTLS         Reason = "tls"         // no TLS, or a certificate that is not trusted: an operator mends it
	ReasonAuth        Reason = "auth"        // user and password refused, or no way to say them safely: an operator mends it
	ReasonSender      Reason = "sender"      // the relay does not take mails of SMTP_FROM: an operator mends it
	ReasonRecipient   Reason = "recipient"   // 5xx for the recipient: for good
	ReasonContent     Reason = "content"     // 5xx for what is in the mail: for good
	ReasonInvalid     Reason = "invalid"     // no mail can be made of this: for good
)

// Error is a mail that the relay did not take. Neither an address nor a word of the relay is in it: relays repeat addresses.
type Error struct {
	Reason Reason
	// Code is the relay's answer, such as 451; 0 when there was none.
	Code int
}

// Error gives the reason and the code.
func (e *Error) Error() string {
	if e.Code == 0 {
		return "email: " + string(e.Reason)
	}
	return fmt.Sprintf("email: %s (smtp %d)", e.Reason, e.Code)
}

// Final reports whether the same mail will never be taken.
func (e *Error) Final() bool {
	return e.Reason == ReasonRecipient || e.Reason == ReasonContent || e.Reason == ReasonInvalid
}

// ReasonOf returns the reason of the [Error] in err's chain, or the empty Reason.
func ReasonOf(err error) Reason {
	if failure, ok := errors.AsType[*Error](err); ok {
		return failure.Reason
	}
	return ""
}

// connecting names what went wrong before anybody said who they are. What the library alone finds wrong is that a relay has no TLS.
func connecting(err error) *Error {
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		return answered(answer.Code, ReasonTemporary)
	}
	if broke(err) && !distrusts(err) {
		return &Error{Reason: ReasonUnreachable}
	}
	return &Error{Reason: ReasonTLS}
}

func loggingIn(err error) *Error {
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		return answered(answer.Code, ReasonAuth)
	}
	if broke(err) {
		return &Error{Reason: ReasonUnreachable}
	}
	return &Error{Reason: ReasonAuth}
}

// sending names what went wrong while the mail was handed over.
func sending(err error) *Error {
	failure, ok := errors.AsType[*mail.SendError](err)
	if !ok || failure.ErrorCode() == 0 {
		return &Error{Reason: ReasonUnreachable}
	}
	final := map[mail.SendErrReason]Reason{
		mail.ErrSMTPMailFrom: ReasonSender, mail.ErrSMTPRcptTo: ReasonRecipient,
		mail.ErrSMTPData: ReasonContent, mail.ErrSMTPDataClose: ReasonContent,
	}[failure.Reason]
	if final == "" {
		final = ReasonTemporary
	}
	return answered(failure.ErrorCode(), final)
}

// authRequired is said to whoever sends without having said who they are (RFC 4954).
const authRequired = 530

func answered(code int, final Reason) *Error {
	switch {
	case code < 500:
		final = ReasonTemporary
	case code == authRequired:
		final = ReasonAuth
	}
	return &Error{Reason: final, Code: code}
}

func distrusts(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	_, ok := errors.AsType[tls.AlertError](err)
	return ok
}

func broke(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
