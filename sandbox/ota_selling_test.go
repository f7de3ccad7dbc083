package sandbox_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox"
	"cabanas/sandbox/control"
)

// export is our side: a calendar that channels import.
type export struct {
	*httptest.Server
	mu     sync.Mutex
	body   string
	header http.Header
	status int
	agents []string
}

func newExport(t *testing.T, events ...string) *export {
	t.Helper()
	e := &export{status: http.StatusOK, header: http.Header{}}
	e.header.Set("Content-Type", "text/calendar; charset=utf-8")
	e.publish(events...)
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.agents = append(e.agents, r.UserAgent())
		maps.Copy(w.Header(), e.header)
		if etag := e.header.Get("ETag"); etag != "" && r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.WriteHeader(e.status)
		_, _ = w.Write([]byte(e.body))
	}))
	t.Cleanup(e.Close)
	return e
}

// publish replaces the events: "0112-0115", all in 2027.
func (e *export) publish(events ...string) {
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Cabanas//Calendar//ES", "REFRESH-INTERVAL;VALUE=DURATION:PT15M"}
	for i, days := range events {
		from, to, _ := strings.Cut(days, "-")
		lines = append(lines, "BEGIN:VEVENT", fmt.Sprintf("UID:%d-%s@cabanas.example", i, from), "DTSTAMP:20270101T000000Z",
			"DTSTART;VALUE=DATE:2027"+from, "DTEND;VALUE=DATE:2027"+to, "SUMMARY:Reservado", "END:VEVENT")
	}
	e.set(strings.Join(append(lines, "END:VCALENDAR", ""), "\r\n"))
}

func (e *export) set(body string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.body = body
}

func (e *export) fetched() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string{}, e.agents...)
}

func (b *bundle) pull(t *testing.T, l control.ChannelListing) control.ChannelPull {
	t.Helper()
	got, err := b.control.Pull(t.Context(), l.Channel, l.Listing)
	require.NoError(t, err)
	return got
}

func (b *bundle) truth(t *testing.T, l control.ChannelListing) control.ChannelState {
	t.Helper()
	state, err := b.control.Listing(t.Context(), l.Channel, l.Listing)
	require.NoError(t, err)
	return state
}

// refused asks for a sale that must not be made.
func (b *bundle) refused(t *testing.T, l control.ChannelListing, checkIn, checkOut, why string) {
	t.Helper()
	_, err := b.control.Sell(t.Context(), control.ChannelStay{Channel: l.Channel, Listing: l.Listing, CheckIn: checkIn, CheckOut: checkOut})
	var refusal *control.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, http.StatusConflict, refusal.Status)
	require.Contains(t, refusal.Reason, why)
}

