package api_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/api"
	"cabanas/booking"
	"cabanas/sandbox/control"
)

const holidays = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//ES\r\n" +
	"BEGIN:VEVENT\r\nUID:a\r\nDTSTART;VALUE=DATE:20270301\r\nDTEND;VALUE=DATE:20270305\r\nSUMMARY:Ana\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:b\r\nDTSTART;VALUE=DATE:20270110\r\nDTEND;VALUE=DATE:20270112\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:old\r\nDTSTART;VALUE=DATE:20200101\r\nDTEND;VALUE=DATE:20200103\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:reservation-1-1@cabanas.example\r\nDTSTART;VALUE=DATE:20270401\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:bad\r\nDTSTART;VALUE=DATE:20271399\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

func TestNightsAreClosedByHand(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	code := h.book(t, "2027-01-10")
	body := map[string]any{"accommodation_id": h.cabin, "from": "2027-02-01", "to": "2027-02-04", "reason": "pintura"}
	made := h.asked(t, http.StatusCreated, http.MethodPost, blocksPath, body, "Idempotency-Key", "k1")
	require.Equal(t, "manual", made["source"])
	require.Equal(t, "pintura", made["reason"])
	again := h.ask(t, h.owner, http.MethodPost, blocksPath, `{"accommodation_id":1,"from":"2027-02-01","to":"2027-02-04","reason":"pintura"}`, "Idempotency-Key", "k1")
	require.Equal(t, "true", again.Header().Get("Idempotency-Replayed"))
	require.Equal(t, made, object(t, again))
	requireProblem(t, h.ask(t, h.owner, http.MethodPost, blocksPath, `{"accommodation_id":1,"from":"2027-02-02","to":"2027-02-04"}`, "Idempotency-Key", "k1"),
		409, api.CodeIdempotencyConflict)
	for text, want := range map[string]struct {
		status int
		code   booking.Code
	}{
		`{"accommodation_id":1,"from":"2027-02-01","to":"2027-02-04"}`:                     {409, booking.CodeDuplicate},
		`{"accommodation_id":1,"from":"2027-01-14","to":"2027-01-16"}`:                     {409, booking.CodeDatesTaken},
		`{"accommodation_id":1,"from":"2027-02-04","to":"2027-02-04"}`:                     {422, booking.CodeInvalidDates},
		`{"accommodation_id":1,"from":"2026-11-01","to":"2026-11-05"}`:                     {422, booking.CodeInThePast},
		`{"accommodation_id":1,"from":"2027-02-01","to":"2047-02-04"}`:                     {422, booking.CodeTooLong},
		`{"accommodation_id":9,"from":"2027-02-01","to":"2027-02-04"}`:                     {404, booking.CodeNotFound},
		`{"accommodation_id":1,"from":"2027-02-31","to":"2027-03-04"}`:                     {422, booking.CodeInvalidInput},
		`{"accommodation_id":1,"from":"2027-03-01","to":"2027-03-04","reason":"a\u0007b"}`: {422, booking.CodeInvalidInput},
	} {
		problem := requireProblem(t, h.ask(t, h.owner, http.MethodPost, blocksPath, text), want.status, want.code)
		if want.code == booking.CodeDatesTaken {
			require.Contains(t, problem["detail"], code)
		}
	}
	require.Nil(t, h.asked(t, http.StatusCreated, http.MethodPost, blocksPath, map[string]any{"accommodation_id": h.cabin, "from": "2027-05-01", "to": "2027-05-04"})["channel"])
	page := h.asked(t, http.StatusOK, http.MethodGet, blocksPath+"?limit=1&from=2027-01-01", nil)
	require.Len(t, page["items"], 1)
	rest := h.asked(t, http.StatusOK, http.MethodGet, blocksPath+"?limit=1&from=2027-01-01&cursor="+page["next_cursor"].(string), nil)
	require.Len(t, rest["items"], 1)
	require.Nil(t, rest["next_cursor"])
	requireProblem(t, h.ask(t, h.owner, http.MethodGet, blocksPath+"?cursor=x", ""), 422, booking.CodeInvalidInput)
	require.Nil(t, h.asked(t, http.StatusNoContent, http.MethodDelete, blocksPath+"/1", nil))
	requireProblem(t, h.ask(t, h.owner, http.MethodDelete, blocksPath+"/1", ""), 404, booking.CodeNotFound)
	require.Equal(t, []string{"user.created", "block.created", "block.created", "block.released"}, withoutSessions(h.actions(t)))
}

