package api_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/api"
)

const panel = "https://panel.example.org"

func TestPagesOfListedOriginsMayUseTheAPI(t *testing.T) {
	t.Parallel()
	e := newEdge(t, func(o *api.Options) { o.AllowedOrigins = []string{panel, "http://localhost:3000"} })
	e.desk.onBook = func(context.Context) { panic(errors.New("boom")) }
	for name, answer := range map[string]http.Header{
		"answer":    e.do(t, http.MethodGet, accommodations, "", "Origin", panel).Header(),
		"not found": e.do(t, http.MethodGet, "/nowhere", "", "Origin", panel).Header(),
		"method":    e.do(t, http.MethodDelete, reservations, "", "Origin", panel).Header(),
		"refused":   e.do(t, http.MethodPost, reservations, "{}", "Origin", panel).Header(),
		"too large": e.do(t, http.MethodPost, reservations, strings.Repeat("x", 70_000), "Origin", panel).Header(),
		"nobody":    e.do(t, http.MethodGet, admin+"/me", "", "Origin", panel).Header(),
		"panic":     e.do(t, http.MethodPost, reservations, wish, "Origin", panel).Header(),
	} {
		require.Equal(t, panel, answer.Get("Access-Control-Allow-Origin"), name)
		require.Contains(t, answer.Values("Vary"), "Origin", name)
		require.Empty(t, answer.Get("Access-Control-Allow-Credentials"), name)
		for _, header := range []string{"X-Trace-ID", "Retry-After", "RateLimit", "RateLimit-Policy", "ETag", "Location", "Idempotency-Replayed"} {
			require.Contains(t, strings.Split(answer.Get("Access-Control-Expose-Headers"), ", "), header, name)
		}
	}
}

func TestOtherOriginsGetNoWord(t *testing.T) {
	t.Parallel()
	listed := newEdge(t, func(o *api.Options) { o.AllowedOrigins = []string{panel} })
	none := newEdge(t)
	for _, origin := range []string{"https://evil.example", "https://panel.example.org.evil.example", "http://panel.example.org", "https://panel.example.org:8443",
		"null", "*", "https://PANEL.example.org", ""} {
		for _, e := range []*edge{listed, none} {
			for _, answer := range []http.Header{
				e.do(t, http.MethodGet, accommodations, "", "Origin", origin).Header(),
				e.do(t, http.MethodOptions, reservations, "", "Origin", origin, "Access-Control-Request-Method", "POST").Header(),
			} {
				for name := range answer {
					require.False(t, strings.HasPrefix(name, "Access-Control-"), "%s for %s", name, origin)
				}
				require.Equal(t, e == listed, answer.Get("Vary") == "Origin", origin)
			}
		}
	}
}

func TestPreflightsAreToldWhatExists(t *testing.T) {
	t.Parallel()
	e := newEdge(t, func(o *api.Options) { o.AllowedOrigins = []string{panel} })
	ask := func(path string) (int, http.Header) {
		answer := e.do(t, http.MethodOptions, path, "", "Origin", panel, "Access-Control-Request-Method", "POST")
		return answer.Code, answer.Header()
	}
	code, header := ask(reservations)
	require.Equal(t, http.StatusNoContent, code)
	require.Equal(t, panel, header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "POST", header.Get("Access-Control-Allow-Methods"))
	require.Contains(t, header.Get("Access-Control-Allow-Headers"), "Idempotency-Key")
	require.Contains(t, header.Get("Access-Control-Allow-Headers"), "Authorization")
	require.Equal(t, "600", header.Get("Access-Control-Max-Age"))
	require.ElementsMatch(t, []string{"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"}, header.Values("Vary"))
	_, header = ask(admin + "/users")
	require.Equal(t, []string{"GET", "POST"}, strings.Split(header.Get("Access-Control-Allow-Methods"), ", "))
	code, header = ask("/nowhere")
	require.Equal(t, http.StatusNotFound, code)
	require.Empty(t, header.Get("Access-Control-Allow-Methods"))
	require.Equal(t, http.StatusMethodNotAllowed, e.do(t, http.MethodOptions, reservations, "", "Origin", panel).Code, "a plain OPTIONS is no preflight")
}

func TestEveryOriginNeverMeansCredentials(t *testing.T) {
	t.Parallel()
	e := newEdge(t, func(o *api.Options) { o.AllowedOrigins = []string{"*"} })
	header := e.do(t, http.MethodGet, accommodations, "", "Origin", "https://anybody.example").Header()
	require.Equal(t, "*", header.Get("Access-Control-Allow-Origin"))
	require.Empty(t, header.Get("Access-Control-Allow-Credentials"))
}
