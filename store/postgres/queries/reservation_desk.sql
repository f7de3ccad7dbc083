-- Bookings as staff sees and changes them. The list is built in reservation_desk_list.go: its order and filters are the caller's.

-- name: MoveStay :one
-- The trigger reservations_before_write refuses nights that are sold or closed. A hold keeps its deadline.
WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', @change::text, true))
UPDATE reservations r SET accommodation_id = @accommodation_id, check_in = @check_in::date, check_out = @check_out::date, guests = @guests,
    price = @price, total_centavos = @total_centavos, deposit_centavos = @deposit_centavos, updated_at = @now::timestamptz
FROM told WHERE r.id = @id AND r.reservation_status IN ('pre_reserved', 'confirmed')
RETURNING r.id;

-- name: RestatePayment :exec
-- Another total can make a booking paid, or not paid any more.
WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', @change::text, true))
UPDATE reservations r SET payment_status = m.payment_status FROM told, reservation_money m
WHERE r.id = @id AND m.reservation_id = r.id AND r.payment_status <> m.payment_status;

-- name: LeaveConflicts :exec
-- Conflicts of a booking that has left the nights they are about.
UPDATE calendar_conflicts c SET over_at = @now::timestamptz, resolved_at = coalesce(c.resolved_at, @now::timestamptz),
    resolution = coalesce(c.resolution, 'reservation_ended')
FROM calendar_blocks b, reservations r
WHERE c.reservation_id = @id AND c.over_at IS NULL AND b.id = c.block_id AND r.id = c.reservation_id
    AND NOT (b.active AND b.accommodation_id = r.accommodation_id AND b.period && r.period);

-- name: MovedByKey :one
SELECT EXISTS (SELECT 1 FROM booking_events e WHERE e.reservation_id = @reservation_id AND e.details ->> 'key' = @key::text)::boolean AS moved;

-- name: ListInTheWay :many
-- What has a night of a stay at an accommodation: other live bookings, and nights that are closed.
SELECT 'reservation'::text AS kind, o.code::text AS code, 0::bigint AS block_id, ''::text AS source, o.check_in AS start_date, o.check_out AS end_date
FROM reservations o WHERE o.accommodation_id = @accommodation_id AND o.code <> @code AND o.reservation_status IN ('pre_reserved', 'confirmed')
    AND o.period && daterange(@check_in::date, @check_out::date, '[)')
UNION ALL
SELECT 'block', '', b.id, b.source, b.start_date, b.end_date
FROM calendar_blocks b WHERE b.accommodation_id = @accommodation_id AND b.active AND b.period && daterange(@check_in::date, @check_out::date, '[)')
ORDER BY start_date, kind, block_id LIMIT 20;

-- name: GetNotes :one
SELECT n.special_requests, n.internal_notes FROM reservation_notes n JOIN reservations r ON r.id = n.reservation_id WHERE r.code = @code;

-- name: SaveNotes :exec
INSERT INTO reservation_notes AS n (reservation_id, special_requests, internal_notes, updated_by, updated_at)
VALUES (@reservation_id, @special_requests, @internal_notes, sqlc.narg(updated_by)::bigint, @now::timestamptz)
ON CONFLICT (reservation_id) DO UPDATE SET special_requests = excluded.special_requests, internal_notes = excluded.internal_notes,
    updated_by = excluded.updated_by, updated_at = excluded.updated_at;

-- name: EditContact :exec
UPDATE guests g SET name = @name, email = @email, phone = nullif(@phone::text, ''), whatsapp_phone = CASE
        WHEN coalesce(g.phone, '') = @phone::text THEN g.whatsapp_phone ELSE '' END, updated_at = @now::timestamptz
WHERE g.id = @id;

-- name: LockGuest :one
SELECT g.id, coalesce(g.phone, '')::text AS phone, g.name, g.email FROM guests g WHERE g.id = @id AND g.merged_into IS NULL FOR UPDATE;

-- name: SetGuests :exec
WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', @change::text, true))
UPDATE reservations r SET guests = @guests, updated_at = @now::timestamptz FROM told WHERE r.id = @id;

