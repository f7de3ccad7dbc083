package temporal

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"

	"cabanas/workflows"
)

// ourPause marks a pause that our own switch made; any other is an operator's and is left alone.
const ourPause = "paused in Cabañas"

// feedSpec spreads feeds over their interval, each at its own place, so that they are not all fetched at once.
func feedSpec(feedID int64, every time.Duration) client.ScheduleSpec {
	hash := fnv.New64a()
	fmt.Fprintf(hash, "feed %d", feedID)
	offset := time.Duration(hash.Sum64() % uint64(every)).Truncate(time.Second)
	return client.ScheduleSpec{
		Intervals: []client.ScheduleIntervalSpec{{Every: every, Offset: offset}},
		Jitter:    every / 10,
	}
}

// SetFeedSchedule makes the schedule of a feed or brings interval and pause to where they should be. A pause that an operator
// made in Temporal stays. It reports whether something changed.
func (p *Processes) SetFeedSchedule(ctx context.Context, wanted workflows.FeedSchedule) (bool, error) {
	spec := feedSpec(wanted.FeedID, wanted.Every)
	id := workflows.FeedScheduleID(wanted.FeedID)
	note := fmt.Sprintf("%s, %s", wanted.Unit, wanted.Channel)
	options := client.ScheduleOptions{
		ID:            id,
		Spec:          spec,
		Overlap:       enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: catchUp,
		Paused:        wanted.Paused,
		Note:          note,
		Action: &client.ScheduleWorkflowAction{
			ID:            workflows.CalendarSyncID(wanted.FeedID),
			Workflow:      "CalendarSync",
			Args:          []any{workflows.CalendarSyncInput{FeedID: wanted.FeedID, Reason: workflows.SyncScheduled}},
			TaskQueue:     workflows.QueueCalendar,
			StaticSummary: note,
		},
	}
	if wanted.Paused {
		options.Note = ourPause
	}
	_, err := p.Client.ScheduleClient().Create(ctx, options)
	if err == nil {
		return true, nil
	}
	if !errors.Is(err, sdktemporal.ErrScheduleAlreadyRunning) {
		return false, unavailable(fmt.Errorf("create schedule %s: %w", id, err))
	}
	changed := false
	err = p.Client.ScheduleClient().GetHandle(ctx, id).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			current := in.Description.Schedule
			changed = false
			if !slices.Equal(current.Spec.Intervals, spec.Intervals) || current.Spec.Jitter != spec.Jitter {
				current.Spec, changed = &spec, true
			}
			switch {
			case wanted.Paused && !current.State.Paused:
				current.State.Paused, current.State.Note, changed = true, ourPause, true
			case !wanted.Paused && current.State.Paused && current.State.Note == ourPause:
				current.State.Paused, current.State.Note, changed = false, note, true
			}
			if !changed {
				return nil, sdktemporal.ErrSkipScheduleUpdate
			}
			return &client.ScheduleUpdate{Schedule: &current}, nil
		},
	})
	if err != nil {
		return false, unavailable(fmt.Errorf("update schedule %s: %w", id, err))
	}
	return changed, nil
}

// RemoveFeedSchedule ends the schedule of a feed; without one it does nothing. A run under way ends by itself.
func (p *Processes) RemoveFeedSchedule(ctx context.Context, feedID int64) error {
	err := p.Client.ScheduleClient().GetHandle(ctx, workflows.FeedScheduleID(feedID)).Delete(ctx)
	if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
		return nil
	}
	if err != nil {
		return unavailable(fmt.Errorf("delete schedule of feed %d: %w", feedID, err))
	}
	return nil
}

// FeedSchedules lists the feeds that have a schedule. The list lags a moment behind: it is for repairs, not for promises.
func (p *Processes) FeedSchedules(ctx context.Context) (map[int64]workflows.FeedScheduleState, error) {
	list, err := p.Client.ScheduleClient().List(ctx, client.ScheduleListOptions{PageSize: 500})
	if err != nil {
		return nil, unavailable(fmt.Errorf("list schedules: %w", err))
	}
	states := map[int64]workflows.FeedScheduleState{}
	for list.HasNext() {
		entry, err := list.Next()
		if err != nil {
			return nil, unavailable(fmt.Errorf("list schedules: %w", err))
		}
		feedID, ours := workflows.FeedOfSchedule(entry.ID)
		if !ours {
			continue
		}
		state := workflows.FeedScheduleState{Paused: entry.Paused, ByOperator: entry.Paused && entry.Note != ourPause}
		if entry.Spec != nil && len(entry.Spec.Intervals) > 0 {
			state.Every = entry.Spec.Intervals[0].Every
		}
		states[feedID] = state
	}
	return states, nil
}

// SyncFeedNow fetches a feed on demand and waits for what it comes to; a fetch on demand that is under way is joined. A run of the
// schedule has an id of its own: the two wait for each other in the database.
func (p *Processes) SyncFeedNow(ctx context.Context, feedID int64, reason workflows.SyncReason) (workflows.CalendarSyncResult, error) {
	ctx, cancel := context.WithTimeout(ctx, syncTime)
	defer cancel()
	run, err := p.startFeedSync(ctx, feedID, reason)
	if err != nil {
		return workflows.CalendarSyncResult{}, err
	}
	var result workflows.CalendarSyncResult
	if err := run.Get(ctx, &result); err != nil {
		return result, unavailable(fmt.Errorf("sync feed %d: %w", feedID, err))
	}
	return result, nil
}

// syncTime bounds how long somebody waits for a fetch: the feed has twenty seconds of it.
const syncTime = 30 * time.Second

// StartFeedSync fetches a feed on demand without waiting.
func (p *Processes) StartFeedSync(ctx context.Context, feedID int64, reason workflows.SyncReason) error {
	_, err := p.startFeedSync(ctx, feedID, reason)
	return err
}

func (p *Processes) startFeedSync(ctx context.Context, feedID int64, reason workflows.SyncReason) (client.WorkflowRun, error) {
	run, err := p.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       workflows.CalendarSyncID(feedID),
		TaskQueue:                workflows.QueueCalendar,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowExecutionTimeout: time.Hour,
		StaticSummary:            fmt.Sprintf("feed %d, %s", feedID, reason),
	}, "CalendarSync", workflows.CalendarSyncInput{FeedID: feedID, Reason: reason})
	if err != nil {
		return nil, unavailable(fmt.Errorf("sync feed %d: %w", feedID, err))
	}
	return run, nil
}
