package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/internal/config"
)

const (
	strong    = "k3Jq9vT1pZx7Lm2Rw8Ys5Nb4Hd6Fc0GaQe"
	randomKey = "Zx0qkG5Tn8vF3m2bW7yR1sLcJ9dHuEoApIeXtK4hNQY="
)

// complete is the least a developer's API needs; with overrides it becomes the case under test.
func complete(overrides map[string]string) func(string) string {
	env := map[string]string{
		"DATABASE_URL":               "postgres://app:" + strong + "@db:5432/cabanas",
		"REDIS_URL":                  "redis://:" + strong + "@cache:6379/0",
		"BASE_URL":                   "https://reservas.cabins.ar/",
		"JWT_SECRET":                 strong,
		"WHATSAPP_ACCESS_TOKEN":      strong,
		"WHATSAPP_APP_SECRET":        strong,
		"WHATSAPP_PHONE_ID":          "106540352242922",
		"WHATSAPP_VERIFY_TOKEN":      strong,
		"MERCADOPAGO_ACCESS_TOKEN":   "APP_USR-" + strong,
		"MERCADOPAGO_WEBHOOK_SECRET": strong,
		"PAYLOAD_KEYS":               "2026-11:" + randomKey,
	}
	maps.Copy(env, overrides)
	return func(name string) string { return env[name] }
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(complete(nil))
	require.NoError(t, err)
	require.Equal(t, config.Development, cfg.Environment)
	require.Equal(t, "https://reservas.cabins.ar", cfg.BaseURL.String())
	require.Equal(t, 8000, cfg.Port)
	require.Equal(t, "127.0.0.1", cfg.BindAddress)
	require.Equal(t, 30*time.Minute, cfg.Booking.HoldTTL)
	require.Equal(t, 30*time.Minute, cfg.Booking.HoldExtension)
	require.Equal(t, 72*time.Hour, cfg.Booking.LatePaymentGrace)
	require.Equal(t, 30, cfg.Booking.DepositPercent)
	require.Equal(t, 60, cfg.Booking.MaxStayNights)
	require.Equal(t, 18, cfg.Booking.HorizonMonths)
	require.Equal(t, 5*time.Minute, cfg.ICal.SyncInterval)
	require.Equal(t, config.RateLimit{Window: time.Minute}, cfg.RateLimit, "a developer is not limited")
	require.Equal(t, "https://graph.facebook.com", cfg.WhatsApp.APIURL.String())
	require.Equal(t, "v24.0", cfg.WhatsApp.APIVersion)
	require.Equal(t, "https://api.mercadopago.com", cfg.MercadoPago.APIURL.String())
	require.Nil(t, cfg.Whisper.APIURL)
	require.Equal(t, "default", cfg.TemporalNamespace)
	require.Equal(t, slog.LevelInfo, cfg.LogLevel)
	require.True(t, cfg.SMTP.UseTLS)
	require.False(t, cfg.IsProduction())
}

