package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
)

// othersBookings: confirm without paying, cancel a stranger's stay, read who comes.
func othersBookings(t *testing.T, v visitor) {
	path := "/api/v1/reservations/" + v.hold.Code
	other, _ := v.wishes(2, v.week(t, 2), 2)
	token := v.books(t, other).Token
	for name, header := range map[string][]string{
		"none": nil, "another booking's": {"X-Reservation-Token", token}, "a guess": {"X-Reservation-Token", "guess"},
		"empty": {"X-Reservation-Token", ""}, "of staff": {"Authorization", "Bearer " + v.hold.Token},
		"many": {"X-Reservation-Token", strings.Repeat("x", 199)}, "wildcard": {"X-Reservation-Token", "%"},
	} {
		t.Log(name)
		v.tries(t, http.MethodGet, path, "", header, 401, 404)
		v.tries(t, http.MethodPost, path+"/cancel", "{}", header, 401, 404)
		v.tries(t, http.MethodGet, path+"/receipts/R-0001-00000001", "", header, 401, 404)
		v.tries(t, http.MethodPost, path+"/confirm", "{}", header, 404, 405)
		v.tries(t, http.MethodPatch, path, `{"status":"confirmed"}`, header, 404, 405)
		for _, action := range []string{"/confirm", "/cancel", "/extend", "/change", "/payments", "/refunds"} {
			v.tries(t, http.MethodPost, "/api/v1/admin/reservations/"+v.hold.Code+action, "{}", header, 401)
		}
	}
	// A token in an address ends in logs: it opens nothing.
	for _, query := range []string{"?token=", "?X-Reservation-Token=", "?x-reservation-token="} {
		v.tries(t, http.MethodGet, path+query+v.hold.Token, "", nil, 401)
	}
	for _, query := range []string{"?token=", "?access_token=", "?Authorization=Bearer%20"} {
		v.tries(t, http.MethodGet, "/api/v1/admin/events"+query+v.owner.token, "", nil, 401)
		v.tries(t, http.MethodGet, "/api/v1/admin/reservations"+query+v.owner.token, "", nil, 401)
	}
	// The doors of old are not there, or want somebody of the staff.
	for _, door := range []string{"/ical/import", "/admin/ical/import", "/nlu/analyze", "/audio/transcribe", "/ical/sync/1", "/admin/movements"} {
		v.tries(t, http.MethodPost, "/api/v1"+door, `{"accommodation_id":1,"source":"x","content":"BEGIN:VCALENDAR","text":"reservame"}`, nil, 401, 404)
	}
	v.becomes(t, v.hold.Code, "pre_reserved", "pending")
}

func withoutPassword(t *testing.T, v visitor) {
	login := "/api/v1/admin/login"
	email := v.devOwner(t).Email
	for _, body := range []string{
		fmt.Sprintf(`{"email":%q}`, email), fmt.Sprintf(`{"email":%q,"password":null}`, email), fmt.Sprintf(`{"email":%q,"password":""}`, email),
		fmt.Sprintf(`{"email":%q,"password":{"$ne":""}}`, email), fmt.Sprintf(`{"email":[%q],"password":%q}`, email, ownerPassword),
		fmt.Sprintf(`{"email":%q,"password":%q,"role":"owner"}`, email, ownerPassword), `{}`, `[]`, `null`,
	} {
		v.tries(t, http.MethodPost, login, body, nil, 400, 401, 422)
	}
	for _, pair := range [][2]string{{"admin@example.com", "admin"}, {"admin@cabanas.local", "password"}, {"' OR 1=1 --", "' OR 1=1 --"}} {
		v.tries(t, http.MethodPost, login, fmt.Sprintf(`{"email":%q,"password":%q}`, pair[0], pair[1]), nil, 401, 422)
	}
	v.tries(t, http.MethodPost, login, "email="+url.QueryEscape(email)+"&password="+ownerPassword, []string{"Content-Type", "application/x-www-form-urlencoded"}, 400, 415)
	v.tries(t, http.MethodPost, "/api/v1/admin/setup", fmt.Sprintf(`{"token":%q,"email":"second@example.org","password":"otra-clave-larga-9"}`,
		v.devOwner(t).SetupToken), nil, 401, 409)
	require.EqualValues(t, 1, v.number(t, `SELECT count(*) FROM users WHERE role = 'owner'`))
}

