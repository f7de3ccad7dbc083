package feed_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
	"cabanas/booking/feed"
)

// fact is an event as it truly is at the channel.
type fact struct {
	feed.Seen
	ours   bool // only our own booking coming back
	hidden int  // fetches in a row that did not show it
	shown  bool // with these nights, at least once
}

// channel is a true calendar whose feed misbehaves.
type channel struct {
	t       *rapid.T
	facts   []*fact
	lastUID int
}

func (c *channel) uid() string {
	c.lastUID++
	return fmt.Sprintf("uid-%d", c.lastUID)
}

func (c *channel) free(stay booking.Stay, except *fact) bool {
	return !slices.ContainsFunc(c.facts, func(f *fact) bool { return f != except && f.Nights.Overlaps(stay) })
}

func (c *channel) anyStay(day booking.Date) booking.Stay {
	in := day.AddDays(rapid.IntRange(0, 60).Draw(c.t, "in days"))
	return booking.Stay{CheckIn: in, CheckOut: in.AddDays(rapid.IntRange(1, 9).Draw(c.t, "nights"))}
}

func (c *channel) anyFact() *fact {
	theirs := slices.DeleteFunc(slices.Clone(c.facts), func(f *fact) bool { return f.ours })
	if len(theirs) == 0 {
		return nil
	}
	return rapid.SampledFrom(theirs).Draw(c.t, "event")
}

// change lets something true happen.
func (c *channel) change(day booking.Date) {
	switch rapid.SampledFrom([]string{"book", "book", "move", "cancel", "nothing"}).Draw(c.t, "change") {
	case "book":
		if stay := c.anyStay(day); c.free(stay, nil) {
			kind := rapid.SampledFrom([]feed.Kind{feed.Reservation, feed.Closure, feed.Unknown}).Draw(c.t, "kind")
			c.facts = append(c.facts, &fact{Seen: feed.Seen{UID: c.uid(), Nights: stay, Kind: kind}})
		}
	case "move":
		f, stay := c.anyFact(), c.anyStay(day)
		if f != nil && f.Nights.CheckOut.After(day) && c.free(stay, f) {
			f.Nights, f.shown = stay, false
		}
	case "cancel":
		if f := c.anyFact(); f != nil {
			c.facts = slices.DeleteFunc(c.facts, func(other *fact) bool { return other == f })
		}
	}
}

// publish gives the feed of one fetch, with the faults of one: events left out for a fetch or two, other UIDs, duplicates,
// another order, stays in progress cut short.
func (c *channel) publish(day booking.Date, faults bool) []feed.Seen {
	var list []feed.Seen
	for _, f := range c.facts {
		if faults && f.hidden < feed.GoodFetchesToRelease-1 && rapid.IntRange(0, 5).Draw(c.t, "hide") == 0 {
			f.hidden++
			continue
		}
		f.hidden, f.shown = 0, true
		event := f.Seen
		if faults && rapid.IntRange(0, 4).Draw(c.t, "churn") == 0 {
			f.UID = c.uid()
			event.UID = f.UID
		}
		if f.Kind == feed.Unknown && f.Nights.CheckIn.Before(day) && f.Nights.CheckOut.After(day) {
			event.UID, event.Nights.CheckIn = f.UID+day.String(), day
		}
		list = append(list, event)
		if faults && rapid.IntRange(0, 7).Draw(c.t, "twice") == 0 {
			list = append(list, event)
		}
	}
	return rapid.Permutation(list).Draw(c.t, "order")
}

func (c *channel) requireClosed(m *memory) {
	closed := m.closed()
	for _, f := range c.facts {
		for _, night := range f.Nights.EachNight() {
			if f.shown && !f.ours && !night.Before(m.Today) {
				require.True(c.t, closed[night], "%s of %s is booked and open on %s", night, f.Nights, m.Today)
			}
		}
	}
}