func TestValues(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(complete(map[string]string{
		"ENVIRONMENT":                "Production",
		"DATABASE_URL":               "postgresql:///cabanas?host=/run/postgresql",
		"REDIS_URL":                  "rediss://cache:6380",
		"HOLD_TTL":                   "2s",
		"WHATSAPP_APP_SECRET":        strong + ", " + strong + "2",
		"MERCADOPAGO_WEBHOOK_SECRET": strong + "," + strong + "3,",
		"MERCADOPAGO_COLLECTOR_ID":   "123456789",
		"ALLOWED_ORIGINS":            "https://panel.cabins.ar/, https://cabins.ar",
		"TRUSTED_PROXIES":            "127.0.0.1, 10.1.2.3/8 ,::1",
		"OWNER_WHATSAPP":             "+54 9 11 5555-0000",
		"LOG_LEVEL":                  "debug",
		"SMTP_USE_TLS":               "no",
	}))
	require.NoError(t, err)
	require.True(t, cfg.IsProduction())
	require.Equal(t, "0.0.0.0", cfg.BindAddress)
	require.Equal(t, 2*time.Second, cfg.Booking.HoldTTL)
	require.Equal(t, 2*time.Second, cfg.Booking.HoldExtension, "the extension follows the hold")
	require.Len(t, cfg.WhatsApp.AppSecrets, 2)
	require.Equal(t, strong+"2", cfg.WhatsApp.AppSecrets[1].Reveal())
	require.Len(t, cfg.MercadoPago.WebhookSecrets, 2)
	require.EqualValues(t, 123456789, cfg.MercadoPago.CollectorID)
	require.Equal(t, []string{"https://panel.cabins.ar", "https://cabins.ar"}, cfg.AllowedOrigins)
	require.Equal(t, []netip.Prefix{
		netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128"),
	}, cfg.TrustedProxies)
	require.Equal(t, "5491155550000", cfg.Owner.WhatsApp)
	require.Equal(t, slog.LevelDebug, cfg.LogLevel)
	require.False(t, cfg.SMTP.UseTLS)
	require.Equal(t, 60, cfg.RateLimit.Requests)
	require.Equal(t, 10, cfg.RateLimit.HoldsPerAddress)
	require.Equal(t, 3, cfg.RateLimit.HoldsPerPhone)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, value string }{
		{"ENVIRONMENT", "prod"},
		{"DATABASE_URL", "sqlite:///x"},
		{"DATABASE_URL", "postgres://"},
		{"DATABASE_URL", "postgres://a:b c@[::1"},
		{"REDIS_URL", "http://cache"},
		{"BASE_URL", "reservas.cabins.ar"},
		{"BASE_URL", "ftp://x"},
		{"BASE_URL", "https://user:pw@x"},
		{"BIND_ADDRESS", "localhost"},
		{"PORT", "80000"},
		{"PORT", "http"},
		{"METRICS_ADDR", "9090"},
		{"ALLOWED_ORIGINS", "panel.cabins.ar"},
		{"TRUSTED_PROXIES", "proxy"},
		{"SETUP_TOKEN_HASH", "abc"},
		{"RATE_LIMIT_REQUESTS", "-1"},
		{"RATE_LIMIT_WINDOW_SECONDS", "0"},
		{"HOLD_TTL", "30"},
		{"HOLD_TTL", "-5m"},
		{"HOLD_TTL", "0s"},
		{"LATE_PAYMENT_GRACE", "three days"},
		{"DEPOSIT_PERCENT", "0"},
		{"DEPOSIT_PERCENT", "101"},
		{"MAX_STAY_NIGHTS", "0"},
		{"WHATSAPP_PHONE_ID", "+54 911"},
		{"WHATSAPP_APP_SECRET", " , "},
		{"WHATSAPP_API_VERSION", "24"},
		{"MERCADOPAGO_WEBHOOK_SECRET", ","},
		{"MERCADOPAGO_COLLECTOR_ID", "me"},
		{"WHISPER_API_URL", "localhost:9000"},
		{"OWNER_WHATSAPP", "call me"},
		{"OWNER_EMAIL", "nobody"},
		{"LOG_LEVEL", "loud"},
		{"ICAL_ALLOW_PRIVATE", "maybe"},
	}
	for _, tt := range tests {
		t.Run(tt.name+"="+tt.value, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(complete(map[string]string{tt.name: tt.value}))
			require.Equal(t, []string{tt.name}, variablesOf(err))
		})
	}
}

func TestEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.Load(func(name string) string { return map[string]string{"PORT": "x", "HOLD_TTL": "y"}[name] })
	require.Equal(t, []string{
		"DATABASE_URL", "REDIS_URL", "BASE_URL", "PORT", "JWT_SECRET", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET",
		"WHATSAPP_PHONE_ID", "WHATSAPP_VERIFY_TOKEN", "MERCADOPAGO_ACCESS_TOKEN", "MERCADOPAGO_WEBHOOK_SECRET", "HOLD_TTL",
	}, variablesOf(err))
	for _, name := range variablesOf(err) {
		require.ErrorContains(t, err, name)
	}
}

