package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/danielgtaylor/huma/v2"
)

// jsonFormat reads and writes the bodies of the typed routes. Its errors say where the body is wrong, in terms of the body.
var jsonFormat = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(v)
	},
	Unmarshal: func(data []byte, v any) error {
		err := json.Unmarshal(data, v)
		var syntax *json.SyntaxError
		var mismatch *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			return fmt.Errorf("not JSON at %s: %s", position(data, syntax.Offset), syntax.Error())
		case errors.As(err, &mismatch):
			return fmt.Errorf("%s cannot hold this %s (at %s)", mismatch.Field, mismatch.Value, position(data, mismatch.Offset))
		}
		return err
	},
}

// position turns the number of bytes read into line and column, both from 1.
func position(data []byte, read int64) string {
	before := data[:max(min(read-1, int64(len(data))), 0)]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf("line %d, column %d", line, column)
}
