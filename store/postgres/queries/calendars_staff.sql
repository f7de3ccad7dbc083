-- Calendars as staff sees and changes them.

-- name: ListFeedPage :many
-- Deleted ones are left out; 0 lists the feeds of every accommodation.
SELECT sqlc.embed(f), a.name AS unit_name,
    (SELECT count(*) FROM calendar_feed_events e WHERE e.feed_id = f.id AND e.released_at IS NULL AND e.end_date > @today::date) AS events,
    (SELECT count(*) FROM calendar_conflicts c JOIN calendar_blocks b ON b.id = c.block_id
        JOIN calendar_feed_events e ON e.id = b.feed_event_id
        WHERE e.feed_id = f.id AND c.resolved_at IS NULL) AS conflicts
FROM calendar_feeds f JOIN accommodations a ON a.id = f.accommodation_id
WHERE f.deleted_at IS NULL AND f.id > @after_id::bigint AND (@accommodation_id::bigint = 0 OR f.accommodation_id = @accommodation_id)
    AND (@channel::text = '' OR f.channel = @channel)
    AND (@status::text = '' OR @status = CASE WHEN f.paused_at IS NOT NULL THEN 'paused' WHEN f.quarantined_at IS NOT NULL THEN 'quarantined'
        WHEN f.last_error <> '' THEN 'failing' WHEN f.last_good_at IS NULL THEN 'new' ELSE 'ok' END)
ORDER BY f.id LIMIT @most::integer;

-- name: LockExport :one
SELECT x.accommodation_id, x.channel, x.created_at, x.rotated_at FROM calendar_exports x WHERE x.id = @id FOR UPDATE;

-- name: ExportChangedAt :one
-- When what an accommodation publishes last changed, or something beside it did: never later than the truth.
SELECT greatest((SELECT max(r.updated_at) FROM reservations r WHERE r.accommodation_id = @accommodation_id),
    (SELECT max(b.updated_at) FROM calendar_blocks b WHERE b.accommodation_id = @accommodation_id),
    (SELECT a.updated_at FROM accommodations a WHERE a.id = @accommodation_id))::timestamptz AS at;

-- name: ListBlockPage :many
SELECT b.id, b.accommodation_id, b.start_date, b.end_date, b.source, b.reason, b.staff_id, b.expires_at, b.created_at, b.nights_since,
    coalesce(f.id, 0)::bigint AS feed_id, coalesce(f.channel, '')::text AS channel
FROM calendar_blocks b
LEFT JOIN calendar_feed_events e ON e.id = b.feed_event_id LEFT JOIN calendar_feeds f ON f.id = e.feed_id
WHERE b.active AND b.id > @after_id::bigint AND (@accommodation_id::bigint = 0 OR b.accommodation_id = @accommodation_id)
    AND (@source::text = '' OR b.source = @source) AND (@channel::text = '' OR f.channel = @channel) AND b.period && daterange(@from_date::date, sqlc.narg('to_date')::date, '[)')
ORDER BY b.id LIMIT @most::integer;

-- name: SameBlock :one
SELECT b.id FROM calendar_blocks b WHERE b.active AND b.source = 'manual' AND b.accommodation_id = @accommodation_id
    AND b.start_date = @start_date AND b.end_date = @end_date ORDER BY b.id LIMIT 1;

-- name: LockManualBlock :one
SELECT b.id, b.accommodation_id, b.start_date, b.end_date, b.reason FROM calendar_blocks b
WHERE b.id = @id AND b.source = 'manual' AND b.active FOR UPDATE;

-- name: GetBlockAccommodation :one
SELECT accommodation_id FROM calendar_blocks WHERE id = @id;

-- name: ListImportedBlocks :many
SELECT b.id, b.start_date, b.end_date, b.reason FROM calendar_blocks b
WHERE b.active AND b.source = 'manual' AND b.accommodation_id = @accommodation_id AND b.reason LIKE 'import:%' ORDER BY b.id;

-- name: ListBoardReservations :many
-- told_at is when a channel could first have read of the nights as they are; a hold that is not published counts from its making.
SELECT r.code, r.accommodation_id, r.check_in, r.check_out, r.guests, r.channel_source, r.reservation_status, r.payment_status, r.expires_at,
    coalesce((SELECT max(e.at) FROM booking_events e WHERE e.reservation_id = r.id AND (e.kind IN ('held', 'moved')
        OR (e.kind = 'confirmed' AND (NOT @holds::boolean OR e.status_before = 'expired')))), r.created_at)::timestamptz AS told_at
FROM reservations r
WHERE (@accommodation_id::bigint = 0 OR r.accommodation_id = @accommodation_id) AND r.period && daterange(@from_date::date, @to_date::date, '[)')
    AND r.reservation_status IN ('pre_reserved', 'confirmed', 'completed', 'no_show')
ORDER BY r.accommodation_id, r.check_in, r.id;

-- name: ListConflictPage :many
-- The newest first; 0 is before all and every accommodation.
SELECT c.id, c.block_id, c.opened_at, c.resolved_at, c.resolution, c.resolved_by, c.alarmed_at, c.over_at,
    b.start_date, b.end_date, b.source, coalesce(f.id, 0)::bigint AS feed_id, coalesce(f.channel, '')::text AS channel,
    r.code, r.check_in, r.check_out, r.reservation_status, r.accommodation_id, a.name AS unit_name
FROM calendar_conflicts c JOIN calendar_blocks b ON b.id = c.block_id JOIN reservations r ON r.id = c.reservation_id
JOIN accommodations a ON a.id = r.accommodation_id
LEFT JOIN calendar_feed_events e ON e.id = b.feed_event_id LEFT JOIN calendar_feeds f ON f.id = e.feed_id
WHERE (@status::text = 'all' OR (@status::text = 'open') = (c.resolved_at IS NULL))
    AND (@before_id::bigint = 0 OR c.id < @before_id) AND (@accommodation_id::bigint = 0 OR r.accommodation_id = @accommodation_id)
    AND (@channel::text = '' OR f.channel = @channel) AND (@code::text = '' OR r.code = @code)
    AND b.period && daterange(sqlc.narg('from_date')::date, sqlc.narg('to_date')::date, '[)')
ORDER BY c.id DESC LIMIT @most::integer;

-- name: NameResolution :execrows
-- The end of a reservation resolves its conflicts by itself; this is whose choice that end was.
UPDATE calendar_conflicts SET resolution = 'cancel_ours', resolved_by = sqlc.arg(staff_id)::bigint
WHERE id = @id AND resolution = 'reservation_ended' AND resolved_by IS NULL;
