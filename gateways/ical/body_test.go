package ical

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBodiesThatSayNothing(t *testing.T) {
	t.Parallel()
	good := string(calendar(vevent("UID:a", "DTSTART:20261220", "DTEND:20261224"), other))
	tests := []struct {
		name, body string
		reason     Reason
	}{
		{"nothing", "", ReasonEmpty},
		{"white space", " \r\n\t\n", ReasonEmpty},
		{"only a BOM", "\xef\xbb\xbf", ReasonEmpty},
		{"a page", "<!DOCTYPE html><html><body>Log in: BEGIN:VCALENDAR</body></html>", ReasonHTML},
		{"a page after a BOM", "\xef\xbb\xbf\n  <HTML></HTML>", ReasonHTML},
		{"JSON", `{"error":"not found"}`, ReasonNotACalendar},
		{"text", "Not found", ReasonNotACalendar},
		{"an event alone", vevent("UID:a", "DTSTART:20261220"), ReasonNotACalendar},
		{"a card", "BEGIN:VCARD\r\nEND:VCARD\r\n", ReasonNotACalendar},
		{"cut in the first line", "BEGIN:VCAL", ReasonTruncated},
		{"cut after the first line", "BEGIN:VCALENDAR\r\n", ReasonTruncated},
		{"no end of the calendar", strings.TrimSuffix(good, "END:VCALENDAR\r\n"), ReasonTruncated},
		{"cut in the last line", strings.TrimSuffix(good, "R\r\n"), ReasonTruncated},
		{"cut in an event", good[:len(good)/2], ReasonTruncated},
		{"no end of an event", strings.Replace(good, "END:VEVENT\r\n", "", 1), ReasonTruncated},
		{"no end of the last event", strings.Replace(good, "END:VEVENT\r\nEND:VCALENDAR", "END:VCALENDAR", 1), ReasonTruncated},
		{"the second of two is cut", good + "BEGIN:VCALENDAR\r\n", ReasonTruncated},
		{"one in the other", "BEGIN:VCALENDAR\r\n" + good, ReasonTruncated},
		{"binary", "BEGIN:VCALENDAR\r\n\x00\x01\x02\r\nEND:VCALENDAR", ReasonUnreadable},
		{"no event can be read", string(calendar(vevent("UID:a", "DTSTART:x"), vevent("UID:b"))), ReasonUnreadable},
		{"none of very many can be read", string(calendar(strings.Repeat(vevent("UID:a")+"\r\n", 2*mostProblems) + "X-A:b")), ReasonUnreadable},
		{"too large", good + strings.Repeat(" ", MaxBody), ReasonTooLarge},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			feed, err := Parse([]byte(test.body), reading())
			require.Equal(t, test.reason, ReasonOf(err))
			require.Empty(t, feed.Events)
		})
	}
}

func TestEveryCutOfACalendarIsAnError(t *testing.T) {
	t.Parallel()
	good := calendar(vevent("UID:a", "DTSTART:20261220", "DTEND:20261224"), other)
	whole := len(bytes.TrimRight(good, "\r\n"))
	for end := range whole {
		_, err := Parse(good[:end], reading())
		require.Error(t, err, "%q", good[:end])
	}
}

func TestBodiesAreReadHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	event := vevent("UID:a", "SUMMARY:Reservación del señor Muñoz\\, cabaña 3", "DTSTART;VALUE=DATE:20261220", "DTEND;VALUE=DATE:20261224")
	good := string(calendar(event, other))
	want, err := Parse([]byte(good), reading())
	require.NoError(t, err)
	require.Equal(t, []string{"a 2026-12-20..2026-12-24", "other 2027-03-01..2027-03-02"}, told(want.Events))
	require.Equal(t, "Reservación del señor Muñoz, cabaña 3", want.Events[0].Summary)
	lines := strings.Split(good, "\r\n")
	tests := map[string]string{
		"LF":                          strings.ReplaceAll(good, "\r\n", "\n"),
		"lone CR":                     strings.ReplaceAll(good, "\r\n", "\r"),
		"CR CR LF":                    strings.ReplaceAll(good, "\r\n", "\r\r\n"),
		"mixed":                       strings.Replace(strings.Replace(good, "\r\n", "\n", 3), "\r\n", "\r", 2),
		"BOM":                         "\xef\xbb\xbf" + good,
		"BOM and spaces":              "\n \xef\xbb\xbf\r\n" + good,
		"empty lines":                 strings.ReplaceAll(good, "\r\n", "\r\n\r\n"),
		"no last newline":             strings.TrimRight(good, "\r\n"),
		"trailing spaces":             strings.ReplaceAll(good, "\r\n", " \t\r\n"),
		"lower case":                  lowerNames(lines),
		"each byte folded by a space": folded(lines, "\r\n "),
		"each byte folded by a TAB":   folded(lines, "\n\t"),
		"folds after empty lines":     folded(lines, "\r\r\n "),
		"UTF-16":                      utf16le(good),
		"two calendars":               string(calendar(event)) + string(calendar(other)),
		"other things between":        strings.Replace(good, "BEGIN:VEVENT", "BEGIN:VTODO\r\nDTSTART:20261201\r\nEND:VTODO\r\nX-A;B=\"c:d\":e\r\nBEGIN:VEVENT", 1),
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			feed, err := Parse([]byte(body), reading())
			require.NoError(t, err)
			require.Equal(t, want, feed)
		})
	}
}

