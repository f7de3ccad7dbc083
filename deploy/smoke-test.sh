#!/bin/sh
# Asks a running installation from outside whether it is what it should be. Every line can fail.
set -eu

usage() {
  cat <<'TEXT'
Usage: smoke-test.sh [--insecure] [--resolve HOST:PORT:ADDRESS] URL

URL is the public address, such as https://reservas.example.org. It changes nothing there and needs no password.
--insecure accepts a certificate that nobody trusts, --resolve is curl's: both for a look before DNS points there.
Exit status 0 when every check passes, 1 otherwise.
TEXT
}

base=
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
insecure='' resolve=''
while [ $# -gt 0 ]; do
  case $1 in
    --help) usage; exit 0 ;;
    --insecure) insecure=yes ;;
    --resolve) resolve=${2:-}; shift ;;
    -*) usage >&2; exit 2 ;;
    *) [ -z "$base" ] || { usage >&2; exit 2; }; base=${1%/} ;;
  esac
  [ $# -eq 0 ] || shift
done
case $base in
  http://* | https://*) ;;
  *) usage >&2; exit 2 ;;
esac
command -v curl >/dev/null 2>&1 || { echo "smoke-test.sh: curl is missing on this machine" >&2; exit 1; }

checks=0 failures=0

# ask METHOD PATH [CURL OPTIONS…] leaves status, headers and body of an answer in variables and files.
ask() {
  method=$1 path=$2
  shift 2
  case $path in http*) ;; *) path=$base$path ;; esac
  [ -z "$insecure" ] || set -- --insecure "$@"
  [ -z "$resolve" ] || set -- --resolve "$resolve" "$@"
  : >"$work/headers"
  : >"$work/body"
  status=$(curl --silent --max-time 20 --request "$method" --dump-header "$work/headers" --output "$work/body" --write-out '%{http_code}' "$@" "$path" 2>"$work/error") || status=000
}

header() { tr -d '\r' <"$work/headers" | sed -n "s/^$1: *//Ip" | tail -1; }

ok() { checks=$((checks + 1)); echo "ok    $1"; }

bad() {
  checks=$((checks + 1))
  failures=$((failures + 1))
  echo "FAIL  $1: $2"
}

# answered WHAT STATUS… passes when the last answer had one of the statuses.
answered() {
  what=$1
  shift
  for wanted in "$@"; do
    if [ "$status" = "$wanted" ]; then
      ok "$what"
      return 0
    fi
  done
  bad "$what" "answered $status instead of $*$([ "$status" != 000 ] || sed 's/^/; /' "$work/error")"
  return 0
}

# says WHAT PATTERN passes when the last body holds the pattern.
says() {
  if grep -Eq "$2" "$work/body"; then ok "$1"; else bad "$1" "the answer does not say $2"; fi
}

# carries WHAT HEADER PATTERN passes when the last answer had such a header.
carries() {
  value=$(header "$2")
  if printf '%s' "$value" | grep -Eiq "$3"; then ok "$1"; else bad "$1" "$2 is '$value'"; fi
}

ask GET /healthz
answered "health answers" 200
says "it tells how each part is" '"status" *: *"healthy"'
if grep -Eq '"status" *: *"(degraded|unhealthy)"' "$work/body"; then
  bad "every part is healthy" "$(grep -Eo '"[a-z_]+" *: *\{ *"status" *: *"(degraded|unhealthy)"[^}]*' "$work/body" | tr '\n' ' ')"
else
  ok "every part is healthy"
fi
carries "nothing may be framed" X-Frame-Options '^DENY$'
carries "types are not guessed" X-Content-Type-Options '^nosniff$'
carries "there is a content policy" Content-Security-Policy "default-src 'none'"
if printf '%s' "$(header Content-Security-Policy)" | grep -q unsafe-inline; then bad "no inline script is allowed" "$(header Content-Security-Policy)"; else ok "no inline script is allowed"; fi
carries "addresses are not told to other sites" Referrer-Policy 'no-referrer|same-origin'
if printf '%s' "$(header Server)$(header X-Powered-By)" | grep -q '[0-9]'; then bad "no version is told" "$(header Server) $(header X-Powered-By)"; else ok "no version is told"; fi

