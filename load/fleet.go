package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"cabanas/booking"
)

// fleet is a large place on offer: cabins with a year of stays behind them and a year ahead, closed nights and rate rules. In every
// five days a cabin has a stay of two to four nights, three on the average: six nights of ten are sold.
type fleet struct {
	pool   *pgxpool.Pool
	cabins []int64
	guest  int64
	today  booking.Date
}

// guestsAsked are as many as every cabin has room for.
const guestsAsked = 2

// openFleet takes what was offered until now off the offer: the number of cabins is what is measured.
func openFleet(ctx context.Context, pool *pgxpool.Pool, guest int64) (*fleet, error) {
	f := &fleet{pool: pool, guest: guest, today: booking.DateIn(time.Now(), time.UTC)}
	if _, err := pool.Exec(ctx, `UPDATE accommodations SET active = false WHERE active`); err != nil {
		return nil, fmt.Errorf("take cabins off the offer: %w", err)
	}
	_, err := pool.Exec(ctx, `
		INSERT INTO rate_rules (property_id, name, kind, dates, weekdays, priority, percent)
		SELECT p.id, r.name, r.kind, r.dates, r.weekdays, r.priority, r.percent FROM (SELECT id FROM properties ORDER BY id LIMIT 1) p, (VALUES
			('Verano', 'season', jsonb_build_array(jsonb_build_object('first_night', $1::date, 'last_night', $1::date + 75)), '{}'::integer[], 10, 140),
			('Invierno', 'season', jsonb_build_array(jsonb_build_object('first_night', $1::date + 180, 'last_night', $1::date + 210)), '{}', 20, 130),
			('Feriados', 'holidays', '[]'::jsonb, '{}', 30, 150),
			('Fines de semana largos', 'long_weekends', '[]'::jsonb, '{}', 40, 160),
			('Jueves', 'always', '[]'::jsonb, '{4}', 0, 110)) r (name, kind, dates, weekdays, priority, percent)`, f.today.Time())
	if err != nil {
		return nil, fmt.Errorf("add rate rules: %w", err)
	}
	return f, nil
}

// close ends the offer of the fleet and gives the cabins back that were there before.
func (f *fleet) close(ctx context.Context, before []int64) error {
	_, err := f.pool.Exec(ctx, `UPDATE accommodations SET active = id = ANY($1) WHERE active <> (id = ANY($1))`, before)
	if err == nil {
		_, err = f.pool.Exec(ctx, `UPDATE rate_rules SET active = false`)
	}
	if err != nil {
		return fmt.Errorf("close the fleet: %w", err)
	}
	return nil
}

