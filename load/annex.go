package load

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"cabanas/booking"
	"cabanas/migrations"
	"cabanas/store/postgres"
	"cabanas/store/redis"
)

// annex is a second database on the same server, for jobs that are done in this process: nothing of the running program looks into it,
// so whatever is written there is ours.
type annex struct {
	store *postgres.Store
	pool  *pgxpool.Pool
	redis *redis.Client
	guest int64
	codes uint32
}

const annexConnections = 12

// openAnnex makes the database with the program's schema; it is dropped when the system closes.
func (s *System) openAnnex(ctx context.Context) (*annex, error) {
	name := s.Pool.Config().ConnConfig.Database + "_annex"
	if _, err := s.Pool.Exec(ctx, `CREATE DATABASE `+pgx.Identifier{name}.Sanitize()); err != nil {
		return nil, fmt.Errorf("make a second database: %w", err)
	}
	s.closers = append(s.closers, func() error {
		_, err := s.Pool.Exec(context.WithoutCancel(ctx), `DROP DATABASE `+pgx.Identifier{name}.Sanitize()+` WITH (FORCE)`)
		return err
	})
	address, err := inDatabase(s.Pool.Config().ConnString(), name)
	if err != nil {
		return nil, err
	}
	if err := migrations.Up(ctx, address); err != nil {
		return nil, err
	}
	a := &annex{}
	if a.store, err = postgres.Open(ctx, address, annexConnections); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() error { a.store.Close(); return nil })
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("address of the second database: %w", err)
	}
	config.MaxConns = annexConnections
	if a.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, fmt.Errorf("connect to the second database: %w", err)
	}
	s.closers = append(s.closers, func() error { a.pool.Close(); return nil })
	if a.redis, err = redis.Open(s.running.Info().RedisURL); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, a.redis.Close)
	guests, err := addGuests(ctx, a.pool, []string{phoneOf(bookingGuests, 0)})
	if err != nil {
		return nil, err
	}
	a.guest = guests[0]
	return a, nil
}

var errAddress = errors.New("the address of Postgres is no postgres:// URL")

// inDatabase is the address of another database of the same server.
func inDatabase(address, name string) (string, error) {
	parsed, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(parsed.Scheme, "postgres") {
		return "", errAddress
	}
	parsed.Path = "/" + name
	return parsed.String(), nil
}

// addCabins adds cabins that are not offered.
func (a *annex) addCabins(ctx context.Context, count int) ([]int64, error) {
	rows, err := a.pool.Query(ctx, `
		INSERT INTO accommodations (property_id, name, type, capacity, base_price_centavos, active)
		SELECT p.id, 'Cabaña ' || n, 'cabin', 6, 5000000, false FROM (SELECT id FROM properties ORDER BY id LIMIT 1) p, generate_series(1, $1) n
		RETURNING id`, count)
	if err != nil {
		return nil, fmt.Errorf("add cabins: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("add cabins: %w", err)
	}
	return ids, nil
}

// addStays puts bookings of one cabin down, one after the other from a day on, and returns their codes.
func (a *annex) addStays(ctx context.Context, cabin int64, status booking.Status, from booking.Date, nights, count int) ([]string, error) {
	codes := make([]string, count)
	for n := range codes {
		a.codes++
		codes[n] = booking.NewCode(time.Now(), [3]byte{byte(a.codes >> 16), byte(a.codes >> 8), byte(a.codes)})
	}
	_, err := a.pool.Exec(ctx, `
		INSERT INTO reservations (code, accommodation_id, guest_id, check_in, check_out, guests, channel_source, price, total_centavos,
			deposit_centavos, currency, reservation_status, expires_at, confirmed_at)
		SELECT c.code, $1, $2, $3::date + ($4 * (c.n - 1))::integer, $3::date + ($4 * c.n)::integer, 2, 'direct', '{}', 10000000, $5, 'ARS', $6,
			now() + interval '96 hours', CASE WHEN $6 = 'confirmed' THEN now() END
		FROM unnest($7::text[]) WITH ORDINALITY c (code, n)`,
		cabin, a.guest, from.Time(), int64(nights), int64(floorDeposit), string(status), codes)
	if err != nil {
		return nil, fmt.Errorf("add bookings: %w", err)
	}
	return codes, nil
}

// fingerprint changes whenever a row of the schema is written, locked or deleted, and with nothing else.
func (a *annex) fingerprint(ctx context.Context) (string, error) {
	rows, err := a.pool.Query(ctx, `SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)
	if err != nil {
		return "", fmt.Errorf("list tables: %w", err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return "", fmt.Errorf("list tables: %w", err)
	}
	var all strings.Builder
	for _, table := range tables {
		var mark string
		err := a.pool.QueryRow(ctx, `SELECT count(*) || '/' || coalesce(sum(hashtext(ctid::text || '/' || xmin::text || '/' || xmax::text)::bigint), 0)
			FROM `+table).Scan(&mark)
		if err != nil {
			return "", fmt.Errorf("look at %s: %w", table, err)
		}
		fmt.Fprintf(&all, "%s %s\n", table, mark)
	}
	return all.String(), nil
}
