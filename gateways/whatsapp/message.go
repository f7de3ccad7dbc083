package whatsapp

// Meta's limits, in Unicode code points where they are about text. They are those of the public documentation; the body of
// a list is held at the older 1024 because sources disagree about 4096.
const (
	MaxText           = 4096
	MaxBody           = 1024 // body of buttons, list and link messages; caption of an image
	MaxHeader         = 60
	MaxFooter         = 60
	MaxButtons        = 3
	MaxButtonTitle    = 20
	MaxButtonID       = 256
	MaxListButton     = 20
	MaxSections       = 10
	MaxRows           = 10 // over all sections together
	MaxSectionTitle   = 24
	MaxRowID          = 200
	MaxRowTitle       = 24
	MaxRowDescription = 72
	MaxLinkTitle      = 20
	MaxCallbackData   = 512
	MaxLink           = 2000
	MaxFilename       = 240
	MaxTemplateValues = 750 // all variables together: the body with its own words is held at 1024
)

// What a message is on the wire, and what an interactive one is.
const (
	typeText        = "text"
	typeInteractive = "interactive"
	typeImage       = "image"
	typeDocument    = "document"
	typeLocation    = "location"
	typeTemplate    = "template"

	interactiveButtons = "button"
	interactiveList    = "list"
	interactiveLink    = "cta_url"
)

// Button is a reply button: what comes back is its ID.
type Button struct {
	ID    string
	Title string
}

// Section is a titled group of rows of a list; the title may be empty when there is only one.
type Section struct {
	Title string
	Rows  []Row
}

// Row is a choice of a list: what comes back is its ID.
type Row struct {
	ID          string
	Title       string
	Description string
}

// TemplateCall names an approved template and fills it in.
type TemplateCall struct {
	Name     string
	Language string   // "es_AR"
	Body     []string // the body's variables in order
	// URLSuffix fills the variable of the template's link button, which is its first button; empty without one.
	URLSuffix string
	// Replies are the payloads of the quick-reply buttons, in order, after the link button if there is one.
	Replies []string
}

// Message is an outgoing message; make one with [Text], [Buttons], [List], [CTAURL], [Image], [Document], [Location] or [Template].
// It is a value: the With methods return a changed copy.
type Message struct {
	kind        string
	interactive string
	body        string
	header      string
	footer      string
	buttons     []Button
	choose      string // label of the button that opens a list
	sections    []Section
	linkTitle   string
	link        string
	filename    string
	place       Place
	template    TemplateCall

	callbackData string
}

// Text is a plain text message.
func Text(body string) Message { return Message{kind: typeText, body: body} }

// Buttons is a question with one to three buttons under it.
func Buttons(body string, buttons ...Button) Message {
	return Message{kind: typeInteractive, interactive: interactiveButtons, body: body, buttons: buttons}
}

// List is a question with a menu behind a button that is labelled choose.
func List(body, choose string, sections ...Section) Message {
	return Message{kind: typeInteractive, interactive: interactiveList, body: body, choose: choose, sections: sections}
}

// CTAURL is a text with one button that opens a link, the form for a payment link.
func CTAURL(body, title, link string) Message {
	return Message{kind: typeInteractive, interactive: interactiveLink, body: body, linkTitle: title, link: link}
}

// Image is a picture that Meta fetches from link, with an optional caption.
func Image(link, caption string) Message { return Message{kind: typeImage, link: link, body: caption} }

// Document is a file that Meta fetches from link, called name, with an optional caption.
func Document(link, name, caption string) Message {
	return Message{kind: typeDocument, link: link, filename: name, body: caption}
}

// Location is a pin on the map.
func Location(place Place) Message { return Message{kind: typeLocation, place: place} }

// Template is an approved template, the only thing that may be sent outside the 24-hour window.
func Template(call TemplateCall) Message { return Message{kind: typeTemplate, template: call} }

// WithHeader puts a line of text above an interactive message.
func (m Message) WithHeader(header string) Message {
	m.header = header
	return m
}

// WithFooter puts a small line of text under an interactive message.
func (m Message) WithFooter(footer string) Message {
	m.footer = footer
	return m
}

// WithCallbackData attaches our own key, which comes back in every status webhook of this message.
func (m Message) WithCallbackData(data string) Message {
	m.callbackData = data
	return m
}

// IsTemplate reports whether the message may be sent while the 24-hour window is closed.
func (m Message) IsTemplate() bool { return m.kind == typeTemplate }
