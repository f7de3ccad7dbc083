-- +goose Up
CREATE TABLE reservations (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code               text NOT NULL,
    accommodation_id   bigint NOT NULL REFERENCES accommodations (id),
    guest_id           bigint NOT NULL REFERENCES guests (id),
    check_in           date NOT NULL,
    check_out          date NOT NULL,
    -- half-open: a stay that ends on a day and one that begins on it share no night
    period             daterange GENERATED ALWAYS AS (daterange(check_in, check_out, '[)')) STORED,
    guests             integer NOT NULL,
    channel_source     text NOT NULL,
    reservation_status text NOT NULL DEFAULT 'pre_reserved',
    payment_status     text NOT NULL DEFAULT 'pending',
    -- booking.Quote: each night and fee with its reason, as the guest was told
    price              jsonb NOT NULL,
    total_centavos     bigint NOT NULL,
    deposit_centavos   bigint NOT NULL,
    -- counted payments less what went back of them
    paid_centavos      bigint NOT NULL DEFAULT 0,
    currency           text NOT NULL,
    -- deadline of the hold; kept when the hold is over, because people ask
    expires_at         timestamptz,
    extended_once      boolean NOT NULL DEFAULT false,
    -- hash of the guest's secret for X-Reservation-Token
    token_hash         bytea NOT NULL DEFAULT '',
    confirmed_at       timestamptz,
    cancelled_at       timestamptz,
    completed_at       timestamptz,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT reservations_code_key UNIQUE (code),
    CONSTRAINT reservation_code_form CHECK (code ~ '^RES[0-9]{6}[0-9A-F]{6}$'),
    CONSTRAINT ck_reservation_dates CHECK (check_in < check_out),
    CONSTRAINT ck_guests_positive CHECK (guests > 0),
    CONSTRAINT ck_total_price_positive CHECK (total_centavos >= 0),
    CONSTRAINT reservation_deposit_within_total CHECK (deposit_centavos BETWEEN 0 AND total_centavos),
    CONSTRAINT reservation_paid_not_negative CHECK (paid_centavos >= 0),
    CONSTRAINT reservation_currency_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT reservation_status_known CHECK (
        reservation_status IN ('pre_reserved', 'confirmed', 'expired', 'cancelled', 'completed', 'no_show')),
    CONSTRAINT reservation_payment_status_known CHECK (
        payment_status IN ('pending', 'partially_paid', 'paid', 'refunded', 'failed', 'charged_back')),
    CONSTRAINT reservation_channel_known CHECK (channel_source IN ('whatsapp', 'direct', 'airbnb', 'booking', 'other')),
    CONSTRAINT reservation_hold_has_deadline CHECK (reservation_status <> 'pre_reserved' OR expires_at IS NOT NULL),
    CONSTRAINT reservation_state_has_instant CHECK (
        (reservation_status <> 'confirmed' OR confirmed_at IS NOT NULL)
        AND (reservation_status <> 'cancelled' OR cancelled_at IS NOT NULL)
        AND (reservation_status <> 'completed' OR completed_at IS NOT NULL)),
    CONSTRAINT no_overlap_reservations EXCLUDE USING gist (accommodation_id WITH =, period WITH &&)
        WHERE (reservation_status IN ('pre_reserved','confirmed'))
);
COMMENT ON TABLE reservations IS 'Bookings. Changed by conditional statements only; triggers enforce transitions and write booking_events.';
CREATE INDEX reservations_guest_id_idx ON reservations (guest_id, id);
CREATE INDEX reservations_hold_deadline_idx ON reservations (expires_at) WHERE reservation_status = 'pre_reserved';
CREATE INDEX idx_reservation_dates ON reservations (accommodation_id, check_in, check_out);

