-- name: LookAround :one
-- What else decides about a payment: whether the rest of the price is asked for, whether another channel sold the nights, and
-- for which payment other nights are being offered.
SELECT EXISTS (SELECT 1 FROM payment_links l WHERE l.reservation_id = r.id AND l.kind = 'balance' AND l.closed_at IS NULL)::boolean AS balance_asked,
    EXISTS (SELECT 1 FROM calendar_conflicts c JOIN calendar_blocks b ON b.id = c.block_id
        WHERE c.reservation_id = r.id AND c.resolved_at IS NULL AND b.source = 'feed' AND b.active)::boolean AS sold_elsewhere,
    coalesce((SELECT p.provider_id FROM alternatives a JOIN payments p ON p.id = a.payment_id
        WHERE a.reservation_id = r.id AND a.status = 'open'), '')::text AS offered_payment
FROM reservations r WHERE r.id = @id;

-- name: EndSoldHold :exec
WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', @change::text, true))
UPDATE reservations r SET reservation_status = 'expired', updated_at = @now FROM told WHERE r.id = @id AND r.reservation_status = 'pre_reserved';

-- name: GetReservationMoney :one
SELECT * FROM reservation_money WHERE reservation_id = @reservation_id;

-- name: GetReservationMoneyByCode :one
SELECT * FROM reservation_money WHERE code = @code;

-- name: DecideDispute :execrows
-- A dispute that was lost can be won on appeal.
UPDATE disputes d SET outcome = @outcome, decided_at = @at::timestamptz
FROM payments p WHERE p.provider_id = @provider_id AND d.payment_id = p.id
    AND (d.outcome = 'open' OR d.outcome = 'lost' AND @outcome::text = 'won');

-- name: OpenDispute :one
INSERT INTO disputes (payment_id, kind, amount_centavos, currency, outcome, opened_at, decided_at)
SELECT p.id, @kind, p.amount_centavos, p.currency, @outcome::text, @at::timestamptz,
    CASE WHEN @outcome::text = 'open' THEN NULL ELSE @at::timestamptz END
FROM payments p WHERE p.provider_id = @provider_id
RETURNING id;

-- name: InsertAlternative :one
WITH block AS (
    INSERT INTO calendar_blocks (accommodation_id, start_date, end_date, source, reason, expires_at, created_at, updated_at)
    VALUES (@accommodation_id, @check_in::date, @check_out::date, 'offer', 'alternative', @expires_at::timestamptz, @now::timestamptz, @now::timestamptz)
    RETURNING id
)
INSERT INTO alternatives (reservation_id, payment_id, block_id, accommodation_id, check_in, check_out, price_centavos, reason, offered_at, expires_at)
SELECT @reservation_id, @payment_id, block.id, @accommodation_id, @check_in::date, @check_out::date, @price_centavos, @reason, @now::timestamptz, @expires_at::timestamptz
FROM block RETURNING id;

-- name: NightsTaken :one
SELECT (EXISTS (SELECT 1 FROM reservations r WHERE r.accommodation_id = @accommodation_id AND r.reservation_status IN ('pre_reserved', 'confirmed')
        AND r.period && daterange(@check_in::date, @check_out::date, '[)'))
    OR EXISTS (SELECT 1 FROM calendar_blocks b WHERE b.accommodation_id = @accommodation_id AND b.active
        AND b.period && daterange(@check_in::date, @check_out::date, '[)')))::boolean AS taken;

-- name: GetAlternative :one
-- The newest one of a reservation.
SELECT sqlc.embed(a), r.code, u.name AS unit_name, p.provider_id
FROM alternatives a JOIN reservations r ON r.id = a.reservation_id JOIN accommodations u ON u.id = a.accommodation_id
JOIN payments p ON p.id = a.payment_id
WHERE r.code = @code ORDER BY a.id DESC LIMIT 1;

-- name: GetAlternativeOfPayment :one
SELECT sqlc.embed(a), r.code, u.name AS unit_name, p.provider_id
FROM alternatives a JOIN reservations r ON r.id = a.reservation_id JOIN accommodations u ON u.id = a.accommodation_id
JOIN payments p ON p.id = a.payment_id
WHERE p.provider_id = @provider_id FOR NO KEY UPDATE OF a;

-- name: WithdrawAlternative :exec
-- Ends what is open of a reservation, and sets its nights free.
WITH ended AS (
    UPDATE alternatives a SET status = @status, decided_at = @now::timestamptz WHERE a.reservation_id = @reservation_id AND a.status = 'open'
    RETURNING a.block_id, a.payment_id
), freed AS (
    UPDATE calendar_blocks b SET active = false, updated_at = @now::timestamptz FROM ended WHERE b.id = ended.block_id
)
UPDATE payments p SET disposition = 'to_refund' FROM ended WHERE p.id = ended.payment_id AND p.disposition = 'offered';

-- name: TakeAlternative :exec
WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', @change::text, true))
UPDATE reservations r SET reservation_status = 'confirmed', accommodation_id = @accommodation_id, check_in = @check_in::date, check_out = @check_out::date,
    payment_status = m.payment_status, paid_centavos = m.kept_centavos, confirmed_at = coalesce(r.confirmed_at, @now::timestamptz), updated_at = @now
FROM told, reservation_money m WHERE r.id = @id AND m.reservation_id = r.id AND r.reservation_status = 'expired';

-- name: CountPayment :exec
UPDATE payments SET counted = true, disposition = 'applied', verdict = 'late' WHERE id = @id;
