package postgres_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/booking/feed"
	"cabanas/store/postgres"
)

var monday = booking.DateIn(now, time.UTC)

// channel is another channel's calendar of the bench's cabin.
type channel struct {
	*bench
	id int64
	at time.Time
}

func (b *bench) newFeed(cabin int64, name booking.Channel, url string) *channel {
	b.t.Helper()
	id, err := b.AddFeed(b.t.Context(), postgres.NewFeed{AccommodationID: cabin, Channel: name, URL: url}, now)
	require.NoError(b.t, err)
	return &channel{bench: b, id: id, at: now}
}

func (b *bench) airbnb() *channel {
	b.t.Helper()
	return b.newFeed(b.cabin, booking.ChannelAirbnb, "https://airbnb.test/1.ics")
}

func event(uid, from string, nights int) feed.Seen {
	return feed.Seen{UID: uid, Nights: stay(from, nights), Kind: feed.Reservation}
}

// shows applies a good answer, some minutes after the one before.
func (c *channel) shows(events ...feed.Seen) postgres.FeedApplied {
	c.t.Helper()
	c.at = c.at.Add(5 * time.Minute)
	applied, err := c.ApplyFeed(c.t.Context(), c.id, answerOf(c.at, events...), c.at)
	require.NoError(c.t, err)
	return applied
}

func answerOf(at time.Time, events ...feed.Seen) postgres.FeedAnswer {
	digest := sha256.Sum256(fmt.Append(nil, events))
	return postgres.FeedAnswer{Seen: events, Digest: digest[:], AskedAt: at, OwnSuffix: "-1@calendar.test"}
}

// closed lists the closed nights as "from/to".
func (c *channel) closed() []string {
	c.t.Helper()
	blocks, err := c.Blocks(c.t.Context(), c.cabin, monday, monday.AddDays(800))
	require.NoError(c.t, err)
	var spans []string
	for _, b := range blocks {
		spans = append(spans, b.Nights.String())
	}
	return spans
}

func (c *channel) feed() postgres.Feed {
	c.t.Helper()
	f, err := c.Feed(c.t.Context(), c.id, monday)
	require.NoError(c.t, err)
	return f
}

func TestABlockFollowsItsEvent(t *testing.T) {
	t.Parallel()
	c := setup(t).airbnb()

	applied := c.shows(event("a", "2027-01-10", 3), event("b", "2027-02-01", 2))
	require.Len(t, applied.Plan.Add, 2)
	require.Equal(t, []string{"2027-01-10/2027-01-13", "2027-02-01/2027-02-03"}, c.closed())

	c.shows(event("a", "2027-01-11", 4), event("b", "2027-02-01", 1))
	require.Equal(t, []string{"2027-01-11/2027-01-15", "2027-02-01/2027-02-02"}, c.closed(), "moved and shortened")

	c.shows(event("a", "2027-03-11", 4), event("b", "2027-02-01", 1))
	require.Equal(t, []string{"2027-02-01/2027-02-02", "2027-03-11/2027-03-15"}, c.closed(), "moved away")

	c.shows(event("b", "2027-03-11", 4), event("a", "2027-02-01", 1))
	require.Equal(t, []string{"2027-02-01/2027-02-02", "2027-03-11/2027-03-15"}, c.closed(), "two events exchanged their UIDs")

	_, err := c.PlaceHold(t.Context(), c.wish(stay("2027-03-12", 1)), now)
	requireCode(t, err, booking.CodeDatesTaken)
	c.clean()
}

func TestAVanishedEventIsReleasedAfterThreeGoodFetches(t *testing.T) {
	t.Parallel()
	c := setup(t).airbnb()
	kept := []feed.Seen{event("b", "2027-02-01", 2), event("c", "2027-02-11", 2), event("d", "2027-02-21", 2)}
	c.shows(append(kept, event("a", "2027-01-10", 3))...)

	for miss := range feed.GoodFetchesToRelease - 1 {
		c.shows(kept...)
		require.Len(t, c.closed(), 4, "miss %d", miss+1)
		require.NoError(t, c.FeedFailed(t.Context(), c.id, "timeout", c.at))
		require.Len(t, c.closed(), 4, "an error concludes nothing")
		f, err := c.FeedToSync(t.Context(), c.id, c.at.Add(time.Minute))
		require.NoError(t, err)
		require.True(t, f.Again, "the same content has to be compared again")
		require.Empty(t, f.ETag)
	}
	require.Equal(t, 1, c.feed().Failures)
	c.shows(kept...)
	require.Len(t, c.closed(), 3)
	require.Zero(t, c.feed().Failures)
	require.Empty(t, c.feed().LastError)
	events, err := c.FeedEvents(t.Context(), c.id, monday)
	require.NoError(t, err)
	require.Len(t, events, 4, "what was released is remembered")

	c.shows(append(kept, event("a", "2027-04-10", 3))...)
	require.Len(t, c.closed(), 4, "its UID may come again")
	c.clean()
}

