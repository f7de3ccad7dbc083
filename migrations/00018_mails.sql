-- Mails: what is also said by e-mail, beside the messages of WhatsApp.

-- +goose Up
CREATE TABLE mails (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- the effect key of the notice; one mail of it to the owner, one to the guest
    key        text NOT NULL,
    to_owner   boolean NOT NULL,
    -- one of workflows.NoticeKind
    kind       text NOT NULL,
    -- whom it is to, or whom the owner is told about. The address is asked for when it is sent.
    guest_id   bigint REFERENCES guests (id),
    code       text REFERENCES reservations (code),
    -- subject, plain and HTML text
    content    jsonb NOT NULL,
    -- numbers of the receipts that go with it
    receipts   text[] NOT NULL DEFAULT '{}',
    unasked    boolean NOT NULL DEFAULT false,
    status     text NOT NULL DEFAULT 'queued',
    -- why the last try failed, or why it was dropped: a word of ours
    error      text NOT NULL DEFAULT '',
    attempts   integer NOT NULL DEFAULT 0,
    trace_id   text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    tried_at   timestamptz,
    sent_at    timestamptz,
    CONSTRAINT mails_key_key UNIQUE (key, to_owner),
    CONSTRAINT mail_key_given CHECK (key <> ''),
    CONSTRAINT mail_reaches_somebody CHECK (to_owner OR guest_id IS NOT NULL),
    CONSTRAINT mail_status_known CHECK (status IN ('queued', 'sent', 'failed', 'dropped')),
    CONSTRAINT mail_sent_has_instant CHECK ((status = 'sent') = (sent_at IS NOT NULL))
);
COMMENT ON TABLE mails IS 'E-mails, one per effect key and recipient. dropped: not worth sending any more, or wanted by nobody.';
CREATE INDEX mails_waiting_idx ON mails (created_at) WHERE status = 'queued';
CREATE INDEX mails_code_idx ON mails (code) WHERE code IS NOT NULL;
CREATE INDEX mails_guest_id_idx ON mails (guest_id) WHERE guest_id IS NOT NULL;

-- +goose Down
DROP TABLE mails;
