package email_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/gateways/email"
	"cabanas/gateways/email/emailtest"
)

const ana = "ana@example.org"

func client(t *testing.T, relay *emailtest.Relay, change func(*email.Options)) *email.Client {
	t.Helper()
	options := email.Options{Host: relay.Host, Port: relay.Port, Security: email.None, From: "reservas@cabanas.test", Timeout: 3 * time.Second}
	if change != nil {
		change(&options)
	}
	c, err := email.New(options)
	require.NoError(t, err)
	return c
}

func hello() email.Message {
	return email.Message{
		Key: "RES1/confirmed/guest", To: ana, FromName: "Cabañas del Río", Subject: "Tu reserva está confirmada: ¡te esperamos! ñandú",
		Plain: "¡Listo!\nReserva RES1", HTML: "<p>¡Listo!<br>Reserva <strong>RES1</strong></p>", Language: "es",
		At: time.Date(2026, 11, 22, 8, 30, 0, 0, time.FixedZone("", -3*3600)),
	}
}

func TestSecurity(t *testing.T) {
	t.Parallel()
	trusting := func(security email.Security) func(*email.Options, *emailtest.Relay) {
		return func(o *email.Options, r *emailtest.Relay) { o.Security, o.RootCAs = security, r.Roots }
	}
	tests := map[string]struct {
		relay  emailtest.Options
		client func(*email.Options, *emailtest.Relay)
		reason email.Reason
	}{
		"STARTTLS":                       {emailtest.Options{StartTLS: true}, trusting(email.StartTLS), ""},
		"TLS from the first byte":        {emailtest.Options{TLS: true}, trusting(email.TLS), ""},
		"none":                           {emailtest.Options{}, trusting(email.None), ""},
		"a relay without STARTTLS":       {emailtest.Options{}, trusting(email.StartTLS), email.ReasonTLS},
		"no TLS where it is wanted":      {emailtest.Options{}, trusting(email.TLS), email.ReasonTLS},
		"a certificate nobody knows":     {emailtest.Options{StartTLS: true}, untrusting(email.StartTLS), email.ReasonTLS},
		"an unknown certificate at once": {emailtest.Options{TLS: true}, untrusting(email.TLS), email.ReasonTLS},
		"password": {emailtest.Options{StartTLS: true, User: "u", Pass: "p"}, func(o *email.Options, r *emailtest.Relay) {
			trusting(email.StartTLS)(o, r)
			o.User, o.Pass = "u", "p"
		}, ""},
		"wrong password": {emailtest.Options{StartTLS: true, User: "u", Pass: "p"}, func(o *email.Options, r *emailtest.Relay) {
			trusting(email.StartTLS)(o, r)
			o.User, o.Pass = "u", "other"
		}, email.ReasonAuth},
		"password that nobody asks for": {emailtest.Options{StartTLS: true}, func(o *email.Options, r *emailtest.Relay) {
			trusting(email.StartTLS)(o, r)
			o.User, o.Pass = "u", "p"
		}, email.ReasonAuth},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			relay := emailtest.New(t, test.relay)
			ours := client(t, relay, func(o *email.Options) { test.client(o, relay) })
			err := ours.Send(t.Context(), hello())
			require.Equal(t, test.reason, email.ReasonOf(err), "%v", err)
			require.Equal(t, test.reason, email.ReasonOf(ours.Check(t.Context())), "a check says what sending would")
			if test.reason == "" {
				require.NoError(t, err)
				require.Len(t, relay.Mails(), 1)
				require.Equal(t, []string{ana}, relay.Mails()[0].To)
				return
			}
			require.Error(t, err)
			require.Empty(t, relay.Mails())
		})
	}
}

func untrusting(security email.Security) func(*email.Options, *emailtest.Relay) {
	return func(o *email.Options, _ *emailtest.Relay) { o.Security, o.RootCAs = security, x509.NewCertPool() }
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		stage  string
		code   int
		reason email.Reason
		final  bool
	}{
		{"mail", 451, email.ReasonTemporary, false},
		{"rcpt", 450, email.ReasonTemporary, false},
		{"data", 452, email.ReasonTemporary, false},
		{"mail", 421, email.ReasonTemporary, false},
		{"mail", 530, email.ReasonAuth, false},
		{"mail", 550, email.ReasonSender, false},
		{"rcpt", 550, email.ReasonRecipient, true},
		{"data", 554, email.ReasonContent, true},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.stage, test.code), func(t *testing.T) {
			t.Parallel()
			relay := emailtest.New(t, emailtest.Options{})
			c := client(t, relay, nil)
			relay.Refuse(test.stage, test.code)
			err := c.Send(t.Context(), hello())
			var failure *email.Error
			require.ErrorAs(t, err, &failure)
			require.Equal(t, email.Error{Reason: test.reason, Code: test.code}, *failure)
			require.Equal(t, test.final, failure.Final())
			require.NotContains(t, err.Error(), ana)
			require.Empty(t, relay.Mails())

			require.NoError(t, c.Send(t.Context(), hello()), "the next try is a new one")
			require.Len(t, relay.Mails(), 1)
		})
	}
}

