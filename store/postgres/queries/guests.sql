-- name: UpsertGuest :one
SELECT upsert_guest(@phone::text, @whatsapp_phone::text, @whatsapp_user_id::text, @name::text, @replace_name::boolean,
    @email::text, @language::text, now())::bigint AS id;

-- name: GetGuest :one
SELECT g.id, coalesce(g.phone, '')::text AS phone, g.whatsapp_phone, coalesce(g.whatsapp_user_id, '')::text AS whatsapp_user_id,
    g.name, g.email, g.language
FROM guests g WHERE g.id = whoever_is(@id::bigint);
