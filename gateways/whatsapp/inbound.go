package whatsapp

import (
	"encoding/json"
	"errors"
	"time"
)

// Kind is what an inbound message is; the set is closed, so that every kind gets an answer.
type Kind string

// The inbound kinds.
const (
	KindText           Kind = "text"
	KindButton         Kind = "button"          // a reply button of ours: ReplyID, Text is its title
	KindListReply      Kind = "list_reply"      // a row of a list of ours: ReplyID, Text is its title
	KindTemplateButton Kind = "template_button" // a quick reply of a template: ReplyID is its payload, Text its title
	KindAudio          Kind = "audio"           // Media; Voice is set for a voice note
	KindImage          Kind = "image"           // Media; Text is the caption, as for video and document
	KindVideo          Kind = "video"
	KindDocument       Kind = "document"
	KindSticker        Kind = "sticker"
	KindLocation       Kind = "location" // Place
	KindContacts       Kind = "contacts"
	KindReaction       Kind = "reaction" // TargetID, Text is the emoji, empty when it was taken back
	KindEdit           Kind = "edit"     // TargetID, Text is the new text where it has one
	KindRevoke         Kind = "revoke"   // TargetID
	KindSystem         Kind = "system"   // System
	KindOrder          Kind = "order"
	KindFlow           Kind = "flow" // Text is the JSON text of the answers
	KindWelcome        Kind = "welcome"
	KindUnsupported    Kind = "unsupported" // anything else, or one of the above with a body that cannot be read
)

// Inbound is one message of a customer.
type Inbound struct {
	ID            string // wamid, the deduplication key
	PhoneNumberID string // which of our numbers it was sent to
	// From is the sender's WhatsApp id as received; empty for users who hide their number. See [CanonicalWaID].
	From string
	// UserID is the business-scoped user id ("AR.…"); empty in older deliveries. From and UserID are never both empty.
	UserID      string
	ProfileName string
	Username    string
	// Timestamp is when it was sent, in UTC; zero when the delivery did not say it legibly.
	Timestamp time.Time
	Kind      Kind
	Type      string // Meta's own name of the type, "" if absent
	Text      string
	ReplyID   string
	TargetID  string
	Media     *Media
	Place     *Place
	System    *SystemNotice
	Context   *Context
	Referral  *Referral
	Errors    []PlatformError
	Raw       json.RawMessage
}

// Media is a file that waits at Meta for seven days under its ID.
type Media struct {
	ID       string
	MIMEType string // may carry parameters, "audio/ogg; codecs=opus"
	SHA256   string // base64
	Filename string
	URL      string
	Voice    bool
	Animated bool
}

// Place is a point on the map, in degrees.
type Place struct {
	Latitude  float64
	Longitude float64
	Name      string
	Address   string
}

// SystemNotice tells that a customer changed number or identity.
type SystemNotice struct {
	Type      string // user_changed_number, customer_identity_changed, …
	NewWaID   string
	NewUserID string
}

// Context says what a message answers or that it was forwarded.
type Context struct {
	MessageID string
	Forwarded bool
}

// Referral is the advertisement or post that led to the message.
type Referral struct {
	SourceURL  string
	SourceID   string
	SourceType string
	Headline   string
	ClickID    string
}

var (
	errMessageShape = errors.New("message is not an object")
	errMessageID    = errors.New("message has no id")
	errNoSender     = errors.New("message has no sender")
)

func readInbound(raw json.RawMessage, contacts []contact) (Inbound, error) {
	message, ok := object(raw)
	if !ok {
		return Inbound{}, errMessageShape
	}
	in := Inbound{
		ID: message.text("id"), From: message.text("from"), UserID: message.text("from_user_id"),
		Timestamp: message.unixTime("timestamp"), Type: message.text("type"), Raw: raw,
	}
	if in.ID == "" {
		return Inbound{}, errMessageID
	}
	if sender, found := contactOf(contacts, in.From, in.UserID); found {
		in.ProfileName, in.Username = sender.name, sender.username
		if in.From == "" {
			in.From = sender.waID
		}
		if in.UserID == "" {
			in.UserID = sender.userID
		}
	}
	if in.From == "" && in.UserID == "" {
		return Inbound{}, errNoSender
	}
	in.Context, in.Referral = readContext(message), readReferral(message)
	rawErrors, _ := message.array("errors")
	in.Errors = readErrors(rawErrors)
	in.Kind = in.readBody(message)
	return in, nil
}

