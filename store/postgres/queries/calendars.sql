-- Feeds, exports and pulls as staff and other channels see them; calendars_sync.sql has what a fetch reads and writes.

-- name: InsertFeed :one
INSERT INTO calendar_feeds (accommodation_id, channel, url, interval_seconds, created_by, created_at, updated_at)
VALUES (@accommodation_id, @channel, @url, sqlc.narg('interval_seconds')::integer, sqlc.narg('created_by')::bigint, @now, @now)
RETURNING id;

-- name: GetFeed :one
SELECT sqlc.embed(f), a.name AS unit_name,
    (SELECT count(*) FROM calendar_feed_events e WHERE e.feed_id = f.id AND e.released_at IS NULL AND e.end_date > @today::date) AS events,
    (SELECT count(*) FROM calendar_conflicts c JOIN calendar_blocks b ON b.id = c.block_id
        JOIN calendar_feed_events e ON e.id = b.feed_event_id
        WHERE e.feed_id = f.id AND c.resolved_at IS NULL) AS conflicts
FROM calendar_feeds f JOIN accommodations a ON a.id = f.accommodation_id WHERE f.id = @id;

-- name: ListFeeds :many
-- Deleted ones are left out; 0 lists the feeds of every accommodation.
SELECT sqlc.embed(f), a.name AS unit_name,
    (SELECT count(*) FROM calendar_feed_events e WHERE e.feed_id = f.id AND e.released_at IS NULL AND e.end_date > @today::date) AS events,
    (SELECT count(*) FROM calendar_conflicts c JOIN calendar_blocks b ON b.id = c.block_id
        JOIN calendar_feed_events e ON e.id = b.feed_event_id
        WHERE e.feed_id = f.id AND c.resolved_at IS NULL) AS conflicts
FROM calendar_feeds f JOIN accommodations a ON a.id = f.accommodation_id
WHERE f.deleted_at IS NULL AND (@accommodation_id::bigint = 0 OR f.accommodation_id = @accommodation_id)
ORDER BY f.accommodation_id, f.id;

-- name: ListActiveFeeds :many
-- What is fetched; 0 is every accommodation.
SELECT f.id, f.accommodation_id, f.channel, f.interval_seconds, f.last_good_at, f.created_at, f.stale_alarmed_at,
    f.last_error, f.paused_at, a.name AS unit_name
FROM calendar_feeds f JOIN accommodations a ON a.id = f.accommodation_id
WHERE f.deleted_at IS NULL AND f.paused_at IS NULL AND (@accommodation_id::bigint = 0 OR f.accommodation_id = @accommodation_id)
ORDER BY f.id;

-- name: ChangeFeed :execrows
-- Another address is another answer: what was known of the old one does not speak for it.
UPDATE calendar_feeds SET url = @url, interval_seconds = sqlc.narg('interval_seconds')::integer, updated_at = sqlc.arg(now)::timestamptz,
    etag = CASE WHEN url = @url THEN etag ELSE '' END,
    last_modified = CASE WHEN url = @url THEN last_modified ELSE '' END,
    digest = CASE WHEN url = @url THEN digest ELSE '' END
WHERE id = @id AND deleted_at IS NULL;

-- name: PauseFeed :execrows
UPDATE calendar_feeds SET paused_at = coalesce(paused_at, sqlc.arg(now)::timestamptz), updated_at = sqlc.arg(now)::timestamptz, stale_alarmed_at = NULL
WHERE id = @id AND deleted_at IS NULL;

-- name: ResumeFeed :execrows
UPDATE calendar_feeds SET paused_at = NULL, updated_at = sqlc.arg(now)::timestamptz WHERE id = @id AND deleted_at IS NULL;

-- name: AcceptFeed :execrows
-- What the feed shows now is right; the next fetch believes it.
UPDATE calendar_feeds SET accepted_at = sqlc.arg(now)::timestamptz, unsettled = true, updated_at = sqlc.arg(now)::timestamptz
WHERE id = @id AND deleted_at IS NULL AND quarantined_at IS NOT NULL;

-- name: GetFeedAccommodation :one
SELECT accommodation_id FROM calendar_feeds WHERE id = @id AND deleted_at IS NULL;

-- name: DeleteFeed :one
UPDATE calendar_feeds SET deleted_at = sqlc.arg(now)::timestamptz, updated_at = sqlc.arg(now)::timestamptz WHERE id = @id AND deleted_at IS NULL RETURNING accommodation_id;

