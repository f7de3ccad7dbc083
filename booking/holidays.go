package booking

import (
	"sync"
	"time"
)

// Days off in Argentina (Ley 27.399): fixed ones, ones that move to a Monday, and the tourist days decreed year by year.

type monthDay struct {
	month time.Month
	day   int
}

var fixedHolidays = map[monthDay]bool{
	{1, 1}: true, {3, 24}: true, {4, 2}: true, {5, 1}: true, {5, 25}: true, {6, 20}: true, {7, 9}: true, {12, 8}: true, {12, 25}: true,
}

var movableHolidays = []monthDay{{6, 17}, {8, 17}, {10, 12}, {11, 20}}

var touristDays = map[Date]bool{MustDate("2026-03-23"): true, MustDate("2026-07-10"): true, MustDate("2026-12-07"): true}

// EasterSunday returns Easter of a year by the Gregorian computus (Meeus, Jones, Butcher).
func EasterSunday(year int) Date {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	return NewDate(year, time.Month(month), (h+l-7*m+33*month+19)%32)
}

// IsDayOff reports whether most people in Argentina do not work on the day: weekends, holidays and tourist days.
func IsDayOff(d Date) bool {
	return d.Weekday() == time.Saturday || d.Weekday() == time.Sunday || IsHoliday(d)
}

// IsHoliday reports whether the day is a holiday or a tourist day in Argentina, on whatever day of the week.
func IsHoliday(d Date) bool {
	year, month, day := d.Time().Date()
	if fixedHolidays[monthDay{month, day}] || touristDays[d] {
		return true
	}
	for _, movable := range movableHolidays {
		if observed(NewDate(year, movable.month, movable.day)) == d {
			return true
		}
	}
	switch sunday := EasterSunday(year); sunday.DaysUntil(d) {
	case -48, -47, -2: // Carnival Monday and Tuesday, Good Friday
		return true
	}
	return false
}

// IsHolidayNight reports whether a night is sold as a holiday: the eve of one and its own night, so Christmas is 24 and 25 December.
func IsHolidayNight(night Date) bool { return specialNight(night).holiday }

// IsLongWeekendNight reports whether a night is within a long weekend, three days off in a row or more: from the eve of the first
// day off to the night before the last.
func IsLongWeekendNight(night Date) bool { return specialNight(night).longWeekend }

type special struct{ holiday, longWeekend bool }

var (
	specialFrom = NewDate(2025, time.January, 1)
	// specialNights are worked out once: a catalogue of many accommodations asks for the same nights again and again.
	specialNights = sync.OnceValue(func() []special {
		known := make([]special, specialFrom.DaysUntil(NewDate(2065, time.January, 1)))
		for i := range known {
			known[i] = workOut(specialFrom.AddDays(i))
		}
		return known
	})
)

func specialNight(night Date) special {
	known, at := specialNights(), specialFrom.DaysUntil(night)
	if at < 0 || at >= len(known) {
		return workOut(night)
	}
	return known[at]
}

func workOut(night Date) special {
	morning := night.AddDays(1)
	found := special{holiday: IsHoliday(morning) || IsHoliday(night)}
	if !IsDayOff(morning) {
		return found
	}
	off := 1
	for d := night; off < longWeekend && IsDayOff(d); d = d.AddDays(-1) {
		off++
	}
	for d := morning.AddDays(1); off < longWeekend && IsDayOff(d); d = d.AddDays(1) {
		off++
	}
	found.longWeekend = off >= longWeekend
	return found
}

// longWeekend is how many days off in a row are one.
const longWeekend = 3

// observed applies the rule for movable days: Tuesday and Wednesday to the Monday before, Thursday and Friday to the one after.
func observed(d Date) Date {
	switch d.Weekday() {
	case time.Tuesday, time.Wednesday:
		return d.AddDays(int(time.Monday) - int(d.Weekday()))
	case time.Thursday, time.Friday:
		return d.AddDays(int(time.Saturday) - int(d.Weekday()) + 2)
	}
	return d
}
