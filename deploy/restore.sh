#!/bin/sh
# Puts all three databases back to one backup. What was there is kept under other names.
set -eu

folder=$(dirname "$0")
# shellcheck source-path=SCRIPTDIR
. "$folder/lib.sh"

usage() {
  cat <<'TEXT'
Usage: restore.sh [--yes] BACKUP

Restores the three databases of a backup under new names, checks that they hold what the backup says, and only then swaps them
with those that are there, all three in one transaction. The old ones stay as <name>_before_<time>, to be dropped by hand.
It refuses while anybody is connected to one of them: stop api, workers, codec, backup and temporal first.

Settings: PGHOST, PGPORT, PGUSER, PGPASSWORD of a superuser; BACKUP_PASSPHRASE; CABANAS_DB_NAME, TEMPORAL_DB_NAME,
TEMPORAL_VISIBILITY_DB_NAME.
TEXT
}

sure=
while [ $# -gt 0 ]; do
  case $1 in
    --help) usage; exit 0 ;;
    --yes) sure=yes ;;
    -*) usage >&2; exit 2 ;;
    *) break ;;
  esac
  shift
done
[ $# -eq 1 ] || { usage >&2; exit 2; }
backup=$1
need psql pg_restore tar

# refuse_visitors: who is connected would go on with what is about to be replaced, or stop the swap half-way.
refuse_visitors() {
  for database in $(databases); do
    visitors=$(sql postgres --set=name="$database" <<'SQL'
SELECT string_agg(DISTINCT coalesce(nullif(application_name, ''), usename::text), ', ') FROM pg_stat_activity WHERE datname = :'name';
SQL
)
    [ -z "$visitors" ] || die "$database is in use by $visitors: stop api, workers, codec, backup and temporal first"
  done
}

stamp=$(date -u +%Y%m%d%H%M%S)
work=
swapped=
clean_up() {
  [ -z "$work" ] || rm -rf "$work"
  [ -n "$swapped" ] || for database in $(databases); do
    sql postgres --set=name="${database}_restored_$stamp" 2>/dev/null <<'SQL' || true
SET client_min_messages TO error;
DROP DATABASE IF EXISTS :"name";
SQL
  done
}
trap clean_up EXIT
trap 'exit 143' INT TERM

umask 077
work=$(mktemp -d)
unpack "$backup" "$work"
say "the backup is whole: $(tr '\n' ' ' <"$work/ABOUT")"
refuse_visitors
if [ -z "$sure" ]; then
  printf 'Replace %s by this backup? What is there is kept under other names. Type "restore": ' "$(databases | tr '\n' ' ')"
  read -r answer
  [ "$answer" = restore ] || die "nothing was changed"
fi

for database in $(databases); do
  part=$(part_of "$database")
  owner=$(sql postgres --set=name="$database" <<'SQL'
SELECT coalesce((SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = :'name'), current_user);
SQL
)
  say "restoring $database"
  fill "${database}_restored_$stamp" "$work/$part.dump" "$owner"
  contents_query | sql "${database}_restored_$stamp" >"$work/$part.restored"
  cmp -s "$work/$part.contents" "$work/$part.restored" || die "$database does not hold what the backup says; nothing was changed"
done

refuse_visitors
{
  echo "BEGIN;"
  for database in $(databases); do
    there=$(sql postgres --set=name="$database" <<'SQL'
SELECT count(*) FROM pg_database WHERE datname = :'name';
SQL
)
    [ "$there" = 0 ] || echo "ALTER DATABASE \"$database\" RENAME TO \"${database}_before_$stamp\";"
    echo "ALTER DATABASE \"${database}_restored_$stamp\" RENAME TO \"$database\";"
  done
  echo "COMMIT;"
} >"$work/swap.sql"
sql postgres --file="$work/swap.sql"
swapped=yes
say "restored; the databases of before are kept as <name>_before_$stamp"
say "next: start temporal, then \`cabanas audit\`: a booking made in the last moments may lack its workflow (docs/deployment.md)"
