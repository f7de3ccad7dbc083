package activities

import (
	"encoding/json"
	"fmt"

	"cabanas/dialogue"
	"cabanas/gateways/whatsapp"
)

// render gives a stored reply its WhatsApp form: the free form inside the 24-hour window, its template outside.
func render(stored json.RawMessage, windowOpen bool) (whatsapp.Message, error) {
	var reply dialogue.Reply
	if err := json.Unmarshal(stored, &reply); err != nil {
		return whatsapp.Message{}, fmt.Errorf("read stored reply: %w", err)
	}
	if !windowOpen && reply.Template != nil {
		return whatsapp.Template(whatsapp.TemplateCall{
			Name: reply.Template.Name, Language: reply.Template.Language, Body: reply.Template.Parameters,
		}).Fit()
	}
	return freeForm(reply).Fit()
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
