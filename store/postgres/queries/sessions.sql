-- name: OpenSession :one
-- The account must still be what was looked at when its password was checked.
INSERT INTO staff_sessions (user_id, created_at, expires_at, last_used_at)
SELECT u.id, @now::timestamptz, @expires_at::timestamptz, @now::timestamptz
FROM users u WHERE u.id = @user_id AND u.disabled_at IS NULL AND u.password_hash = @password_hash
FOR NO KEY UPDATE
RETURNING id;

-- name: ForgetSessions :exec
-- Sessions that ended long ago explain nothing any more.
DELETE FROM staff_sessions WHERE user_id = @user_id AND expires_at < @before::timestamptz;

-- name: AddRefreshToken :exec
INSERT INTO refresh_tokens (token_hash, session_id, issued_at, expires_at)
VALUES (@token_hash, @session_id, @now::timestamptz, @expires_at::timestamptz);

-- name: LockSessionOfToken :one
SELECT s.id, s.user_id, s.expires_at AS session_expires_at, s.revoked_at FROM staff_sessions s
WHERE s.id = (SELECT r.session_id FROM refresh_tokens r WHERE r.token_hash = @token_hash) FOR NO KEY UPDATE;

-- name: GetRefreshToken :one
SELECT expires_at, used_at FROM refresh_tokens WHERE token_hash = @token_hash;

-- name: UseRefreshToken :exec
UPDATE refresh_tokens SET used_at = @now::timestamptz WHERE token_hash = @token_hash;

-- name: TouchSession :exec
UPDATE staff_sessions SET last_used_at = @now::timestamptz WHERE id = @id;

-- name: GetLiveSession :one
SELECT u.* FROM staff_sessions s JOIN users u ON u.id = s.user_id
WHERE s.id = @id AND s.user_id = @user_id AND s.revoked_at IS NULL AND s.expires_at > @now::timestamptz AND u.disabled_at IS NULL;

-- name: RevokeSession :execrows
UPDATE staff_sessions SET revoked_at = @now::timestamptz, revoked_reason = @reason::text WHERE id = @id AND revoked_at IS NULL;

-- name: RevokeSessions :execrows
UPDATE staff_sessions SET revoked_at = @now::timestamptz, revoked_reason = @reason::text
WHERE user_id = @user_id AND id <> @keep_id AND revoked_at IS NULL;

-- name: LockLoginKey :exec
SELECT pg_advisory_xact_lock(hashtextextended('login/' || encode(@key::bytea, 'hex'), 0));

-- name: AccountAttempt :one
-- The try that fills the account's limit, if it is recent.
SELECT tried_at FROM login_attempts WHERE account = @account AND tried_at > @since::timestamptz
ORDER BY tried_at DESC OFFSET @others LIMIT 1;

-- name: AddressAttempt :one
SELECT tried_at FROM login_attempts WHERE address = @address AND tried_at > @since::timestamptz
ORDER BY tried_at DESC OFFSET @others LIMIT 1;

-- name: AddLoginAttempt :one
INSERT INTO login_attempts (account, address, tried_at) VALUES (@account, @address, @now::timestamptz) RETURNING id;

-- name: ForgetLoginAttempts :exec
DELETE FROM login_attempts WHERE id IN (
    SELECT a.id FROM login_attempts a WHERE a.tried_at <= @before::timestamptz LIMIT 200 FOR UPDATE SKIP LOCKED);

-- name: ForgiveAttempt :exec
DELETE FROM login_attempts WHERE id = @id;

-- name: ForgiveAccount :exec
DELETE FROM login_attempts WHERE account = @account;

-- name: AddAuditEntry :exec
INSERT INTO audit_log (at, user_id, actor, action, entity, entity_id, before, after, trace_id)
VALUES (@at::timestamptz, sqlc.narg('user_id'), @actor, @action, @entity, @entity_id, sqlc.narg('before'), sqlc.narg('after'), @trace_id);
