package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/gin-gonic/gin"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/accounts"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
)

// The refusals that only an HTTP edge knows; all others are those of package booking.
const (
	CodeMalformed            booking.Code = "malformed"              // the body is not JSON, or not what the route reads
	CodeMethodNotAllowed     booking.Code = "method_not_allowed"     // the path exists, not with this method
	CodeNotAcceptable        booking.Code = "not_acceptable"         // no representation that the client accepts
	CodeTimeout              booking.Code = "timeout"                // the body did not arrive in time
	CodeTooLarge             booking.Code = "too_large"              // the body is larger than the route reads
	CodeUnsupportedMediaType booking.Code = "unsupported_media_type" // the body is not said to be JSON
	CodeIdempotencyConflict  booking.Code = "idempotency_conflict"   // the Idempotency-Key was used with another body
	CodeNoSpeechService      booking.Code = "no_speech_service"      // nothing transcribes: WHISPER_API_URL is not set
	CodeUnreadableSound      booking.Code = "unreadable_sound"       // the file is no sound that can be read
)

// statusOf is the one table from codes to HTTP statuses; a code that is not in it is a refusal by a rule, 422.
var statusOf = map[booking.Code]int{
	CodeMalformed:               http.StatusBadRequest,
	booking.CodeUnauthorized:    http.StatusUnauthorized,
	booking.CodeForbidden:       http.StatusForbidden,
	booking.CodeNotFound:        http.StatusNotFound,
	CodeMethodNotAllowed:        http.StatusMethodNotAllowed,
	CodeNotAcceptable:           http.StatusNotAcceptable,
	CodeTimeout:                 http.StatusRequestTimeout,
	booking.CodeDatesTaken:      http.StatusConflict,
	booking.CodeWrongState:      http.StatusConflict,
	booking.CodeAlreadyExtended: http.StatusConflict,
	booking.CodeDuplicate:       http.StatusConflict,
	CodeIdempotencyConflict:     http.StatusConflict,
	CodeTooLarge:                http.StatusRequestEntityTooLarge,
	CodeUnsupportedMediaType:    http.StatusUnsupportedMediaType,
	booking.CodeTooManyHolds:    http.StatusTooManyRequests,
	CodeRateLimited:             http.StatusTooManyRequests,
	booking.CodeInternal:        http.StatusInternalServerError,
	booking.CodeUnavailable:     http.StatusServiceUnavailable,

	CodeNoSpeechService:       http.StatusNotImplemented,
	postgres.CodeWindowClosed: http.StatusConflict,
	booking.CodeAmbiguousRule: http.StatusConflict,

	postgres.CodeChangedMeanwhile: http.StatusPreconditionFailed,

	accounts.CodeBadCredentials:  http.StatusUnauthorized,
	accounts.CodeTOTPRequired:    http.StatusUnauthorized,
	accounts.CodeBadTOTP:         http.StatusUnauthorized,
	accounts.CodeSessionEnded:    http.StatusUnauthorized,
	accounts.CodeBadSetUpToken:   http.StatusUnauthorized,
	accounts.CodeWrongProof:      http.StatusForbidden,
	accounts.CodeSetUpDone:       http.StatusConflict,
	accounts.CodeLastOwner:       http.StatusConflict,
	accounts.CodeTOTPState:       http.StatusConflict,
	accounts.CodeTooManyAttempts: http.StatusTooManyRequests,
}

// codeOf is the way back, for errors that the router or huma make by status alone.
var codeOf = map[int]booking.Code{
	http.StatusBadRequest:            CodeMalformed,
	http.StatusUnauthorized:          booking.CodeUnauthorized,
	http.StatusForbidden:             booking.CodeForbidden,
	http.StatusNotFound:              booking.CodeNotFound,
	http.StatusMethodNotAllowed:      CodeMethodNotAllowed,
	http.StatusNotAcceptable:         CodeNotAcceptable,
	http.StatusRequestTimeout:        CodeTimeout,
	http.StatusRequestEntityTooLarge: CodeTooLarge,
	http.StatusUnsupportedMediaType:  CodeUnsupportedMediaType,
	http.StatusUnprocessableEntity:   booking.CodeInvalidInput,
	http.StatusServiceUnavailable:    booking.CodeUnavailable,
}

// StatusOf returns the HTTP status that answers a refusal with this code.
func StatusOf(code booking.Code) int {
	if status, known := statusOf[code]; known {
		return status
	}
	return http.StatusUnprocessableEntity
}

// Problem is the body of every answer that is an error, by RFC 9457.
type Problem struct {
	Type    string       `json:"type" doc:"Always about:blank: code says what happened."`
	Title   string       `json:"title" doc:"The phrase of the HTTP status."`
	Status  int          `json:"status" doc:"The HTTP status."`
	Code    booking.Code `json:"code" doc:"Stable name of the refusal, for programs." example:"dates_taken"`
	Detail  string       `json:"detail,omitempty" doc:"What happened, in English for developers."`
	TraceID string       `json:"trace_id,omitempty" doc:"Names this request in our logs; the same as X-Trace-ID."`
	Errors  []FieldError `json:"errors,omitempty" doc:"Each value that was refused."`
	// Alternatives is not nil, and may be empty, when the code is dates_taken.
	Alternatives []alternative `json:"alternatives,omitzero" doc:"With dates_taken: stays that can be booked instead, best first."`

	retryAfter time.Duration
}

