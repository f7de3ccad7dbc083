-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION without_mobile_nine(phone text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(regexp_replace(phone, '[^0-9]', '', 'g'), '^549([0-9]{10})$', '54\1')
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION without_mobile_nine IS 'The digits of a number; of an Argentine mobile, 549 and ten digits, without the 9. Any other number as it is.';

-- The form of the number that Meta took after it had refused whatsapp_phone, as it does for test numbers. It is used only
-- while it is that number without its 9, so that a guest with a new number starts over.
ALTER TABLE guests ADD COLUMN whatsapp_send_to text NOT NULL DEFAULT '';

-- out only: nobody asked for it (reminders, arrival, thanks); it yields to money and answers and ends with an opt-out
ALTER TABLE messages ADD COLUMN unasked boolean NOT NULL DEFAULT false;
-- out only: the number with its 9 was refused, this message goes to the form without
ALTER TABLE messages ADD COLUMN without_nine boolean NOT NULL DEFAULT false;

-- +goose StatementBegin
CREATE FUNCTION message_person(guest bigint, recipient text) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(guest, (SELECT g.id FROM guests g WHERE g.phone = without_mobile_nine(recipient)))
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION message_person IS 'Who gets a message: its guest, or the row under which the owner writes to the bot, if they ever did.';

-- +goose StatementBegin
CREATE FUNCTION number_to_send_to(written text, known text, worked text, without_nine boolean) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN without_nine OR worked = without_mobile_nine(n.number) THEN without_mobile_nine(n.number) ELSE n.number END
    FROM (SELECT coalesce(nullif(written, ''), known, '') AS number) n
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION number_to_send_to IS 'The number as WhatsApp wrote it, else as it is known otherwise, or its form without the mobile 9 where that is what Meta takes.';

-- +goose Down
DROP FUNCTION number_to_send_to;
DROP FUNCTION message_person;
ALTER TABLE messages DROP COLUMN without_nine;
ALTER TABLE messages DROP COLUMN unasked;
ALTER TABLE guests DROP COLUMN whatsapp_send_to;
DROP FUNCTION without_mobile_nine;
