package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox"
	"cabanas/sandbox/control"
)

const (
	phoneID  = "106540352242922"
	token    = "EAAtest"
	secret   = "app secret"
	mpToken  = "TEST-token"
	mpSecret = "panel secret"
	lucia    = "5493515550101"
)

// bundle is a running sandbox with a business that records every webhook.
type bundle struct {
	control  *control.Client
	business *business
	url      string
	clock    *clock
	stop     func()
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// business answers webhooks and remembers them.
type business struct {
	*httptest.Server
	mu   sync.Mutex
	fail int
	got  []hook
}

type hook struct {
	path   string
	query  url.Values
	raw    string
	header http.Header
	body   []byte
}

func newBusiness(t *testing.T) *business {
	t.Helper()
	b := &business{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			if r.URL.Query().Get("hub.verify_token") == "verify me" {
				_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge"))
			}
			return
		}
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.got = append(b.got, hook{r.URL.Path, r.URL.Query(), r.URL.RawQuery, r.Header.Clone(), body})
		if b.fail > 0 {
			b.fail--
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *business) hooks() []hook {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]hook{}, b.got...)
}

// wait returns the first webhook whose body holds part.
func (b *business) wait(t *testing.T, part string) hook {
	t.Helper()
	var found hook
	eventually(t, func() bool {
		for _, h := range b.hooks() {
			if bytes.Contains(h.body, []byte(part)) {
				found = h
				return true
			}
		}
		return false
	})
	return found
}

func (b *business) failNext(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = n
}

func start(t *testing.T, change ...func(*sandbox.Options)) *bundle {
	t.Helper()
	return startWith(t, newBusiness(t), change...)
}

func startWith(t *testing.T, biz *business, change ...func(*sandbox.Options)) *bundle {
	t.Helper()
	served := httptest.NewUnstartedServer(nil)
	address := "http://" + served.Listener.Addr().String()
	now := &clock{now: time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC)}
	o := sandbox.Options{
		PublicURL: address, Clock: now.Now, Seed: 7, PhoneNumberID: phoneID, DisplayPhoneNumber: "+54 9 351 000-0000",
		AccessToken: token, AppSecret: secret, VerifyToken: "verify me", WhatsAppWebhookURL: biz.URL + "/webhooks/whatsapp",
		MercadoPagoAccessToken: mpToken, MercadoPagoWebhookSecret: mpSecret,
		MercadoPagoWebhookURL: biz.URL + "/webhooks/mercadopago", DeliveredAfter: time.Millisecond,
	}
	for _, c := range change {
		c(&o)
	}
	s, err := sandbox.New(o)
	require.NoError(t, err)
	served.Config.Handler = s.Handler()
	served.Start()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	var once sync.Once
	b := &bundle{control: control.NewClient(address, nil), business: biz, url: address, clock: now}
	b.stop = func() {
		once.Do(func() {
			cancel()
			<-done
			require.NoError(t, s.Close())
			b.control.CloseIdle()
			served.Close()
		})
	}
	t.Cleanup(b.stop)
	return b
}

type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

func (b *bundle) call(t *testing.T, method, path, bearer string, body any, headers ...string) answer {
	t.Helper()
	a, err := b.try(t, method, path, bearer, body, headers...)
	require.NoError(t, err)
	return a
}

func (b *bundle) try(t *testing.T, method, path, bearer string, body any, headers ...string) (answer, error) {
	t.Helper()
	var raw []byte
	switch v := body.(type) {
	case nil:
	case string:
		raw = []byte(v)
	default:
		var err error
		raw, err = json.Marshal(v)
		require.NoError(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, b.url+path, bytes.NewReader(raw))
	require.NoError(t, err)
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	a := answer{status: resp.StatusCode, header: resp.Header, raw: string(got)}
	_ = json.Unmarshal(got, &a.body)
	return a, nil
}

func (b *bundle) graph(t *testing.T, body any) answer {
	t.Helper()
	return b.call(t, http.MethodPost, "/graph/v25.0/"+phoneID+"/messages", token, body)
}

func eventually(t *testing.T, cond func() bool) {
	t.Helper()
	require.Eventually(t, cond, 15*time.Second, 5*time.Millisecond)
}

type object = map[string]any

func text(to, body string) object {
	return object{"messaging_product": "whatsapp", "to": to, "type": "text", "text": object{"body": body}}
}

func interactive(i object) object {
	return object{"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+" + lucia, "type": "interactive", "interactive": i}
}

func buttons(titles ...string) object {
	list := []any{}
	for _, title := range titles {
		list = append(list, object{"type": "reply", "reply": object{"id": "id " + title, "title": title}})
	}
	return interactive(object{"type": "button", "body": object{"text": "¿Qué hacemos?"}, "action": object{"buttons": list}})
}

// at reads a path of keys and indexes out of decoded JSON.
func at(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			require.Truef(t, ok, "no object at %v", step)
			v = m[s]
		case int:
			list, ok := v.([]any)
			require.Truef(t, ok && len(list) > s, "no element at %v", step)
			v = list[s]
		}
	}
	return v
}

func decoded(t *testing.T, raw []byte) object {
	t.Helper()
	var v object
	require.NoError(t, json.Unmarshal(raw, &v))
	return v
}
