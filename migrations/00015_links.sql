-- +goose Up
-- attempts are counted for each kind apart
ALTER TABLE payment_links
    ADD COLUMN kind text NOT NULL DEFAULT 'deposit',
    ADD CONSTRAINT payment_link_kind_known CHECK (kind IN ('deposit', 'balance')),
    DROP CONSTRAINT payment_links_attempt_key,
    ADD CONSTRAINT payment_links_attempt_key UNIQUE (reservation_id, kind, attempt);
COMMENT ON COLUMN payment_links.kind IS 'deposit confirms a hold; balance is the rest of a confirmed reservation.';

-- +goose Down
DELETE FROM payment_links WHERE kind <> 'deposit';
ALTER TABLE payment_links
    DROP CONSTRAINT payment_links_attempt_key,
    DROP COLUMN kind,
    ADD CONSTRAINT payment_links_attempt_key UNIQUE (reservation_id, attempt);
