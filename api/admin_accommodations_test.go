package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/store/postgres"
)

const ownAccommodations = admin + "/accommodations"

// owned is an office with its three roles let in.
type owned struct {
	*office
	owner, staff, readonly string
}

func newOwned(t *testing.T) *owned {
	t.Helper()
	o := &owned{office: newOffice(t)}
	o.setUp(t)
	o.owner, _ = o.logIn(t, ownerEmail)
	o.staff, _ = o.member(t, "staff")
	o.readonly, _ = o.member(t, "readonly")
	return o
}

func (o *owned) make(t *testing.T, body string) map[string]any {
	t.Helper()
	answer := o.ask(t, o.owner, http.MethodPost, ownAccommodations, body)
	require.Equal(t, http.StatusCreated, answer.Code, answer.Body.String())
	made := object(t, answer)
	require.Equal(t, fmt.Sprintf("%s/%v", ownAccommodations, made["id"]), answer.Header().Get("Location"))
	return made
}

func TestOwnerKeepsAccommodations(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	made := o.make(t, `{"name":"Arrayán","type":"cabin","capacity":4,"base_price":{"amount":"80000.00","currency":"ARS"},"min_nights":2,"active":true}`)
	path := fmt.Sprintf("%s/%v", ownAccommodations, made["id"])
	require.Equal(t, map[string]any{
		"id": made["id"], "name": "Arrayán", "type": "cabin", "capacity": 4.0, "active": true, "base_price": map[string]any{"amount": "80000.00", "currency": "ARS"},
		"weekend_percent": 120.0, "cleaning_fee": map[string]any{"amount": "0.00", "currency": "ARS"}, "guests_included": 0.0,
		"extra_guest": map[string]any{"amount": "0.00", "currency": "ARS"}, "min_nights": 2.0, "deposit_fixed": nil, "length_discounts": []any{},
		"description": "", "amenities": []any{}, "photos": []any{}, "location": map[string]any{}, "check_in_text": "", "rate_version": 1.0, "revision": 1.0,
		"created_at": made["created_at"], "updated_at": made["updated_at"],
	}, made)
	read := o.ask(t, o.readonly, http.MethodGet, path, "")
	require.Equal(t, made, object(t, read))
	tag := read.Header().Get("ETag")
	answer := o.ask(t, o.readonly, http.MethodGet, path, "", "If-None-Match", `"other", W/`+tag)
	require.Equal(t, http.StatusNotModified, answer.Code)
	require.Empty(t, answer.Body.String())
	require.Equal(t, tag, answer.Header().Get("ETag"))

	whole := `{"name":"Arrayanes","type":"house","capacity":6,"base_price":{"amount":"90000","currency":"ARS"},"weekend_percent":130,
		"cleaning_fee":{"amount":"15000","currency":"ARS"},"guests_included":4,"extra_guest":{"amount":"9000.50","currency":"ARS"},"min_nights":3,
		"deposit_fixed":{"amount":"70000","currency":"ARS"},"length_discounts":[{"nights":7,"percent":10}],"description":"Frente al lago\nCon muelle",
		"amenities":["wifi","parrilla"],"photos":[{"url":"https://fotos.ar/1.jpg","caption":"El muelle"},{"url":"http://localhost:8000/samples/nahuel-lago.jpg"}],
		"location":{"address":"Ruta 40","city":"Villa La Angostura","province":"Neuquén","lat":-40.76,"lng":-71.64},"check_in_text":"Tocá timbre","active":false}`
	answer = o.ask(t, o.owner, http.MethodPatch, path, whole, "If-Match", tag)
	changed := object(t, answer)
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	require.Equal(t, []any{2.0, 2.0, "Arrayanes", map[string]any{"amount": "70000.00", "currency": "ARS"}},
		[]any{changed["revision"], changed["rate_version"], changed["name"], changed["deposit_fixed"]})
	require.Len(t, changed["photos"], 2)
	require.InDelta(t, -40.76, changed["location"].(map[string]any)["lat"], 1e-9)
	requireProblem(t, o.ask(t, o.owner, http.MethodPatch, path, `{"name":"Mía"}`, "If-Match", tag), 412, postgres.CodeChangedMeanwhile)
	requireProblem(t, o.ask(t, o.owner, http.MethodDelete, path, "", "If-Match", tag), 412, postgres.CodeChangedMeanwhile)
	back := object(t, o.ask(t, o.owner, http.MethodPatch, path, `{"deposit_fixed":{"amount":"0","currency":"ARS"},"active":true}`, "If-Match", `"x", `+answer.Header().Get("ETag")))
	require.Nil(t, back["deposit_fixed"])
	require.Equal(t, "Arrayanes", back["name"], "the rest stays")
	require.EqualValues(t, 3, back["rate_version"])

	for _, token := range []string{o.staff, o.readonly} {
		requireProblem(t, o.ask(t, token, http.MethodPatch, path, `{"name":"x"}`), 403, booking.CodeForbidden)
	}
	requireProblem(t, o.ask(t, o.readonly, http.MethodGet, ownAccommodations+"/4711", ""), 404, booking.CodeNotFound)
	requireProblem(t, o.ask(t, o.owner, http.MethodPatch, ownAccommodations+"/4711", `{}`), 404, booking.CodeNotFound)
	var before []byte
	require.NoError(t, o.sql.QueryRow(t.Context(), `SELECT before FROM audit_log WHERE action = 'accommodation.changed' AND user_id IS NOT NULL ORDER BY id DESC LIMIT 1`).Scan(&before))
	require.JSONEq(t, `{"deposit_fixed_centavos":7000000,"active":false}`, string(before))
}

