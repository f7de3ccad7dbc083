-- What a person can ask to be forgotten (law 25.326), and what is forgotten by itself.

-- +goose Up
ALTER TABLE guests
    -- since when the row stands for nobody; its bookings keep their nights and money
    ADD COLUMN erased_at timestamptz,
    ADD CONSTRAINT guest_erased_is_nobody CHECK (erased_at IS NULL OR (phone IS NULL AND whatsapp_user_id IS NULL
        AND whatsapp_phone = '' AND whatsapp_send_to = '' AND name = '' AND email = '' AND opted_out_at IS NULL));

-- +goose StatementBegin
CREATE FUNCTION forgotten(body jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object('kind', body -> 'kind', 'sent_at', body -> 'sent_at', 'forgotten', true))
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION forgotten IS 'What is left of a message when its words are forgotten: of which kind it was.';
-- What is still to be forgotten gets less, what is forgotten more.
CREATE INDEX messages_remembered_idx ON messages (created_at) WHERE NOT body ? 'forgotten';

-- +goose StatementBegin
CREATE FUNCTION reservations_need_somebody() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Who erases holds the row FOR UPDATE: a hold that meets it waits, and then sees what became of the guest.
    IF (SELECT g.erased_at FROM guests g WHERE g.id = NEW.guest_id FOR KEY SHARE) IS NOT NULL THEN
        RAISE EXCEPTION 'guest % was erased', NEW.guest_id
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'reservation_guest_erased', TABLE = 'reservations';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER reservations_need_somebody BEFORE INSERT ON reservations
    FOR EACH ROW EXECUTE FUNCTION reservations_need_somebody();

-- The ledger's reports stay as they are but for what the provider sent, which can hold who paid.
-- +goose StatementBegin
CREATE FUNCTION payment_events_only_forget() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept payment_events := OLD;
BEGIN
    kept.raw := NULL;
    IF NEW IS DISTINCT FROM kept THEN
        RAISE EXCEPTION 'payment_events is append-only'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_events_append_only', TABLE = 'payment_events';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
DROP TRIGGER payment_events_append_only ON payment_events;
CREATE TRIGGER payment_events_append_only BEFORE DELETE OR TRUNCATE ON payment_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER payment_events_only_forget BEFORE UPDATE ON payment_events
    FOR EACH ROW EXECUTE FUNCTION payment_events_only_forget();

-- +goose Down
DROP TRIGGER payment_events_only_forget ON payment_events;
DROP TRIGGER payment_events_append_only ON payment_events;
CREATE TRIGGER payment_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
DROP FUNCTION payment_events_only_forget;
DROP TRIGGER reservations_need_somebody ON reservations;
DROP FUNCTION reservations_need_somebody;
DROP INDEX messages_remembered_idx;
DROP FUNCTION forgotten;
ALTER TABLE guests DROP CONSTRAINT guest_erased_is_nobody, DROP COLUMN erased_at;
