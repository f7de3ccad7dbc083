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
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// Store is a pool of connections with the operations of the product. It is safe for concurrent use. No method calls back into
// the caller while it holds a connection, so a pool of one is enough for any number of callers.
type Store struct {
	pool    *pgxpool.Pool
	queries *dbgen.Queries
}

// connectTime bounds each try to connect, unless the address says connect_timeout.
const connectTime = 10 * time.Second

// Open connects to the database at url with at most poolSize connections and checks that it answers. The schema is not
// checked here: see migrations.Check. Who measures statements adjusts the pool.
func Open(ctx context.Context, url string, poolSize int, adjust ...func(*pgxpool.Config)) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	config.MaxConns = int32(poolSize)
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTime // the system's own is minutes
	}
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		// The machine's zone means nothing here: instants come back in UTC everywhere.
		conn.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
		return nil
	}
	for _, change := range adjust {
		change(config)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	store := &Store{pool: pool, queries: dbgen.New()}
	if err := store.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open store: %w", err)
	}
	return store, nil
}

// Close gives every connection back; calls under way are waited for.
func (s *Store) Close() { s.pool.Close() }

// Ping asks the database for an answer; a failure has code [booking.CodeUnavailable].
func (s *Store) Ping(ctx context.Context) error { return explain("ping", s.pool.Ping(ctx)) }

// transact runs work in one transaction.
func (s *Store) transact(ctx context.Context, operation string, work func(pgx.Tx) error) error {
	return explain(operation, pgx.BeginFunc(ctx, s.pool, work))
}

// change tells the triggers of a reservation who changed it, why and on what numbers; never a person's data.
type change struct {
	By      booking.Actor  `json:"by"`
	Reason  string         `json:"reason,omitempty"`
	At      time.Time      `json:"at"`
	Details map[string]any `json:"details,omitempty"`
}

func (c change) text() string { return string(mustJSON(c)) }

// mustJSON encodes plain values of our own, which cannot fail.
func mustJSON(value any) json.RawMessage {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", value, err))
	}
	return encoded
}

func money(centavos int64, currency string) booking.Money {
	return booking.Money{Centavos: centavos, Currency: currency}
}

func dateOf(t time.Time) booking.Date { return booking.DateIn(t, time.UTC) }

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// orNull is SQL NULL for JSON that is not there; JSON null is not the same to a column.
func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	return raw
}