func TestProductionRefusesWeakSecrets(t *testing.T) {
	t.Parallel()
	secrets := []string{
		"JWT_SECRET", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN", "MERCADOPAGO_ACCESS_TOKEN",
		"MERCADOPAGO_WEBHOOK_SECRET",
	}
	values := []string{
		"", "dummy", "DUMMY-token-with-a-good-length-0123456789", "changeme", "please-change-me-please-change-me-1", "secret",
		"secret123", "password", "default-secret-default-secret-default", "sandbox-" + strong, strings.Repeat("a", 64), "short",
	}
	for _, name := range secrets {
		for _, value := range values {
			t.Run(name+"="+value, func(t *testing.T) {
				t.Parallel()
				overrides := map[string]string{"ENVIRONMENT": "production", name: value}
				_, err := config.Load(complete(overrides))
				require.Equal(t, []string{name}, variablesOf(err))
				if len(value) > 8 {
					require.NotContains(t, err.Error(), value)
				}
				if value != "" {
					overrides["ENVIRONMENT"] = "development"
					_, err = config.Load(complete(overrides))
					require.NoError(t, err)
				}
			})
		}
	}
}

func TestProductionRefusesOpenDoors(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"ICAL_ALLOW_PRIVATE": "true", "ALLOWED_ORIGINS": "*"} {
		_, err := config.Load(complete(map[string]string{"ENVIRONMENT": "production", name: value}))
		require.Equal(t, []string{name}, variablesOf(err))
		_, err = config.Load(complete(map[string]string{name: value}))
		require.NoError(t, err)
	}
}

func TestOneWeakSecretInARotationIsRefused(t *testing.T) {
	t.Parallel()
	_, err := config.Load(complete(map[string]string{"ENVIRONMENT": "production", "WHATSAPP_APP_SECRET": strong + ",dummy"}))
	require.Equal(t, []string{"WHATSAPP_APP_SECRET"}, variablesOf(err))
}

func TestLoadOnlyRequiresWhatItNames(t *testing.T) {
	t.Parallel()
	env := map[string]string{"DATABASE_URL": "postgres://app@db/cabanas"}
	getenv := func(name string) string { return env[name] }
	cfg, err := config.LoadOnly(getenv, "DATABASE_URL")
	require.NoError(t, err)
	require.Equal(t, "postgres://app@db/cabanas", cfg.DatabaseURL.Reveal())

	_, err = config.LoadOnly(getenv, "DATABASE_URL", "REDIS_URL")
	require.Equal(t, []string{"REDIS_URL"}, variablesOf(err))

	env["HOLD_TTL"] = "soon"
	_, err = config.LoadOnly(getenv, "DATABASE_URL")
	require.Equal(t, []string{"HOLD_TTL"}, variablesOf(err))
	require.Panics(t, func() { _, _ = config.LoadOnly(getenv, "DATABSE_URL") })
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(complete(nil))
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("settings", "config", cfg, "secret", cfg.JWTSecret)
	slog.New(slog.NewTextHandler(&log, nil)).Info("settings", "config", cfg, "secret", cfg.JWTSecret)
	body, err := json.Marshal(cfg)
	require.NoError(t, err)
	for _, printed := range []string{
		fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), fmt.Sprintf("%s %q %d %v", cfg.JWTSecret, cfg.JWTSecret, cfg.JWTSecret, &cfg),
		string(body), log.String(),
	} {
		require.NotContains(t, printed, strong)
	}
	require.Contains(t, string(body), "[redacted]")
}

func variablesOf(err error) []string {
	var names []string
	for _, problem := range config.AsProblems(err) {
		names = append(names, problem.Variable)
	}
	return names
}
