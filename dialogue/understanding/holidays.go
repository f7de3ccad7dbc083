package understanding

import (
	"time"

	"cabanas/booking"
)

type monthDay struct {
	month time.Month
	day   int
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
		if !booking.IsDayOff(first) || booking.IsDayOff(first.AddDays(-1)) {
			continue
		}
		last, touches := first, false
		for d := first; booking.IsDayOff(d); d = d.AddDays(1) {
			last = d
			touches = touches || wanted(d)
		}
		if first.DaysUntil(last) >= 2 && touches {
			return first.AddDays(-1), last, true
		}
	}
	return booking.Date{}, booking.Date{}, false
}
