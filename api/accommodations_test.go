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
