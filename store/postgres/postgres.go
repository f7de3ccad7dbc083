// Package postgres keeps the facts of Cabañas: the catalogue, guests, reservations, money, conversations, messages and webhooks.
//
// Every change of a reservation is one conditional statement. Triggers of the schema (package migrations) take the lock of the
// accommodation, refuse what must not happen and write the booking_events row of the change in the same transaction, so no
// method here can forget it. What the schema refuses comes back as a [booking.Error]; see errors.go.
//
// Instants are passed in (now): the store has no clock, so tests and replays decide what time it is.
package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Store is a pool of connections with the operations of the product. It is safe for concurrent use.
type Store struct {
	pool *pgxpool.Pool
}

// Open connects to the database at url with at most poolSize connections and checks that it answers. The schema is not
// checked here: see migrations.Check.
func Open(ctx context.Context, url string, poolSize int) (*Store, error) { return nil, errPending }

// Close gives every connection back; calls under way are waited for.
func (s *Store) Close() { s.pool.Close() }

// Ping asks the database for an answer; a failure has code [booking.CodeUnavailable].
func (s *Store) Ping(ctx context.Context) error { return errPending }
