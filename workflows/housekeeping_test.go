package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/workflows"
)

// HousekeepingTasks lists four tasks of the model.
func (f *fake) HousekeepingTasks(context.Context, workflows.Done) (workflows.HousekeepingPlan, error) {
	return workflows.HousekeepingPlan{Tasks: []string{"first", "broken", "empty", "last"}}, nil
}

// Housekeep fails for good at one of them and finds nothing at another.
func (f *fake) Housekeep(_ context.Context, in workflows.HousekeepingTask) (workflows.HousekeepingDone, error) {
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	f.r.forgotten = append(f.r.forgotten, in.Task)
	switch in.Task {
	case "broken":
		return workflows.HousekeepingDone{}, final(workflows.ErrorInvalidInput)
	case "empty":
		return workflows.HousekeepingDone{Task: in.Task}, nil
	}
	return workflows.HousekeepingDone{Task: in.Task, Rows: 7}, nil
}

var _ workflows.HousekeepingActivities = (*fake)(nil)

// A task that fails for good does not keep back the others, and the run says so.
func TestHousekeepingDoesEveryTask(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.ExecuteWorkflow(workflows.Housekeeping)
	require.True(t, w.IsWorkflowCompleted())
	require.ErrorContains(t, w.GetWorkflowError(), "broken")
	require.Equal(t, []string{"first", "broken", "empty", "last"}, w.forgotten)
}
