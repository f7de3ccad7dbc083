package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/gateways/email"
	"cabanas/gateways/ical"
	"cabanas/gateways/pdf"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// Mails sends stored mails. A mail whose end is not known is sent again with the same Message-ID: a relay has no way to be
// asked, and a mail twice is better than none.
type Mails struct {
	Store MailStore
	// Relay is the SMTP relay; nil drops what was written while there was one.
	Relay MailRelay
	// OwnerEmail is who is alarmed, and who gets the answers of guests; empty is nobody.
	OwnerEmail string
	// Domain ends the ids of calendar events, From is the address that sends them.
	Domain, From string
	Metrics      *observe.Metrics
	Now          func() time.Time
}

// MailStore is what sending mails reads and writes.
type MailStore interface {
	ReceiptStore
	Property(ctx context.Context) (booking.Property, error)
	Reservation(ctx context.Context, code string) (postgres.Reservation, error)
	StayRevision(ctx context.Context, code string) (sequence int, at time.Time, err error)
	Mail(ctx context.Context, id int64) (postgres.Mail, error)
	MailTried(ctx context.Context, id int64, status postgres.MailStatus, reason string, now time.Time) error
}

// MailRelay is the SMTP gateway.
type MailRelay interface {
	Send(ctx context.Context, m email.Message) error
}

var _ workflows.MailActivities = (*Mails)(nil)

// mailWorth is how long a mail is tried: as long as a notice by WhatsApp.
const mailWorth = 72 * time.Hour

// SendMail hands a mail to the relay, unless it was sent, is for nobody, or says what is over. What the relay refuses for good
// is marked; anything else is an error, to be tried again.
func (a *Mails) SendMail(ctx context.Context, in workflows.MailInput) (workflows.Done, error) {
	mail, err := a.Store.Mail(ctx, in.MailID)
	if err != nil {
		return workflows.Done{}, asTemporal(err)
	}
	if mail.Status != postgres.MailQueued {
		return workflows.Done{}, nil
	}
	ctx = observe.WithTrace(ctx, mail.TraceID)
	to := mail.GuestEmail
	if mail.Owner {
		to = a.OwnerEmail
	}
	if reason := a.needless(mail, to); reason != "" {
		return workflows.Done{}, a.ended(ctx, mail, postgres.MailDropped, reason)
	}
	message, err := a.written(ctx, mail, to)
	if err != nil {
		return workflows.Done{}, asTemporal(err)
	}
	_, span := observe.StartSpan(ctx, "send mail", trace.SpanKindProducer, attribute.Int64("mail_id", mail.ID))
	err = a.Relay.Send(ctx, message)
	observe.EndSpan(span, failureKind(err))
	failure, known := errors.AsType[*email.Error](err)
	switch {
	case err == nil:
		return workflows.Done{}, a.ended(ctx, mail, postgres.MailSent, "")
	case known && failure.Final():
		slog.ErrorContext(ctx, "mail refused for good", "mail_id", mail.ID, "key", mail.Key, "error", err)
		return workflows.Done{}, a.ended(ctx, mail, postgres.MailFailed, string(failure.Reason))
	}
	slog.WarnContext(ctx, "mail not sent", "mail_id", mail.ID, "key", mail.Key, "error", err)
	return workflows.Done{}, errors.Join(err, a.ended(ctx, mail, postgres.MailQueued, string(email.ReasonOf(err))))
}

// needless says why a mail is not to be sent at all; empty when it is.
func (a *Mails) needless(mail postgres.Mail, to string) string {
	kind := workflows.NoticeKind(mail.Kind)
	over := mail.Reservation == booking.Cancelled || mail.Reservation == booking.Expired
	switch {
	case a.Relay == nil:
		return "no_relay"
	case to == "":
		return "no_address"
	case mail.Unasked && mail.OptedOut:
		return optedOut
	case mail.Reservation != "" && (kind.Overtaken(mail.Reservation) || confirming[kind] && over):
		return "overtaken"
	case a.Now().Sub(mail.CreatedAt) > mailWorth:
		return "too_old"
	}
	return ""
}

