-- Calendars of other channels: what they publish, what we publish to them, and where the two disagree.

-- +goose Up
CREATE TABLE calendar_feeds (
    id                    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    accommodation_id      bigint NOT NULL REFERENCES accommodations (id),
    channel               text NOT NULL,
    -- a secret: whoever has it reads the calendar of the cabin
    url                   text NOT NULL,
    -- NULL: as often as the setting says
    interval_seconds      integer,
    created_by            bigint REFERENCES users (id),
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    -- by our own switch; a schedule paused in Temporal's UI is not written here
    paused_at             timestamptz,
    deleted_at            timestamptz,

    -- what the last good answer said of itself, and its digest without DTSTAMP
    etag                  text NOT NULL DEFAULT '',
    last_modified         text NOT NULL DEFAULT '',
    digest                bytea NOT NULL DEFAULT '',
    -- when our side was last compared with it; what we change later has to be compared again
    reconciled_at         timestamptz,
    -- something waits for further fetches (a vanished event, a doubtful answer): the same content is not the same news then
    unsettled             boolean NOT NULL DEFAULT false,
    -- events that could not be read in the last good answer
    problems              integer NOT NULL DEFAULT 0,

    last_attempt_at       timestamptz,
    last_good_at          timestamptz,
    last_changed_at       timestamptz,
    last_error            text NOT NULL DEFAULT '',
    last_error_at         timestamptz,
    failures              integer NOT NULL DEFAULT 0,

    quarantined_at        timestamptz,
    quarantine_reason     text NOT NULL DEFAULT '',
    quarantine_alarmed_at timestamptz,
    -- the owner said that what the feed shows is right
    accepted_at           timestamptz,
    -- the alarm of the present outage; NULL when the feed is well or nobody was alarmed yet
    stale_alarmed_at      timestamptz,
    CONSTRAINT calendar_feed_channel_known CHECK (channel IN ('airbnb', 'booking', 'vrbo', 'other')),
    CONSTRAINT calendar_feed_url_given CHECK (url <> ''),
    CONSTRAINT calendar_feed_interval_positive CHECK (interval_seconds > 0),
    CONSTRAINT calendar_feed_error_is_a_word CHECK (last_error ~ '^[a-z_]*$'),
    CONSTRAINT calendar_feed_quarantine_has_reason CHECK (quarantined_at IS NULL OR quarantine_reason <> '')
);
COMMENT ON TABLE calendar_feeds IS 'Calendars that other channels publish of our cabins. The address is a secret.';
CREATE UNIQUE INDEX calendar_feeds_address_key ON calendar_feeds (accommodation_id, channel, url) WHERE deleted_at IS NULL;

CREATE TABLE calendar_feed_events (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed_id     bigint NOT NULL REFERENCES calendar_feeds (id),
    uid         text NOT NULL,
    start_date  date NOT NULL,
    -- first night that is open again
    end_date    date NOT NULL,
    kind        text NOT NULL,
    -- only our own bookings coming back: closes nothing
    echo        boolean NOT NULL DEFAULT false,
    -- good fetches in a row without it
    missing     integer NOT NULL DEFAULT 0,
    first_seen  timestamptz NOT NULL,
    -- when a fetch that changed something last had it; fetches that change nothing are not written
    last_seen   timestamptz NOT NULL,
    -- forgotten, kept for whoever asks later
    released_at timestamptz,
    CONSTRAINT calendar_feed_event_dates CHECK (start_date < end_date),
    CONSTRAINT calendar_feed_event_missing_not_negative CHECK (missing >= 0)
);
COMMENT ON TABLE calendar_feed_events IS 'What we know of a feed. A UID means something inside its own feed only.';

CREATE UNIQUE INDEX calendar_feed_events_feed_uid_key ON calendar_feed_events (feed_id, uid) WHERE released_at IS NULL;

ALTER TABLE calendar_blocks
    ADD COLUMN feed_event_id bigint REFERENCES calendar_feed_events (id),
    -- who closed the nights by hand; why is the reason
    ADD COLUMN staff_id bigint REFERENCES users (id),
    -- nights kept for a guest until this instant; whoever keeps them ends it
    ADD COLUMN expires_at timestamptz,
    -- since when it has these nights; the nights before are an inactive row of their own
    ADD COLUMN nights_since timestamptz NOT NULL DEFAULT now(),
    -- changes of its nights
    ADD COLUMN revision integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT calendar_block_source_known,
    ADD CONSTRAINT calendar_block_source_known CHECK (source IN ('manual', 'feed', 'offer')),
    ADD CONSTRAINT calendar_block_event_of_feed CHECK (feed_event_id IS NULL OR source = 'feed'),
    ADD CONSTRAINT calendar_block_offer_has_deadline CHECK (source <> 'offer' OR expires_at IS NOT NULL);
CREATE INDEX calendar_blocks_feed_event_idx ON calendar_blocks (feed_event_id) WHERE active;
CREATE INDEX calendar_blocks_updated_idx ON calendar_blocks (accommodation_id, updated_at);

ALTER TABLE calendar_conflicts
    ADD COLUMN resolution text,
    ADD COLUMN resolved_by bigint REFERENCES users (id),
    ADD COLUMN alarmed_at timestamptz,
    -- since when the two share no night any more; a choice holds until then
    ADD COLUMN over_at timestamptz;
