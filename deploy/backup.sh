#!/bin/sh
# Writes one file with all three databases: Temporal's two and the application's.
set -eu

folder=$(dirname "$0")
# shellcheck source-path=SCRIPTDIR
. "$folder/lib.sh"

usage() {
  cat <<'TEXT'
Usage: backup.sh                  write one backup and print its name
       backup.sh --every SECONDS  write one now and again and again; a failure is said and tried again
       backup.sh --fresh N        succeed when the newest backup is at most N intervals of an hour old

Settings: PGHOST, PGPORT, PGUSER, PGPASSWORD of an account that may read all databases; BACKUP_DIR (./backups);
BACKUP_KEEP_DAYS (14, 0: for ever); BACKUP_PASSPHRASE (encrypts with GnuPG); BACKUP_HOOK (a command that copies the
file named by its argument to another place: without it, a lost machine is a lost backup);
CABANAS_DB_NAME, TEMPORAL_DB_NAME, TEMPORAL_VISIBILITY_DB_NAME.
TEXT
}

BACKUP_DIR=${BACKUP_DIR:-backups}
metrics=$BACKUP_DIR/metrics/cabanas_backup.prom

work=
holders=
clean_up() {
  exec 7>&- 8>&- 9>&-
  for holder in $holders; do wait "$holder" 2>/dev/null || true; done
  [ -z "$work" ] || rm -rf "$work"
}

# hold_snapshot N DATABASE opens a transaction on descriptor N that stays open; take_snapshot writes down how others can join it. So
# the three databases are as they were within a tenth of a second of each other, however long the dumps take.
hold_snapshot() {
  descriptor=$1 database=$2
  sql "$database" --command='SELECT 1' >/dev/null || die "$database cannot be read"
  mkfifo "$work/$descriptor.in"
  sql "$database" <"$work/$descriptor.in" >"$work/$descriptor.snapshot" 2>"$work/$descriptor.error" &
  holders="$holders $!"
  eval "exec $descriptor>\"\$work/$descriptor.in\""
  echo "SET idle_in_transaction_session_timeout TO 0;" >&"$descriptor"
  echo "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;" >&"$descriptor"
}

# The first statement takes the snapshot; the order in which they are asked is the order of the three.
take_snapshot() {
  echo "SELECT pg_export_snapshot();" >&"$1"
  tries=0
  while [ ! -s "$work/$1.snapshot" ]; do
    [ ! -s "$work/$1.error" ] || die "$(cat "$work/$1.error")"
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || die "the database does not answer"
    sleep 0.05
  done
}

dump() {
  descriptor=$1 database=$2
  part=$(part_of "$database")
  snapshot=$(cat "$work/$descriptor.snapshot")
  pg_dump --format=custom --compress=6 --lock-wait-timeout=60s --snapshot="$snapshot" --file="$work/out/$part.dump" "$database"
  {
    echo "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    echo "SET TRANSACTION SNAPSHOT '$snapshot';"
    contents_query
  } | sql "$database" >"$work/out/$part.contents"
  verify_dump "$work/out/$part.dump"
}