func forgedTokens(t *testing.T, v visitor) {
	claims := jwt.MapClaims{}
	_, _, err := jwt.NewParser().ParseUnverified(v.owner.token, claims)
	require.NoError(t, err)
	token := func(method jwt.SigningMethod, key any, changes ...map[string]any) string {
		forged := maps.Clone(claims)
		for _, change := range changes {
			maps.Copy(forged, change)
		}
		signed, err := jwt.NewWithClaims(method, forged).SignedString(key)
		require.NoError(t, err)
		return signed
	}
	me := func(token string, statuses ...int) {
		v.tries(t, http.MethodGet, "/api/v1/admin/me", "", []string{"Authorization", "Bearer " + token}, statuses...)
	}
	ours := []byte(staffKey)
	// The settings give the key as it is: a token made of it opens, so that the others are refused for what is wrong with them.
	require.Equal(t, http.StatusOK, v.must(t, http.MethodGet, "/api/v1/admin/me", nil, "Authorization", "Bearer "+token(jwt.SigningMethodHS256, ours)).status)
	me(token(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), 401)
	for _, key := range []string{"", "secret", "changeme", appSecret, webhookSecret} {
		me(token(jwt.SigningMethodHS256, []byte(key)), 401)
	}
	me(token(jwt.SigningMethodHS512, ours), 401)
	me(token(jwt.SigningMethodHS256, ours, map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}), 401)
	me(token(jwt.SigningMethodHS256, ours, map[string]any{"sid": "4711"}), 401)
	me(token(jwt.SigningMethodHS256, ours, map[string]any{"sub": "4711"}), 401)
	me(token(jwt.SigningMethodHS256, ours, map[string]any{"aud": "guests"}), 401)

	// Of an account that was closed since, and of a session that ended.
	staff, password := map[string]any{"email": "closed@example.org", "role": "staff", "password": "clave-de-paso-31"}, "clave-de-paso-31"
	var account struct{ ID int64 }
	v.owner.ask(http.MethodPost, "/admin/users", staff, http.StatusCreated, &account)
	var granted struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	credentials := map[string]any{"email": "closed@example.org", "password": password}
	v.owner.ask(http.MethodPost, "/admin/login", credentials, http.StatusOK, &granted)
	v.tries(t, http.MethodPatch, fmt.Sprintf("/api/v1/admin/users/%d", account.ID), `{"role":"owner"}`, []string{"Authorization", "Bearer " + granted.Access}, 403)
	v.owner.ask(http.MethodPost, fmt.Sprintf("/admin/users/%d/disable", account.ID), nil, http.StatusOK, nil)
	me(granted.Access, 401)
	me(granted.Refresh, 401)
	v.tries(t, http.MethodPost, "/api/v1/admin/refresh", fmt.Sprintf(`{"refresh_token":%q}`, granted.Refresh), nil, 401)
	v.tries(t, http.MethodPost, "/api/v1/admin/login", string(asJSON(t, credentials)), nil, 401)
	leaver := v.office(t)
	leaver.ask(http.MethodGet, "/admin/me", nil, http.StatusOK, nil)
	require.Equal(t, http.StatusNoContent, v.must(t, http.MethodPost, "/api/v1/admin/logout", nil, "Authorization", "Bearer "+leaver.token).status)
	me(leaver.token, 401)
}

