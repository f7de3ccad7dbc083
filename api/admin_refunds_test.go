package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

func TestOwnerSetsTheTermsOfCancellation(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	path := "/api/v1/admin/cancellation"
	was := object(t, o.ask(t, owner, http.MethodGet, path, ""))
	require.Equal(t, "flexible", was["name"])
	require.Contains(t, was["text"], "1059")

	custom := object(t, o.ask(t, owner, http.MethodPut, path, `{"name":"custom","steps":[{"days_before":3,"refund_percent":40},{"days_before":20,"refund_percent":90}]}`))
	require.Equal(t, []any{
		map[string]any{"days_before": 20.0, "refund_percent": 90.0}, map[string]any{"days_before": 3.0, "refund_percent": 40.0},
	}, custom["steps"])
	require.Contains(t, custom["text"], "90 %")
	requireProblem(t, o.ask(t, owner, http.MethodPut, path,
		`{"name":"custom","steps":[{"days_before":3,"refund_percent":90},{"days_before":20,"refund_percent":40}]}`), 422, booking.CodeInvalidInput)
	requireProblem(t, o.ask(t, owner, http.MethodGet, path+"?accommodation_id=4711", ""), 404, booking.CodeNotFound)
	var entries int
	require.NoError(t, o.sql.QueryRow(t.Context(), `SELECT count(*) FROM audit_log WHERE action = 'cancellation.changed' AND user_id IS NOT NULL`).Scan(&entries))
	require.Equal(t, 1, entries)

	for _, list := range []string{"/api/v1/admin/payments?limit=1", "/api/v1/admin/refunds?limit=1&status=done"} {
		require.Empty(t, object(t, o.ask(t, owner, http.MethodGet, list, ""))["items"])
	}
	requireProblem(t, o.ask(t, owner, http.MethodPost, "/api/v1/admin/refunds/4711/approve", ""), 404, booking.CodeNotFound)
}
