-- What staff writes on a booking, and the ways in which staff looks bookings up.

-- +goose Up
CREATE TABLE reservation_notes (
    reservation_id   bigint PRIMARY KEY REFERENCES reservations (id),
    -- what the guest wishes, as staff wrote it down
    special_requests text NOT NULL DEFAULT '',
    -- for staff alone
    internal_notes   text NOT NULL DEFAULT '',
    updated_by       bigint REFERENCES users (id),
    updated_at       timestamptz NOT NULL,
    CONSTRAINT reservation_notes_size CHECK (length(special_requests) <= 2000 AND length(internal_notes) <= 4000)
);
COMMENT ON TABLE reservation_notes IS 'What people wrote about a booking. A person''s data: it goes when the guest is erased.';
CREATE INDEX reservation_notes_updated_by_idx ON reservation_notes (updated_by) WHERE updated_by IS NOT NULL;

CREATE INDEX reservations_created_at_idx ON reservations (created_at, id);
CREATE INDEX reservations_check_in_idx ON reservations (check_in, id);
-- Who came by another channel never had a deadline.
CREATE INDEX reservations_deadline_idx ON reservations (coalesce(expires_at, created_at), id);
-- Everything said about a booking begins with its code, whatever the collation.
CREATE INDEX notifications_key_prefix_idx ON notifications (key text_pattern_ops);
CREATE INDEX webhook_inbox_ref_idx ON webhook_inbox ((meta ->> 'ref')) WHERE meta ? 'ref';
CREATE INDEX webhook_inbox_payment_id_idx ON webhook_inbox ((meta ->> 'payment_id')) WHERE meta ? 'payment_id';

-- +goose StatementBegin
CREATE FUNCTION search_text(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT translate(lower(words), 'áàâãäéèêëíìîïóòôõöúùûüñç', 'aaaaaeeeeiiiiooooouuuunc')
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION search_text IS 'Words as they are searched: without capitals and accents.';

-- +goose Down
DROP FUNCTION search_text;
DROP INDEX webhook_inbox_payment_id_idx;
DROP INDEX webhook_inbox_ref_idx;
DROP INDEX notifications_key_prefix_idx;
DROP INDEX reservations_deadline_idx;
DROP INDEX reservations_check_in_idx;
DROP INDEX reservations_created_at_idx;
DROP TABLE reservation_notes;
