package supervisor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"cabanas/internal/embedded"
	"cabanas/internal/supervisor"
)

// given names the stores, so that only the program's own parts are started.
var given = []string{"DATABASE_URL=postgres://app:pw@db/cabanas", "REDIS_URL=redis://cache", "TEMPORAL_ADDRESS=temporal:7233"}

func TestStartsTheProgramAndRestartsWhatDies(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	var stdout lockedBuffer
	running, stop := start(t, supervisor.Options{Home: home, Stdout: &stdout, Env: environment(given...)})
	info := running.Info()
	require.Equal(t, info, readInfo(t, home))
	require.Equal(t, os.Getpid(), info.PIDs["dev"])
	require.Len(t, info.PIDs, 4, "given parts have no pid: %v", info.PIDs)
	require.Equal(t, "postgres://app:pw@db/cabanas", info.DatabaseURL)
	require.Equal(t, "redis://cache", info.RedisURL)
	require.Equal(t, "temporal:7233", info.TemporalAddress)
	require.Empty(t, info.TemporalUIURL)
	require.Equal(t, []string{info.APIURL + "/metrics", info.MetricsURLs[1]}, info.MetricsURLs)
	require.NotEmpty(t, info.Owner.SetupToken)
	require.Contains(t, info.Owner.Email, "@")
	require.Equal(t, "migrate up\nsetup --seed\n", read(t, filepath.Join(home, "calls")))

	for _, part := range []string{"api", "worker", "sandbox"} {
		before := running.Info().PIDs[part]
		require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
		require.EventuallyWithT(t, func(ct *assert.CollectT) {
			now := readInfo(t, home).PIDs[part]
			require.NotZero(ct, now)
			require.NotEqual(ct, before, now)
		}, 20*time.Second, 10*time.Millisecond)
	}
	require.EventuallyWithT(t, func(ct *assert.CollectT) { require.NotEmpty(ct, env(ct, info.APIURL)) }, 20*time.Second, 20*time.Millisecond)

	pids := running.Info().PIDs
	delete(pids, "dev")
	stop()
	for part, pid := range pids {
		require.False(t, embedded.Alive(pid), part)
	}
	require.NoFileExists(t, filepath.Join(home, "dev.json"))
	require.FileExists(t, filepath.Join(home, "logs", "api.log"))
	require.Contains(t, stdout.String(), "a part ended and is restarted")
}

func TestChildrenGetEverySetting(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	running, stop := start(t, supervisor.Options{Home: home, NoSeed: true, Quiet: true, Env: environment(append(given,
		"WHATSAPP_APP_SECRET=mine", "OWNER_EMAIL=owner@cabins.ar", "ENVIRONMENT=", "HOLD_TTL=2s")...)})
	info := running.Info()
	require.Equal(t, "owner@cabins.ar", info.Owner.Email)
	require.Equal(t, "migrate up\nsetup\n", read(t, filepath.Join(home, "calls")))
	api, worker, sandbox := env(t, info.APIURL), env(t, strings.TrimSuffix(info.MetricsURLs[1], "/metrics")), env(t, info.SandboxURL)
	for _, name := range []string{
		"JWT_SECRET", "SETUP_TOKEN_HASH", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_VERIFY_TOKEN", "WHATSAPP_PHONE_ID", "MERCADOPAGO_ACCESS_TOKEN",
		"MERCADOPAGO_WEBHOOK_SECRET", "WHATSAPP_APP_SECRET", "BASE_URL", "METRICS_ADDR",
	} {
		require.NotEmpty(t, api[name], name)
		require.Equal(t, api[name], worker[name], name)
		require.Equal(t, api[name], sandbox[name], name)
	}
	require.Equal(t, "mine", api["WHATSAPP_APP_SECRET"], "what is set is used")
	shell, err := exec.CommandContext(t.Context(), "sh", "-c", `set -a; . "$1"; printf '%s|' "$WHATSAPP_APP_SECRET" "$JWT_SECRET" "$OWNER_NAME" "$DATABASE_URL"`,
		"sh", filepath.Join(home, "settings.env")).Output()
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("mine|%s||%s|", api["JWT_SECRET"], api["DATABASE_URL"]), string(shell), "a shell gets the settings, and nothing else of the environment")
	require.Equal(t, "2s", api["HOLD_TTL"])
	require.Equal(t, "development", api["ENVIRONMENT"], "an empty setting is none")
	require.Equal(t, info.SandboxURL+"/graph", api["WHATSAPP_API_URL"])
	require.Equal(t, info.SandboxURL+"/mp", api["MERCADOPAGO_API_URL"])
	require.Equal(t, info.SandboxURL+"/speech", api["WHISPER_API_URL"])
	require.Equal(t, info.APIURL, sandbox["SANDBOX_TARGET_URL"])
	require.Equal(t, home, api["CABANAS_HOME"])
	require.NotEqual(t, info.Owner.SetupToken, api["SETUP_TOKEN_HASH"])
	stop()

	mode, err := os.Stat(filepath.Join(home, "secrets.json"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), mode.Mode().Perm())
	again, _ := start(t, supervisor.Options{Home: home, Quiet: true, Env: environment(given...)})
	require.Equal(t, api["JWT_SECRET"], env(t, again.Info().APIURL)["JWT_SECRET"], "secrets are kept between runs")
	require.Equal(t, info.Owner.SetupToken, again.Info().Owner.SetupToken)
}

