package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/store/postgres"
)

const rates = admin + "/rates"

func (o *owned) rule(t *testing.T, body string) map[string]any {
	t.Helper()
	answer := o.ask(t, o.owner, http.MethodPost, rates, body)
	require.Equal(t, http.StatusCreated, answer.Code, answer.Body.String())
	return object(t, answer)
}

func TestOwnerKeepsRates(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	cabin := o.make(t, `{"name":"A","type":"cabin","capacity":4,"base_price":{"amount":"10000","currency":"ARS"},"min_nights":2}`)["id"]
	summer := o.rule(t, `{"name":"Verano","dates":[{"first_night":"2027-01-01","last_night":"2027-02-28"}],"percent":150,"min_nights":4,"priority":10}`)
	path := fmt.Sprintf("%s/%v", rates, summer["id"])
	require.Equal(t, map[string]any{
		"id": summer["id"], "version": 1.0, "accommodation_id": nil, "name": "Verano", "kind": "season", "priority": 10.0, "active": true,
		"dates": []any{map[string]any{"first_night": "2027-01-01", "last_night": "2027-02-28"}}, "weekdays": []any{}, "percent": 150.0, "price": nil,
		"weekend_on_top": true, "min_nights": 4.0, "min_nights_for": "touching", "length_discounts": nil,
		"created_at": summer["created_at"], "updated_at": summer["updated_at"],
	}, summer)
	carnival := o.rule(t, fmt.Sprintf(`{"accommodation_id":%v,"name":"Finde largo","kind":"long_weekends","weekdays":["sat","fri"],
		"price":{"amount":"30000","currency":"ARS"},"priority":20,"own_length_discounts":true}`, cabin))
	require.Equal(t, []any{cabin, []any{"fri", "sat"}, []any{}}, []any{carnival["accommodation_id"], carnival["weekdays"], carnival["length_discounts"]})

	table := object(t, o.ask(t, o.readonly, http.MethodPost, rates+"/preview",
		fmt.Sprintf(`{"accommodation_id":%v,"first_night":"2027-02-04","last_night":"2027-02-06"}`, cabin)))["items"].([]any)
	require.Len(t, table, 3)
	require.Equal(t, map[string]any{"night": "2027-02-04", "weekday": "thu", "price": map[string]any{"amount": "15000.00", "currency": "ARS"},
		"reason": "Verano: 150 % of base price", "rule_id": summer["id"], "rule_version": 1.0, "least_nights": 4.0}, table[0])
	require.Equal(t, map[string]any{"amount": "30000.00", "currency": "ARS"}, table[1].(map[string]any)["price"])
	require.Equal(t, carnival["id"], table[2].(map[string]any)["rule_id"])
	requireProblem(t, o.ask(t, o.readonly, http.MethodPost, rates+"/preview", `{"accommodation_id":4711,"first_night":"2027-02-04","last_night":"2027-02-06"}`), 404, booking.CodeNotFound)
	for _, last := range []string{"2027-02-03", "2029-02-03"} {
		requireField(t, requireProblem(t, o.ask(t, o.readonly, http.MethodPost, rates+"/preview",
			fmt.Sprintf(`{"accommodation_id":%v,"first_night":"2027-02-04","last_night":%q}`, cabin, last)), 422, booking.CodeInvalidInput), "body", "last_night")
	}

	read := o.ask(t, o.readonly, http.MethodGet, path, "")
	tag := read.Header().Get("ETag")
	require.Equal(t, http.StatusNotModified, o.ask(t, o.readonly, http.MethodGet, path, "", "If-None-Match", tag).Code)
	changed := object(t, o.ask(t, o.owner, http.MethodPatch, path, `{"percent":0,"min_nights":0,"length_discounts":[{"nights":7,"percent":5}]}`, "If-Match", tag))
	require.Equal(t, []any{2.0, nil, nil, []any{map[string]any{"nights": 7.0, "percent": 5.0}}},
		[]any{changed["version"], changed["percent"], changed["min_nights"], changed["length_discounts"]})
	requireProblem(t, o.ask(t, o.owner, http.MethodPatch, path, `{"percent":90}`, "If-Match", tag), 412, postgres.CodeChangedMeanwhile)
	requireProblem(t, o.ask(t, o.owner, http.MethodDelete, path, "", "If-Match", tag), 412, postgres.CodeChangedMeanwhile)
	requireField(t, requireProblem(t, o.ask(t, o.owner, http.MethodPatch, path, `{"own_length_discounts":false}`), 422, booking.CodeInvalidInput), "body", "percent")

	items := func(query string) []any {
		return object(t, o.ask(t, o.readonly, http.MethodGet, rates+query, ""))["items"].([]any)
	}
	require.Len(t, items(""), 2)
	require.Len(t, items(fmt.Sprintf("?accommodation_id=%v", cabin)), 2)
	require.Len(t, items("?accommodation_id=4711"), 1, "those of every accommodation")
	require.Empty(t, items("?active=false"))
	page := object(t, o.ask(t, o.readonly, http.MethodGet, rates+"?limit=1", ""))
	require.Len(t, items("?limit=1&cursor="+page["next_cursor"].(string)), 1)

	for _, token := range []string{o.staff, o.readonly} {
		requireProblem(t, o.ask(t, token, http.MethodPost, rates, `{"name":"x","kind":"always","percent":90}`), 403, booking.CodeForbidden)
	}
	require.Equal(t, http.StatusNoContent, o.ask(t, o.owner, http.MethodDelete, path, "").Code)
	requireProblem(t, o.ask(t, o.owner, http.MethodDelete, path, ""), 404, booking.CodeNotFound)
	var entries int
	require.NoError(t, o.sql.QueryRow(t.Context(), `SELECT count(*) FROM audit_log WHERE entity = 'rate_rule' AND user_id IS NOT NULL`).Scan(&entries))
	require.Equal(t, 4, entries)
}

