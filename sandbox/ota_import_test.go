package sandbox_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
)

// calendar is one that every channel takes, with lines that the cases replace.
const calendar = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Cabanas//Calendar//ES
METHOD:PUBLISH
REFRESH-INTERVAL;VALUE=DURATION:PT15M
X-PUBLISHED-TTL:PT15M
BEGIN:VEVENT
UID:a@cabanas.example
DTSTAMP:20270101T000000Z
DTSTART;VALUE=DATE:20270201
DTEND;VALUE=DATE:20270203
SEQUENCE:2
SUMMARY:Reservado RES261121123456
END:VEVENT
BEGIN:VEVENT
UID:b@cabanas.example
DTSTAMP:20270101T000000Z
DTSTART;VALUE=DATE:20270210
SUMMARY:Caba` + "ñ" + `a 1\, cerrada del 2027-02-10 al 2027-02-11 por arreglos en el
  techo
END:VEVENT
END:VCALENDAR
`

func TestChannelsReadStrictly(t *testing.T) {
	t.Parallel()
	b := start(t)
	ours := newExport(t)
	l := b.list(t, control.ChannelListing{Channel: control.ChannelAirbnb, ImportURL: ours.URL, PullEvery: "0s"})
	ours.set(strings.ReplaceAll(calendar, "\n", "\r\n"))
	good := b.pull(t, l)
	require.Empty(t, good.Refused, good.Reason)
	require.Equal(t, []control.ChannelEvent{
		{UID: "a@cabanas.example", CheckIn: "2027-02-01", CheckOut: "2027-02-03", Summary: "Reservado RES261121123456"},
		{UID: "b@cabanas.example", CheckIn: "2027-02-10", CheckOut: "2027-02-11", Summary: "Cabaña 1, cerrada del 2027-02-10 al 2027-02-11 por arreglos en el techo"},
	}, good.Events)

	long := "SUMMARY:" + strings.Repeat("a", 68)
	for i, c := range []struct{ old, replacement, want, reason string }{
		{"BEGIN:VCALENDAR\n", "", "not_a_calendar", "does not begin"},
		{"BEGIN:VCALENDAR\n", "\ufeffBEGIN:VCALENDAR\n", "not_a_calendar", "does not begin"},
		{"END:VCALENDAR\n", "", "not_a_calendar", "END:VCALENDAR is missing"},
		{"END:VCALENDAR\n", "END:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR\n", "not_a_calendar", "follows"},
		{"END:VCALENDAR\n", "END:VCALENDAR\nX-A:1\n", "not_a_calendar", "follows"},
		{"END:VEVENT\nBEGIN:VEVENT", "BEGIN:VEVENT", "not_a_calendar", "END:VCALENDAR where END:VEVENT"},
		{"END:VCALENDAR\n", "X-A:1\nEND:VCALENDAR\n", "bad_line", "behind its first component"},
		{"SEQUENCE:2", "SEQUENCE", "bad_line", "line 12 is not a property"},
		{"SEQUENCE:2", "", "bad_line", "line 12 is empty"},
		{"VERSION:2.0\n", "", "missing_property", "VERSION"},
		{"VERSION:2.0", "VERSION:1.0", "bad_value", "VERSION"},
		{"PRODID:-//Cabanas//Calendar//ES\n", "", "missing_property", "PRODID"},
		{"VERSION:2.0", "VERSION:2.0\nVERSION:2.0", "repeated_property", "VERSION"},
		{"METHOD:PUBLISH", "METHOD:REQUEST", "bad_value", "METHOD"},
		{"VALUE=DURATION:PT15M", "VALUE=DURATION:15M", "bad_value", "REFRESH-INTERVAL"},
		{"REFRESH-INTERVAL;VALUE=DURATION", "REFRESH-INTERVAL", "bad_value", "REFRESH-INTERVAL"},
		{"UID:a@cabanas.example\n", "", "missing_property", "line 7: a VEVENT without UID"},
		{"UID:b@", "UID:a@", "repeated_uid", "a@cabanas.example"},
		{"DTSTAMP:20270101T000000Z\n", "", "missing_property", "DTSTAMP"},
		{"DTSTAMP:20270101T000000Z\n", "DTSTAMP:20270101T000000\n", "bad_value", "DTSTAMP is not in UTC"},
		{"DTSTART;VALUE=DATE:20270201\n", "", "missing_property", "DTSTART"},
		{"DTSTART;VALUE=DATE:20270201", "DTSTART:20270201", "bad_value", "DTSTART"},
		{"DTSTART;VALUE=DATE:20270201", "DTSTART;VALUE=DATE:20270231", "bad_value", "not a date"},
		{"DTSTART;VALUE=DATE:20270201", "DTSTART:20270201T150000Z", "bad_value", "different types"},
		{"DTEND;VALUE=DATE:20270203", "DTEND;VALUE=DATE:20270201", "end_not_after_start", "line 11"},
		{"DTEND;VALUE=DATE:20270203", "DTEND;VALUE=DATE:20270130", "end_not_after_start", "line 11"},
		{"DTEND;VALUE=DATE:20270203", "DTEND;VALUE=DATE:20270203\nDTEND;VALUE=DATE:20270204", "repeated_property", "DTEND"},
		{"SEQUENCE:2", "SEQUENCE:two", "bad_value", "SEQUENCE"},
		{"SEQUENCE:2", "STATUS:BUSY", "bad_value", "STATUS"},
		{"SEQUENCE:2", "RRULE:FREQ=DAILY", "bad_value", "RRULE"},
		{"SEQUENCE:2", "TRANSP:TRANSPARENT", "bad_value", "TRANSP"},
		{"SUMMARY:Reservado RES261121123456", long, "long_line", "line 13 has 76 octets"},
		{`\, cerrada`, ", cerrada", "bad_value", "not escaped"},
		{"a 1", "a \x01", "control_character", "0x01"},
		{"a 1", "a \xf1", "not_utf8", "not UTF-8"},
		{"SUMMARY:Caba" + "ñ", "SUMMARY:Caba\xc3\n \xb1", "not_utf8", "folded inside a character"},
		{"SEQUENCE:2", "ATTENDEE:mailto:ana@example.com", "guest_data", "ATTENDEE"},
		{"SEQUENCE:2", "DESCRIPTION:Ana +54 9 351 555-0101", "guest_data", "DESCRIPTION"},
		{"SEQUENCE:2", "DESCRIPTION:ana@example.com", "guest_data", "e-mail"},
	} {
		require.Contains(t, calendar, c.old)
		ours.set(strings.ReplaceAll(strings.Replace(calendar, c.old, c.replacement, 1), "\n", "\r\n"))
		got := b.pull(t, l)
		require.Equalf(t, c.want, got.Refused, "case %d: %s: %s", i, c.replacement, got.Reason)
		require.Contains(t, got.Reason, c.reason)
	}
	for broken, reason := range map[string]string{
		calendar:                                 "line 1 does not end with CRLF",
		strings.ReplaceAll(calendar, "\n", "\r"): "line 1 does not end with CRLF",
		strings.TrimSuffix(strings.ReplaceAll(calendar, "\n", "\r\n"), "\r\n"): "the last line",
	} {
		ours.set(broken)
		got := b.pull(t, l)
		require.Equal(t, "bare_line_end", got.Refused)
		require.Contains(t, got.Reason, reason)
	}
	state := b.truth(t, l)
	require.Len(t, state.Imported, 2, "a refused calendar changes nothing")
	require.Len(t, state.Refusals, 20)
	require.Equal(t, "bare_line_end", state.LastPull.Refused)
}

func TestChannelsRefuseOtherAnswers(t *testing.T) {
	t.Parallel()
	b := start(t)
	ours := newExport(t, "0201-0203")
	l := b.list(t, control.ChannelListing{Channel: control.ChannelBooking, ImportURL: ours.URL, PullEvery: "0s"})
	require.Empty(t, b.pull(t, l).Refused)
	for _, c := range []struct {
		kind   string
		status int
		body   string
		want   string
	}{
		{"text/html", 200, "", "content_type"},
		{"", 200, "", "content_type"},
		{"text/calendar; charset=iso-8859-1", 200, "", "content_type"},
		{"text/calendar", 404, "", "status"},
		{"text/calendar", 304, "", "status"},
		{"text/calendar", 200, strings.Repeat("X-A:"+strings.Repeat("a", 70)+"\r\n", 16<<10), "too_large"},
	} {
		ours.mu.Lock()
		good := ours.body
		ours.header.Set("Content-Type", c.kind)
		ours.status = c.status
		if c.body != "" {
			ours.body = c.body
		}
		ours.mu.Unlock()
		got := b.pull(t, l)
		require.Equal(t, c.want, got.Refused, got.Reason)
		require.Equal(t, c.status, got.Status)
		ours.set(good)
	}
	away := l
	away.ImportURL = "http://127.0.0.1:1/secret-token"
	away = b.list(t, away)
	got := b.pull(t, away)
	require.Equal(t, "unreachable", got.Refused)
	require.NotContains(t, got.Reason, "secret-token")
	require.Len(t, b.truth(t, l).Imported, 1)
}

func TestChannelsAskWhetherItChanged(t *testing.T) {
	t.Parallel()
	b := start(t)
	ours := newExport(t, "0201-0203")
	ours.header.Set("ETag", `"1"`)
	l := b.list(t, control.ChannelListing{Channel: control.ChannelBooking, ImportURL: ours.URL, PullEvery: "0s", ConditionalPull: true})
	require.False(t, b.pull(t, l).Unchanged)
	got := b.pull(t, l)
	require.True(t, got.Unchanged)
	require.Equal(t, http.StatusNotModified, got.Status)
	require.Empty(t, got.Refused)
	require.Len(t, b.truth(t, l).Imported, 1)
}

func TestAnEmptyCalendarOpensTheNights(t *testing.T) {
	t.Parallel()
	b := start(t)
	ours := newExport(t, "0201-0203")
	l := b.list(t, control.ChannelListing{Channel: control.ChannelVrbo, ImportURL: ours.URL, PullEvery: "0s"})
	b.pull(t, l)
	b.refused(t, l, "2027-02-01", "2027-02-03", "imported")
	ours.publish()
	require.Empty(t, b.pull(t, l).Refused)
	b.sell(t, l, "2027-02-01", "2027-02-03")
}

func TestChannelsAreUsedByManyAtOnce(t *testing.T) {
	t.Parallel()
	b := start(t)
	ours := newExport(t, "0201-0203")
	l := b.list(t, control.ChannelListing{Channel: control.ChannelBooking, ImportURL: ours.URL, PullEvery: "1ms"})
	done := make(chan error, 8)
	for i := range 8 {
		go func() {
			var last error
			for day := range 9 {
				_, err := b.control.Sell(t.Context(), control.ChannelStay{
					Channel: l.Channel, Listing: l.Listing, CheckIn: "2027-03-1" + strconv.Itoa(day), CheckOut: "2027-03-1" + strconv.Itoa(day+1),
				})
				if err == nil {
					_, err = b.control.Pull(t.Context(), l.Channel, l.Listing)
				}
				if err == nil && i%2 == 0 {
					_, err = b.control.Listing(t.Context(), l.Channel, l.Listing)
				}
				if err != nil && !strings.Contains(err.Error(), "reservation") {
					last = err
				}
				_, _ = b.try(t, http.MethodGet, strings.TrimPrefix(l.FeedURL, b.url), "", nil)
			}
			done <- last
		}()
	}
	for range 8 {
		require.NoError(t, <-done)
	}
	state := b.truth(t, l)
	require.Len(t, state.Bookings, 9, "no night is sold twice")
	require.Equal(t, 72, state.Fetches.Count)
}
