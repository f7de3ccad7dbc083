-- +goose Up
-- What is sold of all accommodations on some nights: no_overlap_reservations begins with the accommodation and is read as a whole for that.
CREATE INDEX reservations_live_period_idx ON reservations USING gist (period) WHERE reservation_status IN ('pre_reserved', 'confirmed');

-- +goose Down
DROP INDEX reservations_live_period_idx;
