#!/bin/sh
# Replaces what runs by what is in this folder, without a guest noticing. docs/upgrade.md explains each step.
set -eu

folder=$(dirname "$0")

usage() {
  cat <<'TEXT'
Usage: deploy.sh [--root FOLDER] [--first] [VERSION]
       deploy.sh [--root FOLDER] --retire    stop old workers whose build has nothing left to do (hourly, from cron)

VERSION names the images and, once workers are versioned, their build (default: git describe). Steps: look first; build; back up;
migrate (old programs work on the new schema); replay the running workflows on the new program; new workers beside the old; give
them the work; API, codec, nginx and the rest; smoke test. It stops at the first step that fails and says how to go back. Old workers
of a named build go on until the conversations and bookings that began with it have ended (--retire); others are stopped at the end.

--first deploys to an empty machine: there is nothing to back up, replay or keep beside.
Settings: SMOKE_URL (default: BASE_URL of .env), SMOKE_OPTIONS for the smoke test.
TEXT
}

root=$folder/.. first='' version='' retire=''
while [ $# -gt 0 ]; do
  case $1 in
    --help) usage; exit 0 ;;
    --root) root=${2:?}; shift ;;
    --first) first=yes ;;
    --retire) retire=yes ;;
    -*) usage >&2; exit 2 ;;
    *) version=$1 ;;
  esac
  shift
done
scripts=$(cd "$folder" && pwd)
cd "$root"
kept=.env.old-workers # A line per build that was replaced: its name and its containers.

compose() { docker compose "$@"; }

# stop_workers ID… lets them hand back what they have.
stop_workers() {
  docker stop --time 40 "$@"
  docker rm "$@"
}

retire() {
  [ -f "$kept" ] || { echo "deploy.sh: there are no old workers"; return; }
  : >"$kept.new"
  while read -r build ids; do
    state=$(compose --profile tools run --rm --no-deps -T temporal-cli temporal worker deployment describe-version \
      --deployment-name cabanas --build-id "$build" --output json </dev/null | tr -d ' \n\r')
    case $state in
      *'"drainageStatus":"drained"'*)
        echo "deploy.sh: build $build has nothing left to do"
        # shellcheck disable=SC2086 # ids hold no blanks
        stop_workers $ids
        ;;
      *)
        echo "deploy.sh: build $build still has work"
        echo "$build $ids" >>"$kept.new"
        ;;
    esac
  done <"$kept"
  if [ -s "$kept.new" ]; then mv "$kept.new" "$kept"; else rm "$kept.new" "$kept"; fi
}

if [ -n "$retire" ]; then
  retire
  exit 0
fi

[ -n "$version" ] || version=$(git describe --always --tags --dirty) || { echo "deploy.sh: name a VERSION" >&2; exit 1; }
case $version in *[!A-Za-z0-9._-]*) echo "deploy.sh: $version is no name for an image" >&2; exit 2 ;; esac

setting() { sed -n "s/^$1=//p" .env | tail -1; }
before=$(setting CABANAS_VERSION)
build_before=$(setting BUILD_ID)
workers="worker-conversation worker-booking worker-messaging worker-calendar worker-media"
step='' remembered=''

step() {
  step=$1
  echo "== $step"
}

# remember VERSION BUILD writes down which images run, in place: .env is the only memory of a deployment.
remember() {
  sed -e "s/^CABANAS_VERSION=.*/CABANAS_VERSION=$1/" -e "s/^BUILD_ID=.*/BUILD_ID=$2/" .env >.env.new
  chmod 600 .env.new
  mv .env.new .env
  remembered=yes
}

finish() {
  status=$?
  [ "$status" -ne 0 ] || return 0
  if [ -n "$remembered" ]; then remember "$before" "$build_before"; fi
  cat >&2 <<TEXT
deploy.sh: FAILED while: $step
  What ran before is still named in .env: CABANAS_VERSION=$before BUILD_ID=$build_before. To go back to it:
    docker compose up -d --wait
$([ -z "$build_before" ] || echo "    docker compose run --rm --no-deps -T setup setup --make-current")
  The schema stays as it is: it was expanded only, and the version of before works on it. Data is put back with
  deploy/restore.sh, and that loses what came since the backup: only when the data itself is wrong.
TEXT
}
trap finish EXIT
trap 'exit 130' INT TERM

step "looking first"
sh "$scripts/pre-deploy-check.sh" --root .

# Workers are versioned when they were before, or when this machine is new; the first switch is in docs/upgrade.md.
build=
if [ -n "$build_before" ] || [ -n "$first" ]; then build=$version; fi
remember "$version" "$build"

step "building $version"
compose build

if [ -z "$first" ]; then
  step "backing up"
  compose run --rm --no-deps -T backup sh /deploy/backup.sh
fi

step "migrating"
if [ -n "$first" ]; then compose up -d --wait postgres redis temporal; fi
compose run --rm --no-deps -T migrate
compose run --rm --no-deps -T setup

if [ -z "$first" ]; then
  step "replaying the running workflows on $version"
  # As the API, which has a way out: the doctor also asks WhatsApp, Mercado Pago and our own address.
  compose run --rm --no-deps -T api doctor --replay

  step "starting new workers beside the old"
  # Those of a build before the last are kept already.
  # shellcheck disable=SC2086 # names hold no blanks
  old=$(for id in $(compose ps --quiet $workers); do grep -qs "$id" "$kept" || echo "$id"; done)
  count=$(echo "$old" | grep -c . || true)
  scale=
  for worker in $workers; do
    scale="$scale --scale $worker=$(($(compose ps --quiet "$worker" | grep -c . || true) + 1))"
  done
  # shellcheck disable=SC2086 # names hold no blanks
  compose up -d --wait --no-deps --no-recreate $scale $workers
else
  old='' count=0
  step "starting workers"
  # shellcheck disable=SC2086 # names hold no blanks
  compose up -d --wait --no-deps $workers
fi

if [ -n "$build" ]; then
  step "giving the work to build $build"
  compose run --rm --no-deps -T setup setup --make-current
fi

step "replacing the API and what is around it"
compose up -d --wait --no-deps api codec
# Everything else: what did not change is left alone. Workers are named to keep the new beside the old for now.
others=$(compose config --services | grep -v -e '^worker-' -e '^api$' -e '^codec$' -e '^migrate$' -e '^setup$' -e '^temporal-cli$')
# shellcheck disable=SC2086 # names hold no blanks
compose up -d --wait $others

step "asking from outside"
# shellcheck disable=SC2086 # options are words
sh "$scripts/smoke-test.sh" ${SMOKE_OPTIONS:-} "${SMOKE_URL:-$(setting BASE_URL)}"

if [ "$count" -gt 0 ] && [ -n "$build_before" ]; then
  step "keeping $count old workers until build $build_before has nothing left to do"
  echo "$build_before $(echo "$old" | tr '\n' ' ')" >>"$kept"
elif [ "$count" -gt 0 ]; then
  step "stopping $count old workers, which hand back what they have"
  # shellcheck disable=SC2086 # ids hold no blanks
  stop_workers $old
fi
echo "deploy.sh: $version runs (before: ${before:-none})"
