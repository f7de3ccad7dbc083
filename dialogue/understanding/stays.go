package understanding

import (
	"slices"
	"strings"
	"time"

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
	// month is the last one that was named, which days named without a month belong to.
	month int
	// doubts are the stays that may be meant when there are two readings.
	doubts []booking.Stay
	// firm says that a day of the calendar was named, not only one counted from today.
	firm bool
}

// span is a stay that was named whole, with the tokens it was read from.
type span struct {
	in, out booking.Date
	at, end int
}

// dates reads the stay of the message into u: named periods, ranges, single days and durations; the last word counts.
func (r *reader) dates(u *Understanding) {
	periods := r.periods()
	r.month = r.namedMonth()
	spans := slices.Concat(periods, r.ranges())
	slices.SortFunc(spans, func(a, b span) int { return a.at - b.at })
	singles, nights := r.durations()
	singles = append(singles, r.singles()...)
	if len(spans)+len(singles) > 1 {
		spans = slices.DeleteFunc(spans, func(s span) bool { return r.ruledOut(s.at) })
		singles = slices.DeleteFunc(singles, func(m mention) bool { return r.ruledOut(m.at) })
	}
	slices.SortFunc(singles, func(a, b mention) int { return a.at - b.at })
	r.firm = nights > 0 || len(spans) > len(periods) || len(periods) > 0 && r.tokens[periods[0].at].text != "finde" || slices.ContainsFunc(singles, func(m mention) bool { return m.day > 0 })
	u.Nights = nights
	if len(spans) > 0 {
		last := spans[len(spans)-1]
		u.CheckIn, u.CheckOut = last.in, last.out
		if len(spans) > 1 {
			if before := spans[len(spans)-2]; r.either(before.end, last.at) && before.in != last.in {
				r.doubts = []booking.Stay{{CheckIn: before.in, CheckOut: before.out}, {CheckIn: last.in, CheckOut: last.out}}
			}
		}
		singles = slices.DeleteFunc(singles, func(m mention) bool { return m.at < last.end || !r.corrected(last.end, m.at) })
	}
	r.combine(u, singles)
	r.complete(u)
}

// ruledOut reports whether the day or stay at i is one that is not meant: "el 21, no el 20".
func (r *reader) ruledOut(i int) bool {
	i--
	for articles[word(r.tokens, i)] || rangeOpeners[word(r.tokens, i)] || word(r.tokens, i) == "on" {
		i--
	}
	before := word(r.tokens, i)
	return (before == "no" || before == "not" || before == "nao") && (i == 0 || r.tokens[i-1].kind == readAsDay)
}

// namedMonth is the month that is named by itself, "busco para marzo, del 8 al 12"; 0 when there is none or more than one.
func (r *reader) namedMonth() int {
	only := 0
	for i, t := range r.tokens {
		if t.text == "mes" && (word(r.tokens, i+1) == "que" && comesWords[word(r.tokens, i+2)] || nextWords[word(r.tokens, i-1)] || nextWords[word(r.tokens, i+1)]) {
			return int(r.today.Time().Month())%12 + 1
		}
		month := months[t.text]
		if month == 0 || t.used {
			continue
		}
		before := i - 1
		for w := word(r.tokens, before); w == "de" || w == "del" || w == "el" || w == "mes"; w = word(r.tokens, before) {
			before--
		}
		if at(r.tokens, before).isNumber() || at(r.tokens, i+1).isNumber() {
			continue
		}
		if only != 0 && only != month {
			return 0
		}
		only = month
	}
	return only
}

// combine adds days that were named one by one.
func (r *reader) combine(u *Understanding, singles []mention) {
	for i, m := range singles {
		said, leaves := r.leaving(m)
		if i > 0 && r.listed(singles[i-1], m) && !leaves {
			continue
		}
		or := i > 0 && r.either(singles[i-1].end, m.at)
		if said == "al" && u.CheckIn.IsZero() && (r.anchor.IsZero() || r.moves()) {
			leaves = false
		}
		asked := r.awaited == AskedCheckOut && len(singles) == 1 && !arrivals[said]
		switch {
		case leaves || asked || i > 0 && !or && !u.CheckIn.IsZero() && u.CheckOut.IsZero() && len(singles) == 2 && !r.corrected(singles[i-1].end, m.at) && r.firstFrom(m, u.CheckIn.AddDays(1)).After(u.CheckIn):
			from := r.today
			if !u.CheckIn.IsZero() {
				from = u.CheckIn.AddDays(1)
			} else if !r.anchor.IsZero() {
				from = r.anchor.AddDays(1)
			}
			u.CheckOut = r.firstFrom(m, from)
		default:
			before := u.CheckIn
			u.CheckIn = r.firstFrom(m, r.today)
			if or && !before.IsZero() && before != u.CheckIn {
				r.doubts = []booking.Stay{{CheckIn: before}, {CheckIn: u.CheckIn}}
			}
			if !u.CheckOut.IsZero() && !u.CheckIn.Before(u.CheckOut) {
				u.CheckOut = booking.Date{}
			}
		}
	}
}

