package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
)

const redacted = "[redacted]"

// Secret is a value that must not be printed: formatting, JSON and slog show "[redacted]" (or nothing when it is empty).
type Secret struct{ value string }

// NewSecret wraps a value read from somewhere else than Load, such as a test.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns the value itself, for the one place that hands it to a library or a provider.
func (s Secret) Reveal() string { return s.value }

// IsZero tells whether nothing was set.
func (s Secret) IsZero() bool { return s.value == "" }

// String redacts the value for fmt.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// GoString redacts the value for %#v.
func (s Secret) GoString() string { return "config.Secret(" + s.String() + ")" }

// Format redacts the value for the verbs fmt would not ask String about, such as %d.
func (s Secret) Format(f fmt.State, verb rune) {
	if verb == 'v' && f.Flag('#') {
		_, _ = f.Write([]byte(s.GoString()))
		return
	}
	_, _ = f.Write([]byte(s.String()))
}

// MarshalJSON redacts the value for encoding/json.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// LogValue redacts the value for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// dummyMarks are the parts that give away a value copied from a template or a tutorial.
var dummyMarks = []string{
	"dummy", "changeme", "change-me", "change_me", "change me", "changethis", "replace-me", "replace_me", "replaceme",
	"default", "example", "sandbox", "insecure", "your-", "your_", "yoursecret", "xxxx",
}

// weak tells why production must refuse a secret, or nothing when it may pass.
func (s Secret) weak(minimum int) string {
	lower := strings.ToLower(s.value)
	for _, mark := range dummyMarks {
		if strings.Contains(lower, mark) {
			return "looks like a dummy or default value, which production refuses"
		}
	}
	switch strings.Trim(lower, "0123456789!") {
	case "", "secret", "password", "test", "token", "admin", "dev", "development":
		return "looks like a dummy or default value, which production refuses"
	}
	if strings.Count(s.value, s.value[:1]) == len(s.value) {
		return "is one character repeated, which production refuses"
	}
	if len(s.value) < minimum {
		return "is too short for production (at least " + itoa(minimum) + " characters)"
	}
	return ""
}