func TestRelayThatIsDownComesBack(t *testing.T) {
	t.Parallel()
	relay := emailtest.New(t, emailtest.Options{})
	c := client(t, relay, nil)
	relay.Stop()
	require.Equal(t, email.ReasonUnreachable, email.ReasonOf(c.Send(t.Context(), hello())))
	relay.Start()
	require.NoError(t, c.Send(t.Context(), hello()))
	require.Len(t, relay.Mails(), 1)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, email.ReasonUnreachable, email.ReasonOf(c.Send(ended, hello())))
}

func TestRelayThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		trouble emailtest.Trouble
		taken   int
	}{
		"slow":                     {emailtest.Silence, 0},
		"cut in the middle":        {emailtest.Dropped, 0},
		"cut before it said taken": {emailtest.DroppedAfter, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			relay := emailtest.New(t, emailtest.Options{StartTLS: true})
			c := client(t, relay, func(o *email.Options) {
				o.Security, o.RootCAs, o.Timeout = email.StartTLS, relay.Roots, 300*time.Millisecond
			})
			relay.Meet(test.trouble)
			err := c.Send(t.Context(), hello())
			require.Equal(t, email.ReasonUnreachable, email.ReasonOf(err), "%v", err)
			require.Len(t, relay.Mails(), test.taken)

			require.NoError(t, c.Send(t.Context(), hello()), "the next try is a new one")
			mails := relay.Mails()
			require.Len(t, mails, test.taken+1)
			require.Equal(t, mails[0].Message(t).Header.Get("Message-Id"), mails[test.taken].Message(t).Header.Get("Message-Id"), "known as the same")
		})
	}
}

func TestAnswersGoToTheOwner(t *testing.T) {
	t.Parallel()
	relay := emailtest.New(t, emailtest.Options{})
	c := client(t, relay, nil)
	m := hello()
	require.NoError(t, c.Send(t.Context(), m))
	m.ReplyTo = "duena@example.org"
	require.NoError(t, c.Send(t.Context(), m))
	for n, want := range []string{"", "<duena@example.org>"} {
		require.Equal(t, want, relay.Mails()[n].Message(t).Header.Get("Reply-To"))
	}
	m.ReplyTo = "x@example.org\r\nBcc: y@example.org"
	require.Equal(t, email.ReasonInvalid, email.ReasonOf(c.Send(t.Context(), m)))
}

// part is a leaf of a mail, decoded.
type part struct{ mediaType, name, content string }

