-- name: RecordInbound :one
WITH person AS MATERIALIZED (
    SELECT upsert_guest(@phone::text, @whatsapp_phone::text, @whatsapp_user_id::text, @name::text, false, @email::text,
        @language::text, @now::timestamptz) AS id
), talk AS (
    INSERT INTO conversations AS c (guest_id, window_open_until, created_at, updated_at)
    SELECT person.id, @window_open_until::timestamptz, @now::timestamptz, @now::timestamptz FROM person
    ON CONFLICT (guest_id) DO UPDATE SET window_open_until = EXCLUDED.window_open_until
        WHERE c.window_open_until < EXCLUDED.window_open_until
), message AS (
    INSERT INTO messages (guest_id, direction, kind, body, provider_id, status, sent_at, trace_id, created_at)
    SELECT person.id, 'in', @kind, @body, @provider_id::text, 'received', @sent_at::timestamptz, @trace_id, @now::timestamptz FROM person
    ON CONFLICT (provider_id) DO NOTHING
    RETURNING id
)
SELECT person.id::bigint AS guest_id, coalesce((SELECT message.id FROM message), 0)::bigint AS message_id FROM person;

-- name: GetMessageByProviderID :one
SELECT id, coalesce(guest_id, 0)::bigint AS guest_id FROM messages WHERE provider_id = @provider_id::text;

-- name: ReadConversation :one
-- Everything a turn is decided on, in one snapshot: the state, the oldest unanswered messages, and whether the last turn was
-- worked off.
SELECT c.guest_id, coalesce(c.state, 'null')::jsonb AS state, c.version,
    is_taken_over(c, @now::timestamptz)::boolean AS taken_over, coalesce(c.handed_over_until, '0001-01-01 00:00:00+00')::timestamptz AS taken_over_until,
    coalesce(g.phone, '')::text AS phone, g.whatsapp_phone, coalesce(g.whatsapp_user_id, '')::text AS whatsapp_user_id,
    g.name, g.email, g.language,
    coalesce(m.waiting, '[]')::jsonb AS waiting,
    coalesce(t.message_id, 0)::bigint AS last_message_id, coalesce(t.effects, '[]')::jsonb AS last_effects,
    coalesce(t.handed_out, 0)::integer AS last_handed_out,
    coalesce(jsonb_array_length(t.effects) > (SELECT count(*) FROM jsonb_object_keys(t.outcomes)), false)::boolean AS last_effects_open,
    coalesce((SELECT lm.trace_id FROM messages lm WHERE lm.id = t.message_id), '')::text AS last_trace_id,
    ARRAY(SELECT o.id FROM messages o WHERE o.in_reply_to = t.message_id AND o.status IN ('queued', 'sending') ORDER BY o.id)::bigint[] AS last_unsent
FROM conversations c
JOIN guests g ON g.id = c.guest_id
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('id', x.id, 'provider_id', x.provider_id, 'kind', x.kind, 'body', x.body, 'sent_at', x.sent_at,
        'trace_id', x.trace_id, 'heard', CASE WHEN x.kind = 'audio' THEN (
            SELECT jsonb_build_object('outcome', a.outcome, 'text', a.text, 'confidence', a.confidence)
            FROM audio_transcriptions a WHERE a.message_id = x.id) END) ORDER BY x.sent_at, x.id) AS waiting
    FROM (SELECT y.id, y.provider_id, y.kind, y.body, y.sent_at, y.trace_id FROM messages y
        WHERE y.guest_id = c.guest_id AND y.direction = 'in' AND y.status = 'received' ORDER BY y.sent_at, y.id LIMIT @most) x) m ON true
LEFT JOIN LATERAL (
    SELECT y.message_id, y.effects, y.outcomes, y.handed_out FROM turns y WHERE y.guest_id = c.guest_id ORDER BY y.id DESC LIMIT 1) t ON true
WHERE c.guest_id = whoever_is(@guest_id::bigint);

