package mercadopago

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cabanas/gateways/internal/exchange"
	"cabanas/gateways/internal/lenient"
)

// The defaults of [Options].
const (
	DefaultBaseURL = "https://api.mercadopago.com"
	DefaultTimeout = 10 * time.Second
)

const maxAnswer = 8 << 20 // a page of payments with their card and fee details

// Options configures a [Client]. Token is required.
type Options struct {
	BaseURL string // default [DefaultBaseURL]
	Token   string // access token
	// HTTPClient is copied and made not to follow redirects; the default keeps connections open.
	HTTPClient *http.Client
	Timeout    time.Duration // of one request; default [DefaultTimeout]
	// PerSecond is how many calls a second are made at most, over everything that uses this client; 0 is as many as are
	// asked for. Mercado Pago documents no number. A call that would have to wait longer than Timeout is not made.
	PerSecond float64
	Now       func() time.Time // default time.Now
}

// Client calls Mercado Pago for one account. It is safe for concurrent use and never repeats a call on its own: that is
// for the caller, who has the key. When one call was told to come back later, the others are not sent either until then, for
// a minute at most. Every error it returns is an [Error].
type Client struct {
	base     string
	token    string
	http     *http.Client
	timeout  time.Duration
	throttle *throttle
}

// New checks the options and returns a client; it makes no request.
func New(options Options) (*Client, error) {
	base := strings.TrimRight(options.BaseURL, "/")
	if base == "" {
		base = DefaultBaseURL
	}
	address, err := url.Parse(base)
	if err != nil || (address.Scheme != "https" && address.Scheme != "http") || address.Host == "" {
		return nil, errors.New("mercadopago client: BaseURL is not an absolute web address")
	}
	if options.Token == "" {
		return nil, errors.New("mercadopago client: Token is required")
	}
	client := &Client{base: base, token: options.Token, http: exchange.Client(options.HTTPClient), timeout: options.Timeout}
	if client.timeout <= 0 {
		client.timeout = DefaultTimeout
	}
	now := options.Now
	if now == nil {
		now = time.Now
	}
	client.throttle = newThrottle(options.PerSecond, now)
	return client, nil
}

// call is one request.
type call struct {
	operation string
	method    string
	path      string
	query     url.Values
	key       string
	needsKey  bool
	body      any
	refund    bool // refund codes apply
	answer    answerType
}

// answerType is what the body of a success has to be.
type answerType byte

const (
	anyAnswer    answerType = 0
	objectAnswer answerType = '{'
	listAnswer   answerType = '['
)

var (
	errAnswerSize  = errors.New("answer is larger than 8 MB")
	errAnswerShape = errors.New("answer is not of the expected JSON type")
)

// do makes the call and returns the JSON of a success.
func (c *Client) do(ctx context.Context, call call) (json.RawMessage, error) {
	if call.needsKey && call.key == "" {
		return nil, &Error{Operation: call.operation, Reason: ReasonInvalid, Cause: errNoKey}
	}
	if wait, err := c.throttle.admit(ctx, c.timeout); err != nil {
		return nil, notAdmitted(call.operation, wait, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := c.request(ctx, call)
	if err != nil {
		return nil, &Error{Operation: call.operation, Reason: ReasonInvalid, Cause: exchange.WithoutAddress(err)}
	}
	response, sent, err := exchange.Do(c.http, request)
	if err != nil {
		return nil, &Error{Operation: call.operation, Reason: reasonWithoutAnswer(sent), Cause: err}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, &Error{Operation: call.operation, Reason: ReasonAmbiguous, HTTPStatus: response.StatusCode, Cause: err}
	}
	if len(answer) > maxAnswer {
		return nil, &Error{Operation: call.operation, Reason: ReasonServer, HTTPStatus: response.StatusCode, Cause: errAnswerSize}
	}
	if response.StatusCode/100 != 2 {
		failure := refusal(call, response, answer)
		c.throttle.pause(failure)
		return nil, failure
	}
	if call.answer != anyAnswer && (!json.Valid(answer) || bytes.TrimSpace(answer)[0] != byte(call.answer)) {
		return nil, &Error{Operation: call.operation, Reason: ReasonServer, HTTPStatus: response.StatusCode, Cause: errAnswerShape}
	}
	return answer, nil
}

func notAdmitted(operation string, wait time.Duration, cause error) *Error {
	if wait > 0 {
		return &Error{Operation: operation, Reason: ReasonRateLimited, RetryAfter: wait, Cause: cause}
	}
	return &Error{Operation: operation, Reason: ReasonNotSent, Cause: cause}
}

func (c *Client) request(ctx context.Context, call call) (*http.Request, error) {
	address := c.base + call.path
	if len(call.query) > 0 {
		address += "?" + call.query.Encode()
	}
	var body io.Reader
	if call.body != nil {
		encoded, err := json.Marshal(call.body)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, call.method, address, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if call.key != "" {
		request.Header.Set("X-Idempotency-Key", call.key)
	}
	return request, nil
}

// refusal reads {"message","error","status","cause":[{"code","description"}]}, of which any part may be missing or of
// another type.
func refusal(call call, response *http.Response, answer []byte) *Error {
	body, _ := lenient.Read(answer)
	var causes []lenient.Object
	if json.Unmarshal(body["cause"], &causes) != nil {
		single, _ := body.Object("cause")
		causes = []lenient.Object{single}
	}
	var codes []int
	message := body.Text("message")
	for _, cause := range causes {
		if code, ok := cause.Integer("code"); ok {
			codes = append(codes, code)
		}
		if message == "" {
			message = cause.Text("description")
		}
	}
	failure := &Error{Operation: call.operation, HTTPStatus: response.StatusCode, Message: redacted(message), RetryAfter: exchange.RetryAfter(response.Header)}
	failure.Reason, failure.Code = reasonOf(response.StatusCode, codes, call.refund)
	if failure.Code == codeSameRequest {
		failure.RetryAfter = max(failure.RetryAfter, sameRequestWait)
	}
	return failure
}
