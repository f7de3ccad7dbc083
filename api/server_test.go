package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/api"
	"cabanas/api/apitest"
	"cabanas/booking"
	"cabanas/internal/observe"
)

func TestEveryErrorIsAProblem(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.desk.onBook = func(context.Context) { panic(errors.New("the inside")) }
	requireProblem(t, e.do(t, http.MethodGet, "/nowhere", ""), 404, booking.CodeNotFound)
	requireProblem(t, e.do(t, http.MethodGet, "/api/v1/accommodations/", ""), 404, booking.CodeNotFound)
	answer := e.do(t, http.MethodDelete, reservations, "")
	requireProblem(t, answer, 405, api.CodeMethodNotAllowed)
	require.Equal(t, "POST", answer.Header().Get("Allow"))
	requireProblem(t, e.do(t, http.MethodPost, reservations, strings.Repeat("x", 70_000)), 413, api.CodeTooLarge)
	answer = e.do(t, http.MethodPost, reservations, wish)
	requireProblem(t, answer, 500, booking.CodeInternal)
	require.NotContains(t, answer.Body.String(), "the inside")
	require.Contains(t, e.logs.String(), "the inside")
	requireProblem(t, e.do(t, http.MethodGet, "/api/v1/accommodations?limit=0", ""), 422, booking.CodeInvalidInput)
	requireProblem(t, e.do(t, "BREW", "/healthz", ""), 405, api.CodeMethodNotAllowed)
	require.Contains(t, e.do(t, http.MethodGet, "/metrics", "").Body.String(),
		`http_requests_total{handler="unmatched",method="other",status="4xx"} 1`)
}

func TestEveryAnswerHasItsHeaders(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	for _, path := range []string{"/healthz", "/nowhere", "/docs", "/api/v1/accommodations", "/metrics"} {
		header := e.do(t, http.MethodGet, path, "").Header()
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "DENY", header.Get("X-Frame-Options"), path)
		require.Equal(t, "no-referrer", header.Get("Referrer-Policy"), path)
		require.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.Empty(t, header.Get("Server"), path)
		require.True(t, observe.ValidTraceID(header.Get("X-Trace-ID")), path)
	}
	require.Equal(t, "mine-1", e.do(t, http.MethodGet, "/healthz", "", "X-Trace-ID", "mine-1").Header().Get("X-Trace-ID"))
	require.NotEqual(t, "no spaces", e.do(t, http.MethodGet, "/healthz", "", "X-Trace-ID", "no spaces").Header().Get("X-Trace-ID"))
}

func TestRequestsAreLoggedWithoutTheirQuery(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.do(t, http.MethodGet, "/api/v1/accommodations/1/availability?check_in=2027-01-14&check_out=2027-01-16&note=private", "", "X-Trace-ID", "t-1")
	require.NotContains(t, e.logs.String(), "private")
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(e.logs.String()), &line))
	require.Equal(t, "/api/v1/accommodations/:id/availability", line["route"])
	require.EqualValues(t, 200, line["status"])
	require.Equal(t, "t-1", line["trace_id"])
}

func TestHealth(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	for status, code := range map[api.HealthStatus]int{api.Healthy: 200, api.Degraded: 200, api.Unhealthy: 503} {
		e.health.status = status
		answer := e.do(t, http.MethodGet, "/healthz", "")
		require.Equal(t, code, answer.Code)
		require.Equal(t, "application/json", answer.Header().Get("Content-Type"))
		body := object(t, answer)
		require.Equal(t, string(status), body["status"])
		require.Equal(t, map[string]any{"status": string(status), "latency_ms": 1.5}, body["checks"].(map[string]any)["postgres"])
		ready := e.do(t, http.MethodGet, "/readyz", "")
		require.Equal(t, code, ready.Code)
		require.Equal(t, map[bool]string{true: "ready", false: "not_ready"}[code == 200], object(t, ready)["status"])
	}
}

func TestHeadIsAnsweredAsGet(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	require.Equal(t, http.StatusOK, e.do(t, http.MethodHead, "/healthz", "").Code)
	e.health.status = api.Unhealthy
	require.Equal(t, http.StatusServiceUnavailable, e.do(t, http.MethodHead, "/readyz", "").Code)
	require.Equal(t, http.StatusMethodNotAllowed, e.do(t, http.MethodHead, reservations, "").Code)
}

