package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/api"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/store/redis"
)

// counted returns the option of counting in the Redis at url, as a process of its own does.
func counted(t *testing.T, url string, requests int) func(*api.Options) {
	t.Helper()
	client, err := redis.Open(url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return func(o *api.Options) {
		// A machine that is busy with other tests must not make requests go uncounted.
		o.RateLimit = api.RateLimit{Counter: client.NewRateLimiter([]byte("one secret"), nil), Requests: requests, Window: time.Hour, Patience: 10 * time.Second}
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	}
}

func twoAMinute(t *testing.T) api.RateLimit {
	t.Helper()
	var o api.Options
	counted(t, embeddedtest.Redis(t), 2)(&o)
	return o.RateLimit
}

func TestTwoProcessesShareTheLimitOfAnAddress(t *testing.T) {
	t.Parallel()
	url := embeddedtest.Redis(t)
	one, two := newEdge(t, counted(t, url, 60)), newEdge(t, counted(t, url, 60))
	var through, refused atomic.Int32
	var clients sync.WaitGroup
	for n := range 100 {
		clients.Go(func() {
			server := []*edge{one, two}[n%2]
			// Different ids and queries are one class: inventing them gets nobody further.
			switch answer := server.do(t, http.MethodGet, accommodations+"/"+strconv.Itoa(n), "", "X-Forwarded-For", "203.0.113.7"); answer.Code {
			case http.StatusTooManyRequests:
				refused.Add(1)
			default:
				through.Add(1)
			}
		})
	}
	clients.Wait()
	require.Equal(t, int32(60), through.Load())
	require.Equal(t, int32(40), refused.Load())

	answer := one.do(t, http.MethodGet, accommodations, "", "X-Forwarded-For", "203.0.113.7")
	requireProblem(t, answer, http.StatusTooManyRequests, api.CodeRateLimited)
	require.Equal(t, `"public-read";q=60;w=3600`, answer.Header().Get("RateLimit-Policy"))
	require.Regexp(t, `^"public-read";r=0;t=3\d\d\d$`, answer.Header().Get("RateLimit"))
	wait, err := strconv.Atoi(answer.Header().Get("Retry-After"))
	require.NoError(t, err)
	require.InDelta(t, 3600, wait, 120)

	answer = two.do(t, http.MethodGet, accommodations, "", "X-Forwarded-For", "203.0.113.8")
	require.Equal(t, http.StatusOK, answer.Code, "another address")
	require.Equal(t, `"public-read";r=59;t=3600`, answer.Header().Get("RateLimit"), "told on every answer")
	require.Equal(t, http.StatusTooManyRequests, one.do(t, http.MethodGet, accommodations, "", "X-Forwarded-For", "1.2.3.4, 203.0.113.7").Code,
		"what a client writes into the header is not believed")
	require.Equal(t, http.StatusOK, one.do(t, http.MethodGet, accommodations+"/1/availability?check_in=2027-01-14&check_out=2027-01-16", "",
		"X-Forwarded-For", "203.0.113.7").Code, "another class")

	shown := one.do(t, http.MethodGet, "/metrics", "").Body.String() + two.do(t, http.MethodGet, "/metrics", "").Body.String()
	require.Contains(t, shown, `rate_limit_requests_blocked_total{class="public-read"}`)
	require.Contains(t, shown, `http_requests_total{handler="/api/v1/accommodations/:id",method="GET",status="4xx"}`, "refusals are requests too")
	require.NotContains(t, shown, "203.0.113")
}

func TestWebhooksAndProbesAreNeverThrottled(t *testing.T) {
	t.Parallel()
	e := newEdge(t, counted(t, embeddedtest.Redis(t), 1))
	for range 5 {
		for _, path := range []string{"/healthz", "/readyz", "/metrics", "/api/v1/webhooks/whatsapp?hub.mode=subscribe"} {
			answer := e.do(t, http.MethodGet, path, "")
			require.NotEqual(t, http.StatusTooManyRequests, answer.Code, path)
			require.Empty(t, answer.Header().Get("RateLimit"), path)
		}
		for _, path := range []string{"/api/v1/webhooks/whatsapp", "/api/v1/webhooks/mercadopago", "/api/v1/mercadopago/webhook"} {
			require.NotEqual(t, http.StatusTooManyRequests, e.do(t, http.MethodPost, path, "{}").Code, path)
		}
	}
	require.Equal(t, http.StatusOK, e.do(t, http.MethodGet, "/docs", "").Code)
	require.Equal(t, http.StatusTooManyRequests, e.do(t, http.MethodGet, "/openapi.json", "").Code)
	require.Equal(t, http.StatusNotFound, e.do(t, http.MethodGet, "/nowhere", "").Code)
	require.Equal(t, http.StatusTooManyRequests, e.do(t, http.MethodGet, "/elsewhere", "").Code)
	for range 10 {
		require.Equal(t, http.StatusNotFound, e.do(t, http.MethodGet, "/samples/none.jpg", "").Code, "ten times as many files")
	}
	require.Equal(t, http.StatusTooManyRequests, e.do(t, http.MethodGet, "/samples/none.jpg", "").Code)
}

func TestStaffIsCountedByAccount(t *testing.T) {
	t.Parallel()
	o := newOffice(t, counted(t, embeddedtest.Redis(t), 2))
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	for range 20 {
		answer := o.ask(t, owner, http.MethodGet, admin+"/me", "")
		require.Equal(t, http.StatusOK, answer.Code)
		require.Contains(t, answer.Header().Get("RateLimit-Policy"), `"staff-read";q=20;w=3600`)
	}
	requireProblem(t, o.ask(t, owner, http.MethodGet, admin+"/me", ""), http.StatusTooManyRequests, api.CodeRateLimited)
	for range 2 {
		o.ask(t, "not a token", http.MethodGet, admin+"/me", "")
	}
	requireProblem(t, o.ask(t, "not a token", http.MethodGet, admin+"/me", ""), http.StatusTooManyRequests, api.CodeRateLimited)
	requireProblem(t, o.ask(t, "", http.MethodPost, admin+"/login", `{"email":"a@b.c","password":"x"}`), http.StatusTooManyRequests, api.CodeRateLimited)
	require.NotEqual(t, http.StatusTooManyRequests, o.ask(t, owner, http.MethodPost, admin+"/users", `{}`).Code, "who is in goes on")
}

// away is a counter that hangs, as Redis does behind a broken network.
type away struct{ asked atomic.Int32 }

func (a *away) Take(ctx context.Context, _ string, _ int, _ time.Duration) (redis.Spent, error) {
	a.asked.Add(1)
	<-ctx.Done()
	return redis.Spent{}, errors.Join(errors.New("no answer"), ctx.Err())
}

func TestWithoutRedisRequestsGoOnAndDoNotWait(t *testing.T) {
	t.Parallel()
	counter := &away{}
	e := newEdge(t, func(o *api.Options) {
		o.RateLimit = api.RateLimit{Counter: counter, Requests: 1, Window: time.Minute, Patience: time.Millisecond}
	})
	began := time.Now()
	for range 50 {
		answer := e.do(t, http.MethodGet, accommodations, "")
		require.Equal(t, http.StatusOK, answer.Code)
		require.Empty(t, answer.Header().Get("RateLimit"))
	}
	require.LessOrEqual(t, counter.asked.Load(), 2+int32(time.Since(began)/time.Second), "asked once a second while it is away")
	require.Contains(t, e.do(t, http.MethodGet, "/metrics", "").Body.String(), "\nrate_limit_redis_errors_total "+strconv.Itoa(int(counter.asked.Load())))
}

func TestLimitedAnswersSayHowItStandsToTheirPage(t *testing.T) {
	t.Parallel()
	e := newEdge(t, counted(t, embeddedtest.Redis(t), 1), func(o *api.Options) { o.AllowedOrigins = []string{panel} })
	require.Equal(t, http.StatusCreated, e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", "k").Code)
	answer := e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", "k", "Origin", panel)
	requireProblem(t, answer, http.StatusTooManyRequests, api.CodeRateLimited)
	require.Equal(t, panel, answer.Header().Get("Access-Control-Allow-Origin"))
	require.Contains(t, answer.Header().Get("Access-Control-Expose-Headers"), "Retry-After")
	require.Equal(t, "nosniff", answer.Header().Get("X-Content-Type-Options"))
	require.Len(t, e.desk.booked(), 1)
}
