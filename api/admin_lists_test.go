package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestConversationsAreFound(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	old, _ := o.hear(t, "541155550001", "hola")
	o.now = o.now.Add(25 * time.Hour)
	answered, _ := o.hear(t, "541155550002", "buenas")
	o.said(t, answered, "bot", "text", `{"kind":"text","body":"¡Hola!"}`, "delivered")
	taken, _ := o.hear(t, "541166660003", "hay lugar?")
	for id, name := range map[int64]string{old: "José Núñez", answered: "50% Ana", taken: "Beto"} {
		_, err := o.sql.Exec(t.Context(), `UPDATE guests SET name = $2, language = CASE WHEN id = $3 THEN 'pt' ELSE 'es' END WHERE id = $1`, id, name, taken)
		require.NoError(t, err)
	}
	staff, _ := o.member(t, "staff")
	path := admin + "/conversations"
	require.Equal(t, http.StatusOK, o.ask(t, staff, http.MethodPost, fmt.Sprintf("%s/%d/take-over", path, taken), "").Code)

	for query, want := range map[string][]int64{
		"":                           {taken, answered, old},
		"status=person":              {taken},
		"status=bot":                 {answered, old},
		"waiting=true":               {taken, old},
		"waiting=false":              {answered},
		"window=open":                {taken, answered},
		"window=closed":              {old},
		"waiting=true&window=open":   {taken},
		"language=pt":                {taken},
		"language=en":                {},
		"search=nunez":               {old},
		"search=NÚÑ":                 {old},
		"search=%25":                 {answered},
		"search=_":                   {},
		"search=5555":                {answered, old},
		"search=%20beto%20":          {taken},
		"search=nadie":               {},
		"search=ana&status=person":   {},
		"search=%2B54+9+11+66660003": {taken},
		"search=" + url.QueryEscape("+54 9 11 5555-0001"): {old},
	} {
		shown := []int64{}
		for _, id := range o.listed(t, staff, path+"?"+query, "guest_id") {
			shown = append(shown, int64(id.(float64)))
		}
		require.Equal(t, want, shown, query)
	}
	require.Equal(t, []any{float64(answered), float64(old)}, o.paged(t, staff, path+"?search=5555", "guest_id"))
	for query, field := range map[string]string{
		"limit=101": "limit", "cursor=x": "cursor", "status=dog": "status", "waiting=maybe": "waiting", "window=ajar": "window", "language=fr": "language",
		"search=%00": "search",
	} {
		o.requireField(t, staff, path+"?"+query, field)
	}
	require.NotContains(t, o.logs.String(), "nunez")
}

func TestAccountsAreListedByRoleAndState(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	o.member(t, "readonly")
	_, staff := o.member(t, "staff")
	path := admin + "/users"
	require.Equal(t, http.StatusOK, o.ask(t, owner, http.MethodPost, fmt.Sprintf("%s/%d/disable", path, staff), "").Code)
	for query, want := range map[string][]any{
		"":                        {ownerEmail, "readonly@example.org", "staff@example.org"},
		"role=staff":              {"staff@example.org"},
		"active=true":             {ownerEmail, "readonly@example.org"},
		"active=false":            {"staff@example.org"},
		"active=false&role=owner": {},
		"active=true&role=owner":  {ownerEmail},
	} {
		require.Equal(t, want, o.listed(t, owner, path+"?"+query, "email"), query)
	}
	require.Equal(t, []any{ownerEmail, "readonly@example.org"}, o.paged(t, owner, path+"?active=true", "email"))
	for query, field := range map[string]string{"role=root": "role", "active=x": "active", "limit=0": "limit", "cursor=x": "cursor"} {
		o.requireField(t, owner, path+"?"+query, field)
	}

	opened := object(t, o.ask(t, owner, http.MethodPost, fmt.Sprintf("%s/%d/enable", path, staff), ""))
	require.Nil(t, opened["disabled_at"])
	o.logIn(t, "staff@example.org")
	require.Equal(t, http.StatusNotFound, o.ask(t, owner, http.MethodPost, path+"/999/enable", "").Code)
	readonly, _ := o.logIn(t, "readonly@example.org")
	require.Equal(t, http.StatusForbidden, o.ask(t, readonly, http.MethodPost, fmt.Sprintf("%s/%d/enable", path, staff), "").Code)
}

