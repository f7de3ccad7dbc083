package feed_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/booking/feed"
)

// exported is a stay of ours that the channel fetched from us before the day of the test.
func exported(in, n int) feed.Ours {
	return feed.Ours{
		Nights: nights(in, n), Channel: booking.ChannelDirect,
		Since: now.Add(-5 * time.Hour), Fetched: now.Add(-4 * time.Hour),
	}
}

func withOurs(channel booking.Channel, ours ...feed.Ours) *memory {
	m := newMemory(channel)
	m.fetch()
	m.Ours = ours
	m.LastGood = now.Add(-4 * time.Hour)
	return m
}

func TestEchoes(t *testing.T) {
	t.Parallel()
	unfetched := exported(5, 3)
	unfetched.Fetched = time.Time{}
	unexported := feed.Ours{Nights: nights(5, 3), Channel: booking.ChannelDirect}
	for name, c := range map[string]struct {
		ours  []feed.Ours
		event feed.Seen
		want  []booking.Stay
	}{
		"our booking comes back":                        {[]feed.Ours{exported(5, 3)}, seen("x", 5, 3), nil},
		"as a closure":                                  {[]feed.Ours{exported(5, 3)}, of(feed.Closure, seen("x", 5, 3)), nil},
		"a part of it":                                  {[]feed.Ours{exported(5, 3)}, seen("x", 6, 1), nil},
		"two of ours as one event":                      {[]feed.Ours{exported(8, 2), exported(5, 3)}, seen("x", 5, 5), nil},
		"only partly ours closes the rest":              {[]feed.Ours{exported(6, 2)}, seen("x", 4, 7), []booking.Stay{nights(4, 2), nights(8, 3)}},
		"closes between two of ours":                    {[]feed.Ours{exported(5, 2), exported(9, 2)}, seen("x", 5, 6), []booking.Stay{nights(7, 2)}},
		"beside ours":                                   {[]feed.Ours{exported(5, 3)}, seen("x", 8, 2), []booking.Stay{nights(8, 2)}},
		"a booking of the channel is never ours":        {[]feed.Ours{exported(5, 3)}, of(feed.Reservation, seen("x", 5, 3)), []booking.Stay{nights(5, 3)}},
		"the channel does not know of ours yet":         {[]feed.Ours{unfetched}, seen("x", 5, 3), []booking.Stay{nights(5, 3)}},
		"what we do not export cannot come back":        {[]feed.Ours{unexported}, seen("x", 5, 3), []booking.Stay{nights(5, 3)}},
		"but a closure closes nothing that we closed":   {[]feed.Ours{unfetched}, of(feed.Closure, seen("x", 4, 4)), []booking.Stay{nights(4, 1)}},
		"our own UID":                                   {nil, seen("BLOCK-81-7@Calendar.example", 5, 3), nil},
		"our own UID on other nights than ours":         {[]feed.Ours{exported(20, 3)}, seen("b-81-7@calendar.example", 19, 3), nil},
		"our own UID of another cabin":                  {nil, seen("b-81-17@calendar.example", 5, 3), []booking.Stay{nights(5, 3)}},
		"a booking of the channel, entered by hand":     {[]feed.Ours{{Nights: nights(5, 3), Channel: booking.ChannelBooking}}, of(feed.Reservation, seen("x", 5, 3)), nil},
		"entered by hand with other nights":             {[]feed.Ours{{Nights: nights(5, 2), Channel: booking.ChannelBooking}}, seen("x", 5, 3), []booking.Stay{nights(5, 3)}},
		"entered by hand from another channel":          {[]feed.Ours{{Nights: nights(5, 3), Channel: booking.ChannelAirbnb}}, seen("x", 5, 3), []booking.Stay{nights(5, 3)}},
		"without nights of ours (malformed) is no echo": {[]feed.Ours{{Since: now, Fetched: now}}, seen("x", 5, 3), []booking.Stay{nights(5, 3)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := withOurs(booking.ChannelBooking, c.ours...)
			plan := m.fetch(c.event)
			require.Len(t, plan.Add, 1, "an echo is remembered too")
			require.Equal(t, c.want, plan.Add[0].Closed)
			require.Equal(t, c.want == nil, plan.Add[0].Echo())
			require.Equal(t, c.want == nil, plan.Echoes == 1)
			require.True(t, plan.Settled)
			requireNothing(t, m.fetch(c.event))
			m.tomorrow()
			requireNothing(t, m.fetch(c.event))
		})
	}
}