-- name: ReleaseFeedBlocks :execrows
-- Nights that are past stay as they were.
UPDATE calendar_blocks b SET active = false, updated_at = sqlc.arg(now)::timestamptz, revision = revision + 1
FROM calendar_feed_events e
WHERE e.id = b.feed_event_id AND e.feed_id = @feed_id AND b.active AND b.end_date > @today::date;

-- name: KeepFeedBlocks :execrows
-- The nights stay closed by hand, so that a person can open them again.
UPDATE calendar_blocks b SET source = 'manual', feed_event_id = NULL, staff_id = sqlc.narg('staff_id')::bigint, reason = @reason, updated_at = sqlc.arg(now)::timestamptz,
    nights_since = sqlc.arg(now)::timestamptz
FROM calendar_feed_events e
WHERE e.id = b.feed_event_id AND e.feed_id = @feed_id AND b.active AND b.end_date > @today::date;

-- name: ListFeedEvents :many
SELECT e.*, coalesce((SELECT array_agg(b.start_date ORDER BY b.start_date) FROM calendar_blocks b
        WHERE b.feed_event_id = e.id AND b.active), '{}')::date[] AS block_starts,
    coalesce((SELECT array_agg(b.end_date ORDER BY b.start_date) FROM calendar_blocks b
        WHERE b.feed_event_id = e.id AND b.active), '{}')::date[] AS block_ends
FROM calendar_feed_events e WHERE e.feed_id = @feed_id AND e.end_date > @since::date ORDER BY e.start_date, e.id;

-- name: ListConflicts :many
-- The open ones, or with history the last ones too.
SELECT c.id, c.block_id, c.opened_at, c.resolved_at, c.resolution, c.resolved_by, c.alarmed_at, c.over_at,
    b.start_date, b.end_date, b.source, coalesce(f.id, 0)::bigint AS feed_id, coalesce(f.channel, '')::text AS channel,
    r.code, r.check_in, r.check_out, r.reservation_status, r.accommodation_id, a.name AS unit_name
FROM calendar_conflicts c JOIN calendar_blocks b ON b.id = c.block_id JOIN reservations r ON r.id = c.reservation_id
JOIN accommodations a ON a.id = r.accommodation_id
LEFT JOIN calendar_feed_events e ON e.id = b.feed_event_id LEFT JOIN calendar_feeds f ON f.id = e.feed_id
WHERE (c.resolved_at IS NULL OR @with_resolved::boolean) AND (@one::bigint = 0 OR c.id = @one)
ORDER BY c.resolved_at NULLS FIRST, c.id DESC LIMIT @most::integer;

-- name: ResolveConflict :execrows
UPDATE calendar_conflicts SET resolved_at = sqlc.arg(now)::timestamptz, resolution = sqlc.arg(resolution)::text, resolved_by = sqlc.arg(staff_id)::bigint
WHERE id = @id AND resolved_at IS NULL;

-- name: InsertBlock :one
INSERT INTO calendar_blocks (accommodation_id, start_date, end_date, source, reason, staff_id, created_at, updated_at, nights_since)
VALUES (@accommodation_id, @start_date, @end_date, 'manual', @reason, sqlc.narg('staff_id')::bigint, @now, @now, @now)
RETURNING id;

-- name: ReleaseBlock :execrows
UPDATE calendar_blocks SET active = false, updated_at = sqlc.arg(now)::timestamptz, revision = revision + 1 WHERE id = @id AND source = 'manual' AND active;

-- name: ListBlocks :many
SELECT b.id, b.accommodation_id, b.start_date, b.end_date, b.source, b.reason, b.staff_id, b.expires_at, b.created_at,
    coalesce(f.id, 0)::bigint AS feed_id, coalesce(f.channel, '')::text AS channel
FROM calendar_blocks b
LEFT JOIN calendar_feed_events e ON e.id = b.feed_event_id LEFT JOIN calendar_feeds f ON f.id = e.feed_id
WHERE b.active AND (@accommodation_id::bigint = 0 OR b.accommodation_id = @accommodation_id)
    AND b.period && daterange(@from_date::date, @to_date::date, '[)')
ORDER BY b.accommodation_id, b.start_date, b.id;

