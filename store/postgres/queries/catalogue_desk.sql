-- name: ListEveryAccommodation :many
SELECT * FROM accommodations ORDER BY id;

-- name: ReadAccommodation :one
SELECT * FROM accommodations WHERE id = @id;

-- name: LockAccommodation :one
-- Bookings of it go on meanwhile: they only need its key to stay.
SELECT * FROM accommodations WHERE id = @id FOR NO KEY UPDATE;

-- name: ChangeAccommodation :one
UPDATE accommodations SET
    name = @name, type = @type, description = @description, capacity = @capacity, base_price_centavos = @base_price_centavos,
    weekend_percent = @weekend_percent, cleaning_fee_centavos = @cleaning_fee_centavos, guests_included = @guests_included,
    extra_guest_centavos = @extra_guest_centavos, currency = @currency, min_nights = @min_nights,
    length_discounts = @length_discounts, amenities = @amenities::text[], photos = @photos, location = @location,
    check_in_text = @check_in_text, active = @active, deposit_fixed_centavos = sqlc.narg(deposit_fixed_centavos),
    updated_at = sqlc.arg(now)::timestamptz
WHERE id = @id
RETURNING *;

-- name: DeleteAccommodation :exec
DELETE FROM accommodations WHERE id = @id;
