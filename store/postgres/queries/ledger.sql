-- name: GetLedgerNote :one
-- Of money that somebody of the house wrote down.
SELECT d.note, coalesce(d.user_id, 0)::bigint AS user_id FROM recorded_payments d WHERE d.payment_id = @payment_id;

-- name: ListLedgerEvents :many
-- Without what the provider sent: that can hold who paid.
SELECT e.id, e.status, e.status_detail, e.amount_centavos, e.refunded_centavos, e.provider_updated_at, e.verdict, e.received_at
FROM payment_events e WHERE e.payment_id = @payment_id ORDER BY e.id LIMIT @most;

-- name: ListLedgerDisputes :many
SELECT d.kind, d.amount_centavos, d.currency, d.outcome, d.opened_at, d.decided_at
FROM disputes d WHERE d.payment_id = @payment_id ORDER BY d.id;
