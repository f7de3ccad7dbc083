#!/bin/sh
# require.sh: sees to it that this machine has what the tests need, by apt-get (Debian, as root or with sudo) or Homebrew (macOS).
# On anything else it says what is missing and stops.
set -eu

have() { command -v "$1" >/dev/null 2>&1; }

have_redis() { have redis-server || have valkey-server; }

have_compiler() { have cc || have gcc || have clang; } # The race detector is linked with one.

have_chromium() {
  have chromium || have chromium-browser || have google-chrome || have google-chrome-stable || have chrome ||
    [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] || [ -x "/Applications/Chromium.app/Contents/MacOS/Chromium" ]
}

# have_postgres looks where the program looks (internal/embedded): PATH, the distribution's folders, Homebrew's.
have_postgres() {
  on_path=$(command -v postgres 2>/dev/null || true)
  for program in ${on_path:+"$on_path"} /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres \
    /opt/homebrew/opt/postgresql@*/bin/postgres /usr/local/opt/postgresql@*/bin/postgres; do
    [ -x "$program" ] || continue
    major=$("$program" --version 2>/dev/null | sed -n 's/.*(PostgreSQL) \([0-9]*\).*/\1/p')
    [ "${major:-0}" -ge 15 ] && return 0
  done
  return 1
}

have go || {
  echo "Go is missing: install the version that go.mod names from https://go.dev/dl" >&2
  exit 1
}

# missing_parts names what is not there.
missing_parts() {
  have_redis || echo redis
  have_postgres || echo postgresql
  have_chromium || echo chromium
  have_compiler || echo compiler
  have ffmpeg || echo ffmpeg
  have espeak-ng || echo espeak-ng
  # What runs the product for guests is tested too: deploy/.
  have nginx || [ -x /usr/sbin/nginx ] || echo nginx
  have shellcheck || echo shellcheck
  have curl || echo curl
  have openssl || echo openssl
  have gpg || echo gnupg
  have pg_dump || echo postgresql-client
  have promtool || echo prometheus
}

missing=$(missing_parts | tr '\n' ' ')
[ -n "$missing" ] || exit 0
echo "Missing for the tests: $missing"

debian_package() {
  case $1 in
    redis) echo redis-server ;;
    compiler) echo gcc libc6-dev ;;
    *) echo "$1" ;;
  esac
}

brew_package() {
  case $1 in
    postgresql) echo postgresql@17 ;;
    postgresql-client) echo libpq ;;
    chromium) echo --cask google-chrome ;;
    *) echo "$1" ;;
  esac
}

by_hand() {
  echo "Please install:" >&2
  for part in $missing; do
    case $part in
      redis) echo "  Redis 7 or newer, or Valkey: redis-server or valkey-server on PATH" >&2 ;;
      postgresql) echo "  PostgreSQL 15 or newer: its server programs (postgres, initdb) on PATH or in the distribution's folder" >&2 ;;
      chromium) echo "  Chromium or Google Chrome, on PATH" >&2 ;;
      compiler) echo "  a C compiler (gcc or clang), for Go's race detector" >&2 ;;
      ffmpeg) echo "  FFmpeg: ffmpeg on PATH; voice notes are converted with it" >&2 ;;
      prometheus) echo "  Prometheus: its promtool on PATH; it tests the alert rules" >&2 ;;
      nginx) echo "  nginx 1.22 or newer, on PATH" >&2 ;;
      shellcheck) echo "  ShellCheck: shellcheck on PATH" >&2 ;;
      curl | openssl) echo "  $part, on PATH" >&2 ;;
      gnupg) echo "  GnuPG: gpg on PATH; backups are encrypted with it" >&2 ;;
      postgresql-client) echo "  PostgreSQL's client programs: psql, pg_dump and pg_restore on PATH, as new as the server" >&2 ;;
      espeak-ng) echo "  eSpeak NG: espeak-ng on PATH; it speaks the voice notes of the tests" >&2 ;;
    esac
  done
  exit 1
}

if have apt-get; then
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    { have sudo && sudo -n true 2>/dev/null; } || { have sudo && [ -t 0 ]; } || by_hand
    as_root=sudo
  fi
  packages=
  for part in $missing; do packages="$packages $(debian_package "$part")"; done
  echo "Installing with apt-get:$packages"
  $as_root apt-get update -qq
  # The servers' own services would only be in the way; the tests start theirs.
  $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $packages
elif [ "$(uname -s)" = Darwin ]; then
  for part in $missing; do
    [ "$part" = compiler ] && { echo "Please run: xcode-select --install" >&2; exit 1; }
  done
  have brew || by_hand
  for part in $missing; do
    echo "Installing with Homebrew: $(brew_package "$part")"
    brew install --quiet $(brew_package "$part")
  done
else
  by_hand
fi

still=$(missing_parts | tr '\n' ' ')
if [ -n "$still" ]; then
  echo "Still missing after the installation: $still" >&2
  missing=$still
  by_hand
fi