-- name: SetExport :one
-- Makes the address, or gives it another token.
INSERT INTO calendar_exports AS x (accommodation_id, channel, token_hash, created_at) VALUES (@accommodation_id, @channel, @token_hash, @now)
ON CONFLICT (accommodation_id, channel) DO UPDATE SET token_hash = excluded.token_hash, rotated_at = sqlc.arg(now)::timestamptz
RETURNING *;

-- name: GetExport :one
SELECT x.*, a.name AS unit_name FROM calendar_exports x JOIN accommodations a ON a.id = x.accommodation_id
WHERE x.accommodation_id = @accommodation_id AND x.token_hash = @token_hash;

-- name: ListExports :many
SELECT x.*, a.name AS unit_name,
    coalesce((SELECT max(p.at) FROM calendar_pulls p WHERE p.export_id = x.id AND p.channel = x.channel), 'epoch')::timestamptz AS last_pull
FROM calendar_exports x JOIN accommodations a ON a.id = x.accommodation_id
WHERE @accommodation_id::bigint = 0 OR x.accommodation_id = @accommodation_id ORDER BY x.accommodation_id, x.channel;

-- name: DeleteExport :execrows
WITH pulls AS (DELETE FROM calendar_pulls p WHERE p.export_id = @id)
DELETE FROM calendar_exports x WHERE x.id = @id;

-- name: InsertPull :exec
WITH old AS (
    DELETE FROM calendar_pulls p WHERE p.export_id = @export_id
        AND p.id < (SELECT min(newest.id) FROM (SELECT n.id FROM calendar_pulls n WHERE n.export_id = @export_id ORDER BY n.id DESC LIMIT @keep::integer) newest)
)
INSERT INTO calendar_pulls (export_id, at, user_agent, channel) VALUES (@export_id, @now, @user_agent, @channel);

-- name: LastPull :one
SELECT p.at FROM calendar_pulls p JOIN calendar_exports x ON x.id = p.export_id
WHERE x.accommodation_id = @accommodation_id AND p.channel = @channel ORDER BY p.at DESC LIMIT 1;

-- name: FirstPullsSince :many
-- For each channel that an accommodation is published to: the first pull after an instant, the epoch while there was none.
SELECT x.channel, coalesce((SELECT min(p.at) FROM calendar_pulls p WHERE p.export_id = x.id AND p.channel = x.channel
    AND p.at >= sqlc.arg(since)::timestamptz), 'epoch')::timestamptz AS at
FROM calendar_exports x WHERE x.accommodation_id = @accommodation_id ORDER BY x.channel;

-- name: ListExportRows :many
-- A channel does not get its own bookings and events back, unless several calendars share the name "other". A change of money
-- is no change of nights: stamp and sequence come from the events that touched those. Nights kept for a guest by an offer are like an
-- unpaid hold: who publishes those wants no channel to sell what somebody is about to take. ListOurs follows, so that they come back as echoes.
SELECT 'reservation'::text AS source, r.id::text AS id, r.check_in AS start_date, r.check_out AS end_date, changed.at AS updated_at, changed.n::integer AS sequence
FROM reservations r CROSS JOIN LATERAL (
    SELECT coalesce(max(e.at), r.created_at)::timestamptz AS at, greatest(count(*) - 1, 0) AS n
    FROM booking_events e WHERE e.reservation_id = r.id AND e.kind IN ('held', 'confirmed', 'moved')) changed
WHERE r.accommodation_id = @accommodation_id AND r.check_out > @from_date::date
    AND (r.reservation_status IN ('confirmed', 'completed') OR (@holds::boolean AND r.reservation_status = 'pre_reserved'))
    AND (r.channel_source <> @channel::text OR r.channel_source = 'other')
UNION ALL
SELECT 'block', b.id::text, b.start_date, b.end_date, b.updated_at, b.revision
FROM calendar_blocks b LEFT JOIN calendar_feed_events e ON e.id = b.feed_event_id LEFT JOIN calendar_feeds f ON f.id = e.feed_id
WHERE b.accommodation_id = @accommodation_id AND b.active AND b.end_date > @from_date::date
    AND (b.source <> 'offer' OR @holds::boolean)
    AND (f.id IS NULL OR f.channel <> @channel::text OR (@channel::text = 'other' AND (SELECT count(*) FROM calendar_feeds o
        WHERE o.accommodation_id = @accommodation_id AND o.channel = 'other' AND o.deleted_at IS NULL) > 1))
ORDER BY start_date, source, id;
