package understanding

import (
	"strings"
	"time"

	"cabanas/booking"
)

// mention is one day as it was said; what was not said is zero (weekday: -1).
type mention struct {
	day, month, year int
	weekday          int
	// said is one more than the weekday that was said with a date, 0 when none was; the two may disagree.
	said int
	// date is set when the words name a day by themselves: today, tomorrow.
	date booking.Date
	// at and end are the tokens it was read from.
	at, end int
}

func (m mention) bare() bool { return m.month == 0 && m.weekday < 0 && m.date.IsZero() }

// writtenDate reads 20/12, 20-12-2026, 20.12.26 and 2026-12-20 at token i.
func writtenDate(tokens []token, i int) (mention, int, bool) {
	first, sign, second := at(tokens, i), at(tokens, i+1), at(tokens, i+2)
	if first.digits == 0 || second.digits == 0 || !separates(tokens, i+1) {
		return mention{}, 0, false
	}
	third, hasThird := at(tokens, i+4), word(tokens, i+3) == sign.text && separates(tokens, i+3)
	if first.digits == 4 {
		if hasThird && third.digits <= 2 && third.digits > 0 && valid(third.num, second.num, first.num) {
			return mention{day: third.num, month: second.num, year: first.num, weekday: -1, at: i, end: i + 5}, i + 5, true
		}
		return mention{}, 0, false
	}
	if first.digits > 2 || second.digits > 2 {
		return mention{}, 0, false
	}
	if hasThird && third.digits > 0 {
		year := third.num
		if third.digits == 2 {
			year += 2000
		}
		if third.digits != 2 && third.digits != 4 || !valid(first.num, second.num, year) {
			return mention{}, 0, false
		}
		return mention{day: first.num, month: second.num, year: year, weekday: -1, at: i, end: i + 5}, i + 5, true
	}
	if !valid(first.num, second.num, 2024) || countsSomething(tokens, i+2) || sign.text != "/" && monthAfterWord(tokens, i+3) {
		return mention{}, 0, false
	}
	return mention{day: first.num, month: second.num, weekday: -1, at: i, end: i + 3}, i + 3, true
}

// separates reports whether the sign at i stands between the parts of a date: a slash always, a hyphen or point without spaces.
func separates(tokens []token, i int) bool {
	switch word(tokens, i) {
	case "/":
		return true
	case "-", ".":
		return tokens[i].glued && at(tokens, i+1).glued
	}
	return false
}

func monthAfterWord(tokens []token, i int) bool {
	if word(tokens, i) == "de" {
		i++
	}
	_, found := months[word(tokens, i)]
	return found
}

