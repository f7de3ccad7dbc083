-- name: QueueMail :one
-- A receipt goes with one mail only; a mail that is only about receipts and has none left is not written.
WITH carried AS (
    SELECT coalesce(array_agg(number ORDER BY number), '{}')::text[] AS receipts FROM unnest(@receipts::text[]) AS number
    WHERE NOT EXISTS (SELECT 1 FROM mails m WHERE m.code = sqlc.narg('code')::text AND NOT m.to_owner AND m.key <> @key AND number = ANY (m.receipts))
)
INSERT INTO mails (key, to_owner, kind, guest_id, code, content, receipts, unasked, trace_id, created_at)
SELECT @key, @to_owner::boolean, @kind, whoever_is(sqlc.narg('guest_id')::bigint), sqlc.narg('code')::text, @content::jsonb, carried.receipts,
    @unasked::boolean, @trace_id, @now::timestamptz
FROM carried WHERE NOT @only_receipts::boolean OR cardinality(carried.receipts) > 0
ON CONFLICT (key, to_owner) DO NOTHING
RETURNING id;

-- name: FindMail :one
SELECT id, (status = 'queued')::boolean AS waits FROM mails WHERE key = @key AND to_owner = @to_owner::boolean;

-- name: GetMail :one
SELECT m.id, m.key, m.to_owner, m.kind, coalesce(m.code, '')::text AS code, m.content, m.receipts, m.unasked, m.status, m.error, m.attempts,
    m.trace_id, m.created_at, coalesce(g.email, '')::text AS guest_email, (g.opted_out_at IS NOT NULL)::boolean AS opted_out,
    coalesce(r.reservation_status, '')::text AS reservation_status
FROM mails m
LEFT JOIN guests g ON NOT m.to_owner AND g.id = whoever_is(m.guest_id)
LEFT JOIN reservations r ON r.code = m.code
WHERE m.id = @id;

-- name: MailTried :exec
-- Whoever ended it first is right.
UPDATE mails SET status = @status, error = @reason, attempts = attempts + 1, tried_at = @now::timestamptz,
    sent_at = CASE WHEN @status::text = 'sent' THEN @now::timestamptz END
WHERE id = @id AND status = 'queued';

-- name: StayRevision :one
-- How often the stay became something else since it was held, and when it did last: what calendars tell an old state from a new one by.
SELECT coalesce(max(e.at), r.created_at)::timestamptz AS at, greatest(count(e.id) - 1, 0)::integer AS sequence
FROM reservations r LEFT JOIN booking_events e ON e.reservation_id = r.id AND e.kind IN ('held', 'confirmed', 'moved', 'cancelled')
WHERE r.code = @code GROUP BY r.id;
