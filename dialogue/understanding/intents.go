package understanding

import (
	"math"
	"slices"
	"strings"
	"sync"
)

const (
	// prefixLength is how much of a word stands for all its forms.
	prefixLength = 5
	// unsure is the share of the best intent below which none is told.
	unsure = 0.30
	// unknownUnit stands for every word that no phrase has.
	unknownUnit = "<?>"
)

var intents = sync.OnceValue(func() *classifier {
	s := schooling()
	return train(s.intents, s.lessons())
})

// intentOf tells what the message wants and how sure that is, from 0 to 1. Firm data are people and days of the calendar: with
// them no message is a mere courtesy; a day counted from today may be, "hasta mañana".
func intentOf(tokens []token, firmData, hasStay, hasCode bool) (Intent, float64) {
	units := unitsOf(tokens)
	hasData := firmData || hasStay
	if silent(units) || hasData && plainData(units) {
		switch {
		case hasCode:
			return MyBookings, 0.7
		case hasData && slices.Contains(units, "?"):
			return Availability, 0.7
		case hasData:
			return ProvideInfo, 0.9
		case slices.Contains(units, "<mes>"):
			return ProvideInfo, 0.7
		}
		return Other, 0
	}
	model := intents()
	shares := model.shares(schooling().features(units))
	model.hear(sentences(tokens), shares)
	best := Other
	share := float32(-1)
	polite := !slices.ContainsFunc(units, func(unit string) bool { return !politeWords[unit] })
	for c, intent := range model.classes {
		if firmData && courtesies[intent] || polite && !courtesies[intent] {
			continue
		}
		if shares[c] > share {
			best, share = intent, shares[c]
		}
	}
	if share < unsure && !polite {
		best = Other
		if firmData || hasData && slices.ContainsFunc(units, func(unit string) bool { return dataWords[unit] }) {
			best = ProvideInfo
		}
	}
	if best == ProvideInfo && !firmData && hasStay && !slices.ContainsFunc(units, func(unit string) bool { return dataWords[unit] || interjections[unit] }) && manyWords(units) {
		best = Other
	}
	if best == Other && firmData && share < clearShare {
		best = ProvideInfo
	}
	if hasData && searched[best] && searches(tokens) {
		best = Availability
	}
	return best, rounded(share)
}

// manyWords reports units with an unknown word or two known ones.
func manyWords(units []string) bool {
	count := 0
	for _, unit := range units {
		if unit == unknownUnit {
			return true
		}
		if !special(unit) {
			count++
		}
	}
	return count > 1
}

// searched are the intents that a message with days or people is not about when it says that a place is looked for.
var searched = map[Intent]bool{ProvideInfo: true, Amenities: true, Policies: true, Other: true}

// searches reports whether the words say that a place is looked for: "necesito una cabaña", "hay algo". After a correction
// they do not.
func searches(tokens []token) bool {
	found := false
	for i, t := range tokens {
		switch {
		case correctionWords[t.text] || t.text == "no":
			return false
		case seekWords[t.text] && !restWords[word(tokens, i+1)]:
			found = true
		case askWords[t.text] && freeWords[word(tokens, i+1)] && word(tokens, i+3) != "el" && word(tokens, i+3) != "estacionar":
			found = true
		}
	}
	return found
}

// How much the surest sentence of several adds to what the whole message seems to want; a question most.
const (
	ofSentence = 0.3
	ofQuestion = 1.2
	clearShare = 0.5 // a sentence that wants nothing clear by itself adds nothing
)

// hear adds what the sentences want by themselves to the shares of the whole message: a wish may be one sentence among greetings
// and explanations.
func (m *classifier) hear(sentences [][]token, shares []float32) {
	if len(sentences) < 2 {
		return
	}
	surest := make([]float32, len(shares))
	for _, sentence := range sentences {
		units := unitsOf(sentence)
		if silent(units) {
			continue
		}
		weight := float32(ofSentence)
		if slices.Contains(units, "?") {
			weight = ofQuestion
		}
		for c, share := range m.shares(schooling().features(units)) {
			if share >= clearShare {
				surest[c] = max(surest[c], weight*share)
			}
		}
	}
	sum := float32(0)
	for c, intent := range m.classes {
		if !courtesies[intent] && intent != ProvideInfo && intent != Other {
			shares[c] += surest[c]
		}
		sum += shares[c]
	}
	for c := range shares {
		shares[c] /= sum
	}
}

