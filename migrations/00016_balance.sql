-- Money beside the provider's: deposits as a fixed sum, the balance before arrival, cash and transfers that the owner saw, and
-- numbered receipts.

-- +goose Up
ALTER TABLE properties
    -- asked to confirm instead of deposit_percent
    ADD COLUMN deposit_fixed_centavos bigint,
    -- on_arrival: paid to the owner; link: a payment link some days before
    ADD COLUMN balance_mode text NOT NULL DEFAULT 'on_arrival',
    ADD COLUMN balance_days_before integer NOT NULL DEFAULT 7,
    -- account, alias and holder as guests are shown them; empty: no transfers
    ADD COLUMN transfer_details text NOT NULL DEFAULT '',
    -- hours of business days that a guest has to transfer the deposit
    ADD COLUMN transfer_hold_hours integer NOT NULL DEFAULT 24,
    ADD CONSTRAINT property_deposit_fixed CHECK (deposit_fixed_centavos > 0),
    ADD CONSTRAINT property_balance_mode_known CHECK (balance_mode IN ('on_arrival', 'link')),
    ADD CONSTRAINT property_balance_days CHECK (balance_days_before BETWEEN 1 AND 90),
    ADD CONSTRAINT property_transfer_hours CHECK (transfer_hold_hours BETWEEN 1 AND 120);

ALTER TABLE accommodations
    -- NULL: as the property
    ADD COLUMN deposit_fixed_centavos bigint,
    ADD CONSTRAINT accommodation_deposit_fixed CHECK (deposit_fixed_centavos > 0);

ALTER TABLE payments
    ADD CONSTRAINT payment_provider_known CHECK (provider IN ('mercadopago', 'cash', 'transfer'));

ALTER TABLE refunds
    -- by_hand: of money that no provider has, the owner gives it back and says so
    DROP CONSTRAINT refund_status_known,
    ADD CONSTRAINT refund_status_known CHECK (status IN ('planned', 'awaiting_approval', 'by_hand', 'in_process', 'done', 'failed'));

CREATE TABLE recorded_payments (
    payment_id  bigint PRIMARY KEY REFERENCES payments (id),
    -- the caller's key, or what makes the same entry recognisable
    key         text NOT NULL,
    method      text NOT NULL,
    -- the owner's words
    note        text NOT NULL DEFAULT '',
    -- NULL: a movement of the account that matched, or the owner's button
    user_id     bigint REFERENCES users (id),
    recorded_at timestamptz NOT NULL,
    -- when the booking's workflow took it over; until then reconciliation tells it
    heard_at    timestamptz,
    CONSTRAINT recorded_payments_key_key UNIQUE (key),
    CONSTRAINT recorded_payment_method_known CHECK (method IN ('cash', 'transfer'))
);
COMMENT ON TABLE recorded_payments IS 'Payments that no provider tells of: somebody of the house saw the money.';
CREATE INDEX recorded_payments_unheard_idx ON recorded_payments (payment_id) WHERE heard_at IS NULL;
CREATE INDEX recorded_payments_user_id_idx ON recorded_payments (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE transfer_holds (
    reservation_id bigint PRIMARY KEY REFERENCES reservations (id),
    chosen_at      timestamptz NOT NULL
);
COMMENT ON TABLE transfer_holds IS 'Holds whose guests said that they pay by transfer; the deadline stands in the reservation.';

CREATE TABLE movements (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- as the bank writes it: unique together with amount and instant
    reference       text NOT NULL,
    amount_centavos bigint NOT NULL,
    currency        text NOT NULL,
    credited_at     timestamptz NOT NULL,
    -- matched: confirmed a hold; ambiguous: several holds wait for this sum; unmatched: none does
    outcome         text NOT NULL,
    payment_id      bigint REFERENCES payments (id),
    user_id         bigint NOT NULL REFERENCES users (id),
    created_at      timestamptz NOT NULL,
    CONSTRAINT movements_credit_key UNIQUE (reference, amount_centavos, credited_at),
    CONSTRAINT movement_amount_positive CHECK (amount_centavos > 0),
    CONSTRAINT movement_outcome_known CHECK (outcome IN ('matched', 'ambiguous', 'unmatched')),
    CONSTRAINT movement_matched_has_payment CHECK ((outcome = 'matched') = (payment_id IS NOT NULL))
);
COMMENT ON TABLE movements IS 'Credits of the bank account as they were imported, and what each paid.';
CREATE INDEX movements_payment_id_idx ON movements (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX movements_user_id_idx ON movements (user_id);

CREATE TABLE receipt_counters (
    property_id bigint PRIMARY KEY REFERENCES properties (id),
    last        bigint NOT NULL,
    CONSTRAINT receipt_counter_positive CHECK (last > 0)
);
COMMENT ON TABLE receipt_counters IS 'The last number given out; its row is locked while a receipt is made, so that numbers have no gaps.';

CREATE TABLE receipts (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    property_id     bigint NOT NULL REFERENCES properties (id),
    number          bigint NOT NULL,
    reservation_id  bigint NOT NULL REFERENCES reservations (id),
    payment_id      bigint NOT NULL REFERENCES payments (id),
    -- NULL: for money that came; else a credit note for money that went back
    refund_id       bigint REFERENCES refunds (id),
    -- opens the receipt without anything else, so that WhatsApp can fetch it
    token           text NOT NULL,
    -- everything that is printed, as it was then; nothing of a person
    content         jsonb NOT NULL,
    issued_at       timestamptz NOT NULL,
    CONSTRAINT receipts_number_key UNIQUE (property_id, number),
    CONSTRAINT receipts_refund_id_key UNIQUE (refund_id),
    CONSTRAINT receipts_token_key UNIQUE (token),
    CONSTRAINT receipt_token_long CHECK (length(token) >= 32)
);
COMMENT ON TABLE receipts IS 'Numbered receipts: one for each counted payment, and one for each refund of it.';
CREATE UNIQUE INDEX receipts_payment_id_key ON receipts (payment_id) WHERE refund_id IS NULL;
CREATE INDEX receipts_reservation_id_idx ON receipts (reservation_id, number);
CREATE TRIGGER receipts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON receipts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- +goose Down
DROP TABLE receipts;
DROP TABLE receipt_counters;
DROP TABLE movements;
DROP TABLE transfer_holds;
DROP TABLE recorded_payments;
UPDATE refunds SET status = 'planned' WHERE status = 'by_hand';
ALTER TABLE refunds
    DROP CONSTRAINT refund_status_known,
    ADD CONSTRAINT refund_status_known CHECK (status IN ('planned', 'awaiting_approval', 'in_process', 'done', 'failed'));
ALTER TABLE payments DROP CONSTRAINT payment_provider_known;
ALTER TABLE accommodations DROP COLUMN deposit_fixed_centavos;
ALTER TABLE properties
    DROP COLUMN deposit_fixed_centavos,
    DROP COLUMN balance_mode,
    DROP COLUMN balance_days_before,
    DROP COLUMN transfer_details,
    DROP COLUMN transfer_hold_hours;
