-- name: GetVoiceMessage :one
SELECT m.id, m.body, m.trace_id, coalesce(g.language, '')::text AS guest_language,
    EXISTS (SELECT 1 FROM audio_transcriptions t WHERE t.message_id = m.id) AS transcribed
FROM messages m
LEFT JOIN guests g ON g.id = m.guest_id
WHERE m.id = @id AND m.direction = 'in';

-- name: StoreTranscription :execrows
-- The first one stays: a repetition that heard something else must not change what was answered.
INSERT INTO audio_transcriptions (message_id, outcome, text, confidence, language, duration_seconds, model, created_at)
VALUES (@message_id, @outcome, @text, sqlc.narg('confidence'), sqlc.narg('language'), sqlc.narg('duration_seconds'), sqlc.narg('model'), @now::timestamptz)
ON CONFLICT (message_id) DO NOTHING;

-- name: GetTranscription :one
SELECT message_id, outcome, text, confidence, language, duration_seconds, model, created_at
FROM audio_transcriptions WHERE message_id = @message_id;
