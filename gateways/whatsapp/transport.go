package whatsapp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	maxAnswer      = 1 << 20
	maxRetryAfter  = time.Hour
	idleTransports = 64
)

var (
	errNoMessageID = errors.New("accepted without a message id")
	errNoSuccess   = errors.New("answered without success")
	errAnswerSize  = errors.New("answer is larger than 1 MB")
	errAnswerShape = errors.New("answer is not a JSON object")
)

// post sends one request and returns the JSON object of a success; everything else is an [Error].
func (c *Client) post(ctx context.Context, operation string, body []byte) (fields, int, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, &Error{Operation: operation, Reason: ReasonNotSent, Cause: err}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var watch sendWatch
	request, err := http.NewRequestWithContext(watch.trace(ctx), http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, 0, &Error{Operation: operation, Reason: ReasonNotSent, Cause: err}
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, 0, &Error{Operation: operation, Reason: watch.reason(err), Cause: withoutAddress(err)}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		err = errAnswerSize
	}
	return read(operation, response, answer, err)
}

// read judges an answer by the code in its body; the status alone decides only when there is none.
func read(operation string, response *http.Response, answer []byte, readErr error) (fields, int, error) {
	status := response.StatusCode
	failure := &Error{Operation: operation, HTTPStatus: status, RetryAfter: retryAfter(response.Header), Cause: readErr}
	members, isObject := object(answer)
	platform, _ := object(members["error"])
	if code, refused := platform.integer("code"); refused {
		data, _ := object(platform["error_data"])
		failure.Code, failure.Reason = code, reasonOf(code)
		failure.TraceID = platform.text("fbtrace_id")
		failure.Details = redacted(valueOr(data.text("details"), platform.text("message")))
		if failure.Reason == ReasonPairRate {
			failure.RetryAfter = max(failure.RetryAfter, pairRateWait)
		}
		return nil, status, failure
	}
	if status/100 == 2 && readErr == nil && isObject {
		return members, status, nil
	}
	failure.Reason = reasonOfStatus(status)
	if readErr == nil && !isObject {
		failure.Cause = errAnswerShape
	}
	return nil, status, failure
}

// reasonOfStatus is for answers without a code, which come from something in between: a gateway that gave up waiting may
// have passed the message on, one that had no server has not, and a 2xx that cannot be read was probably accepted.
func reasonOfStatus(status int) Reason {
	switch status {
	case http.StatusTooManyRequests:
		return ReasonThroughput
	case http.StatusServiceUnavailable:
		return ReasonTransient
	case http.StatusUnauthorized, http.StatusForbidden:
		return ReasonAccount
	case http.StatusRequestTimeout:
		return ReasonAmbiguous
	}
	if status/100 == 3 || status/100 == 4 {
		return ReasonUnknown
	}
	return ReasonAmbiguous
}

// sendWatch sees whether a request was given a connection: before that it certainly was not sent, after that nobody knows.
type sendWatch struct {
	started   atomic.Bool // the transport takes part in tracing
	connected atomic.Bool
}

func (w *sendWatch) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) {
			// net/http comes here a second time only when it could not write anything to a stale connection.
			w.started.Store(true)
			w.connected.Store(false)
		},
		GotConn: func(httptrace.GotConnInfo) { w.connected.Store(true) },
	})
}

func (w *sendWatch) reason(err error) Reason {
	var dial *net.OpError
	neverDialled := errors.As(err, &dial) && dial.Op == "dial"
	if !w.connected.Load() && (w.started.Load() || neverDialled) {
		return ReasonNotSent
	}
	return ReasonAmbiguous
}

// withoutAddress drops the URL from an error of net/http: it names our number.
func withoutAddress(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.ParseInt(header.Get("Retry-After"), 10, 32)
	if err != nil || seconds <= 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxRetryAfter)
}

// withoutRedirects copies the client: following a redirect would send the message twice and the token elsewhere.
func withoutRedirects(given *http.Client) *http.Client {
	var client http.Client
	if given != nil {
		client = *given
	} else if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = transport.Clone()
		transport.MaxIdleConnsPerHost = idleTransports
		client.Transport = transport
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}
