package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// headersOfVisitors: nothing that a visitor says of host, origin or trace comes back as ours.
func headersOfVisitors(t *testing.T, v visitor) {
	wish, number := v.wishes(2, v.week(t, 2), 2)
	body := string(asJSON(t, wish))
	said := v.raw(t, fmt.Sprintf("POST /api/v1/reservations HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\nX-Original-URL: /api/v1/admin/users\r\n"+
		"Origin: https://evil.example\r\nX-Trace-ID: a%%0d%%0aSet-Cookie:%%20x=1\r\nIdempotency-Key: evil-%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", number, len(body), body))
	require.Equal(t, http.StatusCreated, said.status, "%s", said.body)
	require.NotContains(t, string(said.body), "evil.example")
	for name, values := range said.header {
		require.NotContains(t, strings.Join(values, " "), "evil.example", name)
		require.NotContains(t, name, "Set-Cookie")
	}
	require.True(t, strings.HasPrefix(said.header.Get("Location"), "/api/v1/reservations/"))
	require.Zero(t, v.number(t, `SELECT count(*) FROM messages WHERE body::text LIKE '%evil.example%'`))
	for path, header := range map[string][]string{
		"/api/v1/accommodations": nil, "/api/v1/admin/reservations": nil, "/api/v1/nothing": nil, "/api/v1/admin/users": v.asOwner(), "/api/v1/accommodations/x": nil, "/healthz": nil,
	} {
		for _, origin := range []string{"https://evil.example", "null", v.info.APIURL + ".evil.example"} {
			a := v.must(t, http.MethodGet, path, nil, append(slices.Clone(header), "Origin", origin)...)
			require.Empty(t, a.header.Get("Access-Control-Allow-Origin"), "%s from %s", path, origin)
			require.Empty(t, a.header.Get("Access-Control-Allow-Credentials"), "%s from %s", path, origin)
		}
	}
	for _, path := range []string{"/api/v1/reservations/%0d%0aX-Injected:%20yes", "/api/v1/accommodations?cursor=%0d%0aX-Injected:%20yes", "/docs%0d%0aX-Injected:%20yes", "//evil.example/%2f..", "/\\evil.example"} {
		a := v.raw(t, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		require.GreaterOrEqual(t, a.status, 300, path)
		require.Empty(t, a.header.Get("X-Injected"), path)
		require.NotContains(t, a.header.Get("Location"), "evil.example", path)
	}
	smuggled := v.raw(t, "POST /api/v1/reservations HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nConnection: close\r\n\r\n0\r\n\r\nGET /api/v1/admin/users HTTP/1.1\r\n\r\n")
	require.Contains(t, []int{400, 401, 422, 501}, smuggled.status)
}

func methodsAndSizes(t *testing.T, v visitor) {
	path := "/api/v1/reservations/" + v.hold.Code
	for _, method := range []string{http.MethodTrace, "TRACK", "PROPFIND", "DEBUG", http.MethodDelete, http.MethodPut} {
		a := v.raw(t, method+" "+path+" HTTP/1.1\r\nHost: localhost\r\nX-Echo: echo-me-773\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		require.Contains(t, []int{400, 404, 405, 501}, a.status, method)
		require.NotContains(t, string(a.body), "echo-me-773", method)
	}
	connect := v.raw(t, "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: 169.254.169.254:80\r\nConnection: close\r\n\r\n")
	require.Contains(t, []int{400, 404, 405, 501}, connect.status)
	proxied := v.raw(t, "GET http://169.254.169.254/latest/meta-data/ HTTP/1.1\r\nHost: 169.254.169.254\r\nConnection: close\r\n\r\n")
	require.Contains(t, []int{400, 404}, proxied.status)
	for _, override := range []string{"X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"} {
		require.Equal(t, http.StatusOK, v.must(t, http.MethodGet, "/api/v1/accommodations/1", nil, override, "DELETE", "Authorization", "Bearer "+v.owner.token).status)
		require.Equal(t, http.StatusUnauthorized, v.must(t, http.MethodPost, path+"/cancel?_method=GET", nil, override, "GET").status)
	}
	v.becomes(t, v.hold.Code, "pre_reserved", "pending")
	require.Equal(t, http.StatusOK, v.must(t, http.MethodGet, "/api/v1/accommodations/1", nil).status, "nothing was deleted")

	large := strings.Repeat("x", 2<<20)
	tooLong := v.raw(t, "GET /api/v1/accommodations HTTP/1.1\r\nHost: localhost\r\nX-Large: "+large+"\r\nConnection: close\r\n\r\n")
	require.Contains(t, []int{400, 431}, tooLong.status)
	v.tries(t, http.MethodPost, "/api/v1/reservations", `{"contact_name":"`+large+`"}`, nil, 413)
	v.tries(t, http.MethodPost, "/api/v1/admin/login", `{"email":"`+large+`"}`, nil, 413)
	v.tries(t, http.MethodPost, "/api/v1/audio/transcribe", large, []string{"Content-Type", "audio/ogg"}, 401)
	v.tries(t, http.MethodPost, "/api/v1/audio/transcribe", strings.Repeat(large, 16), []string{"Content-Type", "multipart/form-data; boundary=x", "Authorization", "Bearer " + v.owner.token}, 413)
	v.tries(t, http.MethodPost, "/api/v1/admin/ical/import", strings.Repeat(large, 16), []string{"Content-Type", "text/calendar", "Authorization", "Bearer " + v.owner.token}, 413, 415, 422)
	v.tries(t, http.MethodGet, "/api/v1/accommodations?cursor="+strings.Repeat("A", 20000), "", nil, 400, 414, 422)
}

// keptNowhere: no cache between us and a person keeps what is about somebody.
func keptNowhere(t *testing.T, v visitor) {
	for path, header := range map[string][]string{
		"/api/v1/reservations/" + v.hold.Code: {"X-Reservation-Token", v.hold.Token}, "/api/v1/admin/reservations": v.asOwner(), "/api/v1/admin/reservations/" + v.hold.Code: v.asOwner(),
		"/api/v1/admin/reservations/export.csv": v.asOwner(), "/api/v1/admin/guests/1/export": v.asOwner(), "/api/v1/admin/conversations": v.asOwner(), "/api/v1/admin/audit": v.asOwner(),
		"/api/v1/admin/users": v.asOwner(), "/api/v1/admin/me": v.asOwner(), "/api/v1/admin/dashboard": v.asOwner(), "/api/v1/admin/me?": nil,
	} {
		a := v.must(t, http.MethodGet, path, nil, header...)
		if header != nil {
			require.Equal(t, http.StatusOK, a.status, "%s: %s", path, a.body)
		}
		require.Regexp(t, `no-store|private`, a.header.Get("Cache-Control"), path)
		require.NotContains(t, a.header.Get("Cache-Control"), "public", path)
	}
}

func faultsTellNothing(t *testing.T, v visitor) {
	for _, body := range []string{`{`, `{"accommodation_id":1e400}`, `{"accommodation_id":99999999999999999999}`, "{\"contact_name\":\"a\x00b\"}", `{"check_in":"2027-02-30"}`, "\xff\xfe", strings.Repeat("[", 20000)} {
		v.tries(t, http.MethodPost, "/api/v1/reservations", body, nil, 400, 422)
	}
	for _, path := range []string{"/accommodations/0", "/accommodations/-1", "/accommodations/99999999999999999999", "/accommodations/1'--", "/accommodations?sort=1%3BDROP%20TABLE%20users", "/accommodations?cursor=AAAA",
		"/accommodations?limit=-1", "/accommodations/1/availability?check_in=0000-00-00&check_out=9999-99-99", "/accommodations/1/availability?check_in=2027-01-01&check_out=9999-12-31&guests=1e9"} {
		v.tries(t, http.MethodGet, "/api/v1"+path, "", nil, 404, 422)
	}
	for _, path := range []string{"/admin/reservations?search=%27%20OR%201=1%20--", "/admin/reservations?search=%25%25%25"} {
		var found struct{ Items []any }
		v.owner.ask(http.MethodGet, path, nil, http.StatusOK, &found)
		require.Empty(t, found.Items, path)
	}
	v.tellsNothing(t, v.must(t, http.MethodGet, "/metrics", nil), "metrics")
	v.tellsNothing(t, v.must(t, http.MethodGet, "/healthz", nil), "health")
	v.tellsNothing(t, v.must(t, http.MethodGet, "/openapi.json", nil), "description")
}
