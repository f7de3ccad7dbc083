package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"cabanas/workflows"
)

// calendars runs a calendar workflow over two activities.
func calendars(t *testing.T, sync func(workflows.CalendarSyncInput) (workflows.CalendarSyncResult, error),
	give func(workflows.CalendarAlarms) error) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	suite := testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	workflows.Register(env, workflows.QueueCalendar)
	env.RegisterActivityWithOptions(func(_ context.Context, in workflows.CalendarSyncInput) (workflows.CalendarSyncResult, error) {
		return sync(in)
	}, activity.RegisterOptions{Name: "SyncFeed"})
	env.RegisterActivityWithOptions(func(context.Context, workflows.Done) (workflows.CalendarWatchResult, error) {
		result, err := sync(workflows.CalendarSyncInput{})
		return workflows.CalendarWatchResult{Feeds: 1, Alarms: result.Alarms}, err
	}, activity.RegisterOptions{Name: "WatchFeeds"})
	env.RegisterActivityWithOptions(func(_ context.Context, in workflows.CalendarAlarms) (workflows.Done, error) {
		return workflows.Done{}, give(in)
	}, activity.RegisterOptions{Name: "GiveCalendarAlarms"})
	return env
}

func TestCalendarSyncTellsTheOwner(t *testing.T) {
	t.Parallel()
	alarm := workflows.CalendarAlarm{Kind: workflows.NoticeOwnerConflict, ConflictID: 3, Since: 1}
	for name, workflow := range map[string]any{"sync": workflows.CalendarSync, "watch": workflows.CalendarWatch} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tries, told := 0, 0
			env := calendars(t, func(workflows.CalendarSyncInput) (workflows.CalendarSyncResult, error) {
				if tries++; tries == 1 {
					return workflows.CalendarSyncResult{}, errors.New("the database is away")
				}
				return workflows.CalendarSyncResult{Outcome: workflows.SyncApplied, Alarms: []workflows.CalendarAlarm{alarm}}, nil
			}, func(in workflows.CalendarAlarms) error {
				require.Equal(t, []workflows.CalendarAlarm{alarm}, in.Alarms)
				if told++; told == 1 {
					return errors.New("the database is away")
				}
				return nil
			})
			args := []any{}
			if name == "sync" {
				args = append(args, workflows.CalendarSyncInput{FeedID: 7, Reason: workflows.SyncScheduled})
			}
			env.ExecuteWorkflow(workflow, args...)
			require.NoError(t, env.GetWorkflowError())
			require.Equal(t, 2, tries)
			require.Equal(t, 2, told)
		})
	}
}

func TestAFeedWithoutAGoodAnswerIsAnOutcome(t *testing.T) {
	t.Parallel()
	env := calendars(t, func(in workflows.CalendarSyncInput) (workflows.CalendarSyncResult, error) {
		require.Equal(t, int64(7), in.FeedID)
		return workflows.CalendarSyncResult{Outcome: workflows.SyncFailed, Problem: "html"}, nil
	}, func(workflows.CalendarAlarms) error { return errors.New("nobody has to be told") })
	env.ExecuteWorkflow(workflows.CalendarSync, workflows.CalendarSyncInput{FeedID: 7})
	require.NoError(t, env.GetWorkflowError())
	var result workflows.CalendarSyncResult
	require.NoError(t, env.GetWorkflowResult(&result))
	require.Equal(t, "html", result.Problem)
}

func TestASyncGivesUpBeforeTheNextIsDue(t *testing.T) {
	t.Parallel()
	env := calendars(t, func(workflows.CalendarSyncInput) (workflows.CalendarSyncResult, error) {
		return workflows.CalendarSyncResult{}, errors.New("the database is away")
	}, func(workflows.CalendarAlarms) error { return nil })
	began := env.Now()
	env.ExecuteWorkflow(workflows.CalendarSync, workflows.CalendarSyncInput{FeedID: 7})
	require.Error(t, env.GetWorkflowError())
	require.Less(t, env.Now().Sub(began), 5*time.Minute)
}

func TestFeedIDsAreReadBack(t *testing.T) {
	t.Parallel()
	id, ours := workflows.FeedOfSchedule(workflows.FeedScheduleID(42))
	require.True(t, ours)
	require.Equal(t, int64(42), id)
	for _, other := range []string{workflows.ReconciliationID, workflows.CalendarWatchID, "calendar-feed/x"} {
		_, ours = workflows.FeedOfSchedule(other)
		require.False(t, ours)
	}
}
