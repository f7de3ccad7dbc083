package feed_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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

func requireNothing(t *testing.T, plan feed.Plan) {
	t.Helper()
	require.Empty(t, plan.Add)
	require.Empty(t, plan.Update)
	require.Empty(t, plan.Release)
}

func requireUpdate(t *testing.T, plan feed.Plan, why feed.Why) feed.Change {
	t.Helper()
	require.Empty(t, plan.Add)
	require.Empty(t, plan.Release)
	require.Len(t, plan.Update, 1)
	require.Equal(t, why, plan.Update[0].Why)
	return plan.Update[0]
}

func TestEveryEventClosesItsNights(t *testing.T) {
	t.Parallel()
	m := newMemory(booking.ChannelAirbnb)
	plan := m.fetch(of(feed.Closure, seen("a", 5, 2)), of(feed.Reservation, seen("b", 10, 1)), of("", seen("c", 20, 3)),
		seen("", 30, 1), seen("none", 40, 0), seen("backwards", 50, -2))
	require.Len(t, plan.Add, 4, "a one-night event just before another one is a booking like any other")
	require.Equal(t, every(nights(5, 2), nights(10, 1), nights(20, 3), nights(30, 1)), m.closed())
	require.Equal(t, m.Now, plan.Add[0].FirstSeen)
	require.True(t, plan.Settled)

	again := m.fetch(seen("", 30, 1), of("", seen("c", 20, 3)), of(feed.Reservation, seen("b", 10, 1)), of(feed.Closure, seen("a", 5, 2)))
	requireNothing(t, again)
	require.Equal(t, 4, again.Unchanged)
	requireNothing(t, m.fetch(feed.Again(m.Known)...))
}

func TestSameUIDWithNewDatesMoves(t *testing.T) {
	t.Parallel()
	for name, to := range map[string]booking.Stay{
		"later": nights(40, 3), "overlapping": nights(6, 4), "longer": nights(5, 9), "shorter": nights(5, 1), "already over": nights(-9, 3),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemory(booking.ChannelBooking)
			m.fetch(seen("a", 5, 3), seen("b", 20, 2))
			moved := requireUpdate(t, m.fetch(feed.Seen{UID: "a", Nights: to, Kind: feed.Unknown}, seen("b", 20, 2)), feed.Moved)
			require.Equal(t, nights(5, 3), moved.Was)
			require.False(t, moved.Sliding)
			want := every(nights(20, 2))
			if name != "already over" {
				want = every(to, nights(20, 2))
			}
			require.Equal(t, want, m.closed(), "at once and nowhere else")
		})
	}
}

func TestAVanishedEventIsReleasedAfterThreeGoodFetches(t *testing.T) {
	t.Parallel()
	m := newMemory(booking.ChannelAirbnb)
	gone, stays := seen("gone", 5, 3), seen("stays", 20, 2)
	m.fetch(gone, stays)
	for missing := 1; missing < feed.GoodFetchesToRelease; missing++ {
		plan := m.fetch(stays)
		require.Equal(t, missing, requireUpdate(t, plan, feed.Missed).Missing)
		require.False(t, plan.Settled, "the same content means something else next time")
		require.Equal(t, every(nights(5, 3), nights(20, 2)), m.closed())
	}
	requireUpdate(t, m.fetch(gone, stays), feed.Returned)
	for range feed.GoodFetchesToRelease - 1 {
		requireUpdate(t, m.fetch(stays), feed.Missed)
	}
	plan := m.fetch(feed.Again(m.Known)...)
	require.Len(t, plan.Release, 1, "a return begins the count anew")
	require.Equal(t, feed.Released, plan.Release[0].Why)
	require.Equal(t, every(nights(20, 2)), m.closed())
	require.True(t, plan.Settled)
	requireNothing(t, m.fetch(stays))

	require.Len(t, m.fetch(gone, stays).Add, 1, "after that it is a new event")
}

func TestTheOnlyEventCanBeCancelled(t *testing.T) {
	t.Parallel()
	m := newMemory(booking.ChannelAirbnb)
	m.fetch(seen("only", 5, 3))
	m.fetch()
	m.fetch()
	require.NotEmpty(t, m.closed())
	require.Len(t, m.fetch().Release, 1)
	require.Empty(t, m.closed())
}

func TestWhatIsOverIsLeftAlone(t *testing.T) {
	t.Parallel()
	m := newMemory(booking.ChannelBooking)
	requireNothing(t, m.fetch(seen("before our time", -5, 5)))
	m.fetch(seen("a", 0, 2), seen("b", 20, 2))
	m.tomorrow()
	requireNothing(t, m.fetch(seen("b", 20, 2)))
	require.True(t, m.closed()[m.Today], "its last night: elsewhere it is tomorrow already, and the guest is in the house")
	m.tomorrow()
	for range 5 {
		plan := m.fetch(seen("b", 20, 2))
		requireNothing(t, plan)
		require.True(t, plan.Settled)
	}
	requireNothing(t, m.fetch(seen("a", 0, 2), seen("b", 20, 2)))
	require.Len(t, m.Known, 2)

	requireUpdate(t, m.fetch(seen("a", 0, 5), seen("b", 20, 2)), feed.Moved)
	require.Equal(t, every(nights(2, 3), nights(20, 2)), m.closed(), "a guest who stays longer")
}

