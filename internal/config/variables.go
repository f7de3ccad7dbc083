package config

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// variable is one row of the table Load walks. Order matters: a fallback sees what earlier rows have set, and ENVIRONMENT is first
// because it decides how strict the others are.
type variable struct {
	name               string
	meaning            string
	required           bool
	production         bool // required in production only
	fallback           func(Config) string
	set                func(*Config, string) error
	refuseInProduction func(Config) string
}

func text(value string) func(Config) string { return func(Config) string { return value } }

// unlessDevelopment is a fallback that is 0 (no limit) on a developer's machine.
func unlessDevelopment(value string) func(Config) string {
	return func(c Config) string {
		if c.Environment == Development {
			return "0"
		}
		return value
	}
}

var variables = []variable{
	{name: "ENVIRONMENT", meaning: "development, test, staging or production", fallback: text("development"), set: setEnvironment},
	{name: "DATABASE_URL", meaning: "Postgres of the application, postgres://user:password@host:5432/name", required: true,
		set: func(c *Config, v string) error { return secretURL(&c.DatabaseURL, v, "postgres", "postgresql") }},
	{name: "DB_POOL_SIZE", meaning: "Postgres connections per process", fallback: text("20"),
		set: func(c *Config, v string) error { return integer(&c.PoolSize, v, 2, 1000) }},
	{name: "REDIS_URL", meaning: "Redis or Valkey 7 or newer, redis://host:6379 or rediss://", required: true,
		set: func(c *Config, v string) error { return secretURL(&c.RedisURL, v, "redis", "rediss") }},
	{name: "TEMPORAL_ADDRESS", meaning: "Temporal frontend, host:port", fallback: text("127.0.0.1:7233"),
		set: func(c *Config, v string) error { return hostPort(&c.TemporalAddress, v) }},
	{name: "TEMPORAL_NAMESPACE", meaning: "Temporal namespace", fallback: text("default"),
		set: func(c *Config, v string) error { c.TemporalNamespace = v; return nil }},

	{name: "PAYLOAD_KEYS", meaning: "comma list of id:base64 of 32 random bytes that encrypt what Temporal stores; the first encrypts, all decrypt (empty: in clear; required in production)",
		production: true,
		set:        func(c *Config, v string) error { return payloadKeys(&c.PayloadKeys, v) }, refuseInProduction: guessableKeys},
	{name: "CODEC_ADDR", meaning: "where `cabanas codec` listens, which decrypts payloads for Temporal's UI and CLI", fallback: text("127.0.0.1:8081"),
		set: func(c *Config, v string) error { return hostPort(&c.Codec.Address, v) }},
	{name: "CODEC_UI_ORIGIN", meaning: "origin of Temporal's UI, the only page that may ask the codec server, such as https://temporal.example.org (empty: none)",
		set: func(c *Config, v string) error { return origin(&c.Codec.UIOrigin, v) }, refuseInProduction: refuseClearOrigin},

	{name: "BASE_URL", meaning: "public address of the API, used in links and webhooks", required: true,
		set: func(c *Config, v string) error { return httpURL(&c.BaseURL, v) }},
	{name: "BIND_ADDRESS", meaning: "address the API listens on (127.0.0.1 in development, every address elsewhere)", fallback: loopbackInDevelopment,
		set: func(c *Config, v string) error { return address(&c.BindAddress, v) }},
	{name: "PORT", meaning: "port the API listens on", fallback: text("8000"),
		set: func(c *Config, v string) error { return integer(&c.Port, v, 0, 65535) }},
	{name: "METRICS_ADDR", meaning: "where the worker serves /metrics and /readyz (port 0: a free one)", fallback: text("127.0.0.1:0"),
		set: func(c *Config, v string) error { return hostPort(&c.MetricsAddr, v) }},
	{name: "ALLOWED_ORIGINS", meaning: "comma list of origins that may call the API from a browser",
		set: func(c *Config, v string) error { return origins(&c.AllowedOrigins, v) }, refuseInProduction: refuseAnyOrigin},
	{name: "TRUSTED_PROXIES", meaning: "comma list of addresses or CIDRs whose X-Forwarded-For is believed",
		set: func(c *Config, v string) error { return prefixes(&c.TrustedProxies, v) }},
	{name: "JWT_SECRET", meaning: "key that signs staff sessions, 32 random characters or more", required: true,
		set:                func(c *Config, v string) error { c.JWTSecret = NewSecret(v); return nil },
		refuseInProduction: func(c Config) string { return c.JWTSecret.weak(32) }},
	{name: "PAY_PAGE_SECRET", meaning: "key of the guests' payment page addresses; a comma list while rotating (JWT_SECRET when empty)",
		set: func(c *Config, v string) error { return secrets(&c.PayPageSecrets, v) },
		refuseInProduction: func(c Config) string {
			if len(c.PayPageSecrets) == 0 {
				return ""
			}
			return weakest(c.PayPageSecrets, 16)
		}},
	{name: "SETUP_TOKEN_HASH", meaning: "SHA-256 (hex) of the one-time token that creates the first owner; empty closes that door",
		set: func(c *Config, v string) error { return sha256Hex(&c.SetupTokenHash, v) }},
	{name: "RATE_LIMIT_REQUESTS", meaning: "requests per client address, class of paths and window (0: no limit; 60 outside development); staff counts by account and may read ten times and write five times as much",
		fallback: unlessDevelopment("60"),
		set:      func(c *Config, v string) error { return integer(&c.RateLimit.Requests, v, 0, 1_000_000) }},
	{name: "RATE_LIMIT_WINDOW_SECONDS", meaning: "length of that window in seconds", fallback: text("60"),
		set: func(c *Config, v string) error {
			var seconds int
			err := integer(&seconds, v, 1, 86_400)
			c.RateLimit.Window = time.Duration(seconds) * time.Second
			return err
		}},
	{name: "HOLDS_PER_ADDRESS", meaning: "unpaid holds one client address may have at a time (0: no limit; 10 outside development)",
		fallback: unlessDevelopment("10"),
		set:      func(c *Config, v string) error { return integer(&c.RateLimit.HoldsPerAddress, v, 0, 100_000) }},
	{name: "HOLDS_PER_PHONE", meaning: "unpaid holds one phone may have at a time (0: no limit; 3 outside development)",
		fallback: unlessDevelopment("3"),
		set:      func(c *Config, v string) error { return integer(&c.RateLimit.HoldsPerPhone, v, 0, 100_000) }},

	{name: "WHATSAPP_ACCESS_TOKEN", meaning: "system user token of the WhatsApp Cloud API", required: true,
		set:                func(c *Config, v string) error { c.WhatsApp.AccessToken = NewSecret(v); return nil },
		refuseInProduction: func(c Config) string { return c.WhatsApp.AccessToken.weak(16) }},
	{name: "WHATSAPP_APP_SECRET", meaning: "app secret that signs webhooks; a comma list while rotating", required: true,
		set:                func(c *Config, v string) error { return secrets(&c.WhatsApp.AppSecrets, v) },
		refuseInProduction: func(c Config) string { return weakest(c.WhatsApp.AppSecrets, 16) }},
	{name: "WHATSAPP_PHONE_ID", meaning: "phone number id the messages are sent from", required: true,
		set: func(c *Config, v string) error { return digits(&c.WhatsApp.PhoneID, v) }},
	{name: "WHATSAPP_PUBLIC_NUMBER", meaning: "number guests write to, for links back to the chat, such as +54 9 294 412-3456 (empty: no such links)",
		set: func(c *Config, v string) error { return phone(&c.WhatsApp.PublicNumber, v) }},
	{name: "WHATSAPP_VERIFY_TOKEN", meaning: "token Meta repeats when it verifies the webhook address", required: true,
		set:                func(c *Config, v string) error { c.WhatsApp.VerifyToken = NewSecret(v); return nil },
		refuseInProduction: func(c Config) string { return c.WhatsApp.VerifyToken.weak(8) }},
	{name: "WHATSAPP_API_URL", meaning: "address of the Graph API", fallback: text("https://graph.facebook.com"),
		set: func(c *Config, v string) error { return httpURL(&c.WhatsApp.APIURL, v) }},
	{name: "WHATSAPP_API_VERSION", meaning: "version of the Graph API", fallback: text("v24.0"),
		set: func(c *Config, v string) error { return graphVersion(&c.WhatsApp.APIVersion, v) }},

	{name: "WHATSAPP_TEMPLATES", meaning: "comma list of ours=name/language for templates approved under another name or language",
		set: func(c *Config, v string) error { return templates(&c.WhatsApp.Templates, v) }},
	{name: "WHATSAPP_MESSAGES_PER_SECOND", meaning: "messages the account may send in a second (20 with coexistence)", fallback: text("80"),
		set: func(c *Config, v string) error { return integer(&c.WhatsApp.PerSecond, v, 1, 1000) }},
	{name: "WHATSAPP_PAIR_BURST", meaning: "messages that may go to one person at once, then one every six seconds", fallback: text("45"),
		set: func(c *Config, v string) error { return integer(&c.WhatsApp.PairBurst, v, 1, 100_000) }},

	{name: "MERCADOPAGO_ACCESS_TOKEN", meaning: "access token of the collecting account", required: true,
		set:                func(c *Config, v string) error { c.MercadoPago.AccessToken = NewSecret(v); return nil },
		refuseInProduction: func(c Config) string { return c.MercadoPago.AccessToken.weak(16) }},
	{name: "MERCADOPAGO_PUBLIC_KEY", meaning: "public key of the collecting account",
		set: func(c *Config, v string) error { c.MercadoPago.PublicKey = v; return nil }},
	{name: "MERCADOPAGO_WEBHOOK_SECRET", meaning: "secret that signs notifications; a comma list for production and test", required: true,
		set:                func(c *Config, v string) error { return secrets(&c.MercadoPago.WebhookSecrets, v) },
		refuseInProduction: func(c Config) string { return weakest(c.MercadoPago.WebhookSecrets, 16) }},
	{name: "MERCADOPAGO_API_URL", meaning: "address of the Mercado Pago API", fallback: text("https://api.mercadopago.com"),
		set: func(c *Config, v string) error { return httpURL(&c.MercadoPago.APIURL, v) }},
	{name: "MERCADOPAGO_COLLECTOR_ID", meaning: "account id every payment must have been collected by (empty: not checked)",
		set: func(c *Config, v string) (err error) {
			c.MercadoPago.CollectorID, err = positive(v)
			return err
		}},

	{name: "WHISPER_API_URL", meaning: "OpenAI-compatible speech service (empty: voice notes are not transcribed)",
		set: func(c *Config, v string) error { return httpURL(&c.Whisper.APIURL, v) }},
	{name: "WHISPER_API_KEY", meaning: "bearer key of the speech service",
		set: func(c *Config, v string) error { c.Whisper.APIKey = NewSecret(v); return nil }},
	{name: "WHISPER_MODEL", meaning: "model the speech service is asked for", fallback: text("whisper-1"),
		set: func(c *Config, v string) error { c.Whisper.Model = v; return nil }},

	{name: "WHISPER_INPUT", meaning: "what the speech service is given: wav (16 kHz mono, made with FFmpeg) or original (Ogg/Opus)", fallback: text("wav"),
		set: func(c *Config, v string) error { return oneOf(&c.Whisper.Input, v, "wav", "original") }},
	{name: "AUDIO_MIN_CONFIDENCE", meaning: "below this confidence, 0 to 1, a guest is asked what the voice note said", fallback: text("0.6"),
		set: func(c *Config, v string) error { return fraction(&c.Whisper.MinConfidence, v) }},

	{name: "LLM_API_URL", meaning: "OpenAI-compatible chat service that may propose how a message is meant (empty: none)",
		set: func(c *Config, v string) error { return httpURL(&c.LLM.APIURL, v) }},
	{name: "LLM_API_KEY", meaning: "bearer key of the chat service",
		set: func(c *Config, v string) error { c.LLM.APIKey = NewSecret(v); return nil }},
	{name: "LLM_MODEL", meaning: "model the chat service is asked for", fallback: text("gpt-4o-mini"),
		set: func(c *Config, v string) error { c.LLM.Model = v; return nil }},
	{name: "LLM_TIMEOUT", meaning: "how long a proposal is waited for", fallback: text("2s"),
		set: func(c *Config, v string) error {
			return duration(&c.LLM.Timeout, v, 100*time.Millisecond, 5*time.Second)
		}},

	{name: "CONVERSATION_SETTLE", meaning: "how long the rest of a message in pieces is waited for (0: each piece is answered)", fallback: text("1500ms"),
		set: func(c *Config, v string) error { return duration(&c.Dialogue.Settle, v, 0, 10*time.Second) }},
	{name: "TAKEOVER_RETURN", meaning: "when the bot answers again after a person took over (0: when handed back)", fallback: text("4h"),
		set: func(c *Config, v string) error { return duration(&c.Dialogue.TakeoverReturn, v, 0, 30*24*time.Hour) }},

	{name: "HOLD_TTL", meaning: "how long unpaid dates are held", fallback: text("30m"),
		set: func(c *Config, v string) error {
			return duration(&c.Booking.HoldTTL, v, time.Second, 30*24*time.Hour)
		}},
	{name: "HOLD_EXTENSION", meaning: "what the one extension of a hold adds (HOLD_TTL when empty)",
		fallback: sameAsHold,
		set: func(c *Config, v string) error {
			return duration(&c.Booking.HoldExtension, v, time.Second, 30*24*time.Hour)
		}},
	{name: "LATE_PAYMENT_GRACE", meaning: "how long after expiry a payment is still waited for", fallback: text("72h"),
		set: func(c *Config, v string) error { return duration(&c.Booking.LatePaymentGrace, v, 0, 60*24*time.Hour) }},
	{name: "ALTERNATIVE_TTL", meaning: "how long other nights are held for a guest who paid when theirs were sold (0: refunded at once)", fallback: text("2h"),
		set: func(c *Config, v string) error { return duration(&c.Booking.AlternativeTTL, v, 0, 7*24*time.Hour) }},
	{name: "DEPOSIT_PERCENT", meaning: "part of the total asked for as deposit where the owner set none for the property, 1 to 100", fallback: text("30"),
		set: func(c *Config, v string) error { return integer(&c.Booking.DepositPercent, v, 1, 100) }},
	{name: "REFUND_APPROVAL_ABOVE", meaning: "refunds of a cancellation above so many whole pesos wait for the owner's word, 72 h at most (0: none)", fallback: text("0"),
		set: func(c *Config, v string) error { return integer(&c.Booking.RefundApprovalAbove, v, 0, 1_000_000_000) }},
	{name: "MAX_STAY_NIGHTS", meaning: "longest stay in nights", fallback: text("60"),
		set: func(c *Config, v string) error { return integer(&c.Booking.MaxStayNights, v, 1, 366) }},
	{name: "BOOKING_HORIZON_MONTHS", meaning: "how far ahead a stay may begin, in months", fallback: text("18"),
		set: func(c *Config, v string) error { return integer(&c.Booking.HorizonMonths, v, 1, 60) }},
	{name: "PAYMENT_RECONCILE_INTERVAL", meaning: "how often Mercado Pago is asked for what webhooks did not bring", fallback: text("5m"),
		set: func(c *Config, v string) error {
			return duration(&c.Booking.PaymentReconcileInterval, v, time.Second, 24*time.Hour)
		}},
	{name: "ICAL_SYNC_INTERVAL", meaning: "how often calendar feeds are fetched", fallback: text("5m"),
		set: func(c *Config, v string) error { return duration(&c.ICal.SyncInterval, v, time.Second, 24*time.Hour) }},
	{name: "ICAL_STALE_AFTER", meaning: "age of a feed's last good answer at which the owner is alarmed", fallback: text("20m"),
		set: func(c *Config, v string) error { return duration(&c.ICal.StaleAfter, v, time.Second, 7*24*time.Hour) }},
	{name: "ICAL_EXPORT_HOLDS", meaning: "publish unpaid holds to other channels too", fallback: text("false"),
		set: func(c *Config, v string) error { return boolean(&c.ICal.ExportHolds, v) }},
	{name: "ICAL_ALLOW_PRIVATE", meaning: "accept http and loopback calendar feeds (development only)", fallback: text("false"),
		set:                func(c *Config, v string) error { return boolean(&c.ICal.AllowPrivate, v) },
		refuseInProduction: refusePrivateFeeds},

	{name: "OWNER_WHATSAPP", meaning: "phone that is alarmed, international form",
		set: func(c *Config, v string) error { return phone(&c.Owner.WhatsApp, v) }},
	{name: "OWNER_EMAIL", meaning: "e-mail address that is alarmed, beside WhatsApp (needs SMTP_HOST)",
		set: func(c *Config, v string) error { return email(&c.Owner.Email, v) }},
	{name: "SMTP_HOST", meaning: "mail relay (empty: no e-mail is sent, nor kept for later)",
		set: func(c *Config, v string) error { c.SMTP.Host = v; return nil }},
	{name: "SMTP_PORT", meaning: "port of the mail relay (465 speaks TLS from the first byte)", fallback: text("587"),
		set: func(c *Config, v string) error { return integer(&c.SMTP.Port, v, 1, 65535) }},
	{name: "SMTP_USER", meaning: "user of the mail relay (empty: none is said)",
		set: func(c *Config, v string) error { c.SMTP.User = v; return nil }},
	{name: "SMTP_PASS", meaning: "password of the mail relay",
		set: func(c *Config, v string) error { c.SMTP.Pass = NewSecret(v); return nil }},
	{name: "SMTP_FROM", meaning: "sender address of e-mails, required with SMTP_HOST",
		set: func(c *Config, v string) error { return email(&c.SMTP.From, v) }},
	{name: "SMTP_USE_TLS", meaning: "insist on TLS towards the mail relay (false: none, for a relay on this machine)", fallback: text("true"),
		set: func(c *Config, v string) error { return boolean(&c.SMTP.UseTLS, v) }},

	{name: "HOUSEKEEPING_INTERVAL", meaning: "how often what need not be kept any more is forgotten (0s: never)", fallback: text("24h"),
		set: func(c *Config, v string) error { return duration(&c.Retention.Every, v, 0, 31*24*time.Hour) }},
	{name: "RETENTION_WEBHOOK_DAYS", meaning: "days until the raw bodies of webhooks are emptied; the rows go after three times as many (0: kept)", fallback: text("30"),
		set: func(c *Config, v string) error { return integer(&c.Retention.WebhookDays, v, 0, 3650) }},
	{name: "RETENTION_DIALOGUE_DAYS", meaning: "days of silence after which a conversation starts from nothing (0: never)", fallback: text("30"),
		set: func(c *Config, v string) error { return integer(&c.Retention.DialogueDays, v, 0, 3650) }},
	{name: "RETENTION_MAIL_DAYS", meaning: "days until the text of a mail is emptied (0: kept)", fallback: text("90"),
		set: func(c *Config, v string) error { return integer(&c.Retention.MailDays, v, 0, 3650) }},
	{name: "RETENTION_RECORD_DAYS", meaning: "days until ended sessions, fetches of calendars and the like are deleted (0: kept)", fallback: text("90"),
		set: func(c *Config, v string) error { return integer(&c.Retention.RecordDays, v, 0, 3650) }},
	{name: "RETENTION_MESSAGE_MONTHS", meaning: "months after the last stay until what was said is emptied (0: kept)", fallback: text("24"),
		set: func(c *Config, v string) error { return integer(&c.Retention.MessageMonths, v, 0, 1200) }},
	{name: "RETENTION_GUEST_MONTHS", meaning: "months of silence until who never booked is erased (0: kept)", fallback: text("12"),
		set: func(c *Config, v string) error { return integer(&c.Retention.GuestMonths, v, 0, 1200) }},
	{name: "RETENTION_BOOKED_GUEST_MONTHS", meaning: "months after the last stay until who booked is erased (0: kept); the law keeps accounts for ten years", fallback: text("120"),
		set: func(c *Config, v string) error { return integer(&c.Retention.BookedGuestMonths, v, 0, 1200) }},

	{name: "LOG_LEVEL", meaning: "debug, info, warn or error", fallback: text("info"),
		set: func(c *Config, v string) error { return c.LogLevel.UnmarshalText([]byte(v)) }},
	{name: "OTEL_TRACES_EXPORTER", meaning: "where OpenTelemetry traces go: none, otlp or console; the other OTEL_ variables are read as OpenTelemetry defines them", fallback: text("none"),
		set: func(c *Config, v string) error {
			return oneOf(&c.TracesExporter, v, "none", "otlp", "console")
		}},
	{name: "OTEL_EXPORTER_OTLP_ENDPOINT", meaning: "address of the OpenTelemetry collector, such as http://collector:4318 (empty: this machine)",
		set: func(_ *Config, v string) error { var read *url.URL; return httpURL(&read, v) }},
	{name: "BUILD_ID", meaning: "name of this build; when set, workers are versioned and a deployment must make the version current",
		set: func(c *Config, v string) error { c.BuildID = v; return nil }},
	{name: "CABANAS_HOME", meaning: "folder in which `cabanas dev` keeps its state", fallback: text(".cabanas"),
		set: func(c *Config, v string) error { c.Home = v; return nil }},
}

func loopbackInDevelopment(c Config) string {
	if c.Environment == Development {
		return "127.0.0.1"
	}
	return "0.0.0.0"
}

// sameAsHold gives nothing when HOLD_TTL was refused, so that one mistake is one problem.
func sameAsHold(c Config) string {
	if c.Booking.HoldTTL == 0 {
		return ""
	}
	return c.Booking.HoldTTL.String()
}

func refuseAnyOrigin(c Config) string {
	if slices.Contains(c.AllowedOrigins, "*") {
		return `"*" is refused in production; list the origins`
	}
	return ""
}

func refusePrivateFeeds(c Config) string {
	if c.ICal.AllowPrivate {
		return "must be false in production"
	}
	return ""
}

func weakest(list []Secret, minimum int) string {
	for _, secret := range list {
		if reason := secret.weak(minimum); reason != "" {
			return reason
		}
	}
	return ""
}

func itoa(n int) string { return strconv.Itoa(n) }

func split(value string) []string {
	var parts []string
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

func prefixes(into *[]netip.Prefix, value string) error {
	for _, part := range split(value) {
		prefix, err := prefix(part)
		if err != nil {
			return err
		}
		*into = append(*into, prefix)
	}
	return nil
}
