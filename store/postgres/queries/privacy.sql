-- Who a person is, what is known of them, and how it is forgotten. Of a person who was written down twice the rows count together.

-- name: FindPerson :many
SELECT DISTINCT whoever_is(g.id)::bigint AS id FROM guests g
WHERE g.id = sqlc.narg('id')::bigint
    OR g.phone = sqlc.narg('phone')::text
    OR lower(g.email) = lower(sqlc.narg('email')::text)
    OR g.id = (SELECT r.guest_id FROM reservations r WHERE r.code = sqlc.narg('code')::text)
ORDER BY 1 LIMIT 20;

-- name: LockPerson :many
-- FOR UPDATE keeps out whatever would refer to the person meanwhile.
SELECT g.id, coalesce(g.phone, '')::text AS phone, g.whatsapp_phone, g.whatsapp_send_to, coalesce(g.whatsapp_user_id, '')::text AS whatsapp_user_id,
    g.name, g.email, g.erased_at
FROM guests g WHERE g.id = @id OR g.merged_into = @id ORDER BY g.id FOR UPDATE;

-- name: ListPersonCodes :many
SELECT r.code FROM reservations r WHERE r.guest_id = ANY(@ids::bigint[]) ORDER BY r.id;

-- name: ListErasureObstacles :many
-- What needs the person to be somebody: a booking, money that is on its way, a late payment that may still come.
SELECT r.code, CASE
        WHEN is_live(r.reservation_status) THEN r.reservation_status
        WHEN EXISTS (SELECT 1 FROM payments p JOIN disputes d ON d.payment_id = p.id WHERE p.reservation_id = r.id AND d.outcome = 'open') THEN 'dispute'
        WHEN EXISTS (SELECT 1 FROM payments p JOIN refunds f ON f.payment_id = p.id WHERE p.reservation_id = r.id
            AND f.status IN ('planned', 'awaiting_approval', 'by_hand', 'in_process')) THEN 'refund'
        WHEN EXISTS (SELECT 1 FROM payments p WHERE p.reservation_id = r.id AND p.disposition IN ('to_refund', 'offered')) THEN 'payment'
        WHEN r.reservation_status = 'expired' AND r.expires_at > @grace_since::timestamptz THEN 'grace'
        ELSE '' END::text AS why
FROM reservations r
WHERE r.guest_id = ANY(@ids::bigint[]) AND (is_live(r.reservation_status)
    OR r.reservation_status = 'expired' AND r.expires_at > @grace_since::timestamptz
    OR EXISTS (SELECT 1 FROM payments p WHERE p.reservation_id = r.id AND (p.disposition IN ('to_refund', 'offered')
        OR EXISTS (SELECT 1 FROM disputes d WHERE d.payment_id = p.id AND d.outcome = 'open')
        OR EXISTS (SELECT 1 FROM refunds f WHERE f.payment_id = p.id AND f.status IN ('planned', 'awaiting_approval', 'by_hand', 'in_process')))))
ORDER BY r.id LIMIT 20;

