-- name: GetOutbound :one
SELECT m.id, coalesce(m.guest_id, 0)::bigint AS guest_id,
    number_to_send_to(g.whatsapp_phone, coalesce(nullif(m.recipient, ''), g.phone), g.whatsapp_send_to, m.without_nine)::text AS recipient_phone,
    coalesce(g.whatsapp_user_id, '')::text AS recipient_user_id,
    m.body, m.status, m.error, m.unasked, (g.opted_out_at IS NOT NULL)::boolean AS opted_out,
    coalesce(m.provider_id, '')::text AS provider_id, m.trace_id, coalesce(m.effect_key, '')::text AS effect_key, m.attempts,
    coalesce(c.window_open_until, '0001-01-01 00:00:00+00')::timestamptz AS window_open_until,
    coalesce(asked.created_at, '0001-01-01 00:00:00+00')::timestamptz AS asked_at, coalesce(asked.kind = 'audio', false)::boolean AS asked_by_voice
FROM messages m
-- the message of the guest to which this is the bot's first reply
LEFT JOIN messages asked ON asked.id = m.in_reply_to AND m.author = 'bot'
    AND NOT EXISTS (SELECT 1 FROM messages e WHERE e.in_reply_to = m.in_reply_to AND e.id < m.id)
LEFT JOIN guests g ON g.id = message_person(m.guest_id, m.recipient)
LEFT JOIN conversations c ON c.guest_id = g.id
WHERE m.id = @id AND m.direction = 'out';

-- name: ClaimSend :one
UPDATE messages m SET status = 'sending', attempts = m.attempts + 1, claimed_at = @now::timestamptz
FROM (SELECT x.id, x.status, x.claimed_at FROM messages x WHERE x.id = @id AND x.direction = 'out' FOR NO KEY UPDATE) old
WHERE m.id = old.id AND old.status IN ('queued', 'sending')
RETURNING old.status AS was, coalesce(old.claimed_at, '0001-01-01 00:00:00+00')::timestamptz AS since, m.attempts;

-- name: GetSendState :one
SELECT status, attempts FROM messages WHERE id = @id AND direction = 'out';

-- name: SendAccepted :execrows
-- A failure that the provider reported faster than it answered keeps its reason.
UPDATE messages SET provider_id = coalesce(provider_id, @provider_id::text), sent_at = coalesce(sent_at, @now::timestamptz),
    error = CASE WHEN status = 'failed' THEN error ELSE '' END,
    status = CASE WHEN status IN ('queued', 'sending') THEN 'sent' ELSE status END
WHERE id = @id AND direction = 'out';

-- name: SendFailed :execrows
UPDATE messages SET error = @reason, status = CASE WHEN status NOT IN ('queued', 'sending') THEN status WHEN @final::boolean THEN 'failed' ELSE 'queued' END
WHERE id = @id AND direction = 'out';

-- name: ApplyMessageStatus :exec
-- sent < delivered < read; failed counts until the message turns out to have arrived. The form of the number in which it
-- arrived is kept when it is not the one WhatsApp gave.
WITH moved AS (
    UPDATE messages m SET status = @status::text, error = @error_code, status_at = @at::timestamptz,
        provider_id = coalesce(m.provider_id, nullif(@provider_id::text, '')), sent_at = coalesce(m.sent_at, @at::timestamptz)
    WHERE m.direction = 'out' AND m.id = coalesce(
            (SELECT x.id FROM messages x WHERE x.effect_key = nullif(@callback_data::text, '')),
            (SELECT y.id FROM messages y WHERE y.provider_id = nullif(@provider_id::text, '')))
        AND CASE @status::text
            WHEN 'sent' THEN m.status IN ('queued', 'sending')
            WHEN 'delivered' THEN m.status IN ('queued', 'sending', 'sent', 'failed')
            WHEN 'read' THEN m.status IN ('queued', 'sending', 'sent', 'delivered', 'failed')
            -- a report about an earlier try says nothing about this one
            WHEN 'failed' THEN m.status IN ('queued', 'sending', 'sent') AND (m.provider_id IS NULL OR m.provider_id = @provider_id::text)
            ELSE false END
    RETURNING m.guest_id, m.recipient, m.without_nine
)
UPDATE guests g SET whatsapp_send_to = number_to_send_to(g.whatsapp_phone, g.phone, '', true), updated_at = @at::timestamptz
FROM moved WHERE moved.without_nine AND @status::text IN ('delivered', 'read') AND g.id = message_person(moved.guest_id, moved.recipient)
    AND g.whatsapp_send_to <> number_to_send_to(g.whatsapp_phone, g.phone, '', true);

