// Package lenient reads JSON that others write: each member on its own, so that what a provider adds or breaks tomorrow
// costs that member and nothing else. No function fails on bad input; what cannot be read is absent.
package lenient

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// Object is a JSON object whose members are still to be read. The nil Object has no members and can be read as well.
type Object map[string]json.RawMessage

// Read returns the object that raw holds; ok is false, and the Object nil, when raw is anything else, null included.
func Read(raw json.RawMessage) (object Object, ok bool) {
	if err := json.Unmarshal(raw, &object); err != nil || object == nil {
		return nil, false
	}
	return object, true
}

// Object returns a member that is itself an object; ok is false, and the Object nil, when it is absent or anything else.
func (o Object) Object(name string) (member Object, ok bool) { return Read(o[name]) }

// Array returns the items of a member, none when it is absent or null; ok is false when it is there and is no array.
func (o Object) Array(name string) (items []json.RawMessage, ok bool) {
	raw := o[name]
	if len(raw) == 0 {
		return nil, true
	}
	err := json.Unmarshal(raw, &items)
	return items, err == nil
}

// Text returns a string member without NUL characters, which Postgres cannot store, or a number as it was written; for
// anything else it is empty.
func (o Object) Text(name string) string {
	raw := bytes.TrimSpace(o[name])
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

// Flag reports whether the member is true.
func (o Object) Flag(name string) bool {
	var value bool
	return json.Unmarshal(o[name], &value) == nil && value
}

// Integer returns a whole number given as a number or as a string; ok is false when there is none that fits an int.
func (o Object) Integer(name string) (value int, ok bool) {
	value, err := strconv.Atoi(o.Text(name))
	return value, err == nil
}

// Decimal returns a number given as a number or as a string, which may be one of strconv's infinities or NaN; ok is false
// when there is none.
func (o Object) Decimal(name string) (value float64, ok bool) {
	value, err := strconv.ParseFloat(o.Text(name), 64)
	return value, err == nil
}
