package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/api"
	"cabanas/dialogue"
	"cabanas/samples"
)

func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	e := newEdge(t, func(o *api.Options) {
		o.BaseURL, o.PayDesk = "https://book.example.org", &payDesk{view: viewIn(dialogue.PageConfirmed)}
	})
	e.desk.onBook = func(context.Context) { panic(errors.New("boom")) }
	for name, answer := range map[string]http.Header{
		"answer":    e.do(t, http.MethodGet, accommodations, "").Header(),
		"not found": e.do(t, http.MethodGet, "/nowhere", "").Header(),
		"method":    e.do(t, http.MethodPut, reservations, "").Header(),
		"too large": e.do(t, http.MethodPost, reservations, strings.Repeat("x", 70_000)).Header(),
		"panic":     e.do(t, http.MethodPost, reservations, wish).Header(),
		"docs":      e.do(t, http.MethodGet, "/docs", "").Header(),
		"pay":       e.do(t, http.MethodGet, payPage, "").Header(),
		"style":     e.do(t, http.MethodGet, "/pay/page.css", "").Header(),
		"webhook":   e.do(t, http.MethodPost, "/api/v1/webhooks/whatsapp", "{}").Header(),
		"metrics":   e.do(t, http.MethodGet, "/metrics", "").Header(),
	} {
		require.Equal(t, "nosniff", answer.Get("X-Content-Type-Options"), name)
		require.Equal(t, "DENY", answer.Get("X-Frame-Options"), name)
		require.Equal(t, "no-referrer", answer.Get("Referrer-Policy"), name)
		require.Equal(t, "same-origin", answer.Get("Cross-Origin-Opener-Policy"), name)
		require.Equal(t, "same-origin", answer.Get("Cross-Origin-Resource-Policy"), name)
		require.Contains(t, answer.Get("Permissions-Policy"), "geolocation=()", name)
		require.Equal(t, "max-age=31536000", answer.Get("Strict-Transport-Security"), name)
		policy := answer.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
			require.Contains(t, policy, part, name)
		}
		require.NotContains(t, policy, "unsafe", name)
		require.Empty(t, answer.Get("Server"), name)
		require.Empty(t, answer.Get("X-Powered-By"), name)
	}
	require.Equal(t, "cross-origin", e.do(t, http.MethodGet, samples.Path+"none.jpg", "").Header().Get("Cross-Origin-Resource-Policy"),
		"Meta and other pages show our pictures")
}

func TestStrictTransportIsForHTTPSOnly(t *testing.T) {
	t.Parallel()
	plain := newEdge(t, func(o *api.Options) { o.BaseURL = "http://localhost:8000" })
	proxied := newEdge(t, func(o *api.Options) {
		o.BaseURL, o.TrustedProxies = "http://localhost:8000", []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}
	})
	strict := func(e *edge, headers ...string) bool {
		return e.do(t, http.MethodGet, "/healthz", "", headers...).Header().Get("Strict-Transport-Security") != ""
	}
	require.False(t, strict(plain))
	require.False(t, strict(plain, "X-Forwarded-Proto", "https"), "said by somebody we do not know")
	require.True(t, strict(proxied, "X-Forwarded-Proto", "https"))
	require.False(t, strict(proxied, "X-Forwarded-Proto", "http"))
}

// A policy without unsafe-inline makes a page that has inline script or style break without a word.
func TestPagesHaveNothingInline(t *testing.T) {
	t.Parallel()
	inline := regexp.MustCompile(`(?i)<script(?:\s+[^>]*)?>[^<]|<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:`)
	for _, page := range []string{"docs/page.html", "pages/payment.html"} {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		require.Empty(t, inline.FindString(string(text)), page)
	}
	script, err := os.ReadFile("docs/page.js")
	require.NoError(t, err)
	require.NotRegexp(t, `innerHTML|setAttribute\(["']style|document\.write|eval\(|new Function`, string(script))
}