// grow brings the fleet to a number of cabins. The triggers of bookings are off meanwhile: two years of bookings are put down, not made.
func (f *fleet) grow(ctx context.Context, count int) error {
	if count <= len(f.cabins) {
		return nil
	}
	err := pgx.BeginFunc(ctx, f.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			INSERT INTO accommodations (property_id, name, type, description, capacity, base_price_centavos, weekend_percent, cleaning_fee_centavos,
				amenities, photos, location, length_discounts)
			SELECT p.id, 'Cabaña ' || n, 'cabin', repeat('Con vista al lago y parrilla. ', 12), 2 + n % 5, 4000000 + 10000 * (n % 300), 120, 1500000,
				ARRAY['wifi', 'parking', 'grill', 'pool'],
				(SELECT jsonb_agg(jsonb_build_object('url', 'https://load.example/' || n || '/' || k || '.jpg', 'caption', 'Foto')) FROM generate_series(1, 6) k),
				'{"city": "Villa General Belgrano", "lat": -31.98, "lng": -64.56}', '[{"nights": 7, "percent": 10}]'
			FROM (SELECT id FROM properties ORDER BY id LIMIT 1) p, generate_series($1::integer, $2::integer) n RETURNING id`, len(f.cabins)+1, count)
		if err != nil {
			return err
		}
		added, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		for _, statement := range []string{`ALTER TABLE reservations DISABLE TRIGGER USER`, `ALTER TABLE calendar_blocks DISABLE TRIGGER USER`} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, fleetStays, added, f.guest, f.today.Time()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, fleetBlocks, added, f.today.Time()); err != nil {
			return err
		}
		f.cabins = append(f.cabins, added...)
		_, err = tx.Exec(ctx, `ALTER TABLE reservations ENABLE TRIGGER USER; ALTER TABLE calendar_blocks ENABLE TRIGGER USER`)
		return err
	})
	if err != nil {
		return fmt.Errorf("add cabins with two years of bookings: %w", err)
	}
	for _, table := range []string{"accommodations", "reservations", "calendar_blocks", "rate_rules"} {
		if _, err := f.pool.Exec(ctx, `VACUUM ANALYZE `+table); err != nil {
			return fmt.Errorf("analyse %s: %w", table, err)
		}
	}
	return nil
}

const (
	fleetStays = `
		INSERT INTO reservations (code, accommodation_id, guest_id, check_in, check_out, guests, channel_source, price, total_centavos,
			deposit_centavos, paid_centavos, currency, reservation_status, payment_status, confirmed_at, completed_at, cancellation)
		SELECT 'RES' || lpad((a.id % 1000000)::text, 6, '0') || lpad(upper(to_hex(k)), 6, '0'), a.id, $2, s.day, s.day + s.nights, 2,
			CASE WHEN k % 3 = 0 THEN 'whatsapp' ELSE 'airbnb' END, '{}', 10000000, 3000000, 10000000, 'ARS',
			CASE WHEN s.day + s.nights <= $3::date THEN 'completed' ELSE 'confirmed' END, 'paid', now(),
			CASE WHEN s.day + s.nights <= $3::date THEN now() END,
			(SELECT cancellation FROM properties ORDER BY id LIMIT 1)
		FROM unnest($1::bigint[]) a (id) CROSS JOIN generate_series(0, 145) k
		CROSS JOIN LATERAL (SELECT $3::date - 365 + (a.id % 5)::integer + 5 * k AS day, 2 + abs(hashint8(a.id * 1000 + k)) % 3 AS nights) s`
	// The fifth day is never slept in.
	fleetBlocks = `
		INSERT INTO calendar_blocks (accommodation_id, start_date, end_date, reason)
		SELECT a.id, s.day, s.day + 1, 'limpieza' FROM unnest($1::bigint[]) a (id) CROSS JOIN generate_series(0, 145, 12) k
		CROSS JOIN LATERAL (SELECT $2::date - 365 + (a.id % 5)::integer + 5 * k + 4 AS day) s`
)

// wishes are stays of guests in the coming months, of which about as many are free as are sold.
type wishes struct{ free, sold []place }

const (
	wishesAsked = 4000
	wishMonths  = 300 // Days ahead: within the horizon, and every night of it has its bookings.
)

var errNoWishes = errors.New("the fleet has nothing free or nothing sold")

func (f *fleet) wishes(ctx context.Context) (wishes, error) {
	var w wishes
	random := rand.New(rand.NewPCG(7, uint64(len(f.cabins))))
	var cabins []int64
	var from, until []time.Time
	asked := make([]place, 0, wishesAsked)
	for range wishesAsked {
		day := f.today.AddDays(1 + random.IntN(wishMonths))
		p := place{Cabin: f.cabins[random.IntN(len(f.cabins))], Stay: booking.Stay{CheckIn: day, CheckOut: day.AddDays(1 + random.IntN(4))}}
		asked = append(asked, p)
		cabins, from, until = append(cabins, p.Cabin), append(from, p.Stay.CheckIn.Time()), append(until, p.Stay.CheckOut.Time())
	}
	rows, err := f.pool.Query(ctx, `
		SELECT EXISTS (SELECT FROM reservations r WHERE r.accommodation_id = w.cabin AND r.reservation_status IN ('pre_reserved', 'confirmed')
				AND r.period && daterange(w.from_day, w.until_day))
			OR EXISTS (SELECT FROM calendar_blocks b WHERE b.accommodation_id = w.cabin AND b.active AND b.period && daterange(w.from_day, w.until_day))
		FROM unnest($1::bigint[], $2::date[], $3::date[]) WITH ORDINALITY w (cabin, from_day, until_day, n) ORDER BY n`, cabins, from, until)
	if err != nil {
		return w, fmt.Errorf("sort wishes: %w", err)
	}
	sold, err := pgx.CollectRows(rows, pgx.RowTo[bool])
	if err != nil {
		return w, fmt.Errorf("sort wishes: %w", err)
	}
	for n, taken := range sold {
		if taken {
			w.sold = append(w.sold, asked[n])
		} else {
			w.free = append(w.free, asked[n])
		}
	}
	if len(w.free) == 0 || len(w.sold) == 0 {
		return w, errNoWishes
	}
	return w, nil
}
