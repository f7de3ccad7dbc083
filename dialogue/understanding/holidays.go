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

// holidayNames are how long weekends are called after their holiday.
var holidayNames = map[string]monthDay{
	"malvinas": {4, 2}, "veteranos": {4, 2}, "memoria": {3, 24}, "trabajador": {5, 1}, "trabajadores": {5, 1}, "revolucion": {5, 25},
	"guemes": {6, 17}, "bandera": {6, 20}, "independencia": {7, 9}, "martin": {8, 17}, "diversidad": {10, 12}, "raza": {10, 12},
	"soberania": {11, 20}, "virgen": {12, 8}, "inmaculada": {12, 8}, "concepcion": {12, 8},
}

// namedHoliday reads the name of a holiday at i and how many tokens it takes, 0 when there is none.
func namedHoliday(tokens []token, i int) (monthDay, int) {
	const longestName = 5 // "el dia de la independencia"
	for k := i; k < i+longestName; k++ {
		if day, found := holidayNames[word(tokens, k)]; found {
			return day, k - i + 1
		}
		if w := word(tokens, k); !articles[w] && w != "de" && w != "san" && w != "feriado" {
			break
		}
	}
	return monthDay{}, 0
}

// longWeekend returns the next run of three days off or more that starts after from, from its eve to its last day; month, when
// not zero, asks for one with a day off in it.
func longWeekend(from booking.Date, month time.Month) (in, out booking.Date, found bool) {
	return findLongWeekend(from, func(d booking.Date) bool { return month == 0 || d.Time().Month() == month })
}

// longWeekendAround returns the long weekend that the holiday of a day makes, moved or not: it has a day off within three days
// of it.
func longWeekendAround(from, day booking.Date) (in, out booking.Date, found bool) {
	const moves = 3
	in, out, found = findLongWeekend(from, func(d booking.Date) bool { return d == day })
	if !found || in.DaysUntil(day) > 7 {
		in, out, found = findLongWeekend(from, func(d booking.Date) bool { return max(d.DaysUntil(day), day.DaysUntil(d)) <= moves })
	}
	return in, out, found && in.DaysUntil(day) < 10
}

func findLongWeekend(from booking.Date, wanted func(booking.Date) bool) (in, out booking.Date, found bool) {
	const horizon = 430
	for ahead := 1; ahead < horizon; ahead++ {
		first := from.AddDays(ahead)
		if !dayOff(first) || dayOff(first.AddDays(-1)) {
			continue
		}
		last, touches := first, false
		for d := first; dayOff(d); d = d.AddDays(1) {
			last = d
			touches = touches || wanted(d)
		}
		if first.DaysUntil(last) >= 2 && touches {
			return first.AddDays(-1), last, true
		}
	}
	return booking.Date{}, booking.Date{}, false
}
