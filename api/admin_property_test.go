package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func TestOwnerSetsWhatHoldsForTheProperty(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	staff, _ := o.member(t, "staff")
	readonly, _ := o.member(t, "readonly")
	path := admin + "/property"

	was := object(t, o.ask(t, readonly, http.MethodGet, path, ""))
	require.Equal(t, map[string]any{
		"name": "Cabañas", "time_zone": "America/Argentina/Buenos_Aires", "check_in_time": "14:00", "check_out_time": "10:00",
		"deposit_percent": 25.0, "deposit_percent_set_by": "installation", "deposit_fixed": nil,
		"balance_mode": "on_arrival", "balance_days_before": 7.0, "transfer_details": "", "transfer_hold_hours": 24.0,
	}, was)
	requireProblem(t, o.ask(t, staff, http.MethodPatch, path, `{"name":"Otra"}`), 403, booking.CodeForbidden)
	requireProblem(t, o.ask(t, "", http.MethodGet, path, ""), 401, booking.CodeUnauthorized)

	changed := object(t, o.ask(t, owner, http.MethodPatch, path, `{"name":" Los Arrayanes ","check_in_time":"15:30","check_out_time":"11:05",
		"deposit_percent":40,"deposit_fixed":{"amount":"70000.00","currency":"ARS"},"balance_mode":"link","balance_days_before":10,
		"transfer_details":"Alias: arrayanes.lago\nTitular: Marta","transfer_hold_hours":48}`))
	require.Equal(t, map[string]any{
		"name": "Los Arrayanes", "time_zone": "America/Argentina/Buenos_Aires", "check_in_time": "15:30", "check_out_time": "11:05",
		"deposit_percent": 40.0, "deposit_percent_set_by": "owner", "deposit_fixed": map[string]any{"amount": "70000.00", "currency": "ARS"},
		"balance_mode": "link", "balance_days_before": 10.0, "transfer_details": "Alias: arrayanes.lago\nTitular: Marta", "transfer_hold_hours": 48.0,
	}, changed)
	require.Equal(t, changed, object(t, o.ask(t, staff, http.MethodGet, path, "")))
	require.Equal(t, changed, object(t, o.ask(t, owner, http.MethodPatch, path, `{}`)), "nothing given is nothing changed")

	back := object(t, o.ask(t, owner, http.MethodPatch, path, `{"deposit_percent":0,"deposit_fixed":"0","transfer_details":""}`))
	require.EqualValues(t, 25, back["deposit_percent"])
	require.Equal(t, "installation", back["deposit_percent_set_by"])
	require.Nil(t, back["deposit_fixed"])
	require.Equal(t, "link", back["balance_mode"], "the rest stays")

	var before, after []byte
	require.NoError(t, o.sql.QueryRow(t.Context(), `SELECT before, after FROM audit_log WHERE action = 'property.changed' AND user_id IS NOT NULL
		ORDER BY id LIMIT 1`).Scan(&before, &after))
	require.JSONEq(t, `{"name":"Cabañas","check_in_minutes":840,"check_out_minutes":600,"deposit_percent":0,"deposit_fixed_centavos":0,
		"balance_mode":"on_arrival","balance_days_before":7,"transfer_details":"","transfer_hold_hours":24}`, string(before))
	var kept map[string]any
	require.NoError(t, json.Unmarshal(after, &kept))
	require.Equal(t, "Alias: arrayanes.lago\nTitular: Marta", kept["transfer_details"])
	var entries int
	require.NoError(t, o.sql.QueryRow(t.Context(), `SELECT count(*) FROM audit_log WHERE action = 'property.changed'`).Scan(&entries))
	require.Equal(t, 2, entries, "what changes nothing is not written")
}

func TestAPropertyIsNotChangedIntoNonsense(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	path := admin + "/property"
	was := object(t, o.ask(t, owner, http.MethodGet, path, ""))
	for _, body := range []string{
		`{"name":""}`, `{"name":"   "}`, `{"name":"a\u0000b"}`, `{"name":7}`, `{"time_zone":"Europe/Madrid"}`, `{"id":2}`,
		`{"check_in_time":"25:00"}`, `{"check_in_time":"9:00"}`, `{"check_in_time":"09:00"}`, `{"check_out_time":"14:01"}`,
		`{"deposit_percent":-1}`, `{"deposit_percent":101}`, `{"deposit_percent":30.5}`, `{"deposit_percent":"30"}`,
		`{"deposit_fixed":"-1"}`, `{"deposit_fixed":"100.50"}`, `{"deposit_fixed":"1e5"}`, `{"deposit_fixed":"100000001"}`,
		`{"deposit_fixed":"99999999999999999999"}`, `{"deposit_fixed":""}`, `{"deposit_fixed":{"amount":"70000.00","currency":"USD"}}`, `{"deposit_fixed":7}`,
		`{"balance_mode":"later"}`, `{"balance_days_before":0}`, `{"balance_days_before":91}`, `{"transfer_hold_hours":0}`,
		`{"transfer_hold_hours":121}`, `{"transfer_details":"a\u0007b"}`, `{"name":"Buena","balance_mode":""}`,
	} {
		answer := o.ask(t, owner, http.MethodPatch, path, body)
		require.Equal(t, http.StatusUnprocessableEntity, answer.Code, "%s: %s", body, answer.Body)
		require.Equal(t, "application/problem+json", answer.Header().Get("Content-Type"), body)
	}
	require.Equal(t, was, object(t, o.ask(t, owner, http.MethodGet, path, "")))
}

