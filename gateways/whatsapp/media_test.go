package whatsapp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/gateways/whatsapp"
)

// graph is a Graph API that gives out the addresses of one file in turn, and serves what is below /file.
type graph struct {
	*httptest.Server
	mu        sync.Mutex
	size      any
	mime      string
	addresses []string
	object    http.HandlerFunc // replaces the answer about the file
	file      http.HandlerFunc
	asked     []string
	tokens    []string
	agents    []string
}

func newGraph(t *testing.T) *graph {
	t.Helper()
	g := &graph{size: 5, mime: "audio/ogg; codecs=opus"}
	g.file = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "OggS!") }
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.asked = append(g.asked, r.URL.Path)
		g.tokens = append(g.tokens, r.Header.Get("Authorization"))
		g.agents = append(g.agents, r.Header.Get("User-Agent"))
		switch {
		case strings.HasPrefix(r.URL.Path, "/file"):
			g.file(w, r)
		case g.object != nil:
			g.object(w, r)
		default:
			address := g.URL + "/file"
			if len(g.addresses) > 0 {
				address, g.addresses = g.addresses[0], g.addresses[1:]
			}
			_, _ = fmt.Fprintf(w, `{"messaging_product":"whatsapp","url":%q,"mime_type":%q,"sha256":"aa","file_size":%v,"id":"77"}`, address, g.mime, g.size)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

// download asks for the file, with every address outside of the graph led to it too.
func (g *graph) download(t *testing.T, id string) (string, string, error) {
	t.Helper()
	own, err := url.Parse(g.URL)
	require.NoError(t, err)
	client, err := whatsapp.New(whatsapp.Options{BaseURL: g.URL + "/graph", Version: "v24.0", PhoneID: "1", Token: "secret",
		HTTPClient: &http.Client{Transport: leadTo{own}}})
	require.NoError(t, err)
	file, err := client.Download(t.Context(), id)
	if err != nil {
		return "", "", err
	}
	defer file.Body.Close()
	raw, err := io.ReadAll(file.Body)
	return string(raw), file.MIMEType, err
}

// leadTo sends requests to any host to one server, with the host in the path.
type leadTo struct{ server *url.URL }

func (l leadTo) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != l.server.Host {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Path, r.URL.Host = l.server.Scheme, "/file/"+r.URL.Host+r.URL.Path, l.server.Host
	}
	return http.DefaultTransport.RoundTrip(r)
}

func reason(err error) whatsapp.MediaReason {
	if failure, ok := errors.AsType[*whatsapp.MediaError](err); ok {
		return failure.Reason
	}
	return ""
}

func TestDownloadInTwoSteps(t *testing.T) {
	t.Parallel()
	g := newGraph(t)
	got, mime, err := g.download(t, "77")
	require.NoError(t, err)
	require.Equal(t, "OggS!", got)
	require.Equal(t, "audio/ogg; codecs=opus", mime)
	require.Equal(t, []string{"/graph/v24.0/77", "/file"}, g.asked)
	require.Equal(t, []string{"Bearer secret", "Bearer secret"}, g.tokens)
	require.Equal(t, []string{"cabanas", "cabanas"}, g.agents)
}

func TestAddressThatEnded(t *testing.T) {
	t.Parallel()
	g := newGraph(t)
	left := 1
	g.file = func(w http.ResponseWriter, _ *http.Request) {
		if left--; left >= 0 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, "fresh")
	}
	got, _, err := g.download(t, "77")
	require.NoError(t, err)
	require.Equal(t, "fresh", got)
	require.Len(t, g.asked, 4, "one fresh address")

	left = 10
	_, _, err = g.download(t, "77")
	require.Equal(t, whatsapp.MediaGone, reason(err))
	require.Equal(t, 8, left, "and no third: who fails too often is shut out")
}

