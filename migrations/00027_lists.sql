-- The orders in which staff reads what moved money.

-- +goose Up
CREATE INDEX payments_received_idx ON payments (first_received_at, id);
CREATE INDEX refunds_created_idx ON refunds (created_at, id);
-- The day that is printed on a receipt.
CREATE INDEX receipts_date_idx ON receipts ((content ->> 'date'), id);

-- +goose Down
DROP INDEX receipts_date_idx;
DROP INDEX refunds_created_idx;
DROP INDEX payments_received_idx;
