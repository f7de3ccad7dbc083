-- name: LockProperty :one
-- The row of the property, kept until the change of it is written.
SELECT id FROM properties ORDER BY id LIMIT 1 FOR UPDATE;

-- name: ChangeProperty :exec
UPDATE properties SET
    name = @name,
    check_in_time = make_time(sqlc.arg(check_in_minutes)::integer / 60, sqlc.arg(check_in_minutes)::integer % 60, 0),
    check_out_time = make_time(sqlc.arg(check_out_minutes)::integer / 60, sqlc.arg(check_out_minutes)::integer % 60, 0),
    deposit_percent = sqlc.narg(deposit_percent),
    deposit_fixed_centavos = sqlc.narg(deposit_fixed_centavos),
    balance_mode = @balance_mode,
    balance_days_before = @balance_days_before,
    transfer_details = @transfer_details,
    transfer_hold_hours = @transfer_hold_hours
WHERE id = @id;
