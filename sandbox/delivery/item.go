package delivery

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"
)

func (q *Queue) item(w Webhook) *item {
	return &item{Webhook: w, epoch: q.epoch, tried: make(chan struct{}), cancel: make(chan struct{})}
}

func (q *Queue) id() string {
	q.next++
	return fmt.Sprintf("%d-%d", time.Now().UnixNano(), q.next)
}

func (q *Queue) journalKind() string { return "webhook " + q.o.Provider }

// sleep waits, or returns false when the queue stops or forgets the item.
func sleep(ctx context.Context, it *item, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-it.cancel:
	case <-ctx.Done():
	}
	return false
}

func waitFor(ctx context.Context, it *item, opened <-chan struct{}) bool {
	select {
	case <-opened:
		return true
	case <-it.cancel:
	case <-ctx.Done():
	}
	return false
}

func newBody(raw []byte) io.Reader { return bytes.NewReader(raw) }

// drain lets the connection be used again; a receiver that answers with more than this loses it.
func drain(body io.Reader) {
	_, _ = io.CopyN(io.Discard, body, 64<<10)
}
