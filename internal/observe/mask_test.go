package observe_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/internal/observe"
)

func TestMaskTakesOutWhatIsPersonal(t *testing.T) {
	t.Parallel()
	mask := observe.Mask{Key: []byte("key")}
	ref := "phone:" + observe.PhoneRef([]byte("key"), "542944123456")
	for text, want := range map[string]string{
		"send to 5492944123456 failed":                  "send to " + ref + " failed",
		"send to 542944123456":                          "send to " + ref,
		"+54 9 294 412-3456":                            ref,
		"(+54 9 2944 12 3456)":                          "(" + ref + ")",
		"tel:+5492944123456,":                           "tel:" + ref + ",",
		"mail to ana.perez+x@mail.example.org: refused": "mail to ***@***: refused",
		`duplicate key (SQLSTATE 23505): Key (phone)=(542944123456) exists`: "duplicate key (SQLSTATE 23505): Key (phone)=(***) exists",
		"Failing row contains (1, Ana, 2944).":                              "Failing row contains (***).",
		`Get "https://api.example.org/v1/x?token=abc&q=Ana": EOF`:           `Get "https://api.example.org/v1/x?***": EOF`,
		"Authorization: Bearer EAAG1234567890":                              "Authorization: ***" + " ***",
		"used eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOjF9.abc here":                   "used *** here",
		"postgres://cabanas:hunter2@db.internal/cabanas":                    "postgres://***@db.internal/cabanas",
		"access_token=APP_USR-12345 x":                                      "access_token=*** x",
		"message wamid.HBgNNTQ5Mjk0NDEyMzQ1NhUCABIY":                        "message wamid.***",
	} {
		got := mask.Text(text)
		require.Equal(t, want, got)
		require.Equal(t, got, mask.Text(got), "masking again changes nothing")
	}
}

func TestMaskLeavesWhatIsOurs(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "hold placed", "RES261120A1B2C3", "conversation/42", "2026-11-22T10:20:30.123456789Z", "0.542944123456",
		"8b1a9953-c461-1296-a827-542944123456", "9f86d081884c7d659a2feaa0c55ad015", "127.0.0.1:54321", "1795360000", "took 1.5s",
		"check-in 2027-01-10, 3 nights", "http://127.0.0.1:8000/api/v1/accommodations/3/availability", "SQLSTATE 23505", "payment 98765432101",
	} {
		require.Equal(t, text, observe.Mask{}.Text(text))
	}
}

func TestLoggerMasksEveryKindOfAttribute(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := observe.NewLogger(&out, slog.LevelInfo).With("before", "ana@example.org").WithGroup("group").With("address", &url.URL{Scheme: "https", Host: "x.org", RawQuery: "q=Ana"})
	cause := fmt.Errorf("upsert: %w", errors.New("Key (phone)=(542944123456) already exists"))
	logger.Error("failed for ana@example.org", "error", cause, "text", "+5492944123456", "list", []string{"ana@example.org"},
		"fields", map[string]any{"to": "5492944123456"}, slog.Group("inner", "mail", "ana@example.org"), "payment_id", "549294412345", "guest_id", 42)
	for _, personal := range []string{"ana@example.org", "2944123456", "q=Ana"} {
		require.NotContains(t, out.String(), personal)
	}
	require.Contains(t, out.String(), `"payment_id":"549294412345"`)
	require.Contains(t, out.String(), `"guest_id":42`)
	require.Contains(t, out.String(), "upsert: Key (phone)=(***)")
}

func BenchmarkMaskOfAnOrdinaryLine(b *testing.B) {
	logger := observe.NewLogger(&bytes.Buffer{}, slog.LevelInfo)
	for b.Loop() {
		logger.Info("message received", "message_id", 123456, "guest_id", 42, "kind", "text")
	}
}
