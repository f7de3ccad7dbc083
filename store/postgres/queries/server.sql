-- name: GetServer :one
SELECT current_setting('server_version_num')::integer AS version,
       current_setting('max_connections')::integer AS max_connections,
       (current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AND current_setting('synchronous_commit') <> 'off')::boolean AS durable,
       pg_is_in_recovery()::boolean AS read_only,
       clock_timestamp()::timestamptz AS clock;
