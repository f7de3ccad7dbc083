package sandbox_test

import (
	"strings"
	"testing"

	"cabanas/sandbox/control"
)

func TestGooglePublishesTimedAndRepeatedEvents(t *testing.T) {
	t.Parallel()
	b := start(t)
	l := b.list(t, control.ChannelListing{Channel: control.ChannelGoogle, Listing: "agenda"})
	timed := func(form string) func(*control.ChannelStay) {
		return func(s *control.ChannelStay) { s.CheckInTime, s.CheckOutTime, s.TimeForm = "22:30", "10:00", form }
	}
	b.sell(t, l, "2027-01-12", "2027-01-15", timed("utc"))
	b.sell(t, l, "2027-01-13", "2027-01-16", timed("floating"))
	b.sell(t, l, "2027-01-14", "2027-01-17", timed("windows"))
	b.sell(t, l, "2027-02-05", "2027-02-07", timed("tzid"), named("Ana"), func(s *control.ChannelStay) {
		s.Repeat, s.Except = "FREQ=WEEKLY;COUNT=4", []string{"2027-02-12"}
		s.Moved = []control.ChannelMoved{{From: "2027-02-19", CheckIn: "2027-02-20", CheckOut: "2027-02-21"}}
	})
	b.sell(t, l, "2027-03-01", "2027-03-02")
	rest := `CREATED:20270110T150000Z
DESCRIPTION:
LAST-MODIFIED:20270110T150000Z
LOCATION:
SEQUENCE:0
STATUS:CONFIRMED
SUMMARY:Ocupado
TRANSP:OPAQUE
END:VEVENT
`
	head := "DTSTAMP:20270110T150000Z\nUID:[0-9a-v]{26}@google.com\n"
	requireFeed(t, `
BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:agenda
X-WR-TIMEZONE:America/Argentina/Buenos_Aires
BEGIN:VTIMEZONE
TZID:America/Argentina/Buenos_Aires
X-LIC-LOCATION:America/Argentina/Buenos_Aires
BEGIN:STANDARD
TZOFFSETFROM:-0300
TZOFFSETTO:-0300
TZNAME:GMT-3
DTSTART:19700101T000000
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
DTSTART:20270113T013000Z
DTEND:20270115T130000Z
`+head+rest+`BEGIN:VEVENT
DTSTART:20270113T223000
DTEND:20270116T100000
`+head+rest+`BEGIN:VEVENT
DTSTART;TZID=Argentina Standard Time:20270114T223000
DTEND;TZID=Argentina Standard Time:20270117T100000
`+head+rest+`BEGIN:VEVENT
DTSTART;TZID=America/Argentina/Buenos_Aires:20270205T223000
DTEND;TZID=America/Argentina/Buenos_Aires:20270207T100000
RRULE:FREQ=WEEKLY;COUNT=4
EXDATE;TZID=America/Argentina/Buenos_Aires:20270212T223000
`+head+strings.Replace(rest, "Ocupado", "Ana", 1)+`BEGIN:VEVENT
DTSTART;TZID=America/Argentina/Buenos_Aires:20270220T223000
DTEND;TZID=America/Argentina/Buenos_Aires:20270221T100000
`+head+`RECURRENCE-ID;TZID=America/Argentina/Buenos_Aires:20270219T223000
`+strings.Replace(rest, "Ocupado", "Ana", 1)+`BEGIN:VEVENT
DTSTART;VALUE=DATE:20270301
DTEND;VALUE=DATE:20270302
`+head+rest+`END:VCALENDAR
`, b.feed(t, l).raw, "\r\n")
}
