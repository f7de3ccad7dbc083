-- name: SetPropertyCancellation :execrows
UPDATE properties SET cancellation = @cancellation WHERE id = @id;

-- name: SetAccommodationCancellation :execrows
UPDATE accommodations SET cancellation = sqlc.narg(cancellation)::jsonb, updated_at = now() WHERE id = @id;

-- name: AwaitRefundApproval :execrows
UPDATE refunds SET status = 'awaiting_approval', updated_at = @now
WHERE id = @id AND status = 'planned' AND decision = '' AND tried_at IS NULL;

-- name: DecideRefund :many
-- The owner's word, or the clock's, about every part of a refund that waits for it.
UPDATE refunds f SET status = CASE WHEN @decision::text = 'approved' THEN 'planned' ELSE 'failed' END, decision = @decision,
    decided_by = @decided_by, decided_at = @now::timestamptz, updated_at = @now::timestamptz
FROM payments p JOIN reservations r ON r.id = p.reservation_id
WHERE p.id = f.payment_id AND r.code = @code AND f.reason = @reason AND f.status = 'awaiting_approval'
RETURNING f.*;

-- name: RefundDecisions :many
SELECT DISTINCT f.status, f.decision FROM refunds f JOIN payments p ON p.id = f.payment_id JOIN reservations r ON r.id = p.reservation_id
WHERE r.code = @code AND f.reason = @reason;

-- name: KeepRefused :exec
-- What is not given back stays what it was: money of its reservation.
UPDATE payments SET disposition = 'applied' WHERE id = @id AND disposition = 'to_refund' AND counted;

-- name: ShrinkRefund :one
UPDATE refunds SET amount_centavos = @amount_centavos, key = @key, tried_at = NULL, updated_at = @now
WHERE id = @id AND status = 'planned' AND provider_refund_id = '' AND @amount_centavos < amount_centavos
RETURNING *;

-- name: GetRefundCode :one
SELECT sqlc.embed(f), p.provider_id, coalesce(r.code, '')::text AS code
FROM refunds f JOIN payments p ON p.id = f.payment_id LEFT JOIN reservations r ON r.id = p.reservation_id WHERE f.id = @id;

-- name: PaymentsToReturn :many
-- Newest first: what came last goes back first. Only credited money that is not disputed can go back.
SELECT p.provider_id, p.amount_centavos, p.currency, p.status,
    greatest(p.refunded_centavos, (SELECT coalesce(sum(f.amount_centavos), 0) FROM refunds f
        WHERE f.payment_id = p.id AND f.status <> 'failed' AND f.reason <> @reason))::bigint AS returned_centavos
FROM payments p JOIN reservations r ON r.id = p.reservation_id
WHERE r.code = @code AND p.counted ORDER BY p.first_received_at DESC, p.id DESC;
