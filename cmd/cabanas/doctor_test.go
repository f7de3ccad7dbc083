package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/internal/doctor"
)

// complete are settings that can be used, with neighbours that nobody answers for.
func complete(changed map[string]string) func(string) string {
	settings := map[string]string{
		"DATABASE_URL": "postgres://cabanas:pw-of-the-database@127.0.0.1:1/cabanas", "REDIS_URL": "redis://:pw-of-redis@127.0.0.1:1",
		"TEMPORAL_ADDRESS": "127.0.0.1:1", "BASE_URL": "http://127.0.0.1:1", "JWT_SECRET": "0123456789abcdef0123456789abcdef",
		"WHATSAPP_ACCESS_TOKEN": "token-of-whatsapp", "WHATSAPP_APP_SECRET": "secret-of-whatsapp", "WHATSAPP_PHONE_ID": "777", "WHATSAPP_VERIFY_TOKEN": "verify-me",
		"WHATSAPP_API_URL": "http://127.0.0.1:1", "MERCADOPAGO_ACCESS_TOKEN": "token-of-mercadopago", "MERCADOPAGO_WEBHOOK_SECRET": "secret-of-mercadopago",
		"MERCADOPAGO_API_URL": "http://127.0.0.1:1", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": "1", "SMTP_FROM": "reservas@cabanas.test", "SMTP_USE_TLS": "false",
	}
	return func(name string) string {
		if value, ok := changed[name]; ok {
			return value
		}
		return settings[name]
	}
}

func examine(t *testing.T, getenv func(string) string, offline bool) map[string][]doctor.Line {
	t.Helper()
	byName := map[string][]doctor.Line{}
	e := newExamination(0)
	e.reach = 100 * time.Millisecond
	for _, line := range doctor.Examine(t.Context(), e.checks(getenv, offline)).Checks {
		byName[line.Name] = append(byName[line.Name], line)
		if line.Status == doctor.Failed || line.Status == doctor.Warning {
			require.NotEmpty(t, line.Fix, "%s says what mends it", line.Name)
		}
		for _, secret := range []string{"pw-of", "token-of", "secret-of", "verify-me"} {
			require.NotContains(t, line.Detail+line.Fix, secret)
		}
	}
	return byName
}

func TestDoctorNamesEverySettingThatIsWrong(t *testing.T) {
	t.Parallel()
	lines := examine(t, complete(map[string]string{"REDIS_URL": "", "PORT": "many"}), false)
	require.Len(t, lines, 1)
	require.Len(t, lines["settings"], 3, "both problems, and that the rest waits")
	require.Contains(t, lines["settings"][0].Detail, "REDIS_URL")
	require.Contains(t, lines["settings"][1].Detail, "PORT")
	require.Equal(t, doctor.Skipped, lines["settings"][2].Status)
}

func TestDoctorOfflineLooksAtThisMachine(t *testing.T) {
	t.Parallel()
	lines := examine(t, complete(map[string]string{"ENVIRONMENT": "staging", "BASE_URL": "http://cabanas.test"}), true)
	require.NotContains(t, lines, "database")
	var details string
	for _, line := range lines["settings"] {
		require.NotEqual(t, doctor.Failed, line.Status)
		details += line.Detail + "\n"
	}
	require.Contains(t, details, "BASE_URL is not https")
	require.Contains(t, details, "nobody is told of alarms")
}

func TestDoctorSaysOfEachNeighbourThatItIsAway(t *testing.T) {
	t.Parallel()
	lines := examine(t, complete(nil), false)
	for _, name := range []string{"database", "temporal", "address", "whatsapp", "mercadopago", "mail"} {
		require.Equal(t, doctor.Failed, lines[name][0].Status, "%s: %v", name, lines[name])
	}
	require.Equal(t, doctor.Warning, lines["redis"][0].Status, "bookings go on without")
	require.Equal(t, doctor.Skipped, lines["speech"][0].Status)
	require.Equal(t, doctor.Skipped, lines["feeds"][0].Status)
}

func TestDoctorDoesMetasHandshake(t *testing.T) {
	t.Parallel()
	answers := func(token string) string {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
		mux.HandleFunc("GET /api/v1/webhooks/whatsapp", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("hub.verify_token") != token {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			_, _ = w.Write([]byte(r.URL.Query().Get("hub.challenge")))
		})
		server := httptest.NewServer(mux)
		t.Cleanup(server.Close)
		return server.URL
	}
	lines := examine(t, complete(map[string]string{"BASE_URL": answers("verify-me")}), false)["address"]
	require.Equal(t, "Meta's handshake works", lines[1].Detail)
	lines = examine(t, complete(map[string]string{"BASE_URL": answers("another")}), false)["address"]
	require.Equal(t, doctor.Failed, lines[1].Status)
	require.Contains(t, lines[1].Fix, "WHATSAPP_VERIFY_TOKEN")
}

func TestDoctorTellsRefusalsApart(t *testing.T) {
	t.Parallel()
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/users/me" {
			_, _ = w.Write([]byte(`{"id":5,"site_id":"MLB"}`))
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":{"message":"Error validating access token","code":190}}`))
	}))
	t.Cleanup(provider.Close)
	lines := examine(t, complete(map[string]string{
		"WHATSAPP_API_URL": provider.URL, "MERCADOPAGO_API_URL": provider.URL, "MERCADOPAGO_COLLECTOR_ID": "6",
	}), false)
	require.Contains(t, lines["whatsapp"][0].Fix, "WHATSAPP_ACCESS_TOKEN")
	require.Equal(t, []doctor.Status{doctor.OK, doctor.Failed, doctor.Warning},
		[]doctor.Status{lines["mercadopago"][0].Status, lines["mercadopago"][1].Status, lines["mercadopago"][2].Status})
	require.Contains(t, lines["mercadopago"][1].Detail, "no payment would count")
}
