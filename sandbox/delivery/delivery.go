// Package delivery posts webhooks the way providers do: concurrently, without order, again and again until they are
// taken, and, when asked, twice, late, shuffled or not at all.
package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"cabanas/sandbox/control"
	"cabanas/sandbox/journal"
)

// Options set up a Queue.
type Options struct {
	// Provider names the queue in reports and in the journal.
	Provider string
	Journal  *journal.Journal
	Logger   *slog.Logger
	// First and Max bound the wait between attempts, which doubles; GiveUp is how long a webhook is tried.
	First, Max, GiveUp time.Duration
	// Timeout of one attempt.
	Timeout time.Duration
	// Accepted says which status ends the attempts.
	Accepted func(status int) bool
	// RetryHeader, when set, carries the number of earlier attempts.
	RetryHeader string
	// Rand decides drops and orders.
	Rand *rand.Rand
}

// Webhook is one POST to make.
type Webhook struct {
	ID     string            `json:"id"`
	Kind   string            `json:"kind"`
	URL    string            `json:"url"`
	Header map[string]string `json:"header"`
	Body   []byte            `json:"body"`
	// Born is when it was queued; GiveUp counts from it.
	Born time.Time `json:"born"`
	// After delays the first attempt.
	After time.Duration `json:"-"`
}

// Queue delivers webhooks while Run runs, and keeps them for the next Run otherwise.
type Queue struct {
	o      Options
	client *http.Client
	slots  chan struct{}

	mu      sync.Mutex
	ctx     context.Context // nil while not running
	running sync.WaitGroup
	next    int64
	pending map[string]*item
	held    []*item
	faults  faults
	sums    control.Deliveries
	epoch   int64 // grows with Reset, so that late results of forgotten webhooks are not counted
}

type item struct {
	Webhook
	epoch    int64
	attempts int
	last     string
	gate     <-chan struct{} // opened when the one before it in a shuffled group was tried
	tried    chan struct{}   // closed after the first attempt
	cancel   chan struct{}   // closed when the queue is reset
	once     sync.Once
}

type faults struct {
	duplicate, reorder, dropNext, dropPercent int
	delay                                     time.Duration
}

const (
	concurrent  = 64
	recentKept  = 500
	reorderWait = 2 * time.Second
)

// New returns a Queue with the webhooks that the journal still holds.
func New(o Options) (*Queue, error) {
	q := &Queue{
		o: o,
		client: &http.Client{
			Timeout:   o.Timeout,
			Transport: &http.Transport{MaxIdleConnsPerHost: concurrent, IdleConnTimeout: 30 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			},
		},
		slots:   make(chan struct{}, concurrent),
		pending: make(map[string]*item),
	}
	err := o.Journal.Load(q.journalKind(), func(_ string, value json.RawMessage) error {
		var w Webhook
		if err := json.Unmarshal(value, &w); err != nil {
			return err
		}
		q.pending[w.ID] = q.item(w)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return q, nil
}

// Run delivers until ctx ends, then waits for the attempts under way.
func (q *Queue) Run(ctx context.Context) {
	q.mu.Lock()
	q.ctx = ctx
	for _, it := range q.pending {
		q.start(it)
	}
	q.mu.Unlock()

	<-ctx.Done()
	q.mu.Lock()
	q.ctx = nil
	q.mu.Unlock()
	q.running.Wait()
	q.client.CloseIdleConnections()
}

// Send queues a webhook, subject to the faults that are switched on.
func (q *Queue) Send(w Webhook) {
	q.mu.Lock()
	defer q.mu.Unlock()
	w.Born = time.Now()
	w.After += q.faults.delay

	if q.drops() {
		q.sums.Dropped++
		q.note(control.Delivery{ID: q.id(), Kind: w.Kind, State: "dropped"})
		return
	}
	for range 1 + q.faults.duplicate {
		w.ID = q.id()
		it := q.item(w)
		q.pending[w.ID] = it
		q.o.Journal.Put(q.journalKind(), w.ID, it.Webhook)
		if q.faults.reorder > 1 {
			q.hold(it)
		} else {
			q.start(it)
		}
	}
}

// SetFaults switches faults; nil fields stay as they are.
func (q *Queue) SetFaults(f control.DeliveryFaults) {
	q.mu.Lock()
	defer q.mu.Unlock()
	set := func(to *int, from *int) {
		if from != nil {
			*to = max(0, *from)
		}
	}
	set(&q.faults.duplicate, f.Duplicate)
	set(&q.faults.reorder, f.Reorder)
	set(&q.faults.dropNext, f.DropNext)
	set(&q.faults.dropPercent, f.DropPercent)
	if f.DelayMS != nil {
		q.faults.delay = time.Duration(max(0, *f.DelayMS)) * time.Millisecond
	}
	if q.faults.reorder < 2 {
		q.release()
	}
}

// ClearFaults switches all faults off.
func (q *Queue) ClearFaults() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.faults = faults{}
	q.release()
}

// Report sums up what was delivered and what waits.
func (q *Queue) Report() control.Deliveries {
	q.mu.Lock()
	defer q.mu.Unlock()
	sums := q.sums
	sums.Recent = append([]control.Delivery{}, q.sums.Recent...)
	for _, it := range q.pending {
		sums.Pending++
		sums.Recent = append(sums.Recent, control.Delivery{
			ID: it.ID, Provider: q.o.Provider, Kind: it.Kind, State: "pending", Attempts: it.attempts, Last: it.last, At: it.Born,
		})
	}
	return sums
}

// Reset forgets every webhook, all sums and all faults.
func (q *Queue) Reset() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, it := range q.pending {
		close(it.cancel)
	}
	q.pending, q.held, q.faults, q.sums = make(map[string]*item), nil, faults{}, control.Deliveries{}
	q.epoch++
}

