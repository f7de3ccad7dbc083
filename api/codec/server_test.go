package codec_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"

	"cabanas/api/codec"
	"cabanas/booking"
	"cabanas/internal/accounts"
	"cabanas/internal/observe"
	"cabanas/temporal"
)

const (
	uiOrigin = "https://temporal.cabins.ar"
	codecURL = "https://codec.cabins.ar"
	guest    = "Lucía Fernández"
)

// desk lets in whose password is their role, and counts.
type desk struct {
	mu        sync.Mutex
	refreshes int
	grants    int
	roles     map[string]accounts.Role // by access token
	ended     bool
	away      bool
}

func (d *desk) grant(role accounts.Role) accounts.Grant {
	d.grants++
	token := "access-" + strconv.Itoa(d.grants)
	d.roles[token] = role
	return accounts.Grant{AccessToken: token, RefreshToken: "refresh-" + string(role) + "-" + strconv.Itoa(d.grants), ExpiresIn: 15 * time.Minute}
}

func (d *desk) LogIn(_ context.Context, c accounts.Credentials) (accounts.Grant, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case c.Password == "throttled":
		return accounts.Grant{}, &accounts.ThrottledError{Wait: 90 * time.Second}
	case c.Password == "totp" && c.TOTP == "":
		return accounts.Grant{}, booking.Refuse(accounts.CodeTOTPRequired, "code")
	case c.Password == "totp" && c.TOTP == "123456":
		return d.grant(accounts.Staff), nil
	case accounts.Role(c.Password).Covers(accounts.ReadOnly):
		return d.grant(accounts.Role(c.Password)), nil
	}
	return accounts.Grant{}, booking.Refuse(accounts.CodeBadCredentials, "wrong")
}

func (d *desk) Refresh(_ context.Context, token string) (accounts.Grant, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refreshes++
	if d.ended {
		return accounts.Grant{}, booking.Refuse(accounts.CodeSessionEnded, "ended")
	}
	return d.grant(accounts.Role(strings.Split(token, "-")[1])), nil
}

func (d *desk) Identify(_ context.Context, token string) (accounts.Member, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away {
		return accounts.Member{}, errors.New("no database")
	}
	role, known := d.roles[token]
	if !known || d.ended {
		return accounts.Member{}, booking.Refuse(booking.CodeUnauthorized, "no")
	}
	return accounts.Member{UserID: 7, SessionID: 9, Email: "ana@cabins.ar", Role: role}, nil
}

func (d *desk) LogOut(context.Context, accounts.Member) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.roles = map[string]accounts.Role{}
	return nil
}

type door struct {
	*testing.T
	server *codec.Server
	desk   *desk
	logs   *bytes.Buffer
	sealed string // an encrypted payload as the UI sends it
	mu     sync.Mutex
	now    time.Time
}

func open(t *testing.T) *door {
	t.Helper()
	d := &door{T: t, desk: &desk{roles: map[string]accounts.Role{
		"owner": accounts.Owner, "staff": accounts.Staff, "readonly": accounts.ReadOnly}}, logs: &bytes.Buffer{},
		now: time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)}
	work, err := temporal.NewCodec([]temporal.PayloadKey{{ID: "k", Key: bytes.Repeat([]byte{7, 9}, 16)}})
	require.NoError(t, err)
	payload, err := converter.GetDefaultDataConverter().ToPayload(guest)
	require.NoError(t, err)
	sealed, err := work.Encode([]*commonpb.Payload{payload})
	require.NoError(t, err)
	body, err := protojson.Marshal(&commonpb.Payloads{Payloads: sealed})
	require.NoError(t, err)
	d.sealed = string(body)
	var logMutex sync.Mutex
	d.server, err = codec.New(codec.Options{
		Codec: work, Accounts: d.desk, UIOrigin: uiOrigin, Check: func(context.Context) error { return nil },
		Gatherer: observe.NewRegistry(),
		Logger: slog.New(slog.NewJSONHandler(writerFunc(func(p []byte) (int, error) {
			logMutex.Lock()
			defer logMutex.Unlock()
			return d.logs.Write(p)
		}), nil)),
		Now: func() time.Time { d.mu.Lock(); defer d.mu.Unlock(); return d.now },
	})
	require.NoError(t, err)
	return d
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func (d *door) pass(took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(took)
}

