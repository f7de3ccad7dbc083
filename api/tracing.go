package api

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/attribute"

	"cabanas/internal/observe"
)

const traceHeader = "X-Trace-ID"

// traced gives the request a trace id, the client's when it has the form of one, and puts it in the answer. With traces on it is the
// id of the request's trace too, if it has that form. A client's traceparent is not believed: it would decide what we keep.
func traced(c *gin.Context) {
	id := c.GetHeader(traceHeader)
	theirs := observe.ValidTraceID(id)
	if !theirs {
		id = observe.NewTraceID()
	}
	c.Header(traceHeader, id)
	ctx := observe.WithTrace(c.Request.Context(), id)
	route := c.FullPath()
	// Nobody asks after probes, and a stream is open for as long as somebody looks.
	if !observe.TracingOn() || route == healthPath || route == readyPath || route == metricsPath || route == eventsPath {
		c.Request = c.Request.WithContext(ctx)
		c.Next()
		return
	}
	if route == "" {
		route = "unmatched"
	}
	method := methodLabel(c.Request.Method)
	ctx, span := observe.StartRequest(ctx, method+" "+route, theirs,
		attribute.String("http.request.method", method), attribute.String("http.route", route))
	failure := "panic" // unless the handlers return
	defer func() { observe.EndSpan(span, failure) }()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
	status := c.Writer.Status()
	span.SetAttributes(attribute.Int("http.response.status_code", status))
	failure = ""
	if status >= http.StatusInternalServerError {
		failure = strconv.Itoa(status)
	}
}
