package understanding

import (
	"strings"
	"unicode"
)

// longestText is how much of a message is read, in code points; the rest is cut.
const longestText = 1000

// token is a word, a number or a sign of a message, folded to lower case without accents.
type token struct {
	text string
	// raw is the word before a typing mistake was mended.
	raw string
	// tilde says that it was written with a letter that Spanish does not have: ã, õ, ç, ê, ô, â; enye that it has an ñ.
	tilde, enye bool
	// num is the value of a number in figures or words, -1 for anything else.
	num int
	// digits counts the figures of a number, 0 when it is written in words.
	digits int
	// glued says that no space stands before it.
	glued bool
	// used says that the token was read as something and is not free for another meaning; kind says as what.
	used bool
	// ordinal says that a number was written with an ending, "8th", "1ro".
	ordinal bool
	kind    kind
}

func (t token) isNumber() bool { return t.num >= 0 }

// figure reports a number of at most two figures or one in words, in the range.
func (t token) figure(low, high int) bool {
	return t.num >= low && t.num <= high && t.digits <= 2 && !t.used
}

// clean cuts a message to the length that is read and replaces what is no text.
func clean(text string) string {
	if len(text) > longestText {
		count := 0
		for at := range text {
			if count == longestText {
				text = text[:at]
				break
			}
			count++
		}
	}
	text = strings.ToValidUTF8(text, " ")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u200e' || r == '\u200f' || r == '\ufeff' {
			return ' '
		}
		return r
	}, text))
}

var plainLetters = map[rune]rune{
	'á': 'a', 'à': 'a', 'â': 'a', 'ã': 'a', 'ä': 'a', 'é': 'e', 'è': 'e', 'ê': 'e', 'ë': 'e', 'í': 'i', 'ì': 'i', 'ï': 'i',
	'ó': 'o', 'ò': 'o', 'ô': 'o', 'õ': 'o', 'ö': 'o', 'ú': 'u', 'ù': 'u', 'ü': 'u', 'ñ': 'n', 'ç': 'c',
}

func fold(r rune) rune {
	r = unicode.ToLower(r)
	if plain, found := plainLetters[r]; found {
		return plain
	}
	return r
}

// foldText returns text in lower case without accents.
func foldText(text string) string { return strings.Map(fold, text) }

const signs = "/-.,:;$%()?!+"

func signOf(r rune) (rune, bool) {
	switch r {
	case '–', '—', '−', '→', '➡', '➜':
		return '-', true
	case '¿', '¡':
		return 0, false
	}
	return r, strings.ContainsRune(signs, r)
}

// tokenize splits a message into words, numbers and signs, number words already with their value and common typing mistakes
// mended.
func tokenize(text string) []token {
	tokens := make([]token, 0, len(text)/4+1)
	runes := []rune(text)
	glued := false
	for i := 0; i < len(runes); {
		r := fold(runes[i])
		sign, isSign := signOf(r)
		switch {
		case unicode.Is(unicode.Mn, r) || r == '°' || r == 'º' || r == 'ª' || r == '\'' || r == '’':
			i++
		case unicode.IsLetter(r):
			start := i
			i++
			for i < len(runes) && (unicode.IsLetter(runes[i]) && !ordinalSign(runes[i]) || unicode.Is(unicode.Mn, runes[i])) {
				i++
			}
			tokens = append(tokens, wordToken(runes[start:i], glued))
			glued = true
		case r >= '0' && r <= '9':
			start := i
			for i < len(runes) && runes[i] >= '0' && runes[i] <= '9' {
				i++
			}
			tokens = append(tokens, numberToken(runes[start:i], glued))
			glued = true
		case gestures[r] != "":
			tokens = append(tokens, token{text: gestures[r], num: -1})
			i, glued = i+1, false
		case isSign:
			tokens = append(tokens, token{text: string(sign), num: -1, glued: glued})
			i, glued = i+1, true
		default:
			i, glued = i+1, false
		}
	}
	return mendNumbers(mendTypos(tokens))
}

func ordinalSign(r rune) bool { return r == 'º' || r == 'ª' }

func wordToken(runes []rune, glued bool) token {
	var word strings.Builder
	tilde, enye := false, false
	for _, r := range runes {
		enye = enye || r == 'ñ' || r == 'Ñ'
		tilde = tilde || strings.ContainsRune("ãõçêôâÃÕÇÊÔÂ", r)
		if !unicode.Is(unicode.Mn, r) {
			word.WriteRune(fold(r))
		}
	}
	text := word.String()
	if mended, found := shorthand[text]; found {
		text = mended
	}
	return token{text: text, raw: word.String(), tilde: tilde, enye: enye, num: -1, glued: glued}
}

func numberToken(figures []rune, glued bool) token {
	value := 0
	for _, r := range figures {
		if value < 1_000_000_000 {
			value = value*10 + int(r-'0')
		}
	}
	return token{text: string(figures), raw: string(figures), num: value, digits: len(figures), glued: glued}
}

// mendNumbers gives number words their value, joins "treinta y uno" and drops the ending of "1ro".
func mendNumbers(tokens []token) []token {
	kept := tokens[:0]
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		if t.glued && len(kept) > 0 && kept[len(kept)-1].digits > 0 && ordinalEndings[t.text] {
			kept[len(kept)-1].ordinal = true
			continue
		}
		if value, found := numberWords[t.text]; found {
			t.num = value
			if (value == 20 || value == 30) && i+2 < len(tokens) && tokens[i+1].text == "y" {
				if unit, found := numberWords[tokens[i+2].text]; found && unit < 10 {
					t.num += unit
					i += 2
				}
			}
		}
		kept = append(kept, t)
	}
	return kept
}
