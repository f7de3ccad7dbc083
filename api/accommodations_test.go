package api_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
)

const accommodations = "/api/v1/accommodations"

func TestAccommodationsArePaged(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.desk.accommodations[1].Active = false // id 2
	body := object(t, e.do(t, http.MethodGet, accommodations, ""))
	require.Nil(t, body["next_cursor"])
	items := body["items"].([]any)
	require.Len(t, items, 2)
	first := items[0].(map[string]any)
	require.EqualValues(t, 1, first["id"])
	require.Equal(t, map[string]any{"amount": "10000.00", "currency": "ARS"}, first["base_price"])
	require.Equal(t, map[string]any{"amount": "0.00", "currency": "ARS"}, first["extra_guest"])
	require.Equal(t, []any{}, first["amenities"])
	require.Equal(t, map[string]any{"city": "Villa La Angostura"}, first["location"])
	require.Equal(t, "/api/v1/accommodations/1/availability", first["availability_url"])
	require.NotContains(t, e.do(t, http.MethodGet, accommodations, "").Body.String(), "under the mat")

	page := object(t, e.do(t, http.MethodGet, accommodations+"?limit=1", ""))
	require.Len(t, page["items"], 1)
	page = object(t, e.do(t, http.MethodGet, accommodations+"?limit=1&cursor="+url.QueryEscape(page["next_cursor"].(string)), ""))
	require.EqualValues(t, 3, page["items"].([]any)[0].(map[string]any)["id"])
	require.Nil(t, page["next_cursor"])

	requireField(t, requireProblem(t, e.do(t, http.MethodGet, accommodations+"?cursor=nonsense", ""), 422, booking.CodeInvalidInput), "query", "cursor")
	requireField(t, requireProblem(t, e.do(t, http.MethodGet, accommodations+"?limit=many", ""), 422, booking.CodeInvalidInput), "query", "limit")

	e.desk.accommodations = nil
	require.JSONEq(t, `{"items":[],"next_cursor":null}`, e.do(t, http.MethodGet, accommodations, "").Body.String())
	e.desk.err = booking.Refuse(booking.CodeUnavailable, "database away")
	requireProblem(t, e.do(t, http.MethodGet, accommodations, ""), 503, booking.CodeUnavailable)
}

func TestAccommodationsAreFilteredAndSorted(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.desk.accommodations[0].Name, e.desk.accommodations[0].Capacity, e.desk.accommodations[0].Type = "álamo", 6, booking.House // id 3
	e.desk.accommodations[1].Location.City = "Junín de los Andes"                                                               // id 2
	e.desk.accommodations[2].Rate.Base = booking.Pesos(9000)                                                                    // id 1
	for query, want := range map[string][]any{
		"?sort=-id": {3.0, 2.0, 1.0}, "?sort=name": {3.0, 1.0, 2.0}, "?sort=base_price": {1.0, 2.0, 3.0}, "?sort=-base_price": {3.0, 2.0, 1.0},
		"?sort=-capacity": {3.0, 2.0, 1.0}, "?guests=5": {3.0}, "?type=cabin": {1.0, 2.0}, "?city=JUNIN%20de%20los%20andes": {2.0}, "?city=Salta": nil,
	} {
		var ids []any
		for _, item := range object(t, e.do(t, http.MethodGet, accommodations+query, ""))["items"].([]any) {
			ids = append(ids, item.(map[string]any)["id"])
		}
		require.Equal(t, want, ids, query)
	}
	page := object(t, e.do(t, http.MethodGet, accommodations+"?sort=-base_price&limit=2", ""))
	page = object(t, e.do(t, http.MethodGet, accommodations+"?sort=-base_price&limit=2&cursor="+page["next_cursor"].(string), ""))
	require.EqualValues(t, 1, page["items"].([]any)[0].(map[string]any)["id"])
}

