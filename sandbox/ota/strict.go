package ota

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// refusal is why a channel does not take our calendar: a code of control.ChannelPull and a sentence with the line.
type refusal struct{ code, reason string }

func (r *refusal) Error() string { return r.code + ": " + r.reason }

func refuse(code, format string, values ...any) *refusal {
	return &refusal{code, fmt.Sprintf(format, values...)}
}

// The codes of a refusal.
const (
	refusedUnreachable = "unreachable"
	refusedStatus      = "status"
	refusedType        = "content_type"
	refusedSize        = "too_large"
	refusedUTF8        = "not_utf8"
	refusedLineEnd     = "bare_line_end"
	refusedLongLine    = "long_line"
	refusedControl     = "control_character"
	refusedCalendar    = "not_a_calendar"
	refusedLine        = "bad_line"
	refusedValue       = "bad_value"
	refusedMissing     = "missing_property"
	refusedRepeated    = "repeated_property"
	refusedUID         = "repeated_uid"
	refusedEnd         = "end_not_after_start"
	refusedGuest       = "guest_data"
)

// property is one content line, unfolded.
type property struct {
	line   int // where it begins, from 1
	name   string
	params map[string][]string
	value  string
}

// component is what stands between a BEGIN and its END.
type component struct {
	name     string
	line     int
	props    []property
	children []*component
}

// readCalendar reads one iCalendar object and takes nothing that RFC 5545 does not allow, section 3.1 on lines first.
func readCalendar(raw []byte) (*component, *refusal) {
	props, refused := contentLines(raw)
	if refused != nil {
		return nil, refused
	}
	if len(props) == 0 || props[0].name != "BEGIN" || props[0].value != "VCALENDAR" {
		return nil, refuse(refusedCalendar, "it does not begin with BEGIN:VCALENDAR")
	}
	root := &component{}
	open := []*component{root}
	for _, p := range props {
		inside := open[len(open)-1]
		switch {
		case p.name == "BEGIN":
			child := &component{name: p.value, line: p.line}
			if inside == root && (len(root.children) > 0 || child.name != "VCALENDAR") {
				return nil, refuse(refusedCalendar, "line %d: something follows END:VCALENDAR", p.line)
			}
			inside.children = append(inside.children, child)
			open = append(open, child)
		case p.name == "END":
			if p.value != inside.name {
				return nil, refuse(refusedCalendar, "line %d: END:%s where END:%s belongs", p.line, p.value, inside.name)
			}
			open = open[:len(open)-1]
			if len(open) == 0 {
				return nil, refuse(refusedCalendar, "line %d: an END too many", p.line)
			}
		case inside == root:
			return nil, refuse(refusedCalendar, "line %d: something follows END:VCALENDAR", p.line)
		case inside.name == "VCALENDAR" && len(inside.children) > 0:
			return nil, refuse(refusedLine, "line %d: %s of the calendar stands behind its first component", p.line, p.name)
		default:
			inside.props = append(inside.props, p)
		}
	}
	if len(open) > 1 {
		return nil, refuse(refusedCalendar, "END:%s is missing", open[len(open)-1].name)
	}
	return root.children[0], nil
}

// maxLine is the longest line in octets, its end not counted (RFC 5545, 3.1).
const maxLine = 75

func contentLines(raw []byte) ([]property, *refusal) {
	if !utf8.Valid(raw) {
		if utf8.Valid(bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n "), nil), []byte("\r\n\t"), nil)) {
			return nil, refuse(refusedUTF8, "a line is folded inside a character")
		}
		return nil, refuse(refusedUTF8, "it is not UTF-8")
	}
	if !bytes.HasPrefix(raw, []byte("BEGIN:VCALENDAR")) {
		return nil, refuse(refusedCalendar, "it does not begin with BEGIN:VCALENDAR")
	}
	for i, c := range raw {
		follows := i+1 < len(raw) && raw[i+1] == '\n'
		if c == '\r' && !follows || c == '\n' && (i == 0 || raw[i-1] != '\r') {
			return nil, refuse(refusedLineEnd, "line %d does not end with CRLF", 1+bytes.Count(raw[:i], []byte("\n")))
		}
	}
	text, ended := strings.CutSuffix(string(raw), "\r\n")
	if !ended {
		return nil, refuse(refusedLineEnd, "the last line does not end with CRLF")
	}
	var props []property
	var logical string
	begin := 0
	flush := func() *refusal {
		if begin == 0 {
			return nil
		}
		p, refused := parseLine(logical, begin)
		props = append(props, p)
		return refused
	}
	for i, line := range strings.Split(text, "\r\n") {
		n := i + 1
		if refused := checkLine(line, n); refused != nil {
			return nil, refused
		}
		if line[0] == ' ' || line[0] == '\t' {
			logical += line[1:]
			continue
		}
		if refused := flush(); refused != nil {
			return nil, refused
		}
		logical, begin = line, n
	}
	return props, flush()
}

func checkLine(line string, n int) *refusal {
	switch {
	case line == "":
		return refuse(refusedLine, "line %d is empty", n)
	case len(line) > maxLine:
		return refuse(refusedLongLine, "line %d has %d octets", n, len(line))
	}
	for _, c := range []byte(line) {
		if c < 0x20 && c != '\t' || c == 0x7f {
			return refuse(refusedControl, "line %d holds the control character %#02x", n, c)
		}
	}
	return nil
}

var (
	linePattern  = regexp.MustCompile(`^([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):(.*)$`)
	paramPattern = regexp.MustCompile(`;([A-Za-z0-9-]+)=((?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)`)
)

func parseLine(line string, n int) (property, *refusal) {
	parts := linePattern.FindStringSubmatch(line)
	if parts == nil {
		return property{}, refuse(refusedLine, "line %d is not a property", n)
	}
	p := property{line: n, name: strings.ToUpper(parts[1]), params: map[string][]string{}, value: parts[3]}
	for _, param := range paramPattern.FindAllStringSubmatch(parts[2], -1) {
		name := strings.ToUpper(param[1])
		if _, twice := p.params[name]; twice {
			return p, refuse(refusedLine, "line %d has the parameter %s twice", n, name)
		}
		p.params[name] = strings.Split(param[2], ",")
	}
	return p, nil
}

// single returns the property of that name, or nil; more than one is refused.
func (c *component) single(name string) (*property, *refusal) {
	var found *property
	for i := range c.props {
		if c.props[i].name != name {
			continue
		}
		if found != nil {
			return nil, refuse(refusedRepeated, "line %d: %s a second time in one %s", c.props[i].line, name, c.name)
		}
		found = &c.props[i]
	}
	return found, nil
}

// needed is single, and refuses none.
func (c *component) needed(name string) (*property, *refusal) {
	p, refused := c.single(name)
	if p == nil && refused == nil {
		return nil, refuse(refusedMissing, "line %d: a %s without %s", c.line, c.name, name)
	}
	return p, refused
}

func (c *component) defines(zone string) bool {
	return slices.ContainsFunc(c.children, func(child *component) bool {
		return child.name == "VTIMEZONE" && slices.ContainsFunc(child.props, func(p property) bool { return p.name == "TZID" && p.value == zone })
	})
}
