#!/bin/sh
# Brings both databases of Temporal to the schema of the admin-tools image it runs in. It may run any number of times, and runs
# before a newer server starts: an older server works on a newer schema, not the reverse.
set -eu

usage() {
  echo "Usage: schema.sh"
  echo "Settings: POSTGRES_SEEDS, DB_PORT (5432), POSTGRES_USER, SQL_PASSWORD, DBNAME (temporal), VISIBILITY_DBNAME (temporal_visibility)."
}
[ $# -eq 0 ] || { usage; [ "$1" = --help ] && exit 0 || exit 2; }
: "${POSTGRES_SEEDS:?}" "${POSTGRES_USER:?}" "${SQL_PASSWORD:?}"

sql_tool() {
  database=$1
  shift
  temporal-sql-tool --plugin postgres12_pgx --ep "$POSTGRES_SEEDS" -p "${DB_PORT:-5432}" -u "$POSTGRES_USER" --db "$database" "$@"
}

sql_tool "${DBNAME:-temporal}" setup-schema -v 0.0
sql_tool "${DBNAME:-temporal}" update-schema --schema-name postgresql/v12/temporal
sql_tool "${VISIBILITY_DBNAME:-temporal_visibility}" setup-schema -v 0.0
sql_tool "${VISIBILITY_DBNAME:-temporal_visibility}" update-schema --schema-name postgresql/v12/visibility
