package workflows

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/workflow"
)

// HousekeepingID is the id of the scheduled housekeeping.
const HousekeepingID = "housekeeping"

// HousekeepingActivities forget what need not be kept any more.
type HousekeepingActivities interface {
	// HousekeepingTasks lists what is to be done, in order; a later build may have more.
	HousekeepingTasks(context.Context, Done) (HousekeepingPlan, error)
	// Housekeep does one task to its end, in batches. It heartbeats and may be repeated: what is done is not found again.
	Housekeep(context.Context, HousekeepingTask) (HousekeepingDone, error)
}

// HousekeepingPlan is what a housekeeping does.
type HousekeepingPlan struct {
	Tasks []string `json:"tasks"`
}

// HousekeepingTask names one of them.
type HousekeepingTask struct {
	Task string `json:"task"`
}

// HousekeepingDone tells how much one of them was, in rows.
type HousekeepingDone struct {
	Task string `json:"task"`
	Rows int64  `json:"rows"`
	// Left are those that could not be done now, such as guests with a refund on its way.
	Left int64 `json:"left,omitempty"`
}

// HousekeepingResult tells what a housekeeping forgot; what found nothing is left out.
type HousekeepingResult struct {
	Done []HousekeepingDone `json:"done"`
}

var (
	housekeepingTasks = activity[Done, HousekeepingPlan]{"HousekeepingTasks"}
	housekeep         = activity[HousekeepingTask, HousekeepingDone]{"Housekeep"}
)

// Housekeeping forgets what need not be kept any more, one task after the other. A task that fails does not keep back the others;
// the run fails then, and the next one tries again. A schedule runs it.
func Housekeeping(ctx workflow.Context) (HousekeepingResult, error) {
	var result HousekeepingResult
	plan, err := housekeepingTasks.run(housekeepingStep(ctx, "what is to be forgotten"), Done{})
	if err != nil {
		return result, err
	}
	var failures []error
	for _, task := range plan.Tasks {
		done, err := housekeep.run(housekeepingStep(ctx, task), HousekeepingTask{Task: task})
		switch {
		case ctx.Err() != nil:
			return result, ctx.Err()
		case err != nil:
			failures = append(failures, fmt.Errorf("%s: %w", task, err))
		case done.Rows > 0 || done.Left > 0:
			result.Done = append(result.Done, done)
		}
	}
	return result, errors.Join(failures...)
}