-- name: ExportPerson :one
-- One snapshot. Rows are given whole, so that a new column is in it; what opens a door (hashes, tokens) is left out.
SELECT jsonb_build_object(
    'guests', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.id), '[]') FROM guests x WHERE x.id = ANY(@ids::bigint[])),
    'conversations', (SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]') FROM conversations x WHERE x.guest_id = ANY(@ids::bigint[])),
    'messages', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY coalesce(x.sent_at, x.created_at), x.id), '[]') FROM messages x WHERE x.guest_id = ANY(@ids::bigint[])),
    'audio_transcriptions', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.message_id), '[]') FROM audio_transcriptions x
        JOIN messages m ON m.id = x.message_id WHERE m.guest_id = ANY(@ids::bigint[])),
    'turns', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.id), '[]') FROM turns x WHERE x.guest_id = ANY(@ids::bigint[])),
    'notifications', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.id), '[]') FROM notifications x
        JOIN messages m ON m.id = x.message_id WHERE m.guest_id = ANY(@ids::bigint[])),
    'mails', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.id), '[]') FROM mails x
        WHERE x.guest_id = ANY(@ids::bigint[]) OR x.code = ANY(@codes::text[])),
    'reservations', (SELECT coalesce(jsonb_agg(to_jsonb(x) - 'token_hash' - 'client_hash' ORDER BY x.id), '[]') FROM reservations x WHERE x.code = ANY(@codes::text[])),
    'reservation_notes', (SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]') FROM reservation_notes x
        JOIN reservations r ON r.id = x.reservation_id WHERE r.code = ANY(@codes::text[])),
    'reservation_money', (SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]') FROM reservation_money x WHERE x.code = ANY(@codes::text[])),
    'booking_events', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.id), '[]') FROM booking_events x
        JOIN reservations r ON r.id = x.reservation_id WHERE r.code = ANY(@codes::text[])),
    'transfer_holds', (SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]') FROM transfer_holds x
        JOIN reservations r ON r.id = x.reservation_id WHERE r.code = ANY(@codes::text[])),
    'alternatives', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.id), '[]') FROM alternatives x
        JOIN reservations r ON r.id = x.reservation_id WHERE r.code = ANY(@codes::text[])),
    'payment_links', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.id), '[]') FROM payment_links x
        JOIN reservations r ON r.id = x.reservation_id WHERE r.code = ANY(@codes::text[])),
    'payments', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.id), '[]') FROM payments x
        JOIN reservations r ON r.id = x.reservation_id WHERE r.code = ANY(@codes::text[])),
    'payment_events', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.id), '[]') FROM payment_events x JOIN payments p ON p.id = x.payment_id
        JOIN reservations r ON r.id = p.reservation_id WHERE r.code = ANY(@codes::text[])),
    'recorded_payments', (SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]') FROM recorded_payments x JOIN payments p ON p.id = x.payment_id
        JOIN reservations r ON r.id = p.reservation_id WHERE r.code = ANY(@codes::text[])),
    'movements', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.id), '[]') FROM movements x JOIN payments p ON p.id = x.payment_id
        JOIN reservations r ON r.id = p.reservation_id WHERE r.code = ANY(@codes::text[])),
    'refunds', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.id), '[]') FROM refunds x JOIN payments p ON p.id = x.payment_id
        JOIN reservations r ON r.id = p.reservation_id WHERE r.code = ANY(@codes::text[])),
    'disputes', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.id), '[]') FROM disputes x JOIN payments p ON p.id = x.payment_id
        JOIN reservations r ON r.id = p.reservation_id WHERE r.code = ANY(@codes::text[])),
    'receipts', (SELECT coalesce(jsonb_agg(to_jsonb(x) - 'token' ORDER BY x.id), '[]') FROM receipts x
        JOIN reservations r ON r.id = x.reservation_id WHERE r.code = ANY(@codes::text[])),
    'calendar_conflicts', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.id), '[]') FROM calendar_conflicts x
        JOIN reservations r ON r.id = x.reservation_id WHERE r.code = ANY(@codes::text[])),
    'audit_log', (SELECT coalesce(jsonb_agg(to_jsonb(x) - 'user_id' ORDER BY x.id), '[]') FROM audit_log x
        WHERE x.entity = 'reservation' AND x.entity_id = ANY(@codes::text[])
            OR x.entity IN ('conversation', 'guest') AND x.entity_id = ANY(SELECT n::text FROM unnest(@ids::bigint[]) n))
)::jsonb AS document;

