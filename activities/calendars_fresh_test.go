package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/ical"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

func TestFeedsAreAskedBeforeAPromise(t *testing.T) {
	t.Parallel()
	c := newCoast(t)
	ctx := t.Context()
	c.publishes(c.stay("a", 10, 3))
	c.sync()
	fetches := c.fetches.Load()

	fresh, err := c.Freshen(ctx, c.cabin, activities.FreshBudget)
	require.NoError(t, err)
	require.Empty(t, fresh.Asked, "a minute old is fresh")
	require.Equal(t, fetches, c.fetches.Load())

	c.later(2 * time.Minute)
	r := c.hold(20, 2)
	c.publishes(c.stay("a", 10, 3), c.stay("b", 20, 2))
	fresh, err = c.Freshen(ctx, c.cabin, activities.FreshBudget)
	require.NoError(t, err)
	require.Equal(t, activities.Freshness{Asked: []int64{c.feed}, Conflicts: 1}, fresh)
	require.Contains(t, c.tasks.started, c.feed, "the owner is told by a workflow")
	open, err := c.store.Conflicts(ctx, false, 5)
	require.NoError(t, err)
	require.Equal(t, r.Code, open[0].Code)

	// A feed that does not answer in time is said to be stale, and is not blamed.
	c.later(2 * time.Minute)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	c.answers(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	began := time.Now()
	fresh, err = c.Freshen(ctx, c.cabin, 200*time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, []int64{c.feed}, fresh.Stale)
	require.Less(t, time.Since(began), 3*time.Second)
	f, err := c.Feed(ctx, c.feed)
	require.NoError(t, err)
	require.Zero(t, f.Failures)

	require.NoError(t, c.NoteStale(ctx, r.Code, "hold", fresh.Stale))
	events, err := c.store.Events(ctx, r.Code)
	require.NoError(t, err)
	require.Equal(t, "calendar_stale", events[len(events)-1].Kind)

	other, err := c.Freshen(ctx, c.cabin+1, time.Second)
	require.NoError(t, err)
	require.Empty(t, other.Asked)
}

func TestAPreviewSavesNothing(t *testing.T) {
	t.Parallel()
	c := newCoast(t)
	r := c.hold(20, 2)
	before := c.written()
	body := calendarOf(c.stay("a", 10, 3), c.stay("b", 21, 3), "BEGIN:VEVENT\r\nUID:bad\r\nDTSTART:soon\r\nEND:VEVENT\r\n")
	request := activities.PreviewRequest{AccommodationID: c.cabin, Channel: booking.ChannelAirbnb, Body: []byte(body)}
	preview, err := c.Preview(t.Context(), request)
	require.NoError(t, err)
	require.Len(t, preview.Events, 2)
	require.Equal(t, []booking.Stay{preview.Events[0].Nights}, preview.Events[0].Closes)
	require.Len(t, preview.Conflicts, 1)
	require.Equal(t, r.Code, preview.Conflicts[0].Code)
	require.NotEmpty(t, preview.Problems)
	require.Equal(t, before, c.written())

	c.answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html></html>")) })
	request.URL = c.url
	_, err = c.Preview(t.Context(), request)
	require.Equal(t, ical.ReasonHTML, ical.ReasonOf(err))
}

func TestSchedulesFollowTheRows(t *testing.T) {
	t.Parallel()
	c := newCoast(t)
	ctx := t.Context()
	require.Equal(t, 5*time.Minute, c.tasks.wanted[c.feed].Every)
	require.Contains(t, c.tasks.started, c.feed)

	desk := &activities.CalendarDesk{Calendars: c.Calendars, Store: c.store, Addresses: anyAddress{}}
	by := postgres.Author{Kind: "command"}
	c.tasks.away = true
	f, err := desk.ChangeFeed(ctx, c.feed, postgres.FeedChange{Paused: new(true)}, by)
	require.NoError(t, err, "the row counts")
	require.False(t, f.PausedAt.IsZero())
	require.False(t, c.tasks.wanted[c.feed].Paused)
	require.Equal(t, workflows.SyncSkipped, c.sync().Outcome)
	_, err = c.SyncNow(ctx, c.feed)
	require.Equal(t, booking.CodeWrongState, booking.CodeOf(err))

	c.tasks.away = false
	c.tasks.wanted[999] = workflows.FeedSchedule{FeedID: 999}
	repaired, err := c.RepairSchedules(ctx)
	require.NoError(t, err)
	require.Equal(t, 2, repaired)
	require.True(t, c.tasks.wanted[c.feed].Paused)
	require.NotContains(t, c.tasks.wanted, int64(999))
	repaired, err = c.RepairSchedules(ctx)
	require.NoError(t, err)
	require.Zero(t, repaired)

	_, err = desk.ChangeFeed(ctx, c.feed, postgres.FeedChange{Paused: new(false), URL: new(c.url + "/b.ics"), Interval: new(10 * time.Minute)}, by)
	require.NoError(t, err)
	require.Equal(t, 10*time.Minute, c.tasks.wanted[c.feed].Every)
	_, err = c.DeleteFeed(ctx, c.feed, postgres.LeavesNothing, 0)
	require.NoError(t, err)
	require.Empty(t, c.tasks.wanted)
	_, err = c.SyncNow(ctx, c.feed)
	require.Equal(t, booking.CodeNotFound, booking.CodeOf(err))
}

// anyAddress takes addresses of this machine, where the test's channel is.
type anyAddress struct{}

func (anyAddress) Check(string) error { return nil }

func TestOurExportHasNoGuestAndStableNames(t *testing.T) {
	t.Parallel()
	c := newCoast(t)
	ctx := t.Context()
	c.publishes(c.stay("a", 10, 3))
	c.sync()
	_, err := c.store.Block(ctx, c.cabin, booking.Stay{CheckIn: c.in(30), CheckOut: c.in(32)}, "paint", 0, c.clock())
	require.NoError(t, err)
	token, hash := activities.NewExportToken()
	_, err = c.store.RotateExport(ctx, c.cabin, booking.ChannelAirbnb, hash, postgres.Author{Kind: "command"}, c.clock())
	require.NoError(t, err)
	export, body, err := c.Export(ctx, c.cabin, token)
	require.NoError(t, err)
	require.Equal(t, booking.ChannelAirbnb, export.Channel)
	calendar, err := ical.Parse(body, ical.Reading{})
	require.NoError(t, err)
	require.Len(t, calendar.Events, 1, "its own events are left out")
	require.Contains(t, calendar.Events[0].UID, "@cabanas.test")
	_, again, err := c.Export(ctx, c.cabin, token)
	require.NoError(t, err)
	require.Equal(t, body, again)
	_, _, err = c.Export(ctx, c.cabin, token+"x")
	require.Equal(t, booking.CodeNotFound, booking.CodeOf(err))
}