func TestChannelsSellWhatTheyDoNotKnowAsClosed(t *testing.T) {
	t.Parallel()
	b := start(t)
	ours := newExport(t)
	window := 60
	l := b.list(t, control.ChannelListing{Channel: control.ChannelAirbnb, ImportURL: ours.URL, WindowDays: &window, PrepDays: 1, NoticeDays: 1})
	sold := b.sell(t, l, "2027-01-15", "2027-01-18")
	b.sell(t, l, "2027-01-25", "2027-01-27", closed)
	ours.publish("0201-0205")
	b.sell(t, l, "2027-02-04", "2027-02-06")
	require.Empty(t, b.truth(t, l).DoubleBooked, "the channel does not know yet: this is the exposure")
	require.Empty(t, b.pull(t, l).Refused)
	require.Equal(t, []control.ChannelNights{{CheckIn: "2027-02-04", CheckOut: "2027-02-05", Why: "reservation"}}, b.truth(t, l).DoubleBooked)

	b.refused(t, l, "2027-01-09", "2027-01-12", "is over")
	b.refused(t, l, "2027-01-10", "2027-01-12", "notice")
	b.refused(t, l, "2027-01-17", "2027-01-20", "reservation")
	b.refused(t, l, "2027-01-12", "2027-01-15", "preparation")
	b.refused(t, l, "2027-01-18", "2027-01-20", "preparation")
	b.refused(t, l, "2027-01-26", "2027-01-28", "closed")
	b.refused(t, l, "2027-01-30", "2027-02-02", "2027-02-01 to 2027-02-02 is closed (imported)")
	b.refused(t, l, "2027-03-10", "2027-03-12", "window")
	b.sell(t, l, "2027-03-10", "2027-03-11")
	b.sell(t, l, "2027-01-08", "2027-01-12", forced)

	_, err := b.control.ChangeBooking(t.Context(), sold.ID, control.ChannelStayChange{CheckOut: "2027-01-26"})
	require.ErrorContains(t, err, "closed")
	for _, change := range []control.ChannelStayChange{
		{CheckOut: "2027-01-17"}, {CheckOut: "2027-01-20"}, {CheckIn: "2027-01-16"}, {CheckIn: "2027-01-20", CheckOut: "2027-01-24"},
		{CheckOut: "2027-01-26", Force: true},
	} {
		moved, err := b.control.ChangeBooking(t.Context(), sold.ID, change)
		require.NoErrorf(t, err, "%+v", change)
		require.Equal(t, sold.ID, moved.ID)
		require.Contains(t, b.feed(t, l).raw, sold.ID)
		require.Contains(t, []string{change.CheckOut, "2027-01-20"}, moved.CheckOut)
	}
	require.NoError(t, b.control.CancelBooking(t.Context(), sold.ID))
	got := b.feed(t, l).raw
	require.NotContains(t, got, sold.ID)
	require.NotContains(t, got, "STATUS")
	require.Error(t, b.control.CancelBooking(t.Context(), sold.ID))
	b.sell(t, l, "2027-01-20", "2027-01-24")
}

func TestGoogleRefusesNothing(t *testing.T) {
	t.Parallel()
	b := start(t)
	l := b.list(t, control.ChannelListing{Channel: control.ChannelGoogle})
	b.sell(t, l, "2027-01-15", "2027-01-18")
	b.sell(t, l, "2027-01-16", "2027-01-17")
	b.sell(t, l, "2020-01-16", "2020-01-17")
	require.Len(t, spans(b.feed(t, l).raw), 3)
}

func TestImportedNightsBecomeTheChannelsOwn(t *testing.T) {
	t.Parallel()
	b := start(t)
	ours := newExport(t, "0201-0203", "0203-0205", "0210-0212")
	for channel, want := range map[string][]string{
		control.ChannelAirbnb: {"0201-0203", "0203-0205", "0210-0211", "0211-0213"}, control.ChannelVrbo: {"0201-0203", "0203-0205", "0210-0211", "0211-0213"},
		control.ChannelBooking: {"0201-0205", "0210-0211", "0211-0213"},
		control.ChannelExpedia: {"0201-0202", "0202-0203", "0203-0204", "0204-0205", "0210-0211", "0211-0212", "0212-0213"},
		control.ChannelGoogle:  {"0211-0213"},
	} {
		l := b.list(t, control.ChannelListing{Channel: channel, ImportURL: ours.URL})
		got := b.pull(t, l)
		require.Equal(t, http.StatusOK, got.Status)
		require.Len(t, got.Events, 3)
		require.Equal(t, control.ChannelEvent{UID: "0-0201@cabanas.example", CheckIn: "2027-02-01", CheckOut: "2027-02-03", Summary: "Reservado"}, got.Events[0])
		b.sell(t, l, "2027-02-11", "2027-02-13", forced)
		feed := b.feed(t, l).raw
		require.Equalf(t, want, spans(feed), channel)
		require.NotContains(t, feed, "cabanas.example", "the UIDs are the channel's own")
		require.NotContains(t, feed, "Reservado")
		require.Contains(t, strings.ToLower(ours.fetched()[len(ours.fetched())-1]), channel)

		merge := true
		l.MergeBlocks = &merge
		l = b.list(t, l)
		if channel == control.ChannelAirbnb {
			require.Equal(t, []string{"0201-0205", "0210-0211", "0211-0213"}, spans(b.feed(t, l).raw))
			first := uids(b.feed(t, l).raw)[0]
			ours.publish("0201-0203")
			b.pull(t, l)
			require.NotEqual(t, first, uids(b.feed(t, l).raw)[0], "a block with other dates is another block")
			ours.publish("0201-0203", "0203-0205", "0210-0212")
		}
	}
}