func TestProbesTellWhichPartIsAway(t *testing.T) {
	t.Parallel()
	logs := &syncBuffer{}
	fine := func(context.Context) error { return nil }
	away := func(context.Context) error { return errors.New("dial 10.0.0.1: refused") }
	hanging := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	probes := func(list ...api.Probe) api.HealthReport {
		return api.Probes{Build: "b1", Logger: observe.NewLogger(logs, slog.LevelInfo), List: list, Now: time.Now}.Check(t.Context())
	}
	report := probes(api.Probe{Name: "postgres", Critical: true, Check: fine, Slow: time.Minute}, api.Probe{Name: "redis", Check: fine})
	require.Equal(t, api.Healthy, report.Status)
	require.Equal(t, "b1", report.Build)

	report = probes(api.Probe{Name: "postgres", Critical: true, Check: fine}, api.Probe{Name: "redis", Check: away})
	require.Equal(t, api.Degraded, report.Status)
	require.Equal(t, "does not answer", report.Checks["redis"].Detail)
	require.Contains(t, logs.String(), "refused")

	slow := func(context.Context) error {
		start := time.Now()
		for time.Since(start) < time.Microsecond {
			runtime.Gosched()
		}
		return nil
	}
	report = probes(api.Probe{Name: "ical", State: func(context.Context) (api.HealthStatus, string, error) {
		return api.Unhealthy, "oldest feed 40 minutes", nil
	}})
	require.Equal(t, api.Degraded, report.Status, "a part that is not critical makes the whole degraded at most")
	require.Equal(t, api.Unhealthy, report.Checks["ical"].Status)
	require.Equal(t, "oldest feed 40 minutes", report.Checks["ical"].Detail)

	report = probes(api.Probe{Name: "postgres", Critical: true, Slow: time.Nanosecond, Check: slow})
	require.Equal(t, api.Degraded, report.Status)
	require.Equal(t, "slow", report.Checks["postgres"].Detail)

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	report = api.Probes{Logger: observe.NewLogger(logs, slog.LevelInfo), Now: time.Now, List: []api.Probe{
		{Name: "postgres", Critical: true, Check: hanging}, {Name: "redis", Check: away}}}.Check(ctx)
	require.Equal(t, api.Unhealthy, report.Status)
	require.Equal(t, api.Unhealthy, report.Checks["postgres"].Status)
}

func TestMissingOptionsAreNamedTogether(t *testing.T) {
	t.Parallel()
	_, err := api.New(api.Options{})
	require.ErrorContains(t, err, "Desk")
	require.ErrorContains(t, err, "VerifyMercadoPago")
}

func TestTheDescriptionHoldsEveryTypedRoute(t *testing.T) {
	t.Parallel()
	e := newEdge(t, func(o *api.Options) {
		o.BaseURL = "https://book.example.org"
		*o = apitest.Everything(t, *o)
	})
	answer := e.do(t, http.MethodGet, "/openapi.json", "")
	require.Equal(t, http.StatusOK, answer.Code)
	description := object(t, answer)
	require.Equal(t, "3.1.0", description["openapi"])
	paths := description["paths"].(map[string]any)
	seen := map[string]bool{}
	for route, methods := range paths {
		for method, described := range methods.(map[string]any) {
			operation := described.(map[string]any)
			id, _ := operation["operationId"].(string)
			require.NotEmpty(t, id, "%s %s", method, route)
			require.False(t, seen[id], "operation ids are unique: %s", id)
			seen[id] = true
			require.NotEmpty(t, operation["summary"], id)
			require.NotEmpty(t, operation["responses"], id)
			requireParameters(t, route, operation)
		}
	}
	for _, route := range e.Routes() {
		if route.Role != "" {
			require.Contains(t, paths, route.Path)
		}
	}
	requireReferences(t, description, description)

	hold := paths["/api/v1/reservations"].(map[string]any)["post"].(map[string]any)["responses"].(map[string]any)
	require.Contains(t, hold, "201")
	require.Contains(t, hold["409"].(map[string]any)["content"], "application/problem+json")
	money := description["components"].(map[string]any)["schemas"].(map[string]any)["Money"].(map[string]any)
	require.Equal(t, []any{"amount", "currency"}, money["required"])
}