func TestAnAccommodationThatIsBookedIsKept(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	made := o.make(t, `{"name":"A","type":"room","capacity":1,"base_price":{"amount":"1","currency":"ARS"}}`)
	id := int64(made["id"].(float64))
	path := fmt.Sprintf("%s/%d", ownAccommodations, id)
	guest, err := o.store.UpsertGuest(t.Context(), postgres.Guest{Phone: "541155556666", Name: "Ana"})
	require.NoError(t, err)
	_, err = o.store.PlaceHold(t.Context(), postgres.NewHold{Code: booking.NewCode(o.now, [3]byte{1}), AccommodationID: id, GuestID: guest, Stay: january,
		Guests: 1, Channel: booking.ChannelDirect, ExpiresAt: o.now.AddDate(0, 0, 1), Quote: booking.Quote{Total: booking.Pesos(2), Deposit: booking.Pesos(1)}}, o.now)
	require.NoError(t, err)
	require.Equal(t, "deactivated", object(t, o.ask(t, o.owner, http.MethodDelete, path, ""))["outcome"])
	require.Equal(t, false, object(t, o.ask(t, o.readonly, http.MethodGet, path, ""))["active"])
	free := o.make(t, `{"name":"B","type":"room","capacity":1,"base_price":{"amount":"1","currency":"ARS"}}`)
	path = fmt.Sprintf("%s/%v", ownAccommodations, free["id"])
	require.Equal(t, "deleted", object(t, o.ask(t, o.owner, http.MethodDelete, path, ""))["outcome"])
	requireProblem(t, o.ask(t, o.owner, http.MethodDelete, path, ""), 404, booking.CodeNotFound)
}

