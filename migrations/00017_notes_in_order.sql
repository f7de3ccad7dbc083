-- +goose Up
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION note_booking(of_reservation bigint, note_kind text, change jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- A change that commits between the look at the row and the note would stand before a note that says the old state.
    PERFORM 1 FROM reservations WHERE id = of_reservation FOR NO KEY UPDATE;
    INSERT INTO booking_events (reservation_id, kind, actor, reason, details, status_before, status_after, payment_status_after,
        expires_at_after, paid_centavos_after, accommodation_id_after, check_in_after, check_out_after, at)
    SELECT id, note_kind, coalesce(change ->> 'by', 'system'), coalesce(change ->> 'reason', ''), coalesce(change -> 'details', '{}'),
        reservation_status, reservation_status, payment_status, expires_at, paid_centavos, accommodation_id, check_in, check_out,
        coalesce((change ->> 'at')::timestamptz, clock_timestamp())
    FROM reservations WHERE id = of_reservation;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION note_booking(of_reservation bigint, note_kind text, change jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO booking_events (reservation_id, kind, actor, reason, details, status_before, status_after, payment_status_after,
        expires_at_after, paid_centavos_after, accommodation_id_after, check_in_after, check_out_after, at)
    SELECT id, note_kind, coalesce(change ->> 'by', 'system'), coalesce(change ->> 'reason', ''), coalesce(change -> 'details', '{}'),
        reservation_status, reservation_status, payment_status, expires_at, paid_centavos, accommodation_id, check_in, check_out,
        coalesce((change ->> 'at')::timestamptz, clock_timestamp())
    FROM reservations WHERE id = of_reservation;
END
$$;
-- +goose StatementEnd