// readBody fills what the message's type carries and returns its kind.
func (in *Inbound) readBody(message fields) Kind {
	body, ok := object(message[in.Type])
	switch in.Type {
	case "contacts":
		if shared, isList := message.array("contacts"); isList && len(shared) > 0 {
			return KindContacts
		}
		return KindUnsupported
	case "request_welcome":
		return KindWelcome
	case "order":
		return KindOrder
	case "revoke":
		in.TargetID = body.text("original_message_id")
		return KindRevoke
	}
	if !ok {
		return KindUnsupported
	}
	switch in.Type {
	case "text":
		return in.readText(body)
	case "interactive":
		return in.readInteractive(body)
	case "button":
		in.ReplyID, in.Text = body.text("payload"), body.text("text")
		return KindTemplateButton
	case "audio", "image", "video", "document", "sticker":
		return in.readMedia(body)
	case "location":
		return in.readPlace(body)
	case "reaction":
		in.TargetID, in.Text = body.text("message_id"), body.text("emoji")
		return KindReaction
	case "edit":
		return in.readEdit(body)
	case "system":
		in.System = &SystemNotice{Type: body.text("type"), NewWaID: body.text("wa_id"), NewUserID: body.text("user_id")}
		return KindSystem
	}
	return KindUnsupported
}

func (in *Inbound) readText(body fields) Kind {
	if _, present := body["body"]; !present {
		return KindUnsupported
	}
	in.Text = body.text("body")
	return KindText
}

func (in *Inbound) readInteractive(body fields) Kind {
	kind := body.text("type")
	reply, ok := object(body[kind])
	if !ok {
		return KindUnsupported
	}
	switch kind {
	case "button_reply":
		in.ReplyID, in.Text = reply.text("id"), reply.text("title")
		return KindButton
	case "list_reply":
		in.ReplyID, in.Text = reply.text("id"), reply.text("title")
		return KindListReply
	case "nfm_reply":
		in.ReplyID, in.Text = reply.text("name"), reply.text("response_json")
		return KindFlow
	}
	return KindUnsupported
}

func (in *Inbound) readMedia(body fields) Kind {
	media := Media{
		ID: body.text("id"), MIMEType: body.text("mime_type"), SHA256: body.text("sha256"), Filename: body.text("filename"),
		URL: body.text("url"), Voice: body.flag("voice"), Animated: body.flag("animated"),
	}
	if media.ID == "" {
		return KindUnsupported
	}
	in.Media, in.Text = &media, body.text("caption")
	return Kind(in.Type)
}

func (in *Inbound) readPlace(body fields) Kind {
	latitude, okLatitude := body.decimal("latitude")
	longitude, okLongitude := body.decimal("longitude")
	if !okLatitude || !okLongitude {
		return KindUnsupported
	}
	in.Place = &Place{Latitude: latitude, Longitude: longitude, Name: body.text("name"), Address: body.text("address")}
	return KindLocation
}

// readEdit keeps the edited text; an edit changes captions as well.
func (in *Inbound) readEdit(body fields) Kind {
	in.TargetID = body.text("original_message_id")
	if edited, ok := object(body["message"]); ok {
		content, _ := object(edited[edited.text("type")])
		in.Text = content.text("body")
		if in.Text == "" {
			in.Text = content.text("caption")
		}
	}
	return KindEdit
}

func readContext(message fields) *Context {
	body, ok := object(message["context"])
	if !ok {
		return nil
	}
	return &Context{MessageID: body.text("id"), Forwarded: body.flag("forwarded") || body.flag("frequently_forwarded")}
}

func readReferral(message fields) *Referral {
	body, ok := object(message["referral"])
	if !ok {
		return nil
	}
	return &Referral{
		SourceURL: body.text("source_url"), SourceID: body.text("source_id"), SourceType: body.text("source_type"),
		Headline: body.text("headline"), ClickID: body.text("ctwa_clid"),
	}
}