func lowerNames(lines []string) string {
	lower := make([]string, 0, len(lines))
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		if name == "BEGIN" || name == "END" {
			value = strings.ToLower(value)
		}
		if line != "" {
			line = strings.ToLower(name) + ":" + value
		}
		lower = append(lower, line)
	}
	return strings.Join(lower, "\r\n")
}

func folded(lines []string, fold string) string {
	var text strings.Builder
	for _, line := range lines {
		for i := range len(line) {
			if i > 0 {
				text.WriteString(fold)
			}
			text.WriteByte(line[i])
		}
		text.WriteString("\r\n")
	}
	return text.String()
}

func utf16le(text string) string {
	out := []byte{0xff, 0xfe}
	for _, c := range text {
		out = append(out, byte(c), byte(c>>8))
	}
	return string(out)
}

func TestJunkIsReportedAndLeftOut(t *testing.T) {
	t.Parallel()
	feed, err := Parse(calendar("Warning", vevent("UID:a", "DTSTART:20261220", "DTEND:20261224"), "END:NOTHING"), reading())
	require.NoError(t, err)
	require.Equal(t, []string{"a 2026-12-20..2026-12-24"}, told(feed.Events))
	require.Equal(t, []ProblemReason{ProblemJunk, ProblemJunk}, reasons(feed.Problems))
	require.Equal(t, 4, feed.Problems[0].Line)
}

func TestLatin1IsReadAndReported(t *testing.T) {
	t.Parallel()
	feed, err := Parse(calendar(vevent("UID:a", "SUMMARY:Caba\xf1a", "DTSTART:20261220")), reading())
	require.NoError(t, err)
	require.Equal(t, "Cabaña", feed.Events[0].Summary)
	require.Equal(t, []ProblemReason{ProblemNotUTF8}, reasons(feed.Problems))
}

func TestMissingUIDsAreMadeAndStable(t *testing.T) {
	t.Parallel()
	one := vevent("DTSTART:20261220", "DTEND:20261224", "SUMMARY:Reserved")
	two := vevent("DTSTART:20270105", "DTEND:20270109", "SUMMARY:Reserved", "DTSTAMP:20261101T000000Z")
	feed, err := Parse(calendar(one, two), reading())
	require.NoError(t, err)
	again, err := Parse(calendar(two, one), reading())
	require.NoError(t, err)
	require.Len(t, feed.Events, 2)
	require.NotEqual(t, feed.Events[0].UID, feed.Events[1].UID)
	slices.Reverse(again.Events)
	require.Equal(t, feed.Events, again.Events)
	require.Equal(t, feed.Digest, again.Digest)
	require.Equal(t, []ProblemReason{ProblemNoUID, ProblemNoUID}, reasons(feed.Problems))
}

func TestSharedUIDs(t *testing.T) {
	t.Parallel()
	early := vevent("UID:a", "DTSTART:20261220", "DTEND:20261224")
	late := vevent("UID:a", "DTSTART:20270105", "DTEND:20270109")
	gone := vevent("UID:a", "DTSTART:20261201", "DTEND:20261202", "STATUS:CANCELLED")
	want := []string{"a 2026-12-20..2026-12-24", "a/2027-01-05/2027-01-09 2027-01-05..2027-01-09", "a/2026-12-01/2026-12-02/cancelled 2026-12-01..2026-12-02 x"}
	var digest [32]byte
	for n, events := range [][]string{{early, late, gone}, {gone, late, early}, {late, early, gone, early}} {
		feed, err := Parse(calendar(events...), reading())
		require.NoError(t, err)
		require.ElementsMatch(t, want, told(feed.Events))
		require.Equal(t, []ProblemReason{ProblemDuplicateUID}, reasons(feed.Problems))
		if n > 0 {
			require.Equal(t, digest, feed.Digest)
		}
		digest = feed.Digest
	}
}