-- name: AnswerUnanswered :execrows
-- What nobody answered is answered by nothing: a turn without words, so that nobody takes it up.
WITH waiting AS (
    UPDATE messages m SET status = 'answered' WHERE m.guest_id = ANY(@ids::bigint[]) AND m.direction = 'in' AND m.status = 'received' RETURNING m.id, m.guest_id
)
INSERT INTO turns (message_id, guest_id, decided_at) SELECT w.id, w.guest_id, @now::timestamptz FROM waiting w
ON CONFLICT (message_id) DO NOTHING;

-- name: ForgetMessages :execrows
-- The provider's id of a message has the number in it, and an echo's key has that id.
UPDATE messages m SET body = forgotten(m.body),
    provider_id = CASE WHEN m.provider_id IS NOT NULL THEN 'erased/' || m.id END,
    effect_key = CASE WHEN m.effect_key LIKE 'echo/%' THEN 'erased/' || m.id ELSE m.effect_key END,
    status = CASE WHEN m.status IN ('queued', 'sending') THEN 'failed' ELSE m.status END,
    error = CASE WHEN m.status IN ('queued', 'sending') THEN 'erased' ELSE m.error END
WHERE m.guest_id = ANY(@ids::bigint[]) AND (NOT m.body ? 'forgotten' OR m.provider_id NOT LIKE 'erased/%' OR m.status IN ('queued', 'sending'));

-- name: ForgetAlarms :execrows
-- What the owner was told about the person: by the booking it is about, the message that made it, or what it says.
UPDATE messages m SET body = forgotten(m.body)
WHERE m.guest_id IS NULL AND NOT m.body ? 'forgotten' AND (
    split_part(m.effect_key, '/', 1) = ANY(@codes::text[])
    OR split_part(m.effect_key, '/', 1) IN (SELECT x.id::text FROM messages x WHERE x.guest_id = ANY(@ids::bigint[]))
    OR split_part(m.effect_key, '/', 1) = 'owner_unsent' AND (split_part(m.effect_key, '/', 2) = ANY(@codes::text[])
        OR split_part(m.effect_key, '/', 2) IN (SELECT x.id::text FROM messages x WHERE x.guest_id = ANY(@ids::bigint[])))
    OR EXISTS (SELECT 1 FROM unnest(@needles::text[]) n WHERE position(n in m.body::text) > 0)
    OR EXISTS (SELECT 1 FROM unnest(@codes::text[]) c WHERE position(c in m.body::text) > 0));

-- name: ForgetTranscriptions :execrows
DELETE FROM audio_transcriptions a USING messages m WHERE m.id = a.message_id AND m.guest_id = ANY(@ids::bigint[]);

-- name: ForgetTurns :execrows
UPDATE turns t SET understood = NULL WHERE t.guest_id = ANY(@ids::bigint[]) AND t.understood IS NOT NULL;

-- name: ForgetConversations :execrows
UPDATE conversations c SET state = NULL, handed_over = false, handed_over_until = NULL, version = c.version + 1, updated_at = @now::timestamptz
WHERE c.guest_id = ANY(@ids::bigint[]) AND (c.state IS NOT NULL OR c.handed_over);

-- name: ForgetMails :execrows
UPDATE mails m SET content = '{}', status = CASE WHEN m.status = 'queued' THEN 'dropped' ELSE m.status END,
    error = CASE WHEN m.status = 'queued' THEN 'erased' ELSE m.error END
WHERE (m.guest_id = ANY(@ids::bigint[]) OR m.code = ANY(@codes::text[])
        OR EXISTS (SELECT 1 FROM unnest(@needles::text[] || @codes::text[]) n WHERE position(n in m.content::text) > 0))
    AND (m.content <> '{}' OR m.status = 'queued');

-- name: ForgetNotes :execrows
DELETE FROM reservation_notes n USING reservations r WHERE r.id = n.reservation_id AND r.code = ANY(@codes::text[]);

-- name: ForgetReservations :execrows
WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', @change::text, true))
UPDATE reservations r SET token_hash = '', client_hash = NULL, updated_at = @now::timestamptz
FROM told WHERE r.code = ANY(@codes::text[]) AND (r.token_hash <> '' OR r.client_hash IS NOT NULL);