func (q *Queue) drops() bool {
	if q.faults.dropNext > 0 {
		q.faults.dropNext--
		return true
	}
	return q.faults.dropPercent > 0 && q.o.Rand.IntN(100) < q.faults.dropPercent
}

// hold keeps an item until a group can be sent in another order.
func (q *Queue) hold(it *item) {
	q.held = append(q.held, it)
	if len(q.held) >= q.faults.reorder {
		q.release()
		return
	}
	if len(q.held) == 1 {
		time.AfterFunc(reorderWait, func() {
			q.mu.Lock()
			defer q.mu.Unlock()
			if len(q.held) > 0 && q.held[0] == it {
				q.release()
			}
		})
	}
}

// release sends the held group one after the other, in an order that is never the one they came in.
func (q *Queue) release() {
	group := q.held
	q.held = nil
	order := q.o.Rand.Perm(len(group))
	if isSorted(order) {
		for i := range order {
			order[i] = len(order) - 1 - i
		}
	}
	var gate chan struct{}
	for _, at := range order {
		it := group[at]
		it.gate = gate
		gate = it.tried
		q.start(it)
	}
}

func isSorted(order []int) bool {
	for i, v := range order {
		if i != v {
			return false
		}
	}
	return true
}

func (q *Queue) start(it *item) {
	if q.ctx == nil || q.isHeld(it) {
		return
	}
	ctx := q.ctx
	q.running.Go(func() { q.deliver(ctx, it) })
}

func (q *Queue) isHeld(it *item) bool {
	return slices.Contains(q.held, it)
}

func (q *Queue) deliver(ctx context.Context, it *item) {
	if it.gate != nil && !waitFor(ctx, it, it.gate) {
		return
	}
	if it.After > 0 && !sleep(ctx, it, it.After) {
		return
	}
	for wait := q.o.First; ; wait = min(2*wait, q.o.Max) {
		state, last, ok := q.attempt(ctx, it)
		it.once.Do(func() { close(it.tried) })
		if !ok {
			return // stopped in the middle: kept for the next Run
		}
		if state != "" {
			q.finish(it, state, last)
			return
		}
		if !sleep(ctx, it, wait) {
			return
		}
	}
}

// attempt posts once. The state is empty when it must be tried again; ok is false when the queue is stopping.
func (q *Queue) attempt(ctx context.Context, it *item) (state, last string, ok bool) {
	select {
	case q.slots <- struct{}{}:
	case <-it.cancel:
		return "", "", false
	case <-ctx.Done():
		return "", "", false
	}
	status, err := q.post(ctx, it)
	<-q.slots
	if ctx.Err() != nil {
		return "", "", false
	}
	last = strconv.Itoa(status)
	if err != nil {
		last = "no answer"
	}

	q.mu.Lock()
	defer q.mu.Unlock()
	it.attempts++
	it.last = last
	if it.epoch == q.epoch {
		q.sums.Attempts++
	}
	switch {
	case err == nil && q.o.Accepted(status):
		return "delivered", last, true
	case time.Since(it.Born) > q.o.GiveUp:
		return "given_up", last, true
	}
	q.o.Logger.Debug("webhook not taken", "provider", q.o.Provider, "kind", it.Kind, "answer", last, "attempt", it.attempts)
	return "", last, true
}

func (q *Queue) post(ctx context.Context, it *item) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, it.URL, newBody(it.Body))
	if err != nil {
		return 0, fmt.Errorf("make webhook: %w", err)
	}
	for name, value := range it.Header {
		req.Header[name] = []string{value} // as written: providers do not canonicalise names
	}
	if q.o.RetryHeader != "" {
		req.Header[q.o.RetryHeader] = []string{strconv.Itoa(it.attempts)}
	}
	resp, err := q.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("post webhook: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	drain(resp.Body)
	return resp.StatusCode, nil
}

func (q *Queue) finish(it *item, state, last string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if it.epoch != q.epoch {
		return
	}
	delete(q.pending, it.ID)
	q.o.Journal.Delete(q.journalKind(), it.ID)
	if state == "delivered" {
		q.sums.Delivered++
	} else {
		q.sums.GivenUp++
	}
	q.note(control.Delivery{ID: it.ID, Kind: it.Kind, State: state, Attempts: it.attempts, Last: last})
}

func (q *Queue) note(d control.Delivery) {
	d.Provider, d.At = q.o.Provider, time.Now()
	q.sums.Recent = append(q.sums.Recent, d)
	if extra := len(q.sums.Recent) - recentKept; extra > recentKept {
		q.sums.Recent = append([]control.Delivery{}, q.sums.Recent[extra:]...)
	}
}
