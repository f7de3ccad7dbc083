package load

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"cabanas/booking"
)

const (
	stayNights = 2
	// StaysPerCabin is how many bookings of two nights a cabin has room for within the horizon of 18 months.
	StaysPerCabin = 250
	firstNight    = 14 // Days from today.
	cabinGuests   = 4
)

// place is a stay in one cabin.
type place struct {
	Cabin int64
	Stay  booking.Stay
}

// nights hands out free stays of a catalogue of cabins, each once until the calendar is cleared.
type nights struct {
	pool   *pgxpool.Pool
	redis  *redis.Client
	cabins []int64
	first  booking.Date
	taken  atomic.Int64
	codes  atomic.Uint32
}

// offerCabins adds cabins to the catalogue of an installation that has none.
func offerCabins(ctx context.Context, pool *pgxpool.Pool, redis *redis.Client, count int) (*nights, error) {
	rows, err := pool.Query(ctx, `
		INSERT INTO accommodations (property_id, name, type, capacity, base_price_centavos, cleaning_fee_centavos)
		SELECT p.id, 'Cabaña ' || n, 'cabin', 6, 5000000, 1500000
		FROM (SELECT id FROM properties ORDER BY id LIMIT 1) p, generate_series(1, $1) n RETURNING id`, count)
	if err != nil {
		return nil, fmt.Errorf("add cabins: %w", err)
	}
	cabins, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("add cabins: %w", err)
	}
	return &nights{pool: pool, redis: redis, cabins: cabins, first: booking.DateIn(time.Now(), time.UTC).AddDays(firstNight)}, nil
}

var errNoNights = errors.New("the calendar is full: more cabins or a shorter time")

// next returns a stay that nobody was given since the calendar was cleared. Neighbours in time are in different cabins, as they are
// where guests want the same season.
func (n *nights) next() (place, error) { return n.at(n.take()) }

// take returns 0, 1, 2 and so on since the calendar was cleared.
func (n *nights) take() int { return int(n.taken.Add(1) - 1) }

func (n *nights) at(turn int) (place, error) {
	if turn >= len(n.cabins)*StaysPerCabin {
		return place{}, errNoNights
	}
	checkIn := n.first.AddDays(turn / len(n.cabins) * stayNights)
	return place{
		Cabin: n.cabins[turn%len(n.cabins)],
		Stay:  booking.Stay{CheckIn: checkIn, CheckOut: checkIn.AddDays(stayNights)},
	}, nil
}

// code returns a reservation code that was not used before; random ones would meet each other after a few thousand.
func (n *nights) code() string {
	serial := n.codes.Add(1)
	return booking.NewCode(time.Now(), [3]byte{byte(serial >> 16), byte(serial >> 8), byte(serial)})
}

// clear makes every night free again, in the database and in Redis. The workflows of the bookings wait on, as those of any number of
// bookings do: for days that do not come.
func (n *nights) clear(ctx context.Context) error {
	_, err := n.pool.Exec(ctx, `UPDATE reservations SET reservation_status = 'cancelled', cancelled_at = now(), updated_at = now()
		WHERE reservation_status IN ('pre_reserved', 'confirmed')`)
	if err != nil {
		return fmt.Errorf("clear the calendar: %w", err)
	}
	if err := n.redis.FlushDB(ctx).Err(); err != nil {
		return fmt.Errorf("clear the night locks: %w", err)
	}
	n.taken.Store(0)
	return nil
}

// insertHold is the bare insert of a hold: what the exclusion constraint costs and nothing else.
func (n *nights) insertHold(ctx context.Context, at place, guestID int64) error {
	return n.insertHoldAs(ctx, n.code(), at, guestID)
}

func (n *nights) insertHoldAs(ctx context.Context, code string, at place, guestID int64) error {
	_, err := n.pool.Exec(ctx, `
		INSERT INTO reservations (code, accommodation_id, guest_id, check_in, check_out, guests, channel_source, price, total_centavos,
			deposit_centavos, currency, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, 'direct', '{}', 10000000, 3000000, 'ARS', now() + interval '1 hour')`,
		code, at.Cabin, guestID, at.Stay.CheckIn.Time(), at.Stay.CheckOut.Time(), cabinGuests)
	return err
}

// addGuests adds people with an open conversation window, as those have who wrote today.
func addGuests(ctx context.Context, pool *pgxpool.Pool, phones []string) ([]int64, error) {
	rows, err := pool.Query(ctx, `
		WITH added AS (
			INSERT INTO guests (phone, whatsapp_phone, name)
			SELECT '54' || substr(phone, 4), phone, 'Carga' FROM unnest($1::text[]) phone RETURNING id
		)
		INSERT INTO conversations (guest_id, window_open_until) SELECT id, now() + interval '24 hours' FROM added RETURNING guest_id`, phones)
	if err != nil {
		return nil, fmt.Errorf("add guests: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("add guests: %w", err)
	}
	return ids, nil
}

// phoneOf is the nth made-up mobile, as WhatsApp writes it.
func phoneOf(series, n int) string { return fmt.Sprintf("549351%d%06d", series, n) }
