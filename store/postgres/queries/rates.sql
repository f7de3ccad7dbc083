-- Rules are read as JSON everywhere, because prices read them together with an accommodation in one statement.

-- name: ActiveRateRules :one
SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.id), '[]')::jsonb AS rules FROM rate_rules r WHERE r.active;

-- name: ListRateRules :many
-- Of an accommodation are its own rules and those of the whole property; 0 is every rule.
SELECT to_jsonb(r)::jsonb AS rule FROM rate_rules r
WHERE r.id > @after_id AND (sqlc.arg(accommodation_id)::bigint = 0 OR r.accommodation_id IS NULL OR r.accommodation_id = sqlc.arg(accommodation_id)::bigint)
    AND (sqlc.narg(active)::boolean IS NULL OR r.active = sqlc.narg(active)::boolean)
ORDER BY r.id LIMIT @most;

-- name: GetRateRule :one
SELECT to_jsonb(r)::jsonb AS rule FROM rate_rules r WHERE r.id = @id;

-- name: InsertRateRule :one
INSERT INTO rate_rules (property_id, accommodation_id, name, kind, dates, weekdays, priority, active, percent, price_centavos, currency,
    weekend_on_top, min_nights, min_nights_for, length_discounts, created_at, updated_at)
VALUES (@property_id, sqlc.narg(accommodation_id), @name, @kind, @dates, @weekdays::integer[], @priority, @active, sqlc.narg(percent),
    sqlc.narg(price_centavos), @currency, @weekend_on_top, sqlc.narg(min_nights), @min_nights_for, sqlc.narg(length_discounts),
    sqlc.arg(now)::timestamptz, sqlc.arg(now)::timestamptz)
RETURNING to_jsonb(rate_rules)::jsonb AS rule;

-- name: ChangeRateRule :one
UPDATE rate_rules SET
    accommodation_id = sqlc.narg(accommodation_id), name = @name, kind = @kind, dates = @dates, weekdays = @weekdays::integer[],
    priority = @priority, active = @active, percent = sqlc.narg(percent), price_centavos = sqlc.narg(price_centavos),
    currency = @currency, weekend_on_top = @weekend_on_top, min_nights = sqlc.narg(min_nights), min_nights_for = @min_nights_for,
    length_discounts = sqlc.narg(length_discounts), version = version + 1, updated_at = sqlc.arg(now)::timestamptz
WHERE id = @id
RETURNING to_jsonb(rate_rules)::jsonb AS rule;

-- name: DeleteRateRule :exec
DELETE FROM rate_rules WHERE id = @id;
