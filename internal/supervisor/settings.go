package supervisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
)

// defaultOwnerEmail is offered for the first account when OWNER_EMAIL names nobody.
const defaultOwnerEmail = "owner@cabanas.local"

// settings are what was given and what the supervisor adds to it. Whatever is given is used and never replaced.
type settings struct {
	home    string
	ports   *ports
	secrets secrets
	caller  map[string]string // Everything of the caller's environment.

	lastPorts map[string]int // Of a run that was killed, by part.

	mu    sync.Mutex
	added map[string]string
}

func newSettings(opts Options) (*settings, error) {
	s := &settings{caller: map[string]string{}, added: map[string]string{}, ports: &ports{}}
	for _, variable := range opts.Env {
		name, value, _ := strings.Cut(variable, "=")
		s.caller[name] = value
	}
	home := opts.Home
	if home == "" {
		home = s.get("CABANAS_HOME")
	}
	if home == "" {
		home = ".cabanas"
	}
	var err error
	if s.home, err = filepath.Abs(home); err != nil {
		return nil, fmt.Errorf("find CABANAS_HOME: %w", err)
	}
	s.override("CABANAS_HOME", s.home)
	return s, nil
}

// choose settles everything that can be known before the first part starts: ports, addresses and secrets.
func (s *settings) choose(note func(string, ...any)) error {
	if err := s.choosePorts(note); err != nil {
		return err
	}
	var err error
	if s.secrets, err = loadSecrets(s.home); err != nil {
		return err
	}
	s.set("ENVIRONMENT", "development")
	s.override("PORT", s.ports.text("api"))
	s.set("BASE_URL", s.apiURL())
	s.set("TEMPORAL_NAMESPACE", "default")
	if !s.temporalGiven() {
		s.set("TEMPORAL_ADDRESS", s.ports.address("temporal"))
	}
	if !s.metricsGiven() {
		s.override("METRICS_ADDR", s.ports.address("metrics"))
	}
	if s.needsCodec() {
		s.set("CODEC_ADDR", s.ports.address("codec"))
		if !s.temporalGiven() {
			s.set("CODEC_UI_ORIGIN", "http://"+s.ports.address("temporal-ui"))
		}
	}
	// Where the sandbox delivers webhooks, even when BASE_URL is an address of the outside world.
	s.set("SANDBOX_TARGET_URL", s.apiURL())
	if !s.whatsAppGiven() {
		s.set("WHATSAPP_API_URL", s.sandboxURL()+"/graph")
		// The stand-in hears nothing but its own clips: real guests are better told that nobody listens.
		s.set("WHISPER_API_URL", s.sandboxURL()+"/speech")
	}
	if !s.mercadoPagoGiven() {
		s.set("MERCADOPAGO_API_URL", s.sandboxURL()+"/mp")
	}
	if s.needsSandbox() && s.get("ENVIRONMENT") != "production" {
		// The stand-ins for other channels publish their calendars on this machine.
		s.set("ICAL_ALLOW_PRIVATE", "true")
	}
	s.set("JWT_SECRET", s.secrets.JWTSecret)
	s.set("SETUP_TOKEN_HASH", s.secrets.setupTokenHash())
	s.set("WHATSAPP_PHONE_ID", s.secrets.WhatsAppPhoneID)
	s.set("WHATSAPP_ACCESS_TOKEN", s.secrets.WhatsAppAccessToken)
	s.set("WHATSAPP_APP_SECRET", s.secrets.WhatsAppAppSecret)
	s.set("WHATSAPP_VERIFY_TOKEN", s.secrets.WhatsAppVerifyToken)
	s.set("MERCADOPAGO_ACCESS_TOKEN", s.secrets.MercadoPagoAccessToken)
	s.set("MERCADOPAGO_WEBHOOK_SECRET", s.secrets.MercadoPagoWebhookSecret)
	return nil
}

// choosePorts reserves one port for each part that will need it, in the neighbourhood people expect it in.
func (s *settings) choosePorts(note func(string, ...any)) error {
	s.lastPorts = readLastPorts(s.home)
	if port := s.get("PORT"); port != "" && port != "0" {
		n, err := strconv.Atoi(port)
		if err != nil {
			return fmt.Errorf("PORT: %q is not a port", port)
		}
		if err := s.ports.reserveNamed("api", n); err != nil {
			return fmt.Errorf("PORT: %w", err)
		}
	} else if err := s.reserveNear("api", 8000, note); err != nil {
		return err
	}
	wanted := []struct {
		name string
		port int
		need bool
	}{
		{"sandbox", 8090, s.needsSandbox()},
		{"temporal", 7233, !s.temporalGiven()},
		{"temporal-ui", 8233, !s.temporalGiven()},
		{"postgres", 54320, !s.given("DATABASE_URL")},
		{"redis", 63790, !s.given("REDIS_URL")},
		{"metrics", 9464, !s.metricsGiven()},
		{"codec", 8081, s.needsCodec() && !s.given("CODEC_ADDR")},
	}
	for _, w := range wanted {
		if !w.need {
			continue
		}
		if err := s.reserveNear(w.name, w.port, note); err != nil {
			return err
		}
	}
	return writeJSON(filepath.Join(s.home, portsFile), s.ports.all())
}

