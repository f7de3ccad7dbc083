-- name: ListAuditLog :many
-- Newest first, below an id (0: all). Zero values and NULLs filter nothing.
SELECT l.id, l.at, coalesce(l.user_id, 0)::bigint AS user_id, coalesce(u.email, '')::text AS email, l.actor, l.action, l.entity, l.entity_id,
    l.before, l.after, l.trace_id
FROM audit_log l LEFT JOIN users u ON u.id = l.user_id
WHERE (@before_id::bigint = 0 OR l.id < @before_id)
    AND (@user_id::bigint = 0 OR l.user_id = @user_id)
    AND (@action::text = '' OR l.action = @action)
    AND (@entity::text = '' OR l.entity = @entity)
    AND (@entity_id::text = '' OR l.entity_id = @entity_id)
    AND (sqlc.narg(since)::timestamptz IS NULL OR l.at >= sqlc.narg(since)::timestamptz)
    AND (sqlc.narg(until)::timestamptz IS NULL OR l.at < sqlc.narg(until)::timestamptz)
ORDER BY l.id DESC LIMIT @most;

-- name: ListInboxPage :many
-- Newest first, without what was delivered.
SELECT id, provider, trace_id, received_at, dispatched_at, due_at, attempts, last_error FROM webhook_inbox
WHERE (@before_id::bigint = 0 OR id < @before_id)
    AND (@provider::text = '' OR provider = @provider)
    AND (@status::text = '' OR CASE WHEN dispatched_at IS NOT NULL THEN 'dispatched' WHEN last_error <> '' THEN 'failing' ELSE 'waiting' END = @status)
    AND (@status::text NOT IN ('waiting', 'failing') OR dispatched_at IS NULL)
ORDER BY id DESC LIMIT @most;

-- name: GetInboxItem :one
SELECT id, provider, event_key, body, meta, trace_id, received_at, dispatched_at, due_at, attempts, last_error FROM webhook_inbox WHERE id = @id;
