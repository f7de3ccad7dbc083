-- name: CreateUser :exec
INSERT INTO users (email, role, password_hash) VALUES (@email, @role, @password_hash);

-- name: ResetUserPassword :execrows
UPDATE users SET password_hash = @password_hash, updated_at = now() WHERE lower(email) = lower(@email);
