package dialogue_test

import (
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"

	"cabanas/dialogue"
)

var unfilled = regexp.MustCompile(`\{[a-z]+\}`)

// withinLimits checks a reply against the limits of the WhatsApp Cloud API (contracts A7), apart from the code that keeps them.
func withinLimits(r dialogue.Reply) error {
	count := utf8.RuneCountInString
	var problems []error
	refuse := func(broken bool, format string, args ...any) {
		if broken {
			problems = append(problems, fmt.Errorf("%s reply: "+format, append([]any{r.Kind}, args...)...))
		}
	}
	body := 1024
	if r.Kind == dialogue.ReplyText {
		body = 4096
	}
	refuse(count(r.Body) > body, "body of %d", count(r.Body))
	refuse(r.Body == "" && r.Kind != dialogue.ReplyPicture && r.Kind != dialogue.ReplyLocation, "no body")
	refuse(unfilled.MatchString(r.Body), "name not filled in %q", r.Body)
	refuse(count(r.Header) > 60 || count(r.Footer) > 60, "frame")
	title, most := 20, 3
	switch r.Kind {
	case dialogue.ReplyList:
		title, most = 24, 10
		refuse(r.ListButton == "" || count(r.ListButton) > 20, "list button %q", r.ListButton)
		fallthrough
	case dialogue.ReplyButtons:
		refuse(len(r.Choices) < 1 || len(r.Choices) > most, "%d choices", len(r.Choices))
		ids, titles := map[string]bool{}, map[string]bool{}
		for _, choice := range r.Choices {
			refuse(choice.ID == "" || count(choice.ID) > 200 || ids[choice.ID], "id %q", choice.ID)
			refuse(choice.Title == "" || count(choice.Title) > title || titles[choice.Title], "title %q", choice.Title)
			refuse(count(choice.Description) > 72, "description %q", choice.Description)
			refuse(r.Kind == dialogue.ReplyButtons && choice.Description != "", "described button")
			refuse(unfilled.MatchString(choice.Title+choice.Description), "name not filled in %q", choice)
			_, known := dialogue.ParsePress(choice.ID)
			refuse(!known, "id %q is not ours", choice.ID)
			ids[choice.ID], titles[choice.Title] = true, true
		}
	case dialogue.ReplyLink:
		refuse(r.LinkURL == "" || r.LinkTitle == "" || count(r.LinkTitle) > 20, "link %q %q", r.LinkTitle, r.LinkURL)
	case dialogue.ReplyPicture:
		refuse(r.LinkURL == "", "picture without address")
	case dialogue.ReplyText:
		refuse(len(r.Choices) > 0, "choices in a text")
	}
	if r.Template != nil {
		problems = append(problems, templateWithinLimits(*r.Template))
	}
	return errors.Join(problems...)
}

var (
	unfitParameter = regexp.MustCompile(`[\n\t]| {4}|^\s*$`)
	templates      = map[string]int{
		"hold_created": 6, "hold_reminder": 5, "hold_expired": 3, "booking_confirmed": 4, "booking_cancelled": 4, "payment_update": 2,
		"stay_info": 4, "owner_alert": 1, "owner_hand_over": 1,
	}
	templateLanguages = map[string]bool{"es_AR": true, "pt_BR": true, "en": true}
)

func templateWithinLimits(t dialogue.Template) error {
	if want, known := templates[t.Name]; !known || want != len(t.Parameters) || !templateLanguages[t.Language] {
		return fmt.Errorf("template %q in %q with %d parameters", t.Name, t.Language, len(t.Parameters))
	}
	for _, parameter := range t.Parameters {
		if unfitParameter.MatchString(parameter) || unfilled.MatchString(parameter) || utf8.RuneCountInString(parameter) > 700 {
			return fmt.Errorf("parameter %q of %s", parameter, t.Name)
		}
	}
	return nil
}