func TestADoubleBookingStaysOneWhenTheChannelLearnsOfOurs(t *testing.T) {
	t.Parallel()
	unfetched := exported(5, 3)
	unfetched.Fetched = time.Time{}
	m := withOurs(booking.ChannelBooking, unfetched)
	m.fetch(seen("sold there", 5, 3))
	m.Ours[0].Fetched = m.Now
	requireNothing(t, m.fetch(seen("sold there", 5, 3)))
	requireUpdate(t, m.fetch(seen("new name", 5, 3)), feed.Renamed)
	require.Equal(t, every(nights(5, 3)), m.closed())
}

func TestABookingSoldWhileWeDidNotLook(t *testing.T) {
	t.Parallel()
	m := withOurs(booking.ChannelBooking, exported(5, 3), exported(20, 3))
	m.LastGood = now.Add(-9 * time.Hour)
	m.Ours[0].Since = now.Add(-8 * time.Hour)
	m.Ours[1].Since = now.Add(-5 * time.Hour)
	m.fetch(seen("sold or ours?", 5, 3), seen("hardly sold", 20, 3), of(feed.Closure, seen("closed", 5, 2)))
	require.Equal(t, every(nights(5, 3)), m.closed(), "four hours in which it could be sold there and nobody looked")
}

func TestAnEchoOfACancelledBooking(t *testing.T) {
	t.Parallel()
	cancelled := func(t *testing.T, kind feed.Kind) (*memory, feed.Seen) {
		t.Helper()
		m := withOurs(booking.ChannelBooking, exported(5, 3))
		event := of(kind, seen("echo", 5, 3))
		m.fetch(event)
		m.Ours[0].Until = m.Now
		plan := m.fetch(event)
		requireNothing(t, plan)
		require.False(t, plan.Settled, "it ends by itself")
		return m, event
	}

	t.Run("vanishes when the channel has heard of it", func(t *testing.T) {
		t.Parallel()
		m, event := cancelled(t, feed.Unknown)
		m.Now = m.Now.Add(2 * time.Hour)
		m.Ours[0].Dropped = m.Now
		requireNothing(t, m.fetch(event))
		for range feed.GoodFetchesToRelease {
			require.Empty(t, m.closed())
			m.fetch()
		}
		require.Empty(t, m.Known)
	})
	t.Run("is the channel's own when it stays", func(t *testing.T) {
		t.Parallel()
		for _, kind := range []feed.Kind{feed.Unknown, feed.Closure} {
			m, event := cancelled(t, kind)
			m.Ours[0].Dropped = m.Now
			m.Now = m.Now.Add(5 * time.Hour)
			requireNothing(t, m.fetch(event))
			m.Now = m.Now.Add(time.Hour)
			requireUpdate(t, m.fetch(event), feed.Reclosed)
			require.Equal(t, every(nights(5, 3)), m.closed())
			requireNothing(t, m.fetch(event))
		}
	})
	t.Run("does not wait for ever for a channel that asks no more", func(t *testing.T) {
		t.Parallel()
		m, event := cancelled(t, feed.Unknown)
		m.Now = m.Now.Add(feed.EchoMemory - time.Hour)
		requireNothing(t, m.fetch(event))
		m.Now = m.Now.Add(time.Hour)
		requireUpdate(t, m.fetch(event), feed.Reclosed)
	})
	t.Run("is no echo under a new UID, the nights may have been sold", func(t *testing.T) {
		t.Parallel()
		m, _ := cancelled(t, feed.Unknown)
		m.Ours[0].Dropped = m.Now
		change := requireUpdate(t, m.fetch(seen("sold", 5, 3)), feed.Reclosed)
		require.Equal(t, "sold", change.UID)
		require.Equal(t, every(nights(5, 3)), m.closed())
	})
	t.Run("is one under a new UID while the channel cannot have sold them", func(t *testing.T) {
		t.Parallel()
		m, _ := cancelled(t, feed.Unknown)
		requireUpdate(t, m.fetch(seen("churned", 5, 3)), feed.Renamed)
		require.Empty(t, m.closed())
	})
	t.Run("is none when it comes back after it was gone", func(t *testing.T) {
		t.Parallel()
		m, event := cancelled(t, feed.Unknown)
		m.Ours[0].Dropped = m.Now
		m.fetch()
		requireUpdate(t, m.fetch(event), feed.Reclosed)
		require.Equal(t, every(nights(5, 3)), m.closed())
	})
	t.Run("appears late", func(t *testing.T) {
		t.Parallel()
		m := withOurs(booking.ChannelBooking, exported(5, 3))
		m.Ours[0].Until = now
		m.fetch(seen("echo", 5, 3))
		require.Empty(t, m.closed(), "the channel had fetched it and not yet that it is cancelled")
		m.Ours[0].Until = m.Now.Add(-2 * feed.EchoMemory)
		m.fetch(seen("echo", 5, 3))
		require.NotEmpty(t, m.closed())
	})
}

