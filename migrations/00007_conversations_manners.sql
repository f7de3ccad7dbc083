-- A conversation with manners: it waits for the end of a thought, is silent while a person talks, and knows who said what.

-- +goose Up
ALTER TABLE guests
    -- since when the guest wants no message that they did not ask for
    ADD COLUMN opted_out_at timestamptz;

ALTER TABLE conversations
    -- when the bot answers again although a person has taken over; NULL until somebody hands back
    ADD COLUMN handed_over_until timestamptz,
    ADD CONSTRAINT conversation_returns_from_somebody CHECK (handed_over OR handed_over_until IS NULL);

ALTER TABLE messages
    -- out only: who says it; phone is the owner in the WhatsApp app, told of by an echo
    ADD COLUMN author text NOT NULL DEFAULT 'bot',
    ADD CONSTRAINT message_author_known CHECK (author IN ('bot', 'owner', 'phone'));
-- Whether a person answered the guest's last message.
CREATE INDEX messages_by_people_idx ON messages (guest_id, sent_at) WHERE author <> 'bot';

ALTER TABLE turns
    -- the message whose turn answers this one too: what the guest wrote in pieces has one answer
    ADD COLUMN merged_into bigint REFERENCES messages (id),
    ADD CONSTRAINT turn_merged_does_nothing CHECK (merged_into IS NULL OR (merged_into <> message_id AND effects = '[]'));
CREATE INDEX turns_merged_into_idx ON turns (merged_into) WHERE merged_into IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION is_taken_over(talk conversations, at timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT talk.handed_over AND (talk.handed_over_until IS NULL OR talk.handed_over_until > at)
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION is_taken_over IS 'Whether a person talks to the guest at this instant. A take-over that is over stands in the row until the next turn.';

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION merge_guests(keep bigint, gone bigint, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    other guests;
    talk conversations;
BEGIN
    PERFORM 1 FROM guests WHERE id IN (keep, gone) ORDER BY id FOR NO KEY UPDATE;
    SELECT * INTO other FROM guests WHERE id = gone;
    UPDATE guests SET phone = NULL, whatsapp_user_id = NULL, merged_into = keep, updated_at = at WHERE id = gone;
    UPDATE guests SET phone = coalesce(phone, other.phone),
        whatsapp_user_id = coalesce(whatsapp_user_id, other.whatsapp_user_id),
        whatsapp_phone = CASE WHEN whatsapp_phone = '' THEN other.whatsapp_phone ELSE whatsapp_phone END,
        name = CASE WHEN name = '' THEN other.name ELSE name END,
        email = CASE WHEN email = '' THEN other.email ELSE email END,
        language = CASE WHEN language = '' THEN other.language ELSE language END,
        opted_out_at = least(opted_out_at, other.opted_out_at),
        updated_at = at
    WHERE id = keep;
    UPDATE guests SET merged_into = keep WHERE merged_into = gone;

    PERFORM set_config('cabanas.change', jsonb_build_object('by', 'system', 'reason', 'guest_merged', 'at', at)::text, true);
    UPDATE reservations SET guest_id = keep, updated_at = at WHERE guest_id = gone;
    DELETE FROM conversations WHERE guest_id = gone RETURNING * INTO talk;
    IF FOUND THEN
        INSERT INTO conversations AS c (guest_id, state, handed_over, handed_over_until, window_open_until, version, created_at, updated_at)
        VALUES (keep, talk.state, talk.handed_over, talk.handed_over_until, talk.window_open_until, talk.version + 1, talk.created_at, talk.updated_at)
        ON CONFLICT (guest_id) DO UPDATE SET
            state = CASE WHEN talk.updated_at > c.updated_at THEN coalesce(talk.state, c.state) ELSE coalesce(c.state, talk.state) END,
            handed_over = c.handed_over OR talk.handed_over,
            -- the longer of the two; without an end is longest
            handed_over_until = CASE WHEN (c.handed_over AND c.handed_over_until IS NULL) OR (talk.handed_over AND talk.handed_over_until IS NULL)
                THEN NULL ELSE greatest(c.handed_over_until, talk.handed_over_until) END,
            window_open_until = greatest(c.window_open_until, talk.window_open_until),
            version = greatest(c.version, talk.version) + 1,
            updated_at = greatest(c.updated_at, talk.updated_at);
    END IF;
    UPDATE messages SET guest_id = keep WHERE guest_id = gone;
    UPDATE turns SET guest_id = keep WHERE guest_id = gone;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION merge_guests(keep bigint, gone bigint, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    other guests;
    talk conversations;
BEGIN
    PERFORM 1 FROM guests WHERE id IN (keep, gone) ORDER BY id FOR NO KEY UPDATE;
    SELECT * INTO other FROM guests WHERE id = gone;
    UPDATE guests SET phone = NULL, whatsapp_user_id = NULL, merged_into = keep, updated_at = at WHERE id = gone;
    UPDATE guests SET phone = coalesce(phone, other.phone),
        whatsapp_user_id = coalesce(whatsapp_user_id, other.whatsapp_user_id),
        whatsapp_phone = CASE WHEN whatsapp_phone = '' THEN other.whatsapp_phone ELSE whatsapp_phone END,
        name = CASE WHEN name = '' THEN other.name ELSE name END,
        email = CASE WHEN email = '' THEN other.email ELSE email END,
        language = CASE WHEN language = '' THEN other.language ELSE language END,
        updated_at = at
    WHERE id = keep;
    UPDATE guests SET merged_into = keep WHERE merged_into = gone;

    PERFORM set_config('cabanas.change', jsonb_build_object('by', 'system', 'reason', 'guest_merged', 'at', at)::text, true);
    UPDATE reservations SET guest_id = keep, updated_at = at WHERE guest_id = gone;
    DELETE FROM conversations WHERE guest_id = gone RETURNING * INTO talk;
    IF FOUND THEN
        INSERT INTO conversations AS c (guest_id, state, handed_over, window_open_until, version, created_at, updated_at)
        VALUES (keep, talk.state, talk.handed_over, talk.window_open_until, talk.version + 1, talk.created_at, talk.updated_at)
        ON CONFLICT (guest_id) DO UPDATE SET
            state = CASE WHEN talk.updated_at > c.updated_at THEN coalesce(talk.state, c.state) ELSE coalesce(c.state, talk.state) END,
            handed_over = c.handed_over OR talk.handed_over,
            window_open_until = greatest(c.window_open_until, talk.window_open_until),
            version = greatest(c.version, talk.version) + 1,
            updated_at = greatest(c.updated_at, talk.updated_at);
    END IF;
    UPDATE messages SET guest_id = keep WHERE guest_id = gone;
    UPDATE turns SET guest_id = keep WHERE guest_id = gone;
END
$$;
-- +goose StatementEnd
DROP FUNCTION is_taken_over;
ALTER TABLE turns DROP CONSTRAINT turn_merged_does_nothing, DROP COLUMN merged_into;
ALTER TABLE messages DROP CONSTRAINT message_author_known, DROP COLUMN author;
ALTER TABLE conversations DROP CONSTRAINT conversation_returns_from_somebody, DROP COLUMN handed_over_until;
ALTER TABLE guests DROP COLUMN opted_out_at;