CREATE TABLE calendar_blocks (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    accommodation_id bigint NOT NULL REFERENCES accommodations (id),
    start_date       date NOT NULL,
    -- first night that is open again
    end_date         date NOT NULL,
    period           daterange GENERATED ALWAYS AS (daterange(start_date, end_date, '[)')) STORED,
    source           text NOT NULL DEFAULT 'manual',
    reason           text NOT NULL DEFAULT '',
    active           boolean NOT NULL DEFAULT true,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT calendar_block_dates CHECK (start_date < end_date),
    CONSTRAINT calendar_block_source_known CHECK (source IN ('manual', 'feed'))
);
COMMENT ON TABLE calendar_blocks IS 'Closed nights from a feed or by hand. Outside facts are never refused: one that lands on a reservation opens a calendar_conflicts row.';
CREATE INDEX calendar_blocks_period_idx ON calendar_blocks USING gist (accommodation_id, period) WHERE active;

CREATE TABLE calendar_conflicts (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    block_id       bigint NOT NULL REFERENCES calendar_blocks (id),
    reservation_id bigint NOT NULL REFERENCES reservations (id),
    opened_at      timestamptz NOT NULL DEFAULT now(),
    -- NULL while block and reservation both stand
    resolved_at    timestamptz,
    CONSTRAINT calendar_conflicts_block_reservation_key UNIQUE (block_id, reservation_id)
);
COMMENT ON TABLE calendar_conflicts IS 'A closed night that is sold: somebody has to decide.';
CREATE INDEX calendar_conflicts_reservation_id_idx ON calendar_conflicts (reservation_id);

CREATE TABLE booking_events (
    id                     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reservation_id         bigint NOT NULL REFERENCES reservations (id),
    -- held, extended, confirmed, expired, cancelled, completed, no_show, moved, money, edited: the row changed;
    -- payment_*, refund_*, link_*: notes that leave the row as it is
    kind                   text NOT NULL,
    actor                  text NOT NULL,
    -- a word of ours, never a person's text
    reason                 text NOT NULL DEFAULT '',
    -- the numbers it was decided on
    details                jsonb NOT NULL DEFAULT '{}',
    -- NULL for the first event
    status_before          text,
    status_after           text NOT NULL,
    payment_status_after   text NOT NULL,
    expires_at_after       timestamptz,
    paid_centavos_after    bigint NOT NULL,
    accommodation_id_after bigint NOT NULL,
    check_in_after         date NOT NULL,
    check_out_after        date NOT NULL,
    -- the instant of the deciding process
    at                     timestamptz NOT NULL,
    -- the instant of the database
    recorded_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT booking_event_actor_known CHECK (actor IN ('guest', 'owner', 'timer', 'provider', 'system')),
    CONSTRAINT booking_event_kind_given CHECK (kind <> '')
);
COMMENT ON TABLE booking_events IS 'Flight recorder, append-only. Replaying the _after columns in order of id gives the reservation.';
CREATE INDEX booking_events_reservation_id_idx ON booking_events (reservation_id, id);

