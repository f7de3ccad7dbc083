package email

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	mail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// Security is how the way to the relay is protected.
type Security int

// The ways. With None user and password are only said to a relay on this machine, or by a mechanism that does not show them.
const (
	StartTLS Security = iota // TLS is asked for after the greeting; a relay that has none gets no mail
	TLS                      // from the first byte, as on port 465
	None
)

// Options say which relay takes our mails. Host and From are required.
type Options struct {
	Host     string
	Port     int // 0 is 587
	Security Security
	// User and Pass are said when User is not empty.
	User, Pass string
	// From is the bare address that mails come from; its domain ends their ids.
	From string
	// Timeout is the patience with the relay in each of three steps: connecting, handing over, ending. 0 is fifteen seconds.
	Timeout time.Duration
	// RootCAs are who is trusted to say who the relay is; nil is who the system trusts.
	RootCAs *x509.CertPool
}

// Message is one mail to one person.
type Message struct {
	// Key makes the Message-ID: the same key gives the same id, by which mail programs know a mail that came twice.
	Key string
	// To is a bare address.
	To string
	// FromName is shown beside our address; may be empty.
	FromName string
	// ReplyTo is the bare address that answers go to; empty is our own.
	ReplyTo string
	Subject string
	// Plain and HTML say the same.
	Plain, HTML string
	// Language is that of the text, such as es.
	Language    string
	Attachments []Attachment
	At          time.Time
}

// Attachment is a file beside the text.
type Attachment struct {
	Name string
	// Type is a MIME type, such as application/pdf.
	Type    string
	Content []byte
}

const (
	defaultPort    = 587
	defaultTimeout = 15 * time.Second
)

// Client sends mails, one connection each. It is safe for many goroutines.
type Client struct {
	options Options
	domain  string
}

// New checks the options; it connects to nothing.
func New(options Options) (*Client, error) {
	if options.Host == "" {
		return nil, errors.New("email: no host")
	}
	if !isBare(options.From) {
		return nil, errors.New("email: the sender (SMTP_FROM) is no e-mail address")
	}
	if options.Port == 0 {
		options.Port = defaultPort
	}
	if options.Timeout == 0 {
		options.Timeout = defaultTimeout
	}
	_, domain, _ := strings.Cut(options.From, "@")
	c := &Client{options: options, domain: domain}
	if _, err := c.dialer(); err != nil {
		return nil, fmt.Errorf("email: %w", err)
	}
	return c, nil
}

// Send hands one mail to the relay. A returned [Error] says whether the mail will ever be taken. After
// [ReasonUnreachable] it may have been taken: sent again with the same key it has the same id.
func (c *Client) Send(ctx context.Context, m Message) error {
	written, err := c.write(m)
	if err != nil {
		return &Error{Reason: ReasonInvalid}
	}
	return c.visit(ctx, func(dialer *mail.Client, session *smtp.Client) error {
		// What fails after the relay took the mail does not matter any more.
		if err := dialer.SendWithSMTPClient(session, written); err != nil && !written.IsDelivered() {
			return sending(err)
		}
		return nil
	})
}

// Check connects, as protected as for a mail, logs in and leaves. Its errors are those of Send.
func (c *Client) Check(ctx context.Context) error {
	return c.visit(ctx, func(*mail.Client, *smtp.Client) error { return nil })
}

// visit does something with the relay once it knows who we are.
func (c *Client) visit(ctx context.Context, do func(*mail.Client, *smtp.Client) error) error {
	dialer, err := c.dialer()
	if err != nil {
		return fmt.Errorf("email: %w", err)
	}
	session, err := dialer.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return connecting(err)
	}
	defer func() { _ = dialer.CloseWithSMTPClient(session) }()
	if err := c.logIn(session); err != nil {
		return err
	}
	return do(dialer, session)
}

// dialer is made anew for each mail: it keeps what it learns of one connection.
func (c *Client) dialer() (*mail.Client, error) {
	o := c.options
	options := []mail.Option{
		mail.WithPort(o.Port), mail.WithTimeout(o.Timeout), mail.WithoutNoop(),
		mail.WithTLSConfig(&tls.Config{ServerName: o.Host, RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12}),
	}
	switch o.Security {
	case StartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case TLS:
		options = append(options, mail.WithSSL())
	case None:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	return mail.NewClient(o.Host, options...)
}

// logIn says who we are in the way that shows least; PLAIN and LOGIN are refused by the library on a line that others can read.
func (c *Client) logIn(session *smtp.Client) error {
	o := c.options
	if o.User == "" {
		return nil
	}
	_, offered := session.Extension("AUTH")
	ways := []struct {
		name string
		auth smtp.Auth
	}{
		{"SCRAM-SHA-256", smtp.ScramSHA256Auth(o.User, o.Pass)},
		{"PLAIN", smtp.PlainAuth("", o.User, o.Pass, o.Host, false)},
		{"LOGIN", smtp.LoginAuth(o.User, o.Pass, o.Host, false)},
		{"CRAM-MD5", smtp.CRAMMD5Auth(o.User, o.Pass)},
	}
	for _, way := range ways {
		if !slices.Contains(strings.Fields(offered), way.name) {
			continue
		}
		if err := session.Auth(way.auth); err != nil {
			return loggingIn(err)
		}
		return nil
	}
	return &Error{Reason: ReasonAuth}
}

func (c *Client) write(m Message) (*mail.Msg, error) {
	if !isBare(m.To) {
		return nil, errors.New("no address")
	}
	written := mail.NewMsg(mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP), mail.WithNoDefaultUserAgent())
	from := netmail.Address{Name: oneLine(m.FromName), Address: c.options.From}
	if err := errors.Join(written.From(from.String()), written.To(m.To)); err != nil {
		return nil, err
	}
	if m.ReplyTo != "" {
		if !isBare(m.ReplyTo) {
			return nil, errors.New("no address to answer to")
		}
		if err := written.ReplyTo(m.ReplyTo); err != nil {
			return nil, err
		}
	}
	written.Subject(oneLine(m.Subject))
	written.SetMessageIDWithValue(c.messageID(m.Key))
	written.SetDateWithValue(m.At)
	// Answering machines do not answer machines (RFC 3834).
	written.SetGenHeader("Auto-Submitted", "auto-generated")
	if language := oneLine(m.Language); language != "" {
		written.SetGenHeader("Content-Language", language)
	}
	written.SetBodyString(mail.TypeTextPlain, m.Plain)
	if m.HTML != "" {
		written.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	}
	for _, file := range m.Attachments {
		err := written.AttachReader(oneLine(file.Name), bytes.NewReader(file.Content), mail.WithFileContentType(mail.ContentType(oneLine(file.Type))))
		if err != nil {
			return nil, err
		}
	}
	return written, nil
}

// messageID shows nothing of the key and is a word of RFC 5322 whatever is in it.
func (c *Client) messageID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16]) + "@" + c.domain
}

// isBare reports whether text is one address and nothing else.
func isBare(text string) bool {
	parsed, err := netmail.ParseAddress(text)
	return err == nil && parsed.Address == text && !strings.ContainsAny(text, "\r\n")
}

// oneLine keeps a value from starting a header of its own.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
}
