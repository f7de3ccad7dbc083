package deploy

import (
	"bufio"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"cabanas/internal/config"
	"cabanas/internal/embedded/embeddedtest"
)

// outside are the accounts that only the owner can bring.
var outside = map[string]string{
	"WHATSAPP_ACCESS_TOKEN": "EAAGm0PX4ZCpsBAKZC", "WHATSAPP_APP_SECRET": "9f86d081884c7d659a2feaa0c55ad015", "WHATSAPP_PHONE_ID": "106540352242922",
	"MERCADOPAGO_ACCESS_TOKEN": "APP_USR-7c9e6679-7425-40de-944b", "MERCADOPAGO_WEBHOOK_SECRET": "e07fc1f90ae7c55a48b6b8d9f3d81b52",
}

// generated runs the generator and returns what is in the file, and what was said.
func generated(t *testing.T) (folder string, settings map[string]string, said string) {
	t.Helper()
	folder = t.TempDir()
	made := script(t, folder, nil, "generate-secrets.sh", "--domain", "reservas.example.org", "--email", "ana@example.org")
	made.requireOK(t)
	return folder, readSettings(t, filepath.Join(folder, ".env")), made.stdout
}

func readSettings(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	settings := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, found := strings.Cut(lines.Text(), "="); found && !strings.HasPrefix(name, "#") {
			require.NotContains(t, settings, name, "named once")
			settings[name] = value
		}
	}
	return settings
}

func TestGeneratedSecretsAreAllThatProductionAsksFor(t *testing.T) {
	t.Parallel()
	folder, settings, said := generated(t)
	for _, name := range []string{".env", ".env.htpasswd"} {
		info, err := os.Stat(filepath.Join(folder, name))
		require.NoError(t, err)
		require.Equal(t, map[string]os.FileMode{".env": 0o600, ".env.htpasswd": 0o644}[name], info.Mode().Perm(), name)
	}
	// As it is, what is missing is what only the owner has.
	_, err := config.Load(func(name string) string { return settings[name] })
	var missing []string
	for _, problem := range config.AsProblems(err) {
		missing = append(missing, problem.Variable)
	}
	var wanted []string
	for name := range outside {
		wanted = append(wanted, name)
	}
	require.ElementsMatch(t, wanted, missing)
	maps.Copy(settings, outside)
	loaded, err := config.Load(func(name string) string { return settings[name] })
	require.NoError(t, err)
	require.True(t, loaded.IsProduction())
	require.Len(t, loaded.PayloadKeys, 1)

	token := regexp.MustCompile(`token of the first owner: ([0-9a-f]{48})`).FindStringSubmatch(said)
	require.NotNil(t, token, said)
	for _, value := range settings {
		require.NotContains(t, value, token[1], "the token itself is kept nowhere")
	}
	_, other, _ := generated(t)
	for name, value := range settings {
		if regexp.MustCompile(`SECRET|PASSWORD|PASSPHRASE|KEYS|VERIFY|HASH|_URL`).MatchString(name) && outside[name] == "" && len(value) > 50 {
			require.NotEqual(t, value, other[name], name)
		}
	}

	again := script(t, folder, nil, "generate-secrets.sh", "--domain", "reservas.example.org")
	again.requireRefused(t, "is there already")
	for _, domain := range []string{"https://reservas.example.org", "reservas", "a b.org", "x.org;rm"} {
		script(t, t.TempDir(), nil, "generate-secrets.sh", "--domain", domain).requireRefused(t, domain)
	}
}

