package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// CalendarSync fetches one feed of another channel, applies what it shows and has the owner told of what needs a person. A
// schedule runs it, and whoever wants it now. A feed that does not answer is an outcome; the next run asks again.
func CalendarSync(ctx workflow.Context, in CalendarSyncInput) (CalendarSyncResult, error) {
	result, err := syncFeed.run(calendarStep(ctx, "fetch and apply"), in)
	if err != nil {
		return result, err
	}
	workflow.SetCurrentDetails(ctx, result.details())
	return result, alarmAll(ctx, result.Alarms)
}

// CalendarWatch sees to what no single feed can: schedules that were not made, feeds that nobody fetches any more, alarms
// that were not given. A schedule runs it.
func CalendarWatch(ctx workflow.Context) (CalendarWatchResult, error) {
	result, err := watchFeeds.run(calendarStep(ctx, "look at all feeds"), Done{})
	if err != nil {
		return result, err
	}
	return result, alarmAll(ctx, result.Alarms)
}

// alarmAll writes the alarms and hands them to be sent; it does not wait for WhatsApp, so that the next run is on time.
func alarmAll(ctx workflow.Context, alarms []CalendarAlarm) error {
	if len(alarms) == 0 {
		return nil
	}
	_, err := giveAlarms.run(workflow.WithTaskQueue(calendarStep(ctx, "tell the owner"), QueueMessaging), CalendarAlarms{Alarms: alarms})
	return err
}

// calendarWorth is how long a step is tried: the next run repeats what this one missed.
const calendarWorth = 4 * time.Minute

func calendarStep(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueCalendar,
		StartToCloseTimeout:    30 * time.Second,
		ScheduleToCloseTimeout: calendarWorth,
		RetryPolicy:            retryUpTo(20 * time.Second),
		Summary:                summary,
		Priority:               temporal.Priority{PriorityKey: priorityNow},
	})
}

func (r CalendarSyncResult) details() string {
	if r.Problem != "" {
		return fmt.Sprintf("no good answer: **%s**", r.Problem)
	}
	return fmt.Sprintf("%s: %d new, %d moved, %d released, %d echoes, %d problems, %d conflicts",
		r.Outcome, r.Added, r.Moved, r.Released, r.Echoes, r.Problems, r.Conflicts)
}
