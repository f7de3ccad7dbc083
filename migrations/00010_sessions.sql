-- How staff come in, how often they may try, and what they changed.

-- +goose Up

ALTER TABLE users
    ADD COLUMN disabled_at timestamptz,
    -- AES-GCM under a key of JWT_SECRET; set and not confirmed, it is not asked for at login yet
    ADD COLUMN totp_secret bytea,
    ADD COLUMN totp_confirmed_at timestamptz,
    -- the 30-second step of the last code taken: a code is good once
    ADD COLUMN totp_last_step bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT users_totp_has_secret CHECK (totp_confirmed_at IS NULL OR totp_secret IS NOT NULL);
COMMENT ON TABLE users IS 'Accounts of staff.';

CREATE TABLE staff_sessions (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id        bigint NOT NULL REFERENCES users (id),
    created_at     timestamptz NOT NULL,
    -- no refresh reaches beyond
    expires_at     timestamptz NOT NULL,
    last_used_at   timestamptz NOT NULL,
    revoked_at     timestamptz,
    revoked_reason text,
    CONSTRAINT staff_session_revoked_for_a_reason CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL)),
    CONSTRAINT staff_session_reason_known CHECK (revoked_reason IN ('logout', 'reuse', 'password', 'disabled', 'reset'))
);
COMMENT ON TABLE staff_sessions IS 'One login each. Every request of staff looks here, so that an end counts at once.';
CREATE INDEX staff_sessions_user_id_idx ON staff_sessions (user_id);

CREATE TABLE refresh_tokens (
    -- SHA-256; the token itself is only with its owner
    token_hash bytea PRIMARY KEY,
    session_id bigint NOT NULL REFERENCES staff_sessions (id) ON DELETE CASCADE,
    issued_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- a token is good once: seen again, somebody has a copy
    used_at    timestamptz,
    CONSTRAINT refresh_token_hash_is_sha256 CHECK (octet_length(token_hash) = 32)
);
COMMENT ON TABLE refresh_tokens IS 'What a session is prolonged with; each is replaced when it is used.';
CREATE INDEX refresh_tokens_session_id_idx ON refresh_tokens (session_id);

CREATE TABLE login_attempts (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- SHA-256 of the e-mail tried, whether an account has it or not; NULL where no account is named
    account  bytea,
    -- SHA-256 of the client's address
    address  bytea,
    tried_at timestamptz NOT NULL
);
COMMENT ON TABLE login_attempts IS 'Tries that did not succeed, or not yet, of the last minutes. Here and not in Redis: without Redis the door must not be open.';
CREATE INDEX login_attempts_account_idx ON login_attempts (account, tried_at);
CREATE INDEX login_attempts_address_idx ON login_attempts (address, tried_at);
CREATE INDEX login_attempts_tried_at_idx ON login_attempts (tried_at);

CREATE TABLE audit_log (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL,
    -- NULL for what no account did: the set-up, the command line, an alarm of the system
    user_id   bigint REFERENCES users (id),
    actor     text NOT NULL,
    -- <thing>.<what happened to it>
    action    text NOT NULL,
    entity    text NOT NULL,
    entity_id text NOT NULL,
    -- what changed; never a secret, a guest's data or what people wrote
    before    jsonb,
    after     jsonb,
    trace_id  text NOT NULL DEFAULT '',
    CONSTRAINT audit_actor_known CHECK (actor IN ('staff', 'setup', 'command', 'system')),
    CONSTRAINT audit_staff_is_named CHECK ((actor = 'staff') = (user_id IS NOT NULL)),
    CONSTRAINT audit_action_given CHECK (action ~ '^[a-z_]+\.[a-z_]+$')
);
COMMENT ON TABLE audit_log IS 'Every write of staff, with before and after, in the transaction of the write.';
CREATE INDEX audit_log_entity_idx ON audit_log (entity, entity_id, id);
CREATE INDEX audit_log_user_id_idx ON audit_log (user_id, id) WHERE user_id IS NOT NULL;

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- +goose Down

DROP TABLE audit_log;
DROP TABLE login_attempts;
DROP TABLE refresh_tokens;
DROP TABLE staff_sessions;
ALTER TABLE users
    DROP CONSTRAINT users_totp_has_secret,
    DROP COLUMN disabled_at,
    DROP COLUMN totp_secret,
    DROP COLUMN totp_confirmed_at,
    DROP COLUMN totp_last_step;
