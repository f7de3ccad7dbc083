package ical

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf16"
)

// MaxBody is the largest body that [Parse] takes, in bytes.
const MaxBody = DefaultMaxBytes

// Parse reads a feed. The error is an [*Error] with the reason empty, html, not_a_calendar, truncated, too_large or unreadable,
// and then nothing may be concluded from the body; with unreadable the problems tell why. A whole calendar without events is
// no error.
func Parse(body []byte, how Reading) (Feed, error) {
	if how.Zone == nil {
		how.Zone = time.UTC
	}
	text, reason := whole(body)
	if reason != "" {
		return Feed{}, &Error{Operation: "parse", Reason: reason}
	}
	file := file{lines: newLines(text)}
	if !file.read() {
		return Feed{}, &Error{Operation: "parse", Reason: ReasonTruncated}
	}
	feed, skipped := file.understood(how)
	if len(file.events) > 0 && len(feed.Events) == 0 && skipped >= len(file.events) {
		return feed, &Error{Operation: "parse", Reason: ReasonUnreadable}
	}
	return feed, nil
}

// whole gives the body as bytes of text from BEGIN:VCALENDAR on, or the reason why it is none.
func whole(body []byte) ([]byte, Reason) {
	if len(body) > MaxBody {
		return nil, ReasonTooLarge
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(fromUTF16(body)), []byte("\xef\xbb\xbf")))
	switch {
	case len(text) == 0:
		return nil, ReasonEmpty
	case text[0] == '<':
		return nil, ReasonHTML
	case bytes.IndexByte(text, 0) >= 0:
		return nil, ReasonUnreadable
	}
	first, _ := newLines(text).next()
	if is(first.name, "BEGIN") && is(bytes.TrimSpace(first.value), "VCALENDAR") {
		return text, ""
	}
	if opening := []byte("BEGIN:VCALENDAR"); len(text) < len(opening) && bytes.EqualFold(text, opening[:len(text)]) {
		return nil, ReasonTruncated
	}
	return nil, ReasonNotACalendar
}

func fromUTF16(body []byte) []byte {
	little := bytes.HasPrefix(body, []byte("\xff\xfe"))
	if !little && !bytes.HasPrefix(body, []byte("\xfe\xff")) {
		return body
	}
	units := make([]uint16, 0, len(body)/2)
	for i := 2; i+1 < len(body); i += 2 {
		low, high := body[i], body[i+1]
		if !little {
			low, high = high, low
		}
		units = append(units, uint16(low)|uint16(high)<<8)
	}
	return []byte(string(utf16.Decode(units)))
}

// file is a body taken apart, before anything in it is understood.
type file struct {
	lines    *lines
	stack    []string // the components that are open, innermost last, in upper case
	calendar bool     // at least one was closed
	prodID   string
	events   []*source
	event    *source // the one that is open
	zones    zones
	zone     *description // the one that is open
	problems []Problem
}

// source is a VEVENT as written.
type source struct {
	line                          int
	uid, summary, status          string
	start, end, duration, id      property
	rules                         []string
	extra, except                 []property
	unsupported, notUTF8, junk    bool
	duplicate                     string // the name of what is there twice
	hasUID, hasSummary, hasStatus bool
}

type property struct {
	there            bool
	value, zone, typ string
}

// read takes the body apart; false says that it ends too early.
func (f *file) read() bool {
	for {
		line, more := f.lines.next()
		if !more {
			return len(f.stack) == 0 && f.calendar
		}
		switch {
		case line.junk:
			f.reportJunk(line)
		case is(line.name, "BEGIN"):
			if !f.begin(line) {
				return false
			}
		case is(line.name, "END"):
			if !f.finish(line) {
				return false
			}
		case f.event != nil:
			if f.inside("VEVENT") {
				f.event.take(line)
			}
		case f.zone != nil:
			f.zone.take(line, f.stack[len(f.stack)-1])
		case f.prodID == "" && is(line.name, "PRODID"):
			f.prodID, _ = readText(line.value)
		}
	}
}

func (f *file) inside(component string) bool { return f.stack[len(f.stack)-1] == component }

func (f *file) reportJunk(line line) {
	switch {
	case f.event != nil:
		f.event.junk = true
	case len(f.problems) < mostProblems:
		f.problems = append(f.problems, Problem{Line: line.number, Reason: ProblemJunk})
	}
}