func TestGivenProvidersNeedNoSandbox(t *testing.T) {
	t.Parallel()
	running, _ := start(t, supervisor.Options{Home: t.TempDir(), Quiet: true, Env: environment(append(given,
		"WHATSAPP_API_URL=http://127.0.0.1:1/meta", "MERCADOPAGO_ACCESS_TOKEN=APP_USR-1", "BASE_URL=https://cabins.ar")...)})
	info := running.Info()
	require.Empty(t, info.SandboxURL)
	require.NotContains(t, info.PIDs, "sandbox")
	api := env(t, info.APIURL)
	require.Equal(t, "http://127.0.0.1:1/meta", api["WHATSAPP_API_URL"])
	require.Empty(t, api["MERCADOPAGO_API_URL"], "the program's own default is the real address")
	require.Empty(t, api["WHISPER_API_URL"], "the stand-in does not hear real guests")
	require.Equal(t, "https://cabins.ar", api["BASE_URL"])
	require.NotEmpty(t, api["WHATSAPP_APP_SECRET"], "what is not set is made up")
}

func TestEncryptedPayloadsGetACodecServer(t *testing.T) {
	t.Parallel()
	running, _ := start(t, supervisor.Options{Home: t.TempDir(), Quiet: true, Env: environment(append(given, "PAYLOAD_KEYS=a:b")...)})
	require.Contains(t, running.Info().PIDs, "codec")
	api := env(t, running.Info().APIURL)
	require.Equal(t, "a:b", env(t, "http://"+api["CODEC_ADDR"])["PAYLOAD_KEYS"])
}

func TestPortAskedForByName(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := listener.Addr().(*net.TCPAddr).Port
	opts := supervisor.Options{Home: t.TempDir(), Quiet: true, Env: environment(append(given, fmt.Sprintf("PORT=%d", port))...)}
	opts.Program, opts.Stdout = testProgram(t), &lockedBuffer{}
	_, err = supervisor.Start(t.Context(), opts)
	require.ErrorContains(t, err, "PORT")
	require.ErrorContains(t, err, "is taken")

	require.NoError(t, listener.Close())
	running, _ := start(t, opts)
	require.Equal(t, fmt.Sprintf("http://127.0.0.1:%d", port), running.Info().APIURL)
}

func TestTwoSystemsMoveApart(t *testing.T) {
	t.Parallel()
	var stdout lockedBuffer
	first, _ := start(t, supervisor.Options{Home: t.TempDir(), Quiet: true, Env: environment(given...)})
	second, _ := start(t, supervisor.Options{Home: t.TempDir(), Quiet: true, Env: environment(given...), Stdout: &stdout})
	require.NotEqual(t, first.Info().APIURL, second.Info().APIURL)
	require.Contains(t, stdout.String(), "port 8000 is taken: api is on ")
	require.NotEmpty(t, env(t, first.Info().APIURL))
	require.NotEmpty(t, env(t, second.Info().APIURL))
}

// Webhooks that were not taken when everything died wait for the port they were meant for.
func TestKilledSystemComesBackOnItsPorts(t *testing.T) {
	t.Parallel()
	port, err := embedded.FreePort(0)
	require.NoError(t, err)
	home := t.TempDir()
	left := filepath.Join(home, "ports.json")
	require.NoError(t, os.WriteFile(left, fmt.Appendf(nil, `{"api": %d}`, port), 0o600))
	running, stop := start(t, supervisor.Options{Home: home, Quiet: true, Env: environment(given...)})
	require.Equal(t, fmt.Sprintf("http://127.0.0.1:%d", port), running.Info().APIURL)
	require.FileExists(t, left)
	stop()
	require.NoFileExists(t, left, "the next run looks in the usual places")
}