func TestAChannelBookingEnteredByHandAndCancelledHere(t *testing.T) {
	t.Parallel()
	m := withOurs(booking.ChannelBooking, feed.Ours{Nights: nights(5, 3), Channel: booking.ChannelBooking})
	m.fetch(seen("x", 5, 3))
	require.Empty(t, m.closed())
	m.Ours[0].Until = m.Now
	requireUpdate(t, m.fetch(seen("x", 5, 3)), feed.Reclosed)
	require.Equal(t, every(nights(5, 3)), m.closed(), "the channel still has it")
}

func TestEchoesThatChange(t *testing.T) {
	t.Parallel()
	t.Run("an echo and a closure become one event", func(t *testing.T) {
		t.Parallel()
		m := withOurs(booking.ChannelAirbnb, exported(5, 3))
		m.fetch(of(feed.Closure, seen("echo", 5, 3)), of(feed.Closure, seen("own", 8, 2)))
		m.fetch(of(feed.Closure, seen("both", 5, 5)))
		require.Equal(t, every(nights(8, 2)), m.closed())
		m.fetch(of(feed.Closure, seen("both", 5, 5)))
		require.Equal(t, every(nights(8, 2)), m.closed())
	})
	t.Run("our booking moves and the channel follows later", func(t *testing.T) {
		t.Parallel()
		m := withOurs(booking.ChannelBooking, exported(5, 3))
		m.fetch(seen("echo", 5, 3))
		m.Ours[0].Until = m.Now
		moved := exported(7, 3)
		moved.Since, moved.Fetched = m.Now, time.Time{}
		m.Ours = append(m.Ours, moved)
		m.fetch(seen("echo", 5, 3))
		require.Empty(t, m.closed())
		m.Ours[0].Dropped, m.Ours[1].Fetched = m.Now, m.Now
		m.fetch(seen("echo", 7, 3))
		require.Empty(t, m.closed())
	})
	t.Run("a booking of the channel moved onto ours is none", func(t *testing.T) {
		t.Parallel()
		m := withOurs(booking.ChannelBooking, exported(5, 3))
		m.fetch(seen("real", 20, 3))
		m.fetch(seen("real", 5, 3))
		require.Equal(t, every(nights(5, 3)), m.closed())
		requireNothing(t, m.fetch(seen("real", 5, 3)))
	})
	t.Run("a closure turns out to be a booking", func(t *testing.T) {
		t.Parallel()
		m := withOurs(booking.ChannelAirbnb, exported(5, 3))
		m.fetch(of(feed.Closure, seen("x", 5, 3)))
		requireUpdate(t, m.fetch(of(feed.Reservation, seen("x", 5, 3))), feed.Moved)
		require.Equal(t, every(nights(5, 3)), m.closed())
	})
	t.Run("a stay of ours in progress is over before its echo", func(t *testing.T) {
		t.Parallel()
		m := withOurs(booking.ChannelBooking, exported(0, 3), exported(3, 3))
		merged := seen("both", 0, 6)
		m.fetch(merged)
		for range 3 {
			m.tomorrow()
		}
		m.Ours = m.Ours[1:]
		requireNothing(t, m.fetch(merged))
	})
}

