-- The schema grows first and shrinks later: programs of both sides of an upgrade work on it at once. A migration that takes
-- something away (contracts) also raises oldest_program to the version whose program no longer needs it.

-- +goose Up
CREATE TABLE schema_compatibility (
    one_row        boolean PRIMARY KEY DEFAULT true,
    -- the schema version that a program must know at least, to work on this one
    oldest_program bigint NOT NULL,
    CONSTRAINT schema_compatibility_one_row CHECK (one_row)
);
COMMENT ON TABLE schema_compatibility IS 'Which programs may still work on this schema.';
INSERT INTO schema_compatibility (oldest_program) VALUES (26);

-- +goose Down
DROP TABLE schema_compatibility;