// FieldError says what is wrong with one value of a request; it never repeats the value.
type FieldError struct {
	In      string `json:"in" doc:"body, query, path or header."`
	Field   string `json:"field,omitempty" doc:"Name of the value; empty when the whole is meant."`
	Message string `json:"message"`
}

func (p *Problem) Error() string { return string(p.Code) + ": " + p.Detail }

// GetStatus gives huma the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType gives huma the media type of problems.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders gives huma the headers that go with the status.
func (p *Problem) GetHeaders() http.Header {
	if p.retryAfter <= 0 {
		return nil
	}
	seconds := int((p.retryAfter + time.Second - 1) / time.Second)
	return http.Header{"Retry-After": {strconv.Itoa(seconds)}}
}

func newProblem(ctx context.Context, code booking.Code, detail string, fields ...FieldError) *Problem {
	p := &Problem{Type: "about:blank", Status: StatusOf(code), Code: code, Detail: detail, TraceID: observe.Trace(ctx), Errors: fields}
	p.Title = http.StatusText(p.Status)
	if code == booking.CodeUnavailable {
		p.retryAfter = 2 * time.Second
	}
	return p
}

func invalidField(ctx context.Context, in, field, message string) *Problem {
	return newProblem(ctx, booking.CodeInvalidInput, "a value breaks a rule", FieldError{In: in, Field: field, Message: message})
}

// refusal turns an error of the front desk into the problem that answers it. Faults of ours are logged and told without detail.
func refusal(ctx context.Context, logger *slog.Logger, operation string, err error) *Problem {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		logger.WarnContext(ctx, "request_ran_out_of_time", "operation", operation, "error", err)
		return newProblem(ctx, booking.CodeUnavailable, "no answer in time; try again")
	}
	var known *booking.Error
	if !errors.As(err, &known) || known.Code == booking.CodeInternal {
		logger.ErrorContext(ctx, "request_failed", "operation", operation, "error", err)
		return newProblem(ctx, booking.CodeInternal, "a fault of ours; the trace id finds it in our logs")
	}
	if known.Code == booking.CodeUnavailable {
		logger.WarnContext(ctx, "part_unavailable", "operation", operation, "error", err)
	}
	p := newProblem(ctx, known.Code, known.Message, fieldsOf(err)...)
	if p.Status == http.StatusTooManyRequests {
		p.retryAfter = time.Minute
	}
	if tooMany, ok := errors.AsType[*activities.TooManyHoldsError](err); ok && tooMany.Wait > 0 {
		p.retryAfter = tooMany.Wait
	}
	if throttled, ok := errors.AsType[*accounts.ThrottledError](err); ok {
		p.retryAfter = throttled.Wait
	}
	if known.Code == booking.CodeDatesTaken {
		p.Alternatives = []alternative{}
	}
	if taken, ok := errors.AsType[*activities.TakenError](err); ok {
		p.Alternatives = alternatives(taken.Alternatives)
	}
	return p
}

// writeProblem answers routes that are not huma's.
func writeProblem(c *gin.Context, p *Problem) {
	body, err := json.Marshal(p)
	if err != nil {
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	for name, values := range p.GetHeaders() {
		c.Header(name, values[0])
	}
	c.Data(p.Status, p.ContentType(""), append(body, '\n'))
	c.Abort()
}

// huma makes its errors through two variables of its own package; replacing them is its way to give all errors one shape.
func init() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return problemByStatus(context.Background(), status, message, errs)
	}
	huma.NewErrorWithContext = func(c huma.Context, status int, message string, errs ...error) huma.StatusError {
		return problemByStatus(c.Context(), status, message, errs)
	}
	// "Guests" beside "guests" would pass the check of one and fill in the other.
	huma.ValidateStrictCasing = true
}

func problemByStatus(ctx context.Context, status int, message string, errs []error) *Problem {
	code, known := codeOf[status]
	if !known {
		code = booking.CodeInternal
		message, errs = "a fault of ours; the trace id finds it in our logs", nil
	}
	return newProblem(ctx, code, message, fieldErrors(errs)...)
}

func fieldErrors(errs []error) []FieldError {
	var fields []FieldError
	for _, err := range errs {
		detailer, ok := err.(huma.ErrorDetailer)
		if !ok {
			continue
		}
		detail := detailer.ErrorDetail()
		in, field, _ := strings.Cut(detail.Location, ".")
		if field == "" {
			field = missingField(detail.Message)
		}
		fields = append(fields, FieldError{In: in, Field: field, Message: detail.Message})
	}
	return fields
}

// missingField finds the name in huma's message about a missing field, which it reports for the object around it.
func missingField(message string) (name string) {
	if _, err := fmt.Sscanf(message, validation.MsgExpectedRequiredProperty, &name); err != nil {
		return ""
	}
	return name
}
