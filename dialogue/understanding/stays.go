package understanding

import (
	"slices"

	"cabanas/booking"
)

// reader reads the dates and people of one message.
type reader struct {
	tokens []token
	today  booking.Date
	// anchor is a check-in said before, from which a lone end of the stay is counted.
	anchor booking.Date
	// awaited is the open question: a lone number answers it.
	awaited Question
}

// span is a stay that was named whole, with the tokens it was read from.
type span struct {
	in, out booking.Date
	at, end int
}

// dates reads the stay of the message into u: named periods, ranges, single days and durations; the last word counts.
func (r *reader) dates(u *Understanding) {
	spans := append(r.periods(), r.ranges()...)
	slices.SortFunc(spans, func(a, b span) int { return a.at - b.at })
	singles, nights := r.durations()
	singles = append(singles, r.singles()...)
	slices.SortFunc(singles, func(a, b mention) int { return a.at - b.at })
	u.Nights = nights
	if len(spans) > 0 {
		last := spans[len(spans)-1]
		u.CheckIn, u.CheckOut = last.in, last.out
		singles = slices.DeleteFunc(singles, func(m mention) bool { return m.at < last.end || !r.corrected(last.end, m.at) })
	}
	r.combine(u, singles)
	r.complete(u)
}

// combine adds days that were named one by one.
func (r *reader) combine(u *Understanding, singles []mention) {
	for i, m := range singles {
		said, leaves := r.leaving(m)
		if i > 0 && r.listed(singles[i-1], m) && !leaves {
			continue
		}
		asked := r.awaited == AskedCheckOut && len(singles) == 1 && !arrivals[said]
		switch {
		case leaves || asked || i > 0 && !u.CheckIn.IsZero() && u.CheckOut.IsZero() && len(singles) == 2 && !r.corrected(singles[i-1].end, m.at) && r.firstFrom(m, u.CheckIn.AddDays(1)).After(u.CheckIn):
			from := r.today
			if !u.CheckIn.IsZero() {
				from = u.CheckIn.AddDays(1)
			} else if !r.anchor.IsZero() {
				from = r.anchor.AddDays(1)
			}
			u.CheckOut = r.firstFrom(m, from)
		default:
			u.CheckIn = r.firstFrom(m, r.today)
			if !u.CheckOut.IsZero() && !u.CheckIn.Before(u.CheckOut) {
				u.CheckOut = booking.Date{}
			}
		}
	}
}

// listed reports whether two days stand side by side, "el viernes y sábado": nights or ends of a stay, so only the first is sure.
func (r *reader) listed(a, b mention) bool {
	for _, t := range r.tokens[a.end:max(a.end, b.at)] {
		if t.text != "y" && t.text != "," && !articles[t.text] {
			return false
		}
	}
	return a.end < b.at
}

// complete derives the third of check-in, check-out and nights from the other two; a pair of dates outweighs a duration.
func (r *reader) complete(u *Understanding) {
	switch {
	case !u.CheckIn.IsZero() && !u.CheckOut.IsZero():
		u.Nights = max(u.CheckIn.DaysUntil(u.CheckOut), 0)
	case !u.CheckIn.IsZero() && u.Nights > 0:
		u.CheckOut = u.CheckIn.AddDays(u.Nights)
	case !u.CheckOut.IsZero() && u.Nights > 0:
		u.CheckIn = u.CheckOut.AddDays(-u.Nights)
	}
}

// corrected reports whether a word of correction stands between two tokens.
func (r *reader) corrected(from, to int) bool {
	for _, t := range r.tokens[min(from, to):to] {
		if correctionWords[t.text] || t.text == "no" {
			return true
		}
	}
	return false
}

// ranges reads "del 10 al 15 de enero", "20/12 al 23/12", "viernes a domingo".
func (r *reader) ranges() []span {
	var found []span
	for i := 0; i < len(r.tokens); i++ {
		if s, ok := r.rangeAt(i); ok {
			r.use(s.at, s.end)
			found = append(found, s)
			i = s.end - 1
		}
	}
	return found
}

func (r *reader) rangeAt(start int) (span, bool) {
	i, opener := start, ""
	for rangeOpeners[word(r.tokens, i)] || i > start && articles[word(r.tokens, i)] {
		opener = word(r.tokens, i)
		i++
	}
	if opener == "" && articles[word(r.tokens, i)] {
		i++
	}
	a, ok := r.day(i, true)
	if !ok {
		return span{}, false
	}
	i = a.end
	for qualifiers[word(r.tokens, i)] || word(r.tokens, i) == "," {
		i++
	}
	join := word(r.tokens, i)
	strong := joinsStrong[join]
	if !strong && !joinsWeak[join] && (join != "y" || word(r.tokens, start) != "entre") {
		return span{}, false
	}
	i++
	for articles[word(r.tokens, i)] || word(r.tokens, i) == "al" {
		i++
	}
	b, ok := r.day(i, true)
	if !ok {
		return span{}, false
	}
	if a.bare() && b.bare() && !strong && opener == "" && join != "-" {
		return span{}, false
	}
	if a.bare() && b.bare() && opener == "entre" {
		return span{}, false
	}
	if a.bare() && b.bare() && join == "-" && !r.hyphenRange(a, b, opener) {
		return span{}, false
	}
	in, out := r.pair(a, b)
	return span{in, out, start, b.end}, !in.IsZero() && !out.IsZero()
}

