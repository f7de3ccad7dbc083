package understanding

import (
	_ "embed"
	"math"
	"slices"
	"strings"
	"sync"
)

// phrases.txt holds example messages by intent. A new way of saying something is a new line there.
//
//go:embed data/phrases.txt
var phrasesFile string

// example is one phrase as the stems that make it recognisable and what they weigh together.
type example struct {
	intent Intent
	stems  []string
	weight float64
	// withData says that it counts only next to dates or people.
	withData bool
	// weak says that no word of it tells anything by itself; negated, that without its "no" it means the opposite.
	weak, negated bool
}

type examples struct {
	all []example
	// weights say how much a stem tells: the fewer intents use it, the more.
	weights map[string]float64
	unknown float64
}

const (
	// enoughOfExample is the share of an example that a message must contain.
	enoughOfExample = 0.75
	// enoughOfMessage is the share of a message that a mere courtesy must explain.
	enoughOfMessage = 0.6
	stemLength      = 5
	weightOfWeak    = 0.5
)

// courtesies are intents only when nothing else is said.
var courtesies = map[Intent]bool{Greeting: true, Affirm: true, Deny: true, Thanks: true, Goodbye: true}

// intentOf scores the message against every example: the best covered one with the most telling words wins.
func intentOf(tokens []token, hasData, hasCode bool) (Intent, float64) {
	e := learned()
	said, rest := stemsOf(tokens), restOf(tokens)
	wish, wishScore, wishCover := Intent(""), 0.0, 0.0
	courtesy, courtesyScore, courtesyCover := Intent(""), 0.0, 0.0
	for _, candidate := range e.all {
		if candidate.withData && !hasData || candidate.negated && !said["no"] {
			continue
		}
		matched, telling := 0.0, candidate.weak
		for _, stem := range candidate.stems {
			if said[stem] {
				matched += e.weights[stem]
				telling = telling || !weak[stem]
			}
		}
		cover := matched / candidate.weight
		if cover < enoughOfExample || !telling || candidate.weak && cover < 1 {
			continue
		}
		score := matched * cover * cover
		if courtesies[candidate.intent] {
			if matched/max(e.messageWeight(rest), 0.01) >= enoughOfMessage && score > courtesyScore {
				courtesy, courtesyScore, courtesyCover = candidate.intent, score, cover
			}
			continue
		}
		if score > wishScore {
			wish, wishScore, wishCover = candidate.intent, score, cover
		}
	}
	switch {
	case wish == Other && (hasData || courtesy != ""):
	case wish != "":
		return wish, rounded(wishCover)
	}
	switch {
	case hasData:
		return ProvideInfo, 0.9
	case courtesy != "":
		return courtesy, rounded(courtesyCover)
	case hasCode:
		return MyBookings, 0.7
	}
	return Other, 0
}

func rounded(share float64) float64 { return math.Round(min(share, 1)*100) / 100 }

var learned = sync.OnceValue(func() examples {
	var e examples
	intents := map[string]map[Intent]bool{}
	intent, withData := Intent(""), false
	for line := range strings.Lines(phrasesFile) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			name, condition, _ := strings.Cut(strings.Trim(line, "[]"), " ")
			intent, withData = Intent(name), condition != ""
		default:
			stems := phraseStems(line)
			e.all = append(e.all, example{intent: intent, stems: stems, withData: withData})
			for _, stem := range stems {
				if intents[stem] == nil {
					intents[stem] = map[Intent]bool{}
				}
				intents[stem][intent] = true
			}
		}
	}
	const allIntents = 22
	e.weights = map[string]float64{}
	for stem, users := range intents {
		e.weights[stem] = math.Log(1 + allIntents/math.Pow(float64(len(users)), 1.5))
		if weak[stem] {
			e.weights[stem] = min(e.weights[stem], weightOfWeak)
		}
	}
	e.unknown = math.Log(1 + allIntents)
	for i := range e.all {
		for _, stem := range e.all[i].stems {
			e.all[i].weight += e.weights[stem]
			e.all[i].negated = e.all[i].negated || stem == "no"
		}
		e.all[i].weak = !slices.ContainsFunc(e.all[i].stems, func(stem string) bool { return !weak[stem] })
	}
	return e
})

// phraseWords lists the words of all examples, the vocabulary that misspelt words are compared with.
func phraseWords() map[string]bool {
	found := map[string]bool{}
	for line := range strings.Lines(phrasesFile) {
		if strings.HasPrefix(line, "[") || strings.HasPrefix(line, "#") {
			continue
		}
		for word := range strings.FieldsSeq(foldText(line)) {
			found[word] = true
		}
	}
	return found
}

func phraseStems(line string) []string {
	var stems []string
	seen := map[string]bool{}
	for word := range strings.FieldsSeq(foldText(line)) {
		if stem := stemOf(word); stem != "" && !seen[stem] {
			stems, seen[stem] = append(stems, stem), true
		}
	}
	return stems
}

// stemOf cuts a word to its beginning, so that reservar, reserva and reservas are one.
func stemOf(word string) string {
	if empty[word] {
		return ""
	}
	if len(word) > 3 {
		word = strings.TrimSuffix(word, "s")
	}
	if len(word) > stemLength {
		word = word[:stemLength]
	}
	return word
}

// weak stems stand in every kind of sentence: an example is not recognised by them alone, unless all its words are there.
var weak = set("quier quero quisi gusta neces puedo pued puede poder podes podem tenes tengo hay tiene como con me mi mis si no ya voy vamo va ir una esta estan es son para por que " +
	"llego llega entra entro seria perro gato dejar quedo queda quede paso pasa pasan viene hacer hago cuant donde buen bueno ahora hasta final algo mas muy esa sos want my can do you i is are there have")

// empty words say nothing about what is wanted.
var empty = set("de la el los las y a en un una que del al lo le te se o the of to for e os as do da em uma um por favor please")

func stemsOf(tokens []token) map[string]bool {
	stems := make(map[string]bool, len(tokens))
	for _, t := range tokens {
		if t.digits == 0 && (len(t.text) > 1 || t.text >= "a") {
			if stem := stemOf(t.text); stem != "" {
				stems[stem] = true
			}
		}
	}
	return stems
}

// restOf lists the stems that were not read as dates or people.
func restOf(tokens []token) map[string]bool {
	stems := map[string]bool{}
	for _, t := range tokens {
		if t.used || t.digits > 0 || saysPeople[t.text] || t.text < "a" {
			continue
		}
		if stem := stemOf(t.text); stem != "" {
			stems[stem] = true
		}
	}
	return stems
}

func (e examples) messageWeight(stems map[string]bool) float64 {
	sum := 0.0
	for stem := range stems {
		if weight, known := e.weights[stem]; known {
			sum += weight
		} else {
			sum += e.unknown
		}
	}
	// A sum over a map is added up in any order: rounding makes it the same every time.
	return math.Round(sum*1e6) / 1e6
}
