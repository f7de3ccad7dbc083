#!/bin/sh
# Certificates for nginx. It runs inside the service `certificates` of docker-compose.yml:
#
#   docker compose run --rm certificates issue     # once, when DNS points here
#   docker compose run --rm certificates renew     # daily, from cron
#   docker compose kill --signal HUP nginx         # after either
set -eu

usage() {
  cat <<'TEXT'
Usage: certificate.sh self-signed   a certificate nobody trusts, unless there is one: so that nginx can start
       certificate.sh issue         ask Let's Encrypt for one
       certificate.sh renew         again, when it has less than 30 days left

Settings: DOMAIN, ACME_EMAIL, CERTIFICATES (/certificates), ACME_ROOT (/acme), CERTIFICATE_OWNER (who nginx runs as, 101:101).
TEXT
}

certificates=${CERTIFICATES:-/certificates}

# hand_over SOURCE gives nginx the files; the key is readable to it alone.
hand_over() {
  umask 077
  for file in privkey.pem fullchain.pem; do
    cp -L "$1/$file" "$certificates/$file.new"
    chmod 400 "$certificates/$file.new"
    [ "$(id -u)" -ne 0 ] || chown "${CERTIFICATE_OWNER:-101:101}" "$certificates/$file.new"
  done
  for file in privkey.pem fullchain.pem; do mv "$certificates/$file.new" "$certificates/$file"; done
}

self_signed() {
  if [ -s "$certificates/fullchain.pem" ]; then
    echo "certificate.sh: there is a certificate already"
    return
  fi
  umask 077
  made=$(mktemp -d)
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=$DOMAIN" -addext "subjectAltName=DNS:$DOMAIN" \
    -keyout "$made/privkey.pem" -out "$made/fullchain.pem" 2>/dev/null
  hand_over "$made"
  rm -rf "$made"
  echo "certificate.sh: made a certificate that nobody trusts; issue a real one next"
}

case ${1:-} in
  --help) usage; exit 0 ;;
  self-signed | issue | renew) : "${DOMAIN:?}" ;;
  *) usage >&2; exit 2 ;;
esac

case $1 in
  self-signed) self_signed ;;
  issue)
    : "${ACME_EMAIL:?is needed: Let\'s Encrypt writes there when something is wrong}"
    certbot certonly --non-interactive --agree-tos --email "$ACME_EMAIL" --webroot --webroot-path "${ACME_ROOT:-/acme}" --domain "$DOMAIN" --keep-until-expiring
    hand_over "/etc/letsencrypt/live/$DOMAIN"
    ;;
  renew)
    certbot renew --non-interactive --quiet
    hand_over "/etc/letsencrypt/live/$DOMAIN"
    ;;
esac
