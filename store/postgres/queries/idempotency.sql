-- name: TakeIdempotencyKey :execrows
-- The row of a write that is under way ends with its lease: then, as after 48 hours, the key is anybody's again.
INSERT INTO idempotency_keys AS k (endpoint, key, request_hash, response_status, response_body, created_at, expires_at, lease)
VALUES (@endpoint, @key, @request_hash, 0, '', @now::timestamptz, @until::timestamptz, @lease::uuid)
ON CONFLICT (endpoint, key) DO UPDATE SET request_hash = EXCLUDED.request_hash, response_status = 0, response_body = '',
    response_headers = '{}', created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at, lease = EXCLUDED.lease
    WHERE k.expires_at <= EXCLUDED.created_at;

-- name: GetIdempotencyKey :one
SELECT request_hash, response_status, response_body, response_headers FROM idempotency_keys
WHERE endpoint = @endpoint AND key = @key AND expires_at > @now::timestamptz;

-- name: KeepIdempotentResponse :execrows
UPDATE idempotency_keys SET response_status = @response_status, response_body = @response_body, response_headers = @response_headers,
    expires_at = @expires_at::timestamptz, lease = NULL
WHERE endpoint = @endpoint AND key = @key AND lease = @lease::uuid;

-- name: FreeIdempotencyKey :exec
DELETE FROM idempotency_keys WHERE endpoint = @endpoint AND key = @key AND lease = @lease::uuid;
