package deploy

import (
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

var templateSetting = regexp.MustCompile(`\$\{(NGINX_[A-Z_]+)\}`)

// render fills the template in as the image's start script does.
func render(t *testing.T, values map[string]string) string {
	t.Helper()
	template, err := os.ReadFile("nginx/nginx.conf.template")
	require.NoError(t, err)
	return templateSetting.ReplaceAllStringFunc(string(template), func(found string) string {
		value, known := values[templateSetting.FindStringSubmatch(found)[1]]
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
