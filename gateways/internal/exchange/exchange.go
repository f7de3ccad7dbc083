// Package exchange makes one HTTP exchange with a provider, once: it says whether a request that got no answer may have
// been sent all the same, follows no redirects, and keeps addresses, which name people and bookings, out of errors.
package exchange

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// MaxRetryAfter is the longest wait that [RetryAfter] believes.
const MaxRetryAfter = time.Hour

const idlePerHost = 64

// Client returns a copy of the given client that answers a redirect with the redirect itself: following it would take the
// token, and the write a second time, to another place. For nil it makes a client that keeps connections open.
func Client(given *http.Client) *http.Client {
	var client http.Client
	if given != nil {
		client = *given
	} else if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = transport.Clone()
		transport.MaxIdleConnsPerHost = idlePerHost
		client.Transport = transport
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// Do sends the request and returns the answer, whose body the caller closes. On an error, which is without address, sent
// is false only when the request certainly never left this machine; once it was given a connection nobody knows.
func Do(client *http.Client, request *http.Request) (response *http.Response, sent bool, err error) {
	if err := request.Context().Err(); err != nil {
		return nil, false, err
	}
	request, end := Traced(request)
	watch := sendWatch{repeatable: repeatable(request)}
	response, err = client.Do(request.WithContext(watch.trace(request.Context())))
	if err != nil {
		end(0, err)
		return nil, watch.maybeSent(err), WithoutAddress(err)
	}
	end(response.StatusCode, nil)
	return response, true, nil
}

// sendWatch sees whether a request was given a connection.
type sendWatch struct {
	repeatable bool
	started    atomic.Bool // the transport takes part in tracing
	connected  atomic.Bool
}

func (w *sendWatch) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) {
			w.started.Store(true)
			if !w.repeatable {
				// net/http comes here a second time only when it could not write anything to a stale connection.
				w.connected.Store(false)
			}
		},
		GotConn: func(httptrace.GotConnInfo) { w.connected.Store(true) },
	})
}

func (w *sendWatch) maybeSent(err error) bool {
	var dial *net.OpError
	neverDialled := errors.As(err, &dial) && dial.Op == "dial"
	return w.connected.Load() || (!w.started.Load() && !neverDialled)
}

// repeatable reports whether net/http might send the request again, on another connection, after it was written: it does so
// with safe methods and with idempotency keys. PUT and DELETE count here too, as they may be repeated by their meaning.
func repeatable(request *http.Request) bool {
	if request.Method != http.MethodPost && request.Method != http.MethodPatch {
		return true
	}
	_, hasKey := request.Header["Idempotency-Key"]
	_, hasOwnKey := request.Header["X-Idempotency-Key"]
	return hasKey || hasOwnKey
}

// WithoutAddress drops the method and the URL that net/http and net/url put around an error.
func WithoutAddress(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// RetryAfter reads how long the provider asks to wait, in whole seconds, at most [MaxRetryAfter]; 0 when it does not say.
// The form with a date is not read.
func RetryAfter(header http.Header) time.Duration {
	seconds, err := strconv.ParseInt(header.Get("Retry-After"), 10, 32)
	if err != nil || seconds <= 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, MaxRetryAfter)
}
