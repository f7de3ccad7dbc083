#!/bin/sh
# Writes .env with everything that nobody needs to think up, .env.htpasswd with the operators' password, and an empty
# .env.alert-url for the address that alarms are sent to.
set -eu

usage() {
  cat <<'TEXT'
Usage: generate-secrets.sh --domain reservas.example.org [--email you@example.org] [--folder FOLDER]

Writes .env, .env.htpasswd and .env.alert-url to FOLDER (default: the current one) and refuses to write over any. Prints, this once, the
password for Temporal's UI and Grafana's door, and the token with which the first owner is created. Then fill in the lines of
.env that are empty and marked: the accounts of WhatsApp and Mercado Pago are yours alone.
TEXT
}

folder=. domain='' email=''
while [ $# -gt 0 ]; do
  case $1 in
    --help) usage; exit 0 ;;
    --domain) domain=${2:-}; shift ;;
    --email) email=${2:-}; shift ;;
    --folder) folder=${2:-}; shift ;;
    *) usage >&2; exit 2 ;;
  esac
  [ $# -gt 0 ] && shift
done

die() {
  echo "generate-secrets.sh: $*" >&2
  exit 1
}

command -v openssl >/dev/null 2>&1 || die "openssl is missing on this machine"
case $domain in
  "") usage >&2; exit 2 ;;
  *[!a-z0-9.-]* | .* | *. | -* | *-) die "$domain is no name of a machine: lower-case letters, digits, dots and hyphens" ;;
  *.*) ;;
  *) die "$domain is not a full name, such as reservas.example.org" ;;
esac
case $email in *[!A-Za-z0-9.@_+-]*) die "$email is no e-mail address" ;; esac
for file in .env .env.htpasswd .env.alert-url; do
  [ ! -e "$folder/$file" ] || die "$folder/$file is there already; move it away first: what it opens cannot be made again"
done

# Hex needs no quoting anywhere: not in a URL, not in a shell, not in Compose.
hex() { openssl rand -hex "$1"; }

umask 077
app_password=$(hex 24)
redis_password=$(hex 24)
operator_password=$(hex 12)
setup_token=$(hex 24)
setup_hash=$(printf %s "$setup_token" | openssl dgst -sha256 -r | cut -d ' ' -f 1)

cat >"$folder/.env.tmp" <<TEXT
# Settings of this installation, made by deploy/generate-secrets.sh. Keep a copy where the backups are not: without PAYLOAD_KEYS and
# BACKUP_PASSPHRASE neither workflows nor backups can be read again. .env.template has every other setting and its meaning.

ENVIRONMENT=production
DOMAIN=$domain
BASE_URL=https://$domain
ALLOWED_ORIGINS=https://$domain
ACME_EMAIL=$email

# Fill in: WhatsApp Cloud API (docs/deployment.md says where each is found).
WHATSAPP_ACCESS_TOKEN=
WHATSAPP_APP_SECRET=
WHATSAPP_PHONE_ID=
WHATSAPP_PUBLIC_NUMBER=
# Made up here; paste it at Meta with the address of the webhook.
WHATSAPP_VERIFY_TOKEN=$(hex 16)

# Fill in: Mercado Pago.
MERCADOPAGO_ACCESS_TOKEN=
MERCADOPAGO_PUBLIC_KEY=
MERCADOPAGO_WEBHOOK_SECRET=

# Fill in: who is alarmed, and the mail relay (empty: no e-mail is sent).
OWNER_WHATSAPP=
OWNER_EMAIL=$email
SMTP_HOST=
SMTP_USER=
SMTP_PASS=
SMTP_FROM=

# Where the parts find each other.
DATABASE_URL=postgres://cabanas:$app_password@postgres:5432/cabanas?sslmode=disable
REDIS_URL=redis://:$redis_password@redis:6379/0
TEMPORAL_ADDRESS=temporal:7233
TEMPORAL_NAMESPACE=default
WHISPER_API_URL=http://whisper:8000
WHISPER_MODEL=Systran/faster-whisper-small

# Secrets of the program. PAYLOAD_KEYS and PAY_PAGE_SECRET are lists: a new first one is added in front, the old one kept.
JWT_SECRET=$(hex 32)
PAY_PAGE_SECRET=$(hex 32)
PAYLOAD_KEYS=k1:$(openssl rand -base64 32)
# SHA-256 of the one-time token of the first owner; empty it when the owner is there.
SETUP_TOKEN_HASH=$setup_hash

# Secrets of the parts around it.
POSTGRES_PASSWORD=$(hex 24)
CABANAS_DB_PASSWORD=$app_password
TEMPORAL_DB_PASSWORD=$(hex 24)
REDIS_PASSWORD=$redis_password
GRAFANA_PASSWORD=$(hex 16)
BACKUP_PASSPHRASE=$(hex 32)
# A command that copies its argument, a file, to another place after each backup (docs/deployment.md).
BACKUP_HOOK=
BACKUP_KEEP_DAYS=14

# Which images run; deploy/deploy.sh sets these two.
CABANAS_VERSION=local
BUILD_ID=
TEXT
printf 'operador:%s\n' "$(printf %s "$operator_password" | openssl passwd -6 -stdin)" >"$folder/.env.htpasswd.tmp"
# nginx reads it with an account of its own. It holds a salted hash of a password that nobody can guess.
chmod 644 "$folder/.env.htpasswd.tmp"
# One line: the webhook that alarms are sent to. Empty, they are seen in Prometheus only.
: >"$folder/.env.alert-url"
chmod 644 "$folder/.env.alert-url"
mv "$folder/.env.htpasswd.tmp" "$folder/.env.htpasswd"
mv "$folder/.env.tmp" "$folder/.env"

cat <<TEXT
$folder/.env is written: fill in what is empty and marked there.

Shown this once:
  operators (https://$domain/temporal/, https://$domain/grafana/): user operador, password $operator_password
  token of the first owner: $setup_token
TEXT
