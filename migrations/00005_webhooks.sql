-- +goose Up
CREATE TABLE webhook_inbox (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider      text NOT NULL,
    -- what makes a repetition recognisable, by the provider's rules
    event_key     text NOT NULL,
    -- the raw bytes that were signed
    body          bytea NOT NULL,
    meta          jsonb NOT NULL DEFAULT '{}',
    trace_id      text NOT NULL DEFAULT '',
    received_at   timestamptz NOT NULL,
    dispatched_at timestamptz,
    -- when the relay may try: moves back with every failure
    due_at        timestamptz NOT NULL,
    attempts      integer NOT NULL DEFAULT 0,
    last_error    text NOT NULL DEFAULT '',
    CONSTRAINT webhook_inbox_event_key UNIQUE (provider, event_key),
    CONSTRAINT webhook_inbox_provider_given CHECK (provider <> ''),
    CONSTRAINT webhook_inbox_key_given CHECK (event_key <> '')
);
COMMENT ON TABLE webhook_inbox IS 'Webhooks are acknowledged when, and only when, they are here; a relay hands on what a dead process left.';
CREATE INDEX webhook_inbox_pending_idx ON webhook_inbox (id) WHERE dispatched_at IS NULL;

CREATE TABLE idempotency_keys (
    endpoint        text NOT NULL,
    key             text NOT NULL,
    -- the same key with another request is a mistake of the caller
    request_hash    bytea NOT NULL,
    response_status integer NOT NULL,
    response_body   bytea NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (endpoint, key)
);
COMMENT ON TABLE idempotency_keys IS 'HTTP answers kept so that a repeated write is answered and not repeated.';

-- +goose Down
DROP TABLE idempotency_keys;
DROP TABLE webhook_inbox;