func TestAStayInProgressUnderANewUIDEveryDay(t *testing.T) {
	t.Parallel()
	m := newMemory(booking.ChannelBooking)
	m.fetch(seen("first", 0, 6), seen("other", 20, 2))
	for day := 1; day < 6; day++ {
		m.tomorrow()
		for _, start := range []int{day, min(day+1, 5)} { // Late in the evening the channel has tomorrow's date.
			event := seen("uid of "+m.Today.AddDays(start-day).String(), start, 6-start)
			plan := m.fetch(event, seen("other", 20, 2))
			require.Empty(t, plan.Add)
			require.Empty(t, plan.Release)
			require.Len(t, m.Known, 2)
			require.Equal(t, every(nights(day, 6-day), nights(20, 2)), m.closed())
			require.True(t, plan.Settled)
			requireNothing(t, m.fetch(event, seen("other", 20, 2)))
		}
	}
	m.tomorrow()
	requireNothing(t, m.fetch(seen("other", 20, 2)))

	same := newMemory(booking.ChannelBooking)
	same.fetch(seen("a", 0, 6))
	same.tomorrow()
	requireNothing(t, same.fetch(seen("a", 1, 5)))
}

func TestAReissuedUIDIsTheSameEvent(t *testing.T) {
	t.Parallel()
	m := newMemory(booking.ChannelBooking)
	m.fetch(seen("a", 5, 3), seen("b", 20, 2))
	renamed := requireUpdate(t, m.fetch(seen("a2", 5, 3), seen("b", 20, 2)), feed.Renamed)
	require.Equal(t, "a2", renamed.UID)
	moved := requireUpdate(t, m.fetch(seen("a3", 3, 5), seen("b", 20, 2)), feed.Moved)
	require.Equal(t, nights(3, 5), moved.Nights, "same end, and no night opens")

	plan := m.fetch(seen("a4", 6, 2), seen("b", 20, 2))
	require.Len(t, plan.Add, 1, "nights of the future would open, which a guess may not do")
	require.Equal(t, every(nights(3, 5), nights(20, 2)), m.closed())
	m.fetch(seen("a4", 6, 2), seen("b", 20, 2))
	require.Len(t, m.fetch(seen("a4", 6, 2), seen("b", 20, 2)).Release, 1)
	require.Equal(t, every(nights(6, 2), nights(20, 2)), m.closed())

	airbnb := newMemory(booking.ChannelAirbnb)
	airbnb.fetch(of(feed.Reservation, seen("a", 5, 3)))
	require.Len(t, airbnb.fetch(of(feed.Closure, seen("b", 5, 3))).Add, 1, "a closure is not the booking that was there")
}

func TestTheEdgeOfTheBookingWindowSlides(t *testing.T) {
	t.Parallel()
	for _, kind := range []feed.Kind{feed.Closure, feed.Unknown} {
		m := newMemory(booking.ChannelAirbnb)
		stay := of(feed.Reservation, seen("booked", 30, 3))
		plan := m.fetch(stay, of(kind, seen("tail 0", 180, 185)))
		require.Len(t, plan.Add, 2)
		require.False(t, plan.Add[0].Sliding)
		require.True(t, plan.Add[1].Sliding)
		for day := 1; day < 20; day++ {
			m.tomorrow()
			moved := requireUpdate(t, m.fetch(stay, of(kind, seen("tail of "+m.Today.String(), 180+day, 185))), feed.Moved)
			require.True(t, moved.Sliding)
			require.Equal(t, every(nights(30, 3), nights(180+day, 185)), m.closed())
			require.False(t, m.plan.Quarantined)
		}
	}
	m := newMemory(booking.ChannelAirbnb)
	require.False(t, m.fetch(of(feed.Reservation, seen("far", 330, 40))).Add[0].Sliding, "a booking is news wherever it is")
	require.False(t, m.fetch(of(feed.Reservation, seen("far", 330, 40)), seen("unknown", 310, 3)).Add[0].Sliding)
	require.True(t, m.fetch(of(feed.Closure, seen("notice", 0, 2))).Add[0].Sliding, "days of notice move with today")
}

func TestAFeedThatLosesMostEventsIsQuarantined(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		had, left  int
		quarantine bool
	}{
		"all of many": {8, 0, true}, "most of four": {4, 1, true}, "half of four": {4, 2, false}, "two of three": {3, 1, false},
		"all of two": {2, 0, true}, "the only one": {1, 0, false}, "one of many": {8, 7, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemory(booking.ChannelBooking)
			all := someEvents(c.had)
			m.fetch(all...)
			full := m.closed()
			plan := m.fetch(all[:c.left]...)
			require.Equal(t, c.quarantine, plan.Quarantined)
			require.Equal(t, c.had, plan.Had)
			require.Equal(t, c.had-c.left, plan.Lost)
			for range 10 {
				plan = m.fetch(all[:c.left]...)
			}
			require.Equal(t, c.quarantine, plan.Quarantined)
			if !c.quarantine {
				require.Len(t, m.closed(), 2*c.left)
				return
			}
			require.Equal(t, full, m.closed(), "nothing is released however long it lasts")
			require.True(t, plan.Settled)
			requireNothing(t, plan)
		})
	}
}

