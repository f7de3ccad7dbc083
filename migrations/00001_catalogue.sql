-- +goose Up
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE properties (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text NOT NULL,
    -- "today", deadlines shown to people and check-in hours are of this zone, whatever the server's clock says
    time_zone       text NOT NULL DEFAULT 'America/Argentina/Buenos_Aires',
    currency        text NOT NULL DEFAULT 'ARS',
    check_in_time   time NOT NULL DEFAULT '14:00',
    check_out_time  time NOT NULL DEFAULT '10:00',
    horizon_months  integer NOT NULL DEFAULT 18,
    longest_stay    integer NOT NULL DEFAULT 60,
    deposit_percent integer NOT NULL DEFAULT 30,
    -- {"name", "steps": [{"days_before", "refund_percent"}]}: the ladder of booking.CancellationPolicy
    cancellation    jsonb NOT NULL DEFAULT '{"name": "flexible", "steps": [{"days_before": 2, "refund_percent": 100}, {"days_before": 1, "refund_percent": 50}]}',
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT property_name_given CHECK (name <> ''),
    CONSTRAINT property_currency_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT property_horizon_positive CHECK (horizon_months > 0),
    CONSTRAINT property_longest_stay_positive CHECK (longest_stay > 0),
    CONSTRAINT property_deposit_percent CHECK (deposit_percent BETWEEN 1 AND 100)
);
COMMENT ON TABLE properties IS 'The business that owns accommodations: its clock, currency, house times and limits.';

INSERT INTO properties (name) VALUES ('Cabañas');

CREATE TABLE accommodations (
    id                    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    property_id           bigint NOT NULL REFERENCES properties (id),
    name                  text NOT NULL,
    type                  text NOT NULL,
    description           text NOT NULL DEFAULT '',
    capacity              integer NOT NULL,
    base_price_centavos   bigint NOT NULL,
    -- hundredths of the base price for Friday and Saturday nights; an integer because a float never holds money
    weekend_percent       integer NOT NULL DEFAULT 120,
    cleaning_fee_centavos bigint NOT NULL DEFAULT 0,
    -- 0: everybody sleeps for the base price
    guests_included       integer NOT NULL DEFAULT 0,
    extra_guest_centavos  bigint NOT NULL DEFAULT 0,
    currency              text NOT NULL DEFAULT 'ARS',
    min_nights            integer NOT NULL DEFAULT 1,
    -- [{"nights", "percent"}]
    length_discounts      jsonb NOT NULL DEFAULT '[]',
    -- grows with every change of a price column, so that a quote says which prices it was made of
    rate_version          integer NOT NULL DEFAULT 1,
    amenities             text[] NOT NULL DEFAULT '{}',
    -- [{"url", "caption"}], best first
    photos                jsonb NOT NULL DEFAULT '[]',
    -- {"address", "city", "province", "lat", "lng"}
    location              jsonb NOT NULL DEFAULT '{}',
    check_in_text         text NOT NULL DEFAULT '',
    active                boolean NOT NULL DEFAULT true,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT accommodation_name_given CHECK (name <> ''),
    CONSTRAINT accommodation_type_known CHECK (type IN ('cabin', 'apartment', 'house', 'room')),
    CONSTRAINT accommodation_capacity_positive CHECK (capacity > 0),
    CONSTRAINT accommodation_price_positive CHECK (base_price_centavos > 0),
    CONSTRAINT accommodation_weekend_percent CHECK (weekend_percent BETWEEN 1 AND 1000),
    CONSTRAINT accommodation_fees_not_negative CHECK (cleaning_fee_centavos >= 0 AND extra_guest_centavos >= 0),
    CONSTRAINT accommodation_guests_included CHECK (guests_included BETWEEN 0 AND capacity),
    CONSTRAINT accommodation_currency_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT accommodation_min_nights_positive CHECK (min_nights > 0)
);
COMMENT ON TABLE accommodations IS 'Places rented out as a whole, with what is needed to price and offer them.';
CREATE INDEX accommodations_property_id_idx ON accommodations (property_id);
CREATE INDEX accommodations_active_idx ON accommodations (id) WHERE active;

-- +goose Down
DROP TABLE accommodations;
DROP TABLE properties;
DROP EXTENSION btree_gist;