// ended writes down how a try ended, even when its time is over.
func (a *Mails) ended(ctx context.Context, mail postgres.Mail, status postgres.MailStatus, reason string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	label := string(status)
	if status == postgres.MailFailed || status == postgres.MailQueued {
		label = reason
	}
	a.Metrics.EmailsSent.WithLabelValues(mail.Kind, label).Inc()
	if status == postgres.MailSent {
		countReminder(a.Metrics, mail.Kind, byEmail)
	}
	if status != postgres.MailQueued {
		slog.InfoContext(ctx, "mail "+string(status), "mail_id", mail.ID, "key", mail.Key, "reason", reason)
	}
	return a.Store.MailTried(ctx, mail.ID, status, reason, a.Now())
}

func (a *Mails) written(ctx context.Context, mail postgres.Mail, to string) (email.Message, error) {
	var words dialogue.Mail
	if err := json.Unmarshal(mail.Content, &words); err != nil {
		return email.Message{}, fmt.Errorf("read mail %d: %w", mail.ID, err)
	}
	property, err := a.Store.Property(ctx)
	if err != nil {
		return email.Message{}, err
	}
	recipient, replyTo := "guest", a.OwnerEmail
	if mail.Owner {
		recipient, replyTo = "owner", ""
	}
	message := email.Message{
		Key: mail.Key + "/" + recipient, To: to, FromName: property.Name, ReplyTo: replyTo,
		Subject: words.Subject, Plain: words.Plain, HTML: words.HTML, Language: words.Language, At: a.Now(),
	}
	if !mail.Owner {
		if message.Attachments, err = a.calendar(ctx, property, mail); err != nil {
			return message, err
		}
	}
	receipts, err := a.receipts(ctx, mail)
	message.Attachments = append(message.Attachments, receipts...)
	return message, err
}

// calendar is the stay as a file for the guest's own calendar: as it is now when it is confirmed or has changed, and taken out when it
// is cancelled. One id and a growing sequence let the calendar put the new state in the place of the old.
func (a *Mails) calendar(ctx context.Context, property booking.Property, mail postgres.Mail) ([]email.Attachment, error) {
	kind := workflows.NoticeKind(mail.Kind)
	if !confirming[kind] && kind != workflows.NoticeCancelled {
		return nil, nil
	}
	r, err := a.Store.Reservation(ctx, mail.Code)
	if err != nil {
		return nil, err
	}
	cancelled := r.Status == booking.Cancelled
	if r.ConfirmedAt.IsZero() || cancelled != (kind == workflows.NoticeCancelled) {
		return nil, nil
	}
	sequence, at, err := a.Store.StayRevision(ctx, mail.Code)
	if err != nil {
		return nil, err
	}
	method := "PUBLISH"
	if cancelled {
		method = "CANCEL"
	}
	return []email.Attachment{{
		Name: r.Code + ".ics", Type: "text/calendar; charset=utf-8; method=" + method,
		Content: ical.Write(ical.Calendar{ProdID: exportProdID, Cancelled: cancelled, Organizer: a.From, Events: []ical.ExportEvent{{
			UID: "stay-" + r.Code + "@" + a.Domain, Summary: property.Name + " · " + r.UnitName,
			Start: r.Stay.CheckIn, End: r.Stay.CheckOut, Stamp: at, Sequence: sequence,
		}}}),
	}}, nil
}

func (a *Mails) receipts(ctx context.Context, mail postgres.Mail) ([]email.Attachment, error) {
	if len(mail.Receipts) == 0 {
		return nil, nil
	}
	issued, err := a.Store.IssueReceipts(ctx, mail.Code, a.Now())
	if err != nil {
		return nil, err
	}
	var files []email.Attachment
	for _, receipt := range issued {
		if !slices.Contains(mail.Receipts, receipt.Number) {
			continue
		}
		content, err := pdf.Receipt(receipt.Receipt)
		if err != nil {
			return nil, err
		}
		files = append(files, email.Attachment{Name: receipt.Number + ".pdf", Type: "application/pdf", Content: content})
	}
	return files, nil
}
