package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/sandbox/control"
)

func TestAChannelIsReadAndReadsUs(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	airbnb := h.list(t, control.ChannelAirbnb, "")
	h.sell(t, control.ChannelAirbnb, "2027-01-20", "2027-01-23", false)

	added := h.addFeed(t, "airbnb", airbnb.FeedURL)
	require.Equal(t, "ok", added["status"])
	require.Equal(t, "applied", added["first_sync"].(map[string]any)["status"])
	require.EqualValues(t, 1, added["first_sync"].(map[string]any)["added"])
	require.Equal(t, airbnb.FeedURL, added["url"])
	blocks := h.asked(t, http.StatusOK, http.MethodGet, blocksPath, nil)["items"].([]any)
	require.Len(t, blocks, 1)
	require.Equal(t, "2027-01-20", blocks[0].(map[string]any)["from"])
	require.Equal(t, "airbnb", blocks[0].(map[string]any)["channel"])

	toBooking, toAirbnb := h.export(t, "booking"), h.export(t, "airbnb")
	require.Regexp(t, `^http://127\.0\.0\.1:\d+/api/v1/ical/export/\d+/[\w-]{32}\.ics$`, toBooking)
	h.now = h.now.Add(time.Minute)
	code := h.book(t, "2027-01-10")
	require.Equal(t, []string{"airbnb", "booking"}, h.unseen(t))

	h.now = h.now.Add(time.Minute)
	_, _ = get(t, http.MethodGet, toBooking, "User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0")
	_, _ = get(t, http.MethodHead, toBooking)
	require.Equal(t, []string{"airbnb", "booking"}, h.unseen(t), "a browser is no channel")
	h.list(t, control.ChannelBooking, toBooking)
	pulled, err := h.channels.Pull(t.Context(), control.ChannelBooking, "Arrayan")
	require.NoError(t, err)
	require.Empty(t, pulled.Refused, pulled.Reason)
	require.Len(t, pulled.Events, 2)
	require.Equal(t, "Reservado", pulled.Events[0].Summary)
	require.Equal(t, "No disponible", pulled.Events[1].Summary)
	require.Eventually(t, func() bool { return len(h.unseen(t)) == 1 }, 5*time.Second, 5*time.Millisecond)
	require.Equal(t, []string{"airbnb"}, h.unseen(t))

	again, err := h.channels.Pull(t.Context(), control.ChannelBooking, "Arrayan")
	require.NoError(t, err)
	require.True(t, again.Unchanged)
	_, err = h.channels.AddListing(t.Context(), control.ChannelListing{Channel: control.ChannelAirbnb, Listing: "Arrayan", WindowDays: new(int), PullEvery: "0s", ImportURL: toAirbnb})
	require.NoError(t, err)
	own, err := h.channels.Pull(t.Context(), control.ChannelAirbnb, "Arrayan")
	require.NoError(t, err)
	require.Empty(t, own.Refused, own.Reason)
	require.Len(t, own.Events, 1, "not its own")
	require.Equal(t, "2027-01-10", own.Events[0].CheckIn)
	require.Eventually(t, func() bool { return len(h.unseen(t)) == 0 }, 5*time.Second, 5*time.Millisecond)

	shown := h.board(t)
	stay := shown["reservations"].([]any)[0].(map[string]any)
	require.Equal(t, code, stay["code"])
	require.Equal(t, "confirmed", stay["status"])
	require.EqualValues(t, 5, stay["nights"])
	require.Equal(t, "pending", stay["payment_status"])
	require.Empty(t, shown["conflicts"])
	require.EqualValues(t, 120, shown["feeds"].([]any)[0].(map[string]any)["age_seconds"])
	require.Equal(t, []string{"user.created", "feed.created", "export.created", "export.created"}, withoutSessions(h.actions(t)))
}

func withoutSessions(actions []string) []string {
	kept := []string{}
	for _, action := range actions {
		if !strings.HasPrefix(action, "session.") {
			kept = append(kept, action)
		}
	}
	return kept
}

