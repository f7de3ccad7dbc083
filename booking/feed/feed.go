package feed

import (
	"time"

	"cabanas/booking"
)

// GoodFetchesToRelease is after how many good fetches in a row without it an event counts as cancelled.
const GoodFetchesToRelease = 3

// EchoMemory is how long after its end a stay of ours may still be repeated by a channel that has not fetched our calendar
// since. [Input.Ours] needs stays that ended within it.
const EchoMemory = 72 * time.Hour

// Seen is an event of a good fetch, reduced to its nights. Cancelled events are not in the list.
type Seen struct {
	// UID is the channel's name of the event; "" when it gave none, then its nights are its identity.
	UID string
	// Nights are closed by it, whatever its summary. An event without nights is ignored.
	Nights booking.Stay
	Kind   Kind
}

// Known is what we remember of an event of this feed that was not released. What the caller keeps of it is exactly this.
type Known struct {
	// ID is the caller's, not 0; ID 0 in a [Change] is an event that is new.
	ID int64
	// UID is that of the last fetch that had the event: some channels give a new one every day.
	UID    string
	Nights booking.Stay
	Kind   Kind
	// Missing counts the good fetches in a row without it.
	Missing int
	// FirstSeen is when it appeared.
	FirstSeen time.Time
	// Closed are the nights it closes now, in order: its nights without those that are only ours coming back. Empty for an
	// echo. What is not in it was judged to be ours, and that is remembered.
	Closed []booking.Stay
}

// Echo reports whether the event is nothing but our own nights coming back.
func (k Known) Echo() bool { return len(k.Closed) == 0 }

// Ours is a stay or closure that did not come from this feed and that the channel may repeat to us: our own bookings and hand
// made closures, and what other feeds of the accommodation closed.
type Ours struct {
	Nights booking.Stay
	// Channel is where it came from; one entered by hand from the channel of the feed is the same booking as an event with
	// its nights, and its nights are not exported to that channel.
	Channel booking.Channel
	// Since is when it began to be in our export for the channel with these nights; the zero time when it is not exported.
	Since time.Time
	// Fetched is the first fetch of our export by this channel at or after Since; zero: the channel cannot know of it yet.
	Fetched time.Time
	// Until is when it ended, exported or not (cancelled, expired, moved away from these nights); zero only while it stands.
	Until time.Time
	// Dropped is the first fetch of our export by this channel at or after Until; zero: the channel still believes in it.
	Dropped time.Time
}

// Input is everything a decision needs. Order does not matter.
type Input struct {
	Now time.Time
	// Today is the civil date of the property at Now.
	Today   booking.Date
	Channel booking.Channel
	// OwnSuffix is what the UIDs of our own exports of this accommodation end in, such as "-7@calendar.example"; an event
	// that has it is ours under any dates. Letter case does not count; "" looks at no UID.
	OwnSuffix string
	// LastGood is the good fetch before this one; zero at the first.
	LastGood time.Time
	// Interval is how often the feed is fetched when all is well; 0: not known, taken as rarely.
	Interval time.Duration
	// QuarantinedSince is when the feed was put in quarantine; zero when it is not in it.
	QuarantinedSince time.Time
	// OwnerAccepted says that the owner looked at the quarantined feed and that what it shows is right: what is missing from
	// it is released now. Without quarantine it means nothing.
	OwnerAccepted bool
	Known         []Known
	Seen          []Seen
	// Unread reports whether the event of a UID is in the fetch though nobody could read it. A known one stays where it was: it
	// is not missing. Nil: everything was read.
	Unread func(uid string) bool
	Ours   []Ours
}

// Why is what happened to an event, as a word for logs, metrics and the flight recorder.
type Why string

// What can happen to an event. When several did, the first of this list is named.
const (
	Appeared Why = "appeared"
	Moved    Why = "moved"    // other nights, or another kind
	Reclosed Why = "reclosed" // the same nights, but others of them are ours
	Renamed  Why = "renamed"  // the same event under another UID
	Returned Why = "returned" // it was missing
	Missed   Why = "missed"   // not in this fetch; its nights stay closed
	Released Why = "released" // its nights are open again
)

// Change is one event to write down.
type Change struct {
	// Known is the event as it has to be kept. Released: as it was.
	Known
	Why Why
	// Was are the nights before; none for an event that appeared.
	Was booking.Stay
	// Sliding marks a closure at an edge of the booking window, which moves every day: no news to the owner.
	Sliding bool
}

// Plan is what a fetch means. An event that is in no list stays as it is and needs no write; none is in two lists.
type Plan struct {
	// Add are events to keep under a new ID.
	Add []Change
	// Update are events to overwrite by ID.
	Update []Change
	// Release are events to forget: their nights are open as far as this feed is concerned.
	Release []Change
	// Unchanged counts known events that need no write.
	Unchanged int
	// Echoes counts events, new or known, that close nothing because they are ours.
	Echoes int
	// Quarantined says that the fetch is not believed where it lacks events: nothing is released or counted as missing until
	// most events are back or the owner accepts. What is new or moved closes its nights all the same.
	Quarantined bool
	// Had and Lost are the events that decide about quarantine: how many closed nights of the future before, and how many of
	// these are gone with nights that nothing else in the fetch closes.
	Had, Lost int
	// Settled says that the next good fetch of the same content will need nothing, as long as [Input.Ours] and Today are the
	// same; otherwise the same content has to be reconciled again.
	Settled bool
}
