package deploy

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// D-05: the proxy this replaces answered 444 to every route of the staff.
func TestEveryRouteReachesTheAPIUnchanged(t *testing.T) {
	t.Parallel()
	p := newProxy(t, echo("api"), map[string]string{"NGINX_LOGIN_BURST": "1000", "NGINX_WEBHOOK_BURST": "10000"})
	parameter := regexp.MustCompile(`\{[^}]+\}`)
	for _, route := range routes(t) {
		target := parameter.ReplaceAllString(route.Path, "a%20b-1") + "?q=%C3%B1&path=../x"
		body := ""
		if route.Method != http.MethodGet {
			body = `{"text":"¿tenés lugar?"}`
		}
		answer, content := p.do(route.Method, p.https+target, body, "Authorization", "Bearer t", "X-Forwarded-For", "203.0.113.9", "Forwarded", "for=203.0.113.9",
			"X-Signature", "ts=1,v1=2", "X-Request-Id", "from-outside", "X-Hub-Signature-256", "sha256=00", "Idempotency-Key", "k", "X-Reservation-Token", "t",
			"If-None-Match", `"e"`, "Origin", "https://panel.example.org", "Last-Event-ID", "7", "Host", "reservas.example.org")
		name := route.Method + " " + route.Path
		if route.Path == "/metrics" {
			require.Equal(t, http.StatusNotFound, answer.StatusCode, name)
			continue
		}
		require.Equal(t, http.StatusOK, answer.StatusCode, "%s: %s", name, content)
		var got arrived
		require.NoError(t, json.Unmarshal([]byte(content), &got), name)
		require.Equal(t, "api", got.Server, name)
		require.Equal(t, route.Method, got.Method, name)
		require.Equal(t, target, got.URI, name)
		require.Equal(t, body, got.Body, name)
		require.Equal(t, []string{"127.0.0.1"}, got.Header["X-Forwarded-For"], "%s: what a stranger claims is not passed on", name)
		require.Equal(t, "https", got.Header.Get("X-Forwarded-Proto"), name)
		require.Empty(t, got.Header.Get("Forwarded"), name)
		for header, want := range map[string]string{
			"Authorization": "Bearer t", "X-Signature": "ts=1,v1=2", "X-Request-Id": "from-outside", "X-Hub-Signature-256": "sha256=00", "Idempotency-Key": "k",
			"X-Reservation-Token": "t", "If-None-Match": `"e"`, "Origin": "https://panel.example.org", "Last-Event-Id": "7",
		} {
			require.Equal(t, want, got.Header.Get(header), "%s: %s", name, header)
		}
	}
	// A route that comes later needs no line in the proxy.
	answer, _ := p.do(http.MethodDelete, p.https+"/api/v1/admin/not-yet/7", "")
	require.Equal(t, http.StatusOK, answer.StatusCode)
}

func TestPlainHTTPOnlyRedirects(t *testing.T) {
	t.Parallel()
	p := newProxy(t, echo("api"), nil)
	answer, _ := p.do(http.MethodPost, p.http+"/api/v1/admin/login?a=b", "{}", "Host", "evil.example.com")
	require.Equal(t, http.StatusPermanentRedirect, answer.StatusCode)
	require.Equal(t, "https://reservas.example.org/api/v1/admin/login?a=b", answer.Header.Get("Location"), "whatever Host was asked for")
	require.NoError(t, os.MkdirAll(filepath.Join(p.folder, ".well-known/acme-challenge"), 0o755))
	p.write(".well-known/acme-challenge/token", "proof")
	answer, content := p.do(http.MethodGet, p.http+"/.well-known/acme-challenge/token", "")
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, "proof", content)
	answer, _ = p.do(http.MethodGet, p.http+"/nginx-alive", "")
	require.Equal(t, http.StatusNoContent, answer.StatusCode)

	old := p.client.Transport.(*http.Transport).Clone()
	old.TLSClientConfig.MinVersion, old.TLSClientConfig.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	old.TLSClientConfig.NextProtos = nil
	_, err := (&http.Client{Transport: old}).Get(p.https + "/healthz") //nolint:noctx,bodyclose // it never gets an answer
	require.ErrorContains(t, err, "protocol version")
}

func TestBodiesHaveTheirSize(t *testing.T) {
	t.Parallel()
	p := newProxy(t, echo("api"), nil)
	for _, c := range []struct {
		path string
		size int
		want int
	}{
		{"/api/v1/reservations", 1 << 20, 200}, {"/api/v1/reservations", 1<<20 + 1, 413},
		{"/api/v1/admin/login", 64<<10 + 1, 413},
		{"/api/v1/webhooks/whatsapp", 3 << 20, 200}, {"/api/v1/webhooks/whatsapp", 4<<20 + 1, 413},
		{"/api/v1/audio/transcribe", 16 << 20, 200}, {"/api/v1/audio/transcribe", 17<<20 + 1, 413},
	} {
		answer, content := p.do(http.MethodPost, p.https+c.path, strings.Repeat("x", c.size))
		require.Equal(t, c.want, answer.StatusCode, "%s %d", c.path, c.size)
		if c.want == 413 {
			requireProblem(t, answer, content, "too_large")
		}
	}
}

func requireProblem(t *testing.T, answer *http.Response, content, code string) {
	t.Helper()
	require.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
	var problem struct {
		Status int
		Code   string
	}
	require.NoError(t, json.Unmarshal([]byte(content), &problem), content)
	require.Equal(t, code, problem.Code)
	require.Equal(t, answer.StatusCode, problem.Status)
}

