package temporal

import (
	"context"
	"errors"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"

	"cabanas/workflows"
)

// catchUp is how old a missed run may be and still be made up for: after an outage the next run does the work of all.
const catchUp = time.Minute

// schedule creates the fixed schedules or changes their interval; whether an operator paused one is left as it is.
func schedule(ctx context.Context, c client.Client, o SetupOptions) error {
	for _, f := range fixedSchedules(o) {
		if err := f.set(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func fixedSchedules(o SetupOptions) []fixedSchedule {
	return []fixedSchedule{
		{workflows.ReconciliationID, "PaymentReconciliation", workflows.QueueBooking, o.ReconcileEvery,
			"asks the payment provider for what no notification told us of", "payments no notification told us of"},
		{workflows.CalendarWatchID, "CalendarWatch", workflows.QueueCalendar, o.WatchFeedsEvery,
			"mends the schedules of feeds and finds those that gave no good answer for too long", "a look at all feeds"},
		{workflows.HousekeepingID, "Housekeeping", workflows.QueueBooking, o.HousekeepEvery,
			"forgets what need not be kept any more (docs/privacy.md)", "what need not be kept any more"},
	}
}

// fixedSchedule is one of which there is one in an installation.
type fixedSchedule struct {
	id, workflow, queue string
	every               time.Duration
	note, summary       string
}

func (f fixedSchedule) set(ctx context.Context, c client.Client) error {
	if f.every <= 0 {
		return nil
	}
	spec := client.ScheduleSpec{
		Intervals: []client.ScheduleIntervalSpec{{Every: f.every}},
		Jitter:    f.every / 10,
	}
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID:            f.id,
		Spec:          spec,
		Overlap:       enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: catchUp,
		Note:          f.note,
		Action: &client.ScheduleWorkflowAction{
			ID:            f.id,
			Workflow:      f.workflow,
			TaskQueue:     f.queue,
			StaticSummary: f.summary,
		},
	})
	if !errors.Is(err, sdktemporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return c.ScheduleClient().GetHandle(ctx, f.id).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			current := in.Description.Schedule
			if slices.Equal(current.Spec.Intervals, spec.Intervals) && current.Spec.Jitter == spec.Jitter {
				return nil, sdktemporal.ErrSkipScheduleUpdate
			}
			current.Spec = &spec
			return &client.ScheduleUpdate{Schedule: &current}, nil
		},
	})
}
