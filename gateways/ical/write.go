package ical

import (
	"time"

	"cabanas/booking"
)

// Calendar is what we publish of one cabin to one channel.
type Calendar struct {
	Name    string        // of the cabin, for people who subscribe
	ProdID  string        // who made it, such as "-//Cabanas//Calendar//ES"
	Refresh time.Duration // how often to come back, whole seconds; 0 says nothing
	Events  []ExportEvent // written in order of Start, then UID
}

// ExportEvent is one closed range of nights. Nothing about a guest belongs in it.
type ExportEvent struct {
	UID        string // stable, in our own domain
	Summary    string
	Start, End booking.Date // nights [Start, End)
	Stamp      time.Time    // when this state came to be, not when it is written
	Sequence   int          // grows with each change
}

// Write gives the calendar as RFC 5545 text; equal calendars give equal bytes, whatever the order of their events. Events
// without a UID or without nights are left out.
func Write(_ Calendar) []byte { return nil }
