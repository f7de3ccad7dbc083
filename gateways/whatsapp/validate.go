package whatsapp

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Validate checks the message against every limit of Meta's and reports all that is wrong, without any of its text.
func (m Message) Validate() error {
	var found problems
	switch m.kind {
	case typeText:
		found.required("text", m.body, MaxText)
	case typeInteractive:
		m.validateInteractive(&found)
	case typeImage:
		found.optional("caption", m.body, MaxBody)
		found.link("image link", m.link)
	case typeDocument:
		found.optional("caption", m.body, MaxBody)
		found.required("file name", m.filename, MaxFilename)
		found.link("document link", m.link)
	case typeLocation:
		found.within("latitude", m.place.Latitude, 90)
		found.within("longitude", m.place.Longitude, 180)
	case typeTemplate:
		m.validateTemplate(&found)
	default:
		found.addf("message has no content: use a constructor")
	}
	found.optional("callback data", m.callbackData, MaxCallbackData)
	return errors.Join(found...)
}

func (m Message) validateInteractive(found *problems) {
	found.required("body", m.body, MaxBody)
	found.optional("header", m.header, MaxHeader)
	found.optional("footer", m.footer, MaxFooter)
	switch m.interactive {
	case interactiveButtons:
		m.validateButtons(found)
	case interactiveList:
		m.validateList(found)
	case interactiveLink:
		found.required("link title", m.linkTitle, MaxLinkTitle)
		found.link("link", m.link)
	}
}

func (m Message) validateButtons(found *problems) {
	found.count("buttons", len(m.buttons), MaxButtons)
	ids, titles := map[string]bool{}, map[string]bool{}
	for _, button := range m.buttons {
		found.required("button title", button.Title, MaxButtonTitle)
		found.required("button id", button.ID, MaxButtonID)
		found.unique("button titles", titles, button.Title)
		found.unique("button ids", ids, button.ID)
	}
}

func (m Message) validateList(found *problems) {
	found.required("list button", m.choose, MaxListButton)
	found.count("sections", len(m.sections), MaxSections)
	rows, ids := 0, map[string]bool{}
	for _, section := range m.sections {
		if len(m.sections) > 1 {
			found.required("section title", section.Title, MaxSectionTitle)
		} else {
			found.optional("section title", section.Title, MaxSectionTitle)
		}
		if len(section.Rows) == 0 {
			found.addf("section without rows")
		}
		for _, row := range section.Rows {
			found.required("row title", row.Title, MaxRowTitle)
			found.required("row id", row.ID, MaxRowID)
			found.optional("row description", row.Description, MaxRowDescription)
			found.unique("row ids", ids, row.ID)
		}
		rows += len(section.Rows)
	}
	found.count("rows", rows, MaxRows)
}

func (m Message) validateTemplate(found *problems) {
	if m.template.Name == "" || m.template.Language == "" {
		found.addf("template needs a name and a language")
	}
	values := 0
	for _, value := range m.template.Body {
		found.required("template variable", value, MaxTemplateValues)
		values += utf8.RuneCountInString(value)
	}
	if values > MaxTemplateValues {
		found.addf("template variables have %d characters together, at most %d allowed", values, MaxTemplateValues)
	}
	for _, payload := range m.template.Replies {
		found.required("template reply payload", payload, MaxButtonID)
	}
}

// problems collects what is wrong with a message.
type problems []error

func (p *problems) addf(format string, args ...any) { *p = append(*p, fmt.Errorf(format, args...)) }

func (p *problems) required(what, text string, limit int) {
	if strings.TrimSpace(text) == "" {
		p.addf("%s is empty", what)
	}
	p.optional(what, text, limit)
}

func (p *problems) optional(what, text string, limit int) {
	if length := utf8.RuneCountInString(text); length > limit {
		p.addf("%s has %d characters, at most %d allowed", what, length, limit)
	}
}

func (p *problems) count(what string, number, limit int) {
	if number < 1 || number > limit {
		p.addf("%d %s, 1 to %d allowed", number, what, limit)
	}
}

func (p *problems) unique(what string, seen map[string]bool, value string) {
	if seen[value] {
		p.addf("%s are not unique", what)
	}
	seen[value] = true
}

// link accepts plain http as well, for the sandbox on this machine; Meta itself opens only public addresses.
func (p *problems) link(what, link string) {
	address, err := url.Parse(link)
	if err != nil || (address.Scheme != "https" && address.Scheme != "http") || address.Host == "" ||
		len(link) > MaxLink || strings.ContainsFunc(link, unicode.IsSpace) {
		p.addf("%s is not an absolute web address", what)
	}
}

func (p *problems) within(what string, degrees, limit float64) {
	if math.IsNaN(degrees) || math.Abs(degrees) > limit {
		p.addf("%s is not between -%g and %g", what, limit, limit)
	}
}
