package exchange

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func request(t *testing.T, method, address string, header http.Header) *http.Request {
	t.Helper()
	made, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(`{}`))
	require.NoError(t, err)
	made.Header = header
	return made
}

func TestDoReturnsTheAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.Copy(w, r.Body)
	}))
	t.Cleanup(server.Close)
	response, sent, err := Do(Client(nil), request(t, http.MethodPost, server.URL, http.Header{}))
	require.NoError(t, err)
	defer response.Body.Close()
	require.True(t, sent)
	require.Equal(t, http.StatusTeapot, response.StatusCode)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.JSONEq(t, `{}`, string(body))
}

func TestDoKnowsWhatWasCertainlyNotSent(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
		nobodyListens := request(t, method, "http://"+listener.Addr().String()+"/5491112345678", http.Header{})
		_, sent, err := Do(Client(nil), nobodyListens)
		require.False(t, sent, method)
		require.Error(t, err, method)
		require.NotContains(t, err.Error(), "5491112345678", method)

		_, sent, err = Do(Client(nil), nobodyListens.WithContext(cancelled))
		require.False(t, sent, method)
		require.ErrorIs(t, err, context.Canceled, method)
	}
}

func TestDoDoesNotKnowOnceTheRequestWasOut(t *testing.T) {
	t.Parallel()
	t.Run("no answer in time", func(t *testing.T) {
		t.Parallel()
		arrived, release := make(chan struct{}), make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			close(arrived)
			<-release
		}))
		t.Cleanup(server.Close)
		t.Cleanup(func() { close(release) })
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-arrived
			cancel()
		}()
		_, sent, err := Do(Client(nil), request(t, http.MethodPost, server.URL, http.Header{}).WithContext(ctx))
		require.True(t, sent)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("connection lost", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
		t.Cleanup(server.Close)
		_, sent, err := Do(Client(nil), request(t, http.MethodPost, server.URL, http.Header{}))
		require.True(t, sent)
		require.Error(t, err)
	})
	t.Run("a transport of which nothing is known", func(t *testing.T) {
		t.Parallel()
		broken := &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) { return nil, errBroken })}
		_, sent, err := Do(broken, request(t, http.MethodPost, "http://x.invalid", http.Header{}))
		require.True(t, sent)
		require.Equal(t, errBroken, err)
	})
	t.Run("repeated by net/http with nobody there any more", func(t *testing.T) {
		t.Parallel()
		var server *httptest.Server
		var requests atomic.Int32
		server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			if requests.Add(1) == 2 {
				_ = server.Listener.Close()
				panic(http.ErrAbortHandler)
			}
		}))
		t.Cleanup(server.Close)
		client, keyed := Client(nil), http.Header{"X-Idempotency-Key": {"k"}}
		response, _, err := Do(client, request(t, http.MethodPost, server.URL, keyed))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		_, sent, err := Do(client, request(t, http.MethodPost, server.URL, keyed))
		var dial *net.OpError
		require.ErrorAs(t, err, &dial)
		require.Equal(t, "dial", dial.Op, "the last attempt never left, the one before did")
		require.True(t, sent)
		require.EqualValues(t, 2, requests.Load())
	})
}

// TestDoAfterAStaleConnection plays net/http: a connection, then another attempt that gets none. Without a key that means
// that nothing was written to the first.
func TestDoAfterAStaleConnection(t *testing.T) {
	t.Parallel()
	stale := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		trace := httptrace.ContextClientTrace(r.Context())
		trace.GetConn("x.invalid:80")
		trace.GotConn(httptrace.GotConnInfo{Reused: true})
		trace.GetConn("x.invalid:80")
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errBroken}
	})}
	tests := map[string]struct {
		method string
		header http.Header
		sent   bool
	}{
		"post":                       {http.MethodPost, http.Header{}, false},
		"patch":                      {http.MethodPatch, http.Header{}, false},
		"post with a key":            {http.MethodPost, http.Header{"Idempotency-Key": {"k"}}, true},
		"post with a provider's key": {http.MethodPost, http.Header{"X-Idempotency-Key": {"k"}}, true},
		"get":                        {http.MethodGet, http.Header{}, true},
		"put":                        {http.MethodPut, http.Header{}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, sent, err := Do(stale, request(t, test.method, "http://x.invalid", test.header))
			require.Error(t, err)
			require.Equal(t, test.sent, sent)
		})
	}
}

func TestClientFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.RedirectHandler("http://127.0.0.1:1/", http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	given := &http.Client{Timeout: time.Minute}
	for _, client := range []*http.Client{Client(nil), Client(given)} {
		response, _, err := Do(client, request(t, http.MethodPost, server.URL, http.Header{}))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusTemporaryRedirect, response.StatusCode)
	}
	require.Equal(t, time.Minute, Client(given).Timeout)
	require.Nil(t, given.CheckRedirect, "the given client is left as it was")
}

func TestWithoutAddress(t *testing.T) {
	t.Parallel()
	require.Equal(t, errBroken, WithoutAddress(&url.Error{Op: "Get", URL: "http://x/5491112345678", Err: errBroken}))
	require.Equal(t, errBroken, WithoutAddress(errBroken))
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "3600": time.Hour, "3601": MaxRetryAfter, "99999999": MaxRetryAfter,
		"99999999999": 0, "-1": 0, "0": 0, "1.5": 0, "Wed, 21 Oct 2026 07:28:00 GMT": 0,
	} {
		require.Equal(t, want, RetryAfter(http.Header{"Retry-After": {value}}), value)
	}
	require.Zero(t, RetryAfter(http.Header{}))
}

var errBroken = errors.New("broken")

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }
