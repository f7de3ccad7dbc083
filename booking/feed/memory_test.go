package feed_test

import (
	"time"

	"cabanas/booking"
	"cabanas/booking/feed"
)

var (
	today = booking.MustDate("2027-01-10")
	now   = today.At(12, 0, time.UTC)
)

// nights are n nights that begin in so many days.
func nights(in, n int) booking.Stay {
	return booking.Stay{CheckIn: today.AddDays(in), CheckOut: today.AddDays(in + n)}
}

func seen(uid string, in, n int) feed.Seen {
	return feed.Seen{UID: uid, Nights: nights(in, n), Kind: feed.Unknown}
}

func of(kind feed.Kind, event feed.Seen) feed.Seen {
	event.Kind = kind
	return event
}

// memory is what a caller keeps of a feed, and the clock it looks at.
type memory struct {
	feed.Input
	lastID int64
	plan   feed.Plan
}

func newMemory(channel booking.Channel) *memory {
	return &memory{Input: feed.Input{Now: now, Today: today, Channel: channel, OwnSuffix: "-7@calendar.example"}}
}

// fetch reconciles a good fetch five minutes after the last one and writes the plan down.
func (m *memory) fetch(events ...feed.Seen) feed.Plan {
	m.Now = m.Now.Add(5 * time.Minute)
	m.Today = booking.DateIn(m.Now, time.UTC)
	m.Seen = events
	m.plan = feed.Reconcile(m.Input)
	m.apply(m.plan)
	m.LastGood, m.OwnerAccepted = m.Now, false
	switch {
	case !m.plan.Quarantined:
		m.QuarantinedSince = time.Time{}
	case m.QuarantinedSince.IsZero():
		m.QuarantinedSince = m.Now
	}
	return m.plan
}

// same is what the last good fetch held, for a fetch that answers with the same content.
func (m *memory) same() []feed.Seen {
	var events []feed.Seen
	for _, k := range m.Known {
		if k.Missing == 0 {
			events = append(events, feed.Seen{UID: k.UID, Nights: k.Nights, Kind: k.Kind})
		}
	}
	return events
}

func (m *memory) apply(plan feed.Plan) {
	change := map[int64]feed.Change{}
	for _, c := range append(append([]feed.Change{}, plan.Update...), plan.Release...) {
		if _, twice := change[c.ID]; twice || c.ID == 0 {
			panic("an event is in a plan twice or has no ID")
		}
		change[c.ID] = c
	}
	var known []feed.Known
	for _, k := range m.Known {
		c, changed := change[k.ID]
		switch {
		case !changed:
			known = append(known, k)
		case c.Why != feed.Released:
			known = append(known, c.Known)
		}
	}
	for _, c := range plan.Add {
		m.lastID++
		c.ID = m.lastID
		known = append(known, c.Known)
	}
	m.Known = known
}

// tomorrow goes to noon of the next day.
func (m *memory) tomorrow() {
	m.Today = m.Today.AddDays(1)
	m.Now = m.Today.At(12, 0, time.UTC)
	m.LastGood = m.Now.Add(-5 * time.Minute)
}

// closed are the nights from today on that the feed closes.
func (m *memory) closed() map[booking.Date]bool {
	set := map[booking.Date]bool{}
	for _, k := range m.Known {
		for _, stay := range k.Closed {
			for _, night := range stay.EachNight() {
				if !night.Before(m.Today) {
					set[night] = true
				}
			}
		}
	}
	return set
}

func every(stays ...booking.Stay) map[booking.Date]bool {
	set := map[booking.Date]bool{}
	for _, stay := range stays {
		for _, night := range stay.EachNight() {
			set[night] = true
		}
	}
	return set
}
