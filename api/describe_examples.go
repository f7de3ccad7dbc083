package api

import "github.com/danielgtaylor/huma/v2"

// bodyExamples are whole bodies of operations some of whose fields exclude each other; where the examples of the fields go
// together, those do.
var bodyExamples = map[string]map[string]any{
	"create-rate": {
		"name": "Enero", "kind": "season", "priority": 10, "percent": 140, "min_nights": 5,
		"dates": []any{map[string]any{"first_night": "2027-01-02", "last_night": "2027-01-31"}},
	},
	"change-rate":      {"percent": 130},
	"set-cancellation": {"name": "moderate"},
	"change-feed":      {"interval": "10m"},
	"import-calendar":  {"accommodation_id": 1, "content": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nEND:VCALENDAR\r\n"},
}

// describeExamples adds them to the description; it comes after every route.
func describeExamples(description *huma.OpenAPI) {
	for _, op := range operationsOf(description) {
		example, ok := bodyExamples[op.OperationID]
		if !ok || op.RequestBody == nil {
			continue
		}
		if content := op.RequestBody.Content["application/json"]; content != nil {
			content.Example = example
		}
	}
}