// moreThanTheForm: whoever may change something changes that, and no member that a form does not have is taken.
func moreThanTheForm(t *testing.T, v visitor) {
	wish, number := v.wishes(3, v.week(t, 2), 2)
	plain := map[string]any{"accommodation_id": 3, "check_in": wish.CheckIn, "check_out": wish.CheckOut, "guests": 2,
		"contact_name": wish.ContactName, "contact_phone": wish.ContactPhone}
	for name, value := range map[string]any{"status": "confirmed", "total": map[string]string{"amount": "1.00", "currency": "ARS"}, "deposit": "1.00",
		"token": "chosen", "code": "RES260101ABCDEF", "guest_id": 1, "expires_at": "2099-01-01T00:00:00Z", "__proto__": map[string]any{}} {
		body := maps.Clone(plain)
		body[name] = value
		v.tries(t, http.MethodPost, "/api/v1/reservations", string(asJSON(t, body)), nil, 422)
	}
	v.hasNoBooking(t, number)
	var me struct{ ID int64 }
	v.owner.ask(http.MethodGet, "/admin/me", nil, http.StatusOK, &me)
	for _, body := range []string{`{"id":99}`, `{"email":"other@example.org"}`, `{"password_hash":"x"}`, `{"role":"root"}`, `{"role":["owner"]}`, `{"totp":false}`} {
		v.tries(t, http.MethodPatch, fmt.Sprintf("/api/v1/admin/users/%d", me.ID), body, v.asOwner(), 422)
	}
	v.tries(t, http.MethodPatch, "/api/v1/admin/reservations/"+v.hold.Code, `{"status":"confirmed","paid":"1000000.00"}`, v.asOwner(), 422)
}

// otherSignatures are right ones for something else.
func otherSignatures(t *testing.T, v visitor) {
	hook, sent := "/api/v1/webhooks/whatsapp", []byte(`{"object":"whatsapp_business_account","entry":[],"mark":"another"}`)
	right := "sha256=" + signature(appSecret, sent)
	for _, header := range []string{
		"sha256=" + signature(appSecret, bytes.ReplaceAll(sent, []byte("another"), []byte("altered"))), "sha256=" + signature("the-secret-of-before-the-rotation", sent),
		"sha256=" + signature("", sent), strings.Replace(right, "sha256", "sha1", 1), right + "00", right[:len(right)-2], right + "," + right, "sha256=", "=",
	} {
		v.tries(t, http.MethodPost, hook, string(sent), []string{"X-Hub-Signature-256", header}, 401, 403)
	}
	v.tries(t, http.MethodPost, hook, string(sent), []string{"X-Hub-Signature", right}, 401)
	const requestID, ts = "e9a1c0de-0000-4000-8000-000000000001", "1704908010"
	manifest := "ts=" + ts + ",v1=" + signature(webhookSecret, fmt.Appendf(nil, "id:%s;request-id:%s;ts:%s;", "555000111", requestID, ts))
	for _, test := range [][3]string{{"555000112", requestID, manifest}, {"555000111", "another-request", manifest}, {"555000111", requestID, "ts=1704908011," + strings.Split(manifest, ",")[1]},
		{"555000111", requestID, "v1=" + strings.Repeat("0", 64)}, {"555000111", requestID, "ts=" + ts + ",v1="}} {
		v.tries(t, http.MethodPost, "/api/v1/webhooks/mercadopago?type=payment&data.id="+test[0],
			fmt.Sprintf(`{"type":"payment","action":"payment.updated","data":{"id":%q}}`, test[0]), []string{"x-request-id", test[1], "x-signature", test[2]}, 401, 403)
	}
	require.Zero(t, v.number(t, `SELECT count(*) FROM webhook_inbox WHERE body::text LIKE '%another%' OR meta::text LIKE '%55500011%'`))
}

