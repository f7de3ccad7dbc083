-- name: ListAwaitingPayment :many
SELECT r.code FROM reservations r
JOIN (SELECT l.reservation_id, max(l.created_at) AS made FROM payment_links l WHERE l.created_at >= @since::timestamptz GROUP BY 1) l
    ON l.reservation_id = r.id
WHERE r.reservation_status IN ('pre_reserved', 'expired')
-- Those that wait for money first, then the oldest question.
ORDER BY r.reservation_status <> 'pre_reserved', l.made, r.id LIMIT @most;

-- name: LockPaymentID :exec
-- Reports of a payment that belongs to no reservation have no row to queue at.
SELECT pg_advisory_xact_lock(7202, hashtext(@provider_id::text));

-- name: LockPayment :one
SELECT sqlc.embed(p),
    ARRAY(SELECT DISTINCT e.verdict FROM payment_events e WHERE e.payment_id = p.id)::text[] AS verdicts,
    (SELECT coalesce(sum(f.amount_centavos), 0) FROM refunds f WHERE f.payment_id = p.id AND f.status <> 'failed')::bigint AS returning_centavos,
    (SELECT coalesce(sum(f.amount_centavos), 0) FROM refunds f WHERE f.payment_id = p.id AND f.status = 'done')::bigint AS returned_centavos,
    coalesce((SELECT d.kind || '/' || d.outcome FROM disputes d WHERE d.payment_id = p.id ORDER BY d.id DESC LIMIT 1), '')::text AS dispute,
    coalesce((SELECT max(d.id) FROM disputes d WHERE d.payment_id = p.id), 0)::bigint AS dispute_id
FROM payments p WHERE p.provider_id = @provider_id FOR NO KEY UPDATE OF p;

-- name: GetPaymentVersion :one
SELECT provider_updated_at FROM payments WHERE provider_id = @provider_id;

-- name: GetPaymentReservation :one
SELECT p.reservation_id FROM payments p WHERE p.provider_id = @provider_id;

-- name: SumOtherPayments :one
-- What other payments brought to a reservation; available is what is not on its way back.
SELECT coalesce(sum(p.amount_centavos), 0)::bigint AS counted_centavos,
    coalesce(sum(p.refunded_centavos), 0)::bigint AS refunded_centavos,
    coalesce(sum(p.amount_centavos - greatest(p.refunded_centavos,
        (SELECT coalesce(sum(f.amount_centavos), 0) FROM refunds f WHERE f.payment_id = p.id AND f.status <> 'failed'))), 0)::bigint AS available_centavos,
    coalesce(bool_or(p.status = 'charged_back'), false)::boolean AS charged_back
FROM payments p WHERE p.reservation_id = @reservation_id::bigint AND p.provider_id <> @provider_id AND p.counted;

-- name: StorePayment :exec
WITH stored AS (
    INSERT INTO payments AS p (provider_id, reservation_id, reference, status, status_detail, amount_centavos, refunded_centavos,
        returned_elsewhere_centavos, surplus_centavos, currency, collector_ours, counted, verdict, disposition, told_to,
        provider_updated_at, first_received_at, last_received_at)
    VALUES (@provider_id, @reservation_id, @reference, @status, @status_detail, @amount_centavos, @refunded_centavos,
        @returned_elsewhere_centavos, @surplus_centavos, @currency, @collector_ours, @counted, @verdict, @disposition, @told_to, @provider_updated_at, @now, @now)
    ON CONFLICT (provider_id) DO UPDATE SET
        reservation_id = coalesce(p.reservation_id, EXCLUDED.reservation_id), reference = EXCLUDED.reference,
        status = EXCLUDED.status, status_detail = EXCLUDED.status_detail, amount_centavos = EXCLUDED.amount_centavos,
        refunded_centavos = EXCLUDED.refunded_centavos, returned_elsewhere_centavos = EXCLUDED.returned_elsewhere_centavos,
        surplus_centavos = EXCLUDED.surplus_centavos, currency = EXCLUDED.currency, collector_ours = EXCLUDED.collector_ours,
        counted = EXCLUDED.counted, verdict = EXCLUDED.verdict, disposition = EXCLUDED.disposition, told_to = EXCLUDED.told_to,
        provider_updated_at = EXCLUDED.provider_updated_at, last_received_at = EXCLUDED.last_received_at
    RETURNING id
)
INSERT INTO payment_events (payment_id, status, status_detail, amount_centavos, refunded_centavos, provider_updated_at, verdict, raw, received_at)
SELECT stored.id, @status, @status_detail, @amount_centavos, @refunded_centavos, @provider_updated_at, @reached, @raw, @now
FROM stored ON CONFLICT ON CONSTRAINT payment_events_report_key DO NOTHING;

