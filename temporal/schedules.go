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

// schedule creates the payment reconciliation or changes its interval; whether an operator paused it is left as it is.
func schedule(ctx context.Context, c client.Client, o SetupOptions) error {
	if o.ReconcileEvery <= 0 {
		return nil
	}
	spec := client.ScheduleSpec{
		Intervals: []client.ScheduleIntervalSpec{{Every: o.ReconcileEvery}},
		Jitter:    o.ReconcileEvery / 10,
	}
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID:            workflows.ReconciliationID,
		Spec:          spec,
		Overlap:       enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: catchUp,
		Note:          "asks the payment provider for what no notification told us of",
		Action: &client.ScheduleWorkflowAction{
			ID:            workflows.ReconciliationID,
			Workflow:      "PaymentReconciliation",
			TaskQueue:     workflows.QueueBooking,
			StaticSummary: "payments no notification told us of",
		},
	})
	if !errors.Is(err, sdktemporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return c.ScheduleClient().GetHandle(ctx, workflows.ReconciliationID).Update(ctx, client.ScheduleUpdateOptions{
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