func TestClosedNightsArePublishedOnce(t *testing.T) {
	t.Parallel()
	b := start(t)
	ours := newExport(t, "0201-0210", "0203-0205", "0208-0215", "0220-0222", "0220-0222")
	l := b.list(t, control.ChannelListing{Channel: control.ChannelAirbnb, ImportURL: ours.URL, PrepDays: 1})
	b.pull(t, l)
	b.sell(t, l, "2027-02-04", "2027-02-06", forced)
	b.sell(t, l, "2027-02-13", "2027-02-17", forced)
	require.Equal(t, []string{"0201-0204", "0204-0206", "0206-0210", "0210-0213", "0213-0217", "0217-0218", "0220-0222"}, spans(b.feed(t, l).raw))
}

func TestChannelsImportAtTheirOwnPace(t *testing.T) {
	t.Parallel()
	b := start(t)
	ours := newExport(t, "0201-0203")
	b.list(t, control.ChannelListing{Channel: control.ChannelBooking, ImportURL: ours.URL, PullEvery: "0s", Listing: "never"})
	l := b.list(t, control.ChannelListing{Channel: control.ChannelVrbo, ImportURL: ours.URL, PullEvery: "5ms"})
	eventually(t, func() bool { return b.truth(t, l).Pulls > 2 })
	ours.publish("0210-0212")
	eventually(t, func() bool { return b.truth(t, l).Imported[0].CheckIn == "2027-02-10" })
	for _, agent := range ours.fetched() {
		require.Contains(t, agent, "Vrbo")
	}
}

func TestListingsAndBookingsAreChecked(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.list(t, control.ChannelListing{Channel: control.ChannelAirbnb})
	for path, bodies := range map[string][]object{
		"listings": {
			{"channel": "hotels", "listing": "a"}, {"channel": "airbnb"}, {"channel": "airbnb", "listing": "a/b"},
			{"channel": "airbnb", "listing": "a", "import_url": "ftp://x"}, {"channel": "airbnb", "listing": "a", "pull_every": "often"},
			{"channel": "airbnb", "listing": "a", "window_days": -1}, {"channel": "vrbo", "listing": "a", "language": "xx"}, {"channel": "airbnb", "listing": "a", "extra": 1},
		},
		"bookings": {
			{"channel": "airbnb", "listing": "other", "check_in": "2027-01-12", "check_out": "2027-01-14"},
			{"channel": "airbnb", "listing": "Los_Cipreses", "check_in": "2027-01-12", "check_out": "2027-01-12"},
			{"channel": "airbnb", "listing": "Los_Cipreses", "check_in": "12/01/2027", "check_out": "2027-01-14"},
			{"channel": "airbnb", "listing": "Los_Cipreses", "check_in": "2027-01-12", "check_out": "2027-01-14", "kind": "tentative"},
			{"channel": "airbnb", "listing": "Los_Cipreses", "check_in": "2027-01-12", "check_out": "2027-01-14", "check_in_time": "15:00"},
			{"channel": "airbnb", "listing": "Los_Cipreses", "check_in": "2027-01-12", "check_out": "2027-01-14", "extra": 1},
		},
		"pull":  {{"channel": "airbnb", "listing": "other"}, {"channel": "airbnb", "listing": "Los_Cipreses"}, {"name": "x"}},
		"clock": {{"channel": "hotels", "today": "2027-01-10"}, {"today": "tomorrow"}, {"day": "2027-01-10"}},
	} {
		for _, body := range bodies {
			got := b.call(t, http.MethodPost, "/control/channels/"+path, "", body)
			require.Containsf(t, []int{http.StatusBadRequest, http.StatusNotFound}, got.status, "%s %v", path, body)
			require.NotEmpty(t, got.body["error"])
		}
	}
	for _, path := range []string{"listings/airbnb/other", "listings/hotels/x"} {
		require.GreaterOrEqual(t, b.call(t, http.MethodGet, "/control/channels/"+path, "", nil).status, http.StatusBadRequest)
		require.GreaterOrEqual(t, b.call(t, http.MethodDelete, "/control/channels/"+path, "", nil).status, http.StatusBadRequest)
	}
}

func TestChannelsSurviveARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.jsonl")
	biz, ours := newBusiness(t), newExport(t, "0201-0203")
	keep := func(o *sandbox.Options) { o.StateFile = path }
	b := startWith(t, biz, keep)
	l := b.list(t, control.ChannelListing{Channel: control.ChannelAirbnb, ImportURL: ours.URL, PrepDays: 1})
	gone := b.list(t, control.ChannelListing{Channel: control.ChannelVrbo})
	g := b.list(t, control.ChannelListing{Channel: control.ChannelGoogle})
	sold := b.sell(t, l, "2027-01-15", "2027-01-18", named("Ana"))
	cancelled := b.sell(t, l, "2027-03-15", "2027-03-18")
	b.sell(t, gone, "2027-01-15", "2027-01-18")
	b.sell(t, g, "2027-01-15", "2027-01-15", func(s *control.ChannelStay) {
		s.CheckInTime, s.CheckOutTime, s.Repeat, s.Except = "10:00", "12:00", "FREQ=DAILY;COUNT=3", []string{"2027-01-16"}
	})
	_, err := b.control.ChangeBooking(t.Context(), sold.ID, control.ChannelStayChange{CheckOut: "2027-01-19"})
	require.NoError(t, err)
	require.NoError(t, b.control.CancelBooking(t.Context(), cancelled.ID))
	require.NoError(t, b.control.RemoveListing(t.Context(), gone.Channel, gone.Listing))
	b.pull(t, l)
	b.day(t, l.Channel, "2027-01-12")
	before, google := b.truth(t, l), b.feed(t, g).raw
	feed := b.feed(t, l).raw
	b.stop()

	again := startWith(t, biz, keep)
	after := again.truth(t, l)
	require.True(t, strings.HasPrefix(after.FeedURL, again.url))
	after.FeedURL, before.FeedURL = "", ""
	require.Equal(t, before, after)
	all, err := again.control.Listings(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, all, 2)
	l.FeedURL, g.FeedURL = strings.Replace(l.FeedURL, b.url, again.url, 1), strings.Replace(g.FeedURL, b.url, again.url, 1)
	require.Equal(t, feed, again.feed(t, l).raw)
	require.Equal(t, google, again.feed(t, g).raw)

	require.NoError(t, again.control.Reset(t.Context()))
	all, err = again.control.Listings(t.Context(), control.ChannelAirbnb)
	require.NoError(t, err)
	require.Empty(t, all)
	require.Equal(t, http.StatusNotFound, again.feed(t, l).status)
}

func TestChannelDays(t *testing.T) {
	t.Parallel()
	b := start(t)
	days, err := b.control.SetChannelDay(t.Context(), "", "2027-05-01")
	require.NoError(t, err)
	require.Len(t, days, 5)
	require.Equal(t, "2027-05-01", days[control.ChannelExpedia])
	days, err = b.control.SetChannelDay(t.Context(), control.ChannelVrbo, "")
	require.NoError(t, err)
	require.Equal(t, "2026-11-21", days[control.ChannelVrbo], "the sandbox's own day")
	require.Equal(t, "2027-05-01", days[control.ChannelAirbnb])
}
