package understanding

import "cabanas/booking"

// ranges reads "del 10 al 15 de enero", "20/12 al 23/12", "viernes a domingo".
func (r *reader) ranges() []span {
	var found []span
	for i := 0; i < len(r.tokens); i++ {
		if s, ok := r.rangeAt(i); ok {
			r.use(s.at, s.end, readAsDay)
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
	if word(r.tokens, i) == "con" && word(r.tokens, i+1) == "salida" {
		i += 2
	}
	join := word(r.tokens, i)
	strong := joinsStrong[join]
	if !strong && !joinsWeak[join] && (join != "y" && join != "e" && join != "and" || word(r.tokens, start) != "entre" && word(r.tokens, start) != "between") {
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
	if a.bare() && b.bare() && join == "a" && opener == "de" && r.saysHours() {
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

// saysHours reports whether the message is about hours, so that "de 15 a 21" are hours, too.
func (r *reader) saysHours() bool {
	for _, t := range r.tokens {
		if t.text == "horario" || t.text == "horarios" || t.text == "hora" || t.text == "horas" || hourWords[t.text] && t.kind == readAsHour {
			return true
		}
	}
	return false
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
	if a.bare() && b.bare() && r.month != 0 {
		a.month, b.month = r.month, r.month
		if b.day <= a.day {
			b.month = b.month%12 + 1
		}
	}
	if b.month != 0 {
		r.month = b.month
	}
	if a.day != 0 && a.month == 0 && b.month != 0 {
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
	r.disagrees(a, in)
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
