package api

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// describeNulls says of members that lead to another schema that they may be null, where Go has a pointer that is written also
// when it is nil. huma knows that of texts and numbers only.
func describeNulls(description *huma.OpenAPI) {
	registry := description.Components.Schemas
	for name, schema := range registry.Map() {
		structure := registry.TypeFromRef("#/components/schemas/" + name)
		if structure == nil || structure.Kind() != reflect.Struct {
			continue
		}
		for _, field := range reflect.VisibleFields(structure) {
			member, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			described := schema.Properties[member]
			if described == nil || described.Ref == "" || field.Type.Kind() != reflect.Pointer || strings.Contains(options, "omitempty") {
				continue
			}
			schema.Properties[member] = &huma.Schema{
				AnyOf: []*huma.Schema{{Ref: described.Ref}, {Type: "null"}}, Description: field.Tag.Get("doc"),
			}
		}
	}
}