func TestOurCalendarIsServedAsCalendarsAre(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	h.book(t, "2027-01-10")
	address := h.export(t, "vrbo")
	first, body := get(t, http.MethodGet, address)
	require.Equal(t, http.StatusOK, first.StatusCode)
	require.Equal(t, "text/calendar; charset=utf-8", first.Header.Get("Content-Type"))
	require.Equal(t, "private, no-cache", first.Header.Get("Cache-Control"))
	tag := first.Header.Get("Etag")
	require.Regexp(t, `^"[0-9a-f]{32}"$`, tag)
	modified, err := http.ParseTime(first.Header.Get("Last-Modified"))
	require.NoError(t, err)
	require.False(t, modified.Before(h.now))
	require.Contains(t, body, "SUMMARY:Reservado\r\n")
	require.Contains(t, body, "@cabanas.example\r\n")
	require.NotContains(t, body, "Ana")
	require.NotContains(t, body, "RES26")

	bare, same := get(t, http.MethodGet, strings.TrimSuffix(address, ".ics"))
	require.Equal(t, tag, bare.Header.Get("Etag"))
	require.Equal(t, body, same, "stable, byte by byte")
	for _, known := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
		unchanged, nothing := get(t, http.MethodGet, address, "If-None-Match", known)
		require.Equal(t, http.StatusNotModified, unchanged.StatusCode)
		require.Equal(t, tag, unchanged.Header.Get("Etag"))
		require.Empty(t, nothing)
	}
	head, nothing := get(t, http.MethodHead, address)
	require.Equal(t, http.StatusOK, head.StatusCode)
	require.EqualValues(t, len(body), head.ContentLength)
	require.Empty(t, nothing)

	h.now = h.now.Add(5 * time.Minute)
	h.asked(t, http.StatusCreated, http.MethodPost, blocksPath, map[string]any{"accommodation_id": h.cabin, "from": "2027-02-01", "to": "2027-02-03", "reason": "pintura"})
	changed, more := get(t, http.MethodGet, address, "If-None-Match", tag)
	require.Equal(t, http.StatusOK, changed.StatusCode)
	require.Contains(t, more, "SUMMARY:No disponible\r\n")
	require.NotContains(t, more, "pintura")

	renewed := h.export(t, "vrbo")
	require.NotEqual(t, address, renewed)
	for _, dead := range []string{address, strings.TrimSuffix(address, ".ics"), strings.Replace(renewed, "/export/1/", "/export/2/", 1), renewed[:len(renewed)-6] + ".ics"} {
		gone, _ := get(t, http.MethodGet, dead)
		require.Equal(t, http.StatusNotFound, gone.StatusCode, dead)
		require.Empty(t, gone.Header.Get("Etag"))
	}
	live, _ := get(t, http.MethodGet, renewed)
	require.Equal(t, http.StatusOK, live.StatusCode)
	exports := h.asked(t, http.StatusOK, http.MethodGet, exportsPath, nil)["items"].([]any)
	require.Len(t, exports, 1)
	require.NotContains(t, exports[0], "url")
	require.NotNil(t, exports[0].(map[string]any)["rotated_at"])
	require.Nil(t, h.asked(t, http.StatusNoContent, http.MethodDelete, exportsPath+"/1", nil))
	gone, _ := get(t, http.MethodGet, renewed)
	require.Equal(t, http.StatusNotFound, gone.StatusCode)
	require.NotContains(t, h.logs.String(), renewed[len(renewed)-36:len(renewed)-4])
}