// sentences splits a message at its stops, commas and marks; those inside numbers do not count.
func sentences(tokens []token) [][]token {
	var found [][]token
	start := 0
	for i, t := range tokens {
		switch t.text {
		case ".", "?", "!", ";", ",", ":":
			if t.glued && at(tokens, i+1).glued && at(tokens, i+1).isNumber() {
				continue
			}
			if i > start {
				found = append(found, tokens[start:i+1])
			}
			start = i + 1
		}
	}
	if start < len(tokens) {
		found = append(found, tokens[start:])
	}
	return found
}

// plainData reports units that say nothing but dates and people: every word is one that goes with them.
func plainData(units []string) bool {
	for _, unit := range units {
		if !special(unit) && !dataWords[unit] && !interjections[unit] {
			return false
		}
	}
	return true
}

func rounded(share float32) float64 { return math.Round(float64(min(share, 1))*100) / 100 }

// silent reports units without any word.
func silent(units []string) bool {
	for _, unit := range units {
		if !special(unit) {
			return false
		}
	}
	return true
}

// unitsOf are the words of a message with what was read as dates, people and other numbers put into one unit each.
func unitsOf(tokens []token) []string {
	taught, known := schooling().words, spelling().known
	units := make([]string, 0, len(tokens))
	add := func(unit string) {
		if len(units) == 0 || units[len(units)-1] != unit {
			units = append(units, unit)
		}
	}
	for _, t := range tokens {
		switch {
		case t.kind != readAsNothing:
			add(kindUnits[t.kind])
		case t.isNumber() && t.digits > 0:
			add("<num>")
		case t.text == "?":
			add("?")
		case t.text < "a":
		case months[t.text] != 0:
			add("<mes>")
		case taught[t.text] || known[t.text]:
			add(t.text)
		default:
			add(unknownUnit)
		}
	}
	return units
}

// kind is what a token was read as.
type kind byte

const (
	readAsNothing kind = iota
	readAsDay
	readAsNights
	readAsPeople
	readAsHour
	readAsMoney
	readAsNumber // another number: an age, a telephone, the number of a cabin
)

var kindUnits = [...]string{"", "<fecha>", "<noches>", "<gente>", "<hora>", "<plata>", "<num>"}

// What a feature counts, by its kind: words tell more than how they stand together, pieces of words least.
const (
	ofWord  = 1
	ofClass = 0.6
	ofSlot  = 0.4
	ofStem  = 0.7
	ofPair  = 0.6
	ofEdge  = 0.1
	ofGap   = 0.35
	ofPiece = 0.4
)

// features describe a message to the classifier: its words and their beginnings, classes, neighbours, and how long it is.
func (s school) features(units []string) []feature {
	features := make([]feature, 0, 8*len(units)+4)
	add := func(value float32, name ...string) { features = append(features, feature{nameOf(name...), value}) }
	base := make([]string, len(units))
	for i, unit := range units {
		base[i] = unit
		if special(unit) {
			add(ofSlot, unit)
			continue
		}
		add(ofWord, unit)
		class := s.class[unit]
		if len(unit) > prefixLength && class == "" {
			base[i] = unit[:prefixLength]
			add(ofStem, base[i], "*")
		}
		if class != "" {
			base[i] = class
			if class == "@mes" {
				base[i] = "<mes>"
			}
			add(ofClass, base[i])
			continue
		}
		pieces(unit, func(piece string) { add(ofPiece, "~", piece) })
	}
	before, kind := "^", float32(ofEdge)
	for i, unit := range base {
		add(kind, before, " ", unit)
		if i > 1 {
			add(ofGap, base[i-2], " _ ", unit)
		}
		before, kind = unit, ofPair
	}
	add(ofEdge, before, " $")
	add(ofEdge, lengthOf(len(units)))
	return features
}

// pieces are the four-letter parts of a long word, which survive a slip and an ending.
func pieces(word string, add func(string)) {
	const length = 4
	if len(word) <= prefixLength {
		return
	}
	for i := 1; i+length <= len(word); i++ {
		add(word[i : i+length])
	}
}

func lengthOf(units int) string {
	switch {
	case units <= 1:
		return "=1"
	case units <= 3:
		return "=3"
	case units <= 7:
		return "=7"
	}
	return "=many"
}

// phraseWords lists the words of all examples, the vocabulary that misspelt words are compared with.
func phraseWords() map[string]bool {
	words := map[string]bool{}
	for word := range schooling().words {
		if strings.IndexFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) < 0 {
			words[word] = true
		}
	}
	return words
}
