package understanding

// party is who comes, as far as it was said.
type party struct {
	// people is a number given for everybody ("4 personas"), said a number after "somos" or the like.
	people, said     int
	adults, children int
	pets             int
	// own counts the people of the speaker named without a number ("mi señora"), self says that the speaker named themself.
	own  int
	self bool
	// withChildren says that the children come on top of the number said ("somos dos y un nene").
	withChildren bool
	// nobody says that zero was said as a number of guests.
	nobody             bool
	noPets, noChildren bool
}

// people reads who comes, except lone numbers: those wait until the dates are known. What stands before the last correction
// does not count when somebody is counted after it.
func (r *reader) people() party {
	var p party
	for start := r.correctedPeople(); ; start = 0 {
		p = party{}
		for i := start; i < len(r.tokens); i++ {
			if !r.countedPeople(&p, i) {
				r.uncountedPeople(&p, i)
			}
		}
		if start == 0 || p.people+p.adults+p.children+p.pets+p.own > 0 {
			return p
		}
	}
}

// correctedPeople is the token after the last word of correction, 0 when there is none.
func (r *reader) correctedPeople() int {
	for i := len(r.tokens) - 1; i > 0; i-- {
		if correctionWords[r.tokens[i].text] && r.tokens[i].text != "mejor" {
			return i + 1
		}
	}
	return 0
}

// countedPeople reads a number before a word for people or pets: "2 grandes y 1 nene", "con un perro".
func (r *reader) countedPeople(p *party, i int) bool {
	t := r.tokens[i]
	one := (t.text == "a" || t.text == "another") && i+1 < len(r.tokens) && englishPeople[word(r.tokens, i+1)] || t.text == "a" && word(r.tokens, i+1) == "small" && petWords[word(r.tokens, i+2)]
	if !one && (t.num < 0 || t.digits > 3 || t.used) {
		return false
	}
	n, at := max(t.num, 0), i+1
	if one {
		n = 1
	}
	for sizeWords[word(r.tokens, at)] && !adultWords[word(r.tokens, at)] && (!childWords[word(r.tokens, at)] || countable(word(r.tokens, at+1))) {
		at++
	}
	switch noun := word(r.tokens, at); {
	case personWords[noun] && (word(r.tokens, at+1) == "mas" || addWords[word(r.tokens, i-1)]), personWords[noun] && n == 1 && r.wanted(i):
		return false
	case personWords[noun]:
		if join := word(r.tokens, i-1); (join == "-" || join == "o" || join == "a") && figureAt(r.tokens, i-2) {
			r.use(i-2, i-1, readAsPeople)
		}
		p.people, p.nobody = n, n == 0
		if friendWords[noun] && (word(r.tokens, at+1) == "y" && word(r.tokens, at+2) == "yo" || word(r.tokens, i-1) == "con" && singularGoing[word(r.tokens, i-2)] || listWords[word(r.tokens, i-1)] && (word(r.tokens, i-2) == "me" || word(r.tokens, i-2) == "yo" || word(r.tokens, i-2) == "eu")) {
			p.people++
		}
	case adultWords[noun]:
		p.adults += n
	case childWords[noun]:
		p.addChildren(r.tokens, i, n)
		p.self = p.self || speakersOwn[word(r.tokens, i-1)] && r.comesAlong(i)
	case multiples[noun] > 0:
		p.addChildren(r.tokens, i, max(n, multiples[noun]))
	case coupleWords[noun]:
		p.adults += 2 * n
	case petWords[noun]:
		p.pets += n
	default:
		return false
	}
	r.use(i, at+1, readAsPeople)
	return true
}

// countable reports a word for people or pets.
func countable(w string) bool {
	return personWords[w] || adultWords[w] || childWords[w] || coupleWords[w] || petWords[w] || multiples[w] > 0
}

func figureAt(tokens []token, i int) bool { return at(tokens, i).figure(1, 99) }

// wanted reports whether the one person at i is somebody to talk to, not a guest.
func (r *reader) wanted(i int) bool {
	for k := i - 1; k >= 0 && k >= i-5; k-- {
		if talkWords[r.tokens[k].text] {
			return true
		}
	}
	if word(r.tokens, i-1) == "con" && !r.traveling(i-2) {
		return true
	}
	return word(r.tokens, i+2) == "real" || word(r.tokens, i+2) == "humana" || word(r.tokens, i+2) == "que"
}

// addChildren counts children and notes whether they come on top of a number said before.
func (p *party) addChildren(tokens []token, i, n int) {
	p.children += n
	switch word(tokens, i-1) {
	case "y", "mas", "+", "e", "and", "plus":
		p.withChildren = true
	case "con", "with", "com":
		for k := i - 2; k >= 0 && k >= i-3; k-- {
			if tokens[k].num > 0 && tokens[k].num <= 2 {
				p.withChildren = true
			}
		}
	}
}

