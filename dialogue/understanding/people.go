package understanding

// party is who comes, as far as it was said.
type party struct {
	// people is a number given for everybody ("4 personas"), said a number after "somos" or the like.
	people, said     int
	adults, children int
	pets             int
	// withChildren says that the children come on top of the number said ("somos dos y un nene").
	withChildren bool
	// nobody says that zero was said as a number of guests.
	nobody bool
}

// countedPeople reads numbers that stand before a word for people or pets: "2 grandes y 1 nene", "con un perro".
func (r *reader) countedPeople(p *party) {
	for i, t := range r.tokens {
		next := word(r.tokens, i+1)
		number := t.num >= 0 && t.digits <= 3 && !t.used
		switch {
		case number && personWords[next] && word(r.tokens, i+2) == "mas":
		case number && personWords[next]:
			if i > 1 && (word(r.tokens, i-1) == "-" || word(r.tokens, i-1) == "o" || word(r.tokens, i-1) == "a") && at(r.tokens, i-2).figure(1, 99) {
				r.tokens[i-2].used = true
			}
			p.people, p.nobody = t.num, t.num == 0
			if word(r.tokens, i+2) == "y" && word(r.tokens, i+3) == "yo" {
				p.people++
			}
		case number && adultWords[next]:
			p.adults += t.num
		case number && childWords[next]:
			p.addChildren(r.tokens, i, t.num)
		case number && coupleWords[next]:
			p.adults += 2 * t.num
		case number && petWords[next]:
			p.pets += t.num
		default:
			r.uncounted(p, i)
			continue
		}
		r.use(i, i+2)
	}
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

// uncounted reads people named without a number: "mi señora y yo", "con mi perro", "viajo sola".
func (r *reader) uncounted(p *party, i int) {
	t, before := r.tokens[i], word(r.tokens, i-1)
	if t.used {
		return
	}
	own := before == "mi" || before == "nuestro" || before == "nuestra" || before == "my"
	switch {
	case own && partnerWords[t.text]:
		if p.adults == 0 {
			p.adults = 1
		}
		p.adults++
	case coupleWords[t.text] && (before == "en" || before == "somos" || before == "as"):
		p.adults += 2
	case childWords[t.text] && !plural(t.text) && (own || before == "el" && word(r.tokens, i-2) == "y"):
		p.addChildren(r.tokens, i-1, 1)
	case petWords[t.text] && !plural(t.text) && p.pets == 0 && (own || before == "con" || before == "llevo" || before == "el" && word(r.tokens, i-2) == "con"):
		p.pets = 1
	case (t.text == "solo" || t.text == "sola") && (alone[before] || before == "mi" && word(r.tokens, i-2) == "para"):
		p.adults = max(p.adults, 1)
	default:
		return
	}
	r.tokens[i].used = true
}

func plural(word string) bool { return word[len(word)-1] == 's' }

var (
	alone       = set("voy viajo iria ire yo estoy vengo soy")
	saysPeople  = set("somos seriamos seremos seriamo eramos vamos venimos viajamos iriamos iremos nosotros nosotras familia grupo we're are serian total")
	fillerWords = set("unos unas como de solo solamente los las en total ya todos serian a ser aprox maximo mas o menos for nada")
)

// saidNumber reads "somos 4", "para 4", "los dos", and a lone number when people were asked for.
func (r *reader) saidNumber(p *party) {
	for i, t := range r.tokens {
		if t.used || !t.isNumber() || t.digits > 3 || t.text == "una" {
			continue
		}
		if countsSomething(r.tokens, i) || monthAfter(r.tokens, i) {
			continue
		}
		if !r.introduced(i) && !r.alone(i) {
			continue
		}
		p.said, p.nobody = t.num, t.num == 0
		if or := word(r.tokens, i+1); or == "o" || or == "y" || or == "a" || or == "-" {
			if most := at(r.tokens, i+2); most.figure(t.num, 99) && !countsSomething(r.tokens, i+2) && !monthAfter(r.tokens, i+2) {
				p.said = most.num
				r.use(i+1, i+3)
			}
		}
		if partner := word(r.tokens, i+1); partner == "y" && childWords[word(r.tokens, i+3)] {
			p.withChildren = true
		}
		r.use(i, i+1)
	}
}

// introduced reports whether the words before the number at i make it one of people.
func (r *reader) introduced(i int) bool {
	k := i - 1
	for k >= 0 && k >= i-3 && fillerWords[r.tokens[k].text] && !saysPeople[r.tokens[k].text] {
		k--
	}
	before := word(r.tokens, k)
	next := word(r.tokens, i+1)
	switch {
	case saysPeople[before]:
		return true
	case before == "para" || before == "entre" || before == "for":
		return k == i-1 || word(r.tokens, i-1) != "las"
	case next == "somos" || next == "seriamos" || next == "en" && word(r.tokens, i+2) == "total":
		return true
	case word(r.tokens, i-1) == "los" && i == len(r.tokens)-1 && r.tokens[i].digits == 0:
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

var modest = set("si bueno ok dale hola , . ! ) ( ? creo seria vamos ser")

// into writes the party into u.
func (p party) into(u *Understanding) {
	u.Adults, u.Children, u.Pets = p.adults, p.children, p.pets
	named := p.people
	if p.said > 0 && (named == 0 || p.said > named) {
		named = p.said
	}
	switch {
	case named > 0 && p.adults > 0:
		u.Guests = max(named, p.adults+p.children)
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
