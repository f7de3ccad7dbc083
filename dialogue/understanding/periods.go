package understanding

import (
	"strings"
	"time"

	"cabanas/booking"
)

// namedPeriods are the stays that have a name. A name is found where its words stand in a row; its reader then says which days
// are meant and where the name ends.
var namedPeriods = []struct {
	names string // separated by |
	stay  func(r *reader, at, end int) (span, bool)
}{
	{"finde|fin de semana|fim de semana", (*reader).weekend},
	{"navidad|navidades|nochebuena|natal|christmas|xmas", fixed(24, time.December, 2)},
	{"fin de ano|ano nuevo|ano novo|fim de ano|reveillon|new year|new years|new years eve", fixed(31, time.December, 2)},
	{"reyes|dia de reyes|noche de reyes", fixed(5, time.January, 2)},
	{"carnaval|carnavales|carnival", fromEaster(-51, -47)},
	{"semana santa|pascua|pascuas|pascoa|easter|easter weekend", fromEaster(-3, 0)},
	{"quincena", (*reader).fortnight},
	{"puente|feriado largo", (*reader).bridge},
	{"todo|todo o mes de|the whole of|all of|all", (*reader).wholeMonth},
}

// periods reads stays that have a name, unless they are only wished to be good: "feliz navidad".
func (r *reader) periods() []span {
	var found []span
	for i := range r.tokens {
		if r.tokens[i].used {
			continue
		}
		s, ok := r.periodAt(i)
		if !ok || s.in.IsZero() {
			continue
		}
		if wished(r.tokens, i) {
			r.use(s.at, s.end, readAsNothing)
			continue
		}
		found = append(found, s)
		r.use(s.at, s.end, readAsDay)
	}
	return found
}

// wished reports whether the day or period at i is part of good wishes.
func wished(tokens []token, i int) bool {
	return wishWords[word(tokens, i-1)] || wishWords[word(tokens, i-2)] && articles[word(tokens, i-1)]
}

func (r *reader) periodAt(i int) (span, bool) {
	if month := months[word(r.tokens, i)]; month != 0 && (word(r.tokens, i+1) == "completo" || word(r.tokens, i+1) == "entero") {
		return r.wholeMonth(i, i)
	}
	for _, period := range namedPeriods {
		longest := 0
		for name := range strings.SplitSeq(period.names, "|") {
			if n := r.spoken(name, i); n > longest {
				longest = n
			}
		}
		if longest > 0 {
			s, ok := period.stay(r, i, i+longest)
			return s, ok
		}
	}
	return span{}, false
}

// spoken returns how many tokens a name takes at i, 0 when it is not there.
func (r *reader) spoken(name string, i int) int {
	count := 0
	for w := range strings.SplitSeq(name, " ") {
		if word(r.tokens, i+count) != w {
			return 0
		}
		count++
	}
	return count
}

// fixed is a stay that starts on the same day every year.
func fixed(day int, month time.Month, nights int) func(*reader, int, int) (span, bool) {
	return func(r *reader, at, end int) (span, bool) {
		if before := word(r.tokens, at-1); at > 0 && before >= "a" && !periodBefore[before] && before != "finde" && r.tokens[at].text == "reyes" {
			return span{}, false // a surname
		}
		in := r.firstFrom(mention{day: day, month: int(month), weekday: -1}, r.today)
		return span{in, in.AddDays(nights), at, end}, true
	}
}

// fromEaster is a stay that moves with Easter Sunday, between two distances from it.
func fromEaster(first, last int) func(*reader, int, int) (span, bool) {
	return func(r *reader, at, end int) (span, bool) {
		for year := r.today.Time().Year(); ; year++ {
			if in := booking.EasterSunday(year).AddDays(first); !in.Before(r.today) {
				return span{in, booking.EasterSunday(year).AddDays(last), at, end}, true
			}
		}
	}
}

// weekend reads "este finde", "el finde que viene", "finde largo de noviembre", "finde del 15". In "finde de carnaval" the
// period named last is the one that counts.
func (r *reader) weekend(at, end int) (span, bool) {
	next, long := nextWords[word(r.tokens, at-1)], false
	for {
		switch w := word(r.tokens, end); {
		case w == "largo" || w == "extralargo" || w == "prolongado":
			long = true
		case nextWords[w]:
			next = true
		case w == "que" && comesWords[word(r.tokens, end+1)]:
			next = true
			end++
		default:
			return r.whichWeekend(at, end, next, long)
		}
		end++
	}
}

func (r *reader) whichWeekend(at, end int, next, long bool) (span, bool) {
	before := word(r.tokens, at-1)
	if anyWords[before] && !long && !next {
		return span{}, false
	}
	of := end
	for w := word(r.tokens, of); w == "de" || w == "del" || w == "en" || w == "por"; w = word(r.tokens, of) {
		of++
	}
	if of > end {
		if s, ok := r.weekendOfDay(at, end, of, long); ok {
			return s, !s.in.IsZero()
		}
	}
	if long {
		return r.longWeekend(at, end, of)
	}
	if month := months[word(r.tokens, of)]; month != 0 && of > end {
		return r.weekendOfMonth(at, of+1, month, weekendOrdinals[before])
	}
	friday := weekdayFrom(r.today, time.Friday)
	if next {
		friday = NextWeekend(r.today)
	}
	if before == "este" && r.today.Weekday() == time.Saturday {
		r.doubts = []booking.Stay{{CheckIn: r.today, CheckOut: r.today.AddDays(1)}, {CheckIn: friday, CheckOut: friday.AddDays(2)}}
	}
	return span{friday, friday.AddDays(2), at, end}, true
}

