package dialogue

import (
	"time"

	"cabanas/booking"
)

// Inbound is one message of a guest as it concerns the dialogue.
type Inbound struct {
	Kind InboundKind `json:"kind"`
	// Text is what was written, the caption of a picture, or the title of the button pressed.
	Text string `json:"text,omitempty"`
	// ChoiceID is the id of the button or list row pressed, see choices.go.
	ChoiceID string `json:"choice_id,omitempty"`
	// ProfileName is the guest's name as their phone gives it, may be empty.
	ProfileName string    `json:"-"`
	SentAt      time.Time `json:"sent_at"`
}

// InboundKind is the sort of message a guest sent.
type InboundKind string

// The sorts of inbound message. Anything unknown is InboundUnsupported and answered politely; InboundSilent (reactions,
// edits, deletions, system notes) is deliberately not answered.
const (
	InboundText        InboundKind = "text"
	InboundChoice      InboundKind = "choice"
	InboundAudio       InboundKind = "audio"
	InboundPicture     InboundKind = "picture"
	InboundLocation    InboundKind = "location"
	InboundUnsupported InboundKind = "unsupported"
	InboundSilent      InboundKind = "silent"
)

// State is what a conversation remembers between turns; it is stored as JSON and must stay readable by later versions.
type State struct {
	V        int    `json:"v"`
	Language string `json:"language,omitempty"` // es, pt, en
	Greeted  bool   `json:"greeted,omitempty"`
	// What the guest wants so far.
	CheckIn         booking.Date `json:"check_in,omitzero"`
	CheckOut        booking.Date `json:"check_out,omitzero"`
	Guests          int          `json:"guests,omitempty"`
	AccommodationID int64        `json:"accommodation_id,omitempty"`
	// Nights is a length of stay said before any date.
	Nights int `json:"nights,omitempty"`
	// Quoted is the total in centavos that the open offer was shown with.
	Quoted int64 `json:"quoted,omitempty"`
	// Awaiting names the one question that is open.
	Awaiting string `json:"awaiting,omitempty"`
	// Code is the booking being talked about.
	Code string `json:"code,omitempty"`
	// Failures counts messages in a row that were not understood.
	Failures int `json:"failures,omitempty"`
	// HandedOver silences the bot until a person hands back.
	HandedOver bool `json:"handed_over,omitempty"`
}

// Offer is an accommodation that is free for a stay, priced.
type Offer struct {
	Accommodation booking.Accommodation
	Stay          booking.Stay
	Guests        int
	Quote         booking.Quote
}

// BookingView is a reservation of this guest.
type BookingView struct {
	Code            string
	AccommodationID int64
	UnitName        string
	Stay            booking.Stay
	Guests          int
	Status          booking.Status
	PaymentStatus   booking.PaymentStatus
	Total           booking.Money
	Deposit         booking.Money
	Paid            booking.Money
	ExpiresAt       time.Time
	ExtendedOnce    bool
	PaymentURL      string
	// RefundIfCancelled is what the policy gives back when cancelled now.
	RefundIfCancelled booking.Money
}

// Facts is what the dialogue may ask about the business. Errors other than booking refusals end the turn, which is then repeated.
type Facts interface {
	Now() time.Time
	Property() booking.Property
	// Accommodations lists the active ones, by id.
	Accommodations() ([]booking.Accommodation, error)
	// Offers lists what is free for the stay and fits the guests, cheapest first. A stay against the limits is a booking refusal.
	Offers(stay booking.Stay, guests int) ([]Offer, error)
	// Offer prices one accommodation. It refuses as the domain does; for booking.CodeDatesTaken the alternatives are filled.
	Offer(accommodationID int64, stay booking.Stay, guests int) (Offer, []booking.Alternative, error)
	// Bookings lists this guest's reservations, newest first, at most ten.
	Bookings() ([]BookingView, error)
}

// Outcome is one turn: what the conversation remembers now, what is said, and what the system is asked to do.
type Outcome struct {
	State   State
	Replies []Reply
	Effects []Effect
	// Understood is the summary kept with the message for later reading: intent and slots.
	Understood Understanding
}

// EffectKind names what a turn asks the system to do; the same words as in package workflows.
type EffectKind string

// The effects.
const (
	EffectHold     EffectKind = "hold"
	EffectCancel   EffectKind = "cancel"
	EffectExtend   EffectKind = "extend"
	EffectLink     EffectKind = "link"
	EffectHandOver EffectKind = "hand_over"
)