func (d *door) ask(method, address, body string, headers ...string) *httptest.ResponseRecorder {
	d.Helper()
	request := httptest.NewRequest(method, address, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	d.server.ServeHTTP(answer, request)
	return answer
}

func (d *door) logIn(base, password string, headers ...string) *httptest.ResponseRecorder {
	d.Helper()
	form := url.Values{"email": {"ana@cabins.ar"}, "password": {password}}
	return d.ask(http.MethodPost, base+"/login", form.Encode(),
		append([]string{"Content-Type", "application/x-www-form-urlencoded", "Origin", base}, headers...)...)
}

func decoded(t *testing.T, answer *httptest.ResponseRecorder) string {
	t.Helper()
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	var payloads commonpb.Payloads
	require.NoError(t, protojson.Unmarshal(answer.Body.Bytes(), &payloads))
	var text string
	require.NoError(t, converter.GetDefaultDataConverter().FromPayload(payloads.GetPayloads()[0], &text))
	return text
}

func TestOnlyTheUIMayAsk(t *testing.T) {
	t.Parallel()
	d := open(t)
	preflight := d.ask(http.MethodOptions, codecURL+"/decode", "", "Origin", uiOrigin, "Access-Control-Request-Method", "POST",
		"Access-Control-Request-Headers", "authorization,content-type,x-namespace")
	require.Equal(t, http.StatusNoContent, preflight.Code)
	require.Equal(t, uiOrigin, preflight.Header().Get("Access-Control-Allow-Origin"))
	require.Equal(t, "true", preflight.Header().Get("Access-Control-Allow-Credentials"))
	require.Equal(t, "Authorization, Content-Type, X-Namespace", preflight.Header().Get("Access-Control-Allow-Headers"))
	require.Equal(t, "Origin", preflight.Header().Get("Vary"))
	for _, origin := range []string{uiOrigin + "/", "https://evil.ar", "http://temporal.cabins.ar", "null", uiOrigin + ".evil.ar", codecURL, ""} {
		for _, method := range []string{http.MethodOptions, http.MethodPost} {
			if origin == "" && method == http.MethodPost {
				continue
			}
			answer := d.ask(method, codecURL+"/decode", d.sealed, "Origin", origin, "Authorization", "Bearer owner")
			require.Equal(t, http.StatusForbidden, answer.Code, origin)
			require.Empty(t, answer.Header().Get("Access-Control-Allow-Origin"), origin)
			require.NotContains(t, answer.Body.String(), "Luc")
		}
	}
}

func TestWhoMayDecryptAndEncrypt(t *testing.T) {
	t.Parallel()
	d := open(t)
	for who, want := range map[string]struct{ decode, encode int }{
		"Bearer owner": {200, 200}, "bearer staff": {200, 403}, "Bearer readonly": {403, 403}, "Bearer made-up": {401, 401}, "Basic b3duZXI6": {401, 401}, "": {401, 401},
	} {
		for path, status := range map[string]int{"/decode": want.decode, "/encode": want.encode} {
			answer := d.ask(http.MethodPost, codecURL+path, d.sealed, "Authorization", who, "Origin", uiOrigin, "X-Namespace", "default")
			require.Equal(t, status, answer.Code, "%s %s", who, path)
			require.Equal(t, uiOrigin, answer.Header().Get("Access-Control-Allow-Origin"), "the page must be able to read why not")
		}
	}
	require.Equal(t, guest, decoded(t, d.ask(http.MethodPost, codecURL+"/decode", d.sealed, "Authorization", "Bearer staff")), "the CLI has no origin")
	require.Equal(t, http.StatusMethodNotAllowed, d.ask(http.MethodGet, codecURL+"/decode", "").Code)
	d.desk.away = true
	require.Equal(t, http.StatusServiceUnavailable, d.ask(http.MethodPost, codecURL+"/decode", d.sealed, "Authorization", "Bearer staff").Code)
	require.NotContains(t, d.logs.String(), "Luc")
	require.Contains(t, d.logs.String(), `"msg":"payloads_opened","route":"/decode","user_id":7`)
}

func TestPeopleComeInByThePage(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		codecURL:                "__Host-cabanas-codec=VALUE; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=None",
		"http://127.0.0.1:8081": "cabanas-codec=VALUE; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax",
		"http://localhost:8081": "cabanas-codec=VALUE; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax",
	} {
		d := open(t)
		answer := d.logIn(base, "staff")
		require.Equal(t, http.StatusSeeOther, answer.Code, answer.Body.String())
		set := answer.Header().Get("Set-Cookie")
		require.Equal(t, want, regexp.MustCompile(`=[A-Z2-7]{52};`).ReplaceAllString(set, "=VALUE;"))
		cookie, _, _ := strings.Cut(set, ";")
		require.NotContains(t, cookie, "access")

		require.Equal(t, guest, decoded(t, d.ask(http.MethodPost, base+"/decode", d.sealed, "Cookie", cookie, "Origin", uiOrigin)))
		foreign := d.ask(http.MethodPost, base+"/decode", d.sealed, "Cookie", cookie, "Origin", "https://evil.ar")
		require.Equal(t, http.StatusForbidden, foreign.Code, "another page must not use the cookie")
		require.Contains(t, d.ask(http.MethodGet, base+"/login", "", "Cookie", cookie).Body.String(), "ana@cabins.ar")

		require.Equal(t, http.StatusSeeOther, d.ask(http.MethodPost, base+"/logout", "", "Cookie", cookie, "Origin", base).Code)
		require.Equal(t, http.StatusUnauthorized, d.ask(http.MethodPost, base+"/decode", d.sealed, "Cookie", cookie, "Origin", uiOrigin).Code)
	}
}