// requireParameters checks that what stands in braces in a path is described, and nothing else is.
func requireParameters(t *testing.T, route string, operation map[string]any) {
	t.Helper()
	described := map[string]bool{}
	list, _ := operation["parameters"].([]any)
	for _, item := range list {
		parameter := item.(map[string]any)
		require.NotEmpty(t, parameter["schema"])
		if parameter["in"] == "path" {
			require.Equal(t, true, parameter["required"])
			described[parameter["name"].(string)] = true
		}
	}
	names := regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(route, -1)
	require.Len(t, described, len(names))
	for _, name := range names {
		require.True(t, described[name[1]], route)
	}
}

// requireReferences checks that every $ref in the document leads somewhere.
func requireReferences(t *testing.T, document map[string]any, part any) {
	t.Helper()
	switch part := part.(type) {
	case map[string]any:
		if reference, ok := part["$ref"].(string); ok {
			var at any = document
			for step := range strings.SplitSeq(strings.TrimPrefix(reference, "#/"), "/") {
				at = at.(map[string]any)[step]
			}
			require.NotNil(t, at, reference)
		}
		for _, inner := range part {
			requireReferences(t, document, inner)
		}
	case []any:
		for _, inner := range part {
			requireReferences(t, document, inner)
		}
	}
}

func TestTheDocumentationIsServedFromHere(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	for path, mediaType := range map[string]string{
		"/docs": "text/html; charset=utf-8", "/docs/page.css": "text/css; charset=utf-8", "/docs/page.js": "text/javascript; charset=utf-8",
	} {
		answer := e.do(t, http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, answer.Code)
		require.Equal(t, mediaType, answer.Header().Get("Content-Type"))
		require.NotContains(t, answer.Body.String(), "https://", "nothing comes from elsewhere")
	}
}

func TestAStopLetsRequestsFinish(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	entered, release := make(chan struct{}), make(chan struct{})
	e.desk.onBook = func(ctx context.Context) {
		close(entered)
		<-release
		if ctx.Err() != nil {
			panic("a stop must not cancel what is in flight")
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- e.Run(ctx, listener) }()

	type result struct {
		status int
		err    error
	}
	answered := make(chan result, 1)
	go func() {
		response, err := http.Post("http://"+listener.Addr().String()+reservations, "application/json", strings.NewReader(wish))
		if err != nil {
			answered <- result{err: err}
			return
		}
		_, err = io.Copy(io.Discard, response.Body)
		answered <- result{response.StatusCode, errors.Join(err, response.Body.Close())}
	}()
	<-entered
	stop()
	require.Eventually(t, func() bool {
		connection, err := net.Dial("tcp", listener.Addr().String())
		if err == nil {
			_ = connection.Close()
		}
		return err != nil
	}, 5*time.Second, time.Millisecond, "new connections are refused while the old request goes on")
	select {
	case err := <-stopped:
		require.Fail(t, "stopped before the request was answered", "%v", err)
	default:
	}
	close(release)
	require.Equal(t, result{status: http.StatusCreated}, <-answered)
	require.NoError(t, <-stopped)
}

func TestAListenerThatFailsIsReported(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	require.Error(t, newEdge(t).Run(t.Context(), listener))
}

func TestOneConnectionCarriesManyRequests(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- e.Run(ctx, listener) }()

	connection, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	reader := bufio.NewReader(connection)
	for range 3 {
		_, err := fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", reservations, len(wish), wish)
		require.NoError(t, err)
		response, err := http.ReadResponse(reader, nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusCreated, response.StatusCode)
		require.Empty(t, response.Header.Get("Server"))
		_, err = io.Copy(io.Discard, response.Body)
		require.NoError(t, errors.Join(err, response.Body.Close()))
	}
	require.NoError(t, connection.Close())
	stop()
	require.NoError(t, <-stopped)
}
