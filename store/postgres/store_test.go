package postgres_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/migrations"
	"cabanas/store/postgres"
)

// now is when tests happen; the store has no clock.
var now = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

// bench is a database of a test's own with a store on it.
type bench struct {
	*postgres.Store
	t   testing.TB
	url string
	sql *pgxpool.Pool
	// cabin is an accommodation that is offered, guest a person.
	cabin int64
	guest int64
}

var people atomic.Int64

func setup(t testing.TB) *bench {
	t.Helper()
	url := embeddedtest.Database(t, migrations.Up)
	store, err := postgres.Open(t.Context(), url, 10)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	b := &bench{Store: store, t: t, url: url, sql: pool}
	b.cabin = b.newCabin()
	b.guest = b.newGuest()
	return b
}

func (b *bench) newCabin() int64 {
	b.t.Helper()
	id, err := b.CreateAccommodation(b.t.Context(), booking.Accommodation{
		Name: "Cabaña", Type: booking.Cabin, Capacity: 4, Active: true,
		Rate: booking.Rate{Base: booking.Pesos(50_000), WeekendPercent: 120, MinNights: 1},
	})
	require.NoError(b.t, err)
	return id
}

func (b *bench) newGuest() int64 {
	b.t.Helper()
	id, err := b.UpsertGuest(b.t.Context(), postgres.Guest{Phone: fmt.Sprintf("5411%08d", people.Add(1)), Name: "Ana"})
	require.NoError(b.t, err)
	return id
}

func stay(from string, nights int) booking.Stay {
	first := booking.MustDate(from)
	return booking.Stay{CheckIn: first, CheckOut: first.AddDays(nights)}
}

var codes atomic.Uint32

// newCode counts: thousands of random codes of one day would meet each other.
func newCode() string {
	n := codes.Add(1)
	return booking.NewCode(now, [3]byte{byte(n >> 16), byte(n >> 8), byte(n)})
}

// wish is a hold of the bench's cabin for an hour at 100,000 pesos, 30,000 down.
func (b *bench) wish(s booking.Stay) postgres.NewHold {
	return postgres.NewHold{
		Code: newCode(), AccommodationID: b.cabin, GuestID: b.guest, Stay: s, Guests: 2, Channel: booking.ChannelDirect,
		TokenHash: []byte("hash"), ExpiresAt: now.Add(time.Hour),
		Quote: booking.Quote{
			Lines: []booking.Line{{Kind: booking.LineNight, Night: s.CheckIn, Amount: booking.Pesos(100_000), Reason: "base price"}},
			Total: booking.Pesos(100_000), Deposit: booking.Pesos(30_000), RateVersion: 1,
		},
	}
}

func (b *bench) hold(s booking.Stay) postgres.Reservation {
	b.t.Helper()
	r, err := b.PlaceHold(b.t.Context(), b.wish(s), now)
	require.NoError(b.t, err)
	return r
}

// exec changes the database behind the store's back.
func (b *bench) exec(statement string, args ...any) {
	b.t.Helper()
	_, err := b.sql.Exec(b.t.Context(), statement, args...)
	require.NoError(b.t, err)
}

// forge is exec with every trigger and foreign key asleep: what no statement of ours could do.
func (b *bench) forge(statement string, args ...any) {
	b.t.Helper()
	require.NoError(b.t, pgx.BeginFunc(b.t.Context(), b.sql, func(tx pgx.Tx) error {
		if _, err := tx.Exec(b.t.Context(), `SET LOCAL session_replication_role = replica`); err != nil {
			return err
		}
		_, err := tx.Exec(b.t.Context(), statement, args...)
		return err
	}))
}

func ask[T any](b *bench, query string, args ...any) T {
	b.t.Helper()
	var answer T
	require.NoError(b.t, b.sql.QueryRow(b.t.Context(), query, args...).Scan(&answer))
	return answer
}

// clean requires that the audit finds nothing, well after everything that has its time.
func (b *bench) clean() {
	b.t.Helper()
	violations, err := b.Audit(b.t.Context(), now)
	require.NoError(b.t, err)
	require.Empty(b.t, violations)
}

func (b *bench) story(code string) string {
	b.t.Helper()
	events, err := b.Events(b.t.Context(), code)
	require.NoError(b.t, err)
	kinds := make([]string, len(events))
	for i, event := range events {
		kinds[i] = event.Kind
	}
	return strings.Join(kinds, " ")
}

func requireCode(t testing.TB, err error, code booking.Code) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, booking.CodeOf(err), "%v", err)
}

func raw(value any) json.RawMessage {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return encoded
}
