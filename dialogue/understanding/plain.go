package understanding

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Words are the words and figures of a message in order, in lower case and without accents, as far as a message is read.
func Words(text string) []string {
	return strings.FieldsFunc(foldText(clean(text)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// Month is a month that is named without a day, "en enero", 0 when there is none.
func (r Reading) Month() time.Month {
	const short = 3
	for i, t := range r.tokens {
		month, found := months[t.text]
		if !found || t.used {
			continue
		}
		if len(r.tokens) <= short || i > 0 && slices.Contains(beforeMonth, r.tokens[i-1].text) {
			return time.Month(month)
		}
	}
	return 0
}

// BareDays reports whether the dates are days without a month, "del 20 al 22": in a conversation about January they are of January.
func (r Reading) BareDays() bool {
	found := false
	for _, t := range r.tokens {
		switch {
		case !t.used:
		case t.num > 0 && t.num <= 31:
			found = true
		case !plainBetween[t.text] && !personWords[t.text] && !adultWords[t.text] && !childWords[t.text] && !nightWords[t.text]:
			return false
		}
	}
	return found && (!r.CheckIn.IsZero() || !r.CheckOut.IsZero())
}

// plainBetween are the words that stand around days without naming any other time.
var plainBetween = set("del de desde el la los a al hasta y e - o dia dias from to until ate till en para por somos")

// beforeMonth are the words that stand before the name of a month and tell it from a verb or a name: "in May".
var beforeMonth = strings.Fields("en de para durante mes em no in during for of")