ask GET /readyz
answered "it takes requests" 200

case $base in
  https://*)
    carries "browsers stay with HTTPS" Strict-Transport-Security 'max-age=[0-9]{7,}'
    [ -n "$insecure" ] || {
      ask GET /healthz --tlsv1.2
      answered "the certificate is trusted" 200
    }
    ask GET /healthz --tls-max 1.1
    answered "old TLS is refused" 000
    case $base in
      https://*:*) ;; # A port of its own: there is no plain one beside it.
      *)
        ask GET "http://${base#https://}/healthz"
        answered "plain HTTP only redirects" 301 308
        ;;
    esac
    ;;
esac

ask GET /openapi.json
answered "the API is described" 200
says "the description is OpenAPI 3.1" '"openapi" *: *"3\.1'
ask GET /docs
answered "the documentation is there" 200
if grep -Eq '<(script|link)[^>]*(src|href)="?https?://' "$work/body"; then bad "it loads nothing from elsewhere" "$(grep -Eo 'https?://[^"]*' "$work/body" | head -1)"; else ok "it loads nothing from elsewhere"; fi

ask GET /api/v1/accommodations
answered "accommodations are listed" 200
says "there is one" '"id" *: *[0-9]'
carries "requests are counted" RateLimit '.'
cabin=$(grep -Eo '"id" *: *[0-9]+' "$work/body" | head -1 | tr -cd 0-9)
now=$(date -u +%s)
day() { date -u -d "@$1" +%Y-%m-%d 2>/dev/null || date -u -r "$1" +%Y-%m-%d; }
ask GET "/api/v1/accommodations/${cabin:-0}/availability?check_in=$(day $((now + 40 * 86400)))&check_out=$(day $((now + 43 * 86400)))&guests=2"
answered "availability is told" 200
says "it says free or not" '"available" *: *(true|false)'

ask POST /api/v1/webhooks/whatsapp --header 'Content-Type: application/json' --data '{"object":"whatsapp_business_account","entry":[]}'
answered "an unsigned message is refused" 401 403
ask POST /api/v1/webhooks/whatsapp --header 'Content-Type: application/json' --header 'X-Hub-Signature-256: sha256=0000000000000000000000000000000000000000000000000000000000000000' --data '{"object":"whatsapp_business_account","entry":[]}'
answered "a message with a wrong signature is refused" 401 403
ask GET '/api/v1/webhooks/whatsapp?hub.mode=subscribe&hub.verify_token=guess&hub.challenge=1'
answered "a guessed verify token is refused" 401 403
ask POST '/api/v1/webhooks/mercadopago?data.id=1&type=payment' --header 'Content-Type: application/json' --data '{"type":"payment","data":{"id":"1"}}'
answered "an unsigned payment is refused" 401 403

ask GET /api/v1/admin/reservations
answered "staff's pages need a token" 401
carries "the refusal is a problem document" Content-Type '^application/problem\+json'
ask GET /api/v1/admin/reservations --header 'Authorization: Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoib3duZXIifQ.'
answered "a token that nobody signed is refused" 401
ask POST /api/v1/admin/login --header 'Content-Type: application/json' --data '{"email":"admin@example.com","password":"admin admin admin"}'
answered "a default password is refused" 401 429

ask GET /metrics
answered "metrics are not for everybody" 401 403 404
ask DELETE /api/v1/accommodations
answered "a wrong method is refused" 405
ask GET /no-such-page
answered "what is not there is not found" 404
ask OPTIONS /api/v1/accommodations --header 'Origin: https://evil.example.com' --header 'Access-Control-Request-Method: POST'
value=$(header Access-Control-Allow-Origin)
case $value in
  '*' | https://evil.example.com) bad "other sites may not ask in a browser's name" "Access-Control-Allow-Origin is $value" ;;
  *) ok "other sites may not ask in a browser's name" ;;
esac

echo "smoke-test.sh: $((checks - failures)) of $checks checks passed"
[ "$failures" -eq 0 ]