// The whole way in: nginx with TLS, the API in production as its own process, real Postgres, Redis and Temporal.
func TestASmokeTestPassesOnARunningInstallation(t *testing.T) {
	t.Parallel()
	path, err := program()
	require.NoError(t, err)
	_, settings, _ := generated(t)
	maps.Copy(settings, outside)
	settings["DATABASE_URL"], settings["REDIS_URL"] = embeddedtest.Database(t, nil), embeddedtest.Redis(t)
	settings["TEMPORAL_ADDRESS"], settings["TEMPORAL_NAMESPACE"] = embeddedtest.Namespace(t)
	host, port, err := net.SplitHostPort(freePort(t))
	require.NoError(t, err)
	settings["BIND_ADDRESS"], settings["PORT"], settings["TRUSTED_PROXIES"] = host, port, "127.0.0.0/8"
	settings["METRICS_ADDR"] = "127.0.0.1:0"
	for _, name := range []string{"WHATSAPP_API_URL", "MERCADOPAGO_API_URL", "WHISPER_API_URL"} {
		settings[name] = "http://127.0.0.1:9" // Nobody outside hears of a test.
	}
	environment := []string{"PATH=" + os.Getenv("PATH")}
	for name, value := range settings {
		environment = append(environment, name+"="+value)
	}
	for _, arguments := range [][]string{{"migrate", "up"}, {"setup", "--seed"}} {
		command := exec.CommandContext(t.Context(), path, arguments...)
		command.Env = environment
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s: %s", arguments, out)
	}
	for _, part := range []string{"api", "worker"} {
		process := exec.CommandContext(context.Background(), path, part)
		process.Env = environment
		require.NoError(t, process.Start())
		t.Cleanup(func() {
			_ = process.Process.Signal(syscall.SIGTERM)
			_ = process.Wait()
		})
	}
	address := "http://" + net.JoinHostPort(host, port)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		answer, err := http.Get(address + "/healthz") //nolint:noctx // a test's end ends it
		require.NoError(c, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		require.NoError(c, err)
		require.NotRegexp(c, "degraded|unhealthy", string(body))
	}, 90*time.Second, 200*time.Millisecond)

	p := newProxy(t, echo("unused"), map[string]string{"NGINX_API": address})
	_, tlsPort, err := net.SplitHostPort(strings.TrimPrefix(p.https, "https://"))
	require.NoError(t, err)
	public := "reservas.example.org:" + tlsPort
	smoke := script(t, t.TempDir(), nil, "smoke-test.sh", "--insecure", "--resolve", public+":127.0.0.1", "https://"+public)
	smoke.requireOK(t)
	require.NotContains(t, smoke.output, "FAIL")
	require.Regexp(t, `(\d\d) of (\d\d) checks passed`, smoke.output)

	// The same with a certificate nobody trusts, when it is not asked to overlook that.
	strict := script(t, t.TempDir(), nil, "smoke-test.sh", "--resolve", public+":127.0.0.1", "https://"+public)
	require.Equal(t, 1, strict.status)
	require.Contains(t, strict.output, "certificate")
}

