package ical

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

var salta = mustZone("America/Argentina/Salta")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

func reading() Reading {
	return Reading{Zone: salta, From: booking.MustDate("2026-11-22"), Until: booking.MustDate("2027-11-22")}
}

// calendar wraps lines of events into a calendar with CRLF.
func calendar(lines ...string) []byte {
	all := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN"}, lines...)
	return []byte(strings.Join(append(all, "END:VCALENDAR", ""), "\r\n"))
}

func vevent(lines ...string) string {
	return strings.Join(append(append([]string{"BEGIN:VEVENT"}, lines...), "END:VEVENT"), "\r\n")
}

// told writes the events as lines such as "a 2026-12-20..2026-12-24", those called off with an x.
func told(events []Event) []string {
	lines := make([]string, 0, len(events))
	for _, event := range events {
		line := fmt.Sprintf("%s %s..%s", event.UID, event.Start, event.End)
		if event.Cancelled {
			line += " x"
		}
		lines = append(lines, line)
	}
	return lines
}

func reasons(problems []Problem) []ProblemReason {
	list := make([]ProblemReason, 0, len(problems))
	for _, problem := range problems {
		list = append(list, problem.Reason)
	}
	return list
}

const other = "BEGIN:VEVENT\r\nUID:other\r\nDTSTART;VALUE=DATE:20270301\r\nDTEND;VALUE=DATE:20270302\r\nEND:VEVENT"

