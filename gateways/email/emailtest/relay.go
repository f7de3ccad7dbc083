// Package emailtest is a real SMTP relay for tests, inside the test's process.
package emailtest

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http/httptest"
	"net/mail"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// Options say what the relay offers and asks for.
type Options struct {
	// TLS is from the first byte, StartTLS on request.
	TLS, StartTLS bool
	// User and Pass must be said when User is not empty.
	User, Pass string
}

// Mail is one that the relay took.
type Mail struct {
	From string
	To   []string
	Raw  []byte
}

// Message reads the header of a mail.
func (m Mail) Message(t *testing.T) *mail.Message {
	t.Helper()
	read, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	require.NoError(t, err)
	return read
}

// Relay keeps what it is given. It listens on this machine until the test ends.
type Relay struct {
	Host string
	Port int
	// Roots trust its certificate.
	Roots *x509.CertPool

	t       *testing.T
	options Options
	tls     *tls.Config
	door    net.Listener
	server  *smtp.Server

	mu    sync.Mutex
	mails []Mail
	tries int
	// refusals wait at a stage (mail, rcpt, data), the next first.
	refusals map[string][]int
	// troubles are what the next mails meet instead of an answer, the next first.
	troubles []Trouble
	stopped  chan struct{}
}

// Trouble is what a relay does when it does not answer.
type Trouble int

// The troubles, each met at the end of a mail.
const (
	// Silence keeps the line and says nothing until the relay stops.
	Silence Trouble = iota + 1
	// Dropped cuts the line in the middle of the mail, which is lost.
	Dropped
	// DroppedAfter takes the mail and cuts the line before saying so.
	DroppedAfter
)

// New starts a relay.
func New(t *testing.T, options Options) *Relay {
	t.Helper()
	certified := httptest.NewTLSServer(nil) // it has a certificate of this machine
	t.Cleanup(certified.Close)
	r := &Relay{t: t, options: options, Roots: x509.NewCertPool(), refusals: make(map[string][]int)}
	r.Roots.AddCert(certified.Certificate())
	r.tls = &tls.Config{Certificates: certified.TLS.Certificates, MinVersion: tls.VersionTLS12}
	r.Start()
	t.Cleanup(r.Stop)
	return r
}

// Start listens again, on the port of the first time.
func (r *Relay) Start() {
	r.t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(r.Port)))
	require.NoError(r.t, err)
	address, isTCP := listener.Addr().(*net.TCPAddr)
	require.True(r.t, isTCP)
	r.Host, r.Port = address.IP.String(), address.Port
	r.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return r.session(c), nil }))
	r.server.Domain, r.server.ErrorLog = "relay.test", silent{}
	r.server.ReadTimeout, r.server.WriteTimeout = 10*time.Second, 10*time.Second
	if r.options.StartTLS {
		r.server.TLSConfig = r.tls
	} else {
		r.server.AllowInsecureAuth = true
	}
	if r.options.TLS {
		listener = tls.NewListener(listener, r.tls)
	}
	r.door, r.stopped = listener, make(chan struct{})
	server := r.server
	go func() { _ = server.Serve(listener) }()
}

// Stop closes the door; whoever is inside is thrown out.
func (r *Relay) Stop() {
	close(r.stopped)
	_ = r.door.Close() // the server may not have begun to serve
	_ = r.server.Close()
}

// Refuse answers the next tries at a stage (mail, rcpt, data) with these codes, one each.
func (r *Relay) Refuse(stage string, codes ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusals[stage] = append(r.refusals[stage], codes...)
}

// Meet gives the next mails trouble, one each.
func (r *Relay) Meet(troubles ...Trouble) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.troubles = append(r.troubles, troubles...)
}

func (r *Relay) trouble() Trouble {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.troubles) == 0 {
		return 0
	}
	next := r.troubles[0]
	r.troubles = r.troubles[1:]
	return next
}

// Mails are those that the relay took, in order.
func (r *Relay) Mails() []Mail {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.mails)
}

// Tries is how many mails somebody began to hand over.
func (r *Relay) Tries() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tries
}

func (r *Relay) refusal(stage string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if stage == "mail" {
		r.tries++
	}
	waiting := r.refusals[stage]
	if len(waiting) == 0 {
		return nil
	}
	r.refusals[stage] = waiting[1:]
	// Real relays repeat addresses in what they say.
	return &smtp.SMTPError{Code: waiting[0], Message: "no <ana@example.org> here"}
}

func (r *Relay) session(c *smtp.Conn) smtp.Session {
	plain := &session{relay: r, line: c.Conn(), stopped: r.stopped}
	if r.options.User == "" {
		return plain
	}
	return &guarded{session: plain}
}

type session struct {
	relay   *Relay
	line    net.Conn
	stopped chan struct{}
	mail    Mail
	closed  bool
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.closed {
		return smtp.ErrAuthRequired
	}
	s.mail = Mail{From: from}
	return s.relay.refusal("mail")
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.To = append(s.mail.To, to)
	return s.relay.refusal("rcpt")
}

func (s *session) Data(body io.Reader) error {
	trouble := s.relay.trouble()
	if trouble == Dropped {
		_, _ = io.CopyN(io.Discard, body, 100)
		return s.line.Close()
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if err := s.relay.refusal("data"); err != nil {
		return err
	}
	if trouble == Silence {
		<-s.stopped
		return s.line.Close()
	}
	s.mail.Raw = raw
	s.relay.mu.Lock()
	defer s.relay.mu.Unlock()
	s.relay.mails = append(s.relay.mails, s.mail)
	if trouble == DroppedAfter {
		return s.line.Close()
	}
	return nil
}

func (s *session) Reset()        { s.mail = Mail{} }
func (s *session) Logout() error { return nil }

// guarded takes nothing from who has not said who they are.
type guarded struct {
	*session
	in bool
}

func (g *guarded) AuthMechanisms() []string { return []string{sasl.Plain} }

func (g *guarded) Auth(string) (sasl.Server, error) {
	options := g.relay.options
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if user != options.User || pass != options.Pass {
			return smtp.ErrAuthFailed
		}
		g.in = true
		return nil
	}), nil
}

func (g *guarded) Mail(from string, options *smtp.MailOptions) error {
	g.closed = !g.in
	return g.session.Mail(from, options)
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}
