-- name: CreateUser :one
INSERT INTO users (email, role, password_hash, created_at, updated_at)
VALUES (@email, @role, @password_hash, @now::timestamptz, @now::timestamptz) RETURNING id;

-- name: LockOwners :exec
-- Whoever changes who is an owner goes alone: the first owner is made once and the last one is never lost.
SELECT pg_advisory_xact_lock(hashtextextended('users/owners', 0));

-- name: OwnerExists :one
SELECT EXISTS (SELECT 1 FROM users WHERE role = 'owner');

-- name: OtherOwnerExists :one
SELECT EXISTS (SELECT 1 FROM users WHERE role = 'owner' AND disabled_at IS NULL AND id <> @id);

-- name: GetUserByEmail :one
SELECT * FROM users WHERE lower(email) = lower(@email);

-- name: GetUser :one
SELECT * FROM users WHERE id = @id;

-- name: LockUser :one
SELECT * FROM users WHERE id = @id FOR NO KEY UPDATE;

-- name: ListUsers :many
SELECT * FROM users WHERE id > @after_id AND (@role::text = '' OR role = @role)
    AND (sqlc.narg('active')::boolean IS NULL OR (disabled_at IS NULL) = sqlc.narg('active')::boolean)
ORDER BY id LIMIT @most;

-- name: ChangeUser :exec
UPDATE users SET role = @role, disabled_at = sqlc.narg('disabled_at')::timestamptz, updated_at = @now::timestamptz WHERE id = @id;

-- name: ChangePassword :execrows
UPDATE users SET password_hash = @password_hash, updated_at = @now::timestamptz WHERE id = @id AND password_hash = @old_hash AND disabled_at IS NULL;

-- name: ResetUser :exec
-- What an account needs to come in again: a password, no second factor, no block.
UPDATE users SET password_hash = @password_hash, role = @role, disabled_at = NULL, totp_secret = NULL, totp_confirmed_at = NULL,
    totp_last_step = 0, updated_at = @now::timestamptz
WHERE id = @id;

-- name: EnrollTotp :execrows
UPDATE users SET totp_secret = @secret, totp_last_step = 0, updated_at = @now::timestamptz WHERE id = @id AND totp_confirmed_at IS NULL;

-- name: ConfirmTotp :execrows
UPDATE users SET totp_confirmed_at = @now::timestamptz, totp_last_step = @step, updated_at = @now::timestamptz
WHERE id = @id AND totp_confirmed_at IS NULL AND totp_secret = @secret;

-- name: UseTotpStep :execrows
UPDATE users SET totp_last_step = @step WHERE id = @id AND totp_confirmed_at IS NOT NULL AND totp_last_step < @step;

-- name: ClearTotp :execrows
UPDATE users SET totp_secret = NULL, totp_confirmed_at = NULL, totp_last_step = 0, updated_at = @now::timestamptz
WHERE id = @id AND totp_confirmed_at IS NOT NULL;