func (s *settings) reserveNear(name string, port int, note func(string, ...any)) error {
	if last := s.lastPorts[name]; last != 0 && s.ports.try(name, last) {
		return nil
	}
	if err := s.ports.reserve(name, port); err != nil {
		return err
	}
	if chosen := s.ports.number(name); chosen != port {
		note("port %d is taken: %s is on %d", port, name, chosen)
	}
	return nil
}

const portsFile = "ports.json"

// readLastPorts gives the ports of a run that was killed. Links just sent to guests and webhooks not taken yet name them, so they
// are taken again if they are free.
func readLastPorts(home string) map[string]int {
	var last map[string]int
	raw, err := os.ReadFile(filepath.Join(home, portsFile))
	if err != nil || json.Unmarshal(raw, &last) != nil {
		return nil
	}
	return last
}

// forgetPorts is for a stop that was asked for: the next run looks in the usual places.
func (s *settings) forgetPorts() error {
	if err := os.Remove(filepath.Join(s.home, portsFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("forget ports: %w", err)
	}
	return nil
}

// describe fills what dev.json says beside process ids.
func (s *settings) describe(info *DevInfo) {
	info.APIURL = s.apiURL()
	info.MetricsURLs = []string{s.apiURL() + "/metrics", s.metricsURL("/metrics")}
	info.DatabaseURL = s.get("DATABASE_URL")
	info.RedisURL = s.get("REDIS_URL")
	info.TemporalAddress = s.temporalAddress()
	if !s.temporalGiven() {
		info.TemporalUIURL = "http://" + s.ports.address("temporal-ui")
	}
	if s.needsSandbox() {
		info.SandboxURL = s.sandboxURL()
	}
	info.Owner.Email = defaultOwnerEmail
	if email := s.get("OWNER_EMAIL"); email != "" {
		info.Owner.Email = email
	}
	if !s.given("SETUP_TOKEN_HASH") {
		info.Owner.SetupToken = s.secrets.SetupToken
	}
}

// get is a setting's value as the children see it.
func (s *settings) get(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if value, ok := s.added[name]; ok {
		return value
	}
	return strings.TrimSpace(s.caller[name])
}

// given tells whether the caller named a value; an empty one is none.
func (s *settings) given(name string) bool { return strings.TrimSpace(s.caller[name]) != "" }

// set adds a value unless one was given.
func (s *settings) set(name, value string) {
	if !s.given(name) {
		s.override(name, value)
	}
}

// override adds a value that follows from the given one, such as an absolute path.
func (s *settings) override(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.added[name] = value
}

// environ is the environment of a child that starts now.
func (s *settings) environ() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var env []string
	for name, value := range s.caller {
		if _, ok := s.added[name]; !ok {
			env = append(env, name+"="+value)
		}
	}
	for name, value := range s.added {
		env = append(env, name+"="+value)
	}
	slices.Sort(env)
	return env
}

// A provider is given by its address or by credentials for its real one.
func (s *settings) whatsAppGiven() bool {
	return s.given("WHATSAPP_API_URL") || s.given("WHATSAPP_ACCESS_TOKEN")
}

func (s *settings) mercadoPagoGiven() bool {
	return s.given("MERCADOPAGO_API_URL") || s.given("MERCADOPAGO_ACCESS_TOKEN")
}

func (s *settings) needsSandbox() bool { return !s.whatsAppGiven() || !s.mercadoPagoGiven() }

// temporalGiven is also true for a profile or file of the SDK's own configuration.
func (s *settings) temporalGiven() bool {
	return s.given("TEMPORAL_ADDRESS") || s.given("TEMPORAL_PROFILE") || s.given("TEMPORAL_CONFIG_FILE")
}

func (s *settings) temporalAddress() string {
	if address := s.get("TEMPORAL_ADDRESS"); address != "" {
		return address
	}
	options, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{EnvLookup: s})
	if err != nil || options.HostPort == "" {
		return client.DefaultHostPort
	}
	return options.HostPort
}

// Environ and LookupEnv let the SDK read the given settings instead of this process's.
func (s *settings) Environ() []string { return s.environ() }

// LookupEnv is Environ for one name.
func (s *settings) LookupEnv(name string) (string, bool) {
	value := s.get(name)
	return value, value != ""
}

// metricsGiven is false for port 0: a free port the worker chose by itself could not be found again.
func (s *settings) metricsGiven() bool {
	_, port, err := net.SplitHostPort(strings.TrimSpace(s.caller["METRICS_ADDR"]))
	return err == nil && port != "0"
}

// needsCodec is true when payloads are encrypted: then somebody must be able to read them.
func (s *settings) needsCodec() bool { return s.given("PAYLOAD_KEYS") }

// codecURL is empty when there is nothing to decrypt.
func (s *settings) codecURL() string {
	if !s.needsCodec() {
		return ""
	}
	return "http://" + s.get("CODEC_ADDR")
}

func (s *settings) apiURL() string     { return "http://" + s.ports.address("api") }
func (s *settings) sandboxURL() string { return "http://" + s.ports.address("sandbox") }

func (s *settings) metricsURL(path string) string {
	host, port, err := net.SplitHostPort(s.get("METRICS_ADDR"))
	if err != nil {
		return ""
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port) + path
}
