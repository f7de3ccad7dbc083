#!/bin/sh
# Looks, before a deployment, at what would make it fail half-way. It changes nothing.
set -eu

folder=$(dirname "$0")

usage() {
  cat <<'TEXT'
Usage: pre-deploy-check.sh [--root FOLDER]

FOLDER holds docker-compose.yml and .env (default: the one above this script). A line per check: ok, WARN (go on when you know why)
or FAIL. Exit status 1 when anything failed.

Settings: CABANAS, the program as a binary of this machine; without it the image of `migrate` is asked.
TEXT
}

root=$folder/..
case ${1:-} in
  --help) usage; exit 0 ;;
  "") ;;
  --root) root=${2:?} ;;
  *) usage >&2; exit 2 ;;
esac
cd "$root"

failures=0
ok() { echo "ok    $1"; }
warn() { echo "WARN  $1: $2"; }
bad() {
  failures=$((failures + 1))
  echo "FAIL  $1: $2"
}

output=$(mktemp)
trap 'rm -f "$output"' EXIT
# try WHAT COMMAND… runs a check and shows what it said when it failed.
try() {
  what=$1
  shift
  if "$@" >"$output" 2>&1; then ok "$what"; else bad "$what" "$(tail -20 "$output")"; fi
}

setting() { sed -n "s/^$1=//p" .env 2>/dev/null | tail -1; }

cabanas() {
  if [ -n "${CABANAS:-}" ]; then
    (
      set -a
      # shellcheck disable=SC1091 # made by generate-secrets.sh
      . ./.env
      "$CABANAS" "$@"
    )
  else
    docker compose run --rm --no-deps --quiet-pull -T migrate "$@"
  fi
}

if [ -f .env ]; then
  case $(find .env -perm -040 -o -perm -004) in
    "") ok "the settings are for their owner only" ;;
    *) bad "the settings are for their owner only" "chmod 600 .env" ;;
  esac
  empty=$(for name in WHATSAPP_ACCESS_TOKEN WHATSAPP_APP_SECRET WHATSAPP_PHONE_ID MERCADOPAGO_ACCESS_TOKEN MERCADOPAGO_WEBHOOK_SECRET; do
    [ -n "$(setting "$name")" ] || printf '%s ' "$name"
  done)
  if [ -z "$empty" ]; then ok "the outside accounts are filled in"; else bad "the outside accounts are filled in" "$empty"; fi
  try "the program takes the settings" cabanas doctor --offline
  [ -z "$(setting SETUP_TOKEN_HASH)" ] || warn "the door of the first owner" "is open; empty SETUP_TOKEN_HASH when the owner is there"
  [ -n "$(setting BACKUP_HOOK)" ] || warn "backups" "stay on this machine; set BACKUP_HOOK"
else
  bad "there are settings" "run deploy/generate-secrets.sh"
fi

try "docker compose reads its file" docker compose config --quiet
try "nginx takes its configuration" docker compose run --rm --no-deps --quiet-pull -T nginx nginx -t -c /tmp/nginx/nginx.conf

if cabanas migrate status >"$output" 2>&1; then
  pending=$(grep -c ' pending' "$output" || true)
  if [ "$pending" -eq 0 ]; then ok "the schema is up to date"; else ok "the schema will go up by $pending migrations"; fi
else
  warn "the schema" "cannot be read; on a first deployment that is so: $(tail -1 "$output")"
fi

used=$(df -P . | awk 'NR == 2 { sub("%", "", $5); print $5 }')
if [ "$used" -lt 85 ]; then ok "the disk has room ($used % used)"; elif [ "$used" -lt 95 ]; then warn "the disk" "$used % used"; else bad "the disk has room" "$used % used"; fi

domain=$(setting DOMAIN)
if command -v openssl >/dev/null 2>&1 && [ -n "$domain" ]; then
  port=${PRE_DEPLOY_TLS_PORT:-443}
  if ! openssl s_client -connect "${PRE_DEPLOY_TLS_HOST:-$domain}:$port" -servername "$domain" </dev/null 2>/dev/null | openssl x509 >"$output" 2>/dev/null; then
    warn "the certificate" "nobody answers at $domain:$port; on a first deployment that is so"
  elif openssl x509 -in "$output" -noout -checkend 1209600 >/dev/null; then
    ok "the certificate is good for two weeks"
  else
    bad "the certificate is good for two weeks" "$(openssl x509 -in "$output" -noout -enddate); docker compose run --rm certificates renew"
  fi
fi

if git rev-parse --git-dir >/dev/null 2>&1; then
  changed=$(git status --porcelain | wc -l | tr -d ' ')
  if [ "$changed" -eq 0 ]; then ok "this is $(git describe --always --tags)"; else warn "git" "$changed files differ from the commit; what runs could not be named"; fi
else
  warn "git" "this folder is no repository; what runs could not be named"
fi

if [ "$failures" -gt 0 ]; then
  echo "pre-deploy-check.sh: $failures checks failed"
  exit 1
fi
echo "pre-deploy-check.sh: nothing is in the way"
