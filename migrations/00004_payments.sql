-- +goose Up
CREATE TABLE payment_links (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reservation_id  bigint NOT NULL REFERENCES reservations (id),
    -- grows when the terms change: an extended hold gets a link that lives as long
    attempt         integer NOT NULL,
    provider_id     text NOT NULL,
    url             text NOT NULL,
    amount_centavos bigint NOT NULL,
    currency        text NOT NULL,
    expires_at      timestamptz NOT NULL,
    closed_at       timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT payment_links_attempt_key UNIQUE (reservation_id, attempt),
    CONSTRAINT payment_links_provider_id_key UNIQUE (provider_id),
    CONSTRAINT payment_link_attempt_positive CHECK (attempt > 0),
    CONSTRAINT payment_link_amount_positive CHECK (amount_centavos > 0)
);
COMMENT ON TABLE payment_links IS 'Checkouts at the provider.';
CREATE INDEX payment_links_created_at_idx ON payment_links (created_at);

CREATE TABLE payments (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider            text NOT NULL DEFAULT 'mercadopago',
    provider_id         text NOT NULL,
    -- NULL: the reference is nobody's of ours
    reservation_id      bigint REFERENCES reservations (id),
    reference           text NOT NULL,
    status              text NOT NULL,
    status_detail       text NOT NULL DEFAULT '',
    amount_centavos     bigint NOT NULL,
    -- taken or given back, by whoever
    refunded_centavos   bigint NOT NULL DEFAULT 0,
    currency            text NOT NULL,
    collector_ours      boolean NOT NULL,
    -- part of the reservation's paid_centavos (with what was not returned); never unset, a return is a number of its own
    counted             boolean NOT NULL DEFAULT false,
    -- the last verdict of booking.Judge
    verdict             text NOT NULL,
    disposition         text NOT NULL,
    -- who learned of the verdict first and may have died before hearing it: the same caller is told again
    told_to             text NOT NULL DEFAULT '',
    -- reports older than this change nothing: the provider's notifications come in any order
    provider_updated_at timestamptz NOT NULL,
    first_received_at   timestamptz NOT NULL,
    last_received_at    timestamptz NOT NULL,
    CONSTRAINT payments_provider_id_key UNIQUE (provider_id),
    CONSTRAINT payment_disposition_known CHECK (
        disposition IN ('open', 'applied', 'to_refund', 'refunded', 'parked', 'failed', 'reversed')),
    CONSTRAINT payment_refunded_within_amount CHECK (refunded_centavos >= 0 AND refunded_centavos <= greatest(amount_centavos, 0)),
    CONSTRAINT payment_counted_has_reservation CHECK (NOT counted OR (reservation_id IS NOT NULL AND amount_centavos > 0)),
    CONSTRAINT payment_applied_is_counted CHECK (disposition <> 'applied' OR counted)
);
COMMENT ON TABLE payments IS 'The ledger: what the provider says of each payment and what is to become of its money.';
CREATE INDEX idx_payment_reservation ON payments (reservation_id);
CREATE INDEX payments_open_cases_idx ON payments (disposition) WHERE disposition IN ('to_refund', 'parked');

CREATE TABLE payment_events (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id          bigint NOT NULL REFERENCES payments (id),
    status              text NOT NULL,
    status_detail       text NOT NULL DEFAULT '',
    amount_centavos     bigint NOT NULL,
    refunded_centavos   bigint NOT NULL,
    provider_updated_at timestamptz NOT NULL,
    verdict             text NOT NULL,
    raw                 jsonb,
    received_at         timestamptz NOT NULL,
    -- a report polled again with the same verdict is no event
    CONSTRAINT payment_events_report_key UNIQUE (payment_id, provider_updated_at, status, refunded_centavos, verdict)
);
COMMENT ON TABLE payment_events IS 'Every different report of a payment, append-only.';
CREATE TRIGGER payment_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TABLE refunds (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id         bigint NOT NULL REFERENCES payments (id),
    -- refund:<payment id>:<reason>, the idempotency key at the provider
    key                text NOT NULL,
    reason             text NOT NULL,
    amount_centavos    bigint NOT NULL,
    currency           text NOT NULL,
    status             text NOT NULL DEFAULT 'planned',
    provider_refund_id text NOT NULL DEFAULT '',
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    CONSTRAINT refunds_key_key UNIQUE (key),
    CONSTRAINT refunds_reason_key UNIQUE (payment_id, reason),
    CONSTRAINT refund_amount_positive CHECK (amount_centavos > 0),
    CONSTRAINT refund_status_known CHECK (status IN ('planned', 'in_process', 'done', 'failed'))
);
COMMENT ON TABLE refunds IS 'Money on its way back, one row per payment and reason.';

-- +goose StatementBegin
CREATE FUNCTION refunds_within_payment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    amount bigint;
BEGIN
    SELECT p.amount_centavos INTO amount FROM payments p WHERE p.id = NEW.payment_id FOR NO KEY UPDATE;
    IF amount < (SELECT coalesce(sum(r.amount_centavos), 0) FROM refunds r WHERE r.payment_id = NEW.payment_id AND r.status <> 'failed') THEN
        RAISE EXCEPTION 'refunds of payment % are more than its amount', NEW.payment_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_within_payment', TABLE = 'refunds';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER refunds_within_payment AFTER INSERT OR UPDATE ON refunds
    FOR EACH ROW EXECUTE FUNCTION refunds_within_payment();

-- +goose StatementBegin
CREATE FUNCTION reservations_move_money() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.reservation_status = 'expired' THEN
        -- Part of a deposit came and the rest did not: it has no place any more.
        UPDATE payments SET disposition = 'to_refund'
        WHERE reservation_id = NEW.id AND counted AND disposition = 'applied' AND refunded_centavos < amount_centavos;
    ELSE
        UPDATE payments p SET disposition = 'applied'
        WHERE p.reservation_id = NEW.id AND p.counted AND p.disposition = 'to_refund'
            AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.payment_id = p.id AND r.status <> 'failed');
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER reservations_move_money AFTER UPDATE ON reservations
    FOR EACH ROW WHEN (OLD.paid_centavos > 0 AND (
        (OLD.reservation_status = 'pre_reserved' AND NEW.reservation_status = 'expired')
        OR (OLD.reservation_status = 'expired' AND NEW.reservation_status = 'confirmed')))
    EXECUTE FUNCTION reservations_move_money();

-- +goose Down
DROP TRIGGER reservations_move_money ON reservations;
DROP FUNCTION reservations_move_money;
DROP TABLE refunds;
DROP FUNCTION refunds_within_payment;
DROP TABLE payment_events;
DROP TABLE payments;
DROP TABLE payment_links;