func TestOneEvent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		lines  []string
		want   string // "" when it is skipped
		reason ProblemReason
	}{
		{"dates", []string{"DTSTART;VALUE=DATE:20261220", "DTEND;VALUE=DATE:20261224"}, "2026-12-20..2026-12-24", ""},
		{"dates without VALUE", []string{"DTSTART:20261220", "DTEND:20261224"}, "2026-12-20..2026-12-24", ""},
		{"end first", []string{"DTEND:20261224", "DTSTART:20261220"}, "2026-12-20..2026-12-24", ""},
		{"lower case", []string{"dtstart;value=date:20261220", "dtend;value=date:20261224"}, "2026-12-20..2026-12-24", ""},
		{"dashes", []string{"DTSTART:2026-12-20", "DTEND:2026-12-24"}, "2026-12-20..2026-12-24", ""},
		{"no end is a night", []string{"DTSTART:20261220"}, "2026-12-20..2026-12-21", ""},
		{"duration in days", []string{"DTSTART:20261220", "DURATION:P4D"}, "2026-12-20..2026-12-24", ""},
		{"duration in weeks", []string{"DTSTART:20261220", "DURATION:P1W"}, "2026-12-20..2026-12-27", ""},
		{"duration in hours of a date", []string{"DTSTART:20261220", "DURATION:PT36H"}, "2026-12-20..2026-12-22", ""},
		{"the end counts before the duration", []string{"DTSTART:20261220", "DTEND:20261222", "DURATION:P4D"}, "2026-12-20..2026-12-22", ""},
		{"end equal", []string{"DTSTART:20261220", "DTEND:20261220"}, "2026-12-20..2026-12-21", ProblemNoNights},
		{"no duration", []string{"DTSTART:20261220", "DURATION:PT0S"}, "2026-12-20..2026-12-21", ProblemNoNights},
		{"end before", []string{"DTSTART:20261220", "DTEND:20261219"}, "", ProblemEndsBefore},
		{"no start", []string{"DTEND:20261219"}, "", ProblemNoStart},
		{"empty start", []string{"DTSTART:", "DTEND:20261219"}, "", ProblemNoStart},
		{"30 February", []string{"DTSTART:20270230"}, "", ProblemBadDate},
		{"bad end", []string{"DTSTART:20261220", "DTEND:tomorrow"}, "", ProblemBadDate},
		{"bad duration", []string{"DTSTART:20261220", "DURATION:four days"}, "", ProblemBadDuration},
		{"negative duration", []string{"DTSTART:20261220", "DURATION:-P4D"}, "", ProblemBadDuration},
		{"for ever", []string{"DTSTART:20261220", "DTEND:99991231"}, "2026-12-20..2200-01-01", ProblemClipped},
		{"since ever", []string{"DTSTART:00010101", "DTEND:20261224"}, "1970-01-01..2026-12-24", ProblemClipped},
		{"long ago", []string{"DTSTART:00010101", "DTEND:00020101"}, "", ProblemEndsBefore},
		{"too late", []string{"DTSTART:22000101"}, "", ProblemBadDate},
		{"start twice", []string{"DTSTART:20261220", "DTSTART:20261221", "DTEND:20261224"}, "2026-12-20..2026-12-24", ProblemDuplicate},
		{"the same start twice", []string{"DTSTART:20261220", "DTSTART:20261220", "DTEND:20261224"}, "2026-12-20..2026-12-24", ""},
		{"junk line", []string{"DTSTART:20261220", "this is no property", "DTEND:20261224"}, "2026-12-20..2026-12-24", ProblemJunk},
		{"alarm inside", []string{
			"DTSTART:20261220", "BEGIN:VALARM", "TRIGGER:-PT15M", "DTSTART:20200101", "DURATION:P9D", "END:VALARM", "DTEND:20261224",
		}, "2026-12-20..2026-12-24", ""},
		{"alarm without end", []string{"DTSTART:20261220", "DTEND:20261224", "BEGIN:VALARM"}, "2026-12-20..2026-12-24", ""},
		{"transparent closes too", []string{"DTSTART:20261220", "DTEND:20261224", "TRANSP:TRANSPARENT"}, "2026-12-20..2026-12-24", ""},
		{"tentative closes too", []string{"DTSTART:20261220", "DTEND:20261224", "STATUS:TENTATIVE"}, "2026-12-20..2026-12-24", ""},
		{"cancelled", []string{"DTSTART:20261220", "DTEND:20261224", "status:cancelled"}, "2026-12-20..2026-12-24 x", ""},

		{"stay in the property's zone", []string{"DTSTART:20261220T150000", "DTEND:20261224T100000"}, "2026-12-20..2026-12-24", ""},
		{"over one night", []string{"DTSTART:20261220T220000", "DTEND:20261221T020000"}, "2026-12-20..2026-12-21", ""},
		{"by day", []string{"DTSTART:20261220T100000", "DTEND:20261220T120000"}, "2026-12-20..2026-12-21", ""},
		{"before daybreak is the night before", []string{"DTSTART:20261220T010000", "DTEND:20261220T050000"}, "2026-12-19..2026-12-20", ""},
		{"midnight is the date", []string{"DTSTART:20261220T000000", "DTEND:20261224T000000"}, "2026-12-20..2026-12-24", ""},
		{"up to the last minute", []string{"DTSTART:20261220T000000", "DTEND:20261223T235959"}, "2026-12-20..2026-12-24", ""},
		{"into the evening", []string{"DTSTART:20261220T150000", "DTEND:20261224T230000"}, "2026-12-20..2026-12-25", ""},
		{"hour 24", []string{"DTSTART:20261220T150000", "DTEND:20261223T240000"}, "2026-12-20..2026-12-24", ""},
		{"a time without end", []string{"DTSTART:20261220T150000"}, "2026-12-20..2026-12-21", ""},
		{"a time with its end", []string{"DTSTART:20261220T150000", "DTEND:20261220T150000"}, "2026-12-20..2026-12-21", ProblemNoNights},
		{"time and duration", []string{"DTSTART:20261220T150000", "DURATION:P1DT18H"}, "2026-12-20..2026-12-22", ""},
		{"UTC is another day", []string{"DTSTART:20261221T010000Z", "DTEND:20261224T130000Z"}, "2026-12-20..2026-12-24", ""},
		{"whole days in UTC", []string{"DTSTART:20261220T000000Z", "DTEND:20261224T000000Z"}, "2026-12-19..2026-12-24", ""},
		{"without seconds", []string{"DTSTART:20261221T0100Z", "DTEND:20261224T1300Z"}, "2026-12-20..2026-12-24", ""},
		{"ISO with offset", []string{"DTSTART:2026-12-20T22:00:00-03:00", "DTEND:2026-12-24T13:00:00.000Z"}, "2026-12-20..2026-12-24", ""},
		{"TZID", []string{"DTSTART;TZID=Europe/Madrid:20261221T020000", "DTEND;TZID=Europe/Madrid:20261224T140000"}, "2026-12-20..2026-12-24", ""},
		{"TZID in quotes", []string{`DTSTART;TZID="Europe/Madrid":20261221T020000`, "DURATION:P3DT12H"}, "2026-12-20..2026-12-24", ""},
		{"TZID of Windows", []string{"DTSTART;TZID=Romance Standard Time:20261221T020000", "DURATION:P3DT12H"}, "2026-12-20..2026-12-24", ""},
		{"TZID as Outlook shows it", []string{`DTSTART;TZID="(UTC-03:00) City of Buenos Aires":20261220T220000`, "DURATION:P3DT12H"}, "2026-12-20..2026-12-24", ""},
		{"TZID with a prefix", []string{"DTSTART;TZID=/citadel.org/20250101_1/Europe/Madrid:20261221T020000", "DURATION:P3DT12H"}, "2026-12-20..2026-12-24", ""},
		{"TZID nobody knows", []string{"DTSTART;TZID=Middle Earth:20261220T220000", "DURATION:P3DT12H"}, "2026-12-20..2026-12-24", ProblemUnknownZone},
		{"TZID Local is not this machine", []string{"DTSTART;TZID=Local:20261220T220000", "DURATION:P3DT12H"}, "2026-12-20..2026-12-24", ProblemUnknownZone},
		{"date and time mixed", []string{"DTSTART;VALUE=DATE:20261220", "DTEND:20261224T130000Z"}, "2026-12-20..2026-12-24", ""},
		{"time and date mixed", []string{"DTSTART:20261220T220000", "DTEND;VALUE=DATE:20261224"}, "2026-12-20..2026-12-24", ""},
		{"a time called a date", []string{"DTSTART;VALUE=DATE:20261220T000000Z", "DTEND;VALUE=DATE:20261224T000000Z"}, "2026-12-20..2026-12-24", ""},
		{"a date called a time", []string{"DTSTART;VALUE=DATE-TIME:20261220", "DTEND;VALUE=DATE-TIME:20261224"}, "2026-12-20..2026-12-24", ""},
		{"end before in hours", []string{"DTSTART:20261220T150000", "DTEND:20261220T140000"}, "", ProblemEndsBefore},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			feed, err := Parse(calendar(vevent(append([]string{"UID:a"}, test.lines...)...), other), reading())
			require.NoError(t, err)
			var want []string
			if test.want != "" {
				want = append(want, "a "+test.want)
			}
			require.Equal(t, append(want, "other 2027-03-01..2027-03-02"), told(feed.Events))
			if test.reason == "" {
				require.Empty(t, feed.Problems)
				return
			}
			require.Equal(t, []ProblemReason{test.reason}, reasons(feed.Problems))
			require.Equal(t, "a", feed.Problems[0].UID)
			require.Equal(t, test.want == "", feed.Problems[0].Skipped())
			require.Equal(t, 4, feed.Problems[0].Line)
		})
	}
}

