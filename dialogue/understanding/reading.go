package understanding

import (
	"slices"
	"strings"
	"unicode"
)

// HasStay reports whether dates or a length of stay were said.
func (r Reading) HasStay() bool { return !r.CheckIn.IsZero() || !r.CheckOut.IsZero() || r.Nights > 0 }

// HasData reports whether anything about the stay or the people was said.
func (r Reading) HasData() bool { return r.HasStay() || r.Guests > 0 || r.Nobody }

// Empty reports whether the message has no words, numbers or signs.
func (r Reading) Empty() bool { return len(r.tokens) == 0 }

// Says reports whether one of the words, folded and without accents, is in the message.
func (r Reading) Says(words ...string) bool {
	return slices.ContainsFunc(r.tokens, func(t token) bool { return slices.Contains(words, t.text) })
}

// Position reads a place in a list from a short message: 2, la segunda, la más barata. 0 is none.
func (r Reading) Position() int {
	const shortMessage = 5
	if len(r.tokens) > shortMessage {
		return 0
	}
	for _, t := range r.tokens {
		if position, found := positions[t.text]; found {
			return position
		}
		if t.digits == 1 {
			return t.num
		}
	}
	return 0
}

var positions = words[int]{
	1: "primera primero primer primeira primeiro barata economica uno una first cheapest", 2: "segunda segundo dos second", 3: "tercera tercero terceira terceiro tres third",
}.index()

// SaysName reports whether the message has a word of a name as given by [NameWords], one slip allowed in a long one.
func (r Reading) SaysName(word string) bool {
	for _, t := range r.tokens {
		if t.raw == word || len(word) >= shortestMended && len(t.raw) >= shortestMended-1 && slips(t.raw, word) <= 1 {
			return true
		}
	}
	return false
}

// NameWords are the words that tell a cabin from the others, folded.
func NameWords(name string) []string {
	var found []string
	for _, word := range strings.FieldsFunc(foldText(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if !genericNames[word] && !empty[word] {
			found = append(found, word)
		}
	}
	return found
}

// empty words say nothing about a name.
var empty = set("de la el los las y a en un una que del al lo le te se o the of to for e os as do da em uma um")

var genericNames = set("cabana cabanas casa casas depto departamento apartamento habitacion cabin house room")
