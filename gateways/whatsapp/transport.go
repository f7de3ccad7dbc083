package whatsapp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"cabanas/gateways/internal/exchange"
	"cabanas/gateways/internal/lenient"
)

const maxAnswer = 1 << 20

var (
	errNoMessageID = errors.New("accepted without a message id")
	errNoSuccess   = errors.New("answered without success")
	errAnswerSize  = errors.New("answer is larger than 1 MB")
	errAnswerShape = errors.New("answer is not a JSON object")
)

// post sends one request and returns the JSON object of a success; everything else is an [Error].
func (c *Client) post(ctx context.Context, operation string, body []byte) (lenient.Object, int, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, 0, &Error{Operation: operation, Reason: ReasonNotSent, Cause: exchange.WithoutAddress(err)}
	}
	request.Header.Set("Content-Type", "application/json")
	return c.ask(operation, request)
}

// ask makes the request with our token and judges the answer.
func (c *Client) ask(operation string, request *http.Request) (lenient.Object, int, error) {
	request.Header.Set("Authorization", "Bearer "+c.token)
	response, sent, err := exchange.Do(c.http, request)
	if err != nil {
		return nil, 0, &Error{Operation: operation, Reason: reasonWithoutAnswer(sent), Cause: err}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		err = errAnswerSize
	}
	return read(operation, response, answer, err)
}

// read judges an answer by the code in its body; the status alone decides only when there is none.
func read(operation string, response *http.Response, answer []byte, readErr error) (lenient.Object, int, error) {
	status := response.StatusCode
	failure := &Error{Operation: operation, HTTPStatus: status, RetryAfter: exchange.RetryAfter(response.Header), Cause: readErr}
	members, isObject := lenient.Read(answer)
	platform, _ := members.Object("error")
	if code, refused := platform.Integer("code"); refused {
		data, _ := platform.Object("error_data")
		failure.Code, failure.Reason = code, reasonOf(code)
		failure.TraceID = platform.Text("fbtrace_id")
		failure.Details = redacted(valueOr(data.Text("details"), platform.Text("message")))
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

func reasonWithoutAnswer(sent bool) Reason {
	if sent {
		return ReasonAmbiguous
	}
	return ReasonNotSent
}