func TestARateIsNotMadeOfNonsense(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	o.rule(t, `{"name":"Siempre","kind":"always","percent":90,"priority":1}`)
	for body, field := range map[string]string{
		`{"kind":"always","percent":90}`:          "name",
		`{"name":"x","kind":"moon","percent":90}`: "kind",
		`{"name":"x","percent":90}`:               "dates",
		`{"name":"x","kind":"always","percent":90,"dates":[{"first_night":"2027-01-01","last_night":"2027-01-02"}]}`: "dates",
		`{"name":"x","percent":90,"dates":[{"first_night":"2027-01-03","last_night":"2027-01-02"}]}`:                 "dates",
		`{"name":"x","kind":"always"}`:                                                      "percent",
		`{"name":"x","kind":"always","percent":1001}`:                                       "percent",
		`{"name":"x","kind":"always","percent":90,"price":{"amount":"5","currency":"ARS"}}`: "price",
		`{"name":"x","kind":"always","price":{"amount":"5","currency":"USD"}}`:              "price",
		`{"name":"x","kind":"always","price":{"amount":"cinco","currency":"ARS"}}`:          "price",
		`{"name":"x","kind":"always","percent":90,"weekdays":["lunes"]}`:                    "weekdays[0]",
		`{"name":"x","kind":"always","percent":90,"accommodation_id":4711}`:                 "accommodation_id",
		`{"name":"x","kind":"always","percent":90,"priority":-1}`:                           "priority",
		`{"name":"x","kind":"always","percent":90,"min_nights":61}`:                         "min_nights",
	} {
		problem := requireProblem(t, o.ask(t, o.owner, http.MethodPost, rates, body), 422, booking.CodeInvalidInput)
		requireField(t, problem, "body", field)
	}
	requireProblem(t, o.ask(t, o.owner, http.MethodPost, rates, `{"name":"x","kind":"holidays","percent":90,"priority":1}`), 409, booking.CodeAmbiguousRule)
	requireProblem(t, o.ask(t, o.owner, http.MethodPost, rates, `{"name":"x","percent":90,"dates":[{"first_night":"2027-02-30","last_night":"2027-03-02"}]}`), 422, booking.CodeInvalidInput)
	require.Len(t, object(t, o.ask(t, o.readonly, http.MethodGet, rates, ""))["items"], 1)
}
