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
-- Everything a turn is decided on, in one snapshot: the state, the oldest unanswered message, and whether the last turn was
-- worked off.
SELECT c.guest_id, coalesce(c.state, 'null')::jsonb AS state, c.handed_over, c.version,
    coalesce(g.phone, '')::text AS phone, g.whatsapp_phone, coalesce(g.whatsapp_user_id, '')::text AS whatsapp_user_id,
    g.name, g.email, g.language,
    coalesce(m.id, 0)::bigint AS message_id, coalesce(m.provider_id, '')::text AS provider_id, coalesce(m.kind, '')::text AS kind,
    coalesce(m.body, 'null')::jsonb AS body, coalesce(m.sent_at, '0001-01-01 00:00:00+00')::timestamptz AS sent_at, coalesce(m.trace_id, '')::text AS trace_id,
    coalesce(t.message_id, 0)::bigint AS last_message_id, coalesce(t.effects, '[]')::jsonb AS last_effects,
    coalesce(t.handed_out, 0)::integer AS last_handed_out,
    coalesce(jsonb_array_length(t.effects) > (SELECT count(*) FROM jsonb_object_keys(t.outcomes)), false)::boolean AS last_effects_open,
    coalesce((SELECT lm.trace_id FROM messages lm WHERE lm.id = t.message_id), '')::text AS last_trace_id,
    ARRAY(SELECT o.id FROM messages o WHERE o.in_reply_to = t.message_id AND o.status IN ('queued', 'sending') ORDER BY o.id)::bigint[] AS last_unsent
FROM conversations c
JOIN guests g ON g.id = c.guest_id
LEFT JOIN LATERAL (
    SELECT x.id, x.provider_id, x.kind, x.body, x.sent_at, x.trace_id FROM messages x
    WHERE x.guest_id = c.guest_id AND x.direction = 'in' AND x.status = 'received' ORDER BY x.sent_at, x.id LIMIT 1) m ON true
LEFT JOIN LATERAL (
    SELECT y.message_id, y.effects, y.outcomes, y.handed_out FROM turns y WHERE y.guest_id = c.guest_id ORDER BY y.id DESC LIMIT 1) t ON true
WHERE c.guest_id = whoever_is(@guest_id::bigint);

-- name: StoreTurn :one
-- Nothing is stored when the conversation moved on since it was read.
WITH talk AS (
    UPDATE conversations SET state = @state::jsonb, version = version + 1, updated_at = @now::timestamptz
    WHERE conversations.guest_id = @guest_id AND version = @version RETURNING conversations.guest_id
), answered AS (
    UPDATE messages m SET status = 'answered' FROM talk WHERE m.id = @message_id::bigint AND m.status = 'received' RETURNING m.id
), turn AS (
    INSERT INTO turns (message_id, guest_id, understood, effects, decided_at)
    SELECT answered.id, talk.guest_id, sqlc.narg('understood')::jsonb, @effects::jsonb, @now::timestamptz FROM answered, talk RETURNING message_id, guest_id
), said AS (
    INSERT INTO messages (guest_id, direction, kind, body, status, effect_key, in_reply_to, trace_id, created_at)
    SELECT turn.guest_id, 'out', coalesce(r.body ->> 'kind', 'text'), r.body, 'queued', turn.message_id || '/' || (r.n - 1),
        turn.message_id, @trace_id, @now::timestamptz
    FROM turn, jsonb_array_elements(@replies::jsonb) WITH ORDINALITY AS r(body, n) ORDER BY r.n
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
UPDATE conversations SET handed_over = @handed_over, version = version + 1, updated_at = now() WHERE guest_id = whoever_is(@guest_id::bigint);

-- name: IsHandedOver :one
SELECT EXISTS (SELECT 1 FROM conversations WHERE guest_id = whoever_is(@guest_id::bigint) AND handed_over);
