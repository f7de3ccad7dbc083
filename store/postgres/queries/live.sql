-- name: LivePosition :one
-- Where the stream stands: everything before it is final and was told.
SELECT (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint AS xid;

-- name: ListLive :many
-- What follows a position and is final: rows of transactions below every one that still runs. Later rows wait for the next look.
SELECT (e.xid::text)::bigint AS xid, e.id, e.type, e.refs, e.at FROM live_events e
WHERE (e.xid, e.id) > (sqlc.arg(after_xid)::text::xid8, sqlc.arg(after_id)::bigint)
    AND e.xid < pg_snapshot_xmin(pg_current_snapshot()) AND e.type <> 'stream.began'
ORDER BY e.xid, e.id LIMIT @most;

-- name: IsLiveKept :one
-- Whether all that follows a position is still there: something at or before it is, and it is of this database.
SELECT (sqlc.arg(at_xid)::text::xid8 <= pg_snapshot_xmax(pg_current_snapshot())
    AND EXISTS (SELECT 1 FROM live_events e WHERE (e.xid, e.id) <= (sqlc.arg(at_xid)::text::xid8, sqlc.arg(at_id)::bigint)))::boolean;

-- name: SweepLive :execrows
-- What is older than an instant, but for the newest of it; and what a restored copy has from another life of the database.
DELETE FROM live_events e
WHERE e.xid >= pg_snapshot_xmax(pg_current_snapshot())
    OR e.at < @before::timestamptz AND EXISTS (
        SELECT 1 FROM live_events n WHERE (n.xid, n.id) > (e.xid, e.id) AND n.at < @before::timestamptz);

-- name: BeginLive :exec
INSERT INTO live_events (type) SELECT 'stream.began' WHERE NOT EXISTS (SELECT 1 FROM live_events);
