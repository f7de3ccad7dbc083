-- Prices that change with the nights, and the versions of what is priced.

-- +goose Up
ALTER TABLE accommodations ADD COLUMN revision integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN accommodations.revision IS 'Grows with every change, so that two people do not undo each other''s.';

-- +goose StatementBegin
CREATE FUNCTION count_accommodation_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := OLD.revision + 1;
    IF (NEW.base_price_centavos, NEW.weekend_percent, NEW.cleaning_fee_centavos, NEW.guests_included, NEW.extra_guest_centavos,
        NEW.currency, NEW.min_nights, NEW.length_discounts, NEW.deposit_fixed_centavos)
       IS DISTINCT FROM
       (OLD.base_price_centavos, OLD.weekend_percent, OLD.cleaning_fee_centavos, OLD.guests_included, OLD.extra_guest_centavos,
        OLD.currency, OLD.min_nights, OLD.length_discounts, OLD.deposit_fixed_centavos) THEN
        NEW.rate_version := OLD.rate_version + 1;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER accommodation_versions BEFORE UPDATE ON accommodations
    FOR EACH ROW EXECUTE FUNCTION count_accommodation_versions();

CREATE TABLE rate_rules (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    property_id      bigint NOT NULL REFERENCES properties (id),
    -- NULL: every accommodation of the property
    accommodation_id bigint REFERENCES accommodations (id),
    name             text NOT NULL,
    kind             text NOT NULL,
    -- [{"first_night", "last_night"}], both included; of seasons
    dates            jsonb NOT NULL DEFAULT '[]',
    -- 0 is Sunday; empty is every day
    weekdays         integer[] NOT NULL DEFAULT '{}',
    priority         integer NOT NULL DEFAULT 0,
    active           boolean NOT NULL DEFAULT true,
    -- hundredths of the base price, or a price of its own; neither leaves the price alone
    percent          integer,
    price_centavos   bigint,
    currency         text NOT NULL DEFAULT 'ARS',
    -- with percent: Friday and Saturday nights keep the accommodation's weekend percentage too
    weekend_on_top   boolean NOT NULL DEFAULT true,
    min_nights       integer,
    min_nights_for   text NOT NULL DEFAULT 'touching',
    -- [{"nights", "percent"}]; NULL leaves the accommodation's, an empty list takes nothing off
    length_discounts jsonb,
    -- grows with every change; a quote names it
    version          integer NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT rate_rule_name_given CHECK (name <> ''),
    CONSTRAINT rate_rule_kind_known CHECK (kind IN ('season', 'holidays', 'long_weekends', 'always')),
    CONSTRAINT rate_rule_dates_of_seasons CHECK ((kind = 'season') = (dates <> '[]')),
    CONSTRAINT rate_rule_weekdays CHECK (weekdays <@ ARRAY[0, 1, 2, 3, 4, 5, 6]),
    CONSTRAINT rate_rule_priority CHECK (priority BETWEEN 0 AND 1000),
    CONSTRAINT rate_rule_percent CHECK (percent BETWEEN 1 AND 1000),
    CONSTRAINT rate_rule_price_positive CHECK (price_centavos > 0),
    CONSTRAINT rate_rule_one_price CHECK (percent IS NULL OR price_centavos IS NULL),
    CONSTRAINT rate_rule_currency_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT rate_rule_min_nights CHECK (min_nights BETWEEN 1 AND 60),
    CONSTRAINT rate_rule_min_nights_for CHECK (min_nights_for IN ('touching', 'arriving')),
    CONSTRAINT rate_rule_does_something CHECK (num_nonnulls(percent, price_centavos, min_nights, length_discounts) > 0)
);
COMMENT ON TABLE rate_rules IS 'What changes the price or the shortest stay of some nights: seasons, holidays, long weekends.';
CREATE INDEX rate_rules_accommodation_id_idx ON rate_rules (accommodation_id);
CREATE INDEX rate_rules_property_id_idx ON rate_rules (property_id);

-- +goose Down
DROP TABLE rate_rules;
DROP TRIGGER accommodation_versions ON accommodations;
DROP FUNCTION count_accommodation_versions();
ALTER TABLE accommodations DROP COLUMN revision;
