-- What is forgotten by itself, in batches that are short transactions. Whatever a batch has done is not found by the next.

-- name: EmptyWebhooks :execrows
UPDATE webhook_inbox w SET body = '' WHERE w.id IN (
    SELECT x.id FROM webhook_inbox x WHERE x.dispatched_at < sqlc.arg(before)::timestamptz AND x.body <> '' ORDER BY x.id LIMIT sqlc.arg(most) FOR UPDATE SKIP LOCKED);

-- name: DropWebhooks :execrows
DELETE FROM webhook_inbox w WHERE w.id IN (
    SELECT x.id FROM webhook_inbox x WHERE x.dispatched_at < sqlc.arg(before)::timestamptz ORDER BY x.id LIMIT sqlc.arg(most) FOR UPDATE SKIP LOCKED);

-- name: ForgetDialogues :execrows
-- A window is open until a day after the guest's last message. Who wants nothing unasked is remembered; so is what a live booking
-- was talked about.
UPDATE conversations c SET state = NULL, version = c.version + 1 WHERE c.guest_id IN (
    SELECT x.guest_id FROM conversations x
    WHERE x.state IS NOT NULL AND x.window_open_until < sqlc.arg(before)::timestamptz AND NOT x.handed_over AND NOT coalesce((x.state ->> 'opted_out')::boolean, false)
        AND NOT EXISTS (SELECT 1 FROM reservations r WHERE r.guest_id = x.guest_id AND is_live(r.reservation_status))
    ORDER BY x.guest_id LIMIT sqlc.arg(most) FOR UPDATE SKIP LOCKED);

-- name: ListOldMessages :many
-- Words from before, of guests who have had no stay and no open case since; also what the owner was told.
SELECT m.id FROM messages m
WHERE m.created_at < sqlc.arg(before)::timestamptz AND NOT m.body ? 'forgotten' AND m.status NOT IN ('received', 'queued', 'sending')
    AND NOT EXISTS (SELECT 1 FROM reservations r WHERE r.guest_id = m.guest_id AND (is_live(r.reservation_status)
        OR r.check_out > sqlc.arg(before)::timestamptz::date AND r.reservation_status IN ('completed', 'no_show')
        OR EXISTS (SELECT 1 FROM payments p WHERE p.reservation_id = r.id AND (p.disposition IN ('to_refund', 'offered', 'parked')
            OR EXISTS (SELECT 1 FROM disputes d WHERE d.payment_id = p.id AND d.outcome = 'open')
            OR EXISTS (SELECT 1 FROM refunds f WHERE f.payment_id = p.id AND f.status IN ('planned', 'awaiting_approval', 'by_hand', 'in_process'))))))
ORDER BY m.created_at LIMIT sqlc.arg(most) FOR UPDATE SKIP LOCKED;

-- name: ForgetOldMessages :execrows
WITH heard AS (DELETE FROM audio_transcriptions a WHERE a.message_id = ANY(sqlc.arg(ids)::bigint[])),
read AS (UPDATE turns t SET understood = NULL WHERE t.message_id = ANY(sqlc.arg(ids)::bigint[]) AND t.understood IS NOT NULL)
UPDATE messages m SET body = forgotten(m.body) WHERE m.id = ANY(sqlc.arg(ids)::bigint[]);

-- name: ListForgottenGuests :many
-- Who never booked and has been silent, who last stayed very long ago, and who was erased and of whom something came in at that moment.
SELECT g.id FROM guests g
WHERE g.merged_into IS NULL AND g.id > sqlc.arg(after) AND (
    g.erased_at IS NULL AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.guest_id = g.id AND m.created_at >= sqlc.arg(silent_since)::timestamptz)
        AND g.created_at < sqlc.arg(silent_since)::timestamptz AND NOT EXISTS (SELECT 1 FROM reservations r WHERE r.guest_id = g.id)
    OR g.erased_at IS NULL AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.guest_id = g.id AND m.created_at >= sqlc.arg(stayed_since)::timestamptz)
        AND EXISTS (SELECT 1 FROM reservations r WHERE r.guest_id = g.id)
        AND NOT EXISTS (SELECT 1 FROM reservations r WHERE r.guest_id = g.id AND (r.check_out >= sqlc.arg(stayed_since)::timestamptz::date OR is_live(r.reservation_status)))
    OR g.erased_at IS NOT NULL AND EXISTS (SELECT 1 FROM messages m WHERE m.guest_id = g.id AND NOT m.body ? 'forgotten'))
