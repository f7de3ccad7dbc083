#!/bin/sh
# test.sh: everything `make test` runs, with real servers beside it. Arguments go to `go test` of the main module (default ./...).
set -eu
cd "$(dirname "$0")/.."

if [ "${1-}" = with-servers ]; then
  # Called below by testservers, which has set TEST_DATABASE_URL, TEST_REDIS_URL and TEST_TEMPORAL_ADDRESS.
  shift
  [ "$#" -eq 0 ] || exec go test -race -timeout 20m "$@"
  # Two packages of long stories of one thread each: the detector would triple their time and find what it finds elsewhere.
  go list ./... | grep -vx -e cabanas/e2e/calendars -e cabanas/e2e/histories | xargs go test -race -timeout 20m
  echo "== hundreds of days of calendars, ten thousand histories of payments"
  go test -timeout 20m ./e2e/calendars
  # The same ones each time, so that a change is judged by itself; other seeds are for whoever looks for more.
  exec go test -timeout 20m ./e2e/histories -rapid.checks=5000 -rapid.seed=20261122 -rapid.nofailfile
fi

sh scripts/require.sh
make --no-print-directory build
go build -o bin/testservers ./internal/embedded/cmd/testservers

echo "== go vet"
sh scripts/progress.sh "go vet" go vet ./...
echo "== workflowcheck"
mkdir -p bin
sh scripts/progress.sh "compiling workflowcheck" go build -C tools -o ../bin/workflowcheck go.temporal.io/sdk/contrib/tools/workflowcheck
bin/workflowcheck -config workflowcheck.config.yaml -show-pos ./workflows/...
echo "== understanding, field by field"
bin/cabanas understand --evaluate dialogue/testdata/corpus
echo "== tests, with the race detector and real servers"
bin/testservers sh scripts/test.sh with-servers "$@"
# Not vetted: that costs minutes of compiling on a cold cache, for a program that only tests and `dev` run.
echo "== tests of temporal/devserver"
sh scripts/progress.sh "testing temporal/devserver" go test -C temporal/devserver -vet=off ./...
