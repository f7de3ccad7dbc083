-- +goose Up
ALTER TABLE accommodations
    -- {"name", "steps": [{"days_before", "refund_percent"}]}; NULL is the property's
    ADD COLUMN cancellation jsonb;

-- +goose StatementBegin
CREATE FUNCTION is_cancellation(policy jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(policy ->> 'name' IN ('flexible', 'moderate', 'strict', 'custom') AND jsonb_typeof(policy -> 'steps') = 'array', false)
        AND NOT jsonb_path_exists(policy, '$.steps[*] ? (!(@.days_before >= 0 && @.days_before <= 365 && @.refund_percent >= 0 && @.refund_percent <= 100))')
        AND NOT jsonb_path_exists(policy, '$.steps[*] ? (!exists(@.days_before) || !exists(@.refund_percent))')
$$;
-- +goose StatementEnd
ALTER TABLE properties ADD CONSTRAINT property_cancellation_readable CHECK (is_cancellation(cancellation));
ALTER TABLE accommodations ADD CONSTRAINT accommodation_cancellation_readable CHECK (cancellation IS NULL OR is_cancellation(cancellation));

-- A booking keeps the terms it was made under.
ALTER TABLE reservations ADD COLUMN cancellation jsonb;
ALTER TABLE reservations DISABLE TRIGGER USER;
UPDATE reservations r SET cancellation = p.cancellation
FROM accommodations a JOIN properties p ON p.id = a.property_id WHERE a.id = r.accommodation_id;
ALTER TABLE reservations ENABLE TRIGGER USER;
ALTER TABLE reservations ALTER COLUMN cancellation SET NOT NULL,
    ADD CONSTRAINT reservation_cancellation_readable CHECK (is_cancellation(cancellation));

-- +goose StatementBegin
CREATE FUNCTION reservations_keep_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'reservation % keeps the terms it was made under', OLD.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reservation_terms_kept', TABLE = 'reservations';
    END IF;
    NEW.cancellation := (SELECT coalesce(a.cancellation, p.cancellation)
        FROM accommodations a JOIN properties p ON p.id = a.property_id WHERE a.id = NEW.accommodation_id);
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER reservations_take_terms BEFORE INSERT ON reservations
    FOR EACH ROW WHEN (NEW.cancellation IS NULL) EXECUTE FUNCTION reservations_keep_terms();
CREATE TRIGGER reservations_keep_terms BEFORE UPDATE OF cancellation ON reservations
    FOR EACH ROW WHEN (OLD.cancellation IS DISTINCT FROM NEW.cancellation) EXECUTE FUNCTION reservations_keep_terms();

ALTER TABLE refunds
    -- who let it go or kept it when the sum needs the owner; 'refused' is never sent
    ADD COLUMN decision text NOT NULL DEFAULT '',
    ADD COLUMN decided_by text NOT NULL DEFAULT '',
    ADD COLUMN decided_at timestamptz,
    ADD CONSTRAINT refund_decision_known CHECK (decision IN ('', 'approved', 'refused')),
    ADD CONSTRAINT refund_decision_named CHECK ((decision = '') = (decided_by = '') AND (decision = '') = (decided_at IS NULL)),
    ADD CONSTRAINT refund_refused_is_over CHECK (decision <> 'refused' OR status = 'failed'),
    DROP CONSTRAINT refund_status_known,
    ADD CONSTRAINT refund_status_known CHECK (status IN ('planned', 'awaiting_approval', 'in_process', 'done', 'failed'));

-- +goose StatementBegin
CREATE FUNCTION refunds_of_approved_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM payments p WHERE p.id = NEW.payment_id AND p.status = 'approved') THEN
        RAISE EXCEPTION 'payment % was not credited', NEW.payment_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_of_approved_payment', TABLE = 'refunds';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION refunds_of_approved_payment IS 'No money is returned that was not credited.';
CREATE TRIGGER refunds_of_approved_payment BEFORE INSERT ON refunds
    FOR EACH ROW EXECUTE FUNCTION refunds_of_approved_payment();

-- +goose Down
DROP TRIGGER refunds_of_approved_payment ON refunds;
DROP FUNCTION refunds_of_approved_payment;
UPDATE refunds SET status = 'planned' WHERE status = 'awaiting_approval';
ALTER TABLE refunds DROP CONSTRAINT refund_status_known,
    ADD CONSTRAINT refund_status_known CHECK (status IN ('planned', 'in_process', 'done', 'failed')),
    DROP COLUMN decision, DROP COLUMN decided_by, DROP COLUMN decided_at;
DROP TRIGGER reservations_keep_terms ON reservations;
DROP TRIGGER reservations_take_terms ON reservations;
DROP FUNCTION reservations_keep_terms;
ALTER TABLE reservations DROP COLUMN cancellation;
ALTER TABLE accommodations DROP COLUMN cancellation;
ALTER TABLE properties DROP CONSTRAINT property_cancellation_readable;
DROP FUNCTION is_cancellation;
