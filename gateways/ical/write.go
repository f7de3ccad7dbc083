package ical

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"cabanas/booking"
)

// Calendar is what we publish of one cabin to one channel, or the stay of one guest.
type Calendar struct {
	Name    string        // of the cabin, for people who subscribe; "" says nothing
	ProdID  string        // who made it, such as "-//Cabanas//Calendar//ES"
	Refresh time.Duration // how often to come back, in whole minutes; less than one says nothing
	Events  []ExportEvent // written in order of Start, then UID
	// Cancelled takes the events out of the calendar of who has them (METHOD:CANCEL of RFC 5546).
	Cancelled bool
	// Organizer is the bare address of who sends the events, which RFC 5546 asks for in mails; "" says nothing.
	Organizer string
}

// ExportEvent is one closed range of nights. Nothing about a guest belongs in it.
type ExportEvent struct {
	UID        string // stable, in our own domain
	Summary    string
	Start, End booking.Date // nights [Start, End)
	Stamp      time.Time    // when this state came to be, not when it is written
	Sequence   int          // grows with each change
}

// Write gives the calendar as RFC 5545 text with the refresh hints of RFC 7986; equal calendars give equal bytes, whatever
// the order of their events. Events without a UID or without nights are left out.
func Write(calendar Calendar) []byte {
	file := &ics.Calendar{}
	file.SetVersion("2.0")
	file.SetProductId(clean(calendar.ProdID))
	file.SetCalscale("GREGORIAN")
	file.SetMethod(ics.MethodPublish)
	if calendar.Cancelled {
		file.SetMethod(ics.MethodCancel)
	}
	if name := clean(calendar.Name); name != "" {
		file.SetName(name)
		file.SetXWRCalName(name)
	}
	if minutes := int(calendar.Refresh / time.Minute); minutes > 0 {
		every := "PT" + strconv.Itoa(minutes) + "M"
		file.SetRefreshInterval(every) // the library writes VALUE=DURATION itself
		file.SetXPublishedTTL(every)
	}
	for _, event := range ordered(calendar.Events) {
		written := component(event)
		if calendar.Cancelled {
			written.SetStatus(ics.ObjectStatusCancelled)
		}
		if organizer := clean(calendar.Organizer); organizer != "" {
			written.SetOrganizer("mailto:" + organizer)
		}
		file.Components = append(file.Components, written)
	}
	var text bytes.Buffer
	if err := file.SerializeTo(&text, ics.WithNewLine("\r\n"), ics.WithLineLength(75)); err != nil {
		return nil // a buffer takes everything
	}
	return text.Bytes()
}

func ordered(events []ExportEvent) []ExportEvent {
	kept := make([]ExportEvent, 0, len(events))
	for _, event := range events {
		event.UID, event.Summary = clean(event.UID), clean(event.Summary)
		if event.UID != "" && event.Start.Before(event.End) {
			kept = append(kept, event)
		}
	}
	slices.SortStableFunc(kept, func(a, b ExportEvent) int {
		if days := b.Start.DaysUntil(a.Start); days != 0 {
			return days
		}
		return strings.Compare(a.UID, b.UID)
	})
	return kept
}

func component(event ExportEvent) *ics.VEvent {
	written := ics.NewEvent(event.UID)
	stamp := event.Stamp.UTC().Truncate(time.Second)
	written.SetDtStampTime(stamp)
	written.SetLastModifiedAt(stamp)
	written.SetSequence(max(event.Sequence, 0))
	written.SetAllDayStartAt(event.Start.Time())
	written.SetAllDayEndAt(event.End.Time())
	if event.Summary != "" {
		written.SetSummary(event.Summary)
	}
	written.SetStatus(ics.ObjectStatusConfirmed)
	written.SetTimeTransparency(ics.TransparencyOpaque)
	return written
}

// clean is a text on one line, without bytes that are no characters.
func clean(text string) string { return oneLine(strings.ToValidUTF8(text, "\uFFFD")) }