func TestACalendarIsImportedOnce(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	code := h.book(t, "2027-01-10")
	path := admin + "/ical/import"
	first := h.asked(t, http.StatusOK, http.MethodPost, path, map[string]any{"accommodation_id": h.cabin, "content": holidays})
	require.EqualValues(t, 2, first["added"])
	require.EqualValues(t, 2, first["skipped"])
	require.Equal(t, code, first["conflicts"].([]any)[0].(map[string]any)["code"])
	require.Equal(t, "bad_date", first["problems"].([]any)[0].(map[string]any)["reason"])
	require.Len(t, h.board(t)["conflicts"], 1)

	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	require.NoError(t, writer.WriteField("accommodation_id", "1"))
	file, err := writer.CreateFormFile("file", "calendar.ics")
	require.NoError(t, err)
	_, err = file.Write([]byte(strings.Replace(holidays, "20270305", "20270307", 1)))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	answer := h.ask(t, h.owner, http.MethodPost, path, form.String(), "Content-Type", writer.FormDataContentType())
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	require.EqualValues(t, 0, object(t, answer)["added"])
	require.EqualValues(t, 1, object(t, answer)["moved"])
	require.EqualValues(t, 1, object(t, answer)["unchanged"])
	blocks := h.asked(t, http.StatusOK, http.MethodGet, blocksPath+"?source=manual", nil)["items"].([]any)
	require.Len(t, blocks, 2)
	require.Equal(t, "import", blocks[0].(map[string]any)["reason"])
	require.Equal(t, "2027-03-07", blocks[0].(map[string]any)["to"])

	for text, want := range map[string]booking.Code{
		`{"accommodation_id":1,"content":"<html>"}`: "feed_html", `{"accommodation_id":1,"url":"ftp://x.test/a"}`: "feed_not_https",
		`{"accommodation_id":1}`: booking.CodeInvalidInput, `{"accommodation_id":1,"url":"https://x.test","content":"x"}`: booking.CodeInvalidInput,
		`{"accommodation_id":"1","content":"x"}`: booking.CodeInvalidInput,
	} {
		requireProblem(t, h.ask(t, h.owner, http.MethodPost, path, text), 422, want)
	}
	requireProblem(t, h.ask(t, h.owner, http.MethodPost, path, `{"id":1}`), 400, api.CodeMalformed)
	requireProblem(t, h.ask(t, h.owner, http.MethodPost, path, `x`, "Content-Type", "text/calendar"), 415, api.CodeUnsupportedMediaType)
}

func TestAFeedIsPreviewedKeptAndChanged(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	airbnb := h.list(t, control.ChannelAirbnb, "")
	h.sell(t, control.ChannelAirbnb, "2027-01-11", "2027-01-13", true)
	code := h.book(t, "2027-01-10")
	wish := map[string]any{"accommodation_id": h.cabin, "channel": "airbnb", "url": airbnb.FeedURL, "interval": "10m"}
	preview := h.asked(t, http.StatusOK, http.MethodPost, feedsPath+"/preview", wish)
	require.Len(t, preview["events"], 1)
	require.EqualValues(t, 2, preview["events"].([]any)[0].(map[string]any)["nights"])
	require.Equal(t, code, preview["conflicts"].([]any)[0].(map[string]any)["code"])
	require.Empty(t, h.asked(t, http.StatusOK, http.MethodGet, feedsPath, nil)["items"], "nothing was saved")

	require.NoError(t, h.channels.SetChannelFaults(t.Context(), control.ChannelFaults{Channel: control.ChannelAirbnb, Body: new("html")}))
	requireProblem(t, h.ask(t, h.owner, http.MethodPost, feedsPath+"/preview", `{"accommodation_id":1,"channel":"airbnb","url":"`+airbnb.FeedURL+`"}`), 422, "feed_html")
	broken := h.asked(t, http.StatusCreated, http.MethodPost, feedsPath, wish, "Idempotency-Key", "one")
	require.Equal(t, "failing", broken["status"])
	require.Equal(t, "html", broken["error"])
	require.Equal(t, "failed", broken["first_sync"].(map[string]any)["status"])
	require.Equal(t, "html", broken["first_sync"].(map[string]any)["error"])
	require.Equal(t, "10m", broken["interval"])
	require.Equal(t, broken, h.asked(t, http.StatusCreated, http.MethodPost, feedsPath, wish, "Idempotency-Key", "one"))
	requireProblem(t, h.ask(t, h.owner, http.MethodPost, feedsPath, `{"accommodation_id":1,"channel":"airbnb","url":"`+airbnb.FeedURL+`"}`), 409, booking.CodeDuplicate)
	require.NoError(t, h.channels.ClearChannelFaults(t.Context(), control.ChannelAirbnb))
	path := feedsPath + "/1"
	sync := h.asked(t, http.StatusOK, http.MethodPost, "/api/v1/ical/sync/1", nil)
	require.Equal(t, "applied", sync["status"])

	paused := h.asked(t, http.StatusOK, http.MethodPatch, path, map[string]any{"paused": true, "interval": "1h"})
	require.Equal(t, "paused", paused["status"])
	require.Equal(t, "1h", paused["interval"])
	require.True(t, h.runs.scheduled[1].Paused)
	requireProblem(t, h.ask(t, h.owner, http.MethodPost, "/api/v1/ical/sync/1", ""), 409, booking.CodeWrongState)
	resumed := h.asked(t, http.StatusOK, http.MethodPatch, path, map[string]any{"paused": false, "interval": ""})
	require.Nil(t, resumed["interval"])
	require.Nil(t, resumed["paused_at"])
	requireProblem(t, h.ask(t, h.owner, http.MethodPatch, path, `{}`), 422, booking.CodeInvalidInput)
	requireProblem(t, h.ask(t, h.owner, http.MethodPatch, path, `{"interval":"1s"}`), 422, booking.CodeInvalidInput)
	requireProblem(t, h.ask(t, h.owner, http.MethodPatch, path, `{"url":"ftp://x"}`), 422, "feed_not_https")
	requireProblem(t, h.ask(t, h.owner, http.MethodPost, path+"/accept", ""), 409, booking.CodeWrongState)
	requireProblem(t, h.ask(t, h.owner, http.MethodGet, feedsPath+"/99", ""), 404, booking.CodeNotFound)
	requireProblem(t, h.ask(t, h.owner, http.MethodPost, "/api/v1/ical/sync/99", ""), 404, booking.CodeNotFound)
	requireProblem(t, h.ask(t, h.owner, http.MethodPost, feedsPath, `{"accommodation_id":1,"channel":"airbnb","url":"file:///etc/passwd"}`), 422, "feed_not_https")
	requireProblem(t, h.ask(t, h.owner, http.MethodPost, feedsPath, `{"accommodation_id":1,"channel":"myspace","url":"https://x.test"}`), 422, booking.CodeInvalidInput)

	readonly, _ := h.member(t, "readonly")
	seen := object(t, h.ask(t, readonly, http.MethodGet, path, ""))
	require.Regexp(t, `^http://127\.0\.0\.1:\d+/…$`, seen["url"])
	requireProblem(t, h.ask(t, h.owner, http.MethodDelete, path, ""), 422, booking.CodeInvalidInput)
	left := h.asked(t, http.StatusOK, http.MethodDelete, path+"?release=false", nil)
	require.EqualValues(t, 1, left["blocks"])
	require.Len(t, h.asked(t, http.StatusOK, http.MethodGet, blocksPath+"?source=manual", nil)["items"], 1)
	requireProblem(t, h.ask(t, h.owner, http.MethodGet, path, ""), 404, booking.CodeNotFound)
	require.Empty(t, h.runs.scheduled)
	var secrets int
	require.NoError(t, h.sql.QueryRow(t.Context(), `SELECT count(*) FROM audit_log WHERE concat(before, after) LIKE '%.ics%'`).Scan(&secrets))
	require.Zero(t, secrets)
	require.NotContains(t, h.logs.String(), airbnb.FeedURL)
}