// valid reports whether the calendar has such a day.
func valid(day, month, year int) bool {
	if day < 1 || month < 1 || month > 12 || year < 2000 || year > 2199 {
		return false
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t.Day() == day
}

// day reads one day at token i; a bare number only where the caller knows that a day is meant.
func (r *reader) day(i int, bare bool) (mention, bool) {
	t := at(r.tokens, i)
	if t.used {
		return mention{}, false
	}
	if m, _, ok := writtenDate(r.tokens, i); ok {
		return m, true
	}
	if m, ok := r.namedDay(i); ok {
		return m, true
	}
	if weekday, found := weekdays[t.text]; found {
		return r.weekday(i, weekday), true
	}
	if t.figure(1, 31) {
		if m, ok := r.dayOfMonth(i); ok {
			return m, true
		}
		if bare && !countsSomething(r.tokens, i) && (t.digits > 0 || t.num > 1 || t.text == "primero" || t.text == "first") {
			return mention{day: t.num, weekday: -1, at: i, end: i + 1}, true
		}
	}
	if month, found := months[t.text]; found && at(r.tokens, i+1).figure(1, 31) && at(r.tokens, i+1).digits > 0 && !countsSomething(r.tokens, i+1) && !monthAfter(r.tokens, i+1) {
		return r.withYear(mention{day: r.tokens[i+1].num, month: month, weekday: -1, at: i, end: i + 2})
	}
	return mention{}, false
}

// namedDay reads hoy, esta noche, mañana, pasado mañana, pasado; a weekday after it says the same once more.
func (r *reader) namedDay(i int) (mention, bool) {
	ahead, length := r.daysAhead(i)
	if length == 0 || wished(r.tokens, i) {
		return mention{}, false
	}
	m := mention{weekday: -1, date: r.today.AddDays(ahead), at: i, end: i + length}
	next := m.end
	if word(r.tokens, next) == "," {
		next++
	}
	if weekday, found := weekdays[word(r.tokens, next)]; found && int(m.date.Weekday()) == weekday {
		m.end = next + 1
		if t := at(r.tokens, m.end); t.num == m.date.Time().Day() && t.digits > 0 {
			m.end++
		}
	}
	return m, true
}

func (r *reader) daysAhead(i int) (ahead, length int) {
	before, next := word(r.tokens, i-1), word(r.tokens, i+1)
	switch word(r.tokens, i) {
	case "hoy", "hoje", "today", "tonight":
		if before == "de" && i > 1 && !ofToday[word(r.tokens, i-2)] && !joinsStrong[next] && !joinsWeak[next] {
			return 0, 0 // "la charla de hoy"
		}
		return 0, 1
	case "esta", "este", "this":
		if nightWords[next] || next == "tarde" || next == "evening" {
			return 0, 2
		}
	case "manana", "amanha", "tomorrow":
		if before == "la" || before == "esta" || before == "buena" || before == "cada" || before == "de" && word(r.tokens, i-2) != "a" && thisMorning[word(r.tokens, i-2)] || r.farewell(i) {
			return 0, 0
		}
		return 1, 1
	case "depois":
		if next == "de" && word(r.tokens, i+2) == "amanha" {
			return 2, 3
		}
	case "pasado":
		if next == "manana" {
			return 2, 2
		}
		if articles[next] {
			return 0, 0
		}
		if (before == "a" || before == "hasta") && word(r.tokens, i-2) == "manana" || pasadoBefore[before] || strings.HasPrefix(before, "lleg") || i == 0 && len(r.tokens) == 1 {
			return 2, 1
		}
	}
	return 0, 0
}

// farewell reports that "hasta mañana" is only said to part.
func (r *reader) farewell(i int) bool {
	if word(r.tokens, i-1) != "hasta" || r.awaited == AskedCheckOut || !r.anchor.IsZero() {
		return false
	}
	for k, t := range r.tokens {
		_, weekday := weekdays[t.text]
		if k != i && (t.isNumber() || weekday || goingWords[t.text] || strings.HasPrefix(t.text, "espera") || strings.HasPrefix(t.text, "aguant") || strings.HasPrefix(t.text, "guard") || t.text == "hoy" || t.text == "desde") {
			return false
		}
	}
	return true
}

var (
	ofToday      = set("partir noche noite tarde dia desde check in ingreso a")
	thisMorning  = set("hora horas ocho nueve diez temprano")
	pasadoBefore = set("para pa p desde recien entramos iriamos vamos entrando seria")
)

// weekday reads viernes, viernes 4, sábado 15 de noviembre, viernes 4/12.
func (r *reader) weekday(i, weekday int) mention {
	m := mention{weekday: weekday, at: i, end: i + 1}
	if word(r.tokens, i+1) == "que" && comesWords[word(r.tokens, i+2)] {
		m.end = i + 3
		return m
	}
	next := i + 1
	if word(r.tokens, next) == "," || word(r.tokens, next) == "." {
		next++
	}
	if articles[word(r.tokens, next)] || word(r.tokens, next) == "dia" {
		next++
	}
	if !at(r.tokens, next).isNumber() || at(r.tokens, next).used {
		return m
	}
	if dated, ok := r.day(next, true); ok && dated.weekday < 0 {
		dated.at, dated.said = i, weekday+1
		if dated.month == 0 {
			dated.weekday = weekday
		}
		return dated
	}
	return m
}

// dayOfMonth reads 10 de enero, 10 enero, 10 de enero de 2027.
func (r *reader) dayOfMonth(i int) (mention, bool) {
	next := i + 1
	if at(r.tokens, i).text == "un" || at(r.tokens, i).text == "una" {
		return mention{}, false
	}
	for w := word(r.tokens, next); w == "de" || w == "del" || w == "of" || w == "mes" || w == "/" || w == "-"; w = word(r.tokens, next) {
		next++
	}
	if second := at(r.tokens, next+1); (word(r.tokens, next) == "y" || word(r.tokens, next) == ",") && second.figure(1, 31) && !countsSomething(r.tokens, next+1) {
		if both, ok := r.dayOfMonth(next + 1); ok && both.day > r.tokens[i].num {
			both.day, both.at = r.tokens[i].num, i
			return both, true
		}
	}
	if month := at(r.tokens, next); word(r.tokens, next-1) == "del" && !joinsStrong[word(r.tokens, next+1)] && word(r.tokens, next+1) != "a" && !r.introduced(i) && month.figure(1, 12) && month.digits > 0 && !countsSomething(r.tokens, next) {
		return r.withYear(mention{day: r.tokens[i].num, month: month.num, weekday: -1, at: i, end: next + 1})
	}
	month, found := months[word(r.tokens, next)]
	if !found || !valid(r.tokens[i].num, month, 2024) {
		return mention{}, false
	}
	return r.withYear(mention{day: r.tokens[i].num, month: month, weekday: -1, at: i, end: next + 1})
}

// withYear takes the year that follows a day and month, if any.
func (r *reader) withYear(m mention) (mention, bool) {
	next := m.end
	for w := word(r.tokens, next); w == "de" || w == "del" || w == "," || w == "-" || w == "/"; w = word(r.tokens, next) {
		next++
	}
	if t := at(r.tokens, next); t.digits == 4 && t.num >= 2000 && t.num <= 2199 {
		if !valid(m.day, m.month, t.num) {
			return mention{}, false
		}
		m.year, m.end = t.num, next+1
	}
	return m, true
}

// firstFrom returns the first day that fits the mention on or after from; weekdays by themselves are strictly after today.
func (r *reader) firstFrom(m mention, from booking.Date) booking.Date {
	switch {
	case !m.date.IsZero():
		return m.date
	case m.year != 0:
		return booking.NewDate(m.year, time.Month(m.month), m.day)
	case m.month != 0:
		for year := from.Time().Year(); year < from.Time().Year()+9; year++ {
			if !valid(m.day, m.month, year) {
				continue
			}
			if d := booking.NewDate(year, time.Month(m.month), m.day); !d.Before(from) {
				return d
			}
		}
		return booking.Date{}
	case m.day != 0:
		return firstDayNumber(m, from)
	}
	if !from.After(r.today) {
		from = r.today.AddDays(1)
	}
	return weekdayFrom(from, time.Weekday(m.weekday))
}

// firstDayNumber finds the next day of that number; when a weekday was said with it, the one where both agree, if it is near.
func firstDayNumber(m mention, from booking.Date) booking.Date {
	const months = 5
	first := booking.Date{}
	start := from.Time()
	for ahead := range months {
		year, month := start.Year(), int(start.Month())+ahead
		year, month = year+(month-1)/12, (month-1)%12+1
		if !valid(m.day, month, year) {
			continue
		}
		d := booking.NewDate(year, time.Month(month), m.day)
		if d.Before(from) {
			continue
		}
		if m.weekday < 0 || int(d.Weekday()) == m.weekday {
			return d
		}
		if first.IsZero() {
			first = d
		}
	}
	return first
}

func weekdayFrom(from booking.Date, weekday time.Weekday) booking.Date {
	return from.AddDays((int(weekday) - int(from.Weekday()) + 7) % 7)
}
