-- Every change tells its who and why in the setting cabanas.change of its transaction; the trigger reservations_record_change
-- writes the event from it. The setting is made in a CTE so that a change is one statement, one round trip, one commit.

-- name: InsertHold :one
WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', @change::text, true)),
room AS MATERIALIZED (SELECT room_for_hold(@code, coalesce(whoever_is(@guest_id::bigint), @guest_id::bigint), @holds_per_phone::integer,
    sqlc.narg('client_hash')::bytea, @holds_per_address::integer) AS enough)
INSERT INTO reservations (code, accommodation_id, guest_id, check_in, check_out, guests, channel_source, price, total_centavos,
    deposit_centavos, currency, expires_at, token_hash, client_hash, created_at, updated_at)
SELECT @code, a.id, coalesce(whoever_is(@guest_id::bigint), @guest_id::bigint), @check_in::date, @check_out::date, @guests, @channel_source, @price, @total_centavos,
    @deposit_centavos, @currency, @expires_at::timestamptz, @token_hash, sqlc.narg('client_hash')::bytea, @now::timestamptz, @now::timestamptz
FROM told, room, accommodations a WHERE a.id = @accommodation_id AND a.active AND room.enough
    -- Most who lose can be told without an error and without waiting for the accommodation's lock; the trigger and the
    -- constraint decide about the rest.
    AND NOT EXISTS (SELECT 1 FROM reservations o WHERE o.accommodation_id = a.id AND o.reservation_status IN ('pre_reserved', 'confirmed')
        AND o.period && daterange(@check_in::date, greatest(@check_in::date, @check_out::date), '[)') AND o.code <> @code)
ON CONFLICT (code) DO NOTHING
RETURNING sqlc.embed(reservations), (SELECT a.name FROM accommodations a WHERE a.id = accommodation_id)::text AS unit_name;

-- name: WhyNotHeld :one
SELECT EXISTS (SELECT 1 FROM reservations r WHERE r.code = @code)::boolean AS code_known,
    coalesce((SELECT a.active FROM accommodations a WHERE a.id = @accommodation_id), false)::boolean AS offered,
    EXISTS (SELECT 1 FROM accommodations a WHERE a.id = @accommodation_id)::boolean AS known;

-- name: GetReservation :one
SELECT sqlc.embed(r), a.name AS unit_name
FROM reservations r JOIN accommodations a ON a.id = r.accommodation_id WHERE r.code = @code;

-- name: LockReservation :one
SELECT sqlc.embed(r), a.name AS unit_name
FROM reservations r JOIN accommodations a ON a.id = r.accommodation_id WHERE r.code = @code FOR NO KEY UPDATE OF r;

-- name: LockReservationByID :one
SELECT sqlc.embed(r), a.name AS unit_name
FROM reservations r JOIN accommodations a ON a.id = r.accommodation_id WHERE r.id = @id FOR NO KEY UPDATE OF r;

-- name: ListGuestReservations :many
SELECT sqlc.embed(r), a.name AS unit_name
FROM reservations r JOIN accommodations a ON a.id = r.accommodation_id
WHERE r.guest_id = whoever_is(@guest_id::bigint) ORDER BY r.id DESC LIMIT @most;

-- name: ExpireHold :one
WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', @change::text, true))
UPDATE reservations r SET reservation_status = 'expired', updated_at = @now
FROM told WHERE r.code = @code AND r.reservation_status = 'pre_reserved' AND r.expires_at <= @now
RETURNING sqlc.embed(r), (SELECT a.name FROM accommodations a WHERE a.id = r.accommodation_id)::text AS unit_name;

-- name: ExtendHold :one
WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', @change::text, true))
UPDATE reservations r SET expires_at = @until::timestamptz, extended_once = true, updated_at = @now
FROM told WHERE r.code = @code AND r.reservation_status = 'pre_reserved' AND r.expires_at > @now::timestamptz AND NOT r.extended_once
    AND @until::timestamptz > r.expires_at
RETURNING sqlc.embed(r), (SELECT a.name FROM accommodations a WHERE a.id = r.accommodation_id)::text AS unit_name;

-- name: CancelReservation :one
WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', @change::text, true))
UPDATE reservations r SET reservation_status = 'cancelled', cancelled_at = @now::timestamptz, updated_at = @now
FROM told WHERE r.code = @code AND r.reservation_status IN ('pre_reserved', 'confirmed', 'expired')
RETURNING sqlc.embed(r), (SELECT a.name FROM accommodations a WHERE a.id = r.accommodation_id)::text AS unit_name;

-- name: ConfirmReservation :one
WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', @change::text, true))
UPDATE reservations r SET reservation_status = 'confirmed', confirmed_at = @now::timestamptz, updated_at = @now
FROM told WHERE r.code = @code AND r.reservation_status IN ('pre_reserved', 'expired')
RETURNING sqlc.embed(r), (SELECT a.name FROM accommodations a WHERE a.id = r.accommodation_id)::text AS unit_name;

-- name: CompleteStay :one
WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', @change::text, true))
UPDATE reservations r SET reservation_status = 'completed', completed_at = @now::timestamptz, updated_at = @now
FROM told WHERE r.code = @code AND r.reservation_status = 'confirmed'
RETURNING sqlc.embed(r), (SELECT a.name FROM accommodations a WHERE a.id = r.accommodation_id)::text AS unit_name;

-- name: ApplyMoney :exec
WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', @change::text, true))
UPDATE reservations r SET reservation_status = @reservation_status, payment_status = m.payment_status, paid_centavos = m.kept_centavos,
    confirmed_at = CASE WHEN @reservation_status = 'confirmed' THEN coalesce(r.confirmed_at, @now::timestamptz) ELSE r.confirmed_at END,
    updated_at = @now
FROM told, reservation_money m WHERE r.id = @id AND m.reservation_id = r.id;

-- name: NoteBooking :exec
SELECT note_booking(@reservation_id::bigint, @kind::text, @change::jsonb);

-- name: CountHolds :one
-- What a limit counts, and when the first of it is free again at the latest.
SELECT count(*) FILTER (WHERE r.guest_id = (SELECT g.id FROM guests g WHERE g.phone = @phone::text)) AS of_phone,
    coalesce(min(r.expires_at) FILTER (WHERE r.guest_id = (SELECT g.id FROM guests g WHERE g.phone = @phone::text)), 'epoch')::timestamptz AS phone_until,
    count(*) FILTER (WHERE r.client_hash = sqlc.narg('client_hash')::bytea) AS of_client,
    coalesce(min(r.expires_at) FILTER (WHERE r.client_hash = sqlc.narg('client_hash')::bytea), 'epoch')::timestamptz AS client_until
FROM reservations r
WHERE r.reservation_status = 'pre_reserved'
    AND (r.guest_id = (SELECT g.id FROM guests g WHERE g.phone = @phone::text) OR r.client_hash = sqlc.narg('client_hash')::bytea);

-- name: ListEvents :many
SELECT e.id, e.kind, e.actor, e.reason, e.details, e.status_after, e.payment_status_after, e.expires_at_after,
    e.paid_centavos_after, r.currency, e.at
FROM booking_events e JOIN reservations r ON r.id = e.reservation_id
WHERE r.code = @code ORDER BY e.id;

-- name: ListLiveCodes :many
SELECT code FROM reservations WHERE reservation_status IN ('pre_reserved', 'confirmed') ORDER BY code;
