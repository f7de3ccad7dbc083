-- name: ListStanding :many
-- What waits and what lives now, in one statement: each row is a thing, its label, how many there are, since when the oldest waits, and
-- how much money it is. Every part reads an index of what is open, never a table that only grows.
SELECT 'inbox'::text AS thing, w.provider AS label, count(*)::bigint AS number, min(w.received_at)::timestamptz AS since, 0::bigint AS centavos
FROM webhook_inbox w WHERE w.dispatched_at IS NULL GROUP BY w.provider
UNION ALL
SELECT 'unanswered', CASE WHEN m.kind = 'audio' THEN 'audio' ELSE 'text' END, count(*), min(m.created_at), 0
FROM messages m WHERE m.direction = 'in' AND m.status = 'received' GROUP BY 2
UNION ALL
SELECT 'message', CASE WHEN m.error = sqlc.arg(account_error)::text THEN 'account' ELSE 'waiting' END, count(*), min(m.created_at), 0
FROM messages m WHERE m.direction = 'out' AND m.status IN ('queued', 'sending') GROUP BY 2
UNION ALL
SELECT 'message_failed', CASE WHEN m.error = sqlc.arg(template_error)::text THEN 'template' ELSE 'other' END, count(*), min(m.created_at), 0
FROM messages m WHERE m.direction = 'out' AND m.status = 'failed' AND m.created_at > sqlc.arg(now)::timestamptz - interval '1 day' GROUP BY 2
UNION ALL
SELECT 'mail', '', count(*), min(m.created_at), 0 FROM mails m WHERE m.status = 'queued' HAVING count(*) > 0
UNION ALL
SELECT 'refund', f.status, count(*), min(f.created_at), sum(f.amount_centavos)::bigint
FROM refunds f JOIN payments p ON p.id = f.payment_id
WHERE f.status IN ('planned', 'awaiting_approval', 'by_hand', 'in_process')
    OR f.status = 'failed' AND f.decision <> 'refused' AND p.disposition NOT IN ('parked', 'to_refund', 'refunded', 'reversed')
GROUP BY f.status
UNION ALL
SELECT 'payment', p.disposition, count(*), min(p.first_received_at), sum(greatest(p.amount_centavos - p.refunded_centavos, 0))::bigint
FROM payments p WHERE p.disposition IN ('parked', 'offered', 'to_refund') GROUP BY p.disposition
UNION ALL
SELECT 'dispute', '', count(*), min(d.opened_at), sum(d.amount_centavos)::bigint FROM disputes d WHERE d.outcome = 'open' HAVING count(*) > 0
UNION ALL
SELECT 'conflict', '', count(*), min(c.opened_at), 0 FROM calendar_conflicts c WHERE c.resolved_at IS NULL HAVING count(*) > 0
UNION ALL
SELECT 'reservation', r.reservation_status, count(*), min(r.created_at), sum(r.total_centavos)::bigint
FROM reservations r WHERE r.reservation_status IN ('pre_reserved', 'confirmed') GROUP BY r.reservation_status
UNION ALL
SELECT 'paid', r.reservation_status, count(*), min(r.created_at), sum(r.paid_centavos)::bigint
FROM reservations r WHERE r.reservation_status IN ('pre_reserved', 'confirmed') GROUP BY r.reservation_status
UNION ALL
SELECT 'overdue', '', count(*), min(r.expires_at), 0
FROM reservations r WHERE r.reservation_status = 'pre_reserved' AND r.expires_at < sqlc.arg(now)::timestamptz HAVING count(*) > 0
UNION ALL
SELECT 'day_differing', '', sum(d.differing)::bigint, min(d.differing_since), 0
FROM payment_days d WHERE d.day >= sqlc.arg(today)::date - 1 HAVING sum(d.differing) > 0
UNION ALL
SELECT 'sweep', '', 1, s.at, 0 FROM (SELECT at FROM payment_sweeps ORDER BY id DESC LIMIT 1) s
UNION ALL
SELECT 'unit', '', count(*), sqlc.arg(now)::timestamptz, 0 FROM accommodations a WHERE a.active;

-- name: ListOccupancy :many
-- Nights from today on that are sold here, or closed by other channels and by hand; two blocks of one night are one.
SELECT d.days::integer AS days, 'booking'::text AS taken_by,
    coalesce(sum(least(r.check_out, sqlc.arg(today)::date + d.days) - greatest(r.check_in, sqlc.arg(today)::date)), 0)::bigint AS nights
FROM (VALUES (7), (30), (90)) d (days)
LEFT JOIN reservations r ON r.reservation_status IN ('pre_reserved', 'confirmed') AND r.period && daterange(sqlc.arg(today)::date, sqlc.arg(today)::date + d.days)
GROUP BY d.days
UNION ALL
SELECT d.days, 'block', coalesce(sum((SELECT sum(upper(x) - lower(x)) FROM unnest(b.closed) AS x)), 0)::bigint
FROM (VALUES (7), (30), (90)) d (days)
LEFT JOIN LATERAL (
    SELECT c.accommodation_id, range_agg(c.period * daterange(sqlc.arg(today)::date, sqlc.arg(today)::date + d.days)) AS closed
    FROM calendar_blocks c WHERE c.active AND c.period && daterange(sqlc.arg(today)::date, sqlc.arg(today)::date + d.days) GROUP BY c.accommodation_id) b ON true
GROUP BY d.days;
