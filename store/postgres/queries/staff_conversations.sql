-- name: ListConversations :many
-- By their last message, newest first; somebody who has a conversation has written.
SELECT c.guest_id, g.name, coalesce(g.phone, '')::text AS phone, g.language, c.window_open_until,
    is_taken_over(c, @now::timestamptz)::boolean AS taken_over, coalesce(c.handed_over_until, '0001-01-01 00:00:00+00')::timestamptz AS taken_over_until,
    m.id AS message_id, m.direction, m.author, m.kind, m.body, m.status, m.error, coalesce(m.sent_at, m.created_at)::timestamptz AS at,
    coalesce(t.outcome, '')::text AS heard, coalesce(t.text, '')::text AS heard_text
FROM conversations c
JOIN guests g ON g.id = c.guest_id
JOIN LATERAL (SELECT x.* FROM messages x WHERE x.guest_id = c.guest_id ORDER BY x.id DESC LIMIT 1) m ON true
LEFT JOIN audio_transcriptions t ON t.message_id = m.id
WHERE (@before_id::bigint = 0 OR m.id < @before_id::bigint)
    AND (sqlc.narg('only_taken_over')::boolean IS NULL OR is_taken_over(c, @now::timestamptz) = sqlc.narg('only_taken_over')::boolean)
    AND (sqlc.narg('waiting')::boolean IS NULL OR (m.direction = 'in') = sqlc.narg('waiting')::boolean)
    AND (sqlc.narg('window_open')::boolean IS NULL OR (c.window_open_until > @now::timestamptz) = sqlc.narg('window_open')::boolean)
    AND (@language::text = '' OR g.language = @language)
    AND ((@words::text = '' AND @phone::text = '') OR (@words <> '' AND search_text(g.name) LIKE search_text(@words))
        OR (@phone <> '' AND g.phone LIKE @phone))
ORDER BY m.id DESC LIMIT @most;

-- name: GetConversationOf :one
SELECT c.guest_id, g.name, coalesce(g.phone, '')::text AS phone, g.language, c.window_open_until,
    is_taken_over(c, @now::timestamptz)::boolean AS taken_over, coalesce(c.handed_over_until, '0001-01-01 00:00:00+00')::timestamptz AS taken_over_until
FROM conversations c JOIN guests g ON g.id = c.guest_id
WHERE c.guest_id = whoever_is(@guest_id::bigint);

-- name: LockConversation :one
SELECT c.guest_id, c.window_open_until, is_taken_over(c, @now::timestamptz)::boolean AS taken_over,
    coalesce(c.handed_over_until, '0001-01-01 00:00:00+00')::timestamptz AS taken_over_until
FROM conversations c WHERE c.guest_id = whoever_is(@guest_id::bigint) FOR NO KEY UPDATE;

-- name: SetTakenOver :exec
UPDATE conversations SET handed_over = @taken_over, handed_over_until = sqlc.narg('until')::timestamptz, version = version + 1,
    updated_at = @now::timestamptz
WHERE guest_id = @guest_id;

-- name: ListThread :many
SELECT m.id, m.direction, m.author, m.kind, m.body, m.status, m.error, coalesce(m.sent_at, m.created_at)::timestamptz AS at,
    coalesce(t.outcome, '')::text AS heard, coalesce(t.text, '')::text AS heard_text, t.confidence, coalesce(t.language, '')::text AS heard_language
FROM messages m LEFT JOIN audio_transcriptions t ON t.message_id = m.id
WHERE m.guest_id = @guest_id::bigint AND (@before_id::bigint = 0 OR m.id < @before_id::bigint)
ORDER BY m.id DESC LIMIT @most;

-- name: AddStaffReply :one
INSERT INTO messages (guest_id, direction, author, kind, body, status, effect_key, trace_id, created_at)
VALUES (@guest_id::bigint, 'out', 'owner', 'text', @body, 'queued', @effect_key::text, @trace_id, @now::timestamptz)
ON CONFLICT (effect_key) DO NOTHING
RETURNING id;

-- name: GetStaffReply :one
SELECT id, coalesce(guest_id, 0)::bigint AS guest_id, body, status, error FROM messages WHERE effect_key = @effect_key::text;

-- name: ReopenStaffReply :exec
UPDATE messages SET status = 'queued', error = '' WHERE id = @id AND status = 'failed' AND error = @error AND attempts = 0;

-- name: FailUnsentReply :execrows
UPDATE messages SET status = 'failed', error = @error WHERE id = @id AND status = 'queued' AND attempts = 0;
