#!/bin/sh
# What the scripts beside this one share. It is sourced, never run.

# die says what is wrong and ends the script.
die() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

need() {
  for needed in "$@"; do
    command -v "$needed" >/dev/null 2>&1 || die "$needed is missing on this machine"
  done
}

say() { echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $*"; }

# sql DATABASE [PSQL OPTIONS…] runs a query, as the account that PGHOST, PGUSER and PGPASSWORD name.
sql() {
  on=$1
  shift
  psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$on" "$@"
}

# databases lists what is backed up and restored together, in the order of their snapshots: Temporal's first, the application's last.
databases() {
  echo "${TEMPORAL_DB_NAME:-temporal}"
  echo "${TEMPORAL_VISIBILITY_DB_NAME:-temporal_visibility}"
  echo "${CABANAS_DB_NAME:-cabanas}"
}

# contents_query writes one line per table: name, rows, and a sum over the text of all rows, which does not depend on their order.
contents_query() {
  cat <<'SQL'
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
SET extra_float_digits TO 1;
SET bytea_output TO 'hex';
SELECT table_schema || '.' || table_name || ' ' ||
  array_to_string(xpath('/row/line/text()', query_to_xml(format(
    'SELECT count(*) || '' '' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) AS line FROM %I.%I AS t', table_schema, table_name),
    false, true, '')), '')
FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
ORDER BY table_schema COLLATE "C", table_name COLLATE "C";
SQL
}

# checksum FILE… prints SHA-256 sums that verify_checksums reads.
checksum() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}

verify_checksums() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum --check --quiet "$1"; else shasum -a 256 --check --quiet "$1"; fi
}

# cipher encrypts or decrypts from standard input to standard output with BACKUP_PASSPHRASE. GnuPG notices a changed file.
cipher() {
  home=$(mktemp -d)
  status=0
  GNUPGHOME=$home gpg --batch --yes --quiet --no-tty --pinentry-mode loopback --passphrase-fd 3 "$@" 3<<EOT || status=$?
$BACKUP_PASSPHRASE
EOT
  GNUPGHOME=$home gpgconf --kill all >/dev/null 2>&1 || true
  rm -rf "$home"
  return "$status"
}

# unpack BACKUP FOLDER puts the dumps of a backup into a folder and checks every one of them, before anybody relies on it.
unpack() {
  backup=$1 into=$2
  [ -f "$backup" ] || die "there is no backup $backup"
  [ -f "$backup.sha256" ] || die "$backup.sha256 is missing: what was written cannot be compared with what is there"
  (cd "$(dirname "$backup")" && verify_checksums "$(basename "$backup").sha256") >/dev/null 2>&1 ||
    die "$backup is not what was written: its checksum differs"
  case $backup in
    *.tar.gpg)
      [ -n "${BACKUP_PASSPHRASE:-}" ] || die "$backup is encrypted: set BACKUP_PASSPHRASE"
      need gpg
      cipher --decrypt <"$backup" >"$into/backup.tar" || die "$backup cannot be decrypted: another passphrase, or a damaged file"
      ;;
    *.tar) cp "$backup" "$into/backup.tar" ;;
    *) die "$backup is not named as a backup (….tar or ….tar.gpg)" ;;
  esac
  tar -xf "$into/backup.tar" -C "$into" || die "$backup is no archive"
  rm "$into/backup.tar"
  (cd "$into" && verify_checksums SHA256SUMS) >/dev/null 2>&1 || die "$backup holds a damaged dump"
  for part in temporal visibility app; do
    verify_dump "$into/$part.dump"
    [ -s "$into/$part.contents" ] || die "$backup does not say what is in $part"
  done
}

# verify_dump reads a whole dump, as a restore would: a list of its contents alone would not notice a damaged end.
verify_dump() {
  pg_restore --file=/dev/null "$1" || die "$1 cannot be read to its end"
}

# part_of DATABASE is the name of a database's dump inside a backup.
part_of() {
  case $1 in
    "${TEMPORAL_DB_NAME:-temporal}") echo temporal ;;
    "${TEMPORAL_VISIBILITY_DB_NAME:-temporal_visibility}") echo visibility ;;
    *) echo app ;;
  esac
}

# fill DATABASE DUMP OWNER creates a database and restores a dump into it, all or nothing.
fill() {
  sql postgres --set=name="$1" --set=owner="$3" <<'SQL'
CREATE DATABASE :"name" OWNER :"owner" TEMPLATE template0;
REVOKE CONNECT, TEMPORARY ON DATABASE :"name" FROM PUBLIC;
SQL
  pg_restore --dbname="$1" --no-owner --no-privileges --role="$3" --single-transaction --exit-on-error "$2"
}
