package ical

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"cabanas/gateways/internal/exchange"
)

// Limits of one fetch unless [Options] say otherwise.
const (
	DefaultTimeout  = 20 * time.Second // in all: names, redirects and the body
	DefaultMaxBytes = 2 << 20          // after decompression
	MaxRedirects    = 3
)

const userAgent = "Cabanas-Calendar/1.0"

// Options is how feeds are fetched. The zero value is right for production.
type Options struct {
	// AllowPrivate lets http, loopback and private networks through, for development (ICAL_ALLOW_PRIVATE).
	AllowPrivate bool
	Timeout      time.Duration // in all; 0 is DefaultTimeout
	MaxBytes     int64         // after decompression; 0 is DefaultMaxBytes
}

// Fetcher gets feeds from addresses that a stranger may have chosen. It is safe for concurrent use; make it with [New].
type Fetcher struct {
	options   Options
	transport *http.Transport
	dialer    net.Dialer
	permitted func(netip.Addr) bool // an address that a connection may go to
}

// Known is what an earlier fetch of the same address gave, to be told when nothing has changed; the zero value is nothing.
type Known struct{ ETag, LastModified string }

// Fetched is the answer to one fetch.
type Fetched struct {
	NotModified        bool   // the feed says it is as it was when Known was given; Body is nil
	Body               []byte // decompressed
	ETag, LastModified string // for the next fetch; "" when not given
}

// New returns a Fetcher.
func New(options Options) *Fetcher {
	if options.Timeout <= 0 {
		options.Timeout = DefaultTimeout
	}
	if options.MaxBytes <= 0 {
		options.MaxBytes = DefaultMaxBytes
	}
	f := &Fetcher{options: options, permitted: isPublic}
	if options.AllowPrivate {
		f.permitted = isPublicOrPrivate
	}
	f.dialer.ControlContext = f.control
	f.transport = &http.Transport{
		// No proxy: the check of the dialer would see the proxy and not the feed.
		DialContext:            f.dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
	return f
}

// Close gives up idle connections.
func (f *Fetcher) Close() { f.transport.CloseIdleConnections() }

// Fetch gets the feed at the address: https, or webcal, which is read as https. It follows three redirects, each under the
// same rules, and sends no cookies, credentials or referrer. The error is an [*Error] that never holds the address.
func (f *Fetcher) Fetch(ctx context.Context, address string, known Known) (Fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, f.options.Timeout)
	defer cancel()
	request, err := f.request(ctx, address, known)
	if err != nil {
		return Fetched{}, err
	}
	client := http.Client{Transport: f.transport, CheckRedirect: f.redirect}
	request, end := exchange.Traced(request)
	response, err := client.Do(request)
	if err != nil {
		end(0, err)
		return Fetched{}, failed(ctx, err)
	}
	end(response.StatusCode, nil)
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotModified && known != (Known{}) {
		return Fetched{NotModified: true, ETag: known.ETag, LastModified: known.LastModified}, nil
	}
	if response.StatusCode != http.StatusOK {
		return Fetched{}, &Error{
			Operation: "fetch", Reason: ReasonHTTPStatus, Status: response.StatusCode, RetryAfter: exchange.RetryAfter(response.Header),
		}
	}
	body, err := f.body(ctx, response)
	if err != nil {
		return Fetched{}, err
	}
	return Fetched{
		Body: body, ETag: validator(response.Header.Get("Etag")), LastModified: validator(response.Header.Get("Last-Modified")),
	}, nil
}

func (f *Fetcher) request(ctx context.Context, address string, known Known) (*http.Request, error) {
	target, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return nil, refused(ReasonBadAddress)
	}
	if target.Scheme == "webcal" || target.Scheme == "webcals" {
		target.Scheme = "https"
	}
	if reason := f.acceptable(target); reason != "" {
		return nil, refused(reason)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, refused(ReasonBadAddress)
	}
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Accept", "text/calendar, text/plain;q=0.9, */*;q=0.5")
	if etag := validator(known.ETag); etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	if modified := validator(known.LastModified); modified != "" {
		request.Header.Set("If-Modified-Since", modified)
	}
	return request, nil
}

// acceptable gives the reason why an address must not be asked, as far as it can be seen without its name being looked up.
func (f *Fetcher) acceptable(target *url.URL) Reason {
	switch {
	case target.Scheme == "http" && !f.options.AllowPrivate:
		return ReasonNotHTTPS
	case target.Scheme != "https" && target.Scheme != "http":
		return ReasonNotHTTPS
	case target.Hostname() == "" || target.User != nil:
		return ReasonBadAddress
	}
	number, err := netip.ParseAddr(target.Hostname())
	if err != nil {
		if !f.options.AllowPrivate && isLocalName(target.Hostname()) {
			return ReasonPrivateAddress
		}
		return ""
	}
	if !f.permitted(number.Unmap().WithZone("")) {
		return ReasonPrivateAddress
	}
	if isPublic(number) {
		return ReasonBadAddress
	}
	return ""
}

func (f *Fetcher) redirect(request *http.Request, before []*http.Request) error {
	if len(before) > MaxRedirects {
		return refused(ReasonTooManyRedirects)
	}
	if reason := f.acceptable(request.URL); reason != "" {
		return refused(reason)
	}
	// The address that was asked first is a secret, and net/http has just put it here.
	request.Header.Del("Referer")
	return nil
}

// control sees each address after the name was looked up, right before the connection, so that a name cannot mean one thing
// when it is checked and another when it is used.
func (f *Fetcher) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil || !f.permitted(target.Addr().Unmap().WithZone("")) {
		return refused(ReasonPrivateAddress)
	}
	return nil
}

func (f *Fetcher) body(ctx context.Context, response *http.Response) ([]byte, error) {
	// net/http undoes the one compression that it asked for, and then takes the header away.
	if encoding := response.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, refused(ReasonEncoding)
	}
	if response.ContentLength > f.options.MaxBytes {
		return nil, refused(ReasonTooLarge)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, f.options.MaxBytes+1))
	switch {
	case int64(len(body)) > f.options.MaxBytes:
		return nil, refused(ReasonTooLarge)
	case err == nil:
		return body, nil
	case ctx.Err() != nil:
		return nil, failed(ctx, err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, refused(ReasonTruncated)
	case response.Uncompressed:
		return nil, refused(ReasonEncoding)
	}
	return nil, failed(ctx, err)
}

// validator is a value that may be sent back as it came, or "".
func validator(value string) string {
	const longest = 512
	strange := func(c rune) bool { return c < ' ' || c > '~' }
	if len(value) > longest || strings.ContainsFunc(value, strange) {
		return ""
	}
	return value
}

func refused(reason Reason) *Error { return &Error{Operation: "fetch", Reason: reason} }

// failed gives the reason of an exchange that came to nothing, and none of its texts, which hold names and addresses.
func failed(ctx context.Context, err error) *Error {
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return &Error{Operation: "fetch", Reason: ReasonCancelled, Cause: context.Canceled}
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		return &Error{Operation: "fetch", Reason: ReasonTimeout, Cause: context.DeadlineExceeded}
	case isTLS(err):
		return refused(ReasonTLS)
	case isUnknownHost(err):
		return refused(ReasonUnknownHost)
	case isNet && timeout.Timeout():
		return refused(ReasonTimeout)
	}
	return refused(ReasonUnreachable)
}

func isTLS(err error) bool {
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	_, header := errors.AsType[tls.RecordHeaderError](err)
	return certificate || alert || header || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

func isUnknownHost(err error) bool {
	lookup, ok := errors.AsType[*net.DNSError](err)
	return ok && lookup.IsNotFound
}