// Effect is one thing the system is asked to do.
type Effect struct {
	Kind            EffectKind
	Code            string
	AccommodationID int64
	Stay            booking.Stay
	Guests          int
}

// Result is how an effect went: Refusal is empty when it was done.
type Result struct {
	Refusal      booking.Code
	Alternatives []booking.Alternative
	Booking      BookingView
	Refund       booking.Money
}

// ReplyKind is the form of a reply.
type ReplyKind string

// The forms of a reply.
const (
	ReplyText     ReplyKind = "text"
	ReplyButtons  ReplyKind = "buttons"
	ReplyList     ReplyKind = "list"
	ReplyLink     ReplyKind = "link" // one button that opens an address
	ReplyPicture  ReplyKind = "picture"
	ReplyLocation ReplyKind = "location"
)

// Reply is one outgoing message in neutral form, stored as JSON with the message it becomes.
type Reply struct {
	Kind   ReplyKind `json:"kind"`
	Body   string    `json:"body,omitempty"`
	Header string    `json:"header,omitempty"`
	Footer string    `json:"footer,omitempty"`
	// Choices are the buttons (1 to 3) or the list rows (1 to 10).
	Choices []Choice `json:"choices,omitempty"`
	// ListButton is the title of the button that opens a list.
	ListButton string `json:"list_button,omitempty"`
	// LinkTitle and LinkURL are of a ReplyLink; LinkURL is the picture's address for ReplyPicture.
	LinkTitle string  `json:"link_title,omitempty"`
	LinkURL   string  `json:"link_url,omitempty"`
	Latitude  float64 `json:"lat,omitempty"`
	Longitude float64 `json:"lng,omitempty"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
	// Template is the approved form of the same message for a closed 24 h window; nil when none fits.
	Template *Template `json:"template,omitempty"`
}

// Choice is a button or a list row.
type Choice struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// Template names a message template approved by Meta with its body parameters in order and, for a template with a link
// button, the suffix of its address.
type Template struct {
	Name       string   `json:"name"`
	Language   string   `json:"language"` // es_AR, pt_BR, en
	Parameters []string `json:"parameters,omitempty"`
}

// Notice is a message that a booking sends by itself; Kind is one of workflows.NoticeKind.
type Notice struct {
	Kind     string
	Language string
	Booking  BookingView
	// GuestName and GuestPhone are filled for notices to the owner.
	GuestName  string
	GuestPhone string
	// Amount is the money the notice is about, when it is not that of the booking.
	Amount booking.Money
	// Verdict says to the owner which payment case it is; an empty one asks for a person.
	Verdict booking.Verdict
	// Location is where the booked place is and CheckInText how to get in.
	Location    booking.Location
	CheckInText string
	Property    booking.Property
	// Now is the instant of sending, for "in 10 minutes".
	Now time.Time
}

// Understanding is what a message was read as; zero values are unknown.
type Understanding struct {
	Intent     Intent       `json:"intent"`
	Confidence float64      `json:"confidence"`
	CheckIn    booking.Date `json:"check_in,omitzero"`
	CheckOut   booking.Date `json:"check_out,omitzero"`
	Nights     int          `json:"nights,omitempty"`
	Guests     int          `json:"guests,omitempty"`
	Adults     int          `json:"adults,omitempty"`
	Children   int          `json:"children,omitempty"`
	Pets       int          `json:"pets,omitempty"`
	Language   string       `json:"language,omitempty"`
}

// Intent is what a guest wants with a message.
type Intent string

// The intents (DESIGN section 8).
const (
	IntentGreeting     Intent = "greeting"
	IntentAvailability Intent = "availability"
	IntentPrice        Intent = "price"
	IntentBook         Intent = "book"
	IntentMyBookings   Intent = "my_bookings"
	IntentCancel       Intent = "cancel"
	IntentChangeDates  Intent = "change_dates"
	IntentExtendHold   Intent = "extend_hold"
	IntentPay          Intent = "pay"
	IntentPaymentSent  Intent = "payment_sent"
	IntentLocation     Intent = "location"
	IntentAmenities    Intent = "amenities"
	IntentCheckinInfo  Intent = "checkin_info"
	IntentPolicies     Intent = "policies"
	IntentPhotos       Intent = "photos"
	IntentHuman        Intent = "human"
	IntentAffirm       Intent = "affirm"
	IntentDeny         Intent = "deny"
	IntentThanks       Intent = "thanks"
	IntentGoodbye      Intent = "goodbye"
	IntentProvideInfo  Intent = "provide_info"
	IntentOther        Intent = "other"
)
