package api

import (
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/booking"
)

// sum is an amount that is given to us for something whose currency is known. It is written as every amount of the API, or bare as
// the decimal alone, which is how people at a desk type it.
type sum struct{ given money }

// UnmarshalJSON takes {"amount":"70000.00","currency":"ARS"} and "70000.00".
func (s *sum) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, &s.given.Amount)
	}
	return json.Unmarshal(raw, &s.given)
}

// Schema describes both spellings.
func (*sum) Schema(registry huma.Registry) *huma.Schema {
	longest := 20
	return &huma.Schema{AnyOf: []*huma.Schema{
		registry.Schema(reflect.TypeFor[money](), true, "Money"),
		{Type: huma.TypeString, Pattern: `^[0-9]+(\.[0-9]{1,2})?$`, MaxLength: &longest, Description: "The amount alone."},
	}, Examples: []any{map[string]any{"amount": "70000.00", "currency": booking.ARS}}}
}

// money is the amount; its currency is empty when it was not given.
func (s *sum) money() (booking.Money, error) {
	return booking.ParseDecimal(s.given.Amount, s.given.Currency)
}