// A query parameter in an embedded struct would be passed over in silence, and the whole property be changed.
func TestTermsOfOneAccommodationAreItsOwn(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	owner, _ := c.logIn(t, ownerEmail)
	path := admin + "/cancellation"
	own := fmt.Sprintf("%s?accommodation_id=%d", path, c.cabin)
	require.Equal(t, "strict", object(t, c.ask(t, owner, http.MethodPut, own, `{"name":"strict"}`))["name"])
	require.Equal(t, "flexible", object(t, c.ask(t, owner, http.MethodGet, path, ""))["name"])
	require.Equal(t, "moderate", object(t, c.ask(t, owner, http.MethodPut, path, `{"name":"moderate"}`))["name"])
	require.Equal(t, "strict", object(t, c.ask(t, owner, http.MethodGet, own, ""))["name"])
	require.Equal(t, "moderate", object(t, c.ask(t, owner, http.MethodPut, own, `{}`))["name"], "it follows the property again")
	requireProblem(t, c.ask(t, owner, http.MethodPut, path+"?accommodation_id=4711", `{"name":"strict"}`), 404, booking.CodeNotFound)
}

// Huma passes over parameters of embedded structs whose names are not exported, without a word.
func TestEveryRouteReadsItsParameters(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	paths := object(t, o.do(t, http.MethodGet, "/openapi.json", ""))["paths"].(map[string]any)
	read := map[string][]string{}
	for path, methods := range paths {
		for method, described := range methods.(map[string]any) {
			operation := described.(map[string]any)
			var names []string
			list, _ := operation["parameters"].([]any)
			for _, parameter := range list {
				names = append(names, parameter.(map[string]any)["in"].(string)+" "+parameter.(map[string]any)["name"].(string))
			}
			for _, name := range regexp.MustCompile(`{(\w+)}`).FindAllStringSubmatch(path, -1) {
				require.Contains(t, names, "path "+name[1], "%s %s", method, path)
			}
			read[operation["operationId"].(string)] = names
		}
	}
	for operation, wanted := range map[string][]string{
		"record-payment":   {"path code", "header Idempotency-Key"},
		"mark-returned":    {"path code", "path id", "header Idempotency-Key"},
		"give-back":        {"path code", "header Idempotency-Key"},
		"get-cancellation": {"query accommodation_id"},
		"set-cancellation": {"query accommodation_id", "header Idempotency-Key"},
		"list-payments": {"query limit", "query cursor", "query sort", "query method", "query status", "query disposition", "query verdict",
			"query counted", "query code", "query from", "query to"},
		"list-refunds": {"query limit", "query cursor", "query sort", "query status", "query code", "query payment_id", "query from", "query to"},
	} {
		require.ElementsMatch(t, wanted, read[operation], operation)
	}
}

// What a request names is what is written, for each of two bookings with the same words.
func TestMoneyIsWrittenToTheBookingThatIsNamed(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	owner, _ := c.logIn(t, ownerEmail)
	other := c.hold(t, "2027-02-10")
	refunds := map[string]int64{}
	for _, code := range []string{c.code, other} {
		answer := c.ask(t, owner, http.MethodPost, c.payments(code), `{"method":"transfer","amount":"30000","note":"de `+code+`"}`, "Idempotency-Key", "same")
		require.Equal(t, http.StatusCreated, answer.Code, answer.Body.String())
		recorded := object(t, answer)
		require.Equal(t, code, recorded["reservation"].(map[string]any)["code"])
		require.Equal(t, false, recorded["repeated"], "a key is of one booking")
		again := object(t, c.ask(t, owner, http.MethodPost, c.payments(code), `{"method":"transfer","amount":"30000"}`, "Idempotency-Key", "another"))
		require.Equal(t, false, again["repeated"], "another key is another payment")
		list := items(t, object(t, c.ask(t, owner, http.MethodGet, c.payments(code), "")))
		require.Len(t, list, 2)
		require.Equal(t, "de "+code, list[0]["note"])
		require.Equal(t, "transfer", list[0]["method"])

		_, err := c.store.Cancel(t.Context(), code, booking.ByOwner, "owner", c.now)
		require.NoError(t, err)
		plan, err := c.store.PlanRefund(t.Context(), recorded["payment_id"].(string), booking.Pesos(30_000), "cancelled", c.now)
		require.NoError(t, err)
		require.NoError(t, c.store.FinishRefund(t.Context(), plan.ID, "", postgres.RefundByHand, c.now))
		refunds[code] = plan.ID
	}
	returned := func(code string, id int64) string {
		return fmt.Sprintf("%s/reservations/%s/refunds/%d/returned", admin, code, id)
	}
	requireProblem(t, c.ask(t, owner, http.MethodPost, returned(c.code, refunds[other]), ""), 404, booking.CodeNotFound)
	answer := object(t, c.ask(t, owner, http.MethodPost, returned(other, refunds[other]), ""))
	require.Equal(t, other, answer["code"])
	require.Equal(t, map[string]any{"amount": "30000.00", "currency": "ARS"}, answer["paid"], "of the two payments one is left")
	left, err := c.store.ToReturnByHand(t.Context(), c.code, booking.ARS)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(30_000), left, "the other booking's is still to go back")
}
