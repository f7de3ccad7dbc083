-- name: GetRecordedPayment :one
SELECT p.provider_id, p.amount_centavos, p.currency, p.verdict, r.code, r.reservation_status, d.method, d.note
FROM recorded_payments d JOIN payments p ON p.id = d.payment_id JOIN reservations r ON r.id = p.reservation_id
WHERE d.key = @key;

-- name: InsertRecordedPayment :one
WITH named AS (
    UPDATE payments p SET provider = @method, verdict = @verdict WHERE p.provider_id = @provider_id RETURNING p.id
)
INSERT INTO recorded_payments (payment_id, key, method, note, user_id, recorded_at)
SELECT named.id, @key, @method, @note, @user_id, @now FROM named
RETURNING payment_id;

-- name: HearRecordedPayment :one
-- The news are for who hears them first, and again for the same: it may have died before it acted.
UPDATE payments p SET told_to = CASE WHEN p.told_to = '' THEN @asker ELSE p.told_to END
FROM recorded_payments d, reservations r
WHERE p.provider_id = @provider_id AND d.payment_id = p.id AND r.id = p.reservation_id
RETURNING p.id, p.amount_centavos, p.currency, p.verdict, p.status, r.code, r.reservation_status,
    (p.told_to = @asker)::boolean AS news;

-- name: MarkRecordedHeard :exec
UPDATE recorded_payments SET heard_at = @now::timestamptz WHERE payment_id = @payment_id AND heard_at IS NULL;

-- name: ListUnheardRecorded :many
SELECT p.provider_id, r.code
FROM recorded_payments d JOIN payments p ON p.id = d.payment_id JOIN reservations r ON r.id = p.reservation_id
WHERE d.heard_at IS NULL AND d.recorded_at <= @before ORDER BY d.payment_id LIMIT @most;

-- name: ListRecordedPayments :many
SELECT p.id, p.provider_id, p.provider, p.amount_centavos, p.refunded_centavos, p.currency, p.status, p.verdict, p.disposition, p.counted,
    p.first_received_at, r.code, coalesce(d.note, '') AS note, d.user_id
FROM payments p JOIN reservations r ON r.id = p.reservation_id LEFT JOIN recorded_payments d ON d.payment_id = p.id
WHERE r.code = @code ORDER BY p.id;

-- name: ChooseTransfer :one
WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', @change::text, true)),
chosen AS (
    INSERT INTO transfer_holds (reservation_id, chosen_at)
    SELECT r.id, @now FROM reservations r
    WHERE r.code = @code AND r.reservation_status = 'pre_reserved' AND r.expires_at > @now
    ON CONFLICT (reservation_id) DO NOTHING
    RETURNING reservation_id
)
UPDATE reservations r SET expires_at = greatest(r.expires_at, @until::timestamptz), updated_at = @now
FROM told, chosen WHERE r.id = chosen.reservation_id
RETURNING sqlc.embed(r), (SELECT a.name FROM accommodations a WHERE a.id = r.accommodation_id)::text AS unit_name;

-- name: IsTransferHold :one
SELECT EXISTS (SELECT 1 FROM transfer_holds t JOIN reservations r ON r.id = t.reservation_id WHERE r.code = @code)::boolean AS chosen;

-- name: ListTransferHoldsFor :many
-- Open transfer holds that wait for exactly this sum: the rest of the deposit, or of the whole.
SELECT r.code FROM transfer_holds t JOIN reservations r ON r.id = t.reservation_id
WHERE r.reservation_status = 'pre_reserved' AND r.expires_at > @now AND r.currency = @currency
    AND @amount_centavos::bigint IN (r.deposit_centavos - r.paid_centavos, r.total_centavos - r.paid_centavos)
ORDER BY r.id LIMIT 20;

-- name: LockMovements :exec
-- Two imports that run at once must not both match the same hold.
SELECT pg_advisory_xact_lock(7216);

-- name: GetMovement :one
SELECT m.*, coalesce(p.provider_id, '') AS provider_id, coalesce(r.code, '') AS code
FROM movements m LEFT JOIN payments p ON p.id = m.payment_id LEFT JOIN reservations r ON r.id = p.reservation_id
WHERE m.reference = @reference AND m.amount_centavos = @amount_centavos AND m.credited_at = @credited_at;

-- name: InsertMovement :one
INSERT INTO movements (reference, amount_centavos, currency, credited_at, outcome, payment_id, user_id, created_at)
VALUES (@reference, @amount_centavos, @currency, @credited_at, @outcome,
    (SELECT p.id FROM payments p WHERE p.provider_id = sqlc.narg(provider_id)::text), @user_id, @now)
RETURNING id;

-- name: LockHandRefund :one
SELECT f.id, f.status, f.amount_centavos, f.currency, p.provider_id, r.code
FROM refunds f JOIN payments p ON p.id = f.payment_id JOIN reservations r ON r.id = p.reservation_id
WHERE f.id = @id AND r.code = @code AND p.provider <> 'mercadopago' FOR UPDATE OF f;

-- name: BeginHandReturn :exec
UPDATE refunds SET status = 'in_process', updated_at = @now WHERE id = @id AND status = 'by_hand';

-- name: SumByHand :one
SELECT coalesce(sum(f.amount_centavos), 0)::bigint AS amount_centavos
FROM refunds f JOIN payments p ON p.id = f.payment_id JOIN reservations r ON r.id = p.reservation_id
WHERE r.code = @code AND f.status = 'by_hand';
