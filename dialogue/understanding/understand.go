package dialogue

import (
	"regexp"
	"time"

	"cabanas/booking"
)

// Understand reads a message: what is wanted, the stay and the people, by the conventions of DESIGN section 8. Day comes before
// month, a date without year is the next one to come, "today" is that of location at now. It never fails: what it cannot read
// stays zero.
func Understand(text string, now time.Time, location *time.Location) Understanding {
	return read(clean(text), booking.DateIn(now, location), State{}).Understanding
}

// reading is what a message was read as, with what only the conversation needs.
type reading struct {
	Understanding
	// code is the reservation code in the message.
	code string
	// nobody says that zero guests were asked for.
	nobody bool
	// tokens are the words, for what depends on the state: names of cabins, "la segunda".
	tokens []token
}

// hasStay reports whether dates or a length of stay were said.
func (r reading) hasStay() bool { return !r.CheckIn.IsZero() || !r.CheckOut.IsZero() || r.Nights > 0 }

// hasData reports whether anything about the stay or the people was said.
func (r reading) hasData() bool { return r.hasStay() || r.Guests > 0 || r.nobody }

var codeInText = regexp.MustCompile(`(?i)\bRES[ -]?(\d{6})[ -]?([0-9A-F]{6})\b`)

// read understands text, already cleaned, on a day of the property; the state tells what a lone number or end date refers to.
func read(text string, today booking.Date, state State) reading {
	r := reading{}
	if found := codeInText.FindStringSubmatchIndex(text); found != nil {
		r.code = booking.NormalizeCode("RES" + text[found[2]:found[3]] + text[found[4]:found[5]])
		text = text[:found[0]] + " " + text[found[1]:]
	}
	tokens := tokenize(text)
	r.tokens = tokens
	reader := reader{tokens: tokens, today: today, anchor: state.CheckIn, awaited: state.Awaiting}
	maskOthers(tokens)
	var who party
	reader.countedPeople(&who)
	reader.dates(&r.Understanding)
	reader.saidNumber(&who)
	who.into(&r.Understanding)
	r.nobody = who.nobody && r.Guests == 0
	r.Language = languageOf(tokens)
	r.Intent, r.Confidence = intentOf(tokens, r.hasData(), r.code != "")
	return r
}

// languageOf tells Portuguese and English by the words only they have; "" means no clear sign, so Spanish or what it was before.
func languageOf(tokens []token) string {
	counts := map[string]int{}
	for _, t := range tokens {
		for language, marks := range languageMarks {
			if marks[t.raw] {
				counts[language]++
			}
		}
	}
	switch {
	case counts["pt"] > counts["es"] && counts["pt"] >= counts["en"]:
		return "pt"
	case counts["en"] > counts["es"]:
		return "en"
	case counts["es"] > 0:
		return "es"
	}
	return ""
}

// languageMarks are words of one language that the others do not have.
var languageMarks = map[string]map[string]bool{
	"es": set("hola buenas buenos el los las del y hay quiero tenes tienen somos noches personas gracias cuanto sale cuesta con enero febrero mayo septiembre octubre noviembre diciembre finde viernes lunes una mis manana hasta dale estoy voy muy puedo tengo ya mas este esta soy tiene hacer necesito quisiera busco donde llego cancelar pago hoy"),
	"pt": set("oi ola obrigado obrigada voce voces tem quero queria gostaria diaria diarias pessoas noites ate janeiro fevereiro marco maio junho julho setembro outubro novembro dezembro nao sim bom boa dia tudo quanto custa disponivel disponibilidade minhas amanha hoje chale criancas dois um uma com meu minha falar fim sexta tchau"),
	"en": set("hi hello hey the for and from to are there available availability people guests nights night want book booking would like how much price please thanks thank you we i january february march may june july august september october november december do have yes cancel reservation speak with person weekend next need cabin my"),
}
