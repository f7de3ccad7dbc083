-- What a fetch of a feed reads and writes. All writes of one fetch are one transaction under the lock of the accommodation.

-- name: GetFeedForSync :one
-- ours_changed: something of ours that the comparison depends on changed since the last one, or was fetched from us for the
-- first time since. The minute is for a change that was under way and two clocks.
SELECT sqlc.embed(f), p.time_zone,
    (f.reconciled_at IS NULL OR EXISTS (
        SELECT 1 FROM reservations r WHERE r.accommodation_id = f.accommodation_id
            AND r.check_out > (f.reconciled_at - interval '4 days')::date AND r.updated_at > f.reconciled_at - interval '1 minute')
    OR EXISTS (
        SELECT 1 FROM calendar_blocks b LEFT JOIN calendar_feed_events e ON e.id = b.feed_event_id
        WHERE b.accommodation_id = f.accommodation_id AND e.feed_id IS DISTINCT FROM f.id
            AND b.updated_at > f.reconciled_at - interval '1 minute')
    OR EXISTS (
        SELECT 1 FROM calendar_exports x JOIN LATERAL (
            SELECT max(p.at) AS before FROM calendar_pulls p WHERE p.export_id = x.id AND p.channel = f.channel
                AND p.at <= f.reconciled_at) pulled ON true
        WHERE x.accommodation_id = f.accommodation_id
            AND EXISTS (SELECT 1 FROM calendar_pulls p WHERE p.export_id = x.id AND p.channel = f.channel AND p.at > f.reconciled_at)
            AND (EXISTS (SELECT 1 FROM reservations r WHERE r.accommodation_id = f.accommodation_id
                    AND r.check_out > (f.reconciled_at - interval '4 days')::date
                    AND r.updated_at > coalesce(pulled.before, '-infinity') - interval '1 minute')
                OR EXISTS (SELECT 1 FROM calendar_blocks b WHERE b.accommodation_id = f.accommodation_id
                    AND b.updated_at > coalesce(pulled.before, '-infinity') - interval '1 minute'))))::boolean AS ours_changed
FROM calendar_feeds f JOIN accommodations a ON a.id = f.accommodation_id JOIN properties p ON p.id = a.property_id
WHERE f.id = @id;

-- name: LockCalendar :exec
SELECT lock_accommodation(@id);

-- name: ListKnownEvents :many
SELECT e.id, e.uid, e.start_date, e.end_date, e.kind, e.missing, e.first_seen FROM calendar_feed_events e
WHERE e.feed_id = @feed_id AND e.released_at IS NULL AND e.end_date >= @since::date ORDER BY e.id;

-- name: ListEventBlocks :many
SELECT b.id, e.id AS event_id, b.start_date, b.end_date FROM calendar_blocks b JOIN calendar_feed_events e ON e.id = b.feed_event_id
WHERE e.feed_id = @feed_id AND e.released_at IS NULL AND e.end_date >= @since::date AND b.active ORDER BY e.id, b.start_date;

-- name: ListOurs :many
-- What a channel may repeat to us: our stays and closures and those of other feeds, with the time they were in the export for
-- this channel and its first fetches after they came and went; what did not happen is the epoch. A stay that had other nights before is in it once for each.
WITH export AS (
    SELECT x.id FROM calendar_exports x WHERE x.accommodation_id = @accommodation_id AND x.channel = @channel::text
), story AS (
    SELECT e.id, e.reservation_id, e.accommodation_id_after AS accommodation_id, e.check_in_after AS start_date, e.check_out_after AS end_date, e.at,
        e.status_after IN ('confirmed', 'completed') OR (@holds::boolean AND e.status_after = 'pre_reserved') AS published,
        is_live(e.status_after) OR e.status_after = 'completed' AS stands, r.channel_source
    FROM reservations r JOIN booking_events e ON e.reservation_id = r.id
        AND e.kind IN ('held', 'confirmed', 'moved', 'expired', 'cancelled', 'completed', 'no_show')
    WHERE r.accommodation_id = @accommodation_id AND r.check_out >= @since::date
), chapters AS (
    -- A row for each time its nights or its standing changed.
    SELECT s.*, lead(s.at) OVER own AS next_at FROM (
        SELECT story.*, lag((accommodation_id, start_date, end_date, published, stands)) OVER (PARTITION BY reservation_id ORDER BY id)
            IS DISTINCT FROM (accommodation_id, start_date, end_date, published, stands) AS turns
        FROM story) s WHERE s.turns WINDOW own AS (PARTITION BY s.reservation_id ORDER BY s.id)
), ours AS (
    SELECT c.start_date, c.end_date, c.channel_source::text AS channel, CASE WHEN c.published AND (c.channel_source <> @channel::text OR c.channel_source = 'other') THEN c.at END AS since,
        c.next_at AS until
    FROM chapters c WHERE c.stands AND c.accommodation_id = @accommodation_id
    UNION ALL
    SELECT b.start_date, b.end_date, coalesce(f.channel, 'direct'),
        CASE WHEN (b.source <> 'offer' OR @holds::boolean) AND (f.id IS NULL OR f.channel <> @channel::text OR @channel::text = 'other') THEN b.nights_since END,
        CASE WHEN NOT b.active THEN b.updated_at END
    FROM calendar_blocks b LEFT JOIN calendar_feed_events e ON e.id = b.feed_event_id LEFT JOIN calendar_feeds f ON f.id = e.feed_id
    WHERE b.accommodation_id = @accommodation_id AND e.feed_id IS DISTINCT FROM @feed_id::bigint AND b.end_date >= @since::date
        AND (b.active OR b.updated_at > sqlc.arg(now)::timestamptz - interval '60 days')
)
SELECT o.start_date, o.end_date, o.channel::text AS channel,
    coalesce(o.since, 'epoch')::timestamptz AS since, coalesce(o.until, 'epoch')::timestamptz AS until,
    coalesce((SELECT min(p.at) FROM calendar_pulls p
        WHERE p.export_id = (SELECT x.id FROM export x) AND p.channel = @channel::text AND p.at >= o.since), 'epoch')::timestamptz AS fetched,
    coalesce((SELECT min(p.at) FROM calendar_pulls p
        WHERE p.export_id = (SELECT x.id FROM export x) AND p.channel = @channel::text AND p.at >= o.until), 'epoch')::timestamptz AS dropped
