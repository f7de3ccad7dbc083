package ota

import (
	"bytes"
	"time"

	"cabanas/sandbox/control"
)

// sheet is a calendar being written, in one channel's way of ending and folding lines.
type sheet struct {
	bytes.Buffer

	eol  string
	fold int // octets of a line without its end, the blank that begins a continuation included
	// stamp is the DTSTAMP of every event.
	stamp string
}

// line folds by octets, as the channels do: a character of several octets can be cut.
func (s *sheet) line(text string) {
	for width := s.fold; len(text) > width; width = s.fold - 1 {
		s.WriteString(text[:width] + s.eol + " ")
		text = text[width:]
	}
	s.WriteString(text + s.eol)
}

func (s *sheet) lines(all ...string) {
	for _, text := range all {
		s.line(text)
	}
}

func (s *sheet) dates(stay span) {
	s.lines("DTSTART;VALUE=DATE:"+stay.From.compact(), "DTEND;VALUE=DATE:"+stay.To.compact())
}

const stampLayout = "20060102T150405Z"

// write publishes events in the channel's own format; junk stands between the first of them and the rest.
func (l *listing) write(events []event, stamp time.Time, junk []string) []byte {
	s := &sheet{eol: "\r\n", fold: 75, stamp: stamp.UTC().Format(stampLayout)}
	head, body := l.format(s)
	head()
	for i, e := range events {
		s.line("BEGIN:VEVENT")
		body(e)
		s.line("END:VEVENT")
		if i == 0 {
			s.lines(junk...)
		}
	}
	if len(events) == 0 {
		s.lines(junk...)
	}
	s.line("END:VCALENDAR")
	return s.Bytes()
}

func (l *listing) format(s *sheet) (head func(), body func(event)) {
	switch l.Settings.Channel {
	case control.ChannelAirbnb:
		if l.Settings.Legacy {
			s.fold = 73
			return s.oldAirbnbHead, s.oldAirbnb
		}
		return s.airbnbHead, s.airbnb
	case control.ChannelBooking:
		return s.bookingHead, s.booking
	case control.ChannelVrbo:
		s.eol = "\n"
		return s.vrboHead, s.plain
	case control.ChannelExpedia:
		return s.expediaHead, s.plain
	default:
		return func() { s.googleHead(l) }, s.google
	}
}

func (s *sheet) airbnbHead() {
	s.lines("BEGIN:VCALENDAR", "PRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN", "CALSCALE:GREGORIAN", "VERSION:2.0")
}

func (s *sheet) airbnb(e event) {
	s.line("DTSTAMP:" + s.stamp)
	s.dates(e.stay)
	s.lines("SUMMARY:"+e.summary, "UID:"+e.uid)
	s.description(e)
}

func (s *sheet) oldAirbnbHead() {
	s.lines("BEGIN:VCALENDAR", "PRODID;X-RICAL-TZSOURCE=TZINFO:-//Airbnb Inc//Hosting Calendar 0.8.8//EN", "CALSCALE:GREGORIAN", "VERSION:2.0")
}

// oldAirbnb has no DTSTAMP, and the end before the beginning.
func (s *sheet) oldAirbnb(e event) {
	s.lines("DTEND;VALUE=DATE:"+e.stay.To.compact(), "DTSTART;VALUE=DATE:"+e.stay.From.compact(), "UID:"+e.uid)
	s.description(e)
	s.line("SUMMARY:" + e.summary)
}

func (s *sheet) bookingHead() {
	s.lines("BEGIN:VCALENDAR", "VERSION:2.0", `PRODID:-//admin.booking.com\, b.v.//NONSGML v1.0//EN`, "METHOD:PUBLISH")
}

func (s *sheet) booking(e event) {
	s.line("DTSTAMP:" + s.stamp)
	s.dates(e.stay)
	s.lines("UID:"+e.uid, "SUMMARY:"+e.summary)
	if e.organizer {
		s.line("ORGANIZER:mailto:noreply@booking.com")
	}
}

func (s *sheet) vrboHead() {
	s.lines("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//HomeAway.com, Inc.//EN", "CALSCALE:GREGORIAN")
}

// expediaHead has a PRODID that was not seen in a feed.
func (s *sheet) expediaHead() {
	s.lines("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Expedia//Calendar//EN", "METHOD:PUBLISH")
}

func (s *sheet) plain(e event) {
	s.lines("UID:"+e.uid, "DTSTAMP:"+s.stamp)
	s.dates(e.stay)
	s.line("SUMMARY:" + e.summary)
	s.description(e)
}

func (s *sheet) description(e event) {
	if e.description != "" {
		s.line("DESCRIPTION:" + e.description)
	}
}

const (
	googleZone  = "America/Argentina/Buenos_Aires"
	windowsZone = "Argentina Standard Time"
)

func (s *sheet) googleHead(l *listing) {
	s.lines("BEGIN:VCALENDAR", "PRODID:-//Google Inc//Google Calendar 70.9054//EN", "VERSION:2.0", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
		"X-WR-CALNAME:"+escape(l.Settings.Listing), "X-WR-TIMEZONE:"+googleZone)
	for _, b := range l.bookings {
		// A zone by Outlook's name comes without its definition, as in calendars that were copied over.
		if b.Times != nil && b.TimeForm == "" {
			s.lines("BEGIN:VTIMEZONE", "TZID:"+googleZone, "X-LIC-LOCATION:"+googleZone, "BEGIN:STANDARD", "TZOFFSETFROM:-0300",
				"TZOFFSETTO:-0300", "TZNAME:GMT-3", "DTSTART:19700101T000000", "END:STANDARD", "END:VTIMEZONE")
			return
		}
	}
}

func (s *sheet) google(e event) {
	b := e.of
	if b == nil {
		s.plain(e)
		return
	}
	s.googleEvent(e, e.stay, "")
	for _, m := range b.Moves {
		s.lines("END:VEVENT", "BEGIN:VEVENT")
		s.googleEvent(e, m.Stay, "RECURRENCE-ID"+b.instant(m.From, 0))
	}
}

func (s *sheet) googleEvent(e event, stay span, recurrence string) {
	b := e.of
	s.lines("DTSTART"+b.instant(stay.From, 0), "DTEND"+b.instant(stay.To, 1))
	if recurrence == "" {
		if b.Repeat != "" {
			s.line("RRULE:" + b.Repeat)
		}
		for _, d := range b.Out {
			s.line("EXDATE" + b.instant(d, 0))
		}
	}
	s.lines("DTSTAMP:"+s.stamp, "UID:"+e.uid)
	if recurrence != "" {
		s.line(recurrence)
	}
	sold := b.SoldAt.UTC().Format(stampLayout)
	s.lines("CREATED:"+sold, "DESCRIPTION:", "LAST-MODIFIED:"+sold, "LOCATION:", "SEQUENCE:0", "STATUS:CONFIRMED", "SUMMARY:"+e.summary,
		"TRANSP:OPAQUE")
}

// instant is a DTSTART (which is 0) or DTEND (1) of a booking without its name: parameters, a colon and the value.
func (b *booking) instant(d day, which int) string {
	if b.Times == nil {
		return ";VALUE=DATE:" + d.compact()
	}
	at := b.Times[which]
	switch b.TimeForm {
	case "utc":
		return ":" + d.start().Add(time.Duration(at)*time.Minute+3*time.Hour).Format(stampLayout)
	case "floating":
		return ":" + d.at(at)
	case "windows":
		return ";TZID=" + windowsZone + ":" + d.at(at)
	default:
		return ";TZID=" + googleZone + ":" + d.at(at)
	}
}