// weekendOfMonth reads "primer finde de febrero"; which is 1 for the first, -1 for the last, 0 when it was not said.
func (r *reader) weekendOfMonth(at, end, month, which int) (span, bool) {
	if which == 0 {
		return span{}, false
	}
	first := r.firstFrom(mention{day: 1, month: month, weekday: -1}, r.today.AddDays(-25))
	friday := weekdayFrom(first, time.Friday).AddDays(7 * (which - 1))
	if which < 0 {
		friday = weekdayFrom(first.AddMonths(1).AddDays(-7), time.Friday)
	}
	if friday.Before(r.today) {
		return span{}, false
	}
	return span{friday, friday.AddDays(2), at - 1, end}, true
}

// weekendOfDay reads "finde del 15", "finde largo del 9 de julio"; false when no day follows.
func (r *reader) weekendOfDay(at, end, of int, long bool) (span, bool) {
	m, ok := r.day(of, true)
	if !ok {
		return span{}, false
	}
	if _, isRange := r.rangeAt(end); isRange {
		return span{}, true
	}
	day := r.firstFrom(m, r.today)
	if day.IsZero() {
		return span{}, true
	}
	if long || booking.IsDayOff(day) && day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
		if in, out, found := longWeekendAround(r.today, day); found {
			return span{in, out, at, m.end}, true
		}
	}
	if long {
		in, out, found := bridged(day)
		return span{in, out, at, m.end}, found && !in.Before(r.today)
	}
	friday := weekdayFrom(day.AddDays(-2), time.Friday)
	if friday.Before(r.today) {
		return span{}, true
	}
	return span{friday, friday.AddDays(2), at, m.end}, true
}

// bridged is the long weekend of a day off on a Tuesday or Thursday when the day between is taken off, too.
func bridged(day booking.Date) (in, out booking.Date, found bool) {
	switch day.Weekday() {
	case time.Tuesday:
		return day.AddDays(-4), day, true
	case time.Thursday:
		return day.AddDays(-1), day.AddDays(3), true
	}
	return booking.Date{}, booking.Date{}, false
}

func (r *reader) longWeekend(at, end, of int) (span, bool) {
	month := time.Month(0)
	if named, found := months[word(r.tokens, of)]; found {
		month, end = time.Month(named), of+1
	} else if holiday, words := namedHoliday(r.tokens, of); words > 0 {
		day := r.firstFrom(mention{day: holiday.day, month: int(holiday.month), weekday: -1}, r.today)
		if in, out, found := longWeekendAround(r.today, day); found {
			return span{in, out, at, of + words}, true
		}
	}
	in, out, found := longWeekend(r.today, month)
	return span{in, out, at, end}, found
}

// bridge reads "el puente de diciembre", "para el puente del 8"; other bridges lead over rivers.
func (r *reader) bridge(at, end int) (span, bool) {
	of := end
	for w := word(r.tokens, of); w == "de" || w == "del"; w = word(r.tokens, of) {
		of++
	}
	_, words := namedHoliday(r.tokens, of)
	if of == end || months[word(r.tokens, of)] == 0 && !startsDay(r.tokens, of) && words == 0 {
		return span{}, false
	}
	return r.whichWeekend(at, end, false, true)
}

func startsDay(tokens []token, i int) bool { return at(tokens, i).figure(1, 31) }

// ThisWeekend returns the Friday of the coming weekend, today when it is Friday.
func ThisWeekend(today booking.Date) booking.Date { return weekdayFrom(today, time.Friday) }

// NextWeekend returns the Friday of "el finde que viene": from Monday to Thursday the one after the coming one.
func NextWeekend(today booking.Date) booking.Date {
	friday := weekdayFrom(today.AddDays(1), time.Friday)
	if today.Weekday() >= time.Monday && today.Weekday() <= time.Thursday {
		friday = friday.AddDays(7)
	}
	return friday
}

// fortnight reads "primera quincena de enero": the 1st to the 16th, the second one to the 1st of the next month.
func (r *reader) fortnight(at, end int) (span, bool) {
	half := fortnights[word(r.tokens, at-1)]
	month, end := r.monthFrom(end)
	if half == 0 || month == 0 {
		return span{}, false
	}
	first := r.firstFrom(mention{day: 16, month: month, weekday: -1}, r.today)
	if half == 1 {
		first = r.firstFrom(mention{day: 1, month: month, weekday: -1}, r.today)
		return span{first, first.AddDays(15), at - 1, end}, true
	}
	return span{first, first.AddDays(-15).AddMonths(1), at - 1, end}, true
}

// wholeMonth reads "todo enero", "todo el mes de enero".
func (r *reader) wholeMonth(at, end int) (span, bool) {
	month, end := r.monthFrom(end)
	if month == 0 {
		return span{}, false
	}
	in := r.firstFrom(mention{day: 1, month: month, weekday: -1}, r.today)
	return span{in, in.AddMonths(1), at, end}, true
}

func (r *reader) monthFrom(i int) (month, end int) {
	for w := word(r.tokens, i); w == "de" || w == "el" || w == "mes" || w == "of"; w = word(r.tokens, i) {
		i++
	}
	return months[word(r.tokens, i)], i + 1
}