// uncountedPeople reads people named without a number: "mi señora y yo", "con mi perro", "viajo sola", "sin mascotas".
func (r *reader) uncountedPeople(p *party, i int) {
	t, before := r.tokens[i], word(r.tokens, i-1)
	if t.used {
		return
	}
	own, the := ownWords[before], before == "el" || before == "la" || before == "o" || before == "the" || before == "su"
	switch {
	case (before == "sin" || before == "sem" || before == "without" || before == "no" || negatedVerb(r.tokens, i-1)) && petWords[t.text]:
		p.noPets = !r.asks(i)
	case (before == "sin" || before == "sem" || before == "without") && childWords[t.text]:
		p.noChildren = true
	case own && partnerWords[t.text] && r.comesAlong(i):
		p.own++
	case parentWords[t.text] && r.otherParent(i) > 0:
		p.adults += 2
		r.use(i+1, r.otherParent(i)+1, readAsPeople)
	case multiples[t.text] > 0 && (own || the || before == "los" || before == "las" || listWords[before] || goingWords[before]) && r.comesAlong(i):
		p.addChildren(r.tokens, i-1, multiples[t.text])
		p.withChildren = true
	case r.agedChild(i):
		from, n := r.countOfAged(i)
		p.addChildren(r.tokens, from, n)
		r.use(from, i+1, readAsPeople)
		if childWords[word(r.tokens, i+1)] || englishPeople[word(r.tokens, i+1)] {
			r.use(i+1, i+2, readAsPeople)
		}
	case p.children > 0 && otherWords[t.text] && word(r.tokens, i+1) == "de" && at(r.tokens, i+2).kind == readAsNumber:
		p.addChildren(r.tokens, i, 1)
	case own && elderWords[t.text] && r.comesAlong(i):
		p.own += 2
	case coupleWords[t.text] && !plural(t.text) && !own && !bedWords[word(r.tokens, i-2)] && !bedWords[before] && (i == 0 || coupleBefore[before]):
		p.adults += 2
	case childWords[t.text] && !plural(t.text) && (own || the && (listWords[word(r.tokens, i-2)] || goingWords[word(r.tokens, i-2)])) && r.comesAlong(i) && (own || r.traveling(i-2)):
		p.addChildren(r.tokens, i-1, 1)
		p.withChildren = p.withChildren || listWords[word(r.tokens, i-2)]
		if own {
			p.self = true
		}
	case petWords[t.text] && !plural(t.text) && (own || the || before == "con") && (before == "con" || before == "llevo" || r.comesAlong(i)):
		p.pets++
	case (t.text == "yo" || t.text == "eu" || t.text == "i") && (listWords[before] || listWords[word(r.tokens, i+1)] || word(r.tokens, i+1) == "con") && r.listsPeople(i):
		p.self = true
	case r.namesSelf(i) && r.listsPeople(i):
		p.self = true
	case (t.text == "solo" || t.text == "sola" || t.text == "alone") && (alone[before] || before == "mi" && word(r.tokens, i-2) == "para"):
		p.adults = max(p.adults, 1)
	default:
		return
	}
	r.use(i, i+1, readAsPeople)
}

// traveling reports whether a word of going or people stand before i in the same sentence.
func (r *reader) traveling(i int) bool {
	for k := i; k >= 0; k-- {
		switch t := r.tokens[k]; {
		case t.text == "?" || t.text == "." && !t.glued || t.text == "!":
			return false
		case goingWords[t.text] || t.kind == readAsPeople || t.text == "yo" || t.text == "para":
			return true
		}
	}
	return false
}

// negatedVerb reports "no llevamos", "no tenemos" ending at i.
func negatedVerb(tokens []token, i int) bool {
	return word(tokens, i-1) == "no" && (goingWords[word(tokens, i)] || word(tokens, i) == "tenemos" || word(tokens, i) == "tengo")
}

// asks reports whether the words around i make a question of what is allowed: "no aceptan mascotas?".
func (r *reader) asks(i int) bool {
	for k := i - 4; k < i; k++ {
		if w := word(r.tokens, k); w == "aceptan" || w == "admiten" || w == "permiten" || w == "es" || w == "cabana" {
			return true
		}
	}
	return word(r.tokens, i+1) == "?" || word(r.tokens, i+1) == "allowed"
}

// comesAlong reports whether somebody named at i belongs to those who travel: a verb of going or "con" stands before, or the
// speaker is named beside. "Lo hablo con mi marido" and "se enfermó mi mamá" bring nobody.
func (r *reader) comesAlong(i int) bool {
	const far = 14
	for k := i + 1; k < len(r.tokens) && k <= i+far; k++ {
		if w := r.tokens[k].text; (w == "yo" || w == "eu" || w == "i") && listWords[word(r.tokens, k-1)] || r.namesSelf(k) {
			return true
		}
	}
	if next := word(r.tokens, i+2); word(r.tokens, i+1) == "se" && staysBehind[next] || word(r.tokens, i+1) == "no" && absentVerbs[next] {
		return false
	}
	for k := i - 2; k >= 0 && k >= i-far; k-- {
		w := r.tokens[k].text
		switch {
		case talkWords[w] || staysBehind[w]:
			return false
		case goingWords[w] || w == "yo" || w == "eu" || r.namesSelf(k):
			return true
		case w == "con" || w == "com" || w == "with":
			if staysBehind[word(r.tokens, k-1)] {
				return false
			}
			if !talkWords[word(r.tokens, k-1)] && !ofThing(word(r.tokens, k-1)) {
				return true
			}
		case r.tokens[k].kind == readAsPeople && k >= i-4:
			return true
		}
	}
	return false
}

