package understanding

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

func set(spaced string) map[string]bool {
	members := map[string]bool{}
	for word := range strings.FieldsSeq(spaced) {
		members[word] = true
	}
	return members
}

const (
	// shortestMended is the length from which a word may be a misspelt one, longWord the length from which two mistakes are mended.
	shortestMended = 5
	longWord       = 8
	// mostMended bounds the work on a message full of unknown words.
	mostMended = 40
)

// vocabulary is every word that means something, and by first letter those that a misspelt word is compared with.
type vocabulary struct {
	known   map[string]bool
	byStart map[byte][]string
	bySound map[string]string
}

var spelling = sync.OnceValue(func() vocabulary {
	known := maps.Clone(everyday)
	targets := map[string]bool{}
	for _, group := range []map[string]bool{
		adultWords, childWords, personWords, petWords, partnerWords, coupleWords, nightWords, weekWords, correctionWords, phraseWords(),
		set("finde largo pasado manana quincena carnaval navidad santa reyes nochebuena pascuas"),
	} {
		maps.Copy(targets, group)
	}
	for _, group := range []map[string]int{months, weekdays, numberWords} {
		for word := range group {
			targets[word] = true
		}
	}
	for _, group := range []map[string]bool{
		targets, dayWords, hourWords, ageWords, notPeople, moneyBefore, moneyAfter, rangeOpeners, joinsStrong, joinsWeak, articles, ownWords, elderWords,
		talkWords, staysBehind, goingWords, saysPeople, fillerWords, sizeWords, englishPeople, nextWords, comesWords, wishWords, leaveWords, partWords, placeWords,
		numberedThings, languageMarks["pt"], languageMarks["en"], languageMarks["es"],
	} {
		maps.Copy(known, group)
	}
	for word := range holidayNames {
		known[word] = true
	}
	v := vocabulary{known: known, byStart: map[byte][]string{}, bySound: map[string]string{}}
	for _, word := range slices.Sorted(maps.Keys(targets)) {
		if len(word) < shortestMended-1 {
			continue
		}
		v.bySound[soundOf(word)] = word
		if len(word) >= shortestMended {
			v.byStart[word[0]] = append(v.byStart[word[0]], word)
		}
	}
	return v
})

// soundOf writes a word as it sounds here: no silent h, one letter for b and v, for c, s and z, for c, k and q, for ll and y.
func soundOf(word string) string {
	sound := make([]byte, 0, len(word))
	for i := 0; i < len(word); i++ {
		next := byte(0)
		if i+1 < len(word) {
			next = word[i+1]
		}
		soft := next == 'e' || next == 'i'
		c := word[i]
		switch {
		case c == 'h' && (len(sound) == 0 || sound[len(sound)-1] != 'C'):
			continue
		case c == 'v':
			c = 'b'
		case c == 'c' && next == 'h':
			c = 'C'
		case c == 'z', c == 'c' && soft:
			c = 's'
		case c == 'q' && next == 'u':
			c = 'k'
			i++
		case c == 'c', c == 'q':
			c = 'k'
		case c == 'l' && next == 'l':
			c = 'y'
			i++
		case c == 'g' && soft:
			c = 'j'
		}
		if len(sound) == 0 || sound[len(sound)-1] != c {
			sound = append(sound, c)
		}
	}
	return string(sound)
}

// mendTypos replaces unknown words by the one known word they are a slip away from; the first letter must be right.
func mendTypos(tokens []token) []token {
	v, tried := spelling(), 0
	for i, t := range tokens {
		if t.raw == "ay" && (sighs[word(tokens, i+1)] || word(tokens, i+1) == ",") {
			tokens[i].text = "ay"
			continue
		}
		if t.num >= 0 || len(t.text) < 2 || t.text < "a" || v.known[t.text] || tried == mostMended {
			continue
		}
		tried++
		if short := withoutRepeats(t.text); v.known[short] {
			tokens[i].text = short
		} else if len(t.text) >= shortestMended-1 {
			tokens[i].text = v.mend(t.text)
		}
	}
	return tokens
}

// sighs follow the "ay" that is no misspelt "hay".
var sighs = set("no que perdon perdoname disculpa espera esperame si bueno gracias dios me mi por")

// withoutRepeats turns "holaaa" into "hola".
func withoutRepeats(word string) string {
	short := make([]byte, 0, len(word))
	for i := range len(word) {
		if i == 0 || word[i] != word[i-1] {
			short = append(short, word[i])
		}
	}
	return string(short)
}

func (v vocabulary) mend(word string) string {
	if same := v.bySound[soundOf(word)]; same != "" {
		return same
	}
	best, bestDistance := word, 3
	for _, candidate := range v.byStart[word[0]] {
		allowed := 1
		if len(candidate) >= longWord {
			allowed = 2
		}
		if gap := len(candidate) - len(word); gap > allowed || gap < -allowed {
			continue
		}
		if d := slips(word, candidate); d <= allowed && d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// slips counts the typing mistakes between two words: a letter more, less, another, or two swapped.
func slips(a, b string) int {
	const widest = 24
	if len(a) > widest || len(b) > widest {
		return widest
	}
	var rows [3][widest + 1]int
	before, above, row := &rows[0], &rows[1], &rows[2]
	for j := 0; j <= len(b); j++ {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
