package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/api"
	"cabanas/api/apitest"
	"cabanas/booking"
	"cabanas/internal/accounts"
)

// openRoutes are for everybody, or are opened by something else than an account: a guest's token, a signature, the one-time
// set-up token, a refresh token. Every other route needs a role.
var openRoutes = []string{
	"GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi.json", "GET /docs", "GET /docs/page.css", "GET /docs/page.js", "GET /samples/{file}",
	"GET /api/v1/accommodations", "GET /api/v1/accommodations/{id}", "GET /api/v1/accommodations/{id}/availability",
	"POST /api/v1/reservations", "GET /api/v1/reservations/{code}", "POST /api/v1/reservations/{code}/cancel",
	"GET /api/v1/reservations/{code}/receipts/{number}", "GET /receipts/{file}", "GET /api/v1/ical/export/{accommodation_id}/{token}", "GET /pay/{code}/{secret}", "GET /pay/page.css",
	"GET /api/v1/webhooks/whatsapp", "POST /api/v1/webhooks/whatsapp", "POST /api/v1/webhooks/mercadopago", "POST /api/v1/mercadopago/webhook",
	"POST /api/v1/admin/setup", "POST /api/v1/admin/login", "POST /api/v1/admin/refresh",
}

func TestEveryRouteNeedsARoleOrIsOpenByName(t *testing.T) {
	t.Parallel()
	e := newEdge(t, func(options *api.Options) { *options = apitest.Everything(t, *options) })
	open := map[string]bool{}
	for _, route := range openRoutes {
		open[route] = true
	}
	description := object(t, e.do(t, http.MethodGet, "/openapi.json", ""))["paths"].(map[string]any)
	for _, route := range e.Routes() {
		name := route.Method + " " + route.Path
		if route.Role == "" {
			require.True(t, open[name], "%s has neither a role nor is it open by name", name)
			delete(open, name)
			continue
		}
		require.False(t, open[name], "%s is open by name and has a role", name)
		require.Contains(t, accounts.Roles, string(route.Role), name)
		operation := description[route.Path].(map[string]any)[strings.ToLower(route.Method)].(map[string]any)
		require.Equal(t, []any{map[string]any{"staff": []any{}}}, operation["security"], "%s says how to come in", name)
		for _, status := range []string{"401", "403"} {
			require.Contains(t, operation["responses"], status, name)
		}
	}
	require.Empty(t, open, "no name is left without its route")
	upload := description["/api/v1/audio/transcribe"].(map[string]any)["post"].(map[string]any)["requestBody"].(map[string]any)
	require.Contains(t, upload["content"], "multipart/form-data")
	schemes := object(t, e.do(t, http.MethodGet, "/openapi.json", ""))["components"].(map[string]any)["securitySchemes"].(map[string]any)
	require.Equal(t, "bearer", schemes["staff"].(map[string]any)["scheme"])
}

// Asking is how the walk finds a route whose guard is declared and does not stand.
func TestEveryRouteKeepsThoseOutWhoseRoleIsTooSmall(t *testing.T) {
	t.Parallel()
	o := newOffice(t, func(options *api.Options) { options.Transcriber = &ears{} })
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	staff, _ := o.member(t, "staff")
	readonly, _ := o.member(t, "readonly")
	tokens := map[accounts.Role]string{accounts.Owner: owner, accounts.Staff: staff, accounts.ReadOnly: readonly}

	tried := 0
	for _, route := range o.Routes() {
		if route.Role == "" {
			continue
		}
		// A body that no route takes: whoever is let in is refused for it, and nothing is changed.
		path, body := strings.NewReplacer("{id}", "0", "{guest_id}", "0").Replace(route.Path), `"nothing"`
		if route.Method == http.MethodGet {
			body = ""
		}
		requireProblem(t, o.ask(t, "", route.Method, path, body), 401, booking.CodeUnauthorized)
		for role, token := range tokens {
			if strings.HasSuffix(path, "/logout") {
				continue // the sessions are wanted for the rest; TestASessionGoesOnAndEnds logs out
			}
			answer := o.ask(t, token, route.Method, path, body)
			if role.Covers(route.Role) {
				require.NotContains(t, []int{401, 403}, answer.Code, "%s %s %s", role, route.Method, path)
				require.Less(t, answer.Code, 500, "%s %s %s: %s", role, route.Method, path, answer.Body)
			} else {
				requireProblem(t, answer, 403, booking.CodeForbidden)
			}
		}
		tried++
	}
	require.Greater(t, tried, 8)
}

func TestRolesCover(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		role, needed accounts.Role
		want         bool
	}{
		{accounts.Owner, accounts.Owner, true}, {accounts.Owner, accounts.ReadOnly, true}, {accounts.Staff, accounts.Owner, false},
		{accounts.Staff, accounts.Staff, true}, {accounts.ReadOnly, accounts.Staff, false}, {accounts.ReadOnly, accounts.ReadOnly, true},
		{"", accounts.ReadOnly, false}, {"root", accounts.ReadOnly, false}, {accounts.Owner, "", false},
	} {
		require.Equal(t, c.want, c.role.Covers(c.needed), "%s for %s", c.role, c.needed)
	}
}