-- name: StoreTurn :one
-- The last of the messages is the one that is answered, the earlier ones are answered with it. A take-over whose time is over
-- ends here. Nothing is stored when the conversation moved on since it was read.
WITH talk AS (
    UPDATE conversations c SET state = @state::jsonb, version = c.version + 1, updated_at = @now::timestamptz,
        handed_over = is_taken_over(c, @now::timestamptz),
        handed_over_until = CASE WHEN is_taken_over(c, @now::timestamptz) THEN c.handed_over_until END
    WHERE c.guest_id = @guest_id AND c.version = @version RETURNING c.guest_id
), person AS (
    UPDATE guests g SET opted_out_at = NULL, updated_at = @now::timestamptz FROM talk WHERE @opted_in::boolean AND g.id = talk.guest_id
), answered AS (
    UPDATE messages m SET status = 'answered' FROM talk WHERE m.id = ANY(@message_ids::bigint[]) AND m.status = 'received' RETURNING m.id
), turn AS (
    INSERT INTO turns (message_id, guest_id, merged_into, understood, effects, decided_at)
    SELECT answered.id, talk.guest_id, nullif(@message_id::bigint, answered.id),
        CASE WHEN answered.id = @message_id::bigint THEN sqlc.narg('understood')::jsonb END,
        CASE WHEN answered.id = @message_id::bigint THEN @effects::jsonb ELSE '[]' END, @now::timestamptz
    FROM answered, talk ORDER BY array_position(@message_ids::bigint[], answered.id)
    RETURNING message_id, guest_id, merged_into
), said AS (
    INSERT INTO messages (guest_id, direction, kind, body, status, effect_key, in_reply_to, trace_id, created_at)
    SELECT turn.guest_id, 'out', coalesce(r.body ->> 'kind', 'text'), r.body, 'queued', turn.message_id || '/' || (r.n - 1),
        turn.message_id, @trace_id, @now::timestamptz
    FROM turn, jsonb_array_elements(@replies::jsonb) WITH ORDINALITY AS r(body, n) WHERE turn.merged_into IS NULL ORDER BY r.n
    RETURNING id
)
SELECT EXISTS (SELECT 1 FROM turn)::boolean AS stored, ARRAY(SELECT said.id FROM said ORDER BY said.id)::bigint[] AS deliver;

-- name: HandOutTurn :exec
UPDATE turns SET handed_out = handed_out + 1 WHERE message_id = @message_id;

-- name: StoreOutcome :one
WITH mark AS (
    UPDATE turns SET outcomes = outcomes || jsonb_build_object(@effect_key::text, @now::timestamptz)
    WHERE message_id = @message_id AND NOT outcomes ? @effect_key::text RETURNING message_id, guest_id
), talk AS (
    UPDATE conversations c SET state = coalesce(sqlc.narg('state')::jsonb, c.state), version = c.version + 1, updated_at = @now::timestamptz
    FROM mark WHERE c.guest_id = mark.guest_id
), said AS (
    INSERT INTO messages (guest_id, direction, kind, body, status, effect_key, in_reply_to, trace_id, created_at)
    SELECT mark.guest_id, 'out', coalesce(r.body ->> 'kind', 'text'), r.body, 'queued', @effect_key::text || '/' || (r.n - 1),
        mark.message_id, (SELECT i.trace_id FROM messages i WHERE i.id = mark.message_id), @now::timestamptz
    FROM mark, jsonb_array_elements(@replies::jsonb) WITH ORDINALITY AS r(body, n) ORDER BY r.n
    RETURNING id
)
SELECT EXISTS (SELECT 1 FROM mark)::boolean AS stored, ARRAY(SELECT said.id FROM said ORDER BY said.id)::bigint[] AS deliver;

-- name: GetOutcome :one
SELECT (t.outcomes ? @effect_key::text)::boolean AS stored,
    ARRAY(SELECT o.id FROM messages o WHERE o.in_reply_to = t.message_id
        AND starts_with(o.effect_key, @effect_key::text || '/') ORDER BY o.id)::bigint[] AS deliver
FROM turns t WHERE t.message_id = @message_id;

-- name: GetConversationState :one
SELECT coalesce(state, 'null')::jsonb AS state FROM conversations WHERE guest_id = whoever_is(@guest_id::bigint);

-- name: SetHandedOver :execrows
UPDATE conversations SET handed_over = @handed_over, handed_over_until = CASE WHEN @handed_over THEN sqlc.narg('until')::timestamptz END,
    version = version + 1, updated_at = now()
WHERE guest_id = whoever_is(@guest_id::bigint);

-- name: IsHandedOver :one
SELECT EXISTS (SELECT 1 FROM conversations c WHERE c.guest_id = whoever_is(@guest_id::bigint) AND is_taken_over(c, @now::timestamptz));