-- name: ForgetPaymentReports :execrows
UPDATE payment_events e SET raw = NULL FROM payments p JOIN reservations r ON r.id = p.reservation_id
WHERE p.id = e.payment_id AND r.code = ANY(@codes::text[]) AND e.raw IS NOT NULL;

-- name: ForgetPaymentNotes :execrows
-- A key is the caller's own words, or the reference of a credit.
UPDATE recorded_payments d SET note = '', key = 'erased/' || d.payment_id FROM payments p JOIN reservations r ON r.id = p.reservation_id
WHERE p.id = d.payment_id AND r.code = ANY(@codes::text[]) AND (d.note <> '' OR d.key NOT LIKE 'erased/%');

-- name: ForgetMovements :many
-- A bank writes who paid into the reference. One that matched nothing is the person's when it says so, or when the owner was asked
-- whether it is.
WITH theirs AS (
    SELECT m.id, 'movement/' || m.reference || '/' || m.amount_centavos || '/' || extract(epoch FROM m.credited_at)::bigint AS key
    FROM movements m LEFT JOIN payments p ON p.id = m.payment_id LEFT JOIN reservations r ON r.id = p.reservation_id
    WHERE m.reference NOT LIKE 'erased/%' AND (r.code = ANY(@codes::text[])
        OR EXISTS (SELECT 1 FROM unnest(@needles::text[]) n WHERE position(lower(n) in lower(m.reference)) > 0)
        OR EXISTS (SELECT 1 FROM messages a, unnest(@codes::text[]) c
            WHERE a.effect_key = 'movement/' || m.reference || '/' || m.amount_centavos || '/' || extract(epoch FROM m.credited_at)::bigint
                AND position(c in a.body::text) > 0))
), gone AS (
    UPDATE movements m SET reference = 'erased/' || m.id FROM theirs WHERE m.id = theirs.id
)
SELECT theirs.id, theirs.key::text AS key FROM theirs;

-- name: RenameMovementKey :exec
-- What the owner was asked about a credit goes by its reference.
WITH asked AS (
    UPDATE messages m SET effect_key = @new_key::text, body = forgotten(m.body) WHERE m.effect_key = @old_key::text
), noted AS (
    UPDATE notifications n SET key = @new_key::text WHERE n.key = @old_key::text
)
UPDATE mails m SET key = @new_key::text, content = '{}' WHERE m.key = @old_key::text;

-- name: ForgetWebhooks :execrows
-- A delivery that was not handed on yet still has to be: it is forgotten by itself later.
UPDATE webhook_inbox w SET body = '', meta = '{}' WHERE w.dispatched_at IS NOT NULL AND w.body <> ''
    AND EXISTS (SELECT 1 FROM unnest(@needles::bytea[]) n WHERE position(n in w.body) > 0 OR position(n in convert_to(w.meta::text, 'UTF8')) > 0);

-- name: CountWaitingWebhooks :one
SELECT count(*) FROM webhook_inbox w WHERE w.dispatched_at IS NULL
    AND EXISTS (SELECT 1 FROM unnest(@needles::bytea[]) n WHERE position(n in w.body) > 0);

-- name: ForgetResponses :execrows
DELETE FROM idempotency_keys k WHERE EXISTS (SELECT 1 FROM unnest(@needles::bytea[]) n WHERE position(n in k.response_body) > 0);

-- name: ForgetGuests :execrows
UPDATE guests g SET phone = NULL, whatsapp_phone = '', whatsapp_send_to = '', whatsapp_user_id = NULL, name = '', email = '', language = '',
    opted_out_at = NULL, erased_at = coalesce(g.erased_at, @now::timestamptz), updated_at = @now::timestamptz
WHERE g.id = ANY(@ids::bigint[]) AND (g.erased_at IS NULL OR g.language <> '');