func TestHosts(t *testing.T) {
	t.Parallel()
	for address, allowed := range map[string]bool{
		"https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1&ext=2": true,
		"https://scontent.xx.fbcdn.net/a":                                        true,
		"https://graph.facebook.com/a":                                           true,
		"https://LOOKASIDE.FBSBX.COM:443/a":                                      true,
		"http://lookaside.fbsbx.com/a":                                           false,
		"https://lookaside.fbsbx.com:8443/a":                                     false,
		"https://fbsbx.com.evil.example/a":                                       false,
		"https://evilfbsbx.com/a":                                                false,
		"https://user@lookaside.fbsbx.com/a":                                     false,
		"https://169.254.169.254/latest/meta-data":                               false,
		"http://localhost:6379/":                                                 false,
		"file:///etc/passwd":                                                     false,
		"://":                                                                    false,
	} {
		g := newGraph(t)
		g.addresses = []string{address, address}
		got, _, err := g.download(t, "77")
		if allowed {
			require.NoError(t, err, address)
			require.Equal(t, "OggS!", got)
			continue
		}
		require.Equal(t, whatsapp.MediaForbiddenHost, reason(err), "%s: %v", address, err)
		require.Len(t, g.asked, 1, address)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]whatsapp.MediaReason{
		"https://scontent.fbcdn.net/real": "", "http://127.0.0.1:1/real": whatsapp.MediaForbiddenHost, "/file/again": whatsapp.MediaTransient,
	} {
		g := newGraph(t)
		g.addresses = []string{"https://lookaside.fbsbx.com/a"}
		g.file = func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/real") {
				_, _ = io.WriteString(w, "real")
				return
			}
			w.Header().Set("Location", target)
			w.WriteHeader(http.StatusFound)
		}
		got, _, err := g.download(t, "77")
		require.Equal(t, want, reason(err), "%s: %v", target, err)
		if want == "" {
			require.Equal(t, "real", got)
			require.Equal(t, []string{"Bearer secret", "Bearer secret", ""}, g.tokens, "the token stays with the first host")
		}
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	const mega = 1 << 20
	tests := []struct {
		mime     string
		declared any
		real     int
		large    bool
	}{
		{"audio/ogg", 16 * mega, 16 * mega, false},
		{"audio/ogg", 16*mega + 1, 1, true},
		{"audio/ogg", 5, 16*mega + 1, true},
		{"audio/ogg", `"unknown"`, 5, false},
		{"image/jpeg", 5, 5*mega + 1, true},
		{"application/pdf", 5, 17 * mega, false},
	}
	for _, test := range tests {
		g := newGraph(t)
		g.mime, g.size = test.mime, test.declared
		g.file = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, test.real)) }
		got, _, err := g.download(t, "77")
		if test.large {
			require.Equal(t, whatsapp.MediaTooLarge, reason(err), "%+v", test)
			continue
		}
		require.NoError(t, err, "%+v", test)
		require.Len(t, got, test.real)
	}
}

func TestRefusedDownloads(t *testing.T) {
	t.Parallel()
	const refusal = `{"error":{"message":"x","code":%d,"error_data":{"details":"phone 5491155550101"}}}`
	tests := []struct {
		name   string
		status int
		body   string
		want   whatsapp.MediaReason
	}{
		{"unknown object", 400, fmt.Sprintf(refusal, 100), whatsapp.MediaGone},
		{"token", 401, fmt.Sprintf(refusal, 190), whatsapp.MediaAccount},
		{"could not be fetched", 400, fmt.Sprintf(refusal, 131052), whatsapp.MediaGone},
		{"limit", 400, fmt.Sprintf(refusal, 130429), whatsapp.MediaTransient},
		{"away", 503, "", whatsapp.MediaTransient},
		{"no code", 404, "", whatsapp.MediaGone},
		{"no address", 200, `{"id":"77"}`, whatsapp.MediaTransient},
		{"no object", 200, `[]`, whatsapp.MediaTransient},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newGraph(t)
			g.object = func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			}
			_, _, err := g.download(t, "77")
			require.Equal(t, test.want, reason(err), "%v", err)
			require.NotContains(t, err.Error(), "5491155550101")
		})
	}
	for status, want := range map[int]whatsapp.MediaReason{401: whatsapp.MediaAccount, 503: whatsapp.MediaTransient, 410: whatsapp.MediaGone} {
		g := newGraph(t)
		g.file = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
		_, _, err := g.download(t, "77")
		require.Equal(t, want, reason(err))
	}
	for _, id := range []string{"", "../1/messages", "77?fields=x", "a.b"} {
		g := newGraph(t)
		_, _, err := g.download(t, id)
		require.Equal(t, whatsapp.MediaGone, reason(err), id)
		require.Empty(t, g.asked)
	}
}

func TestDownloadCutShort(t *testing.T) {
	t.Parallel()
	g := newGraph(t)
	g.file = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "half")
	}
	_, _, err := g.download(t, "77")
	require.Equal(t, whatsapp.MediaTransient, reason(err))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)

	client, err := whatsapp.New(whatsapp.Options{BaseURL: g.URL, PhoneID: "1", Token: "secret"})
	require.NoError(t, err)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.Download(over, "77")
	require.Equal(t, whatsapp.MediaTransient, reason(err))
	require.ErrorIs(t, err, context.Canceled)
	require.NotContains(t, err.Error(), g.URL)
}