func TestASessionIsRenewedOnceAndEnds(t *testing.T) {
	t.Parallel()
	d := open(t)
	cookie, _, _ := strings.Cut(d.logIn(codecURL, "owner").Header().Get("Set-Cookie"), ";")
	decode := func() int {
		return d.ask(http.MethodPost, codecURL+"/decode", d.sealed, "Cookie", cookie, "Origin", uiOrigin).Code
	}
	d.pass(20 * time.Minute)
	var group sync.WaitGroup
	codes := make(chan int, 20)
	for range 20 {
		group.Go(func() { codes <- decode() })
	}
	group.Wait()
	for range 20 {
		require.Equal(t, http.StatusOK, <-codes)
	}
	require.Equal(t, 1, d.desk.refreshes, "a refresh token used twice would end the session")

	d.pass(13 * time.Hour)
	require.Equal(t, http.StatusUnauthorized, decode(), "a working day is over")
	cookie, _, _ = strings.Cut(d.logIn(codecURL, "owner").Header().Get("Set-Cookie"), ";")
	require.Equal(t, http.StatusOK, decode())
	d.desk.ended = true
	require.Equal(t, http.StatusUnauthorized, decode(), "ended by the owner elsewhere")
}

func TestWhoIsNotLetIn(t *testing.T) {
	t.Parallel()
	d := open(t)
	for password, want := range map[string]int{"wrong": 401, "totp": 401, "readonly": 403, "throttled": 429} {
		answer := d.logIn(codecURL, password)
		require.Equal(t, want, answer.Code, password)
		require.Empty(t, answer.Header().Get("Set-Cookie"))
		require.Contains(t, answer.Body.String(), `role="alert"`)
	}
	require.Equal(t, "91", d.logIn(codecURL, "throttled").Header().Get("Retry-After"))
	form := url.Values{"email": {"ana@cabins.ar"}, "password": {"totp"}, "totp": {" 123456 "}}
	require.Equal(t, http.StatusSeeOther, d.ask(http.MethodPost, codecURL+"/login", form.Encode(),
		"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin").Code)

	for _, path := range []string{"/login", "/logout"} {
		answer := d.ask(http.MethodPost, codecURL+path, "email=a&password=owner", "Content-Type", "application/x-www-form-urlencoded",
			"Origin", "https://evil.ar", "Sec-Fetch-Site", "cross-site")
		require.Equal(t, http.StatusForbidden, answer.Code, "another site's form")
	}
	large := "email=" + strings.Repeat("x", 9<<10)
	require.Equal(t, http.StatusBadRequest, d.ask(http.MethodPost, codecURL+"/login", large, "Content-Type", "application/x-www-form-urlencoded").Code)
}

func TestHostileBodies(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, body := range []string{"", "{", `{"payloads":[{"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA=="},"data":"AAAA"}]}`, strings.Repeat("x", 16<<20+1)} {
		require.Equal(t, http.StatusBadRequest, d.ask(http.MethodPost, codecURL+"/decode", body, "Authorization", "Bearer staff").Code)
	}
	unknown := `{"payloads":[{"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA==","encryption-key-id":"bG9zdA=="},"data":"AAAA"}]}`
	answer := d.ask(http.MethodPost, codecURL+"/decode", unknown, "Authorization", "Bearer staff")
	require.Equal(t, http.StatusBadRequest, answer.Code)
	require.Contains(t, answer.Body.String(), `"lost"`, "the key that is missing is named")
}

func TestPageAndHeaders(t *testing.T) {
	t.Parallel()
	d := open(t)
	answer := d.ask(http.MethodGet, codecURL+"/login", "")
	require.Equal(t, http.StatusOK, answer.Code)
	_, style, _ := strings.Cut(answer.Body.String(), "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	policy := answer.Header().Get("Content-Security-Policy")
	require.Contains(t, policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", "the page's own style is let through")
	require.NotContains(t, policy, "unsafe")
	require.NotContains(t, answer.Body.String(), "<script")
	for _, path := range []string{"/login", "/healthz", "/nowhere"} {
		header := d.ask(http.MethodGet, codecURL+path, "").Header()
		for _, name := range []string{"X-Content-Type-Options", "X-Frame-Options", "Content-Security-Policy", "Strict-Transport-Security", "Referrer-Policy"} {
			require.NotEmpty(t, header.Get(name), "%s %s", path, name)
		}
		require.Empty(t, header.Get("Server"))
	}
	require.JSONEq(t, `{"status":"healthy"}`, d.ask(http.MethodGet, codecURL+"/healthz", "").Body.String())
	require.Contains(t, d.ask(http.MethodGet, codecURL+"/metrics", "").Body.String(), "process_start_time_seconds", "deploy/prometheus scrapes it")
}