FROM ours o ORDER BY o.start_date, o.end_date;

-- name: ReleaseEvents :exec
UPDATE calendar_feed_events SET released_at = sqlc.arg(now)::timestamptz WHERE id = ANY(@ids::bigint[]);

-- name: ReleaseBlocks :exec
UPDATE calendar_blocks SET active = false, updated_at = sqlc.arg(now)::timestamptz, revision = revision + 1 WHERE id = ANY(@ids::bigint[]) AND active;

-- name: SetAsideUIDs :exec
-- Two events may exchange their UIDs.
UPDATE calendar_feed_events SET uid = '~' || id WHERE id = ANY(@ids::bigint[]);

-- name: UpdateEvents :exec
UPDATE calendar_feed_events e SET uid = n.uid, start_date = n.start_date, end_date = n.end_date, kind = n.kind, echo = n.echo, missing = n.missing,
    last_seen = CASE WHEN n.missing = 0 THEN sqlc.arg(now)::timestamptz ELSE e.last_seen END
FROM (SELECT unnest(@ids::bigint[]) AS id, unnest(@uids::text[]) AS uid, unnest(@starts::date[]) AS start_date, unnest(@ends::date[]) AS end_date,
    unnest(@kinds::text[]) AS kind, unnest(@echoes::boolean[]) AS echo, unnest(@missing::integer[]) AS missing) n
WHERE e.id = n.id;

-- name: ForgetPastUIDs :exec
-- What is long over is not compared any more; its UID may come again.
UPDATE calendar_feed_events SET released_at = sqlc.arg(now)::timestamptz
WHERE feed_id = @feed_id AND uid = ANY(@uids::text[]) AND released_at IS NULL AND end_date < @since::date;

-- name: InsertEvents :many
INSERT INTO calendar_feed_events (feed_id, uid, start_date, end_date, kind, echo, missing, first_seen, last_seen)
SELECT @feed_id, n.uid, n.start_date, n.end_date, n.kind, n.echo, n.missing, sqlc.arg(now)::timestamptz, sqlc.arg(now)::timestamptz
FROM (SELECT unnest(@uids::text[]) AS uid,
    unnest(@starts::date[]) AS start_date, unnest(@ends::date[]) AS end_date, unnest(@kinds::text[]) AS kind,
    unnest(@echoes::boolean[]) AS echo, unnest(@missing::integer[]) AS missing) n
RETURNING id, uid;

-- name: KeepFormerNights :exec
-- The nights a block had before it moves, for whoever asks later what we published.
INSERT INTO calendar_blocks (accommodation_id, start_date, end_date, source, reason, active, created_at, updated_at, nights_since, feed_event_id)
SELECT b.accommodation_id, b.start_date, b.end_date, b.source, b.reason, false, b.nights_since, sqlc.arg(now)::timestamptz, b.nights_since, b.feed_event_id
FROM calendar_blocks b WHERE b.id = ANY(@ids::bigint[]);

-- name: MoveBlocks :exec
UPDATE calendar_blocks b SET start_date = n.start_date, end_date = n.end_date, updated_at = sqlc.arg(now)::timestamptz, nights_since = @now, revision = b.revision + 1
FROM (SELECT unnest(@ids::bigint[]) AS id, unnest(@starts::date[]) AS start_date, unnest(@ends::date[]) AS end_date) n
WHERE b.id = n.id;

