-- Each query lists what breaks one invariant: codes and ids, nothing personal.

-- name: PrepareAudit :exec
-- Compiling these queries to machine code takes seconds, running them does not.
SELECT set_config('jit', 'off', true);

-- name: AuditOverlaps :many
SELECT (a.code || ' ' || b.code)::text AS row
FROM reservations a JOIN reservations b ON b.accommodation_id = a.accommodation_id AND b.period && a.period AND b.id > a.id
WHERE is_live(a.reservation_status) AND is_live(b.reservation_status) ORDER BY a.id, b.id LIMIT 100;

-- name: AuditBlocks :many
-- A named choice of the owner answers a conflict for as long as the two share a night.
SELECT (r.code || ' block ' || b.id)::text AS row
FROM reservations r JOIN calendar_blocks b ON b.accommodation_id = r.accommodation_id AND b.period && r.period AND b.active
WHERE is_live(r.reservation_status) AND NOT EXISTS (
    SELECT 1 FROM calendar_conflicts c WHERE c.block_id = b.id AND c.reservation_id = r.id AND c.over_at IS NULL
        AND (c.resolved_at IS NULL OR c.resolution IN ('keep_ours', 'cancel_ours', 'same_booking')))
ORDER BY r.id, b.id LIMIT 100;

-- name: AuditPayments :many
-- Approved money that was not returned is counted for a booking that stands (or was cancelled by its rules), or the owner was
-- told of it: by a notice about the payment, about the refund of its booking, or about the cancellation that returns it. What
-- could not be read may be such money.
SELECT ('payment ' || p.provider_id || ' ' || p.disposition || coalesce(' ' || r.code, ''))::text AS row
FROM payments p LEFT JOIN reservations r ON r.id = p.reservation_id
WHERE (p.status = 'approved' AND p.refunded_centavos < p.amount_centavos OR p.status = 'unknown' AND p.disposition = 'parked') AND NOT coalesce(
    (p.disposition = 'applied' AND p.counted AND (r.reservation_status IN ('confirmed', 'completed', 'no_show', 'cancelled')
        OR (r.reservation_status = 'pre_reserved' AND r.expires_at > sqlc.arg(now)::timestamptz - interval '5 seconds')))
    OR (p.disposition = 'offered' AND EXISTS (SELECT 1 FROM alternatives a WHERE a.payment_id = p.id AND a.status = 'open'))
    OR (p.disposition IN ('to_refund', 'parked') AND (
        greatest(p.last_received_at, r.updated_at) > sqlc.arg(now)::timestamptz - interval '1 minute'
        OR EXISTS (SELECT 1 FROM notifications n WHERE n.to_owner AND (
            p.provider_id = ANY(string_to_array(n.key, '/'))
            OR starts_with(n.key, r.code || '/owner_payment_case/refund/')
            OR (r.reservation_status = 'cancelled' AND starts_with(n.key, r.code || '/owner_cancelled')))))), false)
ORDER BY p.id LIMIT 100;

-- name: AuditRefunds :many
-- Whoever sends a refund notes each try, a minute apart at most. One that was refused is the owner's case.
SELECT ('refund ' || f.key || ' ' || f.status || coalesce(' ' || r.code, ''))::text AS row
FROM refunds f JOIN payments p ON p.id = f.payment_id LEFT JOIN reservations r ON r.id = p.reservation_id
WHERE (f.status = 'planned' AND greatest(f.tried_at, f.updated_at) < sqlc.arg(now)::timestamptz - interval '1 hour')
    OR (f.status = 'in_process' AND f.updated_at < sqlc.arg(now)::timestamptz - interval '10 days')
    OR (f.status = 'awaiting_approval' AND f.updated_at < sqlc.arg(now)::timestamptz - interval '4 days')
    OR (f.status = 'failed' AND f.decision <> 'refused' AND f.updated_at < sqlc.arg(now)::timestamptz - interval '1 hour'
        AND p.refunded_centavos < p.amount_centavos
        AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.to_owner AND (
            n.key LIKE '%/owner_payment_case/' || p.provider_id || '/park%' OR starts_with(n.key, r.code || '/owner_payment_case/refund/'))))
ORDER BY f.id LIMIT 100;

-- name: AuditConfirmations :many
-- What was counted once stays an explanation when it is returned later: the return is a number and an event of its own.
SELECT r.code::text AS row FROM reservations r
WHERE r.reservation_status IN ('confirmed', 'completed', 'no_show')
    AND (SELECT coalesce(sum(p.amount_centavos), 0) FROM payments p WHERE p.reservation_id = r.id AND p.counted) < greatest(r.deposit_centavos, 1)
    AND NOT EXISTS (SELECT 1 FROM booking_events e WHERE e.reservation_id = r.id AND e.kind = 'confirmed' AND e.actor = 'owner'
        AND e.details ? 'staff_id')
ORDER BY r.id LIMIT 100;

-- name: AuditLedger :many
SELECT (r.code || ' says ' || r.payment_status || ' ' || r.paid_centavos || ', ledger ' || m.payment_status || ' ' || m.kept_centavos)::text AS row
FROM reservations r JOIN reservation_money m ON m.reservation_id = r.id
WHERE r.paid_centavos <> m.kept_centavos OR r.payment_status <> m.payment_status
ORDER BY r.id LIMIT 100;

-- name: AuditSurplus :many
-- What is above the total goes back: a refund is planned, or the owner was told that it cannot.
SELECT (r.code || ' payment ' || p.provider_id || ' surplus ' || p.surplus_centavos)::text AS row
FROM payments p JOIN reservations r ON r.id = p.reservation_id
WHERE p.counted AND p.surplus_centavos > p.refunded_centavos
    AND greatest(p.last_received_at, r.updated_at) < sqlc.arg(now)::timestamptz - interval '1 minute'
    AND NOT EXISTS (SELECT 1 FROM refunds f WHERE f.payment_id = p.id AND f.status <> 'failed')
    AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.to_owner AND p.provider_id = ANY(string_to_array(n.key, '/')))
