package ical

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
)

const secret = "t=0f5b3f0c2a1d4e6f"

// local is a fetcher under the rules of production, but for this: the test servers' certificate and loopback addresses are
// good, and every name is looked up here, where each leads to 127.0.0.1.
func local(t *testing.T, options Options, server *httptest.Server) *Fetcher {
	t.Helper()
	f := New(options)
	t.Cleanup(f.Close)
	f.dialer.Resolver = resolver(t, netip.MustParseAddr("127.0.0.1"))
	f.permitted = func(address netip.Addr) bool { return isPublic(address) || address.IsLoopback() }
	if server.TLS != nil {
		pool := x509.NewCertPool()
		pool.AddCert(server.Certificate())
		f.transport.TLSClientConfig.RootCAs = pool
		f.transport.TLSClientConfig.ServerName = "example.com"
	}
	return f
}

// resolver answers every question for an IPv4 address with the given ones in turn, the last for ever.
func resolver(t *testing.T, answers ...netip.Addr) *net.Resolver {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = socket.Close() })
	go func() {
		packet := make([]byte, 1024)
		for asked := 0; ; {
			n, from, err := socket.ReadFrom(packet)
			if err != nil {
				return
			}
			var message dnsmessage.Message
			if message.Unpack(packet[:n]) != nil {
				continue
			}
			message.Response, message.RecursionAvailable, message.Additionals = true, true, nil
			if question := message.Questions[0]; question.Type == dnsmessage.TypeA {
				message.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class},
					Body:   &dnsmessage.AResource{A: answers[min(asked, len(answers)-1)].As4()},
				}}
				asked++
			}
			if reply, err := message.Pack(); err == nil {
				_, _ = socket.WriteTo(reply, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

// named is an address of a test server by a name.
func named(server *httptest.Server, path string) string {
	parsed, err := url.Parse(server.URL)
	if err != nil {
		panic(err)
	}
	return parsed.Scheme + "://feed.example.com:" + parsed.Port() + path
}

func secure(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func requireFailed(t *testing.T, err error, reason Reason) {
	t.Helper()
	failure, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, reason, failure.Reason)
	require.Equal(t, "fetch", failure.Operation)
	for _, private := range []string{secret, "example.com", "127.0.0.1", "://"} {
		require.NotContains(t, err.Error(), private)
	}
}

func TestFetchGetsABodyAndAsksForNews(t *testing.T) {
	t.Parallel()
	body := calendar(other)
	server := secure(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"v1"` && r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		for _, name := range []string{"Cookie", "Authorization", "Referer", "If-None-Match"} {
			if r.Header.Get(name) != "" {
				w.WriteHeader(http.StatusTeapot)
			}
		}
		if r.UserAgent() != userAgent {
			w.WriteHeader(http.StatusTeapot)
		}
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Last-Modified", "Sun, 22 Nov 2026 07:15:00 GMT")
		w.Header().Set("Set-Cookie", "a=b")
		_, _ = w.Write(body)
	})
	f := local(t, Options{}, server)
	for range 2 {
		got, err := f.Fetch(t.Context(), named(server, "/?"+secret), Known{})
		require.NoError(t, err)
		require.Equal(t, Fetched{Body: body, ETag: `"v1"`, LastModified: "Sun, 22 Nov 2026 07:15:00 GMT"}, got)
		got, err = f.Fetch(t.Context(), named(server, "/?"+secret), Known{ETag: got.ETag, LastModified: got.LastModified})
		require.NoError(t, err)
		require.True(t, got.NotModified)
		require.Equal(t, `"v1"`, got.ETag)
	}
	got, err := f.Fetch(t.Context(), strings.Replace(named(server, "/"), "https://", "webcal://", 1), Known{})
	require.NoError(t, err)
	require.Equal(t, body, got.Body)
}

func TestAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		address string
		reason  Reason
	}{
		{"http://feed.example.com/?" + secret, ReasonNotHTTPS},
		{"file:///etc/passwd", ReasonNotHTTPS},
		{"gopher://feed.example.com/", ReasonNotHTTPS},
		{"feed.example.com", ReasonNotHTTPS},
		{"", ReasonNotHTTPS},
		{"https://", ReasonBadAddress},
		{"https://%zz/", ReasonBadAddress},
		{"https://user:" + secret + "@feed.example.com/", ReasonBadAddress},
		{"https://8.8.8.8/" + secret, ReasonBadAddress},
		{"https://127.0.0.1/", ReasonPrivateAddress},
		{"https://10.1.2.3/", ReasonPrivateAddress},
		{"https://169.254.169.254/latest/meta-data", ReasonPrivateAddress},
		{"https://[::1]/", ReasonPrivateAddress},
		{"https://[::ffff:127.0.0.1]/", ReasonPrivateAddress},
		{"https://[fe80::1%25eth0]/", ReasonPrivateAddress},
		{"https://localhost/", ReasonPrivateAddress},
		{"https://LocalHost.:443/", ReasonPrivateAddress},
		{"https://metadata.google.internal/", ReasonPrivateAddress},
		{"https://printer.local/", ReasonPrivateAddress},
		{"https://postgres/", ReasonPrivateAddress},
		{"https://nas.home.arpa/", ReasonPrivateAddress},
		{"https://2130706433/", ReasonPrivateAddress},
		{"https://0177.0.0.1/", ReasonPrivateAddress},
		{"https://127.0.0.0x1/", ReasonPrivateAddress},
	}
	f := New(Options{})
	for _, test := range tests {
		_, err := f.Fetch(t.Context(), test.address, Known{})
		requireFailed(t, err, test.reason)
	}
}

func TestWhichAddressesArePublic(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"8.8.8.8", "52.1.2.3", "100.63.255.255", "172.32.0.1", "2606:4700::1", "::ffff:8.8.8.8"} {
		require.True(t, isPublic(netip.MustParseAddr(address)), address)
	}
	private := []string{"127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fc00::1", "::ffff:10.0.0.1"}
	never := []string{
		"0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.0.1", "192.0.2.1",
		"198.18.0.1", "198.51.100.1", "203.0.113.1", "::", "fe80::1", "ff02::1", "fec0::1", "::7f00:1", "64:ff9b::7f00:1", "2001::1",
		"2001:db8::1", "2002:7f00:1::1", "::ffff:169.254.169.254",
	}
	for _, address := range private {
		require.False(t, isPublic(netip.MustParseAddr(address)), address)
		require.True(t, isPublicOrPrivate(netip.MustParseAddr(address)), address)
	}
	for _, address := range never {
		require.False(t, isPublic(netip.MustParseAddr(address)), address)
		require.False(t, isPublicOrPrivate(netip.MustParseAddr(address)), address)
	}
}

func TestNamesThatLeadInsideAreRefusedAtTheDial(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := secure(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	for _, inside := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"} {
		f := local(t, Options{}, server)
		f.permitted = isPublic
		f.dialer.Resolver = resolver(t, netip.MustParseAddr(inside))
		_, err := f.Fetch(t.Context(), named(server, "/?"+secret), Known{})
		requireFailed(t, err, ReasonPrivateAddress)
	}
	require.Zero(t, asked.Load())
}

// A name that is public when it is asked for first, and leads inside the next time, is refused the next time.
func TestNamesThatChangeAreCheckedEachTime(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := secure(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Connection", "close")
	})
	f := local(t, Options{}, server)
	f.dialer.Resolver = resolver(t, netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2"))
	f.permitted = func(address netip.Addr) bool { return address == netip.MustParseAddr("127.0.0.1") }
	_, err := f.Fetch(t.Context(), named(server, "/"), Known{})
	require.NoError(t, err)
	_, err = f.Fetch(t.Context(), named(server, "/"), Known{})
	requireFailed(t, err, ReasonPrivateAddress)
	require.EqualValues(t, 1, asked.Load())
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	var inside atomic.Int32
	private := secure(t, func(http.ResponseWriter, *http.Request) { inside.Add(1) })
	server := secure(t, func(w http.ResponseWriter, r *http.Request) {
		var hops int
		_, _ = fmt.Sscanf(r.URL.Path, "/hops/%d", &hops)
		switch {
		case r.URL.Path == "/to":
			http.Redirect(w, r, r.URL.Query().Get("where"), http.StatusFound)
		case hops > 0:
			http.Redirect(w, r, fmt.Sprintf("/hops/%d?"+secret, hops-1), http.StatusMovedPermanently)
		case r.Referer() != "":
			w.WriteHeader(http.StatusTeapot)
		default:
			_, _ = w.Write([]byte("body"))
		}
	})
	f := local(t, Options{}, server)
	for _, hops := range []int{0, 1, 3} {
		got, err := f.Fetch(t.Context(), named(server, fmt.Sprintf("/hops/%d?%s", hops, secret)), Known{})
		require.NoError(t, err)
		require.Equal(t, "body", string(got.Body))
	}
	f.permitted = func(address netip.Addr) bool { return address.IsLoopback() }
	port := strings.TrimPrefix(private.URL, "https://127.0.0.1:")
	for where, reason := range map[string]Reason{
		named(server, "/hops/3"):                  ReasonTooManyRedirects,
		"http://feed.example.com/?" + secret:      ReasonNotHTTPS,
		"file:///etc/passwd":                      ReasonNotHTTPS,
		"https://10.0.0.1/?" + secret:             ReasonPrivateAddress,
		"https://169.254.169.254/":                ReasonPrivateAddress,
		"https://[::ffff:10.0.0.1]:" + port + "/": ReasonPrivateAddress,
		"https://user:pw@feed.example.com/":       ReasonBadAddress,
		"https://:bad/":                           ReasonUnreachable,
	} {
		_, err := f.Fetch(t.Context(), named(server, "/to?where="+url.QueryEscape(where)), Known{})
		requireFailed(t, err, reason)
	}
	require.Zero(t, inside.Load())
}

func TestBodiesThatAreTooLarge(t *testing.T) {
	t.Parallel()
	bomb, fits := zipped(make([]byte, 3*DefaultMaxBytes)), zipped(bytes.Repeat([]byte("x"), DefaultMaxBytes))
	server := secure(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/said":
			w.Header().Set("Content-Length", "3000000")
			_, _ = w.Write(make([]byte, 3_000_000))
		case "/unsaid":
			for range 3000 {
				_, _ = w.Write(make([]byte, 1000))
			}
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb)
		case "/fits":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(fits)
		case "/broken":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte("this is not compressed"))
		case "/other":
			w.Header().Set("Content-Encoding", "br")
			_, _ = w.Write([]byte("body"))
		case "/short":
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("body"))
		}
	})
	f := local(t, Options{}, server)
	for path, reason := range map[string]Reason{
		"/said": ReasonTooLarge, "/unsaid": ReasonTooLarge, "/bomb": ReasonTooLarge, "/broken": ReasonEncoding, "/other": ReasonEncoding,
		"/short": ReasonTruncated,
	} {
		_, err := f.Fetch(t.Context(), named(server, path), Known{})
		requireFailed(t, err, reason)
	}
	got, err := f.Fetch(t.Context(), named(server, "/fits"), Known{})
	require.NoError(t, err)
	require.Len(t, got.Body, DefaultMaxBytes)
}

func zipped(body []byte) []byte {
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	_, _ = writer.Write(body)
	_ = writer.Close()
	return buffer.Bytes()
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	server := secure(t, func(w http.ResponseWriter, r *http.Request) {
		var status int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
	})
	f := local(t, Options{}, server)
	for status, temporary := range map[int]bool{204: false, 304: false, 401: false, 403: false, 404: false, 410: false, 429: true, 500: true, 503: true} {
		_, err := f.Fetch(t.Context(), named(server, fmt.Sprintf("/%d?%s", status, secret)), Known{})
		requireFailed(t, err, ReasonHTTPStatus)
		failure, _ := errors.AsType[*Error](err)
		require.Equal(t, status, failure.Status)
		require.Equal(t, temporary, failure.Temporary(), status)
		require.Equal(t, 7*time.Second, failure.RetryAfter)
	}
}

func TestTroubleOnTheWay(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	slow := secure(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = w.Write([]byte("BEGIN:VCALENDAR"))
			w.(http.Flusher).Flush()
		}
		<-released
	})
	t.Cleanup(func() { close(released) })
	f := local(t, Options{Timeout: 50 * time.Millisecond}, slow)
	for _, path := range []string{"/header", "/body"} {
		_, err := f.Fetch(t.Context(), named(slow, path+"?"+secret), Known{})
		requireFailed(t, err, ReasonTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		failure, _ := errors.AsType[*Error](err)
		require.True(t, failure.Temporary())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.Fetch(ctx, named(slow, "/header"), Known{})
	requireFailed(t, err, ReasonCancelled)
	require.ErrorIs(t, err, context.Canceled)

	good := secure(t, func(http.ResponseWriter, *http.Request) {})
	f = local(t, Options{}, good)
	f.transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	_, err = f.Fetch(t.Context(), named(good, "/"), Known{})
	requireFailed(t, err, ReasonTLS)

	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	f = local(t, Options{}, plain)
	_, err = f.Fetch(t.Context(), strings.Replace(named(plain, "/"), "http://", "https://", 1), Known{})
	requireFailed(t, err, ReasonTLS)

	gone := secure(t, func(http.ResponseWriter, *http.Request) {})
	f = local(t, Options{}, gone)
	gone.Close()
	_, err = f.Fetch(t.Context(), named(gone, "/"), Known{})
	requireFailed(t, err, ReasonUnreachable)
}

func TestDevelopmentMayFetchFromHere(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("body")) }))
	t.Cleanup(server.Close)
	f := New(Options{AllowPrivate: true})
	t.Cleanup(f.Close)
	got, err := f.Fetch(t.Context(), server.URL, Known{})
	require.NoError(t, err)
	require.Equal(t, "body", string(got.Body))
	_, err = f.Fetch(t.Context(), "http://169.254.169.254/", Known{})
	requireFailed(t, err, ReasonPrivateAddress)
	_, err = New(Options{}).Fetch(t.Context(), server.URL, Known{})
	requireFailed(t, err, ReasonNotHTTPS)
}
