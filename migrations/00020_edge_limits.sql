-- +goose Up

-- Live holds are counted by who asked for them. The hash is keyed: nobody can tell the address from it.
ALTER TABLE reservations ADD COLUMN client_hash bytea;
COMMENT ON COLUMN reservations.client_hash IS 'Keyed hash of the network address that asked for the hold; NULL once the hold is over.';
CREATE INDEX reservations_client_hash_idx ON reservations (client_hash) WHERE reservation_status = 'pre_reserved' AND client_hash IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION reservations_forget_client() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.client_hash := NULL;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER reservations_forget_client BEFORE UPDATE ON reservations FOR EACH ROW
    WHEN (NEW.reservation_status <> 'pre_reserved' AND NEW.client_hash IS NOT NULL)
    EXECUTE FUNCTION reservations_forget_client();

-- +goose StatementBegin
CREATE FUNCTION room_for_hold(wanted_code text, of_guest bigint, most_of_guest integer, of_client bytea, most_of_client integer)
RETURNS boolean LANGUAGE plpgsql AS $$
-- Counts after taking the locks of the guest and of the client, which the transaction keeps: of many holds at once each sees those
-- before it. Each statement of a function that is volatile sees what was committed until then. A code that is there already is
-- for the unique index to answer.
BEGIN
    IF most_of_guest <= 0 AND (most_of_client <= 0 OR of_client IS NULL) THEN
        RETURN true;
    END IF;
    IF most_of_guest > 0 THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('hold/guest/' || of_guest, 0));
    END IF;
    IF most_of_client > 0 AND of_client IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('hold/client/' || encode(of_client, 'hex'), 0));
    END IF;
    IF EXISTS (SELECT 1 FROM reservations r WHERE r.code = wanted_code) THEN
        RETURN true;
    END IF;
    IF most_of_guest > 0 AND (SELECT count(*) FROM reservations r
            WHERE r.guest_id = of_guest AND r.reservation_status = 'pre_reserved') >= most_of_guest THEN
        RAISE EXCEPTION 'the guest has % unpaid holds or more', most_of_guest
            USING ERRCODE = 'check_violation', CONSTRAINT = 'holds_per_phone', TABLE = 'reservations';
    END IF;
    IF most_of_client > 0 AND of_client IS NOT NULL AND (SELECT count(*) FROM reservations r
            WHERE r.client_hash = of_client AND r.reservation_status = 'pre_reserved') >= most_of_client THEN
        RAISE EXCEPTION 'the client has % unpaid holds or more', most_of_client
            USING ERRCODE = 'check_violation', CONSTRAINT = 'holds_per_address', TABLE = 'reservations';
    END IF;
    RETURN true;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION room_for_hold IS 'Refuses (holds_per_phone, holds_per_address) a hold beyond the limits; 0 is no limit.';

-- The answer of a write that is under way is not there yet: response_status is 0, lease names who carries it out, and the row is
-- anybody's after expires_at.
ALTER TABLE idempotency_keys ADD COLUMN lease uuid, ADD COLUMN response_headers jsonb NOT NULL DEFAULT '{}';
CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys (expires_at);

-- +goose Down
DROP INDEX idempotency_keys_expires_at_idx;
ALTER TABLE idempotency_keys DROP COLUMN response_headers, DROP COLUMN lease;
DROP FUNCTION room_for_hold;
DROP TRIGGER reservations_forget_client ON reservations;
DROP FUNCTION reservations_forget_client;
DROP INDEX reservations_client_hash_idx;
ALTER TABLE reservations DROP COLUMN client_hash;