// channelled makes feeds of two channels with a block each, over two bookings.
func channelled(t *testing.T) (h *harbour, first, second string) {
	t.Helper()
	h = newHarbour(t)
	first, second = h.book(t, "2027-01-10"), h.book(t, "2027-03-10")
	for n, feed := range []struct{ channel, extra, from string }{
		{"airbnb", "last_good_at = now()", "2027-01-11"}, {"booking", "last_error = 'html', last_error_at = now()", "2027-03-11"},
	} {
		_, err := h.sql.Exec(t.Context(), `WITH feed AS (INSERT INTO calendar_feeds (accommodation_id, channel, url) VALUES ($1, $2, 'https://x.test/' || $2) RETURNING id),
			event AS (INSERT INTO calendar_feed_events (feed_id, uid, start_date, end_date, kind, first_seen, last_seen)
				SELECT id, 'u', $3::date, $3::date + 2, 'reserved', now(), now() FROM feed RETURNING id)
			INSERT INTO calendar_blocks (accommodation_id, start_date, end_date, source, feed_event_id, active, reason)
			SELECT $1, $3::date, $3::date + 2, 'feed', id, true, '' FROM event`, h.cabin, feed.channel, feed.from)
		require.NoError(t, err, n)
		_, err = h.sql.Exec(t.Context(), `UPDATE calendar_feeds SET `+feed.extra+` WHERE channel = $1`, feed.channel)
		require.NoError(t, err)
		h.export(t, feed.channel)
	}
	return h, first, second
}

func TestCalendarListsAreFiltered(t *testing.T) {
	t.Parallel()
	h, first, second := channelled(t)
	conflicts := admin + "/conflicts"
	for path, want := range map[string][]any{
		feedsPath:                                     {"airbnb", "booking"},
		feedsPath + "?channel=booking":                {"booking"},
		feedsPath + "?status=ok":                      {"airbnb"},
		feedsPath + "?status=failing":                 {"booking"},
		feedsPath + "?status=new":                     {},
		feedsPath + "?status=ok&channel=booking":      {},
		feedsPath + "?accommodation_id=99":            {},
		exportsPath + "?channel=airbnb":               {"airbnb"},
		exportsPath + "?channel=vrbo":                 {},
		blocksPath + "?channel=airbnb":                {"airbnb"},
		blocksPath + "?channel=booking&to=2027-02-01": {},
		conflicts:                                         {"booking", "airbnb"},
		conflicts + "?channel=airbnb":                     {"airbnb"},
		conflicts + "?channel=other":                      {},
		conflicts + "?code=" + first:                      {"airbnb"},
		conflicts + "?code=" + second + "&channel=airbnb": {},
		conflicts + "?from=2027-02-01":                    {"booking"},
		conflicts + "?to=2027-02-01":                      {"airbnb"},
		conflicts + "?from=2027-01-13&to=2027-03-11":      {},
		conflicts + "?from=2027-01-12&to=2027-03-12":      {"booking", "airbnb"},
		conflicts + "?status=resolved":                    {},
	} {
		require.Equal(t, want, h.listed(t, h.owner, path, "channel"), path)
	}
	require.Equal(t, []any{"booking", "airbnb"}, h.paged(t, h.owner, conflicts+"?status=all", "channel"))
	require.Equal(t, []any{"airbnb", "booking"}, h.paged(t, h.owner, exportsPath+"?accommodation_id=0", "channel"))
	require.Equal(t, []any{"airbnb", "booking"}, h.paged(t, h.owner, feedsPath+"?accommodation_id=0", "channel"))
	for path, field := range map[string]string{
		feedsPath + "?status=lost": "status", feedsPath + "?channel=x": "channel", exportsPath + "?channel=x": "channel", blocksPath + "?channel=x": "channel",
		conflicts + "?channel=x": "channel", conflicts + "?code=x": "code", conflicts + "?from=x": "from", conflicts + "?cursor=x": "cursor",
	} {
		h.requireField(t, h.owner, path, field)
	}
	require.Equal(t, http.StatusUnprocessableEntity, h.ask(t, h.owner, http.MethodGet, conflicts+"?from=2027-02-01&to=2027-02-01", "").Code)
}
