package understanding

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// phrases.txt holds example messages by intent and the classes of words. A new way of saying something is a new line there.
//
//go:embed data/phrases.txt
var phrasesFile string

// school is what the phrases file teaches.
type school struct {
	// class is the class of a word, "@servicio".
	class map[string]string
	// words are all words of phrases and classes.
	words map[string]bool
	// phrases are the expanded examples of each intent.
	phrases map[Intent][]phrase
	intents []Intent
}

// phrase is one example; a line that stands for few is heard more often.
type phrase struct {
	units  []string
	copies int
}

// leastLessons is how often a line is heard at least, mostCopies one of its sentences at most.
const (
	leastLessons = 10
	mostCopies   = 2
)

// mostExpansions bounds how many sentences one line stands for.
const mostExpansions = 24

var schooling = sync.OnceValue(func() school {
	s := school{class: map[string]string{}, words: map[string]bool{}, phrases: map[Intent][]phrase{}}
	intent := Intent("")
	for line := range strings.Lines(phrasesFile) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '@' && intent == "":
			name, members, _ := strings.Cut(line, " = ")
			for word := range strings.FieldsSeq(foldText(members)) {
				s.class[word], s.words[word] = name, true
			}
		case line[0] == '[' && !strings.Contains(line, " "):
			intent = Intent(strings.Trim(line, "[]"))
			s.intents = append(s.intents, intent)
		default:
			sentences := expand(foldText(line))
			for _, sentence := range sentences {
				units := strings.Fields(sentence)
				s.phrases[intent] = append(s.phrases[intent], phrase{units, min(max(1, leastLessons/len(sentences)), mostCopies)})
				for _, unit := range units {
					if !special(unit) {
						s.words[unit] = true
					}
				}
			}
		}
	}
	return s
})

// special reports a unit that is no word: <fecha>, @servicio, ?.
func special(unit string) bool { return unit[0] == '<' || unit[0] == '@' || unit == "?" }

// expand writes out a line with (a|b) and [a]: all sentences when they are few, else enough that each alternative is used.
func expand(line string) []string {
	groups := alternatives(line)
	total, widest := 1, 1
	for _, g := range groups {
		total, widest = min(total*len(g), mostExpansions+1), max(widest, len(g))
	}
	var sentences []string
	if total <= mostExpansions {
		sentences = []string{""}
		for _, g := range groups {
			var longer []string
			for _, start := range sentences {
				for _, choice := range g {
					longer = append(longer, start+" "+choice)
				}
			}
			sentences = longer
		}
		return sentences
	}
	chance := dice(len(line))
	for i := range max(mostExpansions, widest*3/2) {
		var b strings.Builder
		for _, g := range groups {
			pick := chance.below(len(g))
			if len(g) == widest {
				pick = i % widest
			}
			b.WriteString(" " + g[pick])
		}
		sentences = append(sentences, b.String())
	}
	slices.Sort(sentences)
	return slices.Compact(sentences)
}

// alternatives splits a line into its groups; plain text is a group of one, an optional part has an empty alternative.
func alternatives(line string) [][]string {
	var groups [][]string
	for line != "" {
		start := strings.IndexAny(line, "([")
		if start < 0 {
			return append(groups, []string{line})
		}
		if start > 0 {
			groups = append(groups, []string{line[:start]})
		}
		end := strings.IndexAny(line, ")]")
		group := strings.Split(line[start+1:end], "|")
		if line[start] == '[' {
			group = append(group, "")
		}
		groups, line = append(groups, group), line[end+1:]
	}
	return groups
}

// What is said around a wish without changing it.
var (
	openings = strings.Split("hola|buenas|hola buenas|buen dia|buenas tardes|hola que tal|hola como estas|buenas noches|disculpa|hola buenas tardes|hola te hago una consulta|una consulta|te molesto|hola te escribo porque|queria consultarte|oi|ola bom dia|hi|hello|good morning|che|perdon|bueno|ok|dale|mira|hola soy <?>|perfecto|ah|y|una pregunta|te consulto|ultima pregunta|otra cosa|gracias|hola gente|genial gracias|estimados|listo|hola mira|ah otra cosa|disculpen", "|")
	closings = strings.Split("gracias|muchas gracias|por favor|porfa|desde ya gracias|saludos|please|obrigado|thanks|espero respuesta|avisame|che|espero tu respuesta|cuando puedas|obrigada|gracias desde ya|x favor|me avisas|quedo atento|abrazo", "|")
	aside    = strings.Split("somos <gente>|<fecha>|para <gente>|para <fecha>|del <fecha>|somos <gente> <fecha>|<fecha> para <gente>|<noches>|el <fecha>|es para <gente>|vamos <gente>|iriamos <fecha>|somos una familia|vamos con mi familia|reserve <fecha>|llegamos <fecha>|<fecha> somos <gente>|<gente> y <gente>|te consulto por <fecha>|<gente> <noches>|entrando <fecha>|mas o menos <fecha>|con <gente>|no perdon <fecha>|ahora <fecha>|del viernes <fecha>|cabana <num>|de <num> y <num>", "|")
)

// courtesies are intents only when nothing else is said.
var courtesies = map[Intent]bool{Greeting: true, Affirm: true, Deny: true, Thanks: true, Goodbye: true}

// questions are the intents that come as questions, with or without the mark.
var questions = map[Intent]bool{
	Availability: true, Price: true, Book: true, MyBookings: true, ChangeDates: true, ExtendHold: true, Pay: true, Location: true,
	Amenities: true, CheckinInfo: true, Policies: true, Photos: true, Human: true, Cancel: true, PaymentSent: true,
}

// lessons are the phrases as people surround them: each as it is, and again within greetings, thanks, dates and people.
func (s school) lessons() []lesson {
	chance := dice(seed)
	var all []lesson
	for class, intent := range s.intents {
		for _, p := range s.phrases[intent] {
			plain, copies := s.features(p.units), p.copies
			if courtesies[intent] {
				copies *= 2 // they are heard without anything around them
			}
			for range copies {
				all = append(all, lesson{plain, class})
				if intent == Greeting {
					all = append(all, lesson{s.features(append(slices.Clone(p.units), "?")), class})
				}
				if courtesies[intent] || intent == Other && chance.below(2) == 0 {
					continue
				}
				all = append(all, lesson{s.features(surrounded(p.units, intent, &chance)), class})
			}
		}
	}
	return all
}

func surrounded(units []string, intent Intent, chance *dice) []string {
	pick := func(from []string) []string { return strings.Fields(from[chance.below(len(from))]) }
	said := slices.Clone(units)
	if questions[intent] && chance.below(2) == 0 {
		said = append(said, "?")
	}
	switch chance.below(4) {
	case 0:
		said = append(pick(openings), said...)
	case 1:
		said = append(said, pick(closings)...)
	case 2:
		said = append(append(pick(openings), said...), pick(closings)...)
	}
	if intent == Other {
		return said
	}
	for range max(chance.below(5)-2, 0) {
		if chance.below(2) == 0 {
			said = append(said, pick(aside)...)
		} else {
			said = append(pick(aside), said...)
		}
	}
	return said
}
