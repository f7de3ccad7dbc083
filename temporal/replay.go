package temporal

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"cabanas/workflows"
)

// Replayed says how the runs of one workflow type went through the code of this program.
type Replayed struct {
	Type string
	// Runs were tried; Left were not, because the limit was reached.
	Runs, Left int
	Broken     []BrokenRun
}

// BrokenRun is a running workflow that this program could not carry on.
type BrokenRun struct {
	ID, RunID string
	// Cause is the replayer's: what the history holds and what the code wants instead.
	Cause error
}

const replaysAtOnce = 4

// ReplayRunning replays the histories of running workflows through the workflows of this program and changes nothing: what
// fails here would be stuck after an upgrade to it. At most limit runs of each type are tried, the oldest first, because
// they know the oldest code.
func ReplayRunning(ctx context.Context, c client.Client, o Options, limit int) ([]Replayed, error) {
	options, err := clientOptions(o)
	if err != nil {
		return nil, err
	}
	var all []Replayed
	for _, definition := range workflows.Workflows() {
		runs, left, err := runningOf(ctx, c, options.Namespace, definition.Name, limit)
		if err != nil {
			return nil, err
		}
		result := Replayed{Type: definition.Name, Runs: len(runs), Left: left}
		if result.Broken, err = replay(ctx, c, options, runs); err != nil {
			return nil, err
		}
		all = append(all, result)
	}
	return all, nil
}

// runningOf lists the running workflows of a type. SQL visibility lists the newest first and cannot be told otherwise.
func runningOf(ctx context.Context, c client.Client, namespace, name string, limit int) (runs []workflow.Execution, left int, err error) {
	query := fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", name)
	for page := []byte(nil); ; {
		found, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace, Query: query, NextPageToken: page})
		if err != nil {
			return nil, 0, fmt.Errorf("list running %s: %w", name, err)
		}
		for _, info := range found.GetExecutions() {
			runs = append(runs, workflow.Execution{ID: info.GetExecution().GetWorkflowId(), RunID: info.GetExecution().GetRunId()})
		}
		if page = found.GetNextPageToken(); len(page) == 0 {
			break
		}
	}
	slices.Reverse(runs)
	left = max(len(runs)-limit, 0)
	return runs[:len(runs)-left], left, nil
}

func replay(ctx context.Context, c client.Client, o client.Options, runs []workflow.Execution) (broken []BrokenRun, err error) {
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		turns = make(chan struct{}, replaysAtOnce)
	)
	for _, run := range runs {
		if ctx.Err() != nil {
			break
		}
		turns <- struct{}{}
		group.Go(func() {
			defer func() { <-turns }()
			if cause := replayOne(ctx, c, o, run); cause != nil {
				mu.Lock()
				defer mu.Unlock()
				broken = append(broken, BrokenRun{ID: run.ID, RunID: run.RunID, Cause: cause})
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("replay running workflows: %w", ctx.Err())
	}
	slices.SortFunc(broken, func(a, b BrokenRun) int { return strings.Compare(a.ID, b.ID) })
	return broken, nil
}

func replayOne(ctx context.Context, c client.Client, o client.Options, run workflow.Execution) error {
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		DataConverter: o.DataConverter, FailureConverter: o.FailureConverter,
	})
	if err != nil {
		return err
	}
	workflows.Register(replayer, "")
	history, err := historyOf(ctx, c, run)
	switch {
	case isUnknown(err):
		return nil // it ended, and was cleared away, since it was listed
	case err != nil:
		return err
	case len(history.GetEvents()) < beginning:
		return nil
	}
	return replayer.ReplayWorkflowHistoryWithOptions(o.Logger, history, worker.ReplayWorkflowHistoryOptions{OriginalExecution: run})
}

// beginning is how many events a history has before the first workflow task was started; there is nothing to replay yet.
const beginning = 3

func historyOf(ctx context.Context, c client.Client, run workflow.Execution) (*historypb.History, error) {
	var history historypb.History
	events := c.GetWorkflowHistory(ctx, run.ID, run.RunID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, fmt.Errorf("read history of %s: %w", run.ID, err)
		}
		history.Events = append(history.Events, event)
	}
	return &history, nil
}
