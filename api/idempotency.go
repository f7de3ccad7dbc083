package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

const (
	idempotencyHeader = "Idempotency-Key"
	placeHoldEndpoint = "POST " + prefix + "/reservations"
	// storeTime is for keeping an answer, beside the time of the request.
	storeTime = 5 * time.Second
)

// once carries a request out one time for each Idempotency-Key. Requests with the same key wait for each other within this
// process; those of two processes are kept apart by what they ask for: nights are held once.
type once struct {
	store  IdempotencyStore
	logger *slog.Logger
	now    func() time.Time

	mu      sync.Mutex
	running map[string]chan struct{}
}

func newOnce(store IdempotencyStore, logger *slog.Logger, now func() time.Time) *once {
	return &once{store: store, logger: logger, now: now, running: make(map[string]chan struct{})}
}

// do returns what place placed, or, replayed, what it placed when this key came first. Without a key it only calls place.
func (o *once) do(ctx context.Context, key string, asked any, place func() (hold, error)) (placed hold, replayed bool, err error) {
	if key == "" {
		placed, err = place()
		return placed, false, err
	}
	if !printableASCII(key) {
		return hold{}, false, invalidField(ctx, "header", idempotencyHeader, "expected printable ASCII characters")
	}
	request, err := json.Marshal(asked)
	if err != nil {
		return hold{}, false, refusal(ctx, o.logger, "hash request", err)
	}
	hash := sha256.Sum256(request)

	leave, err := o.enter(ctx, key)
	if err != nil {
		return hold{}, false, refusal(ctx, o.logger, "wait for the first request with the same key", err)
	}
	defer leave()
	placed, replayed, err = o.kept(ctx, key, hash[:])
	if err != nil || replayed {
		return placed, replayed, err
	}
	if placed, err = place(); err != nil {
		return hold{}, false, err
	}
	o.keep(ctx, key, hash[:], placed)
	return placed, false, nil
}

// enter waits until no other request with this key is being carried out.
func (o *once) enter(ctx context.Context, key string) (leave func(), err error) {
	for {
		o.mu.Lock()
		other, busy := o.running[key]
		if !busy {
			mine := make(chan struct{})
			o.running[key] = mine
			o.mu.Unlock()
			return func() {
				o.mu.Lock()
				delete(o.running, key)
				o.mu.Unlock()
				close(mine)
			}, nil
		}
		o.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (o *once) kept(ctx context.Context, key string, hash []byte) (placed hold, found bool, err error) {
	stored, found, err := o.store.IdempotentResponse(ctx, key, placeHoldEndpoint, hash, o.now())
	switch {
	case booking.IsCode(err, booking.CodeDuplicate):
		return hold{}, false, newProblem(ctx, CodeIdempotencyConflict, "this Idempotency-Key was used for another request")
	case err != nil && !errors.As(err, new(*booking.Error)):
		o.logger.ErrorContext(ctx, "idempotency_lookup_failed", "error", err)
		return hold{}, false, newProblem(ctx, booking.CodeUnavailable, "the request was not carried out; try again")
	case err != nil:
		return hold{}, false, refusal(ctx, o.logger, "look up idempotency key", err)
	case !found:
		return hold{}, false, nil
	}
	if err := json.Unmarshal(stored.Body, &placed); err != nil {
		return hold{}, false, refusal(ctx, o.logger, "read stored answer", fmt.Errorf("stored answer: %w", err))
	}
	return placed, true, nil
}

// keep stores the answer, even when the time of the request is up. Failing is logged only, as the hold stands and its answer
// is on the way.
func (o *once) keep(ctx context.Context, key string, hash []byte, placed hold) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	body, err := json.Marshal(placed)
	if err == nil {
		_, err = o.store.SaveIdempotentResponse(ctx, key, placeHoldEndpoint, hash, postgres.StoredResponse{Status: http.StatusCreated, Body: body}, o.now())
	}
	if err != nil {
		o.logger.ErrorContext(ctx, "idempotent_answer_not_stored", "error", err)
	}
}

func printableASCII(text string) bool {
	for _, r := range []byte(text) {
		if r < ' ' || r > '~' {
			return false
		}
	}
	return true
}
