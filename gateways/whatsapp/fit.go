package whatsapp

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fit cuts every text of the message to its limit, an ellipsis marking the cut, and makes equal titles of buttons or rows
// different. What a cut cannot repair (too many buttons, an empty body, equal or too long ids, a bad link) is the error,
// that of [Message.Validate]; without an error the message is valid.
func (m Message) Fit() (Message, error) {
	switch m.kind {
	case typeText:
		m.body = FitText(m.body, MaxText)
	default:
		m.body = FitText(m.body, MaxBody)
	}
	m.header, m.footer = FitTitle(m.header, MaxHeader), FitTitle(m.footer, MaxFooter)
	m.choose, m.linkTitle = FitTitle(m.choose, MaxListButton), FitTitle(m.linkTitle, MaxLinkTitle)
	m.buttons = fitButtons(m.buttons)
	m.sections = fitSections(m.sections)
	m.template.Body = fitValues(m.template.Body)
	return m, m.Validate()
}

// fitValues keeps the variables of a template together within what its own words leave of the body, the longest cut first.
func fitValues(values []string) []string {
	values = slices.Clone(values)
	lengths, total := make([]int, len(values)), 0
	for i, value := range values {
		values[i] = FitTitle(value, MaxTemplateValues)
		lengths[i] = utf8.RuneCountInString(values[i])
		total += lengths[i]
	}
	for ; total > MaxTemplateValues; total-- {
		lengths[slices.Index(lengths, slices.Max(lengths))]--
	}
	for i := range values {
		values[i] = FitText(values[i], lengths[i])
	}
	return values
}

func fitButtons(buttons []Button) []Button {
	buttons = slices.Clone(buttons)
	titles := make([]string, len(buttons))
	for i, button := range buttons {
		titles[i] = button.Title
	}
	for i, title := range UniqueTitles(titles, MaxButtonTitle) {
		buttons[i].Title = title
	}
	return buttons
}

func fitSections(sections []Section) []Section {
	sections = slices.Clone(sections)
	var titles []string
	for i := range sections {
		sections[i].Title = FitTitle(sections[i].Title, MaxSectionTitle)
		sections[i].Rows = slices.Clone(sections[i].Rows)
		for j, row := range sections[i].Rows {
			sections[i].Rows[j].Description = FitTitle(row.Description, MaxRowDescription)
			titles = append(titles, row.Title)
		}
	}
	unique := UniqueTitles(titles, MaxRowTitle)
	for i := range sections {
		for j := range sections[i].Rows {
			sections[i].Rows[j].Title, unique = unique[0], unique[1:]
		}
	}
	return sections
}

// UniqueTitles fits every title to the limit and numbers the ones that would read the same, "Cabaña (2)"; letter case does
// not make titles different. Empty ones stay empty. The limit is at least ten.
func UniqueTitles(titles []string, limit int) []string {
	unique := make([]string, len(titles))
	taken := map[string]bool{}
	for i, title := range titles {
		fitted := FitTitle(title, limit)
		for n := 2; fitted != "" && taken[strings.ToLower(fitted)]; n++ {
			suffix := " (" + strconv.Itoa(n) + ")"
			fitted = FitTitle(title, limit-len(suffix)) + suffix
		}
		taken[strings.ToLower(fitted)] = true
		unique[i] = fitted
	}
	return unique
}

// FitTitle puts the text on one line, its white space single, and cuts it to limit code points like [FitText].
func FitTitle(text string, limit int) string {
	return FitText(strings.Join(strings.Fields(text), " "), limit)
}

// FitText trims the text and, when it has more than limit code points, cuts it and ends it with an ellipsis. It never
// cuts inside what readers see as one character, such as an emoji with its variation or skin tone.
func FitText(text string, limit int) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	runes := []rune(text)
	cut := limit - 1
	for cut > 0 && joined(runes, cut) {
		cut--
	}
	return strings.TrimRightFunc(string(runes[:cut]), unicode.IsSpace) + "…"
}

const zeroWidthJoiner = '\u200d'

// joined reports whether a cut before runes[at] would go through a visible character: combining marks (variation selectors
// among them), joiner sequences, skin tones, emoji tags and flags.
func joined(runes []rune, at int) bool {
	next, before := runes[at], runes[at-1]
	switch {
	case unicode.Is(unicode.M, next), next == zeroWidthJoiner, before == zeroWidthJoiner:
		return true
	case next >= 0x1F3FB && next <= 0x1F3FF, next >= 0xE0020 && next <= 0xE007F:
		return true
	case regionalIndicator(next) && regionalIndicator(before):
		run := 0
		for i := at - 1; i >= 0 && regionalIndicator(runes[i]); i-- {
			run++
		}
		return run%2 == 1
	}
	return false
}

func regionalIndicator(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }
