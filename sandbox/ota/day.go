package ota

import (
	"fmt"
	"time"
)

// day is a civil day, counted from 1970-01-01.
type day int

const dayLayout = "2006-01-02"

// listingZone is where the listings are: their "today" is that of Argentina, which has no summer time.
var listingZone = time.FixedZone("-03", -3*60*60)

func parseDay(text string) (day, error) {
	at, err := time.Parse(dayLayout, text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a day such as 2027-01-10", text)
	}
	return dayOf(at), nil
}

// dayOf is the day that t's own zone shows.
func dayOf(t time.Time) day {
	year, month, date := t.Date()
	return day(time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

func (d day) start() time.Time  { return time.Unix(int64(d)*24*60*60, 0).UTC() }
func (d day) String() string    { return d.start().Format(dayLayout) }
func (d day) compact() string   { return d.start().Format("20060102") }
func (d day) at(c clock) string { return d.compact() + "T" + c.compact() }

// MarshalText writes the day as JSON has it.
func (d day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *day) UnmarshalText(text []byte) error {
	read, err := parseDay(string(text))
	*d = read
	return err
}

// clock is a time of day, in minutes after midnight.
type clock int

func parseClock(text string) (clock, error) {
	at, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a time such as 15:00", text)
	}
	return clock(at.Hour()*60 + at.Minute()), nil
}

func (c clock) compact() string { return fmt.Sprintf("%02d%02d00", c/60, c%60) }

// span is nights in a row: the first one, and the day after the last.
type span struct {
	From day `json:"from"`
	To   day `json:"to"`
}

func (s span) touches(o span) bool { return s.From < o.To && o.From < s.To }

// without is what is left of s when all of others is taken out; others are in order.
func (s span) without(others []span) []span {
	var left []span
	for _, o := range others {
		if !s.touches(o) {
			continue
		}
		if s.From < o.From {
			left = append(left, span{s.From, o.From})
		}
		s.From = o.To
		if s.From >= s.To {
			return left
		}
	}
	return append(left, s)
}