func someEvents(n int) []feed.Seen {
	events := make([]feed.Seen, 0, n)
	for i := range n {
		events = append(events, seen(string(rune('a'+i)), 5+4*i, 2))
	}
	return events
}

func TestQuarantineStillCloses(t *testing.T) {
	t.Parallel()
	m := newMemory(booking.ChannelBooking)
	all := someEvents(8)
	m.fetch(all...)
	moved := seen("a", 60, 3)
	shrunk := []feed.Seen{moved, seen("new", 70, 2)}
	plan := m.fetch(shrunk...)
	require.True(t, plan.Quarantined)
	require.True(t, m.closed()[today.AddDays(60)])
	require.True(t, m.closed()[today.AddDays(70)])
	for i := range 12 {
		shrunk = append(shrunk, seen(string(rune('A'+i)), 80+4*i, 2))
		require.True(t, m.fetch(shrunk...).Quarantined, "new events do not make up for the lost ones")
	}
}

func TestQuarantineEndsWhenTheEventsReturn(t *testing.T) {
	t.Parallel()
	m := newMemory(booking.ChannelBooking)
	all := someEvents(8)
	m.fetch(all...)
	m.fetch()
	m.fetch()
	require.True(t, m.fetch(all[:3]...).Quarantined, "most are still away")
	plan := m.fetch(all[1:]...)
	require.False(t, plan.Quarantined)
	require.Empty(t, plan.Release, "no doubtful fetch counts for the one that stayed away")
	require.Empty(t, m.fetch(all[1:]...).Release)
	require.Len(t, m.fetch(all[1:]...).Release, 1)
	require.Len(t, m.Known, 7)
}

func TestQuarantineEndsWhenTheOwnerAccepts(t *testing.T) {
	t.Parallel()
	m := newMemory(booking.ChannelBooking)
	all := someEvents(8)
	m.fetch(all...)
	m.fetch(all[:2]...)
	m.OwnerAccepted = true
	plan := m.fetch(all[0])
	require.False(t, plan.Quarantined)
	require.Len(t, plan.Release, 6, "what was missing when the owner looked")
	require.Equal(t, feed.Missed, plan.Update[0].Why, "but not what is missing since")
	require.Equal(t, every(nights(5, 2), nights(9, 2)), m.closed())

	m = newMemory(booking.ChannelBooking)
	m.fetch(all...)
	m.OwnerAccepted = true
	require.True(t, m.fetch().Quarantined, "an old yes is no yes to a later doubt")
}

func TestWhatLooksLikeLossIsNone(t *testing.T) {
	t.Parallel()
	m := newMemory(booking.ChannelAirbnb)
	m.fetch(of(feed.Reservation, seen("r", 5, 3)), of(feed.Closure, seen("preparation", 8, 1)))
	require.False(t, m.fetch().Quarantined, "one cancelled booking and the cleaning day behind it")

	m = newMemory(booking.ChannelBooking)
	m.fetch(seen("a", 5, 2), seen("b", 7, 2), seen("c", 9, 2), seen("d", 11, 2))
	plan := m.fetch(seen("all", 4, 20))
	require.False(t, plan.Quarantined, "four events became one")
	require.Zero(t, plan.Lost)
}

func TestDuplicatesInOneFetch(t *testing.T) {
	t.Parallel()
	m := newMemory(booking.ChannelOther)
	events := []feed.Seen{seen("a", 5, 3), seen("a", 5, 3), seen("a", 12, 2), seen("three", 20, 2), seen("per", 20, 2), seen("stay", 20, 2)}
	plan := m.fetch(events...)
	require.Len(t, plan.Add, 5)
	require.Equal(t, every(nights(5, 3), nights(12, 2), nights(20, 2)), m.closed())
	requireNothing(t, m.fetch(events[2], events[1], events[0], events[5], events[3], events[4]))
	m.fetch(seen("a", 5, 3), seen("stay", 20, 2))
	require.Equal(t, every(nights(5, 3), nights(12, 2), nights(20, 2)), m.closed())
}

func BenchmarkReconcileUnchanged(b *testing.B) {
	m := newMemory(booking.ChannelBooking)
	events := make([]feed.Seen, 0, 200)
	for i := range 200 {
		events = append(events, seen("uid-"+nights(i, 1).String(), 2*i, 2))
		m.Ours = append(m.Ours, feed.Ours{Nights: nights(400+2*i, 2), Since: now})
	}
	m.fetch(events...)
	m.Seen = events
	b.ReportAllocs()
	for b.Loop() {
		if plan := feed.Reconcile(m.Input); plan.Unchanged != 200 {
			b.Fatal("the feed is unchanged")
		}
	}
}