back_up() {
  need psql pg_dump pg_restore tar
  [ -z "${BACKUP_PASSPHRASE:-}" ] || need gpg
  umask 077
  mkdir -p "$BACKUP_DIR" "$BACKUP_DIR/metrics"
  chmod 755 "$BACKUP_DIR" "$BACKUP_DIR/metrics" # The metric is read by another account; the backups themselves are not.
  find "$BACKUP_DIR" -maxdepth 1 -name '.backup-*' -mmin +720 -exec rm -rf {} +
  work=$(mktemp -d "$BACKUP_DIR/.backup-XXXXXX")
  trap clean_up EXIT
  trap 'exit 143' INT TERM
  mkdir "$work/out"
  # shellcheck disable=SC2046 # names of databases hold no blanks
  set -- $(databases)
  hold_snapshot 7 "$1"
  hold_snapshot 8 "$2"
  hold_snapshot 9 "$3"
  for descriptor in 7 8 9; do take_snapshot "$descriptor"; done
  taken=$(date -u +%s)
  dump 7 "$1"
  dump 8 "$2"
  dump 9 "$3"
  {
    echo "taken_at $(date -u -d "@$taken" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r "$taken" +%Y-%m-%dT%H:%M:%SZ)"
    echo "server $(sql "$3" --command='SHOW server_version')"
    echo "schema $(sql "$3" --command="SELECT max(version_id) FROM goose_db_version WHERE is_applied" 2>/dev/null || echo none)"
  } >"$work/out/ABOUT"
  (cd "$work/out" && checksum ABOUT ./*.dump ./*.contents >SHA256SUMS)

  name=cabanas-$(date -u +%Y%m%dT%H%M%SZ).tar
  tar -cf "$work/$name" -C "$work/out" ABOUT SHA256SUMS temporal.dump temporal.contents visibility.dump visibility.contents app.dump app.contents
  if [ -n "${BACKUP_PASSPHRASE:-}" ]; then
    cipher --symmetric --cipher-algo AES256 --s2k-digest-algo SHA512 --s2k-count 65011712 --compress-algo none <"$work/$name" >"$work/$name.gpg"
    name=$name.gpg
  fi
  (cd "$work" && checksum "$name" >"$name.sha256")
  # What was written is read back the way a restore will read it.
  mkdir "$work/check"
  unpack "$work/$name" "$work/check"
  mv "$work/$name.sha256" "$work/$name" "$BACKUP_DIR/"

  # shellcheck disable=SC2086 # the hook is a command with its arguments
  [ -z "${BACKUP_HOOK:-}" ] || ${BACKUP_HOOK} "$BACKUP_DIR/$name" || die "BACKUP_HOOK failed: $name is on this machine only"
  forget_old
  tell "$taken" "$(wc -c <"$BACKUP_DIR/$name")"
  echo "$BACKUP_DIR/$name"
}

forget_old() {
  [ "${BACKUP_KEEP_DAYS:-14}" -gt 0 ] || return 0
  find "$BACKUP_DIR" -maxdepth 1 -name 'cabanas-*.tar*' -mtime "+${BACKUP_KEEP_DAYS:-14}" -exec rm -f {} +
}

# tell writes what Prometheus reads through node-exporter; only a backup that was verified and copied gets here.
tell() {
  cat >"$work/metric" <<TEXT
# HELP cabanas_backup_last_success_timestamp_seconds When the newest verified backup was taken.
# TYPE cabanas_backup_last_success_timestamp_seconds gauge
cabanas_backup_last_success_timestamp_seconds $1
# HELP cabanas_backup_size_bytes Size of the newest verified backup.
# TYPE cabanas_backup_size_bytes gauge
cabanas_backup_size_bytes $(($2))
TEXT
  chmod 644 "$work/metric"
  mv "$work/metric" "$metrics"
}

fresh() {
  [ -f "$metrics" ] || die "there is no backup yet"
  last=$(sed -n 's/^cabanas_backup_last_success_timestamp_seconds //p' "$metrics")
  age=$(($(date -u +%s) - last))
  [ "$age" -le $(($1 * ${BACKUP_EVERY_SECONDS:-3600})) ] || die "the newest backup is $age s old"
}

case ${1:-} in
  --help) usage ;;
  "") back_up ;;
  --every)
    [ "${2:-0}" -gt 0 ] || { usage >&2; exit 2; }
    trap 'exit 0' INT TERM
    while :; do
      sh "$0" || say "backup.sh: no backup this time"
      sleep "$2" &
      wait $! || true
    done
    ;;
  --fresh) [ "${2:-0}" -gt 0 ] || { usage >&2; exit 2; }; fresh "$2" ;;
  *) usage >&2; exit 2 ;;
esac
