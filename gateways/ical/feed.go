package ical

import (
	"time"

	"cabanas/booking"
)

// Reading is how a feed is to be understood.
type Reading struct {
	Zone        *time.Location // of the property: decides the nights of timed events; nil is UTC
	From, Until booking.Date   // recurring events give instances that touch [From, Until); no dates give only the first one
}

// Event is what one VEVENT, or one instance of a recurring one, closes.
type Event struct {
	// UID is the feed's; made of dates and summary when it has none, the same in every fetch. An instance of a recurring event
	// has "<uid>/<yyyymmdd>" with the date on which it was meant to start before anybody moved it.
	UID string
	// Summary is shown in previews only, never decides anything, and may name a guest.
	Summary string
	// Start and End are the nights [Start, End); End is after Start.
	Start, End booking.Date
	// Cancelled says that the feed itself calls the event off; it closes nothing.
	Cancelled bool
}

// Feed is a whole calendar that was read.
type Feed struct {
	Events   []Event   // in the order of the feed, instances of a recurring event by date; no UID twice
	Problems []Problem // in the order of the feed
	ProdID   string    // who made it, as it says itself; of the first calendar of the body
	// Digest is equal for two bodies that say the same: order of events and properties, DTSTAMP, folding and ends of line do
	// not count, and neither does the [Reading].
	Digest [32]byte
}

// Problem is something about one event that was not as it should be. Nothing in it identifies a person.
type Problem struct {
	Line   int // where the event begins, from 1; 0 when it concerns no line
	UID    string
	Reason ProblemReason
	Detail string // the offending value or name where it is short and no text of a person, else ""
}

// ProblemReason is why an event is reported; the set is closed and safe as a metric label.
type ProblemReason string

// The reasons. Those marked "skipped" give no event; with the others the event counts as said.
const (
	ProblemNoStart       ProblemReason = "no_start"        // skipped: DTSTART is missing
	ProblemBadDate       ProblemReason = "bad_date"        // skipped: a date or time that is none, or outside 1970 to 2200
	ProblemBadDuration   ProblemReason = "bad_duration"    // skipped: DURATION is none, or negative
	ProblemEndsBefore    ProblemReason = "ends_before"     // skipped: DTEND lies before DTSTART
	ProblemTooLong       ProblemReason = "too_long"        // skipped: closes more than [LongestStay] nights
	ProblemBadRecurrence ProblemReason = "bad_recurrence"  // only the first instance counts: RRULE or RDATE is not understood
	ProblemTooMany       ProblemReason = "too_many"        // instances or events beyond the limit are left out
	ProblemNoNights      ProblemReason = "no_nights"       // DTEND equals DTSTART: counts as one night
	ProblemUnknownZone   ProblemReason = "unknown_zone"    // TZID is unknown: read by its VTIMEZONE or in the property's zone
	ProblemNoUID         ProblemReason = "no_uid"          // the UID was made of dates and summary
	ProblemDuplicateUID  ProblemReason = "duplicate_uid"   // the UID was there before with other dates: both count
	ProblemDuplicateLine ProblemReason = "duplicate_value" // DTSTART or DTEND twice: the first counts
	ProblemJunk          ProblemReason = "junk"            // a line that is no property; the event counts without it
	ProblemNotUTF8       ProblemReason = "not_utf8"        // read as Latin-1
	ProblemUnclosed      ProblemReason = "unclosed"        // skipped: the next event begins before END:VEVENT
)

// Daybreak is the hour, on the property's clock, before which the start of a timed event belongs to the night before.
const Daybreak = 6

// LongestStay is the most nights one event may close.
const LongestStay = 1100

// Skipped reports whether the event of the problem was left out of [Feed.Events].
func (p Problem) Skipped() bool {
	switch p.Reason {
	case ProblemNoStart, ProblemBadDate, ProblemBadDuration, ProblemEndsBefore, ProblemTooLong, ProblemUnclosed:
		return true
	case ProblemBadRecurrence, ProblemTooMany, ProblemNoNights, ProblemUnknownZone, ProblemNoUID, ProblemDuplicateUID,
		ProblemDuplicateLine, ProblemJunk, ProblemNotUTF8:
	}
	return false
}

// Parse reads a feed. The error is an [*Error] with the reason empty, html, not_a_calendar, truncated, too_large or unreadable,
// and then nothing may be concluded from the body. A valid calendar without events is no error.
func Parse(_ []byte, _ Reading) (Feed, error) {
	return Feed{}, &Error{Operation: "parse", Reason: ReasonUnreadable}
}