func TestRecurrences(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		events []string
		want   []string
		reason ProblemReason
	}{
		{"weekends", []string{vevent("UID:a", "DTSTART;VALUE=DATE:20261204", "DTEND;VALUE=DATE:20261206", "RRULE:FREQ=WEEKLY;COUNT=3")},
			[]string{"a/20261204 2026-12-04..2026-12-06", "a/20261211 2026-12-11..2026-12-13", "a/20261218 2026-12-18..2026-12-20"}, ""},
		{"until, in lower case", []string{vevent("UID:a", "dtstart:20261204", "rrule:freq=weekly;until=20261211")},
			[]string{"a/20261204 2026-12-04..2026-12-05", "a/20261211 2026-12-11..2026-12-12"}, ""},
		{"until in UTC, of evenings", []string{vevent("UID:a", "DTSTART:20261204T220000", "RRULE:FREQ=DAILY;UNTIL=20261206T010000Z")},
			[]string{"a/20261204 2026-12-04..2026-12-05", "a/20261205 2026-12-05..2026-12-06"}, ""},
		{"except", []string{vevent("UID:a", "DTSTART:20261204", "RRULE:FREQ=DAILY;COUNT=4", "EXDATE:20261204,20261206")},
			[]string{"a/20261205 2026-12-05..2026-12-06", "a/20261207 2026-12-07..2026-12-08"}, ""},
		{"listed", []string{vevent("UID:a", "DTSTART:20261204", "RDATE;VALUE=DATE:20261210,20261212")},
			[]string{"a/20261204 2026-12-04..2026-12-05", "a/20261210 2026-12-10..2026-12-11", "a/20261212 2026-12-12..2026-12-13"}, ""},
		{"listed as periods", []string{vevent("UID:a", "DTSTART:20261204T150000", "RDATE;VALUE=PERIOD:20261210T180000Z/P2D,20261215T150000/20261218T100000")},
			[]string{"a/20261204 2026-12-04..2026-12-05", "a/20261210 2026-12-10..2026-12-12", "a/20261215 2026-12-15..2026-12-18"}, ""},
		{"one moved, one called off", []string{
			vevent("UID:a", "DTSTART:20261204", "DTEND:20261206", "RRULE:FREQ=WEEKLY;COUNT=3"),
			vevent("UID:a", "RECURRENCE-ID;VALUE=DATE:20261211", "DTSTART:20261212", "DTEND:20261215"),
			vevent("UID:a", "RECURRENCE-ID:20261218", "DTSTART:20261218", "DTEND:20261220", "STATUS:CANCELLED"),
		}, []string{"a/20261204 2026-12-04..2026-12-06", "a/20261211 2026-12-12..2026-12-15", "a/20261218 2026-12-18..2026-12-20 x"}, ""},
		{"moved, written before the rule", []string{
			vevent("UID:a", "RECURRENCE-ID:20261211", "DTSTART:20261212"),
			vevent("UID:a", "DTSTART:20261204", "RRULE:FREQ=WEEKLY;COUNT=2"),
		}, []string{"a/20261211 2026-12-12..2026-12-13", "a/20261204 2026-12-04..2026-12-05"}, ""},
		{"moved to nowhere stays", []string{
			vevent("UID:a", "DTSTART:20261204", "RRULE:FREQ=WEEKLY;COUNT=2"),
			vevent("UID:a", "RECURRENCE-ID:20261211", "DTSTART:never"),
		}, []string{"a/20261204 2026-12-04..2026-12-05", "a/20261211 2026-12-11..2026-12-12"}, ProblemBadDate},
		{"a moved one alone", []string{vevent("UID:a", "RECURRENCE-ID:20261211", "DTSTART:20261212")},
			[]string{"a/20261211 2026-12-12..2026-12-13"}, ""},
		{"the horizon cuts", []string{vevent("UID:a", "DTSTART:20201120", "DTEND:20201123", "RRULE:FREQ=YEARLY")},
			[]string{"a/20261120 2026-11-20..2026-11-23", "a/20271120 2027-11-20..2027-11-23"}, ""},
		{"a rule nobody understands", []string{vevent("UID:a", "DTSTART:20261204", "RRULE:FREQ=SOMETIMES")},
			[]string{"a/20261204 2026-12-04..2026-12-05"}, ProblemBadRecurrence},
		{"by the second", []string{vevent("UID:a", "DTSTART:20261204T100000", "RRULE:FREQ=SECONDLY")},
			[]string{"a/20261204 2026-12-04..2026-12-05"}, ProblemBadRecurrence},
		{"hours of a rule make no more nights", []string{vevent("UID:a", "DTSTART:20261204T150000", "RRULE:FREQ=DAILY;COUNT=2;BYHOUR=1,2,3")},
			[]string{"a/20261204 2026-12-04..2026-12-05", "a/20261205 2026-12-05..2026-12-06"}, ""},
		{"called off with its rule", []string{vevent("UID:a", "DTSTART:20261204", "RRULE:FREQ=DAILY;COUNT=2", "STATUS:CANCELLED")},
			[]string{"a/20261204 2026-12-04..2026-12-05 x", "a/20261205 2026-12-05..2026-12-06 x"}, ""},
		{"summer time elsewhere", []string{vevent("UID:a", "DTSTART;TZID=Europe/Madrid:20270327T020000", "DURATION:PT2H", "RRULE:FREQ=DAILY;COUNT=2")},
			[]string{"a/20270326 2027-03-26..2027-03-27", "a/20270327 2027-03-27..2027-03-28"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			feed, err := Parse(calendar(test.events...), reading())
			require.NoError(t, err)
			require.Equal(t, test.want, told(feed.Events))
			if test.reason == "" {
				require.Empty(t, feed.Problems)
			} else {
				require.Equal(t, []ProblemReason{test.reason}, reasons(feed.Problems))
			}
		})
	}
}

