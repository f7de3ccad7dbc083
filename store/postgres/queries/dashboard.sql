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
-- median of the seconds from the first thing each wrote to the first thing said after it.
WITH wrote AS (
    SELECT m.guest_id, min(m.sent_at) AS first_at FROM messages m
    WHERE m.direction = 'in' AND m.sent_at >= @since::timestamptz AND m.sent_at < @until::timestamptz GROUP BY m.guest_id
)
SELECT count(*) AS conversations,
    count(*) FILTER (WHERE EXISTS (SELECT 1 FROM messages q WHERE q.guest_id = w.guest_id AND q.direction = 'out'
        AND q.created_at >= @since::timestamptz AND q.created_at < @until::timestamptz
        AND jsonb_path_exists(q.body, '$.choices[*].id ? (@ like_regex "^(acc|hold)_[0-9]+_[0-9]{4}-")'))) AS quoted,
    count(*) FILTER (WHERE EXISTS (SELECT 1 FROM reservations r WHERE r.guest_id = w.guest_id
        AND r.created_at >= @since::timestamptz AND r.created_at < @until::timestamptz)) AS held,
    count(*) FILTER (WHERE EXISTS (SELECT 1 FROM reservations r WHERE r.guest_id = w.guest_id AND r.confirmed_at IS NOT NULL
        AND r.created_at >= @since::timestamptz AND r.created_at < @until::timestamptz)) AS paid,
    count(reply.sent_at) AS answered,
    coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM reply.sent_at - w.first_at)), 0)::float8 AS median_reply_seconds
FROM wrote w LEFT JOIN LATERAL (
    SELECT o.sent_at FROM messages o WHERE o.guest_id = w.guest_id AND o.direction = 'out' AND o.sent_at >= w.first_at
    ORDER BY o.sent_at LIMIT 1) reply ON true;
