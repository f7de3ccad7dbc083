package ota

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// readExport reads the calendar that we publish, as the strictest of channels would.
func readExport(raw []byte) ([]imported, *refusal) {
	calendar, refused := readCalendar(raw)
	if refused != nil {
		return nil, refused
	}
	if refused := checkHead(calendar); refused != nil {
		return nil, refused
	}
	events := []imported{}
	seen := map[string]bool{}
	for _, c := range calendar.children {
		if c.name != "VEVENT" {
			continue
		}
		e, refused := readEvent(calendar, c)
		if refused != nil {
			return nil, refused
		}
		if seen[e.UID] {
			return nil, refuse(refusedUID, "line %d: the UID %s is that of another event", c.line, e.UID)
		}
		seen[e.UID] = true
		if status, _ := c.single("STATUS"); status == nil || status.value != "CANCELLED" {
			events = append(events, e)
		}
	}
	return events, nil
}

var durationPattern = regexp.MustCompile(`^\+?P(\d+W|\d+D(T(\d+H)?(\d+M)?(\d+S)?)?|T\d+[HMS](\d+M)?(\d+S)?)$`)

// headValues are the properties of a calendar that mean something to channels, REFRESH-INTERVAL by RFC 7986.
var headValues = []struct {
	name  string
	valid func(property) bool
}{
	{"METHOD", func(p property) bool { return p.value == "PUBLISH" }},
	{"CALSCALE", func(p property) bool { return p.value == "GREGORIAN" }},
	{"REFRESH-INTERVAL", func(p property) bool { return isValue(p, "DURATION") && durationPattern.MatchString(p.value) }},
	{"X-PUBLISHED-TTL", func(p property) bool { return durationPattern.MatchString(p.value) }},
}

func checkHead(calendar *component) *refusal {
	version, refused := calendar.needed("VERSION")
	if refused != nil {
		return refused
	}
	if version.value != "2.0" {
		return refuse(refusedValue, "line %d: VERSION is not 2.0", version.line)
	}
	product, refused := calendar.needed("PRODID")
	if refused != nil {
		return refused
	}
	if product.value == "" {
		return refuse(refusedValue, "line %d: PRODID is empty", product.line)
	}
	for _, known := range headValues {
		p, refused := calendar.single(known.name)
		if refused != nil {
			return refused
		}
		if p != nil && !known.valid(*p) {
			return refuse(refusedValue, "line %d: %s is not one of a published calendar", p.line, p.name)
		}
	}
	return checkTexts(calendar)
}

// once are the properties that an event has at most one of (RFC 5545, 3.6.1).
var once = []string{
	"DTEND", "DURATION", "CLASS", "CREATED", "DESCRIPTION", "GEO", "LAST-MODIFIED", "LOCATION", "ORGANIZER", "PRIORITY", "SEQUENCE",
	"STATUS", "SUMMARY", "TRANSP", "URL", "RECURRENCE-ID",
}

func readEvent(calendar, c *component) (imported, *refusal) {
	for _, name := range once {
		if _, refused := c.single(name); refused != nil {
			return imported{}, refused
		}
	}
	uid, refused := c.needed("UID")
	if refused != nil {
		return imported{}, refused
	}
	if uid.value == "" || len(uid.value) > 255 {
		return imported{}, refuse(refusedValue, "line %d: a UID has 1 to 255 octets", uid.line)
	}
	stamp, refused := c.needed("DTSTAMP")
	if refused != nil {
		return imported{}, refused
	}
	if _, err := time.Parse(stampLayout, stamp.value); err != nil {
		return imported{}, refuse(refusedValue, "line %d: DTSTAMP is not in UTC", stamp.line)
	}
	if refused := checkRest(c); refused != nil {
		return imported{}, refused
	}
	stay, refused := readStay(calendar, c)
	if refused != nil {
		return imported{}, refused
	}
	e := imported{UID: uid.value, Stay: stay}
	if summary, _ := c.single("SUMMARY"); summary != nil {
		e.Summary = unescape(summary.value)
	}
	return e, nil
}

// checkRest holds the properties that decide nothing to their types, and keeps people out.
func checkRest(c *component) *refusal {
	if refused := checkTexts(c); refused != nil {
		return refused
	}
	for _, p := range c.props {
		switch p.name {
		case "SEQUENCE":
			if n, err := strconv.Atoi(p.value); err != nil || n < 0 {
				return refuse(refusedValue, "line %d: SEQUENCE is not a number", p.line)
			}
		case "STATUS":
			if !slices.Contains([]string{"TENTATIVE", "CONFIRMED", "CANCELLED"}, p.value) {
				return refuse(refusedValue, "line %d: STATUS is unknown", p.line)
			}
		case "TRANSP":
			if p.value != "OPAQUE" {
				return refuse(refusedValue, "line %d: TRANSP closes nothing", p.line)
			}
		case "CREATED", "LAST-MODIFIED":
			if _, err := time.Parse(stampLayout, p.value); err != nil {
				return refuse(refusedValue, "line %d: %s is not in UTC", p.line, p.name)
			}
		case "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID":
			return refuse(refusedValue, "line %d: channels do not read %s", p.line, p.name)
		case "ATTENDEE", "CONTACT":
			return refuse(refusedGuest, "line %d: %s names a person", p.line, p.name)
		}
	}
	return nil
}

