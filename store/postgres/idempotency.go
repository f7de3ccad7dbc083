package postgres

import (
	"context"
	"errors"
	"time"
)

// StoredResponse is an HTTP answer given before.
type StoredResponse struct {
	Status int
	Body   []byte
}

// IdempotentResponse returns the answer kept for a key at an endpoint in the last 48 hours; the same key for another request
// (hash) is [booking.CodeDuplicate].
func (s *Store) IdempotentResponse(ctx context.Context, key, endpoint string, requestHash []byte, now time.Time) (StoredResponse, bool, error) {
	return StoredResponse{}, false, errPending
}

// SaveIdempotentResponse keeps the answer of a request for 48 hours; the first one kept wins and is returned.
func (s *Store) SaveIdempotentResponse(ctx context.Context, key, endpoint string, requestHash []byte, response StoredResponse,
	now time.Time) (StoredResponse, error) {
	return StoredResponse{}, errPending
}

var errPending = errors.New("store/postgres: signature committed ahead of its body")
