-- name: GetPaymentTerms :one
SELECT balance_mode, balance_days_before, transfer_details, transfer_hold_hours FROM properties ORDER BY id LIMIT 1;

-- name: SetPaymentTerms :exec
UPDATE properties SET balance_mode = @balance_mode, balance_days_before = @balance_days_before, transfer_details = @transfer_details,
    transfer_hold_hours = @transfer_hold_hours, deposit_fixed_centavos = nullif(@deposit_fixed_centavos::bigint, 0)
WHERE id = (SELECT min(p.id) FROM properties p);

-- name: GetPaymentTermsForUpdate :one
SELECT balance_mode, balance_days_before, transfer_details, transfer_hold_hours, coalesce(deposit_fixed_centavos, 0)::bigint AS deposit_fixed, currency
FROM properties ORDER BY id LIMIT 1 FOR UPDATE;
