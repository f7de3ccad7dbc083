-- +goose Up
ALTER TABLE refunds
    -- when somebody last tried to send it: the provider may have it, and forgets its key after a day
    ADD COLUMN tried_at timestamptz;
-- One refund at the provider is one of ours.
CREATE UNIQUE INDEX refunds_provider_refund_key ON refunds (payment_id, provider_refund_id) WHERE provider_refund_id <> '';
CREATE INDEX refunds_open_idx ON refunds (status, id) WHERE status <> 'done';

-- +goose Down
DROP INDEX refunds_open_idx;
DROP INDEX refunds_provider_refund_key;
ALTER TABLE refunds DROP COLUMN tried_at;
