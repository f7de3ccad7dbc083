package postgres

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// responseLife is how long an answer is kept for repetitions.
const responseLife = 48 * time.Hour

// StoredResponse is an HTTP answer given before.
type StoredResponse struct {
	Status int
	// Headers are those that belong to the answer, such as Location.
	Headers map[string]string
	Body    []byte
}

// WriteKey names one write: who repeats it says the same key for the same operation.
type WriteKey struct {
	// Endpoint is the operation, Key the client's word for this write in a form that only the same client gives again.
	Endpoint, Key string
	// RequestHash is of what is asked for.
	RequestHash []byte
}

// Lease is the right to carry a write out.
type Lease [16]byte

// TakenWrite says how it stands about a [WriteKey]: Lease is set for whoever is to carry the write out now, Stored when it was
// carried out before. When both are nil somebody else is at it.
type TakenWrite struct {
	Lease  *Lease
	Stored *StoredResponse
}

// TakeWrite gives the lease of a write to the first who asks. A lease that was neither kept nor freed ends after its length, so
// that a process that died blocks nobody for long. The same key with another request is [booking.CodeDuplicate].
func (s *Store) TakeWrite(ctx context.Context, write WriteKey, length time.Duration, now time.Time) (TakenWrite, error) {
	var lease Lease
	rand.Read(lease[:]) // never fails: crypto/rand aborts the program instead
	taken, err := s.queries.TakeIdempotencyKey(ctx, s.pool, &dbgen.TakeIdempotencyKeyParams{
		Endpoint: write.Endpoint, Key: write.Key, RequestHash: write.RequestHash, Now: now, Until: now.Add(length), Lease: uuidOf(lease),
	})
	if err != nil {
		return TakenWrite{}, explain("take idempotency key", err)
	}
	if taken == 1 {
		return TakenWrite{Lease: &lease}, nil
	}
	row, err := s.queries.GetIdempotencyKey(ctx, s.pool, &dbgen.GetIdempotencyKeyParams{Endpoint: write.Endpoint, Key: write.Key, Now: now})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return TakenWrite{}, nil // freed in between: the next try takes it
	case err != nil:
		return TakenWrite{}, explain("read stored response", err)
	case !bytes.Equal(row.RequestHash, write.RequestHash):
		return TakenWrite{}, booking.Refuse(booking.CodeDuplicate, "the key was used for another request")
	case row.ResponseStatus == 0:
		return TakenWrite{}, nil
	}
	stored := &StoredResponse{Status: int(row.ResponseStatus), Body: row.ResponseBody}
	if err := json.Unmarshal(row.ResponseHeaders, &stored.Headers); err != nil {
		return TakenWrite{}, fmt.Errorf("read stored response: headers: %w", err)
	}
	return TakenWrite{Stored: stored}, nil
}

// KeepWrite keeps the answer of a write for 48 hours from now and ends its lease. It tells whether the lease still stood: one that
// had run out may be somebody else's, and then nothing is kept.
func (s *Store) KeepWrite(ctx context.Context, write WriteKey, lease Lease, response StoredResponse, now time.Time) (bool, error) {
	headers := response.Headers
	if headers == nil {
		headers = map[string]string{}
	}
	kept, err := s.queries.KeepIdempotentResponse(ctx, s.pool, &dbgen.KeepIdempotentResponseParams{
		Endpoint: write.Endpoint, Key: write.Key, Lease: uuidOf(lease), ResponseStatus: int32(response.Status),
		ResponseBody: append([]byte{}, response.Body...), ResponseHeaders: mustJSON(headers), ExpiresAt: now.Add(responseLife),
	})
	return kept == 1, explain("keep response", err)
}

// FreeWrite ends the lease of a write that came to nothing: the key may be used again.
func (s *Store) FreeWrite(ctx context.Context, write WriteKey, lease Lease) error {
	return explain("free idempotency key", s.queries.FreeIdempotencyKey(ctx, s.pool,
		&dbgen.FreeIdempotencyKeyParams{Endpoint: write.Endpoint, Key: write.Key, Lease: uuidOf(lease)}))
}

func uuidOf(lease Lease) pgtype.UUID { return pgtype.UUID{Bytes: lease, Valid: true} }