func TestCalendarRoutesNeedTheirRoles(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	readonly, _ := h.member(t, "readonly")
	staff, _ := h.member(t, "staff")
	seen := 0
	for _, route := range h.Routes() {
		if !strings.Contains(route.Path, "ical") && !strings.Contains(route.Path, "/admin/blocks") && !strings.Contains(route.Path, "/admin/conflicts") &&
			!strings.HasSuffix(route.Path, "/admin/calendar") {
			continue
		}
		seen++
		if strings.Contains(route.Path, "/ical/export/") {
			require.Empty(t, route.Role)
			continue
		}
		path, body := strings.NewReplacer("{id}", "0", "{feed_id}", "0").Replace(route.Path), `"nothing"`
		wanted := "staff"
		if route.Method == http.MethodGet {
			wanted, body = "readonly", ""
		}
		require.Equal(t, wanted, string(route.Role), route.Path)
		requireProblem(t, h.ask(t, "", route.Method, path, body), 401, booking.CodeUnauthorized)
		if answer := h.ask(t, readonly, route.Method, path, body); wanted == "staff" {
			requireProblem(t, answer, 403, booking.CodeForbidden)
		} else {
			require.NotEqual(t, http.StatusForbidden, answer.Code)
		}
		require.NotContains(t, []int{401, 403, 500}, h.ask(t, staff, route.Method, path, body).Code, route.Path)
	}
	require.Equal(t, 19, seen)
	description := object(t, h.do(t, http.MethodGet, "/openapi.json", ""))
	for _, path := range []string{"/api/v1/ical/export/{accommodation_id}/{token}", "/api/v1/admin/ical/import", "/api/v1/ical/sync/{feed_id}"} {
		require.Contains(t, description["paths"], path)
	}
	schemas := description["components"].(map[string]any)["schemas"].(map[string]any)
	require.Contains(t, schemas["AddedFeed"].(map[string]any)["properties"], "last_good_at")
	require.Contains(t, schemas["BoardBlock"].(map[string]any)["properties"], "from")
}

func TestTheCalendarRefusesSpansThatAreNone(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	for query, want := range map[string]booking.Code{
		"?from=2027-02-01&to=2027-02-01": booking.CodeInvalidDates, "?from=2027-01-01&to=2030-01-01": booking.CodeTooLong, "?from=x": booking.CodeInvalidInput,
	} {
		requireProblem(t, h.ask(t, h.owner, http.MethodGet, admin+"/calendar"+query, ""), 422, want)
	}
	requireProblem(t, h.ask(t, h.owner, http.MethodGet, admin+"/calendar?accommodation_id=99", ""), 404, booking.CodeNotFound)
	require.Len(t, h.asked(t, http.StatusOK, http.MethodGet, admin+"/calendar", nil)["items"], 1)
}
