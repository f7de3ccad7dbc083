package ical

import (
	"errors"
	"strings"
	"time"
)

// The years that events may lie in; what reaches beyond is cut to them.
const (
	firstYear = 1970
	lastYear  = 2200
)

var (
	errDate     = errors.New("no date")
	errDuration = errors.New("no duration")
)

// moment is a date or time as a feed writes it: what the wall clock shows (kept as if it were UTC) and whose clock it is.
type moment struct {
	wall     time.Time
	dateOnly bool
	clock    clock
}

// instant is when that is; a date is midnight of its wall clock, which only makes sense beside other dates.
func (m moment) instant() time.Time {
	if m.dateOnly || m.clock == nil {
		return m.wall
	}
	return m.clock.instant(m.wall)
}

// readWall reads 20261220, 20261220T150000, 20261220T1500, both also with a Z or an offset behind, and all of these with the
// dashes and colons of ISO 8601. It returns the clock when the text itself names one.
func readWall(text string) (moment, error) {
	text = strings.TrimSpace(text)
	day, rest, err := readDay(text)
	if err != nil || rest == "" {
		return moment{wall: day, dateOnly: true}, err
	}
	if rest[0] != 'T' && rest[0] != 't' && rest[0] != ' ' {
		return moment{}, errDate
	}
	seconds, rest, err := readTimeOfDay(rest[1:])
	if err != nil {
		return moment{}, err
	}
	read := moment{wall: day.Add(time.Duration(seconds) * time.Second)}
	switch {
	case rest == "":
	case rest == "Z" || rest == "z":
		read.clock = place{time.UTC}
	default:
		offset, ok := readOffset(rest)
		if !ok {
			return moment{}, errDate
		}
		read.clock = place{time.FixedZone("", offset)}
	}
	return read, nil
}

func readDay(text string) (time.Time, string, error) {
	year, text, ok := digits(text, 4)
	text, dashed := strings.CutPrefix(text, "-")
	month, text, okMonth := digits(text, 2)
	if dashed {
		var again bool
		if text, again = strings.CutPrefix(text, "-"); !again {
			return time.Time{}, "", errDate
		}
	}
	day, text, okDay := digits(text, 2)
	if !ok || !okMonth || !okDay {
		return time.Time{}, "", errDate
	}
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if date.Day() != day || date.Month() != time.Month(month) || year == 0 {
		return time.Time{}, "", errDate
	}
	return date, text, nil
}

func readTimeOfDay(text string) (int, string, error) {
	hour, text, ok := digits(text, 2)
	minute, text, okMinute := digits(strings.TrimPrefix(text, ":"), 2)
	if !ok || !okMinute || hour > 24 || minute > 59 || (hour == 24 && minute > 0) {
		return 0, "", errDate
	}
	second, after, ok := digits(strings.TrimPrefix(text, ":"), 2)
	if !ok {
		second, after = 0, text
	}
	if second > 60 || (hour == 24 && second > 0) {
		return 0, "", errDate
	}
	if fraction, has := strings.CutPrefix(after, "."); has {
		after = strings.TrimLeft(fraction, "0123456789")
	}
	return hour*3600 + minute*60 + min(second, 59), after, nil
}

// readOffset reads -0300, -03:00, -03 and +053000 as seconds east of Greenwich.
func readOffset(text string) (int, bool) {
	if text == "" || (text[0] != '+' && text[0] != '-') {
		return 0, false
	}
	hour, rest, ok := digits(text[1:], 2)
	if !ok {
		hour, rest, ok = digits(text[1:], 1)
	}
	minute, rest, _ := digits(strings.TrimPrefix(rest, ":"), 2)
	second, rest, _ := digits(strings.TrimPrefix(rest, ":"), 2)
	if !ok || rest != "" || hour > 15 || minute > 59 || second > 59 {
		return 0, false
	}
	offset := hour*3600 + minute*60 + second
	if text[0] == '-' {
		offset = -offset
	}
	return offset, true
}

func digits(text string, n int) (int, string, bool) {
	if len(text) < n {
		return 0, text, false
	}
	value := 0
	for i := range n {
		if text[i] < '0' || text[i] > '9' {
			return 0, text, false
		}
		value = value*10 + int(text[i]-'0')
	}
	return value, text[n:], true
}

// longestDuration keeps sums of what feeds say inside of what a clock can say.
const longestDuration = (lastYear - firstYear) * 366 * 24 * time.Hour

// readDuration reads P7D, P1W, PT36H, P1DT2H30M and the like; a day has 24 hours. Negative ones are an error.
func readDuration(text string) (time.Duration, error) {
	text = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(text)), "+")
	text, ok := strings.CutPrefix(text, "P")
	if !ok || text == "" {
		return 0, errDuration
	}
	units := map[byte]time.Duration{'W': 7 * 24 * time.Hour, 'D': 24 * time.Hour}
	total := time.Duration(0)
	for text != "" {
		if text[0] == 'T' {
			units = map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}
			text = text[1:]
			if text == "" {
				return 0, errDuration
			}
			continue
		}
		end := strings.IndexFunc(text, func(c rune) bool { return c < '0' || c > '9' })
		if end <= 0 || end > 9 {
			return 0, errDuration
		}
		count, _, _ := digits(text, end)
		unit, known := units[text[end]]
		if !known {
			return 0, errDuration
		}
		if time.Duration(count) > longestDuration/unit {
			return 0, errDuration
		}
		total = min(total+time.Duration(count)*unit, longestDuration)
		text = text[end+1:]
	}
	return total, nil
}
