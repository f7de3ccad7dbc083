-- name: InsertPaymentLink :one
WITH made AS (
    INSERT INTO payment_links (reservation_id, kind, attempt, provider_id, url, amount_centavos, currency, expires_at, created_at)
    SELECT r.id, @kind, @attempt, @provider_id, @url, @amount_centavos, @currency, @expires_at::timestamptz, sqlc.arg(now)::timestamptz
    FROM reservations r WHERE r.code = @code
    ON CONFLICT (reservation_id, kind, attempt) DO NOTHING
    RETURNING id, reservation_id
), noted AS (
    SELECT note_booking(made.reservation_id, 'link_created', jsonb_build_object('by', 'system', 'at', sqlc.arg(now)::timestamptz, 'details', @details::jsonb)) FROM made
)
SELECT made.id FROM made LEFT JOIN noted ON true;

-- name: GetPaymentLink :one
SELECT sqlc.embed(l), r.code
FROM payment_links l JOIN reservations r ON r.id = l.reservation_id
WHERE r.code = @code AND (@kind::text = '' OR l.kind = @kind::text) AND (@attempt::integer = 0 OR l.attempt = @attempt::integer)
ORDER BY l.id DESC LIMIT 1;

-- name: ListOpenPaymentLinks :many
SELECT sqlc.embed(l), r.code
FROM payment_links l JOIN reservations r ON r.id = l.reservation_id
WHERE r.code = @code AND l.closed_at IS NULL ORDER BY l.id;

-- name: ClosePaymentLink :execrows
UPDATE payment_links SET closed_at = coalesce(closed_at, @now::timestamptz) WHERE provider_id = @provider_id;

-- name: ListPagePayments :many
-- Newest news first; twenty say more than enough about what a guest did.
SELECT p.provider_id, p.status, p.disposition, p.counted, p.amount_centavos, p.currency,
    greatest(p.refunded_centavos, (SELECT coalesce(sum(f.amount_centavos), 0) FROM refunds f WHERE f.payment_id = p.id AND f.status <> 'failed'))::bigint AS returned_centavos
FROM payments p JOIN reservations r ON r.id = p.reservation_id
WHERE r.code = @code ORDER BY p.provider_updated_at DESC, p.id DESC LIMIT 20;
