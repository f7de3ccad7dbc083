package understanding

import (
	"time"

	"cabanas/booking"
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

var touristDays = map[string]bool{"2026-03-23": true, "2026-07-10": true, "2026-12-07": true}

// easter returns Easter Sunday by the Gregorian computus (Meeus, Jones, Butcher).
func easter(year int) booking.Date {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	return booking.NewDate(year, time.Month(month), (h+l-7*m+33*month+19)%32)
}

// dayOff reports whether most people do not work on the day.
func dayOff(d booking.Date) bool {
	if d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
		return true
	}
	year, month, day := d.Time().Date()
	if fixedHolidays[monthDay{month, day}] || touristDays[d.String()] {
		return true
	}
	for _, movable := range movableHolidays {
		if moved(booking.NewDate(year, movable.month, movable.day)) == d {
			return true
		}
	}
	switch sunday := easter(year); sunday.DaysUntil(d) {
	case -48, -47, -2:
		return true
	}
	return false
}

// moved applies the rule for movable days: Tuesday and Wednesday to the Monday before, Thursday and Friday to the one after.
func moved(d booking.Date) booking.Date {
	switch d.Weekday() {
	case time.Tuesday, time.Wednesday:
		return d.AddDays(int(time.Monday) - int(d.Weekday()))
	case time.Thursday, time.Friday:
		return weekdayFrom(d, time.Monday)
	}
	return d
}

// longWeekend returns the next run of three days off or more that starts after from, from its eve to its last day; month, when
// not zero, asks for one with a day off in it.
func longWeekend(from booking.Date, month time.Month) (in, out booking.Date, found bool) {
	const horizon = 430
	for ahead := 1; ahead < horizon; ahead++ {
		first := from.AddDays(ahead)
		if !dayOff(first) || dayOff(first.AddDays(-1)) {
			continue
		}
		last, touches := first, false
		for d := first; dayOff(d); d = d.AddDays(1) {
			last = d
			touches = touches || d.Time().Month() == month
		}
		if first.DaysUntil(last) >= 2 && (month == 0 || touches) {
			return first.AddDays(-1), last, true
		}
	}
	return booking.Date{}, booking.Date{}, false
}