-- name: ReopenFailedMessage :one
-- What the provider took and then reported as failed waits for another try; asked again before that, it is found again.
-- A number has only one other form: a message changes to it once.
WITH message AS (
    UPDATE messages m SET status = 'queued', provider_id = NULL, error = @error_code, status_at = @at::timestamptz,
        without_nine = m.without_nine OR @other_form::boolean
    FROM messages x LEFT JOIN guests g ON g.id = message_person(x.guest_id, x.recipient)
    WHERE m.id = x.id AND m.direction = 'out' AND m.attempts < @most_attempts::integer AND (
        (m.status = 'sent' AND m.provider_id = @provider_id::text AND (NOT @other_form::boolean OR (NOT m.without_nine
            AND number_to_send_to(g.whatsapp_phone, coalesce(nullif(m.recipient, ''), g.phone), '', false) ~ '^[+]?549[0-9]{10}$')))
        OR (m.status = 'queued' AND m.provider_id IS NULL AND m.attempts > 0 AND m.effect_key = nullif(@callback_data::text, '')
            AND (m.without_nine OR NOT @other_form::boolean)))
    RETURNING m.id, message_person(m.guest_id, m.recipient) AS person
), closed AS (
    UPDATE conversations c SET window_open_until = least(c.window_open_until, @at::timestamptz)
    FROM message WHERE @close_window::boolean AND c.guest_id = message.person
)
SELECT id FROM message;

-- name: FindFailedMessage :one
-- The message whose last try this was, if it failed for good.
SELECT id FROM messages WHERE direction = 'out' AND status = 'failed' AND provider_id = nullif(@provider_id::text, '');

-- name: RememberSendTo :execrows
-- What worked is kept with the person, also when it turns out later by a status.
UPDATE guests g SET whatsapp_send_to = @phone::text, updated_at = @now::timestamptz
FROM messages m WHERE m.id = @message_id AND g.id = message_person(m.guest_id, m.recipient) AND g.whatsapp_send_to <> @phone::text;

-- name: IsBeingSent :one
SELECT EXISTS (SELECT 1 FROM messages m WHERE m.effect_key = nullif(@callback_data::text, '') AND m.status = 'sending' AND m.provider_id IS NULL);

-- name: QueueNotice :one
WITH fresh AS (
    SELECT whoever_is(sqlc.narg('guest_id')::bigint) AS guest_id WHERE NOT EXISTS (SELECT 1 FROM notifications n WHERE n.key = @key)
), message AS (
    INSERT INTO messages (guest_id, direction, kind, body, status, effect_key, recipient, unasked, trace_id, created_at)
    SELECT fresh.guest_id, 'out', coalesce(@body::jsonb ->> 'kind', 'text'), @body::jsonb, 'queued', @key, @recipient::text, @unasked::boolean, @trace_id, @now::timestamptz
    FROM fresh WHERE fresh.guest_id IS NOT NULL OR @recipient::text <> ''
    ON CONFLICT (effect_key) DO NOTHING
    RETURNING id
), notice AS (
    INSERT INTO notifications (key, to_owner, message_id, created_at)
    SELECT @key, @to_owner::boolean, message.id, @now::timestamptz FROM fresh LEFT JOIN message ON true
    -- No message though there is a recipient: somebody else is writing this notice.
    WHERE message.id IS NOT NULL OR (@to_owner::boolean AND @recipient::text = '')
    ON CONFLICT (key) DO NOTHING
    RETURNING coalesce(message_id, 0)::bigint AS message_id
)
SELECT message_id FROM notice;

-- name: GetNotice :one
SELECT coalesce(message_id, 0)::bigint AS message_id FROM notifications WHERE key = @key;

-- name: NoticeWaits :one
SELECT EXISTS (SELECT 1 FROM notifications n JOIN messages m ON m.id = n.message_id
    WHERE starts_with(n.key, @prefix::text) AND m.status IN ('queued', 'sending'));