// hyphenRange accepts "10-15" as days only when nothing else can be meant.
func (r *reader) hyphenRange(a, b mention, opener string) bool {
	return (opener != "" || a.at == 0) && a.day < b.day && word(r.tokens, b.end) != "-" && word(r.tokens, a.at-1) != "-"
}

var qualifiers = set("que viene proximo proxima")

// longestRolled is how many nights a stay written over the end of a month may have before it is taken for one written backwards.
const (
	longestRolled       = 20
	longestOverYearsEnd = 120
)

// pair resolves both ends of a range: what one side does not say it takes from the other, and the end follows the start
// unless the two were plainly written backwards.
func (r *reader) pair(a, b mention) (booking.Date, booking.Date) {
	if a.bare() && b.month != 0 {
		a.month, a.year = b.month, b.year
		if a.day >= b.day && daysBetween(a.day, b.day) <= longestRolled {
			a.month--
			if a.month == 0 {
				a.month = 12
				if a.year != 0 {
					a.year--
				}
			}
		}
	}
	if a.month != 0 && a.year == 0 && b.year != 0 {
		a.year = b.year
		if a.month > b.month {
			a.year--
		}
	}
	if a.month != 0 && a.year != 0 && !valid(a.day, a.month, a.year) {
		return booking.Date{}, booking.Date{}
	}
	in := r.firstFrom(a, r.today)
	if in.IsZero() {
		return in, in
	}
	out := r.firstFrom(b, in.AddDays(1))
	switch nights := in.DaysUntil(out); {
	case b.bare() && nights > longestRolled:
		year, month, _ := in.Time().Date()
		out = booking.NewDate(year, month, b.day)
	case b.month != 0 && b.year == 0 && nights > longestOverYearsEnd:
		out = booking.NewDate(out.Time().Year()-1, out.Time().Month(), b.day)
	}
	return in, out
}

// daysBetween estimates the nights from one day number to another one in the next month.
func daysBetween(day, nextMonthDay int) int { return 31 - day + nextMonthDay }

// singles reads days named by themselves; a bare number needs a word before it that makes it a day.
func (r *reader) singles() []mention {
	var found []mention
	for i := 0; i < len(r.tokens); i++ {
		if r.tokens[i].used {
			continue
		}
		before := word(r.tokens, i-1)
		marked := dayMarkers[before] && r.tokens[i].digits > 0
		alone := (r.awaited == AskedDates || r.awaited == AskedCheckOut) && len(r.tokens) == 1
		m, ok := r.day(i, marked || alone)
		if !ok || m.at < i {
			continue
		}
		if r.firstFrom(m, r.today).IsZero() {
			continue
		}
		r.use(m.at, m.end)
		found = append(found, m)
		i = m.end - 1
	}
	return found
}

var dayMarkers = set("el dia hasta al")

var arrivals = set("llego llegamos llegaria llegariamos entro entramos desde ingreso ingresamos entrada in from mejor")

// leaving reports whether the words just before a day name the end of the stay.
func (r *reader) leaving(m mention) (string, bool) {
	for i := m.at - 1; i >= 0 && i >= m.at-5; i-- {
		switch w := r.tokens[i].text; w {
		case "hasta", "ate", "until", "till", "vuelvo", "volvemos", "salgo", "salimos", "salida", "checkout", "regreso", "regresamos", "retirarme", "retiro", "leave", "leaving", "saida":
			return w, true
		case "al":
			return w, i == m.at-1
		case "out":
			return w, word(r.tokens, i-1) == "check" || word(r.tokens, i-2) == "check"
		case "voy", "vamos":
			before := word(r.tokens, i-1)
			return w, before == "me" || before == "nos"
		case "y", ",", ".", ";":
			return w, false
		}
		if arrivals[r.tokens[i].text] {
			return r.tokens[i].text, false
		}
		if r.tokens[i].used {
			return "", false
		}
	}
	return "", false
}

// durations reads "3 noches", "una semana"; with "en" or "dentro de" before them they are a day ahead instead.
func (r *reader) durations() (ahead []mention, nights int) {
	for i, t := range r.tokens {
		if !t.figure(1, 99) {
			continue
		}
		length := 0
		switch next := word(r.tokens, i+1); {
		case nightWords[next]:
			length = t.num
		case dayWords[next] && t.num > 1:
			length = t.num
		case weekWords[next]:
			length = 7 * t.num
		default:
			continue
		}
		switch before := word(r.tokens, i-1); {
		case before == "en" || before == "in" || before == "de" && word(r.tokens, i-2) == "dentro":
			if !nightWords[word(r.tokens, i+1)] {
				ahead = append(ahead, mention{weekday: -1, date: r.today.AddDays(length), at: i, end: i + 2})
			}
		case before == "hace" || before == "cada" || before == "faltan":
		default:
			nights = length
		}
		r.use(i, i+2)
	}
	return ahead, nights
}

func (r *reader) use(from, to int) {
	for i := from; i < to && i < len(r.tokens); i++ {
		r.tokens[i].used = true
	}
}
