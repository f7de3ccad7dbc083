-- Money: what is due, paid, returned and kept is derived; disputes; other nights for who paid too late.

-- +goose Up
ALTER TABLE payments
    -- of refunded_centavos, what somebody else than we gave back (the provider's panel)
    ADD COLUMN returned_elsewhere_centavos bigint NOT NULL DEFAULT 0,
    -- what it brought above the total of its reservation, decided once: to be returned
    ADD COLUMN surplus_centavos bigint NOT NULL DEFAULT 0,
    DROP CONSTRAINT payment_disposition_known,
    ADD CONSTRAINT payment_disposition_known CHECK (
        disposition IN ('open', 'applied', 'to_refund', 'offered', 'refunded', 'parked', 'failed', 'reversed'));
DROP INDEX payments_open_cases_idx;
CREATE INDEX payments_open_cases_idx ON payments (disposition) WHERE disposition IN ('to_refund', 'offered', 'parked');
CREATE INDEX payments_updated_idx ON payments (provider_updated_at);

CREATE TABLE disputes (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id      bigint NOT NULL REFERENCES payments (id),
    kind            text NOT NULL,
    amount_centavos bigint NOT NULL,
    currency        text NOT NULL,
    outcome         text NOT NULL DEFAULT 'open',
    -- by the provider's clock
    opened_at       timestamptz NOT NULL,
    decided_at      timestamptz,
    CONSTRAINT dispute_kind_known CHECK (kind IN ('mediation', 'chargeback')),
    CONSTRAINT dispute_outcome_known CHECK (outcome IN ('open', 'lost', 'won', 'escalated')),
    CONSTRAINT dispute_decided_has_instant CHECK ((outcome = 'open') = (decided_at IS NULL)),
    CONSTRAINT dispute_amount_positive CHECK (amount_centavos > 0)
);
COMMENT ON TABLE disputes IS 'Payers who disagree: the provider withholds the money while one is open. A mediation can escalate to a chargeback.';
CREATE UNIQUE INDEX disputes_one_open_key ON disputes (payment_id) WHERE outcome = 'open';
CREATE INDEX disputes_payment_idx ON disputes (payment_id, id);

CREATE VIEW reservation_money AS
SELECT r.id AS reservation_id, r.code, r.currency, r.total_centavos, r.deposit_centavos,
    l.counted_centavos, l.refunded_centavos, l.disputed_centavos, l.kept_centavos,
    CASE WHEN is_live(r.reservation_status) THEN greatest(r.deposit_centavos - l.kept_centavos, 0) ELSE 0 END::bigint AS due_deposit_centavos,
    CASE WHEN is_live(r.reservation_status) THEN greatest(r.total_centavos - l.kept_centavos, 0) ELSE 0 END::bigint AS due_total_centavos,
    CASE
        WHEN l.charged_back THEN 'charged_back'
        WHEN l.counted_centavos > 0 AND l.kept_centavos <= 0 THEN 'refunded'
        WHEN l.kept_centavos <= 0 THEN 'pending'
        WHEN l.kept_centavos < r.total_centavos THEN 'partially_paid'
        ELSE 'paid'
    END::text AS payment_status
FROM reservations r CROSS JOIN LATERAL (
    SELECT coalesce(sum(p.amount_centavos), 0)::bigint AS counted_centavos,
        coalesce(sum(p.refunded_centavos) FILTER (WHERE NOT d.charged_back), 0)::bigint AS refunded_centavos,
        coalesce(sum(d.amount_centavos), 0)::bigint AS disputed_centavos,
        coalesce(sum(p.amount_centavos - p.refunded_centavos), 0)::bigint AS kept_centavos,
        coalesce(bool_or(d.charged_back), false) AS charged_back
    FROM payments p CROSS JOIN LATERAL (
        SELECT coalesce(max(s.amount_centavos), 0) AS amount_centavos, coalesce(bool_or(s.kind = 'chargeback'), false) AS charged_back
        FROM disputes s WHERE s.payment_id = p.id AND s.outcome IN ('open', 'lost')) d
    WHERE p.reservation_id = r.id AND p.counted) l;
COMMENT ON VIEW reservation_money IS 'What the ledger says of a reservation. kept is what was counted and has not gone back; a chargeback takes it, a mediation only withholds it. disputed is what open and lost disputes are about.';

CREATE TABLE alternatives (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reservation_id   bigint NOT NULL REFERENCES reservations (id),
    payment_id       bigint NOT NULL REFERENCES payments (id),
    -- the nights are held by this block of source offer
    block_id         bigint NOT NULL REFERENCES calendar_blocks (id),
    accommodation_id bigint NOT NULL REFERENCES accommodations (id),
    check_in         date NOT NULL,
    check_out        date NOT NULL,
    -- what it would cost by its own rate; the guest pays what was agreed
    price_centavos   bigint NOT NULL,
    reason           text NOT NULL,
    status           text NOT NULL DEFAULT 'open',
    offered_at       timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL,
    decided_at       timestamptz,
    CONSTRAINT alternatives_payment_key UNIQUE (payment_id),
    CONSTRAINT alternative_dates CHECK (check_in < check_out),
    CONSTRAINT alternative_reason_known CHECK (reason IN ('same_nights', 'same_cabin', 'other_nights')),
    CONSTRAINT alternative_status_known CHECK (status IN ('open', 'accepted', 'declined', 'lapsed', 'withdrawn')),
    CONSTRAINT alternative_decided_has_instant CHECK ((status = 'open') = (decided_at IS NULL))
);
COMMENT ON TABLE alternatives IS 'Other nights at the agreed price, offered to who paid when theirs were sold. Decided once: taken, or the money goes back.';
CREATE UNIQUE INDEX alternatives_one_open_key ON alternatives (reservation_id) WHERE status = 'open';
CREATE INDEX alternatives_reservation_idx ON alternatives (reservation_id, id);

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION reservations_before_write() RETURNS trigger LANGUAGE plpgsql AS $$
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
        -- A late payment may take other nights than those that were lost, in the statement that takes the reservation back.
        IF NOT is_live(OLD.reservation_status)
            AND NOT (OLD.reservation_status = 'expired' AND NEW.reservation_status = 'confirmed'
                AND NEW.expires_at IS NOT DISTINCT FROM OLD.expires_at)
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

CREATE TABLE payment_sweeps (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- the account was gone through from to through, by the provider's date_last_updated
    since     timestamptz NOT NULL,
    through   timestamptz NOT NULL,
    seen      integer NOT NULL,
    handed_on integer NOT NULL,
    at        timestamptz NOT NULL
);
COMMENT ON TABLE payment_sweeps IS 'Account-wide looks at the provider that came to their end; the next begins before the last one ended.';
CREATE INDEX payment_sweeps_through_idx ON payment_sweeps (through);

CREATE TABLE payment_days (
    -- of the property
    day                        date PRIMARY KEY,
    payments                   integer NOT NULL,
    provider_approved_centavos bigint NOT NULL,
    provider_refunded_centavos bigint NOT NULL,
    ledger_approved_centavos   bigint NOT NULL,
    ledger_refunded_centavos   bigint NOT NULL,
    -- payments whose numbers differ, and since when any has
    differing                  integer NOT NULL,
    differing_since            timestamptz,
    compared_at                timestamptz NOT NULL,
    CONSTRAINT payment_day_differing_has_instant CHECK ((differing > 0) = (differing_since IS NOT NULL))
);
COMMENT ON TABLE payment_days IS 'Totals of a day at the provider and in the ledger, for the payments that both know of.';

-- +goose Down
DROP TABLE payment_days;
DROP TABLE payment_sweeps;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION reservations_before_write() RETURNS trigger LANGUAGE plpgsql AS $$
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
DROP TABLE alternatives;
DROP VIEW reservation_money;
DROP TABLE disputes;
DROP INDEX payments_updated_idx;
DROP INDEX payments_open_cases_idx;
UPDATE payments SET disposition = 'to_refund' WHERE disposition = 'offered';
CREATE INDEX payments_open_cases_idx ON payments (disposition) WHERE disposition IN ('to_refund', 'parked');
ALTER TABLE payments
    DROP CONSTRAINT payment_disposition_known,
    ADD CONSTRAINT payment_disposition_known CHECK (
        disposition IN ('open', 'applied', 'to_refund', 'refunded', 'parked', 'failed', 'reversed')),
    DROP COLUMN surplus_centavos,
    DROP COLUMN returned_elsewhere_centavos;