ORDER BY p.id LIMIT 100;

-- name: AuditOffers :many
-- Nights are held for an answer that is still waited for, and for nothing else.
SELECT ('block ' || b.id || coalesce(' ' || r.code || ' ' || a.status, ''))::text AS row
FROM calendar_blocks b LEFT JOIN alternatives a ON a.block_id = b.id LEFT JOIN reservations r ON r.id = a.reservation_id
WHERE b.source = 'offer' AND (b.active AND (b.expires_at < sqlc.arg(now)::timestamptz - interval '1 minute' OR a.id IS NULL OR a.status <> 'open')
    OR a.status = 'open' AND NOT b.active)
ORDER BY b.id LIMIT 100;

-- name: AuditDisputes :many
-- A payer disagrees and the owner does not know.
SELECT ('payment ' || p.provider_id || ' ' || d.kind || ' ' || d.outcome)::text AS row
FROM disputes d JOIN payments p ON p.id = d.payment_id
WHERE d.outcome IN ('open', 'lost') AND p.last_received_at < sqlc.arg(now)::timestamptz - interval '1 minute'
    AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.to_owner AND p.provider_id = ANY(string_to_array(n.key, '/')))
ORDER BY d.id LIMIT 100;

-- name: AuditDeadlines :many
SELECT code::text AS row FROM reservations
WHERE reservation_status = 'pre_reserved' AND expires_at < sqlc.arg(now)::timestamptz - interval '5 seconds' ORDER BY id LIMIT 100;

-- name: AuditTurns :many
SELECT ('message ' || m.id || ' ' || m.status || ' ' || count(t.id) || ' turns')::text AS row
FROM messages m LEFT JOIN turns t ON t.message_id = m.id
WHERE m.direction = 'in'
GROUP BY m.id
HAVING count(t.id) > 1 OR (m.status = 'answered') <> (count(t.id) > 0)
    OR (count(t.id) = 0 AND m.created_at < sqlc.arg(now)::timestamptz - interval '1 minute')
ORDER BY m.id LIMIT 100;

-- name: AuditTurnOrder :many
-- An earlier message that was known when a later one got its turn. The margin is for two clocks and a slow insert. Pairs are
-- compared only for guests with a turn that is earlier than the one before it: an order without such a step has no such pair.
WITH suspects AS (
    SELECT DISTINCT step.guest_id FROM (
        SELECT m.guest_id, (m.sent_at, m.id) < (lag(m.sent_at) OVER story, lag(m.id) OVER story) AS back
        FROM turns t JOIN messages m ON m.id = t.message_id WINDOW story AS (PARTITION BY m.guest_id ORDER BY t.id)) step
    WHERE step.back
)
SELECT ('message ' || pair.later || ' before ' || pair.earlier)::text AS row
FROM suspects CROSS JOIN LATERAL (
    SELECT later.id AS later, earlier.id AS earlier
    FROM messages earlier
    JOIN messages later ON later.guest_id = earlier.guest_id AND later.direction = 'in' AND (later.sent_at, later.id) > (earlier.sent_at, earlier.id)
    JOIN turns tl ON tl.message_id = later.id
    JOIN turns te ON te.message_id = earlier.id AND te.id > tl.id
    WHERE earlier.guest_id = suspects.guest_id AND earlier.direction = 'in' AND earlier.created_at < tl.decided_at - interval '10 seconds'
    -- Keeps the planner from pairing everybody's messages first.
    OFFSET 0) pair
ORDER BY 1 LIMIT 100;

-- name: AuditEffectKeys :many
SELECT ('key of messages ' || string_agg(m.id::text, ' ' ORDER BY m.id))::text AS row
FROM messages m WHERE m.direction = 'out' AND m.status <> 'failed' GROUP BY m.effect_key HAVING count(*) > 1
ORDER BY min(m.id) LIMIT 100;

-- name: AuditInbox :many
SELECT ('webhook ' || id || ' ' || provider)::text AS row FROM webhook_inbox
WHERE dispatched_at IS NULL AND last_error = '' AND received_at < sqlc.arg(now)::timestamptz - interval '1 minute' ORDER BY id LIMIT 100;

-- name: AuditReplay :many
-- The last event is the row, each event begins where the one before ended, and every step is legal.
SELECT r.code::text AS row FROM reservations r LEFT JOIN LATERAL (
    SELECT * FROM booking_events e WHERE e.reservation_id = r.id ORDER BY e.id DESC LIMIT 1) last ON true
WHERE last.id IS NULL OR (last.status_after, last.payment_status_after, last.expires_at_after, last.paid_centavos_after,
        last.accommodation_id_after, last.check_in_after, last.check_out_after)
    IS DISTINCT FROM (r.reservation_status, r.payment_status, r.expires_at, r.paid_centavos, r.accommodation_id, r.check_in, r.check_out)
UNION
SELECT r.code FROM reservations r JOIN (
    SELECT e.reservation_id, e.status_before, e.status_after,
        lag(e.status_after) OVER (PARTITION BY e.reservation_id ORDER BY e.id) AS expected
    FROM booking_events e) step ON step.reservation_id = r.id
WHERE step.status_before IS DISTINCT FROM step.expected
    OR (step.status_before IS NULL AND NOT is_live(step.status_after))
    OR (step.status_before <> step.status_after AND NOT is_legal_transition(step.status_before, step.status_after))
ORDER BY 1 LIMIT 100;
