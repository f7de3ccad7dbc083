package workflows_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"cabanas/workflows"
)

// A task that fails for good does not keep back the others, and the run says so.
func TestHousekeepingDoesEveryTask(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivityWithOptions(func(context.Context, workflows.Done) (workflows.HousekeepingPlan, error) {
		return workflows.HousekeepingPlan{Tasks: []string{"first", "broken", "empty", "last"}}, nil
	}, activity.RegisterOptions{Name: "HousekeepingTasks"})
	var done []string
	env.RegisterActivityWithOptions(func(_ context.Context, in workflows.HousekeepingTask) (workflows.HousekeepingDone, error) {
		done = append(done, in.Task)
		switch in.Task {
		case "broken":
			return workflows.HousekeepingDone{}, temporal.NewNonRetryableApplicationError("no such thing", workflows.ErrorInvalidInput, errors.New("x"))
		case "empty":
			return workflows.HousekeepingDone{Task: in.Task}, nil
		}
		return workflows.HousekeepingDone{Task: in.Task, Rows: 7}, nil
	}, activity.RegisterOptions{Name: "Housekeep"})
	env.ExecuteWorkflow(workflows.Housekeeping)
	require.True(t, env.IsWorkflowCompleted())
	require.ErrorContains(t, env.GetWorkflowError(), "broken")
	require.Equal(t, []string{"first", "broken", "empty", "last"}, done)
}
