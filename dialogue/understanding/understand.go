// Package understanding reads what a guest wrote: what is wanted, the stay and the people. It is pure: the same text on the same
// day is always read the same way, without clock, network or database.
//
// A message becomes words, typing mistakes mended (words.go, typos.go). Numbers that are neither days nor people are set apart
// (masks.go). Then a small grammar reads people (people.go) and days: periods with a name (periods.go, holidays.go), ranges, single
// days and durations (days.go, stays.go). What is left goes, with one mark for each thing that was read, to a linear classifier of
// intents (intents.go, model.go).
//
// To teach a word of days or people, add it to lexicon.go; a period with a name, to the table in periods.go; a way of asking for
// something, a line to data/phrases.txt; and to each an example to the tests or the corpus.
package understanding

import (
	"regexp"
	"time"

	"cabanas/booking"
)

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
	// NoChildren and NoPets say that the guest ruled them out, which is more than not naming any.
	NoChildren bool   `json:"no_children,omitempty"`
	NoPets     bool   `json:"no_pets,omitempty"`
	Language   string `json:"language,omitempty"` // es, pt, en
}

// Intent is what a guest wants with a message.
type Intent string

// The intents (DESIGN section 8).
const (
	Greeting     Intent = "greeting"
	Availability Intent = "availability"
	Price        Intent = "price"
	Book         Intent = "book"
	MyBookings   Intent = "my_bookings"
	Cancel       Intent = "cancel"
	ChangeDates  Intent = "change_dates"
	ExtendHold   Intent = "extend_hold"
	Pay          Intent = "pay"
	PaymentSent  Intent = "payment_sent"
	Location     Intent = "location"
	Amenities    Intent = "amenities"
	CheckinInfo  Intent = "checkin_info"
	Policies     Intent = "policies"
	Photos       Intent = "photos"
	Human        Intent = "human"
	Affirm       Intent = "affirm"
	Deny         Intent = "deny"
	Thanks       Intent = "thanks"
	Goodbye      Intent = "goodbye"
	ProvideInfo  Intent = "provide_info"
	Other        Intent = "other"
)

// Question is what the guest was last asked; it tells what a lone number means.
type Question string

// The questions that matter to reading.
const (
	AskedDates    Question = "dates"
	AskedCheckOut Question = "check_out"
	AskedGuests   Question = "guests"
)

// Context is what reading needs to know beside the text.
type Context struct {
	// Today is the day of the property.
	Today booking.Date
	// Anchor is a check-in said before, from which a lone end of the stay is counted; may be zero.
	Anchor booking.Date
	// Awaited is the open question; others than the ones above are ignored.
	Awaited Question
}

// Reading is what a message was read as, with what only a conversation needs.
type Reading struct {
	Understanding
	// Code is the reservation code in the message, normalized.
	Code string
	// Nobody says that zero guests were asked for.
	Nobody bool
	// Ambiguous are the two stays that may be meant, CheckOut zero when it was not said; empty when there is one reading only.
	// The dates of the Understanding are then those of the convention, not to be booked without asking: an either-or ("del 10 al
	// 15 o del 12 al 17"), a weekday that is not that of its date, "este finde" said on a Saturday.
	Ambiguous []booking.Stay

	tokens []token
}

// Understand reads a message by itself: what is wanted, the stay and the people, by the conventions of DESIGN section 8. Day
// comes before month, a date without year is the next one to come, "today" is that of location at now. It never fails: what it
// cannot read stays zero, and so do days that are past or a departure that is not after the arrival, which [Read] leaves for a
// conversation to answer.
func Understand(text string, now time.Time, location *time.Location) Understanding {
	today := booking.DateIn(now, location)
	u := Read(text, Context{Today: today}).Understanding
	if u.CheckIn.Before(today) && !u.CheckIn.IsZero() {
		u.CheckIn, u.CheckOut, u.Nights = booking.Date{}, booking.Date{}, 0
	}
	if !u.CheckOut.IsZero() && (u.CheckOut.Before(today) || !u.CheckIn.IsZero() && !u.CheckIn.Before(u.CheckOut)) {
		u.CheckOut, u.Nights = booking.Date{}, 0
	}
	return u
}

// Prepare trains the classifier of intents, which takes some tenths of a second of a processor and otherwise waits for the first
// message. A process that answers guests calls it when it starts.
func Prepare() { intents() }

// bystanding are the intents in which "hoy" or "el lunes" is when somebody pays or calls, not when they come.
var bystanding = map[Intent]bool{
	PaymentSent: true, Pay: true, ExtendHold: true, Thanks: true, Goodbye: true, Greeting: true, Other: true, Human: true,
}

var codeInText = regexp.MustCompile(`(?i)\bRES[ -]?(\d{6})[ -]?([0-9A-F]{6})\b`)

// Read understands a message of a running conversation. Long texts are cut; it never fails.
func Read(text string, c Context) Reading {
	text = clean(text)
	r := Reading{}
	if found := codeInText.FindStringSubmatchIndex(text); found != nil {
		r.Code = booking.NormalizeCode("RES" + text[found[2]:found[3]] + text[found[4]:found[5]])
		text = text[:found[0]] + " " + text[found[1]:]
	}
	tokens := tokenize(text)
	r.tokens = tokens
	reader := reader{tokens: tokens, today: c.Today, anchor: c.Anchor, awaited: c.Awaited}
	maskOthers(tokens)
	who := reader.people()
	reader.dates(&r.Understanding)
	reader.saidNumber(&who)
	who.into(&r.Understanding)
	r.Nobody = who.nobody && r.Guests == 0
	r.Language = languageOf(tokens)
	r.Intent, r.Confidence = intentOf(tokens, r.HasStay() && reader.firm || r.Guests > 0 || r.Nobody || r.Pets > 0 || r.NoPets, r.HasStay(), r.Code != "")
	if bystanding[r.Intent] && !reader.firm {
		r.CheckIn, r.CheckOut, r.Nights = booking.Date{}, booking.Date{}, 0
	}
	if !r.CheckIn.IsZero() {
		r.Ambiguous = reader.doubts
	}
	return r
}
