package ical

import (
	"strings"
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
	// Digest is of what was understood: the events, and which of them have problems. Two bodies that differ in the order of
	// events and properties, in DTSTAMP, folding, ends of line or texts that decide nothing have the same one. It changes when
	// the [Reading] brings another instance of a recurring event into sight.
	Digest [32]byte

	unread map[string]bool // UIDs of skipped events, "" when one of them has none
}

// Unread reports whether an event that an earlier fetch gave under this UID may be one that was skipped now: it is still in the
// feed and has not vanished. What a skipped event has under its UID, such as its instances, counts with it.
func (f Feed) Unread(uid string) bool {
	for end := range len(uid) {
		if uid[end] == '/' && f.unread[uid[:end]] {
			return true
		}
	}
	return f.unread[uid] || f.unread[""] && strings.HasPrefix(uid, madePrefix)
}

// Problem is something about one event that was not as it should be. Nothing in it identifies a person. An event that was
// skipped is still in the feed: its UID has not vanished.
type Problem struct {
	Line   int    // where the event begins, or the line itself when it is in no event, from 1; 0 when it concerns no line
	UID    string // of the event; "" when it has none
	Reason ProblemReason
	Detail string // the offending date, duration or zone where it is short and can be no text of a person, else ""
}

// ProblemReason is why an event is reported; the set is closed and safe as a metric label.
type ProblemReason string

// The reasons. Those marked "skipped" give no event; with the others the event counts.
const (
	ProblemNoStart       ProblemReason = "no_start"       // skipped: DTSTART is missing
	ProblemBadDate       ProblemReason = "bad_date"       // skipped: DTSTART, DTEND or RECURRENCE-ID is no date, or out of 1970 to 2200
	ProblemBadDuration   ProblemReason = "bad_duration"   // skipped: DURATION is none, or negative
	ProblemEndsBefore    ProblemReason = "ends_before"    // skipped: DTEND lies before DTSTART, or before 1970
	ProblemClipped       ProblemReason = "clipped"        // reaches out of 1970 to 2200: cut to it
	ProblemBadRecurrence ProblemReason = "bad_recurrence" // something of its recurrence is not understood: the rest of it counts
	ProblemTooMany       ProblemReason = "too_many"       // the feed has more instances than are expanded: this one's first counts
	ProblemNoNights      ProblemReason = "no_nights"      // ends when it starts: counts as one night
	ProblemUnknownZone   ProblemReason = "unknown_zone"   // TZID is unknown: read by its VTIMEZONE or in the property's zone
	ProblemNoUID         ProblemReason = "no_uid"         // the UID was made of dates and summary
	ProblemDuplicateUID  ProblemReason = "duplicate_uid"  // another event has the UID: both count unless they are equal
	ProblemDuplicate     ProblemReason = "duplicate"      // a property that may be there once is there twice: the first counts
	ProblemJunk          ProblemReason = "junk"           // a line that is no property: read without it
	ProblemNotUTF8       ProblemReason = "not_utf8"       // read as Latin-1
)

// Daybreak and Dusk are the hours, on the property's clock, until which and from which a timed event is in the night.
const (
	Daybreak = 6
	Dusk     = 20
)

// Skipped reports whether the event of the problem was left out of [Feed.Events].
func (p Problem) Skipped() bool {
	switch p.Reason {
	case ProblemNoStart, ProblemBadDate, ProblemBadDuration, ProblemEndsBefore:
		return true
	case ProblemClipped, ProblemBadRecurrence, ProblemTooMany, ProblemNoNights, ProblemUnknownZone, ProblemNoUID,
		ProblemDuplicateUID, ProblemDuplicate, ProblemJunk, ProblemNotUTF8:
	}
	return false
}