// sound answers as an installation should; the tests break one thing each.
func sound(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Frame-Options", "DENY")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("RateLimit", `"public-read";r=59;t=60`)
	say := func(status int, body string) {
		header.Set("Content-Type", "application/json")
		if status >= 400 {
			header.Set("Content-Type", "application/problem+json")
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
	switch path := r.Method + " " + r.URL.Path; {
	case path == "GET /healthz", path == "GET /readyz":
		say(200, `{"status":"healthy","checks":{"database":{"status":"healthy"}}}`)
	case path == "GET /openapi.json":
		say(200, `{"openapi":"3.1.0"}`)
	case path == "GET /docs":
		say(200, `<script src="/docs/page.js"></script>`)
	case path == "GET /api/v1/accommodations":
		say(200, `{"items":[{"id":7}],"next_cursor":null}`)
	case path == "GET /api/v1/accommodations/7/availability":
		say(200, `{"available":true}`)
	case strings.Contains(path, "/webhooks/"):
		say(403, `{}`)
	case strings.Contains(path, "/admin/"):
		say(401, `{}`)
	case path == "DELETE /api/v1/accommodations":
		say(405, `{}`)
	case r.Method == http.MethodOptions:
		say(403, `{}`)
	default:
		say(404, `{}`)
	}
}

// answering changes the answers of one path.
func answering(pattern string, change func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc)) http.HandlerFunc {
	matches := regexp.MustCompile(pattern)
	return func(w http.ResponseWriter, r *http.Request) {
		if matches.MatchString(r.Method + " " + r.URL.RequestURI()) {
			change(w, r, sound)
			return
		}
		sound(w, r)
	}
}

func status(code int, body string) func(http.ResponseWriter, *http.Request, http.HandlerFunc) {
	return func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		record := httptest.NewRecorder()
		sound(record, r)
		maps.Copy(w.Header(), record.Header())
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

// rewritten passes the sound answer on with one header changed.
func rewritten(name, value string) func(http.ResponseWriter, *http.Request, http.HandlerFunc) {
	return func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		record := httptest.NewRecorder()
		next(record, r)
		maps.Copy(w.Header(), record.Header())
		w.Header().Set(name, value)
		if value == "" {
			w.Header().Del(name)
		}
		w.WriteHeader(record.Code)
		_, _ = w.Write(record.Body.Bytes())
	}
}

// The smoke test this replaces passed whatever happened.
func TestASmokeTestFailsForEachThingThatIsBroken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern string
		change  func(http.ResponseWriter, *http.Request, http.HandlerFunc)
		want    string
	}{
		{"^nothing$", nil, ""},
		{"GET /healthz", status(503, `{"status":"unhealthy"}`), "FAIL  health answers: answered 503"},
		{"GET /healthz", status(200, `{"status":"healthy","checks":{"redis":{"status":"degraded"}}}`), `FAIL  every part is healthy: "redis":{"status":"degraded"`},
		{"GET /healthz", rewritten("X-Frame-Options", ""), "FAIL  nothing may be framed"},
		{"GET /healthz", rewritten("X-Content-Type-Options", ""), "FAIL  types are not guessed"},
		{"GET /healthz", rewritten("Content-Security-Policy", "default-src 'none'; script-src 'unsafe-inline'"), "FAIL  no inline script"},
		{"GET /healthz", rewritten("Referrer-Policy", "unsafe-url"), "FAIL  addresses are not told"},
		{"GET /healthz", rewritten("Server", "nginx/1.28.0"), "FAIL  no version is told: nginx/1.28.0"},
		{"GET /readyz", status(503, ""), "FAIL  it takes requests"},
		{"GET /openapi.json", status(200, `{"openapi":"3.0.3"}`), "FAIL  the description is OpenAPI 3.1"},
		{"GET /docs", status(200, `<script src="https://cdn.example.com/x.js">`), "FAIL  it loads nothing from elsewhere: https://cdn.example.com/x.js"},
		{"GET /api/v1/accommodations$", status(200, `{"items":[]}`), "FAIL  there is one"},
		{"GET /api/v1/accommodations$", rewritten("RateLimit", ""), "FAIL  requests are counted"},
		{"availability", status(500, ""), "FAIL  availability is told: answered 500"},
		{"availability", status(200, "{}"), "FAIL  it says free or not"},
		{"POST /api/v1/webhooks/whatsapp", status(200, ""), "FAIL  an unsigned message is refused: answered 200"},
		{"POST /api/v1/webhooks/mercadopago", status(200, ""), "FAIL  an unsigned payment is refused"},
		{"GET /api/v1/webhooks/whatsapp", status(200, "1"), "FAIL  a guessed verify token is refused"},
		{"GET /api/v1/admin/reservations", status(200, "[]"), "FAIL  staff's pages need a token"},
		{"POST /api/v1/admin/login", status(200, "{}"), "FAIL  a default password is refused"},
		{"GET /metrics", status(200, "go_goroutines 1"), "FAIL  metrics are not for everybody"},
		{"DELETE", status(404, ""), "FAIL  a wrong method is refused"},
		{"GET /no-such-page", status(200, "<html>"), "FAIL  what is not there is not found"},
		{"OPTIONS", rewritten("Access-Control-Allow-Origin", "*"), "FAIL  other sites may not ask"},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(answering(c.pattern, c.change))
			t.Cleanup(server.Close)
			smoke := script(t, t.TempDir(), nil, "smoke-test.sh", server.URL)
			if c.want == "" {
				smoke.requireOK(t)
				return
			}
			require.Equal(t, 1, smoke.status, smoke.output)
			require.Contains(t, smoke.output, c.want)
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		smoke := script(t, t.TempDir(), nil, "smoke-test.sh", "http://"+freePort(t))
		require.Equal(t, 1, smoke.status)
		require.Contains(t, smoke.output, "answered 000")
	})
}
