package dialogue

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"cabanas/dialogue/understanding"
)

// signsFile holds the phrases of each sign. A new way of saying something is a new line there.
//
//go:embed signs.txt
var signsFile string

// sign is something in a message that decides how it is answered, whatever else is asked in it.
type sign string

const (
	signOptOut      sign = "opt_out"
	signOptIn       sign = "opt_in"
	signWary        sign = "wary"  // afraid of a swindle, to be reassured
	signUpset       sign = "upset" // angry or worried, for a person
	signFraud       sign = "fraud" // names a swindle: with a question mark it is wary
	signBot         sign = "bot"   // asks whether a bot answers
	signSurplus     sign = "surplus"
	signReceipt     sign = "receipt"
	signMore        sign = "more"
	signCheaper     sign = "cheaper"
	signBigger      sign = "bigger"
	signLastOne     sign = "last_one"
	signOtherOne    sign = "other_one"
	signPerson      sign = "person" // asks for a person in so many words
	signGoOn        sign = "go_on"
	signThat        sign = "yes_that"
	signWait        sign = "wait"
	signQuestion    sign = "question"  // announces one
	signAbilities   sign = "abilities" // asks what the bot can do
	signMeans       sign = "means"     // names a means of payment
	signTerms       sign = "terms"     // is about cancelling and money, not house rules
	signLater       sign = "later"     // neither yes nor no yet
	signTakeIt      sign = "take_it"   // wants what was offered
	signAnother     sign = "another"   // speaks of something else than what was offered
	signIfCancelled sign = "if_cancelled"
	signNextWeek    sign = "next_week"
	signNextMonth   sign = "next_month"
	signTransfer    sign = "transfer"      // wants to pay by bank transfer
	signMyReceipt   sign = "wants_receipt" // asks for a receipt of ours
)

// signPhrase is one way of giving a sign.
type signPhrase struct {
	words []string
	// whole asks for nothing else in the message.
	whole bool
}

var signPhrases = sync.OnceValue(func() map[sign][]signPhrase {
	phrases := map[sign][]signPhrase{}
	current := sign("")
	for line := range strings.Lines(signsFile) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			current = sign(strings.Trim(line, "[]"))
		default:
			rest, whole := strings.CutPrefix(line, "=")
			phrases[current] = append(phrases[current], signPhrase{words: strings.Fields(rest), whole: whole})
		}
	}
	return phrases
})

// gives reports whether a text gives the sign.
func gives(text string, s sign) bool {
	return inWords(understanding.Words(text), s)
}

func inWords(words []string, s sign) bool {
	return slices.ContainsFunc(signPhrases()[s], func(p signPhrase) bool { return p.in(words) })
}

func (t *turn) gives(s sign) bool { return inWords(t.words, s) }

func (p signPhrase) in(words []string) bool {
	if p.whole {
		return slices.EqualFunc(words, p.words, sameWord)
	}
	for from := 0; from+len(p.words) <= len(words); from++ {
		if slices.EqualFunc(words[from:from+len(p.words)], p.words, sameWord) {
			return true
		}
	}
	return false
}

func sameWord(said, wanted string) bool {
	if beginning, open := strings.CutSuffix(wanted, "*"); open {
		return strings.HasPrefix(said, beginning)
	}
	return said == wanted
}

// angry reports whether a message is one of an upset guest; a wary question about a swindle is not.
func (t *turn) angry() bool {
	return t.gives(signUpset) && !t.wary()
}

// wary reports whether a guest is afraid of a swindle and wants to be sure.
func (t *turn) wary() bool {
	return t.gives(signWary) || strings.Contains(t.in.Text, "?") && t.gives(signFraud)
}
