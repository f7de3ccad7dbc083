package understanding

// namesSelf reports whether the speaker is named at i as one of several: "me and my wife", "pra mim e meu marido".
func (r *reader) namesSelf(i int) bool {
	before, next := word(r.tokens, i-1), word(r.tokens, i+1)
	switch word(r.tokens, i) {
	case "me":
		return before == "and" || next == "and" || next == "&" || next == "," && ownWords[word(r.tokens, i+2)]
	case "mi", "mim":
		return (before == "para" || before == "pra" || before == "por") && (listWords[next] || listWords[word(r.tokens, i-2)])
	}
	return false
}

// agedChild reports a child that is named by age only, "an 8 year old", with "old" at i.
func (r *reader) agedChild(i int) bool {
	t := r.tokens[i].text
	if t != "old" && t != "olds" || !ageWords[word(r.tokens, r.back(i-1))] {
		return false
	}
	age := at(r.tokens, r.back(r.back(i-1)-1))
	before := word(r.tokens, r.back(r.back(i-1)-1)-1)
	return age.num >= 0 && age.num < 18 && before != "is" && before != "are" && before != "aged"
}

// back skips a hyphen at i.
func (r *reader) back(i int) int {
	if word(r.tokens, i) == "-" {
		return i - 1
	}
	return i
}

// otherParent is where the second parent of "el papá y la mamá" stands when the first one is at i, 0 when there is none.
func (r *reader) otherParent(i int) int {
	next := i + 1
	if !listWords[word(r.tokens, next)] || ownWords[word(r.tokens, i-1)] {
		return 0
	}
	if next++; articles[word(r.tokens, next)] {
		next++
	}
	if parentWords[word(r.tokens, next)] {
		return next
	}
	return 0
}

// countOfAged is how many children the words before the age say, and where those words start.
func (r *reader) countOfAged(i int) (from, n int) {
	from = r.back(r.back(i-1)-1) - 1
	if before := at(r.tokens, from); before.num > 0 && !before.used {
		return from, before.num
	}
	return from, 1
}
