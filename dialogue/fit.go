package dialogue

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of the WhatsApp Cloud API in code points (contracts A7). Lists stay within the older limit of their body.
const (
	mostText        = 4096
	mostInteractive = 1024
	mostFrame       = 60
	mostButtons     = 3
	mostRows        = 10
	mostButtonTitle = 20
	mostRowTitle    = 24
	mostDescription = 72
)

func runes(text string) int { return utf8.RuneCountInString(text) }

func isLetter(r rune) bool { return unicode.IsLetter(r) }

func bodyLimit(kind ReplyKind) int {
	if kind == ReplyText {
		return mostText
	}
	return mostInteractive
}

// fit brings a reply inside the limits: what is too long is cut, what is too many dropped, equal titles numbered. A reply
// whose form has nothing to hold becomes plain text.
func fit(r Reply) Reply {
	switch {
	case (r.Kind == ReplyButtons || r.Kind == ReplyList) && len(r.Choices) == 0,
		r.Kind == ReplyLink && r.LinkURL == "", r.Kind == ReplyPicture && r.LinkURL == "":
		r.Kind = ReplyText
	}
	r.Body = cut(r.Body, bodyLimit(r.Kind))
	r.Header, r.Footer = cut(r.Header, mostFrame), cut(r.Footer, mostFrame)
	switch r.Kind {
	case ReplyButtons:
		r.Choices = fitChoices(r.Choices, mostButtons, mostButtonTitle)
	case ReplyList:
		r.Choices = fitChoices(r.Choices, mostRows, mostRowTitle)
		r.ListButton = cut(r.ListButton, mostButtonTitle)
	case ReplyLink:
		r.LinkTitle = cut(r.LinkTitle, mostButtonTitle)
	}
	return r
}

func fitChoices(choices []Choice, most, title int) []Choice {
	kept := make([]Choice, 0, len(choices))
	titles, ids := map[string]bool{}, map[string]bool{}
	for _, choice := range choices {
		if len(kept) == most || ids[choice.ID] {
			continue
		}
		choice.Title = uniqueTitle(choice.Title, title, titles)
		choice.Description = cut(oneLine(choice.Description), mostDescription)
		titles[choice.Title], ids[choice.ID] = true, true
		kept = append(kept, choice)
	}
	return kept
}

func uniqueTitle(wanted string, most int, taken map[string]bool) string {
	wanted = shown(wanted, longestDescription)
	if wanted == "" {
		wanted = "…"
	}
	title := cut(wanted, most)
	for n := 2; taken[title]; n++ {
		suffix := " " + number(n)
		title = cut(wanted, most-len(suffix)) + suffix
	}
	return title
}

// oneLine joins the words of a text by single spaces; those that hold an amount together stay.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) && string(r) != hardSpace }), " ")
}
