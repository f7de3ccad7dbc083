package whatsapp

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Recipient is who gets a message: a WhatsApp id, the digits of [Inbound.From] as they were received, or for users who
// hide their number a business-scoped user id. With both, the number is used.
type Recipient struct {
	Phone  string
	UserID string
}

var errRecipient = errors.New("recipient has neither a phone number nor a user id")

func (r Recipient) validate() error {
	digits := strings.TrimPrefix(r.Phone, "+")
	if digits == "" {
		if r.UserID == "" {
			return errRecipient
		}
		return nil
	}
	if strings.Trim(digits, "0123456789") != "" || len(digits) < shortestWorld || len(digits) > longestWorld {
		return ErrPhone
	}
	return nil
}

// Encode checks the message and returns the body of the request that sends it, exactly as Meta wants it.
func (m Message) Encode(to Recipient) ([]byte, error) {
	if err := errors.Join(to.validate(), m.Validate()); err != nil {
		return nil, fmt.Errorf("encode message: %w", err)
	}
	request := wireRequest{
		Product: "whatsapp", RecipientType: "individual", Type: m.kind, CallbackData: m.callbackData,
	}
	if to.Phone != "" {
		// Without the plus Meta may put the country code of the business in front.
		request.To = "+" + strings.TrimPrefix(to.Phone, "+")
	} else {
		request.Recipient = to.UserID
	}
	switch m.kind {
	case typeText:
		request.Text = &wireText{Body: m.body}
	case typeInteractive:
		request.Interactive = m.wireInteractive()
	case typeImage:
		request.Image = &wireImage{Link: m.link, Caption: m.body}
	case typeDocument:
		request.Document = &wireDocument{Link: m.link, Filename: m.filename, Caption: m.body}
	case typeLocation:
		request.Location = &wireLocation{
			Latitude: m.place.Latitude, Longitude: m.place.Longitude, Name: m.place.Name, Address: m.place.Address,
		}
	case typeTemplate:
		request.Template = m.wireTemplate()
	}
	return json.Marshal(request)
}

func (m Message) wireInteractive() *wireInteractive {
	out := &wireInteractive{Type: m.interactive, Body: wireBody{Text: m.body}}
	if m.header != "" {
		out.Header = &wireHeader{Type: "text", Text: m.header}
	}
	if m.footer != "" {
		out.Footer = &wireBody{Text: m.footer}
	}
	switch m.interactive {
	case interactiveButtons:
		for _, button := range m.buttons {
			out.Action.Buttons = append(out.Action.Buttons, wireButton{Type: "reply", Reply: wireReply(button)})
		}
	case interactiveList:
		out.Action.Button = m.choose
		for _, section := range m.sections {
			rows := make([]wireRow, len(section.Rows))
			for i, row := range section.Rows {
				rows[i] = wireRow(row)
			}
			out.Action.Sections = append(out.Action.Sections, wireSection{Title: section.Title, Rows: rows})
		}
	case interactiveLink:
		out.Action.Name = interactiveLink
		out.Action.Parameters = &wireLink{DisplayText: m.linkTitle, URL: m.link}
	}
	return out
}

func (m Message) wireTemplate() *wireTemplate {
	out := &wireTemplate{Name: m.template.Name, Language: wireLanguage{Code: m.template.Language}}
	if len(m.template.Body) > 0 {
		body := wireComponent{Type: "body"}
		for _, value := range m.template.Body {
			body.Parameters = append(body.Parameters, wireParameter{Type: "text", Text: value})
		}
		out.Components = append(out.Components, body)
	}
	index := 0
	button := func(subType string, parameter wireParameter) {
		out.Components = append(out.Components, wireComponent{
			Type: "button", SubType: subType, Index: strconv.Itoa(index), Parameters: []wireParameter{parameter},
		})
		index++
	}
	if m.template.URLSuffix != "" {
		button("url", wireParameter{Type: "text", Text: m.template.URLSuffix})
	}
	for _, payload := range m.template.Replies {
		button("quick_reply", wireParameter{Type: "payload", Payload: payload})
	}
	return out
}

// The request bodies, member by member as Meta documents them.
type (
	wireRequest struct {
		Product       string           `json:"messaging_product"`
		RecipientType string           `json:"recipient_type"`
		To            string           `json:"to,omitempty"`
		Recipient     string           `json:"recipient,omitempty"`
		Type          string           `json:"type"`
		CallbackData  string           `json:"biz_opaque_callback_data,omitempty"`
		Text          *wireText        `json:"text,omitempty"`
		Interactive   *wireInteractive `json:"interactive,omitempty"`
		Image         *wireImage       `json:"image,omitempty"`
		Document      *wireDocument    `json:"document,omitempty"`
		Location      *wireLocation    `json:"location,omitempty"`
		Template      *wireTemplate    `json:"template,omitempty"`
	}
	wireText struct {
		Body       string `json:"body"`
		PreviewURL bool   `json:"preview_url"` // always false: no message of ours needs the picture of a page
	}
	wireImage struct {
		Link    string `json:"link"`
		Caption string `json:"caption,omitempty"`
	}
	wireDocument struct {
		Link     string `json:"link"`
		Filename string `json:"filename,omitempty"`
		Caption  string `json:"caption,omitempty"`
	}
	wireLocation struct {
		Latitude  float64 `json:"latitude"`
		Longitude float64 `json:"longitude"`
		Name      string  `json:"name,omitempty"`
		Address   string  `json:"address,omitempty"`
	}
	wireInteractive struct {
		Type   string      `json:"type"`
		Header *wireHeader `json:"header,omitempty"`
		Body   wireBody    `json:"body"`
		Footer *wireBody   `json:"footer,omitempty"`
		Action wireAction  `json:"action"`
	}
	wireHeader struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	wireBody struct {
		Text string `json:"text"`
	}
	wireAction struct {
		Buttons    []wireButton  `json:"buttons,omitempty"`
		Button     string        `json:"button,omitempty"`
		Sections   []wireSection `json:"sections,omitempty"`
		Name       string        `json:"name,omitempty"`
		Parameters *wireLink     `json:"parameters,omitempty"`
	}
	wireButton struct {
		Type  string    `json:"type"`
		Reply wireReply `json:"reply"`
	}
	wireReply struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	wireSection struct {
		Title string    `json:"title,omitempty"`
		Rows  []wireRow `json:"rows"`
	}
	wireRow struct {
		ID          string `json:"id"`
		Title       string `json:"title"`
		Description string `json:"description,omitempty"`
	}
	wireLink struct {
		DisplayText string `json:"display_text"`
		URL         string `json:"url"`
	}
	wireTemplate struct {
		Name       string          `json:"name"`
		Language   wireLanguage    `json:"language"`
		Components []wireComponent `json:"components,omitempty"`
	}
	wireLanguage struct {
		Code string `json:"code"`
	}
	wireComponent struct {
		Type       string          `json:"type"`
		SubType    string          `json:"sub_type,omitempty"`
		Index      string          `json:"index,omitempty"`
		Parameters []wireParameter `json:"parameters"`
	}
	wireParameter struct {
		Type    string `json:"type"`
		Text    string `json:"text,omitempty"`
		Payload string `json:"payload,omitempty"`
	}
)
