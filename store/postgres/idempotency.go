package postgres

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// responseLife is how long an answer is kept for repetitions.
const responseLife = 48 * time.Hour

// StoredResponse is an HTTP answer given before.
type StoredResponse struct {
	Status int
	Body   []byte
}

// IdempotentResponse returns the answer kept for a key at an endpoint in the last 48 hours; the same key for another request
// (hash) is [booking.CodeDuplicate].
func (s *Store) IdempotentResponse(ctx context.Context, key, endpoint string, requestHash []byte, now time.Time) (StoredResponse, bool, error) {
	row, err := s.queries.GetIdempotentResponse(ctx, s.pool, &dbgen.GetIdempotentResponseParams{Endpoint: endpoint, Key: key, Now: now})
	if errors.Is(err, pgx.ErrNoRows) {
		return StoredResponse{}, false, nil
	}
	if err != nil {
		return StoredResponse{}, false, explain("read stored response", err)
	}
	if !bytes.Equal(row.RequestHash, requestHash) {
		return StoredResponse{}, false, booking.Refuse(booking.CodeDuplicate, "the key was used for another request")
	}
	return StoredResponse{Status: int(row.ResponseStatus), Body: row.ResponseBody}, true, nil
}

// SaveIdempotentResponse keeps the answer of a request for 48 hours; the first one kept wins and is returned.
func (s *Store) SaveIdempotentResponse(ctx context.Context, key, endpoint string, requestHash []byte, response StoredResponse,
	now time.Time) (StoredResponse, error) {
	saved, err := s.queries.InsertIdempotentResponse(ctx, s.pool, &dbgen.InsertIdempotentResponseParams{
		Endpoint: endpoint, Key: key, RequestHash: requestHash, ResponseStatus: int32(response.Status),
		ResponseBody: append([]byte{}, response.Body...), Now: now, ExpiresAt: now.Add(responseLife),
	})
	if err != nil {
		return StoredResponse{}, explain("keep response", err)
	}
	if saved == 1 {
		return response, nil
	}
	stored, _, err := s.IdempotentResponse(ctx, key, endpoint, requestHash, now)
	return stored, err
}
