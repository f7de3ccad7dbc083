package mercadopago

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// refusal is an error answer of the API: message, error, status and causes.
type refusal struct {
	status int
	kind   string
	text   string
	causes []cause
	retry  string // Retry-After
}

type cause struct {
	Code        int    `json:"code"`
	Description string `json:"description"`
	Data        any    `json:"data"`
}

func (r *refusal) Error() string { return r.text }

// Codes of the payments API that this stand-in uses.
const (
	codeTooManyRows    = 1000
	codeNotFound       = 2000
	codeInvalidField   = 2006
	codeInvalidAction  = 2018
	codeRefundTooOld   = 2024
	codeRefundState    = 2063
	codeAmountInvalid  = 4040
	codeAmountTooHigh  = 4041 // also an amount that is no number
	codeIdempotencyKey = 4292
)

func bad(code int, format string, args ...any) *refusal {
	text := fmt.Sprintf(format, args...)
	return &refusal{
		status: http.StatusBadRequest, kind: "bad_request", text: text, causes: []cause{{Code: code, Description: text}},
	}
}

func notFound(format string, args ...any) *refusal {
	r := bad(codeNotFound, format, args...)
	r.status, r.kind = http.StatusNotFound, "not_found"
	return r
}

func (r *refusal) write(w http.ResponseWriter) {
	if r.retry != "" {
		w.Header().Set("Retry-After", r.retry)
	}
	causes := r.causes
	if causes == nil {
		causes = []cause{}
	}
	answer(w, r.status, map[string]any{"message": r.text, "error": r.kind, "status": r.status, "cause": causes})
}

func answer(w http.ResponseWriter, status int, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte(`{"message":"internal error","error":"internal_error","status":500,"cause":[]}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}