// either reports whether two days or stays are offered as alternatives: "del 10 al 15 o del 12 al 17".
func (r *reader) either(from, to int) bool {
	for _, t := range r.tokens[min(from, to):to] {
		if t.text == "o" || t.text == "u" || t.text == "ou" || t.text == "or" {
			return true
		}
	}
	return false
}

// disagrees notes a weekday that is not that of the date said with it: "viernes 10 de enero" may be the 10th or the Friday near it.
func (r *reader) disagrees(m mention, day booking.Date) {
	if m.said == 0 || day.IsZero() || int(day.Weekday()) == m.said-1 {
		return
	}
	near := weekdayFrom(day.AddDays(-3), time.Weekday(m.said-1))
	if near.Before(r.today) {
		return
	}
	r.doubts = []booking.Stay{{CheckIn: day}, {CheckIn: near}}
}

// listed reports whether two days stand side by side, "el viernes y sábado": nights or ends of a stay, so only the first is sure.
func (r *reader) listed(a, b mention) bool {
	if r.either(a.end, b.at) {
		return false
	}
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

// singles reads days named by themselves; a bare number needs a word before it that makes it a day.
func (r *reader) singles() []mention {
	var found []mention
	for i := 0; i < len(r.tokens); i++ {
		if r.tokens[i].used {
			continue
		}
		before := word(r.tokens, i-1)
		marked := dayMarkers[before] && (r.tokens[i].digits > 0 || r.tokens[i].num > 1 && (before == "el" || before == "dia")) && !busLine(r.tokens, i) || r.tokens[i].ordinal && r.tokens[i].digits > 0 && englishDayMarkers[before] ||
			r.tokens[i].digits > 0 && startsWith(before, leaveStems) && !countsSomething(r.tokens, i)
		alone := (r.awaited == AskedDates || r.awaited == AskedCheckOut) && len(r.tokens) == 1
		m, ok := r.day(i, marked || alone)
		if !ok || m.at < i {
			continue
		}
		if m.bare() && r.month != 0 && (len(found) == 0 || found[len(found)-1].month != r.month || found[len(found)-1].day < m.day) {
			m.month = r.month
		}
		if r.firstFrom(m, r.today).IsZero() {
			continue
		}
		if m.month != 0 {
			r.month = m.month
		}
		r.disagrees(m, r.firstFrom(m, r.today))
		r.use(m.at, m.end, readAsDay)
		found = append(found, m)
		i = m.end - 1
	}
	for i := len(found) - 2; i >= 0; i-- {
		if next := found[i+1]; found[i].bare() && next.month != 0 && next.at-found[i].end <= 2 && next.day > found[i].day {
			found[i].month, found[i].year = next.month, next.year
		}
	}
	return found
}

// busLine reports "el 12 es el colectivo".
func busLine(tokens []token, i int) bool {
	return word(tokens, i+1) == "es" && (word(tokens, i+2) == "el" || word(tokens, i+2) == "la")
}

var (
	dayMarkers        = set("el dia hasta al del")
	englishDayMarkers = set("the on from until till")
)

var arrivals = set("llego llegamos llegaria llegariamos entro entramos desde ingreso ingresamos entrada in from mejor")

// leaving reports whether the words just before a day name the end of the stay.
func (r *reader) leaving(m mention) (string, bool) {
	for i := m.at - 1; i >= 0 && i >= m.at-5; i-- {
		switch w := r.tokens[i].text; {
		case leaveWords[w] || startsWith(w, leaveStems):
			return w, true
		case w == "al":
			return w, i == m.at-1
		case w == "out":
			return w, word(r.tokens, i-1) == "check" || word(r.tokens, i-2) == "check"
		case partWords[w]:
			before := word(r.tokens, i-1)
			return w, before == "me" || before == "nos" || before == "se"
		case w == "y" || w == "," || w == "." || w == ";":
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

var (
	leaveWords = set("hasta ate until till salgo salimos salida checkout leave leaving saida irnos irme partimos")
	leaveStems = []string{"volv", "regres", "retir", "saldr"}
	partWords  = set("voy vamos iria iriamos iremos ire vuelvo")
)

func startsWith(word string, stems []string) bool {
	for _, stem := range stems {
		if strings.HasPrefix(word, stem) {
			return true
		}
	}
	return false
}

// moves reports whether something is moved to another day: "mover la reserva al viernes".
func (r *reader) moves() bool {
	for _, t := range r.tokens {
		if startsWith(t.text, moveStems) {
			return true
		}
	}
	return false
}

var moveStems = []string{"mov", "muev", "camb", "pasar", "pasam", "pasal", "corr", "reprog", "adelant", "atras", "poster", "mudar", "trasl", "chang", "reschedul", "modific"}

// use marks tokens as read, so that nothing else is read from them.
func (r *reader) use(from, to int, as kind) {
	for i := max(from, 0); i < to && i < len(r.tokens); i++ {
		r.tokens[i].used, r.tokens[i].kind = true, as
	}
}