func TestAFeedThatLosesMostIsNotBelieved(t *testing.T) {
	t.Parallel()
	c := setup(t).airbnb()
	all := []feed.Seen{event("a", "2027-01-10", 3), event("b", "2027-02-01", 2), event("c", "2027-02-11", 2), event("d", "2027-02-21", 2)}
	c.shows(all...)
	for range 5 {
		require.True(t, c.shows(all[0]).Plan.Quarantined)
	}
	require.Len(t, c.closed(), 4)
	require.False(t, c.feed().QuarantinedAt.IsZero())
	due, err := c.DueQuarantineAlarms(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.NoError(t, c.QuarantineAlarmed(t.Context(), c.id, c.at))
	due, err = c.DueQuarantineAlarms(t.Context(), c.id)
	require.NoError(t, err)
	require.Empty(t, due)

	require.NoError(t, c.ChangeFeedByStaff(t.Context(), c.id, postgres.FeedChange{Accepted: true}, byCommand, c.at))
	c.shows(all[0])
	require.Equal(t, []string{"2027-01-10/2027-01-13"}, c.closed())
	require.True(t, c.feed().QuarantinedAt.IsZero())
	requireCode(t, c.ChangeFeedByStaff(t.Context(), c.id, postgres.FeedChange{Accepted: true}, byCommand, c.at), booking.CodeWrongState)
}

func TestAConflictIsOpenUntilItEndsOrSomebodyChooses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.airbnb()
	r := b.hold(stay("2027-01-10", 3))
	staff := postgres.Author{Kind: "staff",
		UserID: ask[int64](b, `INSERT INTO users (email, role, password_hash) VALUES ('a@b.test', 'owner', 'x') RETURNING id`)}

	require.Equal(t, 1, c.shows(event("a", "2027-01-12", 3)).Conflicts)
	require.Zero(t, c.shows(event("a", "2027-01-12", 3)).Conflicts, "it is open already")
	due, err := c.DueConflictAlarms(t.Context(), c.cabin)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.NoError(t, c.ConflictAlarmed(t.Context(), due[0].ID, now))
	open, err := c.Conflicts(t.Context(), false, 10)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, r.Code, open[0].Code)
	require.Equal(t, booking.ChannelAirbnb, open[0].Channel)
	require.Equal(t, 1, c.feed().Conflicts)
	c.clean()

	// A choice holds while the two share a night, whatever else the event does.
	require.NoError(t, c.ResolveByStaff(t.Context(), due[0].ID, postgres.ResolvedKeepOurs, staff, now))
	requireCode(t, c.ResolveByStaff(t.Context(), due[0].ID, postgres.ResolvedKeepOurs, staff, now), booking.CodeWrongState)
	c.shows(event("a", "2027-01-11", 5))
	again, err := c.Conflict(t.Context(), due[0].ID)
	require.NoError(t, err)
	require.Equal(t, postgres.ResolvedKeepOurs, again.Resolution)
	require.Equal(t, staff.UserID, again.ResolvedBy)
	c.clean()
	_, err = c.PlaceHold(t.Context(), c.wish(stay("2027-01-14", 1)), now)
	requireCode(t, err, booking.CodeDatesTaken)

	// The event goes and comes back: another case.
	c.shows(event("a", "2027-01-13", 2))
	c.shows(event("a", "2027-01-12", 3))
	due, err = c.DueConflictAlarms(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, due, 1)
	c.shows(event("a", "2027-05-12", 3))
	again, err = c.Conflict(t.Context(), due[0].ID)
	require.NoError(t, err)
	require.Equal(t, postgres.ResolvedBlockGone, again.Resolution)
	c.clean()

	c.shows(event("a", "2027-01-12", 3))
	_, err = c.Cancel(t.Context(), r.Code, booking.ByOwner, "decision", c.at)
	require.NoError(t, err)
	require.Equal(t, "reservation_ended", ask[string](b, `SELECT resolution FROM calendar_conflicts ORDER BY id DESC LIMIT 1`))
	c.clean()
}