-- name: InsertFeedBlocks :exec
INSERT INTO calendar_blocks (accommodation_id, start_date, end_date, source, feed_event_id, created_at, updated_at, nights_since)
SELECT @accommodation_id, n.start_date, n.end_date, 'feed', n.event_id, @now, @now, @now
FROM (SELECT unnest(@event_ids::bigint[]) AS event_id, unnest(@starts::date[]) AS start_date, unnest(@ends::date[]) AS end_date) n;

-- name: FinishSync :exec
UPDATE calendar_feeds SET etag = @etag, last_modified = @last_modified, digest = @digest, reconciled_at = sqlc.arg(now)::timestamptz,
    unsettled = @unsettled, problems = @problems, last_attempt_at = sqlc.arg(now)::timestamptz, last_good_at = sqlc.arg(now)::timestamptz,
    last_changed_at = CASE WHEN @changed::boolean THEN sqlc.arg(now)::timestamptz ELSE last_changed_at END,
    last_error = '', failures = 0, updated_at = sqlc.arg(now)::timestamptz,
    quarantined_at = CASE WHEN @quarantined::boolean THEN coalesce(quarantined_at, sqlc.arg(now)::timestamptz) END,
    quarantine_reason = CASE WHEN @quarantined::boolean THEN 'lost_events' ELSE '' END,
    quarantine_alarmed_at = CASE WHEN @quarantined::boolean THEN quarantine_alarmed_at END
WHERE id = @id;

-- name: TouchFeed :exec
UPDATE calendar_feeds SET last_attempt_at = sqlc.arg(now)::timestamptz, last_good_at = greatest(last_good_at, sqlc.arg(now)::timestamptz), last_error = '', failures = 0 WHERE id = @id;

-- name: FailFeed :exec
UPDATE calendar_feeds SET last_attempt_at = sqlc.arg(now)::timestamptz, last_error = @reason, last_error_at = sqlc.arg(now)::timestamptz, failures = failures + 1 WHERE id = @id;

-- name: ListDueConflictAlarms :many
-- 0 is every accommodation. Only other channels are news to the owner: a block by hand is shown to whoever makes it.
SELECT c.id, c.opened_at FROM calendar_conflicts c JOIN calendar_blocks b ON b.id = c.block_id
WHERE c.resolved_at IS NULL AND c.alarmed_at IS NULL AND b.source = 'feed'
    AND (@accommodation_id::bigint = 0 OR b.accommodation_id = @accommodation_id) ORDER BY c.id LIMIT 100;

-- name: ListDueQuarantineAlarms :many
SELECT f.id, f.quarantined_at::timestamptz AS since FROM calendar_feeds f
WHERE f.deleted_at IS NULL AND f.quarantined_at IS NOT NULL AND f.quarantine_alarmed_at IS NULL AND (@id::bigint = 0 OR f.id = @id) ORDER BY f.id;

-- name: ConflictAlarmed :exec
UPDATE calendar_conflicts SET alarmed_at = sqlc.arg(now)::timestamptz WHERE id = @id AND alarmed_at IS NULL;

-- name: QuarantineAlarmed :exec
UPDATE calendar_feeds SET quarantine_alarmed_at = sqlc.arg(now)::timestamptz WHERE id = @id AND quarantined_at IS NOT NULL;

-- name: StaleAlarmed :exec
UPDATE calendar_feeds SET stale_alarmed_at = sqlc.arg(now)::timestamptz WHERE id = @id;

-- name: StaleOver :exec
UPDATE calendar_feeds SET stale_alarmed_at = NULL WHERE id = @id;

-- name: LockFeed :one
SELECT * FROM calendar_feeds WHERE id = @id FOR UPDATE;

-- name: CountConflictsOpened :one
SELECT count(*) FROM calendar_conflicts c JOIN calendar_blocks b ON b.id = c.block_id JOIN calendar_feed_events e ON e.id = b.feed_event_id
WHERE e.feed_id = @feed_id AND c.opened_at = sqlc.arg(at)::timestamptz AND c.resolved_at IS NULL;

-- name: GetTimeZone :one
SELECT p.time_zone FROM accommodations a JOIN properties p ON p.id = a.property_id WHERE a.id = @accommodation_id;

-- name: ListReservationsIn :many
SELECT r.code, r.check_in, r.check_out, r.reservation_status FROM reservations r
WHERE r.accommodation_id = @accommodation_id AND r.period && daterange(@from_date::date, @to_date::date, '[)') AND is_live(r.reservation_status)
ORDER BY r.check_in;

-- name: NoteCalendarStale :exec
SELECT note_booking(r.id, 'calendar_stale', sqlc.arg(change)::jsonb) FROM reservations r WHERE r.code = sqlc.arg(code);
