package whatsapp

import (
	"encoding/json"
	"errors"
	"time"

	"cabanas/gateways/internal/lenient"
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
	message, ok := lenient.Read(raw)
	if !ok {
		return Inbound{}, errMessageShape
	}
	in := Inbound{
		ID: message.Text("id"), From: message.Text("from"), UserID: message.Text("from_user_id"),
		Timestamp: unixTime(message.Text("timestamp")), Type: message.Text("type"), Raw: raw,
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
	rawErrors, _ := message.Array("errors")
	in.Errors = readErrors(rawErrors)
	in.Kind = in.readBody(message)
	return in, nil
}

// readBody fills what the message's type carries and returns its kind.
func (in *Inbound) readBody(message lenient.Object) Kind {
	body, ok := message.Object(in.Type)
	switch in.Type {
	case "contacts":
		if shared, isList := message.Array("contacts"); isList && len(shared) > 0 {
			return KindContacts
		}
		return KindUnsupported
	case "request_welcome":
		return KindWelcome
	case "order":
		return KindOrder
	case "revoke":
		in.TargetID = body.Text("original_message_id")
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
		in.ReplyID, in.Text = body.Text("payload"), body.Text("text")
		return KindTemplateButton
	case "audio", "image", "video", "document", "sticker":
		return in.readMedia(body)
	case "location":
		return in.readPlace(body)
	case "reaction":
		in.TargetID, in.Text = body.Text("message_id"), body.Text("emoji")
		return KindReaction
	case "edit":
		return in.readEdit(body)
	case "system":
		in.System = &SystemNotice{Type: body.Text("type"), NewWaID: body.Text("wa_id"), NewUserID: body.Text("user_id")}
		return KindSystem
	}
	return KindUnsupported
}

func (in *Inbound) readText(body lenient.Object) Kind {
	if _, present := body["body"]; !present {
		return KindUnsupported
	}
	in.Text = body.Text("body")
	return KindText
}

func (in *Inbound) readInteractive(body lenient.Object) Kind {
	kind := body.Text("type")
	reply, ok := body.Object(kind)
	if !ok {
		return KindUnsupported
	}
	switch kind {
	case "button_reply":
		in.ReplyID, in.Text = reply.Text("id"), reply.Text("title")
		return KindButton
	case "list_reply":
		in.ReplyID, in.Text = reply.Text("id"), reply.Text("title")
		return KindListReply
	case "nfm_reply":
		in.ReplyID, in.Text = reply.Text("name"), reply.Text("response_json")
		return KindFlow
	}
	return KindUnsupported
}

func (in *Inbound) readMedia(body lenient.Object) Kind {
	media := Media{
		ID: body.Text("id"), MIMEType: body.Text("mime_type"), SHA256: body.Text("sha256"), Filename: body.Text("filename"),
		URL: body.Text("url"), Voice: body.Flag("voice"), Animated: body.Flag("animated"),
	}
	if media.ID == "" {
		return KindUnsupported
	}
	in.Media, in.Text = &media, body.Text("caption")
	return Kind(in.Type)
}

func (in *Inbound) readPlace(body lenient.Object) Kind {
	latitude, okLatitude := body.Decimal("latitude")
	longitude, okLongitude := body.Decimal("longitude")
	if !okLatitude || !okLongitude {
		return KindUnsupported
	}
	in.Place = &Place{Latitude: latitude, Longitude: longitude, Name: body.Text("name"), Address: body.Text("address")}
	return KindLocation
}

// readEdit keeps the edited text; an edit changes captions as well.
func (in *Inbound) readEdit(body lenient.Object) Kind {
	in.TargetID = body.Text("original_message_id")
	if edited, ok := body.Object("message"); ok {
		content, _ := edited.Object(edited.Text("type"))
		in.Text = content.Text("body")
		if in.Text == "" {
			in.Text = content.Text("caption")
		}
	}
	return KindEdit
}

func readContext(message lenient.Object) *Context {
	body, ok := message.Object("context")
	if !ok {
		return nil
	}
	return &Context{MessageID: body.Text("id"), Forwarded: body.Flag("forwarded") || body.Flag("frequently_forwarded")}
}

func readReferral(message lenient.Object) *Referral {
	body, ok := message.Object("referral")
	if !ok {
		return nil
	}
	return &Referral{
		SourceURL: body.Text("source_url"), SourceID: body.Text("source_id"), SourceType: body.Text("source_type"),
		Headline: body.Text("headline"), ClickID: body.Text("ctwa_clid"),
	}
}