func TestAnAccommodationIsNotMadeOfNonsense(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	sound := map[string]any{"name": "A", "type": "cabin", "capacity": 4, "base_price": map[string]any{"amount": "10", "currency": "ARS"}}
	for _, c := range []struct {
		field string
		value any
	}{
		{"name", nil}, {"type", nil}, {"capacity", nil}, {"base_price", nil}, {"name", ""}, {"name", " "}, {"name", "a\u0000"}, {"type", "tent"}, {"capacity", 0}, {"capacity", 1.5},
		{"base_price", map[string]any{"amount": "0", "currency": "ARS"}}, {"base_price", map[string]any{"amount": "1e9", "currency": "ARS"}},
		{"base_price", map[string]any{"amount": "10", "currency": "USD"}}, {"base_price", map[string]any{"amount": "99999999999999999999", "currency": "ARS"}},
		{"cleaning_fee", map[string]any{"amount": "-1", "currency": "ARS"}}, {"guests_included", 5}, {"min_nights", 0}, {"weekend_percent", 0},
		{"deposit_fixed", map[string]any{"amount": "1.50", "currency": "ARS"}}, {"length_discounts", []any{map[string]any{"nights": 1, "percent": 10}}},
		{"photos", []any{map[string]any{"url": "http://x.ar/a.jpg"}}}, {"location", map[string]any{"lat": 100, "lng": 0}}, {"amenities", []any{""}}, {"owner", "me"},
	} {
		body := map[string]any{c.field: c.value}
		for name, value := range sound {
			if name != c.field {
				body[name] = value
			}
		}
		if c.value == nil {
			delete(body, c.field)
		}
		encoded, err := json.Marshal(body)
		require.NoError(t, err)
		answer := o.ask(t, o.owner, http.MethodPost, ownAccommodations, string(encoded))
		requireField(t, requireProblem(t, answer, 422, booking.CodeInvalidInput), "body", c.field)
	}
	require.Empty(t, object(t, o.ask(t, o.readonly, http.MethodGet, ownAccommodations, ""))["items"])
}

func TestAccommodationsAreListed(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	for _, place := range []string{
		`"name":"Ñandú","type":"cabin","capacity":2,"active":true`, `"name":"álamo","type":"room","capacity":4,"active":true`,
		`"name":"Coihue","type":"cabin","capacity":6,"active":false`, `"name":"Alerce","type":"cabin","capacity":6,"active":true`,
	} {
		o.make(t, `{`+place+`,"base_price":{"amount":"10","currency":"ARS"}}`)
	}
	names := func(token, path string) (names []string) {
		for next := ""; ; {
			page := object(t, o.ask(t, token, http.MethodGet, path+"&limit=2&cursor="+url.QueryEscape(next), ""))
			for _, item := range page["items"].([]any) {
				names = append(names, item.(map[string]any)["name"].(string))
			}
			if page["next_cursor"] == nil {
				return names
			}
			next = page["next_cursor"].(string)
		}
	}
	for query, want := range map[string][]string{
		"?":                          {"Ñandú", "álamo", "Coihue", "Alerce"},
		"?sort=name":                 {"álamo", "Alerce", "Coihue", "Ñandú"},
		"?sort=-name":                {"Ñandú", "Coihue", "Alerce", "álamo"},
		"?sort=created_at":           {"Ñandú", "álamo", "Coihue", "Alerce"},
		"?sort=-id&active=true":      {"Alerce", "álamo", "Ñandú"},
		"?active=false":              {"Coihue"},
		"?type=cabin&sort=-id":       {"Alerce", "Coihue", "Ñandú"},
		"?type=apartment&sort=-name": nil,
	} {
		require.Equal(t, want, names(o.readonly, ownAccommodations+query), query)
	}
	page := object(t, o.ask(t, o.readonly, http.MethodGet, ownAccommodations+"?sort=name&limit=1", ""))
	for _, cursor := range []string{page["next_cursor"].(string), "nonsense", "e30"} {
		requireField(t, requireProblem(t, o.ask(t, o.readonly, http.MethodGet, ownAccommodations+"?sort=-name&cursor="+cursor, ""), 422, booking.CodeInvalidInput), "query", "cursor")
	}
	requireProblem(t, o.ask(t, o.readonly, http.MethodGet, ownAccommodations+"?sort=price", ""), 422, booking.CodeInvalidInput)
}