UPDATE calendar_conflicts SET resolution = 'block_gone', over_at = resolved_at WHERE resolved_at IS NOT NULL;
ALTER TABLE calendar_conflicts
    ADD CONSTRAINT calendar_conflict_resolution_known CHECK (
        resolution IN ('block_gone', 'reservation_ended', 'keep_ours', 'cancel_ours', 'same_booking')),
    ADD CONSTRAINT calendar_conflict_resolved_is_told CHECK ((resolved_at IS NULL) = (resolution IS NULL)),
    ADD CONSTRAINT calendar_conflict_choice_has_a_name CHECK (
        resolution IS NULL OR (resolution IN ('keep_ours', 'cancel_ours', 'same_booking')) = (resolved_by IS NOT NULL));
CREATE INDEX calendar_conflicts_open_idx ON calendar_conflicts (opened_at) WHERE resolved_at IS NULL;

-- +goose StatementBegin
CREATE FUNCTION calendar_conflicts_before_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The end of a reservation resolves its conflicts without a word; this is the word.
    IF NEW.resolved_at IS NOT NULL AND NEW.resolution IS NULL THEN
        NEW.resolution := 'reservation_ended';
        NEW.over_at := NEW.resolved_at;
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER calendar_conflicts_before_update BEFORE UPDATE ON calendar_conflicts
    FOR EACH ROW EXECUTE FUNCTION calendar_conflicts_before_update();

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION calendar_blocks_record_conflicts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A named choice holds as long as block and reservation share a night; after that a new meeting is a new conflict.
    INSERT INTO calendar_conflicts AS c (block_id, reservation_id, opened_at)
    SELECT NEW.id, r.id, NEW.updated_at FROM reservations r
    WHERE NEW.active AND r.accommodation_id = NEW.accommodation_id AND r.period && NEW.period
        AND r.reservation_status IN ('pre_reserved','confirmed')
    ON CONFLICT (block_id, reservation_id) DO UPDATE SET opened_at = NEW.updated_at, resolved_at = NULL, resolution = NULL,
        resolved_by = NULL, alarmed_at = NULL, over_at = NULL
        WHERE c.over_at IS NOT NULL;
    UPDATE calendar_conflicts c SET over_at = NEW.updated_at, resolved_at = coalesce(c.resolved_at, NEW.updated_at),
        resolution = coalesce(c.resolution, 'block_gone')
    WHERE c.block_id = NEW.id AND c.over_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM reservations r WHERE r.id = c.reservation_id AND NEW.active AND r.accommodation_id = NEW.accommodation_id
            AND r.period && NEW.period AND r.reservation_status IN ('pre_reserved','confirmed'));
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TABLE calendar_exports (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    accommodation_id bigint NOT NULL REFERENCES accommodations (id),
    -- who reads it: its own events are left out
    channel          text NOT NULL,
    token_hash       bytea NOT NULL,
    created_at       timestamptz NOT NULL,
    rotated_at       timestamptz,
    CONSTRAINT calendar_exports_accommodation_channel_key UNIQUE (accommodation_id, channel),
    CONSTRAINT calendar_exports_token_key UNIQUE (token_hash),
    CONSTRAINT calendar_export_channel_known CHECK (channel IN ('airbnb', 'booking', 'vrbo', 'other'))
);
COMMENT ON TABLE calendar_exports IS 'Our calendar for one channel, behind a token that is kept as its hash.';

CREATE TABLE calendar_pulls (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    export_id  bigint NOT NULL REFERENCES calendar_exports (id),
    at         timestamptz NOT NULL,
    -- the channel that the client looks like, a word of ours; '' when it looks like none
    user_agent text NOT NULL DEFAULT '',
    -- the channel the pull counts for; '' when it was somebody else, such as the owner's browser
    channel    text NOT NULL,
    CONSTRAINT calendar_pull_agent_is_a_word CHECK (user_agent ~ '^[a-z_]*$')
);
COMMENT ON TABLE calendar_pulls IS 'Who fetched our calendar and when; the last few hundred of each export are kept.';
CREATE INDEX calendar_pulls_export_idx ON calendar_pulls (export_id, channel, at);

-- +goose Down
DROP TABLE calendar_pulls;
DROP TABLE calendar_exports;
DROP TRIGGER calendar_conflicts_before_update ON calendar_conflicts;
DROP FUNCTION calendar_conflicts_before_update;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION calendar_blocks_record_conflicts() RETURNS trigger LANGUAGE plpgsql AS $$
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
DROP INDEX calendar_conflicts_open_idx;
ALTER TABLE calendar_conflicts
    DROP CONSTRAINT calendar_conflict_choice_has_a_name,
    DROP CONSTRAINT calendar_conflict_resolved_is_told,
    DROP CONSTRAINT calendar_conflict_resolution_known,
    DROP COLUMN over_at, DROP COLUMN alarmed_at, DROP COLUMN resolved_by, DROP COLUMN resolution;
DROP INDEX calendar_blocks_updated_idx;
DROP INDEX calendar_blocks_feed_event_idx;
DELETE FROM calendar_conflicts c USING calendar_blocks b WHERE b.id = c.block_id AND b.source = 'offer';
DELETE FROM calendar_blocks WHERE source = 'offer';
ALTER TABLE calendar_blocks
    DROP CONSTRAINT calendar_block_offer_has_deadline,
    DROP CONSTRAINT calendar_block_event_of_feed,
    DROP CONSTRAINT calendar_block_source_known,
    ADD CONSTRAINT calendar_block_source_known CHECK (source IN ('manual', 'feed')),
    DROP COLUMN revision, DROP COLUMN nights_since, DROP COLUMN expires_at, DROP COLUMN staff_id, DROP COLUMN feed_event_id;
DROP TABLE calendar_feed_events;
DROP TABLE calendar_feeds;
