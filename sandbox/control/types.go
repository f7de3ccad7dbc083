package control

import (
	"encoding/json"
	"time"
)

// Guest is a person who has WhatsApp, as the phone page and the business see them.
type Guest struct {
	// Number is the wa_id: digits with country code, without "+"; an Argentine mobile starts with 549.
	Number string `json:"number"`
	// Name is the profile name.
	Name string `json:"name,omitempty"`
	// BSUID is the business-scoped user id ("AR.…"); webhooks carry it when it is set.
	BSUID string `json:"bsuid,omitempty"`
	// HideNumber leaves wa_id and from out of webhooks, as for a user with a username.
	HideNumber bool `json:"hide_number,omitempty"`
	// HideName leaves the profile name out of webhooks.
	HideName bool `json:"hide_name,omitempty"`
	// NotOnWhatsApp makes every send to this guest fail with 131026.
	NotOnWhatsApp bool `json:"not_on_whatsapp,omitempty"`

	// WindowUntil is when the 24-hour window closes; nil when it is closed. Read only.
	WindowUntil *time.Time `json:"window_until,omitempty"`
	// TypingUntil is when the business's typing indicator ends; nil when it is off. Read only.
	TypingUntil *time.Time `json:"typing_until,omitempty"`
}

// Message is one line of a guest's transcript, in either direction.
type Message struct {
	// Seq grows by one with every message of the sandbox; wait calls take it as "after".
	Seq   int64  `json:"seq"`
	ID    string `json:"id"`
	Guest string `json:"guest"`
	// Direction is "in" (guest to business) or "out".
	Direction string `json:"direction"`
	// Kind of an outbound message is text, buttons, list, cta_url, location_request, image, video, document, audio, sticker,
	// location, contacts, reaction or template; of an inbound one the type it was sent with.
	Kind    string    `json:"kind"`
	Text    string    `json:"text,omitempty"`
	Header  string    `json:"header,omitempty"`
	Footer  string    `json:"footer,omitempty"`
	Buttons []Button  `json:"buttons,omitempty"`
	List    *List     `json:"list,omitempty"`
	CTA     *CTA      `json:"cta,omitempty"`
	Media   *Media    `json:"media,omitempty"`
	Place   *Place    `json:"place,omitempty"`
	Contact string    `json:"contact,omitempty"`
	Emoji   string    `json:"emoji,omitempty"`
	Reply   *Choice   `json:"reply,omitempty"`
	Tpl     *Template `json:"template,omitempty"`
	// Context is the wamid this message answers, Target the one it reacts to, edits or revokes.
	Context string `json:"context,omitempty"`
	Target  string `json:"target,omitempty"`
	// Status of an outbound message is accepted, sent, delivered, read or failed; of an inbound one delivered or read.
	Status string `json:"status"`
	// BizOpaque is the sender's biz_opaque_callback_data.
	BizOpaque string    `json:"biz_opaque_callback_data,omitempty"`
	At        time.Time `json:"at"`
	Revoked   bool      `json:"revoked,omitempty"`
	// FromPhone marks an outbound message that the owner wrote in the WhatsApp app, not through the API.
	FromPhone bool `json:"from_phone,omitempty"`
	// Request is the body of the API call as it came, for outbound messages.
	Request json.RawMessage `json:"request,omitempty"`
}

// Button is a reply button, or a row of a list.
type Button struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// Choice is the button or row a guest pressed.
type Choice struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// List is a list message: a button that opens sections of rows.
type List struct {
	Button   string    `json:"button"`
	Sections []Section `json:"sections"`
}

// Section is a titled group of rows of a list.
type Section struct {
	Title string   `json:"title,omitempty"`
	Rows  []Button `json:"rows"`
}

// Rows returns the rows of all sections in order.
func (l *List) Rows() []Button {
	var rows []Button
	if l != nil {
		for _, s := range l.Sections {
			rows = append(rows, s.Rows...)
		}
	}
	return rows
}

