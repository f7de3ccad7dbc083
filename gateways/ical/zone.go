package ical

import (
	"strings"
	"time"
)

// clock turns what a wall clock shows (kept as if it were UTC) into an instant and back.
type clock interface {
	instant(wall time.Time) time.Time
	wall(instant time.Time) time.Time
}

// place is the clock of a known zone.
type place struct{ location *time.Location }

func (p place) instant(wall time.Time) time.Time {
	year, month, day := wall.Date()
	hour, minute, second := wall.Clock()
	return time.Date(year, month, day, hour, minute, second, 0, p.location)
}

func (p place) wall(instant time.Time) time.Time {
	local := instant.In(p.location)
	year, month, day := local.Date()
	hour, minute, second := local.Clock()
	return time.Date(year, month, day, hour, minute, second, 0, time.UTC)
}

// described is the clock of a zone that only the feed's VTIMEZONE knows.
type described struct{ parts []observance }

// observance is a STANDARD or DAYLIGHT part: the offset that holds from each of its onsets.
type observance struct {
	start        time.Time
	before, from int       // seconds east of Greenwich
	yearly       bool      // comes back each year, until the last one
	last         time.Time // zero: for ever
	weekday      time.Weekday
	nth          int // 1 to 4 the first to fourth such weekday of the month, -1 the last; 0 the day of start
}

func (d described) instant(wall time.Time) time.Time {
	return wall.Add(-time.Duration(d.offset(wall)) * time.Second)
}

func (d described) wall(instant time.Time) time.Time {
	near := instant.UTC().Add(time.Duration(d.offset(instant.UTC())) * time.Second)
	return instant.UTC().Add(time.Duration(d.offset(near)) * time.Second)
}

func (d described) offset(wall time.Time) int {
	var latest time.Time
	offset, earliest := 0, -1
	for i, part := range d.parts {
		if earliest < 0 || part.start.Before(d.parts[earliest].start) {
			earliest = i
		}
		onset := part.onset(wall)
		if !onset.After(wall) && (latest.IsZero() || onset.After(latest)) {
			latest, offset = onset, part.from
		}
	}
	if latest.IsZero() && earliest >= 0 {
		return d.parts[earliest].before
	}
	return offset
}

// onset is the last one up to the time on the wall, or the first.
func (o observance) onset(wall time.Time) time.Time {
	if !o.yearly || wall.Before(o.start) {
		return o.start
	}
	year := wall.Year()
	if !o.last.IsZero() {
		year = min(year, o.last.Year())
	}
	for ; year > o.start.Year(); year-- {
		if onset := o.in(year); !onset.After(wall) && (o.last.IsZero() || !onset.After(o.last)) {
			return onset
		}
	}
	return o.start
}

func (o observance) in(year int) time.Time {
	hour, minute, second := o.start.Clock()
	day := time.Date(year, o.start.Month(), 1, hour, minute, second, 0, time.UTC)
	switch {
	case o.nth > 0:
		return day.AddDate(0, 0, (int(o.weekday)-int(day.Weekday())+7)%7+(o.nth-1)*7)
	case o.nth < 0:
		end := day.AddDate(0, 1, -1)
		return end.AddDate(0, 0, -(int(end.Weekday())-int(o.weekday)+7)%7)
	}
	return day.AddDate(0, 0, o.start.Day()-1)
}

// zones finds the clocks that TZID names.
type zones struct {
	described map[string]*description // by TZID as the feed writes it
	known     map[string]zone         // what was found already
}

type zone struct {
	clock   clock
	unknown bool // the name says nothing to us: the clock is the VTIMEZONE's, or nil
}

func (z *zones) find(name string) zone {
	if found, ok := z.known[name]; ok {
		return found
	}
	found := zone{unknown: true}
	if location := namedLocation(name); location != nil {
		found = zone{clock: place{location}}
	} else if description := z.described[name]; description != nil {
		if location := namedLocation(description.location); location != nil {
			found.clock = place{location}
		} else if parts := description.observances(); len(parts) > 0 {
			found.clock = described{parts}
		}
	}
	if z.known == nil {
		z.known = make(map[string]zone)
	}
	z.known[name] = found
	return found
}