func TestAConflictIsDecidedByName(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	airbnb := h.list(t, control.ChannelAirbnb, "")
	id := h.addFeed(t, "airbnb", airbnb.FeedURL)["id"].(float64)
	sync := func() map[string]any {
		return h.asked(t, http.StatusOK, http.MethodPost, "/api/v1/ical/sync/"+idText(id), nil)
	}
	codes := []string{h.book(t, "2027-01-05"), h.book(t, "2027-01-10"), h.book(t, "2027-01-15")}
	for _, nights := range [][2]string{{"2027-01-06", "2027-01-08"}, {"2027-01-11", "2027-01-13"}, {"2027-01-16", "2027-01-18"}} {
		h.sell(t, control.ChannelAirbnb, nights[0], nights[1], true)
	}
	h.now = h.now.Add(5 * time.Minute)
	result := sync()
	require.Equal(t, "applied", result["status"])
	require.EqualValues(t, 3, result["added"])
	require.EqualValues(t, 3, result["conflicts"])
	require.Nil(t, result["error"])

	list := func(status string) []any {
		return h.asked(t, http.StatusOK, http.MethodGet, admin+"/conflicts?status="+status, nil)["items"].([]any)
	}
	open := list("open")
	require.Len(t, open, 3)
	require.Len(t, h.board(t)["conflicts"], 3)
	first := open[2].(map[string]any)
	require.Equal(t, codes[0], first["code"])
	require.Equal(t, "airbnb", first["channel"])
	path := func(conflict any) string {
		return admin + "/conflicts/" + idText(conflict.(map[string]any)["id"].(float64)) + "/resolve"
	}
	requireProblem(t, h.ask(t, h.owner, http.MethodPost, path(open[0]), `{"choice":"block_gone"}`), 422, booking.CodeInvalidInput)
	for i, choice := range []string{"cancel_ours", "same_booking", "keep_ours"} {
		h.now = h.now.Add(time.Second)
		decided := h.asked(t, http.StatusOK, http.MethodPost, path(open[2-i]), map[string]any{"choice": choice}, "Idempotency-Key", choice)
		require.Equal(t, choice, decided["resolution"])
		require.EqualValues(t, 1, decided["resolved_by"])
		require.NotNil(t, decided["resolved_at"])
		require.Equal(t, decided, h.asked(t, http.StatusOK, http.MethodPost, path(open[2-i]), map[string]any{"choice": choice}, "Idempotency-Key", choice))
		requireProblem(t, h.ask(t, h.owner, http.MethodPost, path(open[2-i]), `{"choice":"keep_ours"}`), 409, booking.CodeWrongState)
	}
	require.Empty(t, list("open"))
	require.Len(t, list("resolved"), 3)
	require.Len(t, h.runs.cancelled, 1)
	require.Equal(t, booking.ByOwner, h.runs.cancelled[0].By)
	require.Equal(t, booking.RefundFull, h.runs.cancelled[0].Refund)
	for i, status := range []booking.Status{booking.Cancelled, booking.Confirmed, booking.Confirmed} {
		r, err := h.store.Reservation(t.Context(), codes[i])
		require.NoError(t, err)
		require.Equal(t, status, r.Status)
	}
	var before, after string
	require.NoError(t, h.sql.QueryRow(t.Context(), `SELECT before::text, after::text FROM audit_log WHERE action = 'conflict.resolved' ORDER BY id LIMIT 1`).Scan(&before, &after))
	require.JSONEq(t, `{"resolution":null}`, before)
	require.JSONEq(t, `{"resolution":"cancel_ours"}`, after)
	requireProblem(t, h.ask(t, h.owner, http.MethodPost, admin+"/conflicts/999/resolve", `{"choice":"keep_ours"}`), 404, booking.CodeNotFound)
}

func TestAConflictWhoseBookingCannotBeCancelledStaysOpen(t *testing.T) {
	t.Parallel()
	h := newHarbour(t)
	airbnb := h.list(t, control.ChannelAirbnb, "")
	h.book(t, "2027-01-05")
	h.sell(t, control.ChannelAirbnb, "2027-01-06", "2027-01-08", true)
	require.EqualValues(t, 1, h.addFeed(t, "airbnb", airbnb.FeedURL)["conflicts"])
	h.runs.closed = true
	requireProblem(t, h.ask(t, h.owner, http.MethodPost, admin+"/conflicts/1/resolve", `{"choice":"cancel_ours"}`), 409, booking.CodeWrongState)
	require.Len(t, h.board(t)["conflicts"], 1)
}
