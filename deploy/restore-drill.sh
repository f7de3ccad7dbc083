#!/bin/sh
# Proves that a backup can be restored: restores it beside what is there, and compares.
set -eu

folder=$(dirname "$0")
# shellcheck source-path=SCRIPTDIR
. "$folder/lib.sh"

usage() {
  cat <<'TEXT'
Usage: restore-drill.sh [BACKUP]

Makes a backup (or takes the one named), restores its three databases under names of their own, compares every table's rows with
what was counted in the very snapshot of the backup, and asks the program itself: `cabanas migrate status` must know every
migration, `cabanas audit --as-of` must find every invariant of the data true. Drops the copies. Exit status 1 on any difference.

Settings: those of backup.sh; CABANAS (the program, default: cabanas on PATH); DRILL_PGHOST, DRILL_PGPORT, DRILL_PGUSER,
DRILL_PGPASSWORD of another server to restore into (default: the same one).
TEXT
}

case ${1:-} in
  --help) usage; exit 0 ;;
  -*) usage >&2; exit 2 ;;
esac
need psql pg_restore tar
program=${CABANAS:-cabanas}
need "$program"

started=$(date -u +%s)
work=
stamp=$(date -u +%Y%m%d%H%M%S)_$$
clean_up() {
  [ -z "$work" ] || rm -rf "$work"
  for part in temporal visibility app; do
    sql postgres --set=name="cabanas_drill_${part}_$stamp" 2>/dev/null <<'SQL' || true
SET client_min_messages TO error;
DROP DATABASE IF EXISTS :"name";
SQL
  done
}
trap clean_up EXIT
trap 'exit 143' INT TERM

umask 077
work=$(mktemp -d)
backup=${1:-}
[ -n "$backup" ] || backup=$(sh "$folder/backup.sh") || die "the backup failed"
unpack "$backup" "$work"
say "$backup is whole"

export PGHOST="${DRILL_PGHOST:-${PGHOST:-}}" PGPORT="${DRILL_PGPORT:-${PGPORT:-5432}}" PGUSER="${DRILL_PGUSER:-${PGUSER:-postgres}}"
export PGPASSWORD="${DRILL_PGPASSWORD:-${PGPASSWORD:-}}"

failed=
for part in temporal visibility app; do
  copy=cabanas_drill_${part}_$stamp
  fill "$copy" "$work/$part.dump" "$PGUSER" || die "$part cannot be restored"
  contents_query | sql "$copy" >"$work/$part.restored"
  if cmp -s "$work/$part.contents" "$work/$part.restored"; then
    say "$part: $(wc -l <"$work/$part.contents" | tr -d ' ') tables hold what was backed up"
  else
    failed=yes
    say "$part DIFFERS from what was backed up:"
    diff "$work/$part.contents" "$work/$part.restored" || true
  fi
done

DATABASE_URL="postgres:///cabanas_drill_app_$stamp?host=${PGHOST:-/var/run/postgresql}&port=$PGPORT&user=$PGUSER"
export DATABASE_URL
taken=$(sed -n 's/^taken_at //p' "$work/ABOUT")
"$program" migrate status >"$work/migrations" || { failed=yes; say "migrate status FAILED"; }
if grep -q ' pending' "$work/migrations"; then
  failed=yes
  say "the restored schema is OLDER than this program:"
  grep ' pending' "$work/migrations"
fi
"$program" audit --as-of "$taken" || { failed=yes; say "audit FAILED"; }

[ -z "$failed" ] || die "this backup is not good enough"
say "the drill passed in $(($(date -u +%s) - started)) s: $backup can be restored"