func TestClassify(t *testing.T) {
	t.Parallel()
	const vrbo = booking.Channel("vrbo")
	for _, c := range []struct {
		channel      booking.Channel
		uid, summary string
		want         feed.Kind
	}{
		{booking.ChannelAirbnb, "1418fb94e984-0123456789abcdef0123456789abcdef@airbnb.com", "Reserved", feed.Reservation},
		{booking.ChannelAirbnb, "1418fb94e984-0123456789abcdef0123456789abcdef@airbnb.com", "Reservado", feed.Reservation},
		{booking.ChannelAirbnb, "6fec1092d3fa-0123456789abcdef0123456789abcdef@airbnb.com", "Airbnb (Not available)", feed.Closure},
		{booking.ChannelAirbnb, "7f662ec65913-0123456789abcdef0123456789abcdef@airbnb.com", "No disponible", feed.Closure},
		{booking.ChannelAirbnb, "-tkjb0t--98pbl@airbnb.com", "Not available", feed.Closure},
		{booking.ChannelAirbnb, "-tkjb0t--98pbl@airbnb.com", "Ana (HM2ABCDE34)", feed.Reservation},
		{booking.ChannelAirbnb, "x@airbnb.com", "Otra cosa", feed.Unknown},
		{booking.ChannelBooking, "0123456789abcdef0123456789abcdef@booking.com", "CLOSED - Not available", feed.Unknown},
		{booking.ChannelBooking, "0123456789abcdef0123456789abcdef@booking.com", "CLOSED - Not available (spoiled)", feed.Unknown},
		{booking.ChannelBooking, "0123456789abcdef0123456789abcdef@booking.com", "CLOSED - Ana", feed.Reservation},
		{booking.ChannelBooking, "x", "", feed.Unknown},
		{vrbo, "a", "Reserved - Ana", feed.Reservation},
		{vrbo, "a", "Réservée - Ana", feed.Reservation},
		{vrbo, "a", "Réservée", feed.Reservation},
		{vrbo, "a", "Provisoire - Ana", feed.Reservation},
		{vrbo, "a", "Blocked", feed.Closure},
		{vrbo, "a", "Indisponible", feed.Closure},
		{vrbo, "a", "Reservado", feed.Unknown},
		{vrbo, "a", "予約済み", feed.Unknown},
		{booking.ChannelOther, "12345@expedia.com", "Reserved on Expedia", feed.Reservation},
		{booking.ChannelOther, "12345@expedia.com", "Unavailable on Expedia", feed.Closure},
		{booking.ChannelOther, "12345@expedia.com", "", feed.Unknown},
		{booking.ChannelOther, "1418fb94e984-0@airbnb.com", "Reserved", feed.Unknown},
		{booking.ChannelOther, "a@google.com", "Reserved - Ana", feed.Unknown},
	} {
		require.Equal(t, c.want, feed.Classify(c.channel, c.uid, c.summary), "%s %s %s", c.channel, c.uid, c.summary)
	}
}
