package temporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"cabanas/workflows"
)

// Installation is what a Temporal namespace has of what the program needs.
type Installation struct {
	ServerVersion string
	// Namespace is false when there is none of that name; the rest is empty then.
	Namespace bool
	Retention time.Duration
	// MissingAttributes and MissingSchedules are made by [Setup]; PausedSchedules do not run.
	MissingAttributes, MissingSchedules, PausedSchedules []string
	// Unserved are task queues that no worker polls.
	Unserved []string
}

// Look reads what there is and changes nothing.
func Look(ctx context.Context, c client.Client, namespace string) (found Installation, err error) {
	system, err := c.WorkflowService().GetClusterInfo(ctx, &workflowservice.GetClusterInfoRequest{})
	if err != nil {
		return found, fmt.Errorf("ask for the version of the server: %w", err)
	}
	found.ServerVersion = system.GetServerVersion()
	described, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if _, missing := errors.AsType[*serviceerror.NamespaceNotFound](err); missing {
		return found, nil
	}
	if err != nil {
		return found, fmt.Errorf("describe namespace %s: %w", namespace, err)
	}
	found.Namespace, found.Retention = true, described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	return found, errors.Join(found.lookAtAttributes(ctx, c, namespace), found.lookAtSchedules(ctx, c), found.lookAtQueues(ctx, c, namespace))
}

func (i *Installation) lookAtAttributes(ctx context.Context, c client.Client, namespace string) error {
	known, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("list search attributes: %w", err)
	}
	for _, attribute := range attributes {
		if kind, there := known.GetCustomAttributes()[attribute.GetName()]; !there || kind != attribute.GetValueType() {
			i.MissingAttributes = append(i.MissingAttributes, attribute.GetName())
		}
	}
	return nil
}

func (i *Installation) lookAtSchedules(ctx context.Context, c client.Client) error {
	for _, fixed := range fixedSchedules(SetupOptions{}) {
		described, err := c.ScheduleClient().GetHandle(ctx, fixed.id).Describe(ctx)
		switch {
		case isUnknown(err):
			i.MissingSchedules = append(i.MissingSchedules, fixed.id)
		case err != nil:
			return fmt.Errorf("describe schedule %s: %w", fixed.id, err)
		case described.Schedule.State != nil && described.Schedule.State.Paused:
			i.PausedSchedules = append(i.PausedSchedules, fixed.id)
		}
	}
	return nil
}

func (i *Installation) lookAtQueues(ctx context.Context, c client.Client, namespace string) error {
	for _, queue := range workflows.Queues {
		// Every queue has activities of its own, not every one has workflows.
		described, err := c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue}, TaskQueueType: enumspb.TASK_QUEUE_TYPE_ACTIVITY,
		})
		if err != nil {
			return fmt.Errorf("describe task queue %s: %w", queue, err)
		}
		if len(described.GetPollers()) == 0 {
			i.Unserved = append(i.Unserved, queue)
		}
	}
	return nil
}