func leaves(t *testing.T, contentType, encoding, disposition string, body io.Reader) []part {
	t.Helper()
	mediaType, params, err := mime.ParseMediaType(contentType)
	require.NoError(t, err)
	if strings.HasPrefix(mediaType, "multipart/") {
		var all []part
		reader := multipart.NewReader(body, params["boundary"])
		for {
			next, err := reader.NextRawPart()
			if err == io.EOF {
				return all
			}
			require.NoError(t, err)
			all = append(all, leaves(t, next.Header.Get("Content-Type"), next.Header.Get("Content-Transfer-Encoding"), next.Header.Get("Content-Disposition"), next)...)
		}
	}
	switch encoding {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	content, err := io.ReadAll(body)
	require.NoError(t, err)
	_, placed, _ := mime.ParseMediaType(disposition)
	kind := mediaType
	for _, name := range []string{"charset", "method"} {
		if params[name] != "" {
			kind += " " + strings.ToLower(params[name])
		}
	}
	return []part{{kind, placed["filename"], strings.ReplaceAll(string(content), "\r\n", "\n")}}
}

func read(t *testing.T, raw []byte) (mail.Header, []part) {
	t.Helper()
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	require.NoError(t, err)
	return message.Header, leaves(t, message.Header.Get("Content-Type"), message.Header.Get("Content-Transfer-Encoding"), "", message.Body)
}

func TestMailAsItArrives(t *testing.T) {
	t.Parallel()
	relay := emailtest.New(t, emailtest.Options{})
	c := client(t, relay, nil)
	m := hello()
	m.Attachments = []email.Attachment{
		{Name: "RES1.ics", Type: "text/calendar; charset=utf-8; method=PUBLISH", Content: []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")},
		{Name: "0001-00000001.pdf", Type: "application/pdf", Content: []byte("%PDF-1.3 \x00\xff")},
	}
	require.NoError(t, c.Send(t.Context(), m))
	require.NoError(t, c.Send(t.Context(), m))
	header, parts := read(t, relay.Mails()[0].Raw)
	again, _ := read(t, relay.Mails()[1].Raw)
	require.Equal(t, []part{
		{"text/plain utf-8", "", m.Plain}, {"text/html utf-8", "", m.HTML},
		{"text/calendar utf-8 publish", "RES1.ics", "BEGIN:VCALENDAR\nEND:VCALENDAR\n"},
		{"application/pdf", "0001-00000001.pdf", "%PDF-1.3 \x00\xff"},
	}, parts)

	for _, word := range []string{header.Get("Subject"), header.Get("From")} {
		require.Regexp(t, `^[ -~]+$`, word, "headers are ASCII")
	}
	decoded, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, m.Subject, decoded)
	from, err := header.AddressList("From")
	require.NoError(t, err)
	require.Equal(t, []*mail.Address{{Name: "Cabañas del Río", Address: "reservas@cabanas.test"}}, from)
	date, err := header.Date()
	require.NoError(t, err)
	require.True(t, m.At.Equal(date))
	require.Equal(t, "auto-generated", header.Get("Auto-Submitted"))
	require.Equal(t, "es", header.Get("Content-Language"))
	require.Empty(t, header.Get("X-Mailer")+header.Get("User-Agent"), "nobody needs to know our libraries")

	id := header.Get("Message-Id")
	require.Regexp(t, `^<[0-9a-f]{32}@cabanas\.test>$`, id)
	require.Equal(t, id, again.Get("Message-Id"), "the same key, the same id")
	m.Key += "2"
	require.NoError(t, c.Send(t.Context(), m))
	other, _ := read(t, relay.Mails()[2].Raw)
	require.NotEqual(t, id, other.Get("Message-Id"))
}

func TestNobodyWritesHeaders(t *testing.T) {
	t.Parallel()
	relay := emailtest.New(t, emailtest.Options{})
	c := client(t, relay, nil)
	evil := "x\r\nBcc: mallory@example.org\r\n\r\nbody\n.\r\nRSET\x00\" <b@example.org>"
	m := hello()
	m.FromName, m.Subject, m.Language, m.Key = evil, evil, evil, evil
	m.Plain, m.HTML = "a\r\n.\r\nQUIT\r\n", ""
	m.Attachments = []email.Attachment{{Name: evil, Type: "text/plain", Content: []byte("x")}}
	require.NoError(t, c.Send(t.Context(), m))
	got := relay.Mails()[0]
	require.Equal(t, []string{ana}, got.To)
	header, parts := read(t, got.Raw)
	require.Empty(t, header.Get("Bcc"))
	require.Len(t, parts, 2)
	require.Equal(t, "a\n.\nQUIT\n", parts[0].content)
	from, err := header.AddressList("From")
	require.NoError(t, err)
	require.Len(t, from, 1)
	require.Equal(t, "reservas@cabanas.test", from[0].Address)

	for _, to := range []string{"", "ana", "ana@example.org\r\nRCPT TO:<b@example.org>", "a@example.org, b@example.org", "Ana <ana@example.org>", "<ana@example.org>"} {
		m := hello()
		m.To = to
		err := c.Send(t.Context(), m)
		require.Equal(t, email.ReasonInvalid, email.ReasonOf(err), "%q", to)
		require.Equal(t, "email: invalid", err.Error())
	}
	require.Len(t, relay.Mails(), 1)
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, options := range []email.Options{{}, {Host: "relay.test"}, {Host: "relay.test", From: "nobody"}, {From: ana}, {Host: "relay.test", From: ana, Port: 70_000}} {
		_, err := email.New(options)
		require.Error(t, err)
	}
}
