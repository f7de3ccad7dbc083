-- Who works here. Guests have no accounts: a booking's token is theirs.

-- +goose Up

CREATE TABLE users (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email         text NOT NULL,
    role          text NOT NULL,
    -- Argon2id in the PHC string form, with its own salt and parameters.
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_email_not_empty CHECK (email <> ''),
    CONSTRAINT users_role_known CHECK (role IN ('owner', 'staff', 'readonly'))
);
-- One account per address, however it is written.
CREATE UNIQUE INDEX users_email_unique ON users (lower(email));

-- +goose Down

DROP TABLE users;