func ofThing(w string) bool { return w == "cuenta" || w == "nombre" || w == "problema" }

// listsPeople reports whether the speaker at i stands in a list of people: "mi marido, yo y la beba".
func (r *reader) listsPeople(i int) bool {
	for k := i - 4; k <= i+4; k++ {
		if t := at(r.tokens, k); k != i && (partnerWords[t.text] || childWords[t.text] || elderWords[t.text] || petWords[t.text]) {
			return true
		}
	}
	return false
}

func plural(word string) bool { return word[len(word)-1] == 's' }

// saidNumber reads "somos 4", "para 4", "los dos", and a lone number when people were asked for.
func (r *reader) saidNumber(p *party) {
	for i, t := range r.tokens {
		if t.used || !t.isNumber() || t.digits > 3 || oneArticles[t.text] {
			continue
		}
		if countsSomething(r.tokens, i) || monthAfter(r.tokens, i) {
			continue
		}
		if !r.introduced(i) && !r.alone(i) || t.num == p.pets && word(r.tokens, i-1) == "los" {
			continue
		}
		p.said, p.nobody = t.num, t.num == 0
		if or := word(r.tokens, i+1); or == "o" || or == "y" || or == "a" || or == "-" || or == "ou" || or == "or" {
			if most := at(r.tokens, i+2); most.figure(t.num, 99) && !countsSomething(r.tokens, i+2) && !monthAfter(r.tokens, i+2) {
				p.said = most.num
				r.use(i+1, i+3, readAsPeople)
			}
		}
		if partner := word(r.tokens, i+1); partner == "y" && childWords[word(r.tokens, i+3)] {
			p.withChildren = true
		}
		r.use(i, i+1, readAsPeople)
	}
}

// introduced reports whether the words before the number at i make it one of people.
func (r *reader) introduced(i int) bool {
	k := i - 1
	for k >= 0 && k >= i-3 && fillerWords[r.tokens[k].text] && r.tokens[k].text != "for" && !saysPeople[r.tokens[k].text] {
		k--
	}
	before := word(r.tokens, k)
	next := word(r.tokens, i+1)
	switch {
	case saysPeople[before]:
		return true
	case before == "para" || before == "entre" || before == "for":
		return k == i-1 || word(r.tokens, i-1) != "las"
	case next == "somos" || next == "seriamos" || next == "en" && word(r.tokens, i+2) == "total" || next == "of" && word(r.tokens, i+2) == "us":
		return true
	case word(r.tokens, i-1) == "los" && i == len(r.tokens)-1 && (r.tokens[i].digits == 0 || i == 1):
		return true
	}
	return false
}

// alone reports whether the number is all that was said when people were asked for.
func (r *reader) alone(i int) bool {
	if r.awaited != AskedGuests {
		return false
	}
	for k, t := range r.tokens {
		if k != i && !t.used && (t.isNumber() || !modest[t.text] && !articles[t.text] && !fillerWords[t.text]) {
			return false
		}
	}
	return true
}

// mostPeople is the largest number that is taken for people; a sum of more is somebody playing.
const mostPeople = 999

// into writes the party into u.
func (p party) into(u *Understanding) {
	if max(p.people, p.said, p.adults, p.children, p.pets, p.own, p.adults+p.children+p.own+p.people+p.said) > mostPeople {
		return
	}
	counted := p.adults > 0
	if p.own > 0 || p.self {
		// Whoever speaks of "mi marido" comes too, unless all grown-ups were counted.
		if !counted {
			p.adults = p.own + 1
		}
	}
	named := p.people
	if p.said > 0 && (named == 0 || p.said > named) {
		named = p.said
	}
	if p.self && p.own == 0 && !counted && named > 0 {
		p.adults = 0
	}
	u.Adults, u.Children, u.Pets = p.adults, p.children, p.pets
	u.NoPets, u.NoChildren = p.noPets && p.pets == 0, p.noChildren && p.children == 0
	switch {
	case named > 0 && p.adults > 0:
		u.Guests = max(named, p.adults+p.children)
		if named >= p.adults+p.children && p.own > 0 && !counted {
			u.Adults = named - p.children
		}
		if p.children == 0 && p.own > 0 && !counted && named > p.adults {
			u.Adults = 0
		}
	case named > 0 && p.children > 0 && p.withChildren:
		u.Guests, u.Adults = named+p.children, named
	case named > 0:
		u.Guests = named
		if p.children > 0 && p.children < named {
			u.Adults = named - p.children
		}
	case p.adults > 0:
		u.Guests = p.adults + p.children
	}
}
