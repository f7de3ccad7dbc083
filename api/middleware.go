package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"cabanas/booking"
	"cabanas/internal/observe"
)

const (
	// largestJSON is far above any body of the typed routes.
	largestJSON = 64 << 10
)

// observed counts, times and logs each request by its route template: paths, queries and bodies can hold a guest's data.
func observed(logger *slog.Logger, metrics *observe.Metrics) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		took, route, method := time.Since(start), c.FullPath(), methodLabel(c.Request.Method)
		if route == "" {
			route = "unmatched"
		}
		status := c.Writer.Status()
		metrics.HTTPRequests.WithLabelValues(route, method, strconv.Itoa(status/100)+"xx").Inc()
		if route != eventsPath { // open for as long as somebody looks: no answer took that long
			metrics.HTTPDuration.WithLabelValues(route, method).Observe(took.Seconds())
		}

		level := slog.LevelInfo
		if route == healthPath || route == readyPath || route == metricsPath {
			level = slog.LevelDebug
		}
		logger.LogAttrs(c.Request.Context(), level, "http_request", slog.String("method", method), slog.String("route", route),
			slog.Int("status", status), slog.Int64("duration_ms", took.Milliseconds()), slog.Int("bytes", max(c.Writer.Size(), 0)))
	}
}

// recovered answers a panic with a problem that says nothing of the inside, unless the answer has begun.
func recovered(logger *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			err, ok := cause.(error)
			if ok && errors.Is(err, http.ErrAbortHandler) {
				panic(cause)
			}
			if !ok {
				err = fmt.Errorf("panic with a %T", cause) // the value could hold anything
			}
			ctx := c.Request.Context()
			logger.ErrorContext(ctx, "request_panicked", "route", c.FullPath(), "error", err, "stack", string(debug.Stack()))
			if c.Writer.Written() {
				panic(http.ErrAbortHandler) // half an answer must not look whole
			}
			writeProblem(c, newProblem(ctx, booking.CodeInternal, "a fault of ours; the trace id finds it in our logs"))
		}()
		c.Next()
	}
}

// within bounds how long handlers may work on a request. A write is finished also when its client has gone: that client will
// ask again, and must find the answer and not half of a hold.
func within(limit time.Duration) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx := c.Request.Context()
		if c.Request.Method != http.MethodGet {
			ctx = context.WithoutCancel(ctx)
		}
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		c.Request = c.Request.WithContext(ctx)
		c.Next()
	}
}

// smallBody reads the body of a typed route before anything looks at it.
func smallBody(c *gin.Context) {
	body, problem := readBody(c, largestJSON)
	if problem != nil {
		writeProblem(c, problem)
		return
	}
	setBody(c, body)
	c.Next()
}

func setBody(c *gin.Context, body []byte) { c.Request.Body = io.NopCloser(bytes.NewReader(body)) }

// readBody reads at most limit bytes.
func readBody(c *gin.Context, limit int64) ([]byte, *Problem) {
	ctx := c.Request.Context()
	tooLarge := func() *Problem {
		return newProblem(ctx, CodeTooLarge, fmt.Sprintf("the body is larger than %d bytes", limit))
	}
	if c.Request.ContentLength > limit {
		c.Header("Connection", "close") // what is not read cannot be followed by another request
		return nil, tooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	var large *http.MaxBytesError
	var network net.Error
	switch {
	case errors.As(err, &large):
		return nil, tooLarge()
	case errors.As(err, &network) && network.Timeout():
		return nil, newProblem(ctx, CodeTimeout, "the body did not arrive in time")
	case err != nil:
		return nil, newProblem(ctx, CodeMalformed, "the body ended early")
	}
	// The server's read deadline has done its work; left in place it would cancel the request's context while a slow answer
	// is being made. Writers without a connection (tests) have no deadline to lift.
	_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Time{})
	return body, nil
}

// clientAddress names who is asking for limits: the address, and for IPv6 its /64, which is one customer's.
func clientAddress(c *gin.Context) string {
	address, err := netip.ParseAddr(c.ClientIP())
	if err != nil {
		return ""
	}
	address = address.Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	network, err := address.Prefix(64)
	if err != nil {
		return ""
	}
	return network.String()
}

// methodLabel keeps invented methods out of the metrics.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