func TestNoFaultOpensABookedNightAndTruthReturns(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, m := &channel{t: t}, newMemory(booking.ChannelBooking)
		for in := 3; in < 60; in += rapid.IntRange(5, 30).Draw(t, "until the next of ours") {
			ours := exported(in, rapid.IntRange(1, 4).Draw(t, "nights of ours"))
			kind := rapid.SampledFrom([]feed.Kind{feed.Closure, feed.Unknown}).Draw(t, "mark of the echo")
			m.Ours = append(m.Ours, ours)
			c.facts = append(c.facts, &fact{Seen: feed.Seen{UID: c.uid(), Nights: ours.Nights, Kind: kind}, ours: true})
		}
		for range rapid.IntRange(5, 40).Draw(t, "fetches") {
			c.change(m.Today)
			switch rapid.IntRange(0, 9).Draw(t, "what the feed does") {
			case 0:
				m.tomorrow()
				m.fetch(c.publish(m.Today, true)...)
			case 1:
				if m.lostAll() {
					for range 4 {
						require.True(t, m.fetch().Quarantined)
						c.requireClosed(m)
					}
				}
				m.fetch(c.publish(m.Today, false)...)
			default:
				m.fetch(c.publish(m.Today, true)...)
			}
			c.requireClosed(m)
		}
		c.requireTruth(m)
	})
}

// lostAll reports whether an empty feed would be a loss of several events.
func (m *memory) lostAll() bool {
	m.Seen = nil
	plan := feed.Reconcile(m.Input)
	return plan.Quarantined && plan.Lost >= 2
}

// requireTruth lets the faults end: after three good fetches exactly the true nights are closed, and nothing is left to do.
func (c *channel) requireTruth(m *memory) {
	for range 2 * feed.GoodFetchesToRelease {
		m.OwnerAccepted = !m.QuarantinedSince.IsZero()
		m.fetch(c.publish(m.Today, false)...)
		c.requireClosed(m)
	}
	want := map[booking.Date]bool{}
	for _, f := range c.facts {
		for _, night := range f.Nights.EachNight() {
			if !f.ours && night.After(m.Today) {
				want[night] = true
			}
		}
	}
	got := m.closed()
	delete(got, m.Today) // Of tonight more may be closed: a stay's last night is never given back.
	require.Equal(c.t, want, got)
	plan := m.fetch(c.publish(m.Today, false)...)
	require.Empty(c.t, plan.Add)
	require.Empty(c.t, plan.Update)
	require.Empty(c.t, plan.Release)
	require.True(c.t, plan.Settled)
	plan = m.fetch(m.same()...)
	require.Empty(c.t, append(append(plan.Add, plan.Update...), plan.Release...), "the same content needs no write")
}

// ota is a channel that takes our export into its own calendar and publishes everything.
type ota struct {
	memory   *memory
	marks    bool // its own bookings are marked as such
	merges   bool // closures that touch become one
	own      []feed.Seen
	imported []booking.Stay
	every    int // cycles between its fetches of ours
}

func (o *ota) publish(cycle int) []feed.Seen {
	list := slices.Clone(o.own)
	var closed []booking.Stay
	for _, stay := range o.imported {
		last := len(closed) - 1
		if o.merges && last >= 0 && !stay.CheckIn.After(closed[last].CheckOut) {
			closed[last].CheckOut = maxDate(closed[last].CheckOut, stay.CheckOut)
			continue
		}
		closed = append(closed, stay)
	}
	for _, stay := range closed {
		event := feed.Seen{UID: "closed " + stay.String(), Nights: stay, Kind: feed.Unknown}
		if o.marks {
			event.Kind = feed.Closure
		} else {
			event.UID += fmt.Sprint(" of cycle ", cycle/7)
		}
		list = append(list, event)
	}
	return list
}

func maxDate(a, b booking.Date) booking.Date {
	if b.After(a) {
		return b
	}
	return a
}