var (
	texts        = []string{"SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "UID", "PRODID", "CATEGORIES", "RESOURCES", "NAME"}
	textPattern  = regexp.MustCompile(`^(?:[^\\;,]|\\[\\;,Nn])*$`)
	listPattern  = regexp.MustCompile(`^(?:[^\\;]|\\[\\;,Nn])*$`)
	datePattern  = regexp.MustCompile(`\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{4}`)
	phonePattern = regexp.MustCompile(`(?:^|[^0-9A-Za-z])\+?\d[\d ().-]{5,}\d(?:$|[^0-9A-Za-z])`)
	mailPattern  = regexp.MustCompile(`[\w.+-]+@[\w-]+\.\w`)
)

func checkTexts(c *component) *refusal {
	for _, p := range c.props {
		pattern := textPattern
		if p.name == "CATEGORIES" || p.name == "RESOURCES" {
			pattern = listPattern
		}
		if slices.Contains(texts, p.name) && !pattern.MatchString(p.value) {
			return refuse(refusedValue, "line %d: %s has a comma, semicolon or backslash that is not escaped", p.line, p.name)
		}
		said := slices.Contains(texts, p.name) && p.name != "UID" && p.name != "PRODID" || strings.HasPrefix(p.name, "X-")
		if text := datePattern.ReplaceAllString(p.value, ""); said && (phonePattern.MatchString(text) || mailPattern.MatchString(text)) {
			return refuse(refusedGuest, "line %d: %s holds a telephone number or an e-mail address", p.line, p.name)
		}
	}
	return nil
}

func readStay(calendar, c *component) (span, *refusal) {
	start, refused := c.needed("DTSTART")
	if refused != nil {
		return span{}, refused
	}
	end, _ := c.single("DTEND")
	duration, _ := c.single("DURATION")
	from, refused := readInstant(calendar, *start)
	if refused != nil {
		return span{}, refused
	}
	to := from
	switch {
	case end != nil && duration != nil:
		return span{}, refuse(refusedRepeated, "line %d: DTEND and DURATION in one event", end.line)
	case end != nil:
		if isValue(*start, "DATE") != isValue(*end, "DATE") {
			return span{}, refuse(refusedValue, "line %d: DTSTART and DTEND are of different types", end.line)
		}
		if to, refused = readInstant(calendar, *end); refused != nil {
			return span{}, refused
		}
		if !to.After(from) {
			return span{}, refuse(refusedEnd, "line %d: DTEND is not after DTSTART", end.line)
		}
	case duration != nil:
		return span{}, refuse(refusedValue, "line %d: channels do not read DURATION", duration.line)
	}
	// A stay of one day, or of hours on one day, closes the night of that day.
	return span{dayOf(from), max(dayOf(to), dayOf(from)+1)}, nil
}

func readInstant(calendar *component, p property) (time.Time, *refusal) {
	if isValue(p, "DATE") {
		at, err := time.Parse("20060102", p.value)
		if err != nil {
			return at, refuse(refusedValue, "line %d: %s is not a date", p.line, p.name)
		}
		return at, nil
	}
	if len(p.params["VALUE"]) > 0 && !isValue(p, "DATE-TIME") {
		return time.Time{}, refuse(refusedValue, "line %d: %s is of another type", p.line, p.name)
	}
	if zone := p.params["TZID"]; len(zone) > 0 && !calendar.defines(strings.Trim(zone[0], `"`)) {
		return time.Time{}, refuse(refusedValue, "line %d: the time zone of %s is not defined", p.line, p.name)
	}
	if at, err := time.Parse(stampLayout, p.value); err == nil && len(p.params["TZID"]) == 0 {
		return at.In(listingZone), nil
	}
	at, err := time.Parse("20060102T150405", p.value)
	if err != nil {
		return at, refuse(refusedValue, "line %d: %s is not a time, and not said to be a date", p.line, p.name)
	}
	return at, nil
}

func isValue(p property, kind string) bool {
	return len(p.params["VALUE"]) == 1 && strings.EqualFold(p.params["VALUE"][0], kind)
}

var unescapes = strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, "\n", `\N`, "\n")

func unescape(text string) string { return unescapes.Replace(text) }