// namedLocation knows IANA names, also behind a prefix (/citadel.org/20250101_1/America/Salta), those of Windows, and offsets
// (GMT-03:00, or as Outlook shows them: "(UTC-03:00) City of Buenos Aires").
func namedLocation(name string) *time.Location {
	name = strings.Trim(strings.TrimSpace(name), `"'`)
	if windows, ok := windowsZones[strings.ToLower(name)]; ok {
		name = windows
	}
	if location := offsetLocation(name); location != nil {
		return location
	}
	const longest, mostSegments = 100, 3
	if len(name) > longest {
		return nil
	}
	segments := strings.Split(strings.Trim(strings.ReplaceAll(name, " ", "_"), "/"), "/")
	for n := len(segments); n > 0; n-- {
		candidate := strings.Join(segments[len(segments)-n:], "/")
		// The last word alone is no zone when there are others before it.
		if (n > mostSegments) || (n == 1 && len(segments) > 1) || candidate == "" || strings.EqualFold(candidate, "local") {
			continue
		}
		if location, err := time.LoadLocation(candidate); err == nil {
			return location
		}
	}
	return nil
}

func offsetLocation(name string) *time.Location {
	text := strings.ToUpper(name)
	if inner, _, ok := strings.Cut(strings.TrimPrefix(text, "("), ")"); ok && strings.HasPrefix(text, "(") {
		text = inner
	}
	for _, prefix := range []string{"UTC", "GMT"} {
		rest, has := strings.CutPrefix(text, prefix)
		if !has {
			continue
		}
		if rest == "" {
			return time.UTC
		}
		if offset, ok := readOffset(rest); ok {
			return time.FixedZone(name, offset)
		}
	}
	if text == "Z" || text == "COORDINATED UNIVERSAL TIME" {
		return time.UTC
	}
	if offset, ok := readOffset(text); ok {
		return time.FixedZone(name, offset)
	}
	return nil
}

// description is a VTIMEZONE as read.
type description struct {
	name, location string
	parts          []transition
}

type transition struct{ start, before, from, rule string }

// longestZone is the most parts that count of one VTIMEZONE; exported ones list each change since 1900 at worst.
const longestZone = 400

func (d *description) observances() []observance {
	var parts []observance
	for _, written := range d.parts[:min(len(d.parts), longestZone)] {
		start, err := readWall(written.start)
		from, okFrom := readOffset(strings.TrimSpace(written.from))
		if err != nil || !okFrom {
			continue
		}
		before, okBefore := readOffset(strings.TrimSpace(written.before))
		if !okBefore {
			before = from
		}
		part := observance{start: start.wall, before: before, from: from}
		part.repeat(written.rule)
		parts = append(parts, part)
	}
	return parts
}

// repeat reads the rules that zones have: the nth or last such weekday of the month of the start, each year.
func (o *observance) repeat(rule string) {
	o.weekday = o.start.Weekday()
	for part := range strings.SplitSeq(strings.ToUpper(rule), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "FREQ":
			o.yearly = value == "YEARLY"
		case "UNTIL":
			if last, err := readWall(value); err == nil {
				o.last = last.wall
			}
		case "BYDAY":
			o.nth = nth(value, o.start.Day())
		}
	}
}

// nth reads 1SU to 4SU and -1SU, for which 5SU is another name; a weekday alone, beside a list of days of the month, is the nth
// that the start is.
func nth(value string, day int) int {
	number := strings.TrimLeft(strings.TrimRight(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "+")
	switch number {
	case "1", "2", "3", "4":
		return int(number[0] - '0')
	case "":
		if day <= 28 {
			return (day-1)/7 + 1
		}
	}
	return -1
}
