-- What waits to be sent, or failed, is counted every few seconds: without an index that would read every message ever sent.

-- +goose Up
CREATE INDEX messages_undelivered_idx ON messages (created_at) WHERE direction = 'out' AND status IN ('queued', 'sending', 'failed');

-- +goose Down
DROP INDEX messages_undelivered_idx;
