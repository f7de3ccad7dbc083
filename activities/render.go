package activities

import (
	"encoding/json"
	"errors"
	"fmt"

	"cabanas/dialogue"
	"cabanas/gateways/whatsapp"
)

// form is how a reply is sent: free inside the 24-hour window, as an approved template outside.
type form int

const (
	formFree form = iota
	formTemplate
	formSpanishTemplate
)

// ApprovedTemplate is a template as Meta approved it; an empty Language keeps the guest's.
type ApprovedTemplate struct {
	Name     string
	Language string
}

// spanishTemplate is the language in which every template has to be approved.
const spanishTemplate = "es_AR"

// errNoTemplate is a reply that cannot be said outside the window.
var errNoTemplate = errors.New("no template says this")

// render gives a stored reply its WhatsApp form. Outside the window a reply without a template cannot be sent, which is a
// [whatsapp.ReasonWindowClosed]; any other error is a bug of ours.
func (a *Messaging) render(stored json.RawMessage, form form) (whatsapp.Message, error) {
	var reply dialogue.Reply
	if err := json.Unmarshal(stored, &reply); err != nil {
		return whatsapp.Message{}, errors.Join(errUnsendable, fmt.Errorf("read stored reply: %w", err))
	}
	message := freeForm(reply)
	if form != formFree {
		if reply.Template == nil {
			return message, &whatsapp.Error{Operation: "render", Reason: whatsapp.ReasonWindowClosed, Cause: errNoTemplate}
		}
		message = whatsapp.Template(a.call(*reply.Template, form))
	}
	message, err := message.Fit()
	if err != nil {
		return message, errors.Join(errUnsendable, err)
	}
	return message, nil
}

// call names the template as Meta knows it.
func (a *Messaging) call(template dialogue.Template, form form) whatsapp.TemplateCall {
	call := whatsapp.TemplateCall{Name: template.Name, Language: template.Language, Body: template.Parameters, Replies: template.Replies}
	if form == formSpanishTemplate {
		call.Language = spanishTemplate
	}
	if approved, renamed := a.Templates[template.Name]; renamed {
		call.Name = approved.Name
		if approved.Language != "" {
			call.Language = approved.Language
		}
	}
	return call
}

func freeForm(reply dialogue.Reply) whatsapp.Message {
	switch reply.Kind {
	case dialogue.ReplyButtons:
		buttons := make([]whatsapp.Button, 0, len(reply.Choices))
		for _, choice := range reply.Choices {
			buttons = append(buttons, whatsapp.Button{ID: choice.ID, Title: choice.Title})
		}
		return framed(whatsapp.Buttons(reply.Body, buttons...), reply)
	case dialogue.ReplyList:
		rows := make([]whatsapp.Row, 0, len(reply.Choices))
		for _, choice := range reply.Choices {
			rows = append(rows, whatsapp.Row{ID: choice.ID, Title: choice.Title, Description: choice.Description})
		}
		return framed(whatsapp.List(reply.Body, reply.ListButton, whatsapp.Section{Rows: rows}), reply)
	case dialogue.ReplyLink:
		return framed(whatsapp.CTAURL(reply.Body, reply.LinkTitle, reply.LinkURL), reply)
	case dialogue.ReplyPicture:
		return whatsapp.Image(reply.LinkURL, reply.Body)
	case dialogue.ReplyDocument:
		return whatsapp.Document(reply.LinkURL, reply.Name, reply.Body)
	case dialogue.ReplyLocation:
		return whatsapp.Location(whatsapp.Place{
			Latitude: reply.Latitude, Longitude: reply.Longitude, Name: reply.Name, Address: reply.Address,
		})
	}
	return whatsapp.Text(reply.Body)
}

func framed(message whatsapp.Message, reply dialogue.Reply) whatsapp.Message {
	if reply.Header != "" {
		message = message.WithHeader(reply.Header)
	}
	if reply.Footer != "" {
		message = message.WithFooter(reply.Footer)
	}
	return message
}
