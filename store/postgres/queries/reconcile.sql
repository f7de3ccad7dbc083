-- name: LastSweep :one
-- Where the last look at the whole account ended, and where the last deep one did.
SELECT coalesce(max(s.through), 'epoch')::timestamptz AS through,
    coalesce(max(s.through) FILTER (WHERE s.through - s.since > interval '60 days'), 'epoch')::timestamptz AS deep
FROM payment_sweeps s;

-- name: SaveSweep :exec
WITH old AS (DELETE FROM payment_sweeps o WHERE o.through < sqlc.arg(through)::timestamptz - interval '7 days')
INSERT INTO payment_sweeps (since, through, seen, handed_on, at) VALUES (@since, sqlc.arg(through)::timestamptz, @seen, @handed_on, @now);

-- name: ListLedgerPayments :many
SELECT p.provider_id, p.status, p.amount_centavos, p.refunded_centavos, p.currency, p.provider_updated_at
FROM payments p WHERE p.provider_id = ANY(@provider_ids::text[]);

-- name: GetPaymentDay :one
SELECT * FROM payment_days WHERE day = @day;

-- name: SavePaymentDay :one
INSERT INTO payment_days AS d (day, payments, provider_approved_centavos, provider_refunded_centavos, ledger_approved_centavos,
    ledger_refunded_centavos, differing, differing_since, compared_at)
VALUES (@day, @payments, @provider_approved_centavos, @provider_refunded_centavos, @ledger_approved_centavos, @ledger_refunded_centavos,
    @differing::integer, CASE WHEN @differing::integer > 0 THEN @now::timestamptz END, @now::timestamptz)
ON CONFLICT (day) DO UPDATE SET payments = EXCLUDED.payments, provider_approved_centavos = EXCLUDED.provider_approved_centavos,
    provider_refunded_centavos = EXCLUDED.provider_refunded_centavos, ledger_approved_centavos = EXCLUDED.ledger_approved_centavos,
    ledger_refunded_centavos = EXCLUDED.ledger_refunded_centavos, differing = EXCLUDED.differing,
    differing_since = CASE WHEN EXCLUDED.differing > 0 THEN coalesce(d.differing_since, EXCLUDED.differing_since) END,
    compared_at = EXCLUDED.compared_at
RETURNING *;
