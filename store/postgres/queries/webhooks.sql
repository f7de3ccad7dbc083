-- name: InsertInbox :one
WITH fresh AS (
    INSERT INTO webhook_inbox (provider, event_key, body, meta, trace_id, received_at, due_at)
    VALUES (@provider, @event_key, @body, @meta, @trace_id, @now, @now)
    ON CONFLICT (provider, event_key) DO NOTHING
    RETURNING id
)
SELECT fresh.id, true AS is_new FROM fresh
UNION ALL
SELECT w.id, false FROM webhook_inbox w WHERE w.provider = @provider AND w.event_key = @event_key
LIMIT 1;

-- name: GetInboxID :one
SELECT id FROM webhook_inbox WHERE provider = @provider AND event_key = @event_key;

-- name: ListPendingInbox :many
SELECT id, provider, event_key, body, meta, trace_id, received_at, attempts, last_error
FROM webhook_inbox WHERE dispatched_at IS NULL AND due_at < @before::timestamptz ORDER BY id LIMIT @most;

-- name: MarkDispatched :exec
UPDATE webhook_inbox SET dispatched_at = @now::timestamptz, attempts = attempts + 1, last_error = ''
WHERE id = ANY(@ids::bigint[]) AND dispatched_at IS NULL;

-- name: MarkDispatchFailed :exec
UPDATE webhook_inbox SET attempts = attempts + 1, last_error = sqlc.arg(error_text),
    due_at = sqlc.arg(now)::timestamptz + least(power(2, attempts), 10) * interval '1 second'
WHERE id = @id AND dispatched_at IS NULL;
