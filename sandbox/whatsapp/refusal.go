package whatsapp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// refusal is an error answer of the Graph API.
type refusal struct {
	status  int
	code    int
	subcode int
	details string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d: %s", r.code, r.details) }

// Codes of Meta's error reference that this stand-in uses by itself.
const (
	codeInvalidParameter = 100
	codeToken            = 190
	codeRequired         = 131008
	codeInvalidValue     = 131009
	codeUndeliverable    = 131026
	codeNotAllowedNumber = 131030
	codeWindowClosed     = 131047
	codeRateLimit        = 130429
	codePairLimit        = 131056
	codeParamCount       = 132000
	codeTemplateUnknown  = 132001
	codeTemplateTooLong  = 132005
	codeParamFormat      = 132012
	codeTemplatePaused   = 132015
	codeTemplateDisabled = 132016
	subcodeNoObject      = 33
)

// titles is the English text that Meta puts behind the code.
func titles(code int) string {
	switch code {
	case codeInvalidParameter:
		return "Invalid parameter"
	case codeToken:
		return "Invalid OAuth access token - Cannot parse access token"
	case codeRequired:
		return "Required parameter is missing"
	case codeInvalidValue:
		return "Parameter value is not valid"
	case codeUndeliverable:
		return "Message undeliverable"
	case codeNotAllowedNumber:
		return "Recipient phone number not in allowed list"
	case codeWindowClosed:
		return "Re-engagement message"
	case codeRateLimit:
		return "Rate limit hit"
	case codePairLimit:
		return "(Business Account, Consumer Account) pair rate limit hit"
	case codeParamCount:
		return "Number of parameters does not match the expected number of params"
	case codeTemplateUnknown:
		return "Template name does not exist in the translation"
	case codeTemplateTooLong:
		return "Template hydrated text too long"
	case codeTemplatePaused:
		return "Template is paused"
	case codeTemplateDisabled:
		return "Template is disabled"
	case codeParamFormat:
		return "Parameter format does not match format in the created template"
	case 131000:
		return "Something went wrong"
	case 131049:
		return "This message was not delivered to maintain healthy ecosystem engagement."
	}
	return "Error"
}

func refuse(code int, format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, code: code, details: fmt.Sprintf(format, args...)}
}

// write answers with Meta's error body.
func (r *refusal) write(w http.ResponseWriter, trace string) {
	message := titles(r.code)
	if r.code != codeToken {
		message = fmt.Sprintf("(#%d) %s", r.code, message)
	}
	body := map[string]any{
		"message": message, "type": "OAuthException", "code": r.code, "fbtrace_id": trace,
	}
	if r.subcode != 0 {
		body["error_subcode"] = r.subcode
	}
	if r.details != "" {
		body["error_data"] = map[string]any{"messaging_product": "whatsapp", "details": r.details}
	}
	if r.code == codeToken {
		w.Header().Set("WWW-Authenticate", `OAuth "Facebook Platform" "invalid_token" "Invalid OAuth access token"`)
	}
	answer(w, r.status, map[string]any{"error": body})
}

// statusError is the same error as it appears in webhooks.
func statusError(code int, details string) map[string]any {
	return map[string]any{
		"code": code, "title": titles(code), "message": titles(code),
		"error_data": map[string]any{"details": details},
		"href":       "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
}

func jsonProblem(err error) string {
	return strings.TrimPrefix(err.Error(), "json: ")
}
