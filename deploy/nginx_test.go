package deploy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/api"
	"cabanas/api/apitest"
	"cabanas/internal/observe"
)

// proxy is a real nginx with the template of production before servers that write down what reaches them.
type proxy struct {
	t      *testing.T
	http   string // http://127.0.0.1:port
	https  string
	client *http.Client // Trusts the certificate and follows no redirects.
	folder string
}

// arrived is a request as a server behind the proxy saw it.
type arrived struct {
	Server, Method, URI, Body string
	Header                    http.Header
}

// echo answers with what it was asked, as JSON; what a path ends with makes it answer otherwise.
func echo(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Server", "the upstream")
		w.Header().Set("X-Request-Id", "r-1")
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", "/login")
		if strings.Contains(r.URL.RawQuery, "status=503") {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(arrived{Server: name, Method: r.Method, URI: r.RequestURI, Body: string(body), Header: r.Header})
	})
}

// newProxy starts nginx before a server of the API and echoes for the others. Settings override those of the compose file.
func newProxy(t *testing.T, upstream http.Handler, settings map[string]string) *proxy {
	t.Helper()
	// Not t.TempDir: its parents are closed to the account that nginx runs as.
	folder, err := os.MkdirTemp("", "cabanas-nginx-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	require.NoError(t, os.Chmod(folder, 0o755))
	p := &proxy{t: t, folder: folder}
	start := func(handler http.Handler) string {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		return server.URL
	}
	values := nginxSettings(t)
	plain, secure := freePort(t), freePort(t)
	maps.Copy(values, map[string]string{
		"NGINX_RUN": p.folder, "NGINX_ACCESS_LOG": filepath.Join(p.folder, "access.log"), "NGINX_RESOLVER": "127.0.0.1", "NGINX_DOMAIN": "reservas.example.org",
		"NGINX_HTTP_LISTEN": plain, "NGINX_HTTPS_LISTEN": secure, "NGINX_CERTIFICATES": p.folder,
		"NGINX_PASSWORDS": filepath.Join(p.folder, "operators"), "NGINX_PAGES": p.folder, "NGINX_ACME": p.folder,
		"NGINX_API": start(upstream), "NGINX_TEMPORAL_UI": start(echo("temporal-ui")), "NGINX_GRAFANA": start(echo("grafana")), "NGINX_CODEC": start(echo("codec")),
		"NGINX_GENERAL_RATE": "10000r/s", "NGINX_GENERAL_BURST": "10000",
	})
	maps.Copy(values, settings)
	p.http, p.https = "http://"+plain, "https://"+secure
	p.client = p.trust(p.certificate())
	// sha512-crypt of "secreto" with a fixed salt, as deploy/generate-secrets.sh writes it.
	p.write("operators", "operador:$6$sal$708H9UCtpunP63psPBUWILqtdSv1OM0ir4mQj/2WwUA018TMDxEJOUJz5OoG2UfaYrP4Pn2g44j/jTQYNUjiS0\n")
	page, err := os.ReadFile("nginx/maintenance.html")
	require.NoError(t, err)
	p.write("maintenance.html", string(page))
	p.write("nginx.conf", render(t, values))
	p.start(plain)
	return p
}

var placeholder = regexp.MustCompile(`\$\{(NGINX_[A-Z_]+)\}`)

// render fills the template in as the image's start script does.
func render(t *testing.T, values map[string]string) string {
	t.Helper()
	template, err := os.ReadFile("nginx/nginx.conf.template")
	require.NoError(t, err)
	return placeholder.ReplaceAllStringFunc(string(template), func(found string) string {
		value, known := values[placeholder.FindStringSubmatch(found)[1]]
		require.True(t, known, "%s is set in docker-compose.yml", found)
		return value
	})
}

func (p *proxy) write(name, content string) {
	p.t.Helper()
	require.NoError(p.t, os.WriteFile(filepath.Join(p.folder, name), []byte(content), 0o644))
}

func (p *proxy) start(address string) {
	p.t.Helper()
	arguments := []string{"-e", "stderr", "-c", filepath.Join(p.folder, "nginx.conf"), "-p", p.folder}
	out, err := exec.CommandContext(p.t.Context(), nginxProgram(), append(arguments, "-t", "-q")...).CombinedOutput()
	require.NoError(p.t, err, "%s", out)
	require.Empty(p.t, regexp.MustCompile(`(?m)^.*\[(emerg|alert|crit)\].*$`).Find(out))

	var log bytes.Buffer
	both := &shared{to: &log}
	nginx := exec.CommandContext(context.Background(), nginxProgram(), append(arguments, "-g", "daemon off; master_process off;")...)
	nginx.Stdout, nginx.Stderr = both, both
	if os.Geteuid() == 0 { // As in its container: an account that owns nothing but its folder.
		require.NoError(p.t, filepath.WalkDir(p.folder, func(path string, _ os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Chown(path, 65534, 65534)
		}))
		nginx.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	require.NoError(p.t, nginx.Start())
	ended := make(chan struct{})
	go func() {
		_ = nginx.Wait()
		close(ended)
	}()
	p.t.Cleanup(func() {
		_ = nginx.Process.Signal(syscall.SIGTERM)
		<-ended
		if p.t.Failed() {
			p.t.Log(log.String())
		}
	})
	require.Eventually(p.t, func() bool {
		select {
		case <-ended:
			return true
		default:
		}
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 20*time.Second, 10*time.Millisecond)
	select {
	case <-ended:
		require.Fail(p.t, "nginx has ended")
	default:
	}
}

// nginxProgram is where Debian keeps it when it is not on PATH: accounts other than root do not look there.
func nginxProgram() string {
	if path, err := exec.LookPath("nginx"); err == nil {
		return path
	}
	return "/usr/sbin/nginx"
}

// certificate makes one for the proxy and returns it.
func (p *proxy) certificate() *x509.Certificate {
	p.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(p.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "reservas.example.org"}, DNSNames: []string{"reservas.example.org"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 2, 0), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(p.t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(p.t, err)
	p.write("fullchain.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	p.write("privkey.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	certificate, err := x509.ParseCertificate(der)
	require.NoError(p.t, err)
	return certificate
}

func (p *proxy) trust(certificate *x509.Certificate) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, DisableCompression: true}
	p.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (p *proxy) do(method, address, body string, headers ...string) (*http.Response, string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, address, strings.NewReader(body))
	require.NoError(p.t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	if host := request.Header.Get("Host"); host != "" {
		request.Host = host
	}
	answer, err := p.client.Do(request)
	require.NoError(p.t, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	require.NoError(p.t, err)
	require.NotContains(p.t, answer.Header.Get("Server"), "/", "no version in the banner")
	require.NotContains(p.t, answer.Header.Get("Server"), "upstream")
	return answer, string(content)
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// routes are all of the API, with every option on.
func routes(t *testing.T) []api.Route {
	t.Helper()
	registry := observe.NewRegistry()
	server, err := api.New(apitest.Everything(t, api.Options{
		Metrics: observe.NewMetrics(registry), Gatherer: registry, Logger: slog.New(slog.DiscardHandler), Version: "test",
		VerifyWhatsApp:     func(string, []byte) bool { return false },
		VerifySubscription: func(url.Values) (string, bool) { return "", false },
		VerifyMercadoPago:  func(string, string, string) bool { return false },
	}))
	require.NoError(t, err)
	require.Greater(t, len(server.Routes()), 40)
	return server.Routes()
}

// D-05: the proxy this replaces answered 444 to every route of the staff.
func TestEveryRouteReachesTheAPIUnchanged(t *testing.T) {
	t.Parallel()
	p := newProxy(t, echo("api"), map[string]string{"NGINX_LOGIN_BURST": "1000", "NGINX_WEBHOOK_BURST": "10000"})
	parameter := regexp.MustCompile(`\{[^}]+\}`)
	for _, route := range routes(t) {
		target := parameter.ReplaceAllString(route.Path, "a%20b-1") + "?q=%C3%B1&path=../x"
		body := ""
		if route.Method != http.MethodGet {
			body = `{"text":"¿tenés lugar?"}`
		}
		answer, content := p.do(route.Method, p.https+target, body, "Authorization", "Bearer t", "X-Forwarded-For", "203.0.113.9", "Forwarded", "for=203.0.113.9",
			"X-Signature", "ts=1,v1=2", "X-Request-Id", "from-outside", "X-Hub-Signature-256", "sha256=00", "Idempotency-Key", "k", "X-Reservation-Token", "t",
			"If-None-Match", `"e"`, "Origin", "https://panel.example.org", "Last-Event-ID", "7", "Host", "reservas.example.org")
		name := route.Method + " " + route.Path
		if route.Path == "/metrics" {
			require.Equal(t, http.StatusNotFound, answer.StatusCode, name)
			continue
		}
		require.Equal(t, http.StatusOK, answer.StatusCode, "%s: %s", name, content)
		var got arrived
		require.NoError(t, json.Unmarshal([]byte(content), &got), name)
		require.Equal(t, "api", got.Server, name)
		require.Equal(t, route.Method, got.Method, name)
		require.Equal(t, target, got.URI, name)
		require.Equal(t, body, got.Body, name)
		require.Equal(t, []string{"127.0.0.1"}, got.Header["X-Forwarded-For"], "%s: what a stranger claims is not passed on", name)
		require.Equal(t, "https", got.Header.Get("X-Forwarded-Proto"), name)
		require.Empty(t, got.Header.Get("Forwarded"), name)
		for header, want := range map[string]string{
			"Authorization": "Bearer t", "X-Signature": "ts=1,v1=2", "X-Request-Id": "from-outside", "X-Hub-Signature-256": "sha256=00", "Idempotency-Key": "k",
			"X-Reservation-Token": "t", "If-None-Match": `"e"`, "Origin": "https://panel.example.org", "Last-Event-Id": "7",
		} {
			require.Equal(t, want, got.Header.Get(header), "%s: %s", name, header)
		}
	}
	// A route that comes later needs no line in the proxy.
	answer, _ := p.do(http.MethodDelete, p.https+"/api/v1/admin/not-yet/7", "")
	require.Equal(t, http.StatusOK, answer.StatusCode)
}

func TestPlainHTTPOnlyRedirects(t *testing.T) {
	t.Parallel()
	p := newProxy(t, echo("api"), nil)
	answer, _ := p.do(http.MethodPost, p.http+"/api/v1/admin/login?a=b", "{}", "Host", "evil.example.com")
	require.Equal(t, http.StatusPermanentRedirect, answer.StatusCode)
	require.Equal(t, "https://reservas.example.org/api/v1/admin/login?a=b", answer.Header.Get("Location"), "whatever Host was asked for")
	require.NoError(t, os.MkdirAll(filepath.Join(p.folder, ".well-known/acme-challenge"), 0o755))
	p.write(".well-known/acme-challenge/token", "proof")
	answer, content := p.do(http.MethodGet, p.http+"/.well-known/acme-challenge/token", "")
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, "proof", content)
	answer, _ = p.do(http.MethodGet, p.http+"/nginx-alive", "")
	require.Equal(t, http.StatusNoContent, answer.StatusCode)

	old := p.client.Transport.(*http.Transport).Clone()
	old.TLSClientConfig.MinVersion, old.TLSClientConfig.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	old.TLSClientConfig.NextProtos = nil
	_, err := (&http.Client{Transport: old}).Get(p.https + "/healthz") //nolint:noctx,bodyclose // it never gets an answer
	require.ErrorContains(t, err, "protocol version")
}

func TestBodiesHaveTheirSize(t *testing.T) {
	t.Parallel()
	p := newProxy(t, echo("api"), nil)
	for _, c := range []struct {
		path string
		size int
		want int
	}{
		{"/api/v1/reservations", 1 << 20, 200}, {"/api/v1/reservations", 1<<20 + 1, 413},
		{"/api/v1/admin/login", 64<<10 + 1, 413},
		{"/api/v1/webhooks/whatsapp", 3 << 20, 200}, {"/api/v1/webhooks/whatsapp", 4<<20 + 1, 413},
		{"/api/v1/audio/transcribe", 16 << 20, 200}, {"/api/v1/audio/transcribe", 17<<20 + 1, 413},
	} {
		answer, content := p.do(http.MethodPost, p.https+c.path, strings.Repeat("x", c.size))
		require.Equal(t, c.want, answer.StatusCode, "%s %d", c.path, c.size)
		if c.want == 413 {
			requireProblem(t, answer, content, "too_large")
		}
	}
}

func requireProblem(t *testing.T, answer *http.Response, content, code string) {
	t.Helper()
	require.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
	var problem struct {
		Status int
		Code   string
	}
	require.NoError(t, json.Unmarshal([]byte(content), &problem), content)
	require.Equal(t, code, problem.Code)
	require.Equal(t, answer.StatusCode, problem.Status)
}

func TestWhoKnocksTooOftenWaits(t *testing.T) {
	t.Parallel()
	p := newProxy(t, echo("api"), map[string]string{"NGINX_LOGIN_BURST": "3", "NGINX_GENERAL_RATE": "1r/m", "NGINX_GENERAL_BURST": "2", "NGINX_WEBHOOK_BURST": "500"})
	tries := func(method, path string, times int) (let int) {
		for range times {
			answer, content := p.do(method, p.https+path, "")
			if answer.StatusCode == http.StatusOK {
				let++
				continue
			}
			require.Equal(t, http.StatusTooManyRequests, answer.StatusCode, content)
			require.Equal(t, "60", answer.Header.Get("Retry-After"))
			require.NotEmpty(t, answer.Header.Get("Strict-Transport-Security"))
			requireProblem(t, answer, content, "rate_limited")
		}
		return let
	}
	require.Equal(t, 3, tries(http.MethodGet, "/api/v1/accommodations", 8), "one and the burst")
	require.Equal(t, 4, tries(http.MethodPost, "/api/v1/admin/login", 8), "counted apart")
	require.Equal(t, 200, tries(http.MethodPost, "/api/v1/webhooks/whatsapp", 200), "webhooks come in crowds")
}

func TestEventsArriveAsTheyHappen(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	upstream := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		for event := range next {
			fmt.Fprintf(w, "data: %s\n\n", event)
			w.(http.Flusher).Flush()
		}
	})
	p := newProxy(t, upstream, nil)
	var end sync.Once
	finish := func() { end.Do(func() { close(next) }) }
	t.Cleanup(finish)
	go func() { next <- "first" }()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.https+"/api/v1/admin/events", nil)
	require.NoError(t, err)
	request.Header.Set("Accept-Encoding", "gzip")
	answer, err := p.client.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Empty(t, answer.Header.Get("Content-Encoding"))
	lines := bufio.NewScanner(answer.Body)
	require.True(t, lines.Scan())
	require.Equal(t, "data: first", lines.Text(), "it is here while the stream is open")
	require.True(t, lines.Scan())
	go func() { next <- "second"; finish() }()
	require.True(t, lines.Scan())
	require.Equal(t, "data: second", lines.Text())
}

func TestOperatorsComeInWithTheirPassword(t *testing.T) {
	t.Parallel()
	p := newProxy(t, echo("api"), nil)
	for path, server := range map[string]string{"/temporal/namespaces/default": "temporal-ui", "/grafana/d/flow": "grafana"} {
		answer, _ := p.do(http.MethodGet, p.https+path, "")
		require.Equal(t, http.StatusUnauthorized, answer.StatusCode, path)
		answer, _ = p.do(http.MethodGet, p.https+path, "", "Authorization", basic("operador", "otro"))
		require.Equal(t, http.StatusUnauthorized, answer.StatusCode, path)
		answer, content := p.do(http.MethodGet, p.https+path, "", "Authorization", basic("operador", "secreto"))
		require.Equal(t, http.StatusOK, answer.StatusCode, path)
		var got arrived
		require.NoError(t, json.Unmarshal([]byte(content), &got))
		require.Equal(t, server, got.Server)
		require.Equal(t, path, got.URI, "both serve under their folder")
		require.Empty(t, got.Header.Get("Authorization"), "our password is not theirs")
	}
	// The codec server judges who asks; the proxy only finds it.
	answer, content := p.do(http.MethodPost, p.https+"/codec/decode", "{}", "Authorization", "Bearer t", "Origin", "https://reservas.example.org")
	require.Equal(t, http.StatusOK, answer.StatusCode)
	var got arrived
	require.NoError(t, json.Unmarshal([]byte(content), &got))
	require.Equal(t, "codec", got.Server)
	require.Equal(t, "/decode", got.URI)
	require.Equal(t, "Bearer t", got.Header.Get("Authorization"))
	require.Equal(t, "/codec/login", answer.Header.Get("Location"), "where it sends people is under its folder")
	_, content = p.do(http.MethodPost, p.https+"/codec/decode", "{}", "Authorization", basic("operador", "secreto"))
	require.NotContains(t, content, "Basic")
	answer, _ = p.do(http.MethodGet, p.https+"/codec/metrics", "")
	require.Equal(t, http.StatusNotFound, answer.StatusCode, "how busy it is, is for Prometheus")
}

func TestWhileTheAPIIsAway(t *testing.T) {
	t.Parallel()
	p := newProxy(t, echo("api"), map[string]string{"NGINX_API": "http://" + freePort(t)})
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		answer, content := p.do(method, p.https+"/pay/whatever", "")
		require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
		require.Equal(t, "30", answer.Header.Get("Retry-After"))
		require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
		require.Contains(t, answer.Header.Get("Content-Type"), "text/html")
		require.Contains(t, content, "Volvemos enseguida")
	}
	answer, content := p.do(http.MethodPost, p.https+"/api/v1/webhooks/whatsapp", "{}")
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode, "Meta and Mercado Pago try again")
	requireProblem(t, answer, content, "unavailable")
	answer, _ = p.do(http.MethodGet, p.https+"/maintenance.html", "")
	require.NotEqual(t, http.StatusOK, answer.StatusCode, "the page is not a page of its own")

	// What the API itself says of its health is passed on.
	p = newProxy(t, echo("api"), nil)
	answer, content = p.do(http.MethodGet, p.https+"/readyz?status=503", "")
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Contains(t, content, `"Server":"api"`)
}
