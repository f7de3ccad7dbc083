package delivery_test

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
	"cabanas/sandbox/delivery"
	"cabanas/sandbox/journal"
)

// receiver fails the first requests and then takes everything.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	fail   int
	bodies []string
	retry  []string
}

func newReceiver(t *testing.T, fail int) *receiver {
	t.Helper()
	r := &receiver{fail: fail}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bodies = append(r.bodies, string(body))
		r.retry = append(r.retry, req.Header.Get("X-Retry"))
		if r.fail > 0 {
			r.fail--
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) got() ([]string, []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.bodies...), append([]string{}, r.retry...)
}

func newQueue(t *testing.T, path string) *delivery.Queue {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	j, err := journal.Open(path, log)
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() })
	q, err := delivery.New(delivery.Options{
		Provider: "test", Journal: j, Logger: log,
		First: time.Millisecond, Max: 4 * time.Millisecond, GiveUp: time.Hour, Timeout: 5 * time.Second,
		Accepted: func(status int) bool { return status == http.StatusOK }, RetryHeader: "X-Retry",
		Rand: rand.New(rand.NewPCG(1, 2)),
	})
	require.NoError(t, err)
	return q
}

func run(t *testing.T, q *delivery.Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); q.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func eventually(t *testing.T, cond func() bool) {
	t.Helper()
	require.Eventually(t, cond, 10*time.Second, 2*time.Millisecond)
}

func TestTriesUntilTaken(t *testing.T) {
	t.Parallel()
	r, q := newReceiver(t, 3), newQueue(t, "")
	run(t, q)
	q.Send(delivery.Webhook{URL: r.URL, Body: []byte("a")})
	eventually(t, func() bool { return q.Report().Delivered == 1 })
	bodies, retry := r.got()
	require.Equal(t, []string{"a", "a", "a", "a"}, bodies)
	require.Equal(t, []string{"0", "1", "2", "3"}, retry)
	require.Equal(t, 4, q.Report().Attempts)
	require.Zero(t, q.Report().Pending)
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	r, q := newReceiver(t, 0), newQueue(t, "")
	run(t, q)
	q.SetFaults(control.DeliveryFaults{Duplicate: new(2)})
	q.Send(delivery.Webhook{URL: r.URL, Body: []byte("a")})
	eventually(t, func() bool { return q.Report().Delivered == 3 })
	bodies, _ := r.got()
	require.Equal(t, []string{"a", "a", "a"}, bodies)
}

func TestReorderNeverKeepsTheOrder(t *testing.T) {
	t.Parallel()
	r, q := newReceiver(t, 0), newQueue(t, "")
	run(t, q)
	q.SetFaults(control.DeliveryFaults{Reorder: new(3)})
	for _, body := range []string{"a", "b"} {
		q.Send(delivery.Webhook{URL: r.URL, Body: []byte(body)})
	}
	require.Equal(t, 2, q.Report().Pending)
	q.Send(delivery.Webhook{URL: r.URL, Body: []byte("c")})
	eventually(t, func() bool { return q.Report().Delivered == 3 })
	bodies, _ := r.got()
	require.ElementsMatch(t, []string{"a", "b", "c"}, bodies)
	require.NotEqual(t, []string{"a", "b", "c"}, bodies)

	q.Send(delivery.Webhook{URL: r.URL, Body: []byte("alone")})
	q.ClearFaults()
	eventually(t, func() bool { return q.Report().Delivered == 4 })
}

func TestDrops(t *testing.T) {
	t.Parallel()
	r, q := newReceiver(t, 0), newQueue(t, "")
	run(t, q)
	q.SetFaults(control.DeliveryFaults{DropNext: new(1)})
	q.Send(delivery.Webhook{URL: r.URL, Body: []byte("lost")})
	q.Send(delivery.Webhook{URL: r.URL, Body: []byte("kept")})
	eventually(t, func() bool { return q.Report().Delivered == 1 })
	q.SetFaults(control.DeliveryFaults{DropPercent: new(100)})
	q.Send(delivery.Webhook{URL: r.URL, Body: []byte("lost")})
	bodies, _ := r.got()
	require.Equal(t, []string{"kept"}, bodies)
	require.Equal(t, 2, q.Report().Dropped)
}

func TestUntakenWebhooksSurviveARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.jsonl")
	r, q := newReceiver(t, 1_000_000), newQueue(t, path)
	stop := run(t, q)
	q.Send(delivery.Webhook{URL: r.URL, Body: []byte("a")})
	eventually(t, func() bool { return q.Report().Attempts > 0 })
	stop()

	r.mu.Lock()
	r.fail = 0
	r.mu.Unlock()
	again := newQueue(t, path)
	require.Equal(t, 1, again.Report().Pending)
	run(t, again)
	eventually(t, func() bool { return again.Report().Delivered == 1 })
}

func TestResetForgets(t *testing.T) {
	t.Parallel()
	r, q := newReceiver(t, 1_000_000), newQueue(t, "")
	run(t, q)
	q.Send(delivery.Webhook{URL: r.URL, Body: []byte("a")})
	eventually(t, func() bool { return q.Report().Attempts > 0 })
	q.Reset()
	require.Equal(t, control.Deliveries{Recent: []control.Delivery{}}, q.Report())
}
