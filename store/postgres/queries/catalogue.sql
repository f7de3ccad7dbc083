-- name: GetProperty :one
SELECT id, name, time_zone, currency,
    (extract(epoch FROM check_in_time) / 60)::integer AS check_in_minutes,
    (extract(epoch FROM check_out_time) / 60)::integer AS check_out_minutes,
    horizon_months, longest_stay, coalesce(deposit_percent, 0)::integer AS deposit_percent,
    coalesce(deposit_fixed_centavos, 0)::bigint AS deposit_fixed_centavos, cancellation,
    balance_mode, balance_days_before, transfer_details, transfer_hold_hours
FROM properties ORDER BY id LIMIT 1;

-- name: ListActiveAccommodations :many
SELECT sqlc.embed(a), coalesce(a.deposit_fixed_centavos, p.deposit_fixed_centavos, 0)::bigint AS deposit_fixed
FROM accommodations a JOIN properties p ON p.id = a.property_id WHERE a.active ORDER BY a.id;

-- name: GetAccommodation :one
SELECT sqlc.embed(a), coalesce(a.deposit_fixed_centavos, p.deposit_fixed_centavos, 0)::bigint AS deposit_fixed,
    (SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.id), '[]') FROM rate_rules r
     WHERE r.active AND r.property_id = a.property_id AND (r.accommodation_id IS NULL OR r.accommodation_id = a.id))::jsonb AS rules
FROM accommodations a JOIN properties p ON p.id = a.property_id WHERE a.id = @id;

-- name: InsertAccommodation :one
INSERT INTO accommodations (property_id, name, type, description, capacity, base_price_centavos, weekend_percent,
    cleaning_fee_centavos, guests_included, extra_guest_centavos, currency, min_nights, length_discounts, amenities, photos,
    location, check_in_text, active, deposit_fixed_centavos)
SELECT p.id, @name, @type, @description, @capacity, @base_price_centavos, @weekend_percent, @cleaning_fee_centavos,
    @guests_included, @extra_guest_centavos, @currency, @min_nights, @length_discounts, @amenities::text[], @photos, @location,
    @check_in_text, @active, sqlc.narg(deposit_fixed_centavos)
FROM properties p ORDER BY p.id LIMIT 1
RETURNING id;

-- name: SetAccommodationActive :execrows
UPDATE accommodations SET active = @active, updated_at = now() WHERE id = @id;


-- name: CatalogueIsEmpty :one
SELECT (NOT EXISTS (SELECT 1 FROM accommodations))::boolean AS is_empty;

-- name: ListBusy :many
SELECT r.accommodation_id, r.check_in AS from_date, r.check_out AS to_date
FROM reservations r JOIN accommodations a ON a.id = r.accommodation_id AND a.active
WHERE r.reservation_status IN ('pre_reserved', 'confirmed') AND r.period && daterange(@from_date::date, @to_date::date, '[)')
UNION ALL
SELECT b.accommodation_id, b.start_date, b.end_date
FROM calendar_blocks b JOIN accommodations a ON a.id = b.accommodation_id AND a.active
WHERE b.active AND b.period && daterange(@from_date::date, @to_date::date, '[)');

-- name: ListBusyAt :many
SELECT r.check_in AS from_date, r.check_out AS to_date FROM reservations r
WHERE r.accommodation_id = @accommodation_id AND r.reservation_status IN ('pre_reserved', 'confirmed')
    AND r.period && daterange(@from_date::date, @to_date::date, '[)')
UNION ALL
SELECT b.start_date, b.end_date FROM calendar_blocks b
WHERE b.accommodation_id = @accommodation_id AND b.active AND b.period && daterange(@from_date::date, @to_date::date, '[)');

-- name: LockCatalogue :exec
-- Two processes that seed at once must not both find it empty.
SELECT pg_advisory_xact_lock(7203);
