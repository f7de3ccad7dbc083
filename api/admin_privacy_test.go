package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func TestOwnerExportsAndErasesAGuest(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	staff, _ := o.member(t, "staff")
	id, err := o.store.UpsertGuest(t.Context(), postgres.Guest{Phone: "542944112233", Name: "Ana Perez", Email: "ana@example.org"})
	require.NoError(t, err)
	export, erase := fmt.Sprintf("%s/guests/%d/export", admin, id), fmt.Sprintf("%s/guests/%d/erase", admin, id)

	for _, token := range []string{staff, ""} {
		status, code := http.StatusForbidden, booking.CodeForbidden
		if token == "" {
			status, code = http.StatusUnauthorized, booking.CodeUnauthorized
		}
		requireProblem(t, o.ask(t, token, http.MethodGet, export, ""), status, code)
		requireProblem(t, o.ask(t, token, http.MethodPost, erase, `{}`), status, code)
	}
	requireProblem(t, o.ask(t, owner, http.MethodGet, admin+"/guests/99999/export", ""), 404, booking.CodeNotFound)
	requireProblem(t, o.ask(t, owner, http.MethodPost, admin+"/guests/99999/erase", `{}`), 404, booking.CodeNotFound)
	require.Equal(t, http.StatusUnprocessableEntity, o.ask(t, owner, http.MethodGet, admin+"/guests/0/export", "").Code)

	exported := o.ask(t, owner, http.MethodGet, export, "")
	require.Equal(t, http.StatusOK, exported.Code, exported.Body)
	require.Contains(t, exported.Header().Get("Content-Disposition"), "guest.json")
	require.Equal(t, "no-store", exported.Header().Get("Cache-Control"))
	data := object(t, exported)["data"].(map[string]any)
	require.Equal(t, "ana@example.org", data["guests"].([]any)[0].(map[string]any)["email"])
	require.Contains(t, object(t, exported)["not_included"], "webhook_inbox")

	trial := object(t, o.ask(t, owner, http.MethodPost, erase, `{"dry_run":true}`))
	require.Equal(t, true, trial["dry_run"])
	require.Equal(t, map[string]any{"guests": 1.0}, trial["rows"])
	found, err := o.store.Guest(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, "Ana Perez", found.Name)
	require.Equal(t, map[string]any{"guests": 1.0}, object(t, o.ask(t, owner, http.MethodPost, erase, `{}`))["rows"])
	found, err = o.store.Guest(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, postgres.Guest{ID: id}, found)
	require.Empty(t, object(t, o.ask(t, owner, http.MethodPost, erase, `{}`))["rows"], "a second time finds nothing")

	var entries int
	require.NoError(t, o.sql.QueryRow(t.Context(), `SELECT count(*) FROM audit_log WHERE action IN ('guest.exported', 'guest.erased') AND entity_id = $1
		AND user_id IS NOT NULL AND coalesce(after::text, '') NOT LIKE '%ana%'`, fmt.Sprint(id)).Scan(&entries))
	require.Equal(t, 2, entries)
}