func TestWithoutHorizonOnlyTheFirstInstanceCounts(t *testing.T) {
	t.Parallel()
	feed, err := Parse(calendar(vevent("UID:a", "DTSTART:20261204", "RRULE:FREQ=DAILY")), Reading{})
	require.NoError(t, err)
	require.Equal(t, []string{"a/20261204 2026-12-04..2026-12-05"}, told(feed.Events))
}

func TestHostileRulesEnd(t *testing.T) {
	t.Parallel()
	events := make([]string, 0, 400)
	for n := range 400 {
		uid := fmt.Sprintf("UID:%d", n)
		events = append(events, vevent(uid, "DTSTART:19700101", "RRULE:FREQ=DAILY"),
			vevent(uid+"never", "DTSTART:19700101", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"))
	}
	feed, err := Parse(calendar(events...), Reading{From: booking.MustDate("1970-01-01"), Until: booking.MustDate("2199-01-01")})
	require.NoError(t, err)
	require.LessOrEqual(t, len(feed.Events), mostInstances)
	require.Contains(t, reasons(feed.Problems), ProblemTooMany)
	require.LessOrEqual(t, len(feed.Problems), mostProblems)
}

func TestZonesThatOnlyTheFeedKnows(t *testing.T) {
	t.Parallel()
	zone := []string{
		"BEGIN:VTIMEZONE", "TZID:Middle Earth",
		"BEGIN:STANDARD", "DTSTART:19701025T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "END:STANDARD",
		"BEGIN:DAYLIGHT", "DTSTART:19700329T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "END:DAYLIGHT",
		"END:VTIMEZONE",
	}
	// 04:00 in summer is 02:00 UTC, 23:00 of the day before in Salta; in winter it is 03:00 UTC, midnight sharp.
	winter := vevent("UID:winter", "DTSTART;TZID=Middle Earth:20261220T040000", "DTEND;TZID=Middle Earth:20261222T150000")
	summer := vevent("UID:summer", "DTSTART;TZID=Middle Earth:20270720T040000", "DTEND;TZID=Middle Earth:20270722T150000")
	for name, lines := range map[string][]string{
		"before": append(append([]string{}, zone...), winter, summer),
		"after":  append([]string{winter, summer}, zone...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			feed, err := Parse(calendar(lines...), reading())
			require.NoError(t, err)
			require.Equal(t, []string{"winter 2026-12-20..2026-12-22", "summer 2027-07-19..2027-07-22"}, told(feed.Events))
			require.Equal(t, []ProblemReason{ProblemUnknownZone, ProblemUnknownZone}, reasons(feed.Problems))
			require.Equal(t, "Middle Earth", feed.Problems[0].Detail)
		})
	}
}

func TestEveryWindowsZoneIsThere(t *testing.T) {
	t.Parallel()
	for name, iana := range windowsZones {
		require.Equal(t, strings.ToLower(name), name)
		_, err := time.LoadLocation(iana)
		require.NoError(t, err, name)
	}
}
