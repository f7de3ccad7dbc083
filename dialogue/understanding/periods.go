package understanding

import (
	"time"

	"cabanas/booking"
)

// periods reads stays that have a name: weekends, long weekends, Carnaval, Semana Santa, the turn of the year, fortnights.
func (r *reader) periods() []span {
	var found []span
	for i := range r.tokens {
		if r.tokens[i].used {
			continue
		}
		if in, out, end, ok := r.periodAt(i); ok && !in.IsZero() {
			found = append(found, span{in, out, i, end})
			r.use(i, end)
		}
	}
	return found
}

func (r *reader) periodAt(i int) (in, out booking.Date, end int, ok bool) {
	switch w := word(r.tokens, i); {
	case w == "finde":
		return r.weekend(i, i+1)
	case w == "fin" && word(r.tokens, i+1) == "de" && word(r.tokens, i+2) == "semana", w == "fim" && word(r.tokens, i+2) == "semana":
		return r.weekend(i, i+3)
	case w == "fin" && word(r.tokens, i+1) == "de" && word(r.tokens, i+2) == "ano":
		return r.turnOfYear(i + 3)
	case w == "ano" && word(r.tokens, i+1) == "nuevo", w == "ano" && word(r.tokens, i+1) == "novo":
		return r.turnOfYear(i + 2)
	case w == "navidad" || w == "navidades" || w == "natal" || w == "christmas":
		in = r.firstFrom(mention{day: 24, month: 12, weekday: -1}, r.today)
		return in, in.AddDays(2), i + 1, true
	case w == "carnaval" || w == "carnavales":
		return r.easterStay(-51, -47, i+1)
	case w == "semana" && word(r.tokens, i+1) == "santa", w == "pascua" || w == "pascuas" || w == "easter":
		end = i + 1
		if w == "semana" {
			end++
		}
		return r.easterStay(-3, 0, end)
	case w == "quincena":
		return r.fortnight(i)
	case w == "todo":
		return r.wholeMonth(i + 1)
	}
	return in, out, 0, false
}

// weekend reads "este finde", "el finde que viene", "finde largo de noviembre", "finde del 15".
func (r *reader) weekend(i, end int) (booking.Date, booking.Date, int, bool) {
	next, long := false, false
	switch word(r.tokens, i-1) {
	case "proximo", "prox", "siguiente", "otro", "next", "proxima":
		next = true
	}
	for ; ; end++ {
		switch word(r.tokens, end) {
		case "largo", "extralargo", "prolongado":
			long = true
			continue
		case "proximo", "siguiente":
			next = true
			continue
		case "que":
			if word(r.tokens, end+1) == "viene" || word(r.tokens, end+1) == "vem" || word(r.tokens, end+1) == "sigue" {
				next = true
				end++
				continue
			}
		}
		break
	}
	if long {
		return r.longWeekend(end)
	}
	if word(r.tokens, end) == "del" {
		if m, ok := r.day(end+1, true); ok {
			if _, isRange := r.rangeAt(end); !isRange {
				day := r.firstFrom(m, r.today)
				friday := weekdayFrom(day.AddDays(-2), time.Friday)
				return friday, friday.AddDays(2), m.end, !day.IsZero() && !friday.Before(r.today)
			}
			return booking.Date{}, booking.Date{}, 0, false
		}
	}
	friday := weekdayFrom(r.today, time.Friday)
	if next {
		friday = NextWeekend(r.today)
	}
	return friday, friday.AddDays(2), end, true
}

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

func (r *reader) longWeekend(end int) (booking.Date, booking.Date, int, bool) {
	month := time.Month(0)
	next := end
	for w := word(r.tokens, next); w == "de" || w == "del" || w == "en"; w = word(r.tokens, next) {
		next++
	}
	if named, found := months[word(r.tokens, next)]; found {
		month, end = time.Month(named), next+1
	}
	in, out, found := longWeekend(r.today, month)
	return in, out, end, found
}

func (r *reader) turnOfYear(end int) (booking.Date, booking.Date, int, bool) {
	in := r.firstFrom(mention{day: 31, month: 12, weekday: -1}, r.today)
	return in, in.AddDays(2), end, true
}

func (r *reader) easterStay(first, last, end int) (booking.Date, booking.Date, int, bool) {
	for year := r.today.Time().Year(); ; year++ {
		if in := easter(year).AddDays(first); !in.Before(r.today) {
			return in, easter(year).AddDays(last), end, true
		}
	}
}

// fortnight reads "primera quincena de enero": the 1st to the 16th, the second one to the 1st of the next month.
func (r *reader) fortnight(i int) (in, out booking.Date, end int, ok bool) {
	half := fortnights[word(r.tokens, i-1)]
	month, end := r.monthFrom(i + 1)
	if half == 0 || month == 0 {
		return in, out, 0, false
	}
	if half == 1 {
		in = r.firstFrom(mention{day: 1, month: month, weekday: -1}, r.today)
		return in, in.AddDays(15), end, true
	}
	in = r.firstFrom(mention{day: 16, month: month, weekday: -1}, r.today)
	return in, in.AddDays(-15).AddMonths(1), end, true
}

var fortnights = words[int]{1: "primera 1ra 1era 1 primer", 2: "segunda 2da 2"}.index()

func (r *reader) wholeMonth(i int) (in, out booking.Date, end int, ok bool) {
	month, end := r.monthFrom(i)
	if month == 0 {
		return in, out, 0, false
	}
	in = r.firstFrom(mention{day: 1, month: month, weekday: -1}, r.today)
	return in, in.AddMonths(1), end, true
}

func (r *reader) monthFrom(i int) (month, end int) {
	for w := word(r.tokens, i); w == "de" || w == "el" || w == "mes"; w = word(r.tokens, i) {
		i++
	}
	return months[word(r.tokens, i)], i + 1
}
