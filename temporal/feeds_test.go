package temporal_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"cabanas/booking"
	"cabanas/temporal"
	"cabanas/workflows"
)

// feeds answers the activities of calendars.
type feeds struct {
	syncs  atomic.Int32
	alarms atomic.Int32
	// slow, when there is one, is waited for.
	slow chan struct{}
}

func (f *feeds) SyncFeed(ctx context.Context, _ workflows.CalendarSyncInput) (workflows.CalendarSyncResult, error) {
	f.syncs.Add(1)
	if f.slow != nil {
		select {
		case <-f.slow:
		case <-ctx.Done():
		}
	}
	return workflows.CalendarSyncResult{Outcome: workflows.SyncApplied, Added: 2, Alarms: []workflows.CalendarAlarm{{Kind: workflows.NoticeOwnerConflict}}}, nil
}

func (f *feeds) WatchFeeds(context.Context, workflows.Done) (workflows.CalendarWatchResult, error) {
	return workflows.CalendarWatchResult{}, nil
}

func (f *feeds) GiveCalendarAlarms(context.Context, workflows.CalendarAlarms) (workflows.Done, error) {
	f.alarms.Add(1)
	return workflows.Done{}, nil
}

func serveFeeds(t *testing.T, f *feeds) (client.Client, *temporal.Processes) {
	t.Helper()
	c, _ := dial(t, nil)
	for _, queue := range []string{workflows.QueueCalendar, workflows.QueueMessaging} {
		w := worker.New(c, queue, worker.Options{})
		workflows.Register(w, queue)
		w.RegisterActivity(f)
		require.NoError(t, w.Start())
		t.Cleanup(w.Stop)
	}
	return c, &temporal.Processes{Client: c}
}

func arrayan(every time.Duration) workflows.FeedSchedule {
	return workflows.FeedSchedule{FeedID: 7, Unit: "Arrayán", Channel: booking.ChannelAirbnb, Every: every}
}

func TestFeedIsSynchronisedOnDemand(t *testing.T) {
	t.Parallel()
	f := &feeds{slow: make(chan struct{})}
	_, p := serveFeeds(t, f)
	results := make(chan error, 2)
	for range 2 {
		go func() {
			result, err := p.SyncFeedNow(t.Context(), 7, workflows.SyncAsked)
			if err == nil && result.Added != 2 {
				err = errors.New("another outcome")
			}
			results <- err
		}()
	}
	require.NoError(t, p.StartFeedSync(t.Context(), 7, workflows.SyncAlarms))
	require.Eventually(t, func() bool { return f.syncs.Load() == 1 }, 10*time.Second, 10*time.Millisecond)
	close(f.slow)
	require.NoError(t, <-results)
	require.NoError(t, <-results)
	require.Positive(t, f.alarms.Load())
}

func TestFeedScheduleFollowsItsRow(t *testing.T) {
	t.Parallel()
	f := &feeds{}
	c, p := serveFeeds(t, f)
	ctx := t.Context()
	set := func(wanted workflows.FeedSchedule) bool {
		changed, err := p.SetFeedSchedule(ctx, wanted)
		require.NoError(t, err)
		return changed
	}
	require.True(t, set(arrayan(time.Second)))
	require.Eventually(t, func() bool { return f.syncs.Load() > 1 }, 20*time.Second, 20*time.Millisecond, "it runs")

	handle := c.ScheduleClient().GetHandle(ctx, workflows.FeedScheduleID(7))
	eventually := func(what string, check func(client.Schedule) bool) {
		t.Helper()
		require.Eventually(t, func() bool {
			description, err := handle.Describe(ctx)
			return err == nil && check(description.Schedule)
		}, 10*time.Second, 20*time.Millisecond, what)
	}
	require.True(t, set(arrayan(5*time.Minute)))
	eventually("another interval", func(s client.Schedule) bool {
		return s.Spec.Intervals[0].Every == 5*time.Minute && s.Spec.Jitter == 30*time.Second &&
			s.Policy.Overlap == enumspb.SCHEDULE_OVERLAP_POLICY_SKIP && s.Policy.CatchupWindow == time.Minute
	})
	require.False(t, set(arrayan(5*time.Minute)), "again is nothing")

	paused := arrayan(5 * time.Minute)
	paused.Paused = true
	require.True(t, set(paused))
	eventually("our pause", func(s client.Schedule) bool { return s.State.Paused })
	require.True(t, set(arrayan(5*time.Minute)))
	eventually("our pause ends", func(s client.Schedule) bool { return !s.State.Paused })

	require.NoError(t, handle.Pause(ctx, client.SchedulePauseOptions{Note: "by an operator"}))
	eventually("an operator's pause", func(s client.Schedule) bool { return s.State.Paused })
	require.False(t, set(arrayan(5*time.Minute)))
	eventually("is left alone", func(s client.Schedule) bool { return s.State.Paused && s.State.Note == "by an operator" })

	require.EventuallyWithT(t, func(ct *assert.CollectT) {
		states, err := p.FeedSchedules(ctx)
		require.NoError(ct, err)
		require.Equal(ct, map[int64]workflows.FeedScheduleState{7: {Every: 5 * time.Minute, Paused: true, ByOperator: true}}, states)
		require.True(ct, states[7].Fits(arrayan(5*time.Minute)))
	}, 20*time.Second, 50*time.Millisecond)

	for range 2 {
		require.NoError(t, p.RemoveFeedSchedule(ctx, 7))
	}
}
