package understanding

// durations reads "3 noches", "una semana"; with "en" or "dentro de" before them they are a day ahead instead.
func (r *reader) durations() (ahead []mention, nights int) {
	for i, t := range r.tokens {
		if t.text == "a" && englishSpans[word(r.tokens, i+1)] {
			t.num = 1
		}
		if !t.figure(1, 99) || ordinalWords[t.text] {
			continue
		}
		length, unit := 0, i+1
		for onlyWords[word(r.tokens, unit)] {
			unit++
		}
		switch next := word(r.tokens, unit); {
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
			if !nightWords[word(r.tokens, unit)] {
				ahead = append(ahead, mention{weekday: -1, date: r.today.AddDays(length), at: i, end: unit + 1})
				r.use(i-1, unit+1, readAsDay)
				if before == "de" {
					r.use(i-2, i, readAsDay)
				}
				continue
			}
		case before == "hace" || before == "cada" || before == "faltan":
		default:
			nights = length
		}
		r.use(i, unit+1, readAsNights)
	}
	return ahead, nights
}

var (
	englishSpans = set("week night day fortnight")
	onlyWords    = set("sola solas solo unica lindas o")
	ordinalWords = set("primer primero first")
)