// CTA is a button that opens a page.
type CTA struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// Media is a file in a message: a link for outbound messages, a stored id for inbound ones.
type Media struct {
	ID   string `json:"id,omitempty"`
	Link string `json:"link,omitempty"`
	MIME string `json:"mime,omitempty"`
	Name string `json:"name,omitempty"`
}

// Place is a point on the map.
type Place struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

// Template is a template message as sent.
type Template struct {
	Name     string   `json:"name"`
	Language string   `json:"language"`
	Params   []string `json:"params,omitempty"`
	// Buttons holds the payloads of quick-reply buttons, Links the suffixes of URL buttons.
	Buttons []string `json:"buttons,omitempty"`
	Links   []string `json:"links,omitempty"`
}

// TemplateSpec registers a template the business may send.
type TemplateSpec struct {
	Name string `json:"name"`
	// Language is a code such as "es_AR"; empty accepts any.
	Language string `json:"language,omitempty"`
	// Params is the number of body parameters; negative accepts any number.
	Params int `json:"params"`
	// Replies are the titles of its quick-reply buttons; a call must bring a payload for each.
	Replies []string `json:"replies,omitempty"`
	// Text is shown on the phone with {{1}}, {{2}}… replaced; empty shows the parameters alone.
	Text string `json:"text,omitempty"`
	// Status is approved (the default), paused (refused with 132015) or anything else (refused with 132016).
	Status string `json:"status,omitempty"`
}

// Inbound is a message from a guest, to be delivered to the business's webhook.
type Inbound struct {
	// From is the guest's number; an unknown one is added as a guest.
	From string `json:"from"`
	// Type is text, button_reply, list_reply, template_button, audio, image, video, document, sticker, location, contacts,
	// reaction, unsupported, system, edit, revoke, order, request_welcome or broken_interactive; empty is text.
	Type string `json:"type,omitempty"`
	// Text is the body of a text or an edit, the caption of media, the payload's text of a template button.
	Text string `json:"text,omitempty"`
	// ButtonID is the id of the button or row pressed, or a template button's payload. Its title and the message it
	// belongs to are looked up in what the guest received, unless Title is given.
	ButtonID string `json:"button_id,omitempty"`
	Title    string `json:"title,omitempty"`
	// Context is the wamid of the message answered; Target of the one reacted to, edited or revoked.
	Context string `json:"context,omitempty"`
	Target  string `json:"target,omitempty"`
	Emoji   string `json:"emoji,omitempty"`
	// MediaBase64 and MIME are the file of audio, image, video, document and sticker; empty uses a tiny stand-in.
	MediaBase64 string `json:"media_base64,omitempty"`
	MIME        string `json:"mime,omitempty"`
	// Filename is a document's; empty is "documento.pdf".
	Filename string `json:"filename,omitempty"`
	// Clip is the name of a voice note that the speech stand-in knows; it makes the message an audio.
	Clip  string `json:"clip,omitempty"`
	Place *Place `json:"place,omitempty"`
	// SystemType is user_changed_number or customer_identity_changed; NewNumber goes with the first.
	SystemType string `json:"system_type,omitempty"`
	NewNumber  string `json:"new_number,omitempty"`
	// Forwarded marks the message as forwarded.
	Forwarded bool `json:"forwarded,omitempty"`
	// PhoneNumberID replaces the business's own, as when the app also serves another number.
	PhoneNumberID string `json:"phone_number_id,omitempty"`
	// NoWebhook puts the message in the transcript and opens the window without telling the business.
	NoWebhook bool `json:"no_webhook,omitempty"`
}

// Clip is a voice note that the speech stand-in knows by heart.
type Clip struct {
	Name     string  `json:"name"`
	Language string  `json:"language"`
	Seconds  float64 `json:"seconds"`
	// Text is what is said in it; empty when nobody speaks.
	Text string `json:"text"`
}

// Batch is several messages in one webhook.
type Batch struct {
	Messages []Inbound `json:"messages"`
	// Spread is messages (one change, the default), changes (one change each) or entries (one entry each).
	Spread string `json:"spread,omitempty"`
}
