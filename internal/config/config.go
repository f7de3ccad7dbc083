// Package config reads every setting of the program from the environment, once, at the start.
//
// Load is pure: it sees only the getenv it is given, applies defaults first and reports all problems together, each naming its
// variable. The list of variables is one table (variables.go); .env.template is held to it by a test.
package config

import (
	"log/slog"
	"net/netip"
	"net/url"
	"time"
)

// Environment says how much the program may trust its settings and its surroundings.
type Environment string

// The environments a deployment can name in ENVIRONMENT.
const (
	Development Environment = "development"
	Test        Environment = "test"
	Staging     Environment = "staging"
	Production  Environment = "production"
)

// Config is every setting, already parsed and checked; secrets redact themselves when printed.
type Config struct {
	Environment Environment
	Home        string // CABANAS_HOME: where `cabanas dev` keeps its state.
	BuildID     string // BUILD_ID: names this build in /healthz; when set, workers are versioned by it.
	LogLevel    slog.Level

	DatabaseURL Secret // postgres:// with its password.
	PoolSize    int    // DB_POOL_SIZE: connections per process.
	RedisURL    Secret // redis:// or rediss:// with its password.

	BindAddress    string   // Where the API listens: loopback in development, "0.0.0.0" elsewhere.
	Port           int      // API port; 0 takes a free one.
	BaseURL        *url.URL // Public address of the API, without a trailing slash.
	AllowedOrigins []string // CORS origins such as https://panel.example.org; "*" outside production only.
	TrustedProxies []netip.Prefix
	JWTSecret      Secret
	// PayPageSecrets derive the secret part of payment page addresses: the first makes it, all are accepted. Empty:
	// JWTSecret does.
	PayPageSecrets []Secret
	SetupTokenHash string // SHA-256 (hex) of the one-time owner set-up token; empty closes POST /admin/setup.
	MetricsAddr    string // Where the worker serves /metrics and /readyz; port 0 takes a free one.
	RateLimit      RateLimit

	TemporalAddress   string
	TemporalNamespace string
	// PayloadKeys encrypt what Temporal stores: the first encrypts, all decrypt. Empty means in clear; never in production.
	PayloadKeys []PayloadKey
	Codec       Codec
	// TracesExporter is where traces go: "none", "otlp" or "console".
	TracesExporter string

	WhatsApp    WhatsApp
	MercadoPago MercadoPago
	Whisper     Whisper
	LLM         LLM
	Dialogue    Dialogue
	SMTP        SMTP
	Owner       Owner
	Booking     Booking
	ICal        ICal
	Retention   Retention
}

// RateLimit bounds requests per client address and path, and holds per address and per phone.
type RateLimit struct {
	Requests        int           // Requests per Window; 0 means no limit.
	Window          time.Duration // RATE_LIMIT_WINDOW_SECONDS.
	HoldsPerAddress int           // Live holds one client address may have; 0 means no limit.
	HoldsPerPhone   int           // Live holds one phone may have; 0 means no limit.
}

// PayloadKey is one key of the payloads in Temporal's histories.
type PayloadKey struct {
	ID  string // Stands beside each payload, so that it is known which key opens it.
	Key Secret // 32 bytes.
}

// Codec holds the server that decrypts payloads for Temporal's UI and CLI.
type Codec struct {
	Address string // host:port to listen on.
	// UIOrigin is the one origin whose pages may ask, without a trailing slash; empty means none.
	UIOrigin string
}

// WhatsApp holds the Cloud API account.
type WhatsApp struct {
	AccessToken Secret
	AppSecrets  []Secret // Any of them may have signed a webhook: rotation. Never empty after Load.
	PhoneID     string
	// PublicNumber is what guests write to, with its country code; empty when it is not told.
	PublicNumber string
	VerifyToken  Secret
	APIURL       *url.URL // Without a trailing slash.
	APIVersion   string   // Such as "v24.0".
	// Templates renames message templates: ours to the name and language under which Meta approved it.
	Templates map[string]Template
	// PerSecond is how many messages the account may send in a second.
	PerSecond int
	// PairBurst is how many messages may go to one person at once; then it is one every six seconds.
	PairBurst int
}

// Template is a message template as Meta approved it; an empty Language keeps ours.
type Template struct {
	Name     string
	Language string
}

// MercadoPago holds the collecting account.
type MercadoPago struct {
	AccessToken    Secret
	PublicKey      string
	WebhookSecrets []Secret // Production and test secrets; any may have signed. Never empty after Load.
	APIURL         *url.URL // Without a trailing slash.
	CollectorID    int64    // Account that must have received a payment; 0 means do not check.
}

// Whisper holds the OpenAI-compatible speech service; a nil APIURL means voice notes are not transcribed.
type Whisper struct {
	APIURL        *url.URL
	APIKey        Secret
	Model         string
	Input         string  // What the engine takes: "wav" is 16 kHz mono made with FFmpeg, "original" the file as WhatsApp gave it.
	MinConfidence float64 // Below it, from 0 to 1, the guest is asked what they said.
}

// LLM holds an OpenAI-compatible chat service that may propose how a message is meant; a nil APIURL means none is asked.
type LLM struct {
	APIURL  *url.URL
	APIKey  Secret
	Model   string
	Timeout time.Duration
}

// Dialogue holds how the bot behaves in a conversation.
type Dialogue struct {
	Settle         time.Duration // How long the rest of a message in pieces is waited for; 0 answers each piece.
	TakeoverReturn time.Duration // When the bot answers again after a person took over; 0 means only when handed back.
}

// SMTP holds the mail relay; an empty Host means no e-mail is sent.
type SMTP struct {
	Host   string
	Port   int
	User   string
	Pass   Secret
	From   string
	UseTLS bool
}

// Owner is who is alarmed when a person must look.
type Owner struct {
	WhatsApp string // Digits in international form, without "+"; empty means none.
	Email    string
}

// Booking holds the rules of holds, deposits and limits that an owner may turn.
type Booking struct {
	HoldTTL                  time.Duration
	HoldExtension            time.Duration // What the one extension adds; HOLD_TTL unless set.
	LatePaymentGrace         time.Duration
	AlternativeTTL           time.Duration
	DepositPercent           int // 1 to 100.
	MaxStayNights            int
	HorizonMonths            int
	PaymentReconcileInterval time.Duration
	// RefundApprovalAbove is the sum, in whole pesos, above which the owner lets a refund go first; 0 asks for none.
	RefundApprovalAbove int
}

// ICal holds calendar synchronisation.
type ICal struct {
	SyncInterval time.Duration
	StaleAfter   time.Duration // Age of a feed's last good answer at which the owner is alarmed.
	ExportHolds  bool          // Publish unpaid holds too.
	AllowPrivate bool          // Plain http and loopback feeds; development and test only.
}

// IsProduction tells whether the strict rules for secrets apply.
func (c Config) IsProduction() bool { return c.Environment == Production }