// feedsLeadInside: whoever may name a feed may not have us look around in our own network.
func feedsLeadInside(t *testing.T, v visitor) {
	outside, err := url.Parse(v.info.APIURL)
	require.NoError(t, err)
	for _, address := range []string{
		"https://169.254.169.254/latest/meta-data/", "http://169.254.169.254/", "https://localhost/x.ics", "https://localhost.:443/x.ics", "https://127.0.0.1:" + outside.Port() + "/metrics",
		"https://[::1]/x", "https://[::ffff:169.254.169.254]/x", "https://2130706433/x", "https://0x7f000001/x", "https://0177.0.0.1/x", "https://0.0.0.0/x", "https://10.0.0.1/x",
		"https://192.168.1.1/x", "https://172.16.0.1/x", "https://100.64.0.1/x", "https://[fd00::1]/x", "https://[fe80::1]/x", "file:///etc/passwd", "gopher://127.0.0.1/x",
		"https://user:pass@example.org/x.ics", "//localhost/x", "javascript:alert(1)", v.info.APIURL + "/metrics", "",
	} {
		for path, more := range map[string]map[string]any{"/admin/ical/feeds": {"channel": "other"}, "/admin/ical/feeds/preview": {"channel": "other"}, "/admin/ical/import": {}} {
			body := map[string]any{"accommodation_id": 1, "url": address}
			maps.Copy(body, more)
			a := v.tries(t, http.MethodPost, "/api/v1"+path, string(asJSON(t, body)), v.asOwner(), 400, 422)
			require.NotContains(t, string(a.body), "go_goroutines", address)
		}
	}
	require.Zero(t, v.number(t, `SELECT count(*) FROM calendar_feeds`))
}

func calendarAddresses(t *testing.T, v visitor) {
	publish := func() string {
		var made struct{ URL string }
		v.owner.ask(http.MethodPost, "/admin/ical/exports", map[string]any{"accommodation_id": 3, "channel": "vrbo"}, http.StatusCreated, &made)
		address, err := url.Parse(made.URL)
		require.NoError(t, err)
		return address.Path
	}
	before := publish()
	now := publish()
	require.NotEqual(t, before, now, "made again, it is another")
	a := v.must(t, http.MethodGet, now, nil)
	require.Equal(t, http.StatusOK, a.status)
	require.NotContains(t, string(a.body), "go_")
	v.tellsNothing(t, a, "calendar")
	token := strings.TrimSuffix(now[strings.LastIndex(now, "/")+1:], ".ics")
	said := map[string]bool{}
	for _, path := range []string{before, "/api/v1/ical/export/1/" + token, "/api/v1/ical/export/3/" + token[:len(token)-1], "/api/v1/ical/export/3/" + token + "A",
		"/api/v1/ical/export/3/%25", "/api/v1/ical/export/4711/" + token, "/api/v1/ical/export/3/" + strings.ToLower(token) + "x", "/api/v1/ical/export/3/ "} {
		a := v.tries(t, http.MethodGet, strings.ReplaceAll(path, " ", "%20"), "", []string{"X-Trace-ID", "same"}, 404)
		said[string(a.body)] = true
	}
	require.Len(t, said, 1, "all alike: %v", slices.Collect(maps.Keys(said)))
}

func otherFiles(t *testing.T, v visitor) {
	for _, path := range []string{
		"/samples/..%2f..%2f..%2f..%2fetc%2fpasswd", "/samples/../../../../etc/passwd", "/samples/%2e%2e/%2e%2e/etc/passwd", "/samples/....//....//etc/passwd", "/samples/..%5c..%5cetc%5cpasswd",
		"/samples/", "/samples/samples.go", "/docs/../settings.env", "/docs/..%2fpage.html%00.css", "/docs/%2e%2e%2fserver.go", "/pay/..%2f..%2fetc%2fpasswd",
		"/api/v1/admin/reservations/" + v.hold.Code + "/receipts/..%2f..%2f..%2fetc%2fpasswd", "/.env", "/settings.env", "/.git/config", "/debug/pprof/", "/debug/vars", "/server-status",
		"//etc/passwd", "/api/v1/../../etc/passwd", "/actuator/env",
	} {
		a := v.raw(t, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+v.owner.token+"\r\nConnection: close\r\n\r\n")
		require.Contains(t, []int{301, 307, 400, 404, 422}, a.status, "%s: %s", path, a.body)
		require.NotContains(t, string(a.body), "root:", path)
		v.tellsNothing(t, a, path)
	}
}