ORDER BY g.id LIMIT sqlc.arg(most);

-- name: DropResponses :execrows
DELETE FROM idempotency_keys k WHERE (k.endpoint, k.key) IN (
    SELECT x.endpoint, x.key FROM idempotency_keys x WHERE x.expires_at < sqlc.arg(before)::timestamptz LIMIT sqlc.arg(most) FOR UPDATE SKIP LOCKED);

-- name: DropLoginAttempts :execrows
DELETE FROM login_attempts a WHERE a.id IN (
    SELECT x.id FROM login_attempts x WHERE x.tried_at < sqlc.arg(before)::timestamptz LIMIT sqlc.arg(most) FOR UPDATE SKIP LOCKED);

-- name: DropSessions :execrows
DELETE FROM staff_sessions s WHERE s.id IN (
    SELECT x.id FROM staff_sessions x WHERE least(x.expires_at, x.revoked_at) < sqlc.arg(before)::timestamptz LIMIT sqlc.arg(most) FOR UPDATE SKIP LOCKED);

-- name: DropRefreshTokens :execrows
-- One that came to its end opens nothing, used or not.
DELETE FROM refresh_tokens t WHERE t.token_hash IN (
    SELECT x.token_hash FROM refresh_tokens x WHERE x.expires_at < sqlc.arg(before)::timestamptz LIMIT sqlc.arg(most) FOR UPDATE SKIP LOCKED);

-- name: ForgetOldMails :execrows
UPDATE mails m SET content = '{}' WHERE m.id IN (
    SELECT x.id FROM mails x WHERE x.created_at < sqlc.arg(before)::timestamptz AND x.status <> 'queued' AND x.content <> '{}' ORDER BY x.id LIMIT sqlc.arg(most) FOR UPDATE SKIP LOCKED);

-- name: DropPulls :execrows
-- The last of each channel says when a calendar was fetched, however long ago.
DELETE FROM calendar_pulls p WHERE p.id IN (
    SELECT x.id FROM calendar_pulls x WHERE x.at < sqlc.arg(before)::timestamptz
        AND EXISTS (SELECT 1 FROM calendar_pulls later WHERE later.export_id = x.export_id AND later.channel = x.channel AND later.at > x.at)
    LIMIT sqlc.arg(most) FOR UPDATE SKIP LOCKED);

-- name: DropFeedEvents :execrows
DELETE FROM calendar_feed_events e WHERE e.id IN (
    SELECT x.id FROM calendar_feed_events x WHERE x.released_at < sqlc.arg(before)::timestamptz
        AND NOT EXISTS (SELECT 1 FROM calendar_blocks b WHERE b.feed_event_id = x.id)
    LIMIT sqlc.arg(most) FOR UPDATE SKIP LOCKED);

-- name: DropSweeps :execrows
-- The newest says from where the account is to be gone through.
DELETE FROM payment_sweeps s WHERE s.at < sqlc.arg(before)::timestamptz AND s.id < (SELECT max(x.id) FROM payment_sweeps x)
    AND s.through < (SELECT max(x.through) FROM payment_sweeps x);

-- name: ForgetOldReports :execrows
UPDATE payment_events e SET raw = NULL WHERE e.id IN (
    SELECT x.id FROM payment_events x WHERE x.received_at < sqlc.arg(before)::timestamptz AND x.raw IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.id = x.payment_id AND p.disposition IN ('to_refund', 'offered', 'parked'))
        AND NOT EXISTS (SELECT 1 FROM disputes d WHERE d.payment_id = x.payment_id AND d.outcome = 'open')
        AND NOT EXISTS (SELECT 1 FROM refunds f WHERE f.payment_id = x.payment_id
            AND f.status IN ('planned', 'awaiting_approval', 'by_hand', 'in_process'))
    ORDER BY x.id LIMIT sqlc.arg(most) FOR UPDATE SKIP LOCKED);
