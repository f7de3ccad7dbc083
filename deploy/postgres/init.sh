#!/bin/sh
# The first start of an empty Postgres volume: one account for the application and one for Temporal, each with its own databases
# and no right to the other's. Tables are made by `cabanas migrate` and by Temporal's own tool, never here.
set -eu

usage() {
  echo "Usage: init.sh"
  echo "Settings: POSTGRES_USER (the superuser), CABANAS_DB_PASSWORD, TEMPORAL_DB_PASSWORD; CABANAS_DB_NAME (cabanas) and"
  echo "TEMPORAL_DB_NAME (temporal) name accounts and databases."
}
[ $# -eq 0 ] || { usage; [ "$1" = --help ] && exit 0 || exit 2; }
: "${CABANAS_DB_PASSWORD:?}" "${TEMPORAL_DB_PASSWORD:?}"

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres \
  --set=app="${CABANAS_DB_NAME:-cabanas}" --set=engine="${TEMPORAL_DB_NAME:-temporal}" <<'SQL'
\getenv app_password CABANAS_DB_PASSWORD
\getenv engine_password TEMPORAL_DB_PASSWORD
CREATE ROLE :"app" LOGIN PASSWORD :'app_password';
CREATE ROLE :"engine" LOGIN PASSWORD :'engine_password';
CREATE DATABASE :"app" OWNER :"app";
CREATE DATABASE :"engine" OWNER :"engine";
SELECT :'engine' || '_visibility' AS visibility \gset
CREATE DATABASE :"visibility" OWNER :"engine";
REVOKE CONNECT, TEMPORARY ON DATABASE :"app", :"engine", :"visibility" FROM PUBLIC;
SQL
