package ical

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
	independent "github.com/emersion/go-ical"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
)

func export() Calendar {
	return Calendar{
		Name: "Cabaña del Ñandú, con vista; y \"parrilla\"", ProdID: "-//Cabanas//Calendar//ES", Refresh: 15 * time.Minute,
		Events: []ExportEvent{
			{UID: "b@cabanas.example", Summary: "Reservado", Start: booking.MustDate("2027-01-05"), End: booking.MustDate("2027-01-09"),
				Stamp: time.Date(2026, 11, 22, 7, 15, 0, 123, time.UTC), Sequence: 2},
			{UID: "a@cabanas.example", Summary: "Reservado", Start: booking.MustDate("2026-12-20"), End: booking.MustDate("2026-12-24"),
				Stamp: time.Date(2026, 11, 21, 22, 0, 0, 0, salta)},
		},
	}
}

func TestWhatIsWritten(t *testing.T) {
	t.Parallel()
	require.Equal(t, strings.ReplaceAll(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Cabanas//Calendar//ES
CALSCALE:GREGORIAN
METHOD:PUBLISH
NAME:Cabaña del Ñandú\, con vista\; y "parrilla"
X-WR-CALNAME:Cabaña del Ñandú\, con vista\; y "parrilla"
REFRESH-INTERVAL;VALUE=DURATION:PT15M
X-PUBLISHED-TTL:PT15M
BEGIN:VEVENT
UID:a@cabanas.example
DTSTAMP:20261122T010000Z
LAST-MODIFIED:20261122T010000Z
SEQUENCE:0
DTSTART;VALUE=DATE:20261220
DTEND;VALUE=DATE:20261224
SUMMARY:Reservado
STATUS:CONFIRMED
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
UID:b@cabanas.example
DTSTAMP:20261122T071500Z
LAST-MODIFIED:20261122T071500Z
SEQUENCE:2
DTSTART;VALUE=DATE:20270105
DTEND;VALUE=DATE:20270109
SUMMARY:Reservado
STATUS:CONFIRMED
TRANSP:OPAQUE
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n"), string(Write(export())))
}

func TestWriteIsStableAndLeavesOutWhatClosesNothing(t *testing.T) {
	t.Parallel()
	calendar := export()
	want := Write(calendar)
	slices.Reverse(calendar.Events)
	calendar.Events = append(calendar.Events, ExportEvent{Start: booking.MustDate("2027-01-05"), End: booking.MustDate("2027-01-09")},
		ExportEvent{UID: "none", Start: booking.MustDate("2027-01-05"), End: booking.MustDate("2027-01-05")})
	require.Equal(t, string(want), string(Write(calendar)))
}

func TestAnEmptyCalendarIsWhole(t *testing.T) {
	t.Parallel()
	feed, err := Parse(Write(Calendar{ProdID: "-//Cabanas//Calendar//ES"}), reading())
	require.NoError(t, err)
	require.Empty(t, feed.Events)
}

func TestWhatIsWrittenIsReadUnchanged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("añ😀 ,;:\\\"\n\r\tN<>é")), 0, 300, -1))
		calendar := Calendar{
			Name: text.Draw(t, "name"), ProdID: "-//Cabanas//Calendar//ES",
			Refresh: time.Duration(rapid.IntRange(0, 100).Draw(t, "minutes")) * time.Minute,
		}
		from := booking.MustDate("2026-01-01")
		for n := range rapid.IntRange(0, 20).Draw(t, "events") {
			start := from.AddDays(rapid.IntRange(0, 1000).Draw(t, "start"))
			calendar.Events = append(calendar.Events, ExportEvent{
				UID: rapid.StringMatching(`[a-zñ😀,;:\\ .]{0,40}`).Draw(t, "uid") + string(rune('A'+n)), Summary: text.Draw(t, "summary"),
				Start: start, End: start.AddDays(rapid.IntRange(1, 400).Draw(t, "nights")),
				Stamp: time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "stamp"), 0), Sequence: rapid.IntRange(0, 99).Draw(t, "sequence"),
			})
		}
		requireRoundTrip(t, calendar)
	})
}

// requireRoundTrip writes a calendar and holds what the three readers say of it against what was written.
func requireRoundTrip(t require.TestingT, calendar Calendar) {
	written := Write(calendar)
	for line := range strings.SplitSeq(strings.TrimSuffix(string(written), "\r\n"), "\r\n") {
		require.LessOrEqual(t, len(line), 75, "%q", line)
		require.True(t, utf8.ValidString(line), "%q", line)
		require.NotContains(t, line, "\n")
		require.NotContains(t, line, "\r")
	}
	feed, err := Parse(written, Reading{Zone: salta})
	require.NoError(t, err)
	require.Empty(t, feed.Problems)
	want := make([]Event, 0, len(calendar.Events))
	for _, event := range ordered(calendar.Events) {
		want = append(want, Event{UID: event.UID, Summary: event.Summary, Start: event.Start, End: event.End})
	}
	require.Equal(t, want, feed.Events)

	library, err := ics.ParseCalendar(bytes.NewReader(written))
	require.NoError(t, err)
	require.Len(t, library.Events(), len(want))

	decoded, err := independent.NewDecoder(bytes.NewReader(written)).Decode()
	require.NoError(t, err)
	require.Len(t, decoded.Events(), len(want))
	for n, event := range decoded.Events() {
		start, err := event.DateTimeStart(time.UTC)
		require.NoError(t, err)
		end, err := event.DateTimeEnd(time.UTC)
		require.NoError(t, err)
		require.Equal(t, want[n].Start.Time(), start)
		require.Equal(t, want[n].End.Time(), end)
		summary, err := event.Props.Text(independent.PropSummary)
		require.NoError(t, err)
		require.Equal(t, want[n].Summary, strings.TrimSpace(summary))
	}
	// Encode refuses what breaks the rules of RFC 5545 about which properties must be there, and how often.
	require.NoError(t, encodable(decoded))
}

func encodable(decoded *independent.Calendar) error {
	if len(decoded.Children) == 0 {
		return nil // it wants at least one component
	}
	return independent.NewEncoder(&bytes.Buffer{}).Encode(decoded)
}
