package dialogue

import (
	"time"

	"cabanas/booking"
	"cabanas/dialogue/understanding"
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
	// Media is the file of a voice note, picture, video or document.
	Media *Media `json:"media,omitempty"`
	// Voice is what was heard in an InboundAudio; nil when nobody listens.
	Voice *Voice `json:"-"`
	// Proposal is what a language model read in a message that the grammar could not; it is held against the same rules.
	Proposal *Understanding `json:"-"`
	// FromOwner says that the owner's own phone wrote this: its buttons steer the conversations of guests.
	FromOwner bool `json:"-"`
}

// Media is a file that waits at WhatsApp under its id.
type Media struct {
	ID       string `json:"id"`
	MIMEType string `json:"mime_type"`
	SHA256   string `json:"sha256,omitempty"`
	Filename string `json:"filename,omitempty"`
	// Voice is true for a note recorded in the chat, false for a sound file.
	Voice bool `json:"voice,omitempty"`
}

// Voice is what a transcription made of a voice note.
type Voice struct {
	Outcome VoiceOutcome
	// Text is what was heard; with VoiceUnclear it is a guess.
	Text string
	// Confidence from 0 to 1.
	Confidence float64
}

// VoiceOutcome is how a transcription went.
type VoiceOutcome string

// The outcomes of a transcription.
const (
	VoiceHeard   VoiceOutcome = "heard"
	VoiceUnclear VoiceOutcome = "unclear"  // below the bar: say what was heard and ask
	VoiceSilent  VoiceOutcome = "silent"   // nobody speaks in it
	VoiceTooLong VoiceOutcome = "too_long" // longer than is listened to
	VoiceFailed  VoiceOutcome = "failed"   // the file or the engine could not be used
)

// InboundKind is the sort of message a guest sent.
type InboundKind string

// The sorts of inbound message. Anything unknown is InboundUnsupported and answered politely; InboundSilent (reactions,
// edits, deletions, system notes) is deliberately not answered.
const (
	InboundText        InboundKind = "text"
	InboundChoice      InboundKind = "choice"
	InboundAudio       InboundKind = "audio"
	InboundPicture     InboundKind = "picture"
	InboundDocument    InboundKind = "document"
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
	// OptedOut says that only what the guest asks for may be sent, until they opt in or book again.
	OptedOut bool `json:"opted_out,omitempty"`
	// Heard is a doubtful transcription that waits for the guest's yes.
	Heard string `json:"heard,omitempty"`
	// Replaces is the code of an unpaid booking whose dates are being changed.
	Replaces string `json:"replaces,omitempty"`
	// ShownFrom is how many offers stood before the page that was shown last.
	ShownFrom int `json:"shown_from,omitempty"`
	// SpokeAt is when the guest last wrote, in Unix seconds.
	SpokeAt int64 `json:"spoke_at,omitempty"`
	// PaidSaid says that the guest's last message was about a payment they made.
	PaidSaid bool `json:"paid_said,omitempty"`
	// Reassured says that a wary guest was told how to be sure; the next doubt is for a person.
	Reassured bool `json:"reassured,omitempty"`
	// LoopOffered says that a person was offered because the same went back and forth.
	LoopOffered bool `json:"loop_offered,omitempty"`
	// Asked and Said are hashes of the guest's last texts and of our last turns, the newest last.
	Asked []uint32 `json:"asked,omitempty"`
	Said  []uint32 `json:"said,omitempty"`
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
	// BalanceURL is where the rest of a confirmed stay can be paid; empty without an open link.
	BalanceURL string
	// Cancellation is the policy that the booking was made under.
	Cancellation booking.CancellationPolicy
	// Alternative is what was offered last instead of sold nights, nil when nothing was.
	Alternative *AlternativeView
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
	EffectHandBack EffectKind = "hand_back"
	EffectReceipt  EffectKind = "receipt"
	EffectOptOut   EffectKind = "opt_out"

	EffectTakeAlternative  EffectKind = "take_alternative"  // the nights offered instead of sold ones
	EffectLeaveAlternative EffectKind = "leave_alternative" // the money back instead

	EffectRefundOK EffectKind = "refund_ok" // the owner lets a refund go
	EffectRefundNo EffectKind = "refund_no" // the owner keeps the money

	EffectTransfer       EffectKind = "transfer"        // the guest pays a hold by bank transfer
	EffectTransferPaid   EffectKind = "transfer_paid"   // the owner saw the deposit of a hold on the account
	EffectTransferUnseen EffectKind = "transfer_unseen" // the owner looked and it is not there
	EffectSendReceipt    EffectKind = "send_receipt"    // the receipts of a booking again
)

// HandOverReason says why a person is called.
type HandOverReason string

// The reasons of a hand-over.
const (
	ReasonAsked HandOverReason = "asked" // the guest asked for a person
	ReasonLost  HandOverReason = "lost"  // the bot did not understand twice
	ReasonUpset HandOverReason = "upset" // the guest is angry or worried
	ReasonLoop  HandOverReason = "loop"  // the same goes back and forth
)

// Effect is one thing the system is asked to do.
type Effect struct {
	Kind            EffectKind
	Code            string
	AccommodationID int64
	Stay            booking.Stay
	Guests          int
	// Reason of EffectHandOver.
	Reason HandOverReason
	// OtherGuestID is whose conversation the owner hands back with EffectHandBack; 0 is the guest's own.
	OtherGuestID int64
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
	ReplyDocument ReplyKind = "document" // a file that Meta fetches from LinkURL; Name is its file name
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
	// Replies are the ids behind the template's quick-reply buttons, in order.
	Replies []string `json:"replies,omitempty"`
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
	// GuestID is whose conversation an owner's alarm is about.
	GuestID int64
	// Conversation is what an owner should know of it: the state, the last words and why a person is called.
	Conversation State
	LastText     string
	Reason       HandOverReason
	// CabinName is the name of Conversation.AccommodationID, may be empty.
	CabinName string
	// Problem is why a message did not reach its guest, a word of the WhatsApp gateway's error classes.
	Problem string
	// Location is where the booked place is and CheckInText how to get in.
	Location    booking.Location
	CheckInText string
	// Document is the receipt that a notice sends.
	Document Document
	Property booking.Property
	// Now is the instant of sending, for "in 10 minutes".
	Now time.Time
}

// Understanding is what a message was read as; zero values are unknown.
type Understanding = understanding.Understanding

// Intent is what a guest wants with a message.
type Intent = understanding.Intent

// The intents (DESIGN section 8).
const (
	IntentGreeting     = understanding.Greeting
	IntentAvailability = understanding.Availability
	IntentPrice        = understanding.Price
	IntentBook         = understanding.Book
	IntentMyBookings   = understanding.MyBookings
	IntentCancel       = understanding.Cancel
	IntentChangeDates  = understanding.ChangeDates
	IntentExtendHold   = understanding.ExtendHold
	IntentPay          = understanding.Pay
	IntentPaymentSent  = understanding.PaymentSent
	IntentLocation     = understanding.Location
	IntentAmenities    = understanding.Amenities
	IntentCheckinInfo  = understanding.CheckinInfo
	IntentPolicies     = understanding.Policies
	IntentPhotos       = understanding.Photos
	IntentHuman        = understanding.Human
	IntentAffirm       = understanding.Affirm
	IntentDeny         = understanding.Deny
	IntentThanks       = understanding.Thanks
	IntentGoodbye      = understanding.Goodbye
	IntentProvideInfo  = understanding.ProvideInfo
	IntentOther        = understanding.Other
)
