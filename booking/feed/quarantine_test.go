package feed_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/booking/feed"
)

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

	m = newMemory(booking.ChannelBooking)
	m.fetch(all...)
	m.fetch(all[1:]...)
	m.fetch(all[1:]...)
	require.True(t, m.fetch().Quarantined)
	require.Equal(t, 1, requireUpdateOf(t, m.fetch(all[1:]...), "a").Missing, "after the doubt the count begins anew")
}

func requireUpdateOf(t *testing.T, plan feed.Plan, uid string) feed.Change {
	t.Helper()
	require.Empty(t, plan.Release)
	for _, change := range plan.Update {
		if change.UID == uid {
			return change
		}
	}
	require.Fail(t, "no update", uid)
	return feed.Change{}
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