-- name: InsertRefund :one
INSERT INTO refunds (payment_id, key, reason, amount_centavos, currency, created_at, updated_at)
VALUES (@payment_id, @key, @reason, @amount_centavos, @currency, @now, @now)
RETURNING *;

-- name: GetRefundByReason :one
SELECT f.* FROM refunds f JOIN payments p ON p.id = f.payment_id WHERE p.provider_id = @provider_id AND f.reason = @reason;

-- name: GetRefund :one
SELECT sqlc.embed(f), p.provider_id FROM refunds f JOIN payments p ON p.id = f.payment_id WHERE f.id = @id;

-- name: FinishRefund :execrows
UPDATE refunds SET status = @status, provider_refund_id = @provider_refund_id, updated_at = @now
WHERE id = @id AND status IN ('planned', 'in_process') AND status <> @status;

-- name: MovePayment :exec
UPDATE payments SET disposition = @disposition, refunded_centavos = @refunded_centavos WHERE id = @id;

-- name: ListCreditedPayments :many
SELECT p.provider_id, p.amount_centavos, p.currency,
    greatest(p.refunded_centavos, (SELECT coalesce(sum(f.amount_centavos), 0) FROM refunds f WHERE f.payment_id = p.id AND f.status <> 'failed'))::bigint AS returned_centavos
FROM payments p JOIN reservations r ON r.id = p.reservation_id
WHERE r.code = @code AND p.counted ORDER BY p.first_received_at DESC, p.id DESC;

-- name: ReviveRefund :one
UPDATE refunds SET status = 'planned', updated_at = @now WHERE id = @id AND status = 'failed' RETURNING *;

-- name: TryRefund :exec
UPDATE refunds SET tried_at = @now::timestamptz WHERE id = @id;

-- name: ListRefunds :many
SELECT f.* FROM refunds f JOIN payments p ON p.id = f.payment_id WHERE p.provider_id = @provider_id ORDER BY f.id;

-- name: ParkPayment :execrows
-- A row that is there knows more than one that could not be read.
INSERT INTO payments (provider_id, reference, status, amount_centavos, currency, collector_ours, verdict, disposition, told_to,
    provider_updated_at, first_received_at, last_received_at)
VALUES (@provider_id, @reference, 'unknown', 0, '', false, 'park', 'parked', @told_to, @never, @now, @now)
ON CONFLICT (provider_id) DO NOTHING;

-- name: NoteUnreadable :exec
INSERT INTO payment_events (payment_id, status, status_detail, amount_centavos, refunded_centavos, provider_updated_at, verdict, raw, received_at)
VALUES (@payment_id, 'unknown', 'unreadable', 0, 0, @provider_updated_at, 'park', @raw, @now)
ON CONFLICT ON CONSTRAINT payment_events_report_key DO NOTHING;

-- name: HearParked :exec
UPDATE payments SET told_to = @told_to WHERE id = @id;

-- name: ParkOpenPayment :exec
UPDATE payments SET disposition = 'parked' WHERE id = @id AND disposition = 'open';