func TestWhoHasAnAnswerIsToldSo(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	for _, path := range []string{accommodations, accommodations + "?limit=1", accommodations + "/1"} {
		first := e.do(t, http.MethodGet, path, "")
		tag := first.Header().Get("ETag")
		require.Equal(t, http.StatusOK, first.Code)
		require.Equal(t, "public, no-cache", first.Header().Get("Cache-Control"))
		for _, header := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
			again := e.do(t, http.MethodGet, path, "", "If-None-Match", header)
			require.Equal(t, http.StatusNotModified, again.Code, header)
			require.Equal(t, tag, again.Header().Get("ETag"))
			require.Empty(t, again.Body.String())
		}
		require.Equal(t, http.StatusOK, e.do(t, http.MethodGet, path, "", "If-None-Match", `"x"`).Code)
	}
	tag := e.do(t, http.MethodGet, accommodations+"/1", "").Header().Get("ETag")
	e.desk.accommodations[2].Description = "Con pileta"
	require.Equal(t, http.StatusOK, e.do(t, http.MethodGet, accommodations+"/1", "", "If-None-Match", tag).Code, "it changed")
}

func TestOneAccommodation(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	body := object(t, e.do(t, http.MethodGet, accommodations+"/1", ""))
	require.Equal(t, "cabin", body["type"])
	require.Equal(t, []any{map[string]any{"nights": 7.0, "percent": 10.0}}, body["length_discounts"])
	requireProblem(t, e.do(t, http.MethodGet, accommodations+"/99", ""), 404, booking.CodeNotFound)
	requireField(t, requireProblem(t, e.do(t, http.MethodGet, accommodations+"/x", ""), 422, booking.CodeInvalidInput), "path", "id")
	e.desk.accommodations[2].Active = false
	requireProblem(t, e.do(t, http.MethodGet, accommodations+"/1", ""), 404, booking.CodeNotFound)
}

func TestAvailability(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	route := accommodations + "/1/availability?check_in=2027-01-14&check_out=2027-01-16"
	body := object(t, e.do(t, http.MethodGet, route, ""))
	require.Equal(t, true, body["available"])
	require.Contains(t, body, "reason")
	require.Nil(t, body["reason"])
	require.Equal(t, []any{}, body["alternatives"])
	quote := body["quote"].(map[string]any)
	require.EqualValues(t, 2, quote["nights"])
	require.Equal(t, map[string]any{"amount": "25000.00", "currency": "ARS"}, quote["total"])
	require.Len(t, quote["price"], 3)
	require.Equal(t, activities.AvailabilityRequest{AccommodationID: 1, Stay: january, Guests: 1}, e.desk.asked)

	e.desk.availability = activities.Availability{Reason: booking.CodeDatesTaken, Alternatives: []booking.Alternative{
		{AccommodationID: 2, Stay: january.Shift(1), Total: booking.Pesos(1), Deposit: booking.Pesos(1)}}}
	body = object(t, e.do(t, http.MethodGet, route+"&guests=3", ""))
	require.Equal(t, 3, e.desk.asked.Guests)
	require.Equal(t, false, body["available"])
	require.Equal(t, "dates_taken", body["reason"])
	require.NotContains(t, body, "quote")
	require.Equal(t, "2027-01-15", body["alternatives"].([]any)[0].(map[string]any)["check_in"])
}

func TestAvailabilityRefusesWhatIsNoStay(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	for query, expected := range map[string]struct {
		code  booking.Code
		field string
	}{
		"":                           {booking.CodeInvalidInput, "check_in"},
		"?check_in=2027-01-14":       {booking.CodeInvalidInput, "check_out"},
		"?check_in=14/1&check_out=x": {booking.CodeInvalidInput, "check_in"},
		"?check_in=2027-01-14&check_out=2027-01-14":               {booking.CodeInvalidDates, ""},
		"?check_in=2027-01-16&check_out=2027-01-14":               {booking.CodeInvalidDates, ""},
		"?check_in=2027-01-14&check_out=2027-01-16&guests=0":      {booking.CodeInvalidGuests, ""},
		"?check_in=2027-01-14&check_out=2027-01-16&guests=2.5":    {booking.CodeInvalidInput, "guests"},
		"?check_in=2027-01-14&check_out=2027-01-16&guests=muchos": {booking.CodeInvalidInput, "guests"},
	} {
		problem := requireProblem(t, e.do(t, http.MethodGet, accommodations+"/1/availability"+query, ""), 422, expected.code)
		if expected.field != "" {
			requireField(t, problem, "query", expected.field)
		}
	}
}
