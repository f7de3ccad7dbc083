-- +goose Up
CREATE TABLE guests (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- canonical digits, Argentine mobiles without the 9: the same person shows up with and without it
    phone            text,
    -- as WhatsApp wrote it, because it is what must be sent to
    whatsapp_phone   text NOT NULL DEFAULT '',
    -- business-scoped user id: the only identity of people who hide their number
    whatsapp_user_id text,
    name             text NOT NULL DEFAULT '',
    email            text NOT NULL DEFAULT '',
    language         text NOT NULL DEFAULT '',
    -- two rows turned out to be one person: everything was moved there, this row only redirects
    merged_into      bigint REFERENCES guests (id),
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT guest_phone_canonical CHECK (phone ~ '^[0-9]{6,20}$'),
    CONSTRAINT guest_user_id_given CHECK (whatsapp_user_id <> ''),
    CONSTRAINT guest_language_known CHECK (language IN ('', 'es', 'pt', 'en')),
    CONSTRAINT guest_merged_has_no_identity CHECK (merged_into IS NULL OR (phone IS NULL AND whatsapp_user_id IS NULL AND merged_into <> id))
);
COMMENT ON TABLE guests IS 'People who write or book. Everything personal is here and in messages, so that it can be erased without touching nights and money.';
-- Partial on purpose: columns of a whole unique index count as key, and changing one would lock out every foreign key check.
CREATE UNIQUE INDEX guests_phone_key ON guests (phone) WHERE phone IS NOT NULL;
CREATE UNIQUE INDEX guests_whatsapp_user_id_key ON guests (whatsapp_user_id) WHERE whatsapp_user_id IS NOT NULL;
CREATE INDEX guests_merged_into_idx ON guests (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE conversations (
    guest_id          bigint PRIMARY KEY REFERENCES guests (id),
    -- dialogue.State; NULL before the first turn
    state             jsonb,
    -- a person answers and the bot is silent
    handed_over       boolean NOT NULL DEFAULT false,
    -- WhatsApp takes free-form messages until 24 h after the guest's last one
    window_open_until timestamptz NOT NULL,
    -- grows with every turn and outcome: a turn decided on an older state is not stored but decided again
    version           bigint NOT NULL DEFAULT 0,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE conversations IS 'The dialogue with one guest. Its version is what orders turns.';

CREATE TABLE messages (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- NULL for a message to the owner
    guest_id    bigint REFERENCES guests (id),
    direction   text NOT NULL,
    kind        text NOT NULL,
    -- in: as read from the provider; out: dialogue.Reply
    body        jsonb NOT NULL,
    -- the wamid; unique, so that a webhook repeated or a status reordered meets the same row
    provider_id text,
    status      text NOT NULL,
    error       text NOT NULL DEFAULT '',
    -- out only: the one key of this effect, given to the provider as callback data
    effect_key  text,
    -- out only: the inbound message whose turn says this
    in_reply_to bigint REFERENCES messages (id),
    -- out only: where a message to the owner goes; guests are looked up when sending
    recipient   text NOT NULL DEFAULT '',
    attempts    integer NOT NULL DEFAULT 0,
    -- out only: when the last try began; what a later try needs to judge an answer that never came
    claimed_at  timestamptz,
    -- in: the provider's timestamp, by which messages are ordered; out: when the provider took it
    sent_at     timestamptz,
    -- the last status the provider reported
    status_at   timestamptz,
    trace_id    text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT messages_provider_id_key UNIQUE (provider_id),
    CONSTRAINT messages_effect_key_key UNIQUE (effect_key),
    CONSTRAINT message_direction_known CHECK (direction IN ('in', 'out')),
    CONSTRAINT message_status_known CHECK (
        (direction = 'in' AND status IN ('received', 'answered'))
        OR (direction = 'out' AND status IN ('queued', 'sending', 'sent', 'delivered', 'read', 'failed'))),
    CONSTRAINT message_inbound_complete CHECK (direction = 'out' OR (guest_id IS NOT NULL AND provider_id IS NOT NULL AND sent_at IS NOT NULL AND effect_key IS NULL)),
    CONSTRAINT message_outbound_complete CHECK (direction = 'in' OR (effect_key IS NOT NULL AND (guest_id IS NOT NULL OR recipient <> '')))
);
COMMENT ON TABLE messages IS 'Everything said, both ways, with how far it got.';
CREATE INDEX messages_guest_id_idx ON messages (guest_id, id);
CREATE INDEX messages_unanswered_idx ON messages (guest_id, sent_at, id) WHERE direction = 'in' AND status = 'received';
CREATE INDEX messages_in_reply_to_idx ON messages (in_reply_to) WHERE in_reply_to IS NOT NULL;

CREATE TABLE turns (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id bigint NOT NULL REFERENCES messages (id),
    guest_id   bigint NOT NULL REFERENCES guests (id),
    understood jsonb,
    -- array of what the system was asked to do
    effects    jsonb NOT NULL DEFAULT '[]',
    -- effect key -> when it was carried out
    outcomes   jsonb NOT NULL DEFAULT '{}',
    -- how often the turn was given out; a turn that cannot be worked off must not stop the conversation for ever
    handed_out integer NOT NULL DEFAULT 1,
    decided_at timestamptz NOT NULL,
    CONSTRAINT turns_message_id_key UNIQUE (message_id),
    CONSTRAINT turn_effects_array CHECK (jsonb_typeof(effects) = 'array'),
    CONSTRAINT turn_outcomes_object CHECK (jsonb_typeof(outcomes) = 'object')
);
COMMENT ON TABLE turns IS 'One decision per inbound message, stored in the same transaction as what it says and does.';
CREATE INDEX turns_guest_id_idx ON turns (guest_id, id);

CREATE TABLE notifications (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- <reservation code>/<kind>[/<payment id or attempt>]
    key        text NOT NULL,
    to_owner   boolean NOT NULL DEFAULT false,
    -- NULL when the owner gave no number: the alarm stands here alone
    message_id bigint REFERENCES messages (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT notifications_key_key UNIQUE (key),
    CONSTRAINT notification_key_given CHECK (key <> ''),
    CONSTRAINT notification_reaches_somebody CHECK (to_owner OR message_id IS NOT NULL)
);
COMMENT ON TABLE notifications IS 'Messages the system sends by itself, one per effect key.';
CREATE INDEX notifications_message_id_idx ON notifications (message_id) WHERE message_id IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION whoever_is(guest bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(merged_into, id) FROM guests WHERE id = guest
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION whoever_is IS 'The row of the person a guest id stands for: ids given out before a merge stay valid.';

-- +goose StatementBegin
CREATE FUNCTION merge_guests(keep bigint, gone bigint, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
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
COMMENT ON FUNCTION merge_guests IS 'Makes one person of two rows: the kept row gets bookings, messages, turns and dialogue of the other.';

-- +goose StatementBegin
CREATE FUNCTION upsert_guest(in_phone text, in_whatsapp_phone text, in_user_id text, in_name text, replace_name boolean,
    in_email text, in_language text, at timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    by_phone bigint;
    by_user bigint;
    keep bigint;
BEGIN
    LOOP
        SELECT id INTO by_phone FROM guests WHERE phone = nullif(in_phone, '');
        SELECT id INTO by_user FROM guests WHERE whatsapp_user_id = nullif(in_user_id, '');
        keep := least(by_phone, by_user);
        IF keep IS NULL THEN
            INSERT INTO guests (phone, whatsapp_phone, whatsapp_user_id, name, email, language, created_at, updated_at)
            VALUES (nullif(in_phone, ''), in_whatsapp_phone, nullif(in_user_id, ''), in_name, in_email, in_language, at, at)
            ON CONFLICT DO NOTHING RETURNING id INTO keep;
            -- NULL: the same person was written down by somebody else just now, look again.
            CONTINUE WHEN keep IS NULL;
            RETURN keep;
        END IF;
        IF by_phone <> by_user THEN
            PERFORM merge_guests(keep, greatest(by_phone, by_user), at);
        END IF;
        -- Nearly every message finds nothing new and must not write.
        UPDATE guests SET
            phone = coalesce(nullif(in_phone, ''), phone),
            whatsapp_phone = coalesce(nullif(in_whatsapp_phone, ''), whatsapp_phone),
            whatsapp_user_id = coalesce(nullif(in_user_id, ''), whatsapp_user_id),
            name = CASE WHEN in_name <> '' AND (replace_name OR name = '') THEN in_name ELSE name END,
            email = coalesce(nullif(in_email, ''), email),
            language = coalesce(nullif(in_language, ''), language),
            updated_at = at
        WHERE id = keep AND (phone IS DISTINCT FROM coalesce(nullif(in_phone, ''), phone)
            OR whatsapp_phone <> coalesce(nullif(in_whatsapp_phone, ''), whatsapp_phone)
            OR whatsapp_user_id IS DISTINCT FROM coalesce(nullif(in_user_id, ''), whatsapp_user_id)
            OR (in_name <> '' AND name <> in_name AND (replace_name OR name = ''))
            OR email <> coalesce(nullif(in_email, ''), email)
            OR language <> coalesce(nullif(in_language, ''), language));
        RETURN keep;
    END LOOP;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION upsert_guest IS 'Finds a guest by phone or user id, adds what is new and returns the id. Empty texts say nothing.';

-- +goose Down
DROP FUNCTION upsert_guest;
DROP FUNCTION merge_guests;
DROP FUNCTION whoever_is;
DROP TABLE notifications;
DROP TABLE turns;
DROP TABLE messages;
DROP TABLE conversations;
DROP TABLE guests;
