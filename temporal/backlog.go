package temporal

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"cabanas/internal/observe"
	"cabanas/workflows"
)

// QueueState is how a task queue does, for one type of its tasks.
type QueueState struct {
	Queue string
	// Type is workflow or activity.
	Type string
	// Backlog is about how many tasks wait, Age how long the first has waited.
	Backlog int64
	Age     time.Duration
	// Pollers are the processes that ask for tasks now, by identity.
	Pollers []string
}

// polling is how recently a process must have asked for tasks to count as one that does: a poll lasts up to a minute.
const polling = 90 * time.Second

// Queues looks at the task queues of a namespace.
type Queues struct {
	Client    client.Client
	Namespace string
}

// States describes every queue of the program, at once.
func (q Queues) States(ctx context.Context) ([]QueueState, error) {
	asked := taskTypes()
	states := make([]QueueState, len(asked))
	group, ctx := errgroup.WithContext(ctx)
	for i, one := range asked {
		group.Go(func() (err error) {
			states[i], err = q.state(ctx, one.queue, one.kind)
			return err
		})
	}
	return states, group.Wait()
}

type taskType struct {
	queue string
	kind  enumspb.TaskQueueType
}

// taskTypes lists what workers poll for: every queue has activities, some have workflows too.
func taskTypes() []taskType {
	var all []taskType
	for _, queue := range workflows.Queues {
		all = append(all, taskType{queue, enumspb.TASK_QUEUE_TYPE_ACTIVITY})
		if workflows.HasWorkflows(queue) {
			all = append(all, taskType{queue, enumspb.TASK_QUEUE_TYPE_WORKFLOW})
		}
	}
	return all
}

func (q Queues) state(ctx context.Context, queue string, kind enumspb.TaskQueueType) (QueueState, error) {
	described, err := q.Client.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace: q.Namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue, Kind: enumspb.TASK_QUEUE_KIND_NORMAL},
		TaskQueueType: kind, ReportStats: true,
	})
	if err != nil {
		return QueueState{}, fmt.Errorf("describe task queue %s: %w", queue, err)
	}
	state := QueueState{
		Queue: queue, Type: "activity", Backlog: described.GetStats().GetApproximateBacklogCount(),
		Age: described.GetStats().GetApproximateBacklogAge().AsDuration(),
	}
	if kind == enumspb.TASK_QUEUE_TYPE_WORKFLOW {
		state.Type = "workflow"
	}
	for _, poller := range described.GetPollers() {
		if time.Since(poller.GetLastAccessTime().AsTime()) < polling {
			state.Pollers = append(state.Pollers, poller.GetIdentity())
		}
	}
	return state, nil
}

// How often the server is asked for gauges of its queues, and how long a scrape waits for it.
const (
	queuesEvery = 15 * time.Second
	queuesTime  = time.Second
)

var (
	queueBacklog    = observe.NewGauge("task_queue_backlog", "Tasks that wait in a Temporal task queue, about.", "task_queue", "type")
	queueBacklogAge = observe.NewGauge("task_queue_backlog_age_seconds", "How long the first task of a Temporal task queue has waited.", "task_queue", "type")
	queuePollers    = observe.NewGauge("task_queue_pollers", "Processes that ask a Temporal task queue for tasks.", "task_queue", "type")
)

// QueueGauges are the gauges of what waits in Temporal's task queues. They are shown where the gauges of the database are: take the
// max over processes.
func QueueGauges(queues Queues) *observe.Asked {
	return &observe.Asked{
		What: "task queues", Every: queuesEvery, Patience: queuesTime, Gauges: []*observe.Gauge{queueBacklog, queueBacklogAge, queuePollers},
		Ask: func(ctx context.Context) ([]observe.Sample, error) {
			states, err := queues.States(ctx)
			if err != nil {
				return nil, err
			}
			samples := make([]observe.Sample, 0, 3*len(states))
			for _, state := range states {
				labels := []string{state.Queue, state.Type}
				samples = append(samples,
					observe.Sample{Gauge: queueBacklog, Value: float64(state.Backlog), Labels: labels},
					observe.Sample{Gauge: queueBacklogAge, Value: state.Age.Seconds(), Labels: labels},
					observe.Sample{Gauge: queuePollers, Value: float64(len(state.Pollers)), Labels: labels})
			}
			return samples, nil
		},
	}
}
