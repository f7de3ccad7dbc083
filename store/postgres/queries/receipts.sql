-- name: ListUnreceipted :many
-- Money that was counted, or went back, and has no receipt yet, in the order in which it moved.
SELECT p.id AS payment_id, p.provider, p.amount_centavos, p.first_received_at AS moved_at, NULL::bigint AS refund_id
FROM payments p WHERE p.reservation_id = @reservation_id::bigint AND p.counted
    AND NOT EXISTS (SELECT 1 FROM receipts q WHERE q.payment_id = p.id AND q.refund_id IS NULL)
UNION ALL
SELECT p.id, p.provider, f.amount_centavos, f.updated_at, f.id
FROM refunds f JOIN payments p ON p.id = f.payment_id
WHERE p.reservation_id = @reservation_id::bigint AND p.counted AND f.status = 'done'
    AND NOT EXISTS (SELECT 1 FROM receipts q WHERE q.refund_id = f.id)
ORDER BY moved_at, refund_id NULLS FIRST;

-- name: GetReceiptProperty :one
SELECT p.id, p.name, p.time_zone FROM accommodations a JOIN properties p ON p.id = a.property_id WHERE a.id = @accommodation_id;

-- name: NextReceiptNumber :one
INSERT INTO receipt_counters AS c (property_id, last) VALUES (@property_id, 1)
ON CONFLICT (property_id) DO UPDATE SET last = c.last + 1
RETURNING last;

-- name: InsertReceipt :exec
INSERT INTO receipts (property_id, number, reservation_id, payment_id, refund_id, token, content, issued_at)
VALUES (@property_id, @number, @reservation_id, @payment_id, sqlc.narg(refund_id), @token, @content, @issued_at);

-- name: ListReceipts :many
SELECT q.content, q.token FROM receipts q JOIN reservations r ON r.id = q.reservation_id WHERE r.code = @code ORDER BY q.number;

-- name: GetReceiptByToken :one
SELECT q.content, q.token FROM receipts q WHERE q.token = @token;

-- name: ListLackingReceipts :many
SELECT r.code FROM reservations r WHERE r.paid_centavos > 0 AND EXISTS (SELECT 1 FROM payments p WHERE p.reservation_id = r.id AND p.counted
        AND NOT EXISTS (SELECT 1 FROM receipts q WHERE q.payment_id = p.id AND q.refund_id IS NULL))
    OR EXISTS (SELECT 1 FROM payments p JOIN refunds f ON f.payment_id = p.id WHERE p.reservation_id = r.id AND p.counted AND f.status = 'done'
        AND NOT EXISTS (SELECT 1 FROM receipts q WHERE q.refund_id = f.id))
ORDER BY r.id LIMIT @most;