-- +goose StatementBegin
CREATE FUNCTION lock_accommodation(accommodation_id bigint) RETURNS void LANGUAGE sql AS $$
    -- 7201 is the class of this lock; feeds, blocks and holds of one accommodation take it before they look at each other.
    SELECT pg_advisory_xact_lock(7201, accommodation_id::integer)
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION is_live(status text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT status IN ('pre_reserved', 'confirmed')
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION is_legal_transition(before text, after text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    -- The same table as in package booking; a test compares them. expired to confirmed is a late payment.
    SELECT CASE before
        WHEN 'pre_reserved' THEN after IN ('confirmed', 'expired', 'cancelled')
        WHEN 'confirmed' THEN after IN ('cancelled', 'completed', 'no_show')
        WHEN 'expired' THEN after IN ('confirmed', 'cancelled')
        WHEN 'no_show' THEN after = 'completed'
        ELSE false
    END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION reservations_before_write() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    takes_nights boolean := is_live(NEW.reservation_status);
    wanted daterange;
BEGIN
    IF TG_OP = 'INSERT' THEN
        -- A repeated code is for the unique index to answer, not for the nights it holds itself.
        IF EXISTS (SELECT 1 FROM reservations r WHERE r.code = NEW.code) THEN
            RETURN NEW;
        END IF;
        IF NOT is_live(NEW.reservation_status) THEN
            RAISE EXCEPTION 'a reservation begins held or confirmed, not %', NEW.reservation_status
                USING ERRCODE = 'check_violation', CONSTRAINT = 'legal_transition', TABLE = 'reservations';
        END IF;
    ELSE
        IF NEW.reservation_status <> OLD.reservation_status
            AND NOT is_legal_transition(OLD.reservation_status, NEW.reservation_status) THEN
            RAISE EXCEPTION 'reservation % cannot go from % to %', OLD.code, OLD.reservation_status, NEW.reservation_status
                USING ERRCODE = 'check_violation', CONSTRAINT = 'legal_transition', TABLE = 'reservations';
        END IF;
        IF NEW.code <> OLD.code OR NEW.currency <> OLD.currency OR NEW.created_at <> OLD.created_at
            OR (NEW.guest_id <> OLD.guest_id
                AND NOT EXISTS (SELECT 1 FROM guests g WHERE g.id = OLD.guest_id AND g.merged_into = NEW.guest_id)) THEN
            RAISE EXCEPTION 'code, guest, currency and birth of reservation % are fixed', OLD.code
                USING ERRCODE = 'check_violation', CONSTRAINT = 'reservation_identity_fixed', TABLE = 'reservations';
        END IF;
        IF NOT is_live(OLD.reservation_status)
            AND (NEW.check_in, NEW.check_out, NEW.accommodation_id, NEW.expires_at)
                IS DISTINCT FROM (OLD.check_in, OLD.check_out, OLD.accommodation_id, OLD.expires_at) THEN
            RAISE EXCEPTION 'nights and deadline of reservation % are over', OLD.code
                USING ERRCODE = 'check_violation', CONSTRAINT = 'reservation_nights_over', TABLE = 'reservations';
        END IF;
        takes_nights := takes_nights AND (NOT is_live(OLD.reservation_status)
            OR (NEW.check_in, NEW.check_out, NEW.accommodation_id) IS DISTINCT FROM (OLD.check_in, OLD.check_out, OLD.accommodation_id));
    END IF;
    IF NOT takes_nights OR NEW.check_in >= NEW.check_out THEN
        RETURN NEW;
    END IF;

    PERFORM lock_accommodation(NEW.accommodation_id);
    wanted := daterange(NEW.check_in, NEW.check_out, '[)');
    -- The exclusion constraint below this decides; asking first lets a loser leave without having written anything.
    IF EXISTS (SELECT 1 FROM reservations r WHERE r.accommodation_id = NEW.accommodation_id AND r.period && wanted
            AND r.reservation_status IN ('pre_reserved','confirmed') AND r.code <> NEW.code) THEN
        RAISE EXCEPTION 'a live reservation of accommodation % has a night of %', NEW.accommodation_id, wanted
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'no_overlap_reservations', TABLE = 'reservations';
    END IF;
    IF EXISTS (SELECT 1 FROM calendar_blocks b WHERE b.accommodation_id = NEW.accommodation_id AND b.period && wanted AND b.active) THEN
        RAISE EXCEPTION 'a night of % is closed at accommodation %', wanted, NEW.accommodation_id
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'no_hold_over_block', TABLE = 'reservations';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER reservations_before_write BEFORE INSERT OR UPDATE ON reservations
    FOR EACH ROW EXECUTE FUNCTION reservations_before_write();

-- +goose StatementBegin
CREATE FUNCTION reservations_record_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    -- Who and why is told by the changing statement; a change that does not tell is recorded as such.
    change jsonb := coalesce(nullif(current_setting('cabanas.change', true), '')::jsonb,
        jsonb_build_object('reason', 'untold', 'details', jsonb_build_object('database_user', session_user)));
    before text;
    kind text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        kind := CASE NEW.reservation_status WHEN 'pre_reserved' THEN 'held' ELSE NEW.reservation_status END;
    ELSE
        before := OLD.reservation_status;
        kind := CASE
            WHEN NEW.reservation_status <> OLD.reservation_status THEN NEW.reservation_status
            WHEN NEW.expires_at IS DISTINCT FROM OLD.expires_at THEN 'extended'
            WHEN (NEW.check_in, NEW.check_out, NEW.accommodation_id) IS DISTINCT FROM (OLD.check_in, OLD.check_out, OLD.accommodation_id) THEN 'moved'
            WHEN (NEW.paid_centavos, NEW.payment_status) IS DISTINCT FROM (OLD.paid_centavos, OLD.payment_status) THEN 'money'
            ELSE 'edited'
        END;
        IF is_live(OLD.reservation_status) AND NOT is_live(NEW.reservation_status) THEN
            UPDATE calendar_conflicts SET resolved_at = NEW.updated_at WHERE reservation_id = NEW.id AND resolved_at IS NULL;
        END IF;
    END IF;
    INSERT INTO booking_events (reservation_id, kind, actor, reason, details, status_before, status_after, payment_status_after,
        expires_at_after, paid_centavos_after, accommodation_id_after, check_in_after, check_out_after, at)
    VALUES (NEW.id, kind, coalesce(change ->> 'by', 'system'), coalesce(change ->> 'reason', ''), coalesce(change -> 'details', '{}'),
        before, NEW.reservation_status, NEW.payment_status, NEW.expires_at, NEW.paid_centavos, NEW.accommodation_id,
        NEW.check_in, NEW.check_out, coalesce((change ->> 'at')::timestamptz, clock_timestamp()));
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER reservations_record_birth AFTER INSERT ON reservations
    FOR EACH ROW EXECUTE FUNCTION reservations_record_change();
CREATE TRIGGER reservations_record_change AFTER UPDATE ON reservations
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION reservations_record_change();

-- +goose StatementBegin
CREATE FUNCTION note_booking(of_reservation bigint, note_kind text, change jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO booking_events (reservation_id, kind, actor, reason, details, status_before, status_after, payment_status_after,
        expires_at_after, paid_centavos_after, accommodation_id_after, check_in_after, check_out_after, at)
    SELECT id, note_kind, coalesce(change ->> 'by', 'system'), coalesce(change ->> 'reason', ''), coalesce(change -> 'details', '{}'),
        reservation_status, reservation_status, payment_status, expires_at, paid_centavos, accommodation_id, check_in, check_out,
        coalesce((change ->> 'at')::timestamptz, clock_timestamp())
    FROM reservations WHERE id = of_reservation
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION note_booking IS 'Adds an entry to the flight recorder that leaves the reservation as it is.';

-- +goose StatementBegin
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER booking_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON booking_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- +goose StatementBegin
CREATE FUNCTION calendar_blocks_before_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_accommodation(NEW.accommodation_id);
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER calendar_blocks_before_write BEFORE INSERT OR UPDATE ON calendar_blocks
    FOR EACH ROW EXECUTE FUNCTION calendar_blocks_before_write();

-- +goose StatementBegin
CREATE FUNCTION calendar_blocks_record_conflicts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO calendar_conflicts (block_id, reservation_id, opened_at)
    SELECT NEW.id, r.id, NEW.updated_at FROM reservations r
    WHERE NEW.active AND r.accommodation_id = NEW.accommodation_id AND r.period && NEW.period
        AND r.reservation_status IN ('pre_reserved','confirmed')
    ON CONFLICT (block_id, reservation_id) DO UPDATE SET resolved_at = NULL;
    UPDATE calendar_conflicts c SET resolved_at = NEW.updated_at
    WHERE c.block_id = NEW.id AND c.resolved_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM reservations r WHERE r.id = c.reservation_id AND NEW.active AND r.accommodation_id = NEW.accommodation_id
            AND r.period && NEW.period AND r.reservation_status IN ('pre_reserved','confirmed'));
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER calendar_blocks_record_conflicts AFTER INSERT OR UPDATE ON calendar_blocks
    FOR EACH ROW EXECUTE FUNCTION calendar_blocks_record_conflicts();

-- +goose Down
DROP TABLE calendar_conflicts;
DROP TABLE calendar_blocks;
DROP TABLE booking_events;
DROP TABLE reservations;
DROP FUNCTION calendar_blocks_record_conflicts;
DROP FUNCTION calendar_blocks_before_write;
DROP FUNCTION refuse_rewriting;
DROP FUNCTION note_booking;
DROP FUNCTION reservations_record_change;
DROP FUNCTION reservations_before_write;
DROP FUNCTION is_legal_transition;
DROP FUNCTION is_live;
DROP FUNCTION lock_accommodation;