func TestWhoKnocksTooOftenWaits(t *testing.T) {
	t.Parallel()
	p := newProxy(t, echo("api"), map[string]string{"NGINX_LOGIN_BURST": "3", "NGINX_GENERAL_RATE": "1r/m", "NGINX_GENERAL_BURST": "2", "NGINX_WEBHOOK_BURST": "500"})
	tries := func(method, path string, times int) (let int) {
		for range times {
			answer, content := p.do(method, p.https+path, "")
			if answer.StatusCode == http.StatusOK {
				let++
				continue
			}
			require.Equal(t, http.StatusTooManyRequests, answer.StatusCode, content)
			require.Equal(t, "60", answer.Header.Get("Retry-After"))
			require.NotEmpty(t, answer.Header.Get("Strict-Transport-Security"))
			requireProblem(t, answer, content, "rate_limited")
		}
		return let
	}
	require.Equal(t, 3, tries(http.MethodGet, "/api/v1/accommodations", 8), "one and the burst")
	require.Equal(t, 4, tries(http.MethodPost, "/api/v1/admin/login", 8), "counted apart")
	require.Equal(t, 200, tries(http.MethodPost, "/api/v1/webhooks/whatsapp", 200), "webhooks come in crowds")
}

func TestEventsArriveAsTheyHappen(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	upstream := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		for event := range next {
			fmt.Fprintf(w, "data: %s\n\n", event)
			w.(http.Flusher).Flush()
		}
	})
	p := newProxy(t, upstream, nil)
	var end sync.Once
	finish := func() { end.Do(func() { close(next) }) }
	t.Cleanup(finish)
	go func() { next <- "first" }()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.https+"/api/v1/admin/events", nil)
	require.NoError(t, err)
	request.Header.Set("Accept-Encoding", "gzip")
	answer, err := p.client.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Empty(t, answer.Header.Get("Content-Encoding"))
	lines := bufio.NewScanner(answer.Body)
	require.True(t, lines.Scan())
	require.Equal(t, "data: first", lines.Text(), "it is here while the stream is open")
	require.True(t, lines.Scan())
	go func() { next <- "second"; finish() }()
	require.True(t, lines.Scan())
	require.Equal(t, "data: second", lines.Text())
}

func TestOperatorsComeInWithTheirPassword(t *testing.T) {
	t.Parallel()
	p := newProxy(t, echo("api"), nil)
	for path, server := range map[string]string{"/temporal/namespaces/default": "temporal-ui", "/grafana/d/flow": "grafana"} {
		answer, _ := p.do(http.MethodGet, p.https+path, "")
		require.Equal(t, http.StatusUnauthorized, answer.StatusCode, path)
		answer, _ = p.do(http.MethodGet, p.https+path, "", "Authorization", basic("operador", "otro"))
		require.Equal(t, http.StatusUnauthorized, answer.StatusCode, path)
		answer, content := p.do(http.MethodGet, p.https+path, "", "Authorization", basic("operador", "secreto"))
		require.Equal(t, http.StatusOK, answer.StatusCode, path)
		var got arrived
		require.NoError(t, json.Unmarshal([]byte(content), &got))
		require.Equal(t, server, got.Server)
		require.Equal(t, path, got.URI, "both serve under their folder")
		require.Empty(t, got.Header.Get("Authorization"), "our password is not theirs")
	}
	// The codec server judges who asks; the proxy only finds it.
	answer, content := p.do(http.MethodPost, p.https+"/codec/decode", "{}", "Authorization", "Bearer t", "Origin", "https://reservas.example.org")
	require.Equal(t, http.StatusOK, answer.StatusCode)
	var got arrived
	require.NoError(t, json.Unmarshal([]byte(content), &got))
	require.Equal(t, "codec", got.Server)
	require.Equal(t, "/decode", got.URI)
	require.Equal(t, "Bearer t", got.Header.Get("Authorization"))
	require.Equal(t, "/codec/login", answer.Header.Get("Location"), "where it sends people is under its folder")
	_, content = p.do(http.MethodPost, p.https+"/codec/decode", "{}", "Authorization", basic("operador", "secreto"))
	require.NotContains(t, content, "Basic")
	answer, _ = p.do(http.MethodGet, p.https+"/codec/metrics", "")
	require.Equal(t, http.StatusNotFound, answer.StatusCode, "how busy it is, is for Prometheus")
}

func TestWhileTheAPIIsAway(t *testing.T) {
	t.Parallel()
	p := newProxy(t, echo("api"), map[string]string{"NGINX_API": "http://" + freePort(t)})
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		answer, content := p.do(method, p.https+"/pay/whatever", "")
		require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
		require.Equal(t, "30", answer.Header.Get("Retry-After"))
		require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
		require.Contains(t, answer.Header.Get("Content-Type"), "text/html")
		require.Contains(t, content, "Volvemos enseguida")
	}
	answer, content := p.do(http.MethodPost, p.https+"/api/v1/webhooks/whatsapp", "{}")
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode, "Meta and Mercado Pago try again")
	requireProblem(t, answer, content, "unavailable")
	answer, _ = p.do(http.MethodGet, p.https+"/maintenance.html", "")
	require.NotEqual(t, http.StatusOK, answer.StatusCode, "the page is not a page of its own")

	// What the API itself says of its health is passed on.
	p = newProxy(t, echo("api"), nil)
	answer, content = p.do(http.MethodGet, p.https+"/readyz?status=503", "")
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Contains(t, content, `"Server":"api"`)
}
