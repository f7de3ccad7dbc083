package booking

import "fmt"

// FieldError refuses a value with [CodeInvalidInput] and names its field as the HTTP API does.
type FieldError struct {
	Field string
	// Rule is what the value must be, in English for developers; it never repeats the value.
	Rule string
}

func (e *FieldError) Error() string { return e.Unwrap().Error() }

// Unwrap gives the [Error].
func (e *FieldError) Unwrap() error { return Refuse(CodeInvalidInput, "%s %s", e.Field, e.Rule) }

// must adds a refusal to the list of them unless the value is as the rule wants it.
func must(refused *[]error, ok bool, field, rule string, args ...any) {
	if !ok {
		*refused = append(*refused, &FieldError{Field: field, Rule: "must be " + fmt.Sprintf(rule, args...)})
	}
}
