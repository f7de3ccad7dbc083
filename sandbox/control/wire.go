package control

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// MaxBody is the largest control request, in bytes; it leaves room for a 16 MB voice note in base64.
const MaxBody = 24 << 20

// Problem is the body of a refused control call.
type Problem struct {
	Error string `json:"error"`
}

// Read decodes a control request strictly; an empty body leaves v as it is.
func Read(w http.ResponseWriter, r *http.Request, v any) error {
	body := http.MaxBytesReader(w, r.Body, MaxBody)
	if r.ContentLength == 0 {
		return nil
	}
	dec := json.NewDecoder(body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("read control request: %w", err)
	}
	return nil
}

// Write answers with JSON.
func Write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
}

// Refuse answers with a Problem.
func Refuse(w http.ResponseWriter, status int, err error) {
	Write(w, status, Problem{Error: err.Error()})
}
