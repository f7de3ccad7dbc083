-- What was heard in voice notes.

-- +goose Up
CREATE TABLE audio_transcriptions (
    message_id       bigint PRIMARY KEY REFERENCES messages (id),
    -- dialogue.VoiceOutcome
    outcome          text NOT NULL,
    -- what was heard; with 'unclear' it is a guess
    text             text NOT NULL DEFAULT '',
    -- from 0 to 1; NULL when no engine was asked
    confidence       double precision,
    -- as the engine heard it, es for spanish; NULL when it does not say
    language         text,
    -- of the note; NULL when nobody counted
    duration_seconds double precision,
    -- the engine's model; NULL when none was asked
    model            text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT transcription_outcome_known CHECK (outcome IN ('heard', 'unclear', 'silent', 'too_long', 'failed')),
    CONSTRAINT transcription_text_goes_with_outcome CHECK ((outcome IN ('heard', 'unclear')) = (text <> '')),
    CONSTRAINT transcription_confidence_range CHECK (confidence BETWEEN 0 AND 1),
    CONSTRAINT transcription_duration_positive CHECK (duration_seconds >= 0)
);
COMMENT ON TABLE audio_transcriptions IS 'One row per voice note that was listened to, beside its message. The text is as personal as the message.';

-- +goose Down
DROP TABLE audio_transcriptions;