func TestAUIDMeansSomethingInItsOwnFeedOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, second := b.airbnb(), b.newFeed(b.newCabin(), booking.ChannelAirbnb, "https://airbnb.test/1.ics")
	first.shows(event("same", "2027-01-10", 3))
	second.shows(event("same", "2027-02-10", 3))
	require.Equal(t, []string{"2027-01-10/2027-01-13"}, first.closed())
	require.Equal(t, int64(2), ask[int64](b, `SELECT count(*) FROM calendar_blocks WHERE active`))
	_, err := b.AddFeed(t.Context(), postgres.NewFeed{AccommodationID: b.cabin, Channel: booking.ChannelAirbnb, URL: "https://airbnb.test/1.ics"}, now)
	requireCode(t, err, booking.CodeDuplicate)
}

func TestApplyingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	c := setup(t).airbnb()
	c.shows(event("a", "2027-01-10", 3))
	before := ask[string](c.bench, `SELECT string_agg(b::text, ';' ORDER BY id) FROM calendar_blocks b`)
	applied := c.shows(event("a", "2027-01-10", 3))
	require.Equal(t, 1, applied.Plan.Unchanged)
	require.Equal(t, before, ask[string](c.bench, `SELECT string_agg(b::text, ';' ORDER BY id) FROM calendar_blocks b`))

	old, err := c.ApplyFeed(t.Context(), c.id, answerOf(now), c.at.Add(time.Second))
	require.NoError(t, err)
	require.True(t, old.Outdated, "an answer to an older question is not applied over a newer one")
	require.Len(t, c.closed(), 1)

	f, err := c.FeedToSync(t.Context(), c.id, c.at.Add(2*time.Minute))
	require.NoError(t, err)
	require.False(t, f.Again)
	hold := c.wish(stay("2027-06-01", 2))
	_, err = c.PlaceHold(t.Context(), hold, c.at.Add(3*time.Minute))
	require.NoError(t, err)
	f, err = c.FeedToSync(t.Context(), c.id, c.at.Add(4*time.Minute))
	require.NoError(t, err)
	require.True(t, f.Again, "our side changed")
}

func TestADeletedFeedLeavesWhatIsChosen(t *testing.T) {
	t.Parallel()
	for leaves, open := range map[postgres.FeedLeaves]int{postgres.LeavesNothing: 0, postgres.LeavesBlocks: 1} {
		t.Run(string(leaves), func(t *testing.T) {
			t.Parallel()
			c := setup(t).airbnb()
			c.shows(event("a", "2027-01-10", 3))
			blocks, err := c.DeleteFeed(t.Context(), c.id, leaves, 0, monday, c.at)
			require.NoError(t, err)
			require.Equal(t, 1, blocks)
			require.Len(t, c.closed(), open)
			_, err = c.ApplyFeed(t.Context(), c.id, answerOf(c.at), c.at)
			requireCode(t, err, booking.CodeWrongState)
			if open == 1 {
				left, err := c.Blocks(t.Context(), c.cabin, monday, monday.AddDays(400))
				require.NoError(t, err)
				require.Equal(t, "manual", left[0].Source)
				require.NoError(t, c.UnblockByStaff(t.Context(), left[0].ID, byCommand, c.at))
				require.Empty(t, c.closed())
			}
			again := c.airbnb()
			again.shows(event("a", "2027-01-10", 3))
		})
	}
}

func TestOurOwnBookingsComingBackCloseNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.airbnb()
	ctx := t.Context()
	r := b.hold(stay("2027-01-10", 3))
	_, err := b.ConfirmByOwner(ctx, r.Code, 1, now)
	require.NoError(t, err)
	export, err := b.RotateExport(ctx, b.cabin, booking.ChannelAirbnb, []byte("hash"), byCommand, now)
	require.NoError(t, err)
	back := feed.Seen{UID: "7f662ec65913-x@airbnb.com", Nights: r.Stay, Kind: feed.Closure}
	require.NoError(t, b.RecordPull(ctx, export.ID, "airbnb", booking.ChannelAirbnb, time.Now().Add(time.Minute)))

	c.at = time.Now().Add(10 * time.Minute)
	applied := c.shows(back)
	require.Equal(t, 1, applied.Plan.Echoes)
	require.Empty(t, c.closed())
	longer := back
	longer.Nights.CheckOut = longer.Nights.CheckOut.AddDays(2)
	c.shows(longer)
	require.Equal(t, []string{"2027-01-13/2027-01-15"}, c.closed(), "a block that is only partly ours closes the rest")
	b.clean()
}
