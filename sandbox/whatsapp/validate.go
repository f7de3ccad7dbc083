package whatsapp

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Limits of the send API, in Unicode code points where they are lengths (Meta's message reference).
const (
	maxText        = 4096
	maxBody        = 1024
	maxListBody    = 4096
	maxHeader      = 60
	maxFooter      = 60
	maxCaption     = 1024
	maxButtons     = 3
	maxButtonTitle = 20
	maxButtonID    = 256
	maxSections    = 10
	maxRows        = 10
	maxRowID       = 200
	maxRowTitle    = 24
	maxDescription = 72
	maxCTA         = 20
	maxURL         = 2000
	maxOpaque      = 512
)

var bsuid = regexp.MustCompile(`^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$`)

// validate checks everything that does not depend on the recipient.
func (m *outbound) validate() *refusal {
	if m.MessagingProduct != "whatsapp" {
		return refuse(codeInvalidParameter, "messaging_product must be whatsapp")
	}
	if m.RecipientType != "" && m.RecipientType != "individual" {
		return refuse(codeInvalidParameter, "recipient_type must be individual")
	}
	if r := m.validateRecipient(); r != nil {
		return r
	}
	if n := utf8.RuneCountInString(m.BizOpaque); n > maxOpaque {
		return refuse(codeInvalidValue, "biz_opaque_callback_data length invalid. Max length: %d, got %d", maxOpaque, n)
	}
	if m.Context != nil && !strings.HasPrefix(m.Context.MessageID, "wamid.") {
		return refuse(codeInvalidValue, "context.message_id is not a message id")
	}
	if m.Type == "" {
		m.Type = "text"
	}
	return m.validateContent()
}

func (m *outbound) validateRecipient() *refusal {
	switch {
	case m.To == "" && m.Recipient == "":
		return refuse(codeInvalidParameter, "The parameter to is required.")
	case m.To != "" && m.Recipient != "":
		return refuse(codeInvalidParameter, "Only one of to and recipient may be given")
	case m.Recipient != "" && !bsuid.MatchString(m.Recipient):
		return refuse(codeInvalidValue, "recipient is not a business-scoped user id")
	case m.To != "":
		n := digits(m.To)
		if len(n) < 8 || len(n) > 15 || strings.Trim(m.To, "+0123456789 ()-.") != "" {
			return refuse(codeInvalidValue, "to is not a phone number")
		}
	}
	return nil
}

func (m *outbound) validateContent() *refusal {
	present := map[string]bool{
		"text": m.Text != nil, "interactive": m.Interactive != nil, "image": m.Image != nil, "video": m.Video != nil,
		"document": m.Document != nil, "audio": m.Audio != nil, "sticker": m.Sticker != nil, "location": m.Location != nil,
		"reaction": m.Reaction != nil, "contacts": m.Contacts != nil, "template": m.Template != nil,
	}
	has, known := present[m.Type]
	if !known {
		return refuse(codeInvalidParameter, "Param type must be one of the message types, got %q", m.Type)
	}
	if !has {
		return refuse(codeInvalidParameter, "The parameter %s is required.", m.Type)
	}
	for name, there := range present {
		if there && name != m.Type {
			return refuse(codeInvalidParameter, "Unexpected key %q on a message of type %s", name, m.Type)
		}
	}
	switch m.Type {
	case "text":
		return validateText(m.Text)
	case "interactive":
		return m.Interactive.validate()
	case "image", "video", "document":
		return m.file().validate(m.Type, true)
	case "audio", "sticker":
		return m.file().validate(m.Type, false)
	case "location":
		return m.Location.validate()
	case "reaction":
		if m.Reaction.MessageID == "" {
			return refuse(codeRequired, "reaction.message_id is required")
		}
	}
	return nil
}

// file returns the media object of the message's type.
func (m *outbound) file() *mediaOut {
	return map[string]*mediaOut{
		"image": m.Image, "video": m.Video, "document": m.Document, "audio": m.Audio, "sticker": m.Sticker,
	}[m.Type]
}

func validateText(t *textOut) *refusal {
	if strings.TrimSpace(t.Body) == "" {
		return refuse(codeInvalidParameter, "The parameter text['body'] is required.")
	}
	if n := utf8.RuneCountInString(t.Body); n > maxText {
		return refuse(codeInvalidParameter, "Param text['body'] must be at most %d characters long, got %d", maxText, n)
	}
	return nil
}

func (f *mediaOut) validate(kind string, captioned bool) *refusal {
	if (f.ID == "") == (f.Link == "") {
		return refuse(codeRequired, "%s needs either id or link", kind)
	}
	if f.Link != "" && !isWebLink(f.Link) {
		return refuse(codeInvalidValue, "%s.link is not a valid http or https address", kind)
	}
	if f.Caption != "" && !captioned {
		return refuse(codeInvalidParameter, "Unexpected key \"caption\" on %s", kind)
	}
	return length(kind+".caption", f.Caption, 0, maxCaption)
}

func (l *locationOut) validate() *refusal {
	if l.Latitude == nil || l.Longitude == nil {
		return refuse(codeRequired, "location needs latitude and longitude")
	}
	if *l.Latitude < -90 || *l.Latitude > 90 || *l.Longitude < -180 || *l.Longitude > 180 {
		return refuse(codeInvalidValue, "location is not on the map")
	}
	return nil
}

func (i *interactiveOut) validate() *refusal {
	if i.Action == nil {
		return refuse(codeRequired, "interactive.action is required")
	}
	if i.Body == nil || strings.TrimSpace(i.Body.Text) == "" {
		return refuse(codeRequired, "interactive.body.text is required")
	}
	bodyLimit := maxBody
	if i.Type == "list" {
		bodyLimit = maxListBody
	}
	if r := length("Body text", i.Body.Text, 1, bodyLimit); r != nil {
		return r
	}
	if i.Footer != nil {
		if r := length("Footer text", i.Footer.Text, 1, maxFooter); r != nil {
			return r
		}
	}
	if r := i.validateHeader(); r != nil {
		return r
	}
	a := i.Action
	uses := map[string]bool{
		"button": a.Buttons != nil, "list": a.Button != "" || a.Sections != nil, "cta_url": a.Parameters != nil,
	}
	for kind, used := range uses {
		if used && kind != i.Type {
			return refuse(codeInvalidParameter, "interactive.action does not belong to an interactive of type %q", i.Type)
		}
	}
	switch i.Type {
	case "button":
		return validateButtons(a.Buttons)
	case "list":
		return validateList(a)
	case "cta_url":
		return validateCTA(a)
	case "location_request_message":
		if a.Name != "send_location" {
			return refuse(codeInvalidValue, "interactive.action.name must be send_location")
		}
		return nil
	}
	return refuse(codeInvalidParameter, "interactive.type %q is not valid", i.Type)
}

func (i *interactiveOut) validateHeader() *refusal {
	h := i.Header
	if h == nil {
		return nil
	}
	if i.Type == "list" && h.Type != "text" {
		return refuse(codeInvalidValue, "Header of a list must be of type text")
	}
	switch h.Type {
	case "text":
		return length("Header text", h.Text, 1, maxHeader)
	case "image", "video", "document":
		file := map[string]*mediaOut{"image": h.Image, "video": h.Video, "document": h.Document}[h.Type]
		if file == nil {
			return refuse(codeRequired, "interactive.header.%s is required", h.Type)
		}
		return file.validate("interactive.header."+h.Type, false)
	}
	return refuse(codeInvalidValue, "Header type %q is not valid", h.Type)
}

func validateButtons(buttons []buttonOut) *refusal {
	if len(buttons) < 1 || len(buttons) > maxButtons {
		return refuse(codeInvalidValue, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: %d", maxButtons)
	}
	ids, titles := map[string]bool{}, map[string]bool{}
	for _, b := range buttons {
		if b.Type != "reply" {
			return refuse(codeInvalidValue, "Button type must be reply")
		}
		if r := length("Button title", b.Reply.Title, 1, maxButtonTitle); r != nil {
			return r
		}
		if r := identifier("Button id", b.Reply.ID, maxButtonID); r != nil {
			return r
		}
		if ids[b.Reply.ID] {
			return refuse(codeInvalidValue, "Duplicate id in buttons")
		}
		if titles[b.Reply.Title] {
			return refuse(codeInvalidValue, "Duplicate title in buttons")
		}
		ids[b.Reply.ID], titles[b.Reply.Title] = true, true
	}
	return nil
}

func validateList(a *actionOut) *refusal {
	if r := length("Button label", a.Button, 1, maxButtonTitle); r != nil {
		return r
	}
	if len(a.Sections) < 1 || len(a.Sections) > maxSections {
		return refuse(codeInvalidValue, "Invalid sections count. Min allowed: 1, Max allowed: %d", maxSections)
	}
	rows, ids := 0, map[string]bool{}
	for _, section := range a.Sections {
		if len(a.Sections) > 1 && section.Title == "" {
			return refuse(codeRequired, "Section title is required when there is more than one section")
		}
		if r := length("Section title", section.Title, 0, maxRowTitle); r != nil {
			return r
		}
		if len(section.Rows) == 0 {
			return refuse(codeInvalidValue, "A section needs at least one row")
		}
		for _, row := range section.Rows {
			rows++
			if r := length("Row title", row.Title, 1, maxRowTitle); r != nil {
				return r
			}
			if r := length("Row description", row.Description, 0, maxDescription); r != nil {
				return r
			}
			if r := identifier("Row id", row.ID, maxRowID); r != nil {
				return r
			}
			if ids[row.ID] {
				return refuse(codeInvalidValue, "Duplicate id in rows")
			}
			ids[row.ID] = true
		}
	}
	if rows > maxRows {
		return refuse(codeInvalidValue, "Total row count exceed max allowed count: %d", maxRows)
	}
	return nil
}

func validateCTA(a *actionOut) *refusal {
	if a.Name != "cta_url" || a.Parameters == nil {
		return refuse(codeRequired, "interactive.action needs name cta_url and parameters")
	}
	if r := length("display_text", a.Parameters.DisplayText, 1, maxCTA); r != nil {
		return r
	}
	if !isWebLink(a.Parameters.URL) || len(a.Parameters.URL) > maxURL {
		return refuse(codeInvalidValue, "url is not a valid http or https address")
	}
	return nil
}

func length(what, s string, least, most int) *refusal {
	n := utf8.RuneCountInString(s)
	if n < least || n > most || (least > 0 && strings.TrimSpace(s) == "") {
		return refuse(codeInvalidValue, "%s length invalid. Min length: %d, Max length: %d", what, least, most)
	}
	return nil
}

func identifier(what, s string, most int) *refusal {
	if s != strings.TrimSpace(s) {
		return refuse(codeInvalidValue, "%s must not begin or end with a space", what)
	}
	return length(what, s, 1, most)
}

func isWebLink(link string) bool {
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && !strings.ContainsAny(link, " \n\t")
}
