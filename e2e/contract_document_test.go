package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// document is the description that the API gives of itself.
type document struct {
	root       map[string]any
	schemas    *jsonschema.Compiler
	operations []operation
}

// operation is one method of one path in it.
type operation struct {
	id, method, path string
	role             string // what an account of staff needs; empty where none is asked for
	security         []any
	parameters       []parameter
	// body is the schema of a JSON body, nil when none is taken; other bodies are named by bodyType.
	body         map[string]any
	bodyExample  map[string]any
	bodyType     string
	bodyRequired bool
	// pointer leads to the operation in the document.
	pointer   string
	responses map[string]any
}

type parameter struct {
	name, in string
	required bool
	schema   map[string]any
	example  any
}

const documentURL = "https://cabanas.test/openapi.json"

func (s *stack) document(t *testing.T) *document {
	t.Helper()
	raw := s.must(t, http.MethodGet, "/openapi.json", nil)
	require.Equal(t, http.StatusOK, raw.status)
	decoded, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw.body))
	require.NoError(t, err)
	d := &document{root: decoded.(map[string]any), schemas: jsonschema.NewCompiler()}
	d.schemas.DefaultDraft(jsonschema.Draft2020) // what OpenAPI 3.1 says
	d.schemas.AssertFormat()
	require.NoError(t, d.schemas.AddResource(documentURL, decoded))
	require.Regexp(t, `^3\.1\.`, d.root["openapi"])
	for path, item := range d.root["paths"].(map[string]any) {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			if described, ok := item.(map[string]any)[method].(map[string]any); ok {
				d.operations = append(d.operations, d.operation(path, method, described))
			}
		}
	}
	slices.SortFunc(d.operations, func(a, b operation) int { return strings.Compare(a.id, b.id) })
	require.NotEmpty(t, d.operations)
	return d
}

func (d *document) operation(path, method string, described map[string]any) operation {
	o := operation{method: strings.ToUpper(method), path: path, pointer: "/paths/" + escaped(path) + "/" + method}
	o.id, _ = described["operationId"].(string)
	o.role, _ = described["x-role"].(string)
	o.security, _ = described["security"].([]any)
	o.responses, _ = described["responses"].(map[string]any)
	parameters, _ := described["parameters"].([]any)
	for _, each := range parameters {
		p := each.(map[string]any)
		name, _ := p["name"].(string)
		in, _ := p["in"].(string)
		required, _ := p["required"].(bool)
		schema, _ := p["schema"].(map[string]any)
		o.parameters = append(o.parameters, parameter{name: name, in: in, required: required, schema: schema, example: p["example"]})
	}
	body, _ := described["requestBody"].(map[string]any)
	o.bodyRequired, _ = body["required"].(bool)
	content, _ := body["content"].(map[string]any)
	for mediaType, media := range content {
		o.bodyType = mediaType
		if isJSON(mediaType) {
			o.body, _ = media.(map[string]any)["schema"].(map[string]any)
			o.bodyExample, _ = media.(map[string]any)["example"].(map[string]any)
		}
	}
	return o
}

// resolve follows references of a schema.
func (d *document) resolve(schema map[string]any) map[string]any {
	for {
		reference, ok := schema["$ref"].(string)
		if !ok {
			return schema
		}
		var at any = d.root
		for part := range strings.SplitSeq(strings.TrimPrefix(reference, "#/"), "/") {
			at = at.(map[string]any)[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
		}
		schema = at.(map[string]any)
	}
}

// holds says what in an answer is not as the description of the operation has it; nil when all is.
func (d *document) holds(o operation, a answer) error {
	described, status := o.responses[strconv.Itoa(a.status)], strconv.Itoa(a.status)
	if described == nil {
		described, status = o.responses["default"], "default"
	}
	if described == nil {
		return fmt.Errorf("status %d is not described: %.300s", a.status, a.body)
	}
	content, _ := described.(map[string]any)["content"].(map[string]any)
	if len(content) == 0 {
		if len(bytes.TrimSpace(a.body)) > 0 && a.status != http.StatusNotModified {
			return fmt.Errorf("status %d has a body that is not described: %.300s", a.status, a.body)
		}
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil || content[mediaType] == nil {
		return fmt.Errorf("status %d is %q, described is %v", a.status, a.header.Get("Content-Type"), content)
	}
	if !isJSON(mediaType) {
		return nil
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.body))
	if err != nil {
		return fmt.Errorf("status %d is no JSON: %w: %.300s", a.status, err, a.body)
	}
	schema, err := d.schemas.Compile(documentURL + "#" + o.pointer + "/responses/" + status + "/content/" + escaped(mediaType) + "/schema")
	if err != nil {
		return fmt.Errorf("the schema of status %d: %w", a.status, err)
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("status %d does not follow its schema: %w\n%.600s", a.status, err, a.body)
	}
	return nil
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

// escaped is a name in a JSON pointer that is part of a URL.
func escaped(name string) string {
	return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
}

// asked is one request of an operation.
type asked struct {
	path   string
	query  url.Values
	header http.Header
	body   []byte
	// bodyType is sent with a body.
	bodyType string
}

func (d *document) request(o operation, values map[string]any, body any) asked {
	r := asked{path: o.path, query: url.Values{}, header: http.Header{}}
	for _, p := range o.parameters {
		value, given := values[p.name]
		if !given {
			continue
		}
		switch text := plain(value); p.in {
		case "path":
			r.path = strings.ReplaceAll(r.path, "{"+p.name+"}", url.PathEscape(text))
		case "query":
			r.query.Set(p.name, text)
		case "header":
			r.header.Set(p.name, headerSafe(text))
		}
	}
	if body != nil {
		r.body, _ = json.Marshal(body)
		r.bodyType = "application/json"
	}
	return r
}

func plain(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case []any:
		parts := make([]string, 0, len(v))
		for _, item := range v {
			parts = append(parts, plain(item))
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(value)
}

// headerSafe keeps what Go's client lets out.
func headerSafe(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}