-- name: MarkNoShow :one
WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', @change::text, true))
UPDATE reservations r SET reservation_status = 'no_show', updated_at = @now
FROM told WHERE r.code = @code AND r.reservation_status = 'confirmed' AND r.check_in <= @today::date
RETURNING sqlc.embed(r), (SELECT a.name FROM accommodations a WHERE a.id = r.accommodation_id)::text AS unit_name;

-- name: ListStory :many
-- The flight recorder of a booking in order, after an event (0: from its first).
SELECT e.id, e.kind, e.actor, e.reason, e.details, e.status_before, e.status_after, e.payment_status_after, e.expires_at_after,
    e.paid_centavos_after, e.accommodation_id_after, e.check_in_after, e.check_out_after, r.currency, e.at, e.recorded_at,
    coalesce(u.email, '')::text AS staff_email
FROM booking_events e JOIN reservations r ON r.id = e.reservation_id
LEFT JOIN users u ON jsonb_typeof(e.details -> 'staff_id') = 'number' AND u.id = (e.details ->> 'staff_id')::bigint
WHERE r.code = @code AND e.id > @after_id::bigint ORDER BY e.id LIMIT @most;

-- name: ListDeskPayments :many
SELECT p.provider, p.provider_id, p.status, p.status_detail, p.verdict, p.disposition, p.counted, p.amount_centavos, p.refunded_centavos,
    p.surplus_centavos, p.currency, p.first_received_at, coalesce(m.note, '')::text AS note, coalesce(u.email, '')::text AS recorded_by
FROM payments p LEFT JOIN recorded_payments m ON m.payment_id = p.id LEFT JOIN users u ON u.id = m.user_id
WHERE p.reservation_id = @reservation_id::bigint ORDER BY p.id LIMIT 200;

-- name: ListDeskRefunds :many
SELECT sqlc.embed(f), p.provider_id
FROM refunds f JOIN payments p ON p.id = f.payment_id WHERE p.reservation_id = @reservation_id::bigint ORDER BY f.id LIMIT 200;

-- name: ListDeskLinks :many
SELECT l.kind, l.attempt, l.provider_id, l.url, l.amount_centavos, l.currency, l.expires_at, l.closed_at, l.created_at
FROM payment_links l WHERE l.reservation_id = @reservation_id::bigint ORDER BY l.id LIMIT 200;

-- name: ListDeskReceipts :many
SELECT q.content FROM receipts q WHERE q.reservation_id = @reservation_id::bigint ORDER BY q.number LIMIT 200;

-- name: ListDeskMessages :many
-- What was sent about a booking by itself, without its words.
SELECT m.id, n.key, n.to_owner, m.kind, m.status, m.error, m.attempts, coalesce(m.sent_at, m.created_at)::timestamptz AS at, m.trace_id
FROM notifications n JOIN messages m ON m.id = n.message_id
WHERE n.key LIKE @code::text || '/%' ORDER BY m.id LIMIT 200;

-- name: ListDeskWebhooks :many
-- Deliveries that spoke of a booking or of one of its payments, without their bodies.
SELECT w.id, w.provider, coalesce(w.meta ->> 'payment_id', '')::text AS payment_id, coalesce(w.meta ->> 'signed', '')::text AS signed,
    w.received_at, w.dispatched_at, w.attempts, w.last_error, w.trace_id
FROM webhook_inbox w
WHERE w.id IN (SELECT a.id FROM webhook_inbox a WHERE a.meta ? 'ref' AND a.meta ->> 'ref' = @code::text
    UNION SELECT b.id FROM payments p JOIN webhook_inbox b ON b.meta ? 'payment_id' AND b.meta ->> 'payment_id' = p.provider_id
    WHERE p.reservation_id = @reservation_id::bigint)
ORDER BY w.id LIMIT 200;

-- name: ListDeskConflicts :many
SELECT c.id, c.block_id, b.start_date, b.end_date, b.source, c.opened_at FROM calendar_conflicts c JOIN calendar_blocks b ON b.id = c.block_id
WHERE c.reservation_id = @reservation_id AND c.resolved_at IS NULL ORDER BY c.id LIMIT 50;
