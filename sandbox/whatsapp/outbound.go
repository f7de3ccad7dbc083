package whatsapp

import "encoding/json"

// outbound is the body of POST /{phone-number-id}/messages. Unknown fields are refused, as Meta refuses unexpected keys.
type outbound struct {
	MessagingProduct string      `json:"messaging_product"`
	RecipientType    string      `json:"recipient_type"`
	To               string      `json:"to"`
	Recipient        string      `json:"recipient"`
	Type             string      `json:"type"`
	Context          *contextOut `json:"context"`
	BizOpaque        string      `json:"biz_opaque_callback_data"`

	Text        *textOut        `json:"text"`
	Interactive *interactiveOut `json:"interactive"`
	Image       *mediaOut       `json:"image"`
	Video       *mediaOut       `json:"video"`
	Document    *mediaOut       `json:"document"`
	Audio       *mediaOut       `json:"audio"`
	Sticker     *mediaOut       `json:"sticker"`
	Location    *locationOut    `json:"location"`
	Reaction    *reactionOut    `json:"reaction"`
	Contacts    json.RawMessage `json:"contacts"`
	Template    *templateOut    `json:"template"`

	// A read receipt uses the same address.
	Status    string     `json:"status"`
	MessageID string     `json:"message_id"`
	Typing    *typingOut `json:"typing_indicator"`
}

type contextOut struct {
	MessageID string `json:"message_id"`
}

type typingOut struct {
	Type string `json:"type"`
}

type textOut struct {
	Body       string `json:"body"`
	PreviewURL bool   `json:"preview_url"`
}

type mediaOut struct {
	ID       string `json:"id"`
	Link     string `json:"link"`
	Caption  string `json:"caption"`
	Filename string `json:"filename"`
}

type locationOut struct {
	Latitude  *float64 `json:"latitude"`
	Longitude *float64 `json:"longitude"`
	Name      string   `json:"name"`
	Address   string   `json:"address"`
}

type reactionOut struct {
	MessageID string `json:"message_id"`
	Emoji     string `json:"emoji"`
}

type interactiveOut struct {
	Type   string     `json:"type"`
	Header *headerOut `json:"header"`
	Body   *bodyOut   `json:"body"`
	Footer *bodyOut   `json:"footer"`
	Action *actionOut `json:"action"`
}

type headerOut struct {
	Type     string    `json:"type"`
	Text     string    `json:"text"`
	Image    *mediaOut `json:"image"`
	Video    *mediaOut `json:"video"`
	Document *mediaOut `json:"document"`
}

type bodyOut struct {
	Text string `json:"text"`
}

type actionOut struct {
	Buttons    []buttonOut  `json:"buttons"`
	Button     string       `json:"button"`
	Sections   []sectionOut `json:"sections"`
	Name       string       `json:"name"`
	Parameters *ctaOut      `json:"parameters"`
}

type buttonOut struct {
	Type  string   `json:"type"`
	Reply replyOut `json:"reply"`
}

type replyOut struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type sectionOut struct {
	Title string   `json:"title"`
	Rows  []rowOut `json:"rows"`
}

type rowOut struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

type ctaOut struct {
	DisplayText string `json:"display_text"`
	URL         string `json:"url"`
}

type templateOut struct {
	Name       string         `json:"name"`
	Language   *languageOut   `json:"language"`
	Components []componentOut `json:"components"`
}

type languageOut struct {
	Code   string `json:"code"`
	Policy string `json:"policy"`
}

type componentOut struct {
	Type       string          `json:"type"`
	SubType    string          `json:"sub_type"`
	Index      json.RawMessage `json:"index"` // Meta takes "0" and 0
	Parameters []parameterOut  `json:"parameters"`
}

type parameterOut struct {
	Type          string    `json:"type"`
	ParameterName string    `json:"parameter_name"`
	Text          string    `json:"text"`
	Payload       string    `json:"payload"`
	Image         *mediaOut `json:"image"`
	Document      *mediaOut `json:"document"`
}
