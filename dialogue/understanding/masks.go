package understanding

// maskOthers marks numbers that are neither days nor people: money, hours, ages, telephones, documents, percentages, the
// number of a cabin, kilometres.
func maskOthers(tokens []token) {
	for i := 0; i < len(tokens); i++ {
		if !tokens[i].isNumber() || tokens[i].used {
			continue
		}
		if _, next, ok := writtenDate(tokens, i); ok {
			i = next - 1
			continue
		}
		maskTelephone(tokens, i)
		maskThousands(tokens, i)
		maskHour(tokens, i)
		maskByNeighbour(tokens, i)
	}
	maskAges(tokens)
}

// mask marks the token at i as read.
func mask(tokens []token, i int, as kind) { tokens[i].used, tokens[i].kind = true, as }

func at(tokens []token, i int) token {
	if i < 0 || i >= len(tokens) {
		return token{num: -1}
	}
	return tokens[i]
}

func word(tokens []token, i int) string { return at(tokens, i).text }

// maskTelephone masks groups of figures that end like a telephone, 2233-4455, with up to three groups before, and any number
// of five figures and more.
func maskTelephone(tokens []token, i int) {
	if tokens[i].digits >= 5 {
		mask(tokens, i, readAsNumber)
		return
	}
	last := nextGroup(tokens, i)
	if last < 0 || tokens[i].digits < 3 || tokens[last].digits != 4 {
		return
	}
	for k := i; k <= last; k++ {
		mask(tokens, k, readAsNumber)
	}
	for k, groups := i, 0; groups < 3; groups++ {
		before := k - 1
		if word(tokens, before) == "-" {
			before--
		}
		if at(tokens, before).digits == 0 {
			return
		}
		mask(tokens, before, readAsNumber)
		k = before
	}
}

func nextGroup(tokens []token, i int) int {
	next := i + 1
	if word(tokens, next) == "-" {
		next++
	}
	if at(tokens, next).digits == 0 {
		return -1
	}
	return next
}

// maskThousands masks 50.000 and 15,50.
func maskThousands(tokens []token, i int) {
	sign := at(tokens, i+1)
	rest := at(tokens, i+2)
	if !sign.glued || !rest.glued || rest.digits == 0 {
		return
	}
	listed := word(tokens, i+3) == "y" || word(tokens, i+3) == ","
	if sign.text == "." && rest.digits == 3 || sign.text == "," && !listed {
		mask(tokens, i, readAsMoney)
		mask(tokens, i+2, readAsMoney)
	}
}

// maskHour masks 10:30, 22 hs, a las 10, de 10 a 15 hs.
func maskHour(tokens []token, i int) {
	if sign := at(tokens, i+1); sign.text == ":" && sign.glued && at(tokens, i+2).glued && at(tokens, i+2).isNumber() {
		mask(tokens, i, readAsHour)
		mask(tokens, i+2, readAsHour)
	}
	if hourWords[word(tokens, i+1)] && tokens[i].num <= 24 {
		mask(tokens, i, readAsHour)
		if join := word(tokens, i-1); (join == "a" || join == "y" || join == "-") && at(tokens, i-2).isNumber() {
			mask(tokens, i-2, readAsHour)
		}
	}
	if before := word(tokens, i-1); (before == "las" || before == "tipo") && tokens[i].num <= 24 && !countsSomething(tokens, i) {
		mask(tokens, i, readAsHour)
	}
}

func maskByNeighbour(tokens []token, i int) {
	before, after := word(tokens, i-1), word(tokens, i+1)
	switch {
	case before == "$" || moneyBefore[before]:
		mask(tokens, i, readAsMoney)
	case after == "%":
		mask(tokens, i, readAsNumber)
	case moneyAfter[after]:
		mask(tokens, i, readAsMoney)
		if join := before; (join == "a" || join == "y" || join == "-") && at(tokens, i-2).isNumber() {
			mask(tokens, i-2, readAsNumber)
		}
	case placeWords[before] || articles[before] && placeWords[word(tokens, i-2)]:
		for k := i; k < len(tokens) && (k == i || word(tokens, k) == "de" || months[word(tokens, k)] != 0); k++ {
			mask(tokens, k, readAsNumber)
		}
	case numberedThings[before] && !at(tokens, i).used:
		mask(tokens, i, readAsNumber)
	case notPeople[after] && !nightWords[after] && !dayWords[after] && !weekWords[after] && !datePrefix[before]:
		mask(tokens, i, readAsNumber)
	}
}

var (
	placeWords     = set("calle av avenida plaza barrio ruta esquina pasaje boulevard bulevar escuela colegio hospital club linea colectivo bondi omnibus rua street avenue")
	numberedThings = set("cabana opcion numero nro depto departamento habitacion piso lote ruta km dni")
	datePrefix     = set("al hasta el del desde")
)

// maskAges masks the numbers of "5 años", "de 3 y 7 años", "nenes de 4 y 6".
func maskAges(tokens []token) {
	for i := range tokens {
		if tokens[i].isNumber() && (ageWords[word(tokens, i+1)] && word(tokens, i+2) != "nuevo" || word(tokens, i+1) == "-" && ageWords[word(tokens, i+2)]) {
			mask(tokens, i, readAsNumber)
			maskBackwards(tokens, i)
		}
		if otherWords[tokens[i].text] && word(tokens, i+1) == "de" && at(tokens, i+2).figure(1, 17) && !monthAfter(tokens, i+2) && word(tokens, i-1) != "al" {
			mask(tokens, i+2, readAsNumber)
		}
		if (childWords[tokens[i].text] || multiples[tokens[i].text] > 0) && word(tokens, i+1) == "de" && at(tokens, i+2).isNumber() && !monthAfter(tokens, i+2) {
			mask(tokens, i+2, readAsNumber)
			if word(tokens, i+3) == "y" && at(tokens, i+4).isNumber() && !countsSomething(tokens, i+4) {
				mask(tokens, i+4, readAsNumber)
			}
		}
	}
}

func maskBackwards(tokens []token, i int) {
	for joint := word(tokens, i-1); joint == "y" || joint == "," || joint == "a"; joint = word(tokens, i-1) {
		if !at(tokens, i-2).isNumber() {
			return
		}
		i -= 2
		mask(tokens, i, readAsNumber)
	}
}

// monthAfter reports whether the number at i is followed by a month, as in "10 de enero" or "10/1".
func monthAfter(tokens []token, i int) bool {
	if _, _, ok := writtenDate(tokens, i); ok {
		return true
	}
	next := i + 1
	for word(tokens, next) == "de" || word(tokens, next) == "del" {
		next++
	}
	_, found := months[word(tokens, next)]
	return found
}

// countsSomething reports whether the number at i is followed by what it counts.
func countsSomething(tokens []token, i int) bool {
	next := word(tokens, i+1)
	return countable(next) || notPeople[next] || nightWords[next] || next == "%"
}
