package observe

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
)

// Mask takes out of logs what could name or reach a person or open a door: e-mail addresses, phones, tokens, queries of URLs and
// values of database keys. It is the last line of defence: code says guest ids and nothing else. The zero Mask is ready.
type Mask struct {
	// Key makes phones references that stay the same, see [PhoneRef]; empty makes them "redacted".
	Key []byte
}

var (
	emails = regexp.MustCompile(`[\w.+%-]+@[\w-]+(?:\.[\w-]+)+`)
	// A number with its +, however it is grouped, or the digits of one of this part of the world; not part of an id or a decimal.
	phones = regexp.MustCompile(`\+\d[\d ().-]{6,18}\d|(?:^|[^\w.-])((?:54|55|56)\d{9,11}|59[1-8]\d{8,9})(?:$|[^\w-])`)
	bearer = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}`)
	jwts   = regexp.MustCompile(`\beyJ[\w-]{6,}\.[\w-]+\.[\w-]*`)
	// The whole query of an address goes: codes, tokens and what people typed are in it.
	queries = regexp.MustCompile(`(\bhttps?://[^\s"'<>?]*\?)[^\s"'<>]+`)
	// name=value outside of addresses, where the name says what it is.
	secretsNamed = regexp.MustCompile(`(?i)\b(access_token|refresh_token|token|secret|password|authorization|api_?key)(["']?\s*[=:]\s*["']?)[^\s"'&,;}]{4,}`)
	// What Postgres adds to a broken constraint: Key (phone)=(...), Failing row contains (...).
	rowValues = regexp.MustCompile(`(\)=\()[^)]*\)|(Failing row contains \().*\)`)
	userInfo  = regexp.MustCompile(`(\b[a-z][a-z0-9+]*://)[^/\s:@]+:[^/\s@]+@`)
	wamids    = regexp.MustCompile(`\bwamid\.[\w=+/-]{16,}`)
)

// Text masks a text.
func (m Mask) Text(text string) string {
	if !suspicious(text) {
		return text
	}
	text = userInfo.ReplaceAllString(text, "${1}***@")
	text = queries.ReplaceAllString(text, "${1}***")
	text = rowValues.ReplaceAllString(text, "${1}${2}***)")
	text = emails.ReplaceAllString(text, "***@***")
	text = bearer.ReplaceAllString(text, "${1} ***")
	text = jwts.ReplaceAllString(text, "***")
	text = wamids.ReplaceAllString(text, "wamid.***")
	text = secretsNamed.ReplaceAllString(text, "${1}${2}***")
	return m.phones(text)
}

// suspicious spares nearly every text the patterns: it has an @, a =, a : or seven digits.
func suspicious(text string) bool {
	digits := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c == '@' || c == '=' || c == ':' && len(text) > 12:
			return true
		case c >= '0' && c <= '9':
			if digits++; digits >= 7 {
				return true
			}
		}
	}
	return len(text) > 12 && (strings.Contains(text, "earer ") || strings.Contains(text, "asic ") || strings.Contains(text, "eyJ") ||
		strings.Contains(text, "wamid.") || strings.Contains(text, "contains ("))
}

func (m Mask) phones(text string) string {
	return phones.ReplaceAllStringFunc(text, func(found string) string {
		start := strings.IndexFunc(found, func(r rune) bool { return r == '+' || isDigit(r) })
		end := strings.LastIndexFunc(found, isDigit) + 1
		return found[:start] + "phone:" + PhoneRef(m.Key, canonicalDigits(found[start:end])) + found[end:]
	})
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// canonicalDigits is the canonical form of a number as guests have it: an Argentine mobile goes without its 9.
func canonicalDigits(number string) string {
	digits := strings.Map(func(r rune) rune {
		if isDigit(r) {
			return r
		}
		return -1
	}, number)
	if len(digits) == 13 && strings.HasPrefix(digits, "549") {
		return "54" + digits[3:]
	}
	return digits
}

// Attr is the ReplaceAttr of a handler: it masks what an attribute says, whatever its type. Ids of ours and of providers, named
// as such, stay.
func (m Mask) Attr(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		if text := a.Value.String(); !isIdentifier(a.Key) {
			if masked := m.Text(text); masked != text {
				a.Value = slog.StringValue(masked)
			}
		}
	case slog.KindAny:
		m.value(&a)
	}
	return a
}

func (m Mask) value(a *slog.Attr) {
	var text string
	switch value := a.Value.Any().(type) {
	case nil, *slog.Source, slog.Level:
		return
	case error:
		text = value.Error()
	case fmt.Stringer:
		text = value.String()
	default:
		encoded, err := json.Marshal(value)
		if err != nil {
			text = fmt.Sprintf("%+v", value)
		} else {
			text = string(encoded)
		}
	}
	if masked := m.Text(text); masked != text {
		a.Value = slog.StringValue(masked)
	}
}

// isIdentifier reports whether an attribute is named as an id: payment ids of the provider look like phones.
func isIdentifier(key string) bool {
	return strings.HasSuffix(key, "_id") || key == slog.TimeKey || key == slog.LevelKey
}
