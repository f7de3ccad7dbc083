package load

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync/atomic"
)

// DefaultHookRate is what webhook-ack and memory offer a second: a very busy place at its busiest hour.
const DefaultHookRate = 200

const (
	acknowledgeName = "webhook-ack"
	// One in so many deliveries is the repetition of an earlier one: providers deliver at least once.
	repeatedEvery = 5
	// otherNumber is not ours: what follows a message to it is only the marking of the delivery.
	otherNumber = "100000000000002"
)

// acknowledgement offers webhooks at a fixed rate, whatever becomes of the earlier ones, and counts how long each waits to be stored.
func (w *workload) acknowledgement(rate float64) Scenario {
	h := &hookStream{workload: w}
	return Scenario{
		Name: acknowledgeName, Rate: rate,
		Ours:  "signed WhatsApp webhook, one in five a repetition, until it is acknowledged",
		Floor: "insert of the same row, with the same constraints and indexes",
		ours:  h.deliver, floor: h.insert,
		reset: h.mark, check: h.everyOneStored,
	}
}

// hookStream makes deliveries, some of them repeated.
type hookStream struct {
	*workload
	turn, fresh atomic.Int64
	last        atomic.Pointer[[]byte]
	stored      int64
}

// body is a new delivery or the last one again.
func (h *hookStream) body() (body []byte, fresh bool, err error) {
	if last := h.last.Load(); last != nil && h.turn.Add(1)%repeatedEvery == 0 {
		return *last, false, nil
	}
	body, err = messageBody(otherNumber, phoneOf(writingGuests, 0), textOf(datesQuestion(0)))
	return body, true, err
}

func (h *hookStream) deliver(ctx context.Context) error {
	body, fresh, err := h.body()
	if err != nil {
		return err
	}
	return h.done(body, fresh, h.deliverTo(ctx, h.API+"/api/v1/webhooks/whatsapp", body))
}

func (h *hookStream) insert(ctx context.Context) error {
	body, fresh, err := h.body()
	if err != nil {
		return err
	}
	return h.done(body, fresh, h.hooks.insert(ctx, body))
}

func (h *hookStream) done(body []byte, fresh bool, err error) error {
	if err == nil && fresh {
		h.last.Store(&body)
		h.fresh.Add(1)
	}
	return err
}

func (h *hookStream) mark(ctx context.Context) error {
	h.fresh.Store(0)
	h.last.Store(nil)
	return h.count(ctx, &h.stored)
}

func (h *hookStream) count(ctx context.Context, rows *int64) error {
	if err := h.Pool.QueryRow(ctx, `SELECT count(*) FROM webhook_inbox WHERE provider = 'whatsapp'`).Scan(rows); err != nil {
		return fmt.Errorf("count deliveries: %w", err)
	}
	return nil
}

// everyOneStored fails unless each delivery that was acknowledged is there once; what failed may be there too.
func (h *hookStream) everyOneStored(ctx context.Context, o Outcome) error {
	var now int64
	if err := h.count(ctx, &now); err != nil {
		return err
	}
	if added, fresh := now-h.stored, h.fresh.Load(); added < fresh || added > fresh+o.Failed {
		return fmt.Errorf("%w: %d deliveries acknowledged, %d stored, %d failed", ErrAccount, fresh, added, o.Failed)
	}
	return nil
}

// insert stores a delivery and nothing else.
func (f *hookFloor) insert(ctx context.Context, body []byte) error {
	key := sha256.Sum256(body)
	_, err := f.pool.Exec(ctx, `INSERT INTO load_floor_inbox (provider, event_key, body, received_at, due_at)
		VALUES ('whatsapp', $1, $2, now(), now()) ON CONFLICT DO NOTHING`, hex.EncodeToString(key[:]), body)
	return err
}
