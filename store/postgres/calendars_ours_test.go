package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/booking/feed"
)

func closure(uid, from string, nights int) feed.Seen {
	return feed.Seen{UID: uid, Nights: stay(from, nights), Kind: feed.Closure}
}

// A hold that nobody paid is in no export, so its end is the end of every doubt about whose nights these are.
func TestAClosureUnderAHoldClosesWhenTheHoldEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(c *channel, code string) error{
		"expired": func(c *channel, code string) error {
			_, err := c.ExpireHold(t.Context(), code, now.Add(2*time.Hour))
			return err
		},
		"cancelled": func(c *channel, code string) error {
			_, err := c.Cancel(t.Context(), code, booking.ByGuest, "guest", now.Add(time.Minute))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := setup(t).airbnb()
			held := c.hold(stay("2027-01-10", 3))
			c.shows(closure("a", "2027-01-10", 3))
			require.Empty(t, c.closed(), "nobody's booking, and the nights are taken")

			require.NoError(t, end(c, held.Code))
			c.at = now.Add(3 * time.Hour)
			c.shows(closure("a", "2027-01-10", 3))
			require.Equal(t, []string{"2027-01-10/2027-01-13"}, c.closed())
			c.clean()
		})
	}
}

// The same content says something else about an event when the channel was not seen for long: how long depends on the interval.
func TestTheIntervalDecidesWhatWasUnseenForLong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		interval time.Duration
		closed   int
	}{"a feed of five minutes": {5 * time.Minute, 1}, "a feed of an hour": {time.Hour, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			c := b.newFeed(b.cabin, booking.ChannelBooking, "https://booking.test/1.ics")
			export, err := c.RotateExport(t.Context(), c.cabin, booking.ChannelBooking, []byte("token"), byCommand, now)
			require.NoError(t, err)
			c.shows()
			held := c.hold(stay("2027-01-10", 3))
			_, err = c.ConfirmByOwner(t.Context(), held.Code, 1, c.at.Add(time.Minute))
			require.NoError(t, err)
			c.at = c.at.Add(time.Hour)
			require.NoError(t, c.RecordPull(t.Context(), export.ID, "booking", booking.ChannelBooking, c.at))

			answer := answerOf(c.at.Add(time.Minute), feed.Seen{UID: "b", Nights: stay("2027-01-10", 3), Kind: feed.Unknown})
			answer.Interval = test.interval
			_, err = c.ApplyFeed(t.Context(), c.id, answer, c.at.Add(time.Minute))
			require.NoError(t, err)
			require.Len(t, c.closed(), test.closed)
		})
	}
}
