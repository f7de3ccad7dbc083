package whatsapp

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// fields is a JSON object of which each member is read on its own, so that one wrong member spoils nothing else.
type fields map[string]json.RawMessage

func object(raw json.RawMessage) (fields, bool) {
	var members fields
	if err := json.Unmarshal(raw, &members); err != nil || members == nil {
		return nil, false
	}
	return members, true
}

// array returns the items of a member; ok is false when the member is there and is not an array.
func (f fields) array(name string) (items []json.RawMessage, ok bool) {
	raw := f[name]
	if len(raw) == 0 {
		return nil, true
	}
	err := json.Unmarshal(raw, &items)
	return items, err == nil
}

// text returns a string member, or the digits of a number, or nothing.
func (f fields) text(name string) string {
	raw := bytes.TrimSpace(f[name])
	if len(raw) == 0 {
		return ""
	}
	if raw[0] == '"' {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return ""
		}
		return strings.ReplaceAll(text, "\x00", "")
	}
	var number json.Number
	if json.Unmarshal(raw, &number) != nil {
		return ""
	}
	return number.String()
}

func (f fields) flag(name string) bool {
	var value bool
	return json.Unmarshal(f[name], &value) == nil && value
}

func (f fields) integer(name string) (value int, ok bool) {
	value, err := strconv.Atoi(f.text(name))
	return value, err == nil
}

func (f fields) decimal(name string) (float64, bool) {
	value, err := strconv.ParseFloat(f.text(name), 64)
	return value, err == nil
}

// unixTime reads seconds in a string or a number; what cannot be a moment of this era is the zero time.
func (f fields) unixTime(name string) time.Time {
	const endOfYear9999 = 253402300799
	seconds, err := strconv.ParseInt(f.text(name), 10, 64)
	if err != nil || seconds <= 0 || seconds > endOfYear9999 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