-- name: RecordEcho :one
-- What the owner wrote in the WhatsApp app. It opens no window. Only the first delivery of a fresh one silences the bot: for
-- longer than before, never for less.
WITH person AS MATERIALIZED (
    SELECT upsert_guest(@phone::text, @whatsapp_phone::text, @whatsapp_user_id::text, '', false, '', '', @now::timestamptz) AS id
), message AS (
    INSERT INTO messages (guest_id, direction, author, kind, body, provider_id, status, effect_key, sent_at, trace_id, created_at)
    SELECT person.id, 'out', 'phone', @kind, @body, @provider_id::text, 'sent', 'echo/' || @provider_id::text, @sent_at::timestamptz,
        @trace_id, @now::timestamptz FROM person
    ON CONFLICT DO NOTHING
    RETURNING guest_id
), talk AS (
    INSERT INTO conversations AS c (guest_id, handed_over, handed_over_until, window_open_until, created_at, updated_at)
    SELECT message.guest_id, @take_over::boolean, CASE WHEN @take_over::boolean THEN sqlc.narg('until')::timestamptz END,
        @sent_at::timestamptz, @now::timestamptz, @now::timestamptz FROM message
    ON CONFLICT (guest_id) DO UPDATE SET handed_over = true,
        handed_over_until = CASE WHEN c.handed_over AND c.handed_over_until IS NULL OR EXCLUDED.handed_over_until IS NULL THEN NULL
            ELSE greatest(c.handed_over_until, EXCLUDED.handed_over_until) END,
        version = c.version + 1, updated_at = EXCLUDED.updated_at
        WHERE EXCLUDED.handed_over
)
SELECT person.id::bigint AS guest_id, EXISTS (SELECT 1 FROM message)::boolean AS is_new FROM person;

-- name: ReadReturn :one
-- Whether a person still talks to the guest, and whether somebody answered what the guest wrote last.
SELECT c.guest_id, coalesce(c.state, 'null')::jsonb AS state, c.version, c.handed_over, c.window_open_until,
    coalesce(c.handed_over_until, '0001-01-01 00:00:00+00')::timestamptz AS taken_over_until,
    coalesce(t.message_id, 0)::bigint AS last_message_id, coalesce((SELECT lm.trace_id FROM messages lm WHERE lm.id = t.message_id), '')::text AS last_trace_id,
    (m.sent_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM messages p WHERE p.guest_id = c.guest_id AND p.direction = 'out'
        AND p.author <> 'bot' AND p.status <> 'failed' AND coalesce(p.sent_at, p.created_at) >= m.sent_at))::boolean AS unanswered
FROM conversations c
LEFT JOIN LATERAL (SELECT y.message_id FROM turns y WHERE y.guest_id = c.guest_id ORDER BY y.id DESC LIMIT 1) t ON true
LEFT JOIN LATERAL (SELECT x.sent_at FROM messages x WHERE x.guest_id = c.guest_id AND x.direction = 'in'
    AND x.kind <> ALL(@silent_kinds::text[]) ORDER BY x.id DESC LIMIT 1) m ON true
WHERE c.guest_id = whoever_is(@guest_id::bigint);

-- name: StoreReturn :one
WITH talk AS (
    UPDATE conversations c SET handed_over = false, handed_over_until = NULL, state = coalesce(sqlc.narg('state')::jsonb, c.state),
        version = c.version + 1, updated_at = @now::timestamptz
    WHERE c.guest_id = @guest_id AND c.version = @version RETURNING c.guest_id
), said AS (
    INSERT INTO messages (guest_id, direction, kind, body, status, effect_key, in_reply_to, trace_id, created_at)
    SELECT talk.guest_id, 'out', coalesce(r.body ->> 'kind', 'text'), r.body, 'queued', @message_id::bigint || '/return/' || (r.n - 1),
        @message_id::bigint, @trace_id, @now::timestamptz
    FROM talk, jsonb_array_elements(@replies::jsonb) WITH ORDINALITY AS r(body, n) ORDER BY r.n
    ON CONFLICT (effect_key) DO NOTHING
)
SELECT EXISTS (SELECT 1 FROM talk)::boolean AS stored;

-- name: ListUnsentReturn :many
SELECT id FROM messages WHERE in_reply_to = @message_id::bigint AND starts_with(effect_key, @message_id::bigint || '/return/')
    AND status IN ('queued', 'sending') ORDER BY id;

-- name: ListTurnMessages :many
-- What one turn answers, in order, with what was heard in voice.
SELECT m.body, coalesce(a.text, '')::text AS heard FROM turns t JOIN messages m ON m.id = t.message_id
LEFT JOIN audio_transcriptions a ON a.message_id = m.id
WHERE t.message_id = @message_id::bigint OR t.merged_into = @message_id::bigint ORDER BY t.id;

-- name: SetOptedOut :execrows
UPDATE guests SET opted_out_at = CASE WHEN @opted_out::boolean THEN coalesce(opted_out_at, @now::timestamptz) END, updated_at = @now::timestamptz
WHERE id = whoever_is(@id::bigint) AND (opted_out_at IS NOT NULL) <> @opted_out::boolean;