// export writes down what is in our export for the channel from now on, and what is not any more.
func (o *ota) export(now time.Time, current []feed.Ours) {
	for i := range o.memory.Ours {
		known := &o.memory.Ours[i]
		gone := !slices.ContainsFunc(current, func(c feed.Ours) bool { return c.Nights == known.Nights })
		if gone && known.Until.IsZero() {
			known.Until = now
		}
	}
	for _, c := range current {
		known := slices.ContainsFunc(o.memory.Ours, func(k feed.Ours) bool { return k.Nights == c.Nights && k.Until.IsZero() })
		if !known {
			c.Since = now
			o.memory.Ours = append(o.memory.Ours, c)
		}
	}
}

func (o *ota) pull(now time.Time) {
	o.imported = nil
	for i := range o.memory.Ours {
		ours := &o.memory.Ours[i]
		switch {
		case ours.Until.IsZero():
			o.imported = append(o.imported, ours.Nights)
			if ours.Fetched.IsZero() {
				ours.Fetched = now
			}
		case ours.Dropped.IsZero():
			ours.Dropped = now
		}
	}
	slices.SortFunc(o.imported, func(a, b booking.Stay) int { return b.CheckIn.DaysUntil(a.CheckIn) })
}

func blocksOf(m *memory, channel booking.Channel) []feed.Ours {
	var list []feed.Ours
	for _, k := range m.Known {
		for _, stay := range k.Closed {
			list = append(list, feed.Ours{Nights: stay, Channel: channel})
		}
	}
	return list
}

func TestTwoChannelsThatImportUsCreateNothing(t *testing.T) {
	t.Parallel()
	airbnb := &ota{memory: newMemory(booking.ChannelAirbnb), marks: true, every: 5, own: []feed.Seen{
		of(feed.Reservation, seen("a1", 10, 3)), of(feed.Reservation, seen("a2", 20, 2)), of(feed.Closure, seen("a3", 50, 4)),
	}}
	other := &ota{memory: newMemory(booking.ChannelBooking), merges: true, every: 7, own: []feed.Seen{
		seen("b1", 13, 2), seen("b2", 30, 5),
	}}
	direct := []feed.Ours{
		{Nights: nights(15, 3), Channel: booking.ChannelDirect}, {Nights: nights(22, 2), Channel: booking.ChannelDirect},
		{Nights: nights(40, 2), Channel: booking.ChannelWhatsApp},
	}
	clock := now
	cycle := func(i int) {
		for _, o := range []*ota{airbnb, other} {
			across := other
			if o == other {
				across = airbnb
			}
			clock = clock.Add(5 * time.Minute)
			o.memory.Now = clock.Add(-5 * time.Minute)
			o.export(clock, append(slices.Clone(direct), blocksOf(across.memory, across.memory.Channel)...))
			if i%o.every == o.every-1 {
				o.pull(clock)
			}
			o.memory.fetch(o.publish(i)...)
			require.False(t, o.memory.plan.Quarantined)
		}
	}
	requireOwn := func() {
		for _, o := range []*ota{airbnb, other} {
			want := map[booking.Date]bool{}
			for _, event := range o.own {
				for _, night := range event.Nights.EachNight() {
					want[night] = true
				}
			}
			require.Equal(t, want, o.memory.closed(), "only what %s sold or closed itself", o.memory.Channel)
		}
	}

	for i := range 100 {
		cycle(i)
		requireOwn()
	}
	events := len(airbnb.memory.Known) + len(other.memory.Known)

	direct = direct[1:]                              // One of ours is cancelled,
	airbnb.own = slices.Delete(airbnb.own, 1, 2)     // one of theirs too,
	other.own = append(other.own, seen("b3", 60, 2)) // and one is new.
	for i := range 100 {
		cycle(100 + i)
	}
	requireOwn()
	for i := range 21 {
		cycle(200 + i)
		require.Empty(t, airbnb.memory.plan.Add)
		require.Empty(t, other.memory.plan.Add)
	}
	require.LessOrEqual(t, len(airbnb.memory.Known)+len(other.memory.Known), events, "one came and two went")
}
