package feed_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/booking/feed"
)

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
	requireNothing(t, m.fetch(m.same()...))
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
	plan := m.fetch(m.same()...)
	require.Len(t, plan.Release, 1, "a return begins the count anew")
	require.Equal(t, feed.Released, plan.Release[0].Why)
	require.Equal(t, every(nights(20, 2)), m.closed())
	require.True(t, plan.Settled)
	requireNothing(t, m.fetch(stays))

	require.Len(t, m.fetch(gone, stays).Add, 1, "after that it is a new event")
}

func TestAnEventThatCannotBeReadHasNotVanished(t *testing.T) {
	t.Parallel()
	m := newMemory(booking.ChannelAirbnb)
	bad, stays := seen("bad", 5, 3), seen("stays", 20, 2)
	m.fetch(bad, stays)
	m.fetch(stays)
	m.Unread = func(uid string) bool { return uid == "bad" }
	requireUpdate(t, m.fetch(stays), feed.Returned)
	for range feed.GoodFetchesToRelease + 1 {
		plan := m.fetch(stays)
		requireNothing(t, plan)
		require.True(t, plan.Settled)
	}
	require.Equal(t, every(nights(5, 3), nights(20, 2)), m.closed())

	moved := requireUpdate(t, m.fetch(seen("bad", 40, 3), stays), feed.Moved)
	require.Equal(t, nights(40, 3), moved.Nights, "another event of the same name that was read tells where it is")

	m.fetch()
	require.False(t, m.plan.Quarantined, "an event that cannot be read is not lost")
	m.Unread = nil
	m.fetch(seen("stays", 20, 2))
	m.fetch(seen("stays", 20, 2))
	require.Len(t, m.fetch(seen("stays", 20, 2)).Release, 1, "nor is it kept for ever")
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
