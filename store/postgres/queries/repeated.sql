-- name: LiveReservationByToken :one
SELECT code FROM reservations
WHERE accommodation_id = @accommodation_id AND check_in = @check_in AND check_out = @check_out
    AND token_hash = @token_hash::bytea AND token_hash <> '' AND reservation_status IN ('pre_reserved', 'confirmed');