func TestOneSystemPerHome(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	start(t, supervisor.Options{Home: home, Quiet: true, Env: environment(given...)})
	_, err := supervisor.Start(t.Context(), supervisor.Options{Home: home, Env: environment(given...), Program: testProgram(t)})
	require.ErrorContains(t, err, "another `cabanas dev`")
	require.ErrorContains(t, err, fmt.Sprint(os.Getpid()))
}

func TestPartsThatNeverStart(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"migrate", "setup", "sandbox", "worker", "api"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			_, err := supervisor.Start(t.Context(), supervisor.Options{
				Home: home, Quiet: true, Stdout: &lockedBuffer{}, Env: environment(append(given, "FAKE_FAILS="+part)...), Program: testProgram(t),
			})
			require.ErrorContains(t, err, part)
			require.ErrorContains(t, err, "the moon is in the wrong phase")
			require.NoFileExists(t, filepath.Join(home, "dev.json"), "all is stopped")
		})
	}
}

// The supervisor itself is killed: its children do not stay, or the next start ends them.
func TestKilledSupervisorLeavesNothing(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	cmd := exec.Command(testProgram(t), "dev")
	cmd.Env = environment(append(given, "CABANAS_HOME="+home)...)
	require.NoError(t, cmd.Start())
	killed := sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	t.Cleanup(killed)
	var left supervisor.DevInfo
	require.EventuallyWithT(t, func(ct *assert.CollectT) {
		left = readInfo(t, home)
		require.Len(ct, left.PIDs, 4)
	}, 30*time.Second, 10*time.Millisecond)
	killed()
	delete(left.PIDs, "dev")

	start(t, supervisor.Options{Home: home, Quiet: true, Env: environment(given...)})
	for part, pid := range left.PIDs {
		require.NotContains(t, embedded.CommandLine(pid), filepath.Base(testProgram(t)), part)
	}
}

func TestResetStartsOver(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	running, stop := start(t, supervisor.Options{Home: home, Quiet: true, Env: environment(given...)})
	token := running.Info().Owner.SetupToken
	stop()
	require.NoError(t, os.MkdirAll(filepath.Join(home, "sandbox"), 0o755))
	again, _ := start(t, supervisor.Options{Home: home, Quiet: true, Reset: true, Env: environment(given...)})
	require.NotEqual(t, token, again.Info().Owner.SetupToken)
	require.NoDirExists(t, filepath.Join(home, "sandbox"))
}

func TestResetAlone(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	opts := supervisor.Options{Home: home, Quiet: true, Stdout: &lockedBuffer{}, Env: environment(given...)}
	_, stop := start(t, opts)
	require.ErrorContains(t, supervisor.Reset(t.Context(), opts), "another `cabanas dev`")
	require.FileExists(t, filepath.Join(home, "secrets.json"))
	stop()
	require.NoError(t, supervisor.Reset(t.Context(), opts))
	require.NoFileExists(t, filepath.Join(home, "secrets.json"))
}

// start runs a system of fake parts until the test, or the returned function, stops it.
func start(t *testing.T, opts supervisor.Options) (*supervisor.Running, func()) {
	t.Helper()
	opts.Program = testProgram(t)
	if opts.Stdout == nil {
		opts.Stdout = &lockedBuffer{}
	}
	ctx, cancel := context.WithCancel(context.Background())
	running, err := supervisor.Start(ctx, opts)
	if err != nil {
		cancel()
	}
	require.NoError(t, err)
	stop := sync.OnceFunc(func() {
		begun := time.Now()
		cancel()
		require.NoError(t, running.Wait())
		require.Less(t, time.Since(begun), 30*time.Second)
	})
	t.Cleanup(stop)
	return running, stop
}

func testProgram(t *testing.T) string {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	return program
}

func environment(settings ...string) []string {
	return append([]string{fakeVariable + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, settings...)
}

// env asks a fake part what it was started with.
func env(t require.TestingT, address string) map[string]string {
	response, err := http.Get(address + "/env")
	require.NoError(t, err)
	defer response.Body.Close()
	var values map[string]string
	require.NoError(t, json.NewDecoder(response.Body).Decode(&values))
	return values
}

func readInfo(t *testing.T, home string) supervisor.DevInfo {
	t.Helper()
	var info supervisor.DevInfo
	raw, err := os.ReadFile(filepath.Join(home, "dev.json"))
	if os.IsNotExist(err) {
		return info
	}
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &info), "dev.json is never half written")
	return info
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(raw)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
