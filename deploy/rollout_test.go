package deploy

import (
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// engine is a folder with an installation and a `docker` that writes down what it is told and fails where the test says.
type engine struct {
	t           *testing.T
	root        string
	environment []string
}

func newEngine(t *testing.T, settings map[string]string) *engine {
	t.Helper()
	e := &engine{t: t}
	root, made, _ := generated(t)
	e.root = root
	maps.Copy(made, outside)
	maps.Copy(made, settings)
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(made)) {
		lines = append(lines, name+"="+made[name])
	}
	require.NoError(t, os.WriteFile(filepath.Join(root, ".env"), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	bin := filepath.Join(root, "bin")
	require.NoError(t, os.Mkdir(bin, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(bin, "docker"), []byte(`#!/bin/sh
echo "$*" >>"$CALLS"
[ -z "$FAILING" ] || case "$*" in *"$FAILING"*) echo "the engine says no" >&2; exit 1 ;; esac
case "$*" in
  *"compose ps --quiet worker-booking") echo "c2" ;;
  *"compose ps --quiet worker-"*" "*) printf 'c1\nc2\nc3\nc4\nc5\n' ;;
  *"compose ps --quiet "*) echo c1 ;;
  *"migrate status"*) echo "   25  live   $MIGRATION" ;;
  *"config --services"*) printf 'api\nworker-booking\nnginx\npostgres\nmigrate\ngrafana\n' ;;
  *describe-version*) echo "{ \"drainageInfo\": { \"drainageStatus\": \"$DRAINAGE\" } }" ;;
esac
`), 0o755))
	sound := httptest.NewServer(answering("^nothing$", nil))
	t.Cleanup(sound.Close)
	e.environment = []string{
		"PATH=" + bin + ":" + os.Getenv("PATH"), "CALLS=" + filepath.Join(root, "calls"), "SMOKE_URL=" + sound.URL, "FAILING=", "MIGRATION=applied", "DRAINAGE=drained",
		"PRE_DEPLOY_TLS_HOST=127.0.0.1", "PRE_DEPLOY_TLS_PORT=9", "GIT_CEILING_DIRECTORIES=" + filepath.Dir(root),
	}
	return e
}

func (e *engine) run(name string, extra []string, arguments ...string) ran {
	e.t.Helper()
	_ = os.Remove(filepath.Join(e.root, "calls"))
	return script(e.t, e.root, append(slices.Clone(e.environment), extra...), name, append([]string{"--root", e.root}, arguments...)...)
}

func (e *engine) calls() string {
	e.t.Helper()
	text, err := os.ReadFile(filepath.Join(e.root, "calls"))
	require.NoError(e.t, err)
	return string(text)
}

// inOrder requires the parts to follow each other.
func inOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	at := 0
	for _, part := range parts {
		found := strings.Index(text[at:], part)
		require.GreaterOrEqual(t, found, 0, "%q comes after the others in:\n%s", part, text)
		at += found + len(part)
	}
}

func TestADeploymentGoesStepByStep(t *testing.T) {
	t.Parallel()
	e := newEngine(t, map[string]string{"CABANAS_VERSION": "v1", "BUILD_ID": "v1"})
	done := e.run("deploy.sh", nil, "v2")
	done.requireOK(t)
	require.Contains(t, done.output, "v2 runs (before: v1)")
	inOrder(t, e.calls(), "config --quiet", "nginx -t", "compose build", "/deploy/backup.sh", "run --rm --no-deps -T migrate", "setup\n", "doctor --replay",
		"up -d --wait --no-deps --no-recreate --scale worker-conversation=2", "setup --make-current", "up -d --wait --no-deps api codec", "up -d --wait nginx postgres grafana")
	require.NotContains(t, e.calls(), "stop --time", "bookings that began with the old build end with it")
	settings := readSettings(t, filepath.Join(e.root, ".env"))
	require.Equal(t, "v2", settings["CABANAS_VERSION"])
	require.Equal(t, "v2", settings["BUILD_ID"])

	e.run("deploy.sh", []string{"DRAINAGE=draining"}, "--retire").requireOK(t)
	require.NotContains(t, e.calls(), "stop")
	e.run("deploy.sh", nil, "--retire").requireOK(t)
	inOrder(t, e.calls(), "--build-id v1", "stop --time 40 c1 c2 c3 c4 c5", "rm c1 c2 c3 c4 c5")
	require.NoFileExists(t, filepath.Join(e.root, ".env.old-workers"))
}

func TestWorkersWithoutABuildAreReplacedAtOnce(t *testing.T) {
	t.Parallel()
	e := newEngine(t, map[string]string{"CABANAS_VERSION": "v1", "BUILD_ID": ""})
	e.run("deploy.sh", nil, "v2").requireOK(t)
	require.NotContains(t, e.calls(), "make-current")
	inOrder(t, e.calls(), "--no-recreate", "up -d --wait --no-deps api codec", "stop --time 40 c1 c2 c3 c4 c5", "rm c1")
}

func TestADeploymentThatFailsSaysHowToGoBack(t *testing.T) {
	t.Parallel()
	for step, failing := range map[string]string{
		"building": "compose build", "backing up": "backup.sh", "migrating": "--no-deps -T migrate", "replaying": "doctor --replay",
		"starting new workers": "--no-recreate", "giving the work": "--make-current", "replacing the API": "api codec",
	} {
		e := newEngine(t, map[string]string{"CABANAS_VERSION": "v1", "BUILD_ID": "v1"})
		got := e.run("deploy.sh", []string{"FAILING=" + failing}, "v2")
		require.NotZero(t, got.status, "%s: %s", step, got.output)
		require.Contains(t, got.output, "deploy.sh: FAILED while: "+step)
		require.Contains(t, got.output, "docker compose up -d --wait")
		require.Equal(t, "v1", readSettings(t, filepath.Join(e.root, ".env"))["CABANAS_VERSION"], "what ran before is named again")
		require.NotContains(t, e.calls(), "stop --time")
	}
	e := newEngine(t, map[string]string{"CABANAS_VERSION": "v1", "BUILD_ID": "v1"})
	got := e.run("deploy.sh", []string{"SMOKE_URL=http://127.0.0.1:9"}, "v2")
	require.NotZero(t, got.status)
	require.Contains(t, got.output, "FAILED while: asking from outside")
}

func TestTheCheckBeforeADeployment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		settings map[string]string
		extra    []string
		ok       bool
		want     string
	}{
		{"all is well", nil, nil, true, "nothing is in the way"},
		{"migrations to come", nil, []string{"MIGRATION=pending"}, true, "the schema will go up by 1 migrations"},
		{"an account is missing", map[string]string{"WHATSAPP_APP_SECRET": ""}, nil, false, "FAIL  the outside accounts are filled in: WHATSAPP_APP_SECRET"},
		{"the settings are refused", nil, []string{"FAILING=doctor"}, false, "FAIL  the program takes the settings: the engine says no"},
		{"the compose file is refused", nil, []string{"FAILING=config"}, false, "FAIL  docker compose reads its file"},
		{"nginx refuses", nil, []string{"FAILING=nginx -t"}, false, "FAIL  nginx takes its configuration"},
		{"nothing runs yet", nil, []string{"FAILING=migrate status"}, true, "WARN  the schema"},
	} {
		e := newEngine(t, c.settings)
		got := e.run("pre-deploy-check.sh", c.extra)
		require.Equal(t, c.ok, got.status == 0, "%s: %s", c.name, got.output)
		require.Contains(t, got.output, c.want, c.name)
	}
	e := newEngine(t, nil)
	require.NoError(t, os.Chmod(filepath.Join(e.root, ".env"), 0o644))
	e.run("pre-deploy-check.sh", nil).requireRefused(t, "chmod 600 .env")

	// A real certificate that ends too soon is found at a real door.
	p := newProxy(t, echo("api"), nil)
	tlsPort := p.https[strings.LastIndex(p.https, ":")+1:]
	e = newEngine(t, nil)
	e.environment = append(e.environment, "PRE_DEPLOY_TLS_PORT="+tlsPort)
	good := e.run("pre-deploy-check.sh", nil)
	good.requireOK(t)
	require.Contains(t, good.output, "ok    the certificate is good for two weeks")
}
