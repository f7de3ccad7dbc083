package e2e

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// known are values that exist in the system under test, by the name of the parameter or field.
type known map[string]any

// sample makes a value that follows a schema: what exists, else the example, else the least that is allowed.
func (d *document) sample(name string, schema map[string]any, world known, whole bool) any {
	schema = d.resolve(schema)
	if value, ok := world[name]; ok {
		return value
	}
	if examples, ok := schema["examples"].([]any); ok && len(examples) > 0 {
		return examples[0]
	}
	if choices, ok := schema["enum"].([]any); ok && len(choices) > 0 {
		return choices[len(choices)-1]
	}
	switch typeOf(schema) {
	case "object":
		return d.sampleObject(schema, world, whole)
	case "array":
		items, _ := schema["items"].(map[string]any)
		return []any{d.sample("", items, world, whole)}
	case "integer", "number":
		if least, ok := schema["minimum"]; ok {
			return least
		}
		return json.Number("1")
	case "boolean":
		return true
	}
	return sampleText(schema)
}

func (d *document) sampleObject(schema map[string]any, world known, whole bool) map[string]any {
	object := map[string]any{}
	required, _ := schema["required"].([]any)
	properties, _ := schema["properties"].(map[string]any)
	for name, property := range properties {
		if whole || slices.Contains(required, any(name)) {
			object[name] = d.sample(name, property.(map[string]any), world, whole)
		}
	}
	return object
}

func sampleText(schema map[string]any) string {
	switch schema["format"] {
	case "date":
		return "2027-03-10"
	case "date-time":
		return "2027-03-10T12:00:00Z"
	case "email":
		return "someone@example.org"
	case "uri":
		return "https://example.org/file"
	}
	text := "abc"
	if least, ok := schema["minLength"].(json.Number); ok {
		n, _ := least.Int64()
		text += strings.Repeat("c", max(int(n)-len(text), 0))
	}
	return text
}

// typeOf is the first type that is not null.
func typeOf(schema map[string]any) string {
	switch kind := schema["type"].(type) {
	case string:
		return kind
	case []any:
		for _, each := range kind {
			if each != "null" {
				return each.(string)
			}
		}
	}
	if _, ok := schema["properties"]; ok {
		return "object"
	}
	return ""
}

// hostileTexts are texts that have broken somebody's program before.
var hostileTexts = []any{
	"", "0", "-1", "9223372036854775808", "1e309", "NaN", "null", "true", "2027-02-30", "0000-00-00", "2027-13-45T99:99:99Z", "' OR 1=1 --",
	"%00", "a\x00b", "../../etc/passwd", "<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}", "ñandú 🏡 \u202e", "\ufeff",
	strings.Repeat("A", 3000), "=cmd|' /C calc'!A0", "a,b;c\"d", "\r\nX-Injected: 1", "𝟙𝟚𝟛", "-0", " 1 ", "0x10", "１",
}

// misfits are JSON values of which most fit nowhere.
var misfits = []any{
	nil, true, false, json.Number("0"), json.Number("-1"), json.Number("1.5"), json.Number("9223372036854775808"), json.Number("1e400"), "", "x",
	[]any{}, []any{nil}, []any{map[string]any{}}, map[string]any{}, map[string]any{"": nil}, "a\x00b", strings.Repeat("A", 3000), "2027-02-30", "-1.00",
}

// bodiesThatAreNone are whole bodies that no operation takes.
var bodiesThatAreNone = []string{
	"", " ", "null", "{", "}", "nothing", `"text"`, "[]", "[{}]", "1e999", "{\"a\":1,}", "{} {}", "\xff\xfe\x00", `{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}",
	strings.Repeat(" ", 70<<10) + "{}",
}

// spoil replaces one member of the body, at any depth, by a misfit.
func spoil(random *rand.Rand, body any) any {
	switch value := body.(type) {
	case map[string]any:
		if len(value) > 0 && random.IntN(8) > 0 {
			names := make([]string, 0, len(value))
			for name := range value {
				names = append(names, name)
			}
			slices.Sort(names)
			chosen := names[random.IntN(len(names))]
			spoiled := maps.Clone(value)
			spoiled[chosen] = spoil(random, value[chosen])
			return spoiled
		}
	case []any:
		if len(value) > 0 && random.IntN(3) > 0 {
			return []any{spoil(random, value[0])}
		}
	}
	if random.IntN(2) == 0 {
		return hostileTexts[random.IntN(len(hostileTexts))]
	}
	return misfits[random.IntN(len(misfits))]
}