func TestSkippedEventsAreNotGone(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	whole, err := Parse(calendar(vevent("UID:"+long, "DTSTART:20261220"), vevent("DTSTART:20261220")), reading())
	require.NoError(t, err)
	require.False(t, whole.Unread(whole.Events[0].UID))
	good := vevent("UID:good", "DTSTART:20261220")
	feed, err := Parse(calendar(good, vevent("UID:a", "DTSTART:soon"), vevent("UID:"+long, "DTSTART:20261220", "DTEND:20261219")), reading())
	require.NoError(t, err)
	for uid, unread := range map[string]bool{
		"a": true, "a/20261220": true, "a/2026-12-20/2026-12-24": true, whole.Events[0].UID: true,
		"good": false, "ab": false, "": false, "b/20261220": false, whole.Events[1].UID: false,
	} {
		require.Equal(t, unread, feed.Unread(uid), "%s", uid)
	}
	feed, err = Parse(calendar(good, vevent("DTSTART:soon")), reading())
	require.NoError(t, err)
	require.True(t, feed.Unread(whole.Events[1].UID), "which one it was nobody knows")
	require.False(t, feed.Unread("a"))
}

func TestVeryLongUIDsAreShortened(t *testing.T) {
	t.Parallel()
	feed, err := Parse(calendar(vevent("UID:"+strings.Repeat("x", 5000), "DTSTART:20261220"), vevent("UID:"+strings.Repeat("x", 5001), "DTSTART:20261220")), reading())
	require.NoError(t, err)
	require.Len(t, feed.Events, 2)
	require.LessOrEqual(t, len(feed.Events[0].UID), longestUID)
}

func TestDigestIsOfWhatCounts(t *testing.T) {
	t.Parallel()
	base := vevent("UID:a", "DTSTAMP:20261122T100000Z", "SUMMARY:Reserved", "DTSTART:20261220", "DTEND:20261224")
	digest := func(lines ...string) [32]byte {
		feed, err := Parse(calendar(lines...), reading())
		require.NoError(t, err)
		return feed.Digest
	}
	same := digest(base, other)
	require.Equal(t, same, digest(other, strings.Replace(base, "T100000Z", "T110000Z", 1)))
	require.Equal(t, same, digest(other, vevent("DTEND:20261224", "LAST-MODIFIED:20261122T100000Z", "CREATED:20261122T100000Z", "SEQUENCE:4", "DTSTART:20261220", "SUMMARY:Reserved", "UID:a")))
	require.NotEqual(t, same, digest(base))
	require.NotEqual(t, same, digest(strings.Replace(base, "20261224", "20261225", 1), other))
	require.NotEqual(t, same, digest(strings.Replace(base, "UID:a", "UID:b", 1), other))
	require.NotEqual(t, same, digest(strings.Replace(base, "DTSTAMP:20261122T100000Z", "STATUS:CANCELLED", 1), other))
}

func TestProblemsHoldNoText(t *testing.T) {
	t.Parallel()
	feed, err := Parse(calendar(other,
		vevent("UID:a", "SUMMARY:Juan Pérez", "DTSTART:Juan Perez 1122334455"),
		vevent("UID:b", "DTSTART:20261220", "DURATION:Juan"),
		vevent("UID:c", "DTSTART;TZID=Juan <juan@example.com>:20261220T100000")), reading())
	require.NoError(t, err)
	require.Len(t, feed.Problems, 3)
	for _, problem := range feed.Problems {
		require.Empty(t, problem.Detail)
	}
}

func TestACalendarWithoutEventsIsWhole(t *testing.T) {
	t.Parallel()
	feed, err := Parse(calendar(), Reading{Zone: time.UTC})
	require.NoError(t, err)
	require.Empty(t, feed.Events)
	require.Equal(t, "-//Test//EN", feed.ProdID)
}

func TestLargeBodiesOfNonsenseEnd(t *testing.T) {
	t.Parallel()
	zones := make([]string, 0, 10_000)
	for n := range 10_000 {
		zones = append(zones, vevent(fmt.Sprintf("UID:%d", n), fmt.Sprintf("DTSTART;TZID=Zone/%d:20261220T150000", n)))
	}
	for name, body := range map[string][]byte{
		"junk":        calendar(strings.Repeat("x\n", MaxBody/2-1000)),
		"folds":       calendar("X:" + strings.Repeat("\n ", MaxBody/2-1000)),
		"empty lines": calendar("X:" + strings.Repeat("\n", MaxBody-1000)),
		"lone CR":     calendar(strings.Repeat("X:\r", MaxBody/3-1000)),
		"quotes":      calendar("X;" + strings.Repeat("\"", MaxBody-1001) + ":"),
		"zones":       calendar(zones...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			feed, err := Parse(body, reading())
			require.NoError(t, err)
			require.LessOrEqual(t, len(feed.Problems), mostProblems)
		})
	}
}
