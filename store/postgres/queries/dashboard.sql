-- name: DashboardStays :many
-- Bookings that have or had nights of one of two ranges, and holds that have.
SELECT r.accommodation_id, r.check_in, r.check_out, r.channel_source, r.reservation_status, r.total_centavos, r.paid_centavos, r.currency,
    r.created_at, r.confirmed_at, r.cancelled_at
FROM reservations r
WHERE (r.check_out > @since::date AND r.check_in < @until::date OR r.check_out > @earlier_since::date AND r.check_in < @earlier_until::date)
    AND (r.reservation_status <> 'expired') AND (r.reservation_status <> 'cancelled' OR r.confirmed_at IS NOT NULL)
    AND (@accommodation_id::bigint = 0 OR r.accommodation_id = @accommodation_id)
ORDER BY r.id;

-- name: DashboardClosures :many
SELECT b.accommodation_id, b.start_date, b.end_date, b.source, coalesce(f.channel, '')::text AS channel, coalesce(e.kind, '')::text AS kind
FROM calendar_blocks b LEFT JOIN calendar_feed_events e ON e.id = b.feed_event_id LEFT JOIN calendar_feeds f ON f.id = e.feed_id
WHERE b.active AND b.start_date < @until::date AND b.end_date > @since::date
    AND (@accommodation_id::bigint = 0 OR b.accommodation_id = @accommodation_id)
ORDER BY b.id;

-- name: DashboardUnits :many
SELECT id, name, active FROM accommodations WHERE @accommodation_id::bigint = 0 OR id = @accommodation_id ORDER BY id;

-- name: DashboardCounts :one
-- paid_centavos is what the ledger kept; `cabanas audit` compares the two.
SELECT count(*) FILTER (WHERE r.expires_at IS NOT NULL AND r.created_at >= @since::timestamptz AND r.created_at < @until::timestamptz) AS holds,
    count(*) FILTER (WHERE r.reservation_status = 'pre_reserved' AND r.created_at >= @since::timestamptz AND r.created_at < @until::timestamptz) AS holds_open,
    count(*) FILTER (WHERE r.reservation_status = 'expired' AND r.created_at >= @since::timestamptz AND r.created_at < @until::timestamptz) AS holds_expired,
    count(*) FILTER (WHERE r.created_at >= @day_ago::timestamptz) AS new_lately,
    count(*) FILTER (WHERE r.confirmed_at >= @day_ago::timestamptz) AS confirmed_lately,
    count(*) FILTER (WHERE r.cancelled_at >= @day_ago::timestamptz) AS cancelled_lately,
    count(*) FILTER (WHERE r.reservation_status = 'pre_reserved' AND r.paid_centavos < r.deposit_centavos) AS deposits_waiting,
    coalesce(sum(r.deposit_centavos - r.paid_centavos) FILTER (WHERE r.reservation_status = 'pre_reserved' AND r.paid_centavos < r.deposit_centavos
        AND r.currency = @currency::text), 0)::bigint AS deposits_waiting_centavos,
    count(*) FILTER (WHERE r.reservation_status = 'confirmed' AND r.paid_centavos < r.total_centavos) AS balances_due,
    coalesce(sum(r.total_centavos - r.paid_centavos) FILTER (WHERE r.reservation_status = 'confirmed' AND r.paid_centavos < r.total_centavos
        AND r.currency = @currency::text), 0)::bigint AS balances_due_centavos
FROM reservations r WHERE @accommodation_id::bigint = 0 OR r.accommodation_id = @accommodation_id;

-- name: DashboardToday :many
-- Open holds, and bookings that arrive, are here or leave on a day.
SELECT r.code, r.accommodation_id, a.name AS unit_name, r.check_in, r.check_out, r.guests, r.reservation_status, r.expires_at,
    r.total_centavos, r.deposit_centavos, r.paid_centavos, r.currency
FROM reservations r JOIN accommodations a ON a.id = r.accommodation_id
WHERE (r.reservation_status = 'pre_reserved' OR r.reservation_status IN ('confirmed', 'completed') AND r.check_in <= @today::date AND r.check_out >= @today::date)
    AND (@accommodation_id::bigint = 0 OR r.accommodation_id = @accommodation_id)
ORDER BY r.expires_at, r.accommodation_id, r.id;

-- name: DashboardCodesOf :many
SELECT code FROM reservations WHERE accommodation_id = @accommodation_id AND code = ANY(@codes::text[]);

-- name: DashboardFunnel :one
-- Of the guests who wrote between two instants: who was shown a priced stay to choose, placed a hold and confirmed one then; and the
-- median of the seconds from the first thing each wrote to the first thing said after it, a day later at most.
WITH said AS MATERIALIZED (
    SELECT m.guest_id, m.direction, m.sent_at, m.direction = 'out' AND m.sent_at < sqlc.arg(until)::timestamptz
        AND jsonb_path_exists(m.body, '$.choices[*].id ? (@ like_regex "^(acc|hold)_[0-9]+_[0-9]{4}-")') AS quotes
    FROM messages m WHERE m.guest_id IS NOT NULL AND m.sent_at >= sqlc.arg(since)::timestamptz AND m.sent_at < sqlc.arg(until)::timestamptz + interval '1 day'
), wrote AS (
    SELECT s.guest_id, min(s.sent_at) AS first_at FROM said s WHERE s.direction = 'in' AND s.sent_at < sqlc.arg(until)::timestamptz GROUP BY s.guest_id
), replied AS (
    SELECT w.guest_id, min(s.sent_at) - w.first_at AS took FROM wrote w
    JOIN said s ON s.guest_id = w.guest_id AND s.direction = 'out' AND s.sent_at >= w.first_at GROUP BY w.guest_id, w.first_at
), quoted AS (
    SELECT DISTINCT s.guest_id FROM said s WHERE s.quotes
), made AS (
    SELECT r.guest_id, bool_or(r.confirmed_at IS NOT NULL) AS paid FROM reservations r
    WHERE r.created_at >= sqlc.arg(since)::timestamptz AND r.created_at < sqlc.arg(until)::timestamptz GROUP BY r.guest_id
)
SELECT count(*) AS conversations, count(quoted.guest_id) AS quoted, count(made.guest_id) AS held, count(*) FILTER (WHERE made.paid) AS paid,
    count(replied.guest_id) AS answered,
    coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM replied.took)), 0)::float8 AS median_reply_seconds
FROM wrote LEFT JOIN replied USING (guest_id) LEFT JOIN quoted USING (guest_id) LEFT JOIN made USING (guest_id);