// begin opens a component; false says that the one before it was never ended.
func (f *file) begin(line line) bool {
	name := strings.ToUpper(string(bytes.TrimSpace(line.value)))
	switch name {
	case "VCALENDAR":
		if len(f.stack) > 0 {
			return false
		}
	case "VEVENT":
		if f.event != nil {
			return false
		}
		f.event, f.zone = &source{line: line.number}, nil
		f.events = append(f.events, f.event)
	case "VTIMEZONE":
		if f.event == nil {
			f.zone = &description{}
		}
	case "STANDARD", "DAYLIGHT":
		if f.zone != nil {
			f.zone.parts = append(f.zone.parts, transition{})
		}
	}
	f.stack = append(f.stack, name)
	return true
}

// finish closes a component, and with it those inside of it that nobody ended; false says that one of these is an event.
func (f *file) finish(line line) bool {
	name := strings.ToUpper(string(bytes.TrimSpace(line.value)))
	at := len(f.stack) - 1
	for at >= 0 && f.stack[at] != name {
		at--
	}
	if at < 0 {
		f.reportJunk(line)
		return true
	}
	for _, open := range f.stack[at+1:] {
		switch open {
		case "VEVENT":
			return false
		case "VTIMEZONE":
			f.keepZone()
		}
	}
	f.stack = f.stack[:at]
	switch name {
	case "VEVENT":
		f.event = nil
	case "VTIMEZONE":
		f.keepZone()
	case "VCALENDAR":
		f.calendar = true
	}
	return true
}

func (f *file) keepZone() {
	read := f.zone
	f.zone = nil
	if read == nil || read.name == "" {
		return
	}
	if f.zones.described == nil {
		f.zones.described = make(map[string]*description)
	}
	if _, has := f.zones.described[read.name]; !has {
		f.zones.described[read.name] = read
	}
}

func (d *description) take(line line, component string) {
	value := string(line.value)
	switch {
	case is(line.name, "TZID"):
		d.name = strings.Trim(strings.TrimSpace(value), `"`)
	case is(line.name, "X-LIC-LOCATION"):
		d.location = value
	case len(d.parts) == 0 || (component != "STANDARD" && component != "DAYLIGHT"):
	case is(line.name, "DTSTART"):
		d.parts[len(d.parts)-1].start = value
	case is(line.name, "TZOFFSETFROM"):
		d.parts[len(d.parts)-1].before = value
	case is(line.name, "TZOFFSETTO"):
		d.parts[len(d.parts)-1].from = value
	case is(line.name, "RRULE"):
		d.parts[len(d.parts)-1].rule = value
	}
}

// take keeps what decides nights; of a property that may be there once, the first.
func (s *source) take(line line) {
	switch {
	case is(line.name, "UID"):
		s.once(&s.uid, &s.hasUID, line)
	case is(line.name, "SUMMARY"):
		s.once(&s.summary, &s.hasSummary, line)
	case is(line.name, "STATUS"):
		s.once(&s.status, &s.hasStatus, line)
	case is(line.name, "DTSTART"):
		s.first(&s.start, line, "DTSTART")
	case is(line.name, "DTEND"):
		s.first(&s.end, line, "DTEND")
	case is(line.name, "DURATION"):
		s.first(&s.duration, line, "DURATION")
	case is(line.name, "RECURRENCE-ID"):
		s.first(&s.id, line, "RECURRENCE-ID")
		s.unsupported = s.unsupported || param(line.params, "RANGE") != ""
	case is(line.name, "RRULE"):
		s.rules = append(s.rules, string(line.value))
	case is(line.name, "RDATE"):
		s.extra = append(s.extra, propertyOf(line))
	case is(line.name, "EXDATE"):
		s.except = append(s.except, propertyOf(line))
	case is(line.name, "EXRULE"):
		s.unsupported = true
	}
}

func (s *source) once(field *string, has *bool, line line) {
	text, latin := readText(line.value)
	s.notUTF8 = s.notUTF8 || latin
	if !*has {
		*field, *has = text, true
	}
}

func (s *source) first(field *property, line line, name string) {
	read := propertyOf(line)
	if !field.there {
		*field = read
	} else if *field != read {
		s.duplicate = name
	}
}

func propertyOf(line line) property {
	read := property{there: true, value: string(bytes.TrimSpace(line.value))}
	if len(line.params) > 0 {
		read.zone, read.typ = param(line.params, "TZID"), strings.ToUpper(param(line.params, "VALUE"))
	}
	return read
}

func is(name []byte, wanted string) bool {
	return len(name) == len(wanted) && bytes.EqualFold(name, []byte(wanted))
}
