// Package worker runs workflows and activities: which task queues a process serves, what is registered on each, how many
// things run at once, and how it stops.
package worker

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"cabanas/activities"
	"cabanas/workflows"
)

// Options say what a worker process serves. Client and the activities are required; Queues empty serves every queue.
type Options struct {
	Client client.Client
	Queues []string
	// BuildID turns worker versioning on: a deployment step must then make the version current, else it gets no tasks.
	BuildID string

	Reservations *activities.Reservations
	Payments     *activities.Payments
	Messaging    *activities.Messaging
	Conversation *activities.Conversation
	Media        *activities.Media
	Calendars    *activities.Calendars
	Mails        *activities.Mails
	Housekeeping *activities.Housekeeping
}

const (
	// stopTimeout lets running activities end before a deployment kills the process.
	stopTimeout = 20 * time.Second
	// stickyWorkflows bounds the workflows kept in memory over all queues of the process.
	stickyWorkflows = 5000
	// waiting bounds the activities of a queue that wait for neighbours at once; the database pool is what they share.
	waiting = 100
	// listening bounds the voice messages heard at once; FFmpeg and the engine are what they share.
	listening = 2
)

// Worker serves its task queues until it is stopped.
type Worker struct {
	workers []worker.Worker
	fatal   chan error
	serving atomic.Bool
}

// Serving reports whether tasks of every queue are asked for: not before [Worker.Run] has started them all, and not any more once it
// was told to stop.
func (w *Worker) Serving() bool { return w.serving.Load() }

// New prepares a worker for each queue; it connects to nothing.
func New(options Options) (*Worker, error) {
	if len(options.Queues) == 0 {
		options.Queues = workflows.Queues
	}
	worker.SetStickyWorkflowCacheSize(stickyWorkflows)
	w := &Worker{fatal: make(chan error, len(options.Queues))}
	for _, queue := range options.Queues {
		if !slices.Contains(workflows.Queues, queue) {
			return nil, fmt.Errorf("no task queue %q: there are %v", queue, workflows.Queues)
		}
		w.workers = append(w.workers, w.serve(queue, options))
	}
	return w, nil
}

// Run serves until ctx ends, then lets what is running finish. It returns an error when a queue cannot be served any more.
func (w *Worker) Run(ctx context.Context) error {
	for n, queue := range w.workers {
		if err := queue.Start(); err != nil {
			w.stop(w.workers[:n])
			return fmt.Errorf("start worker: %w", err)
		}
	}
	w.serving.Store(true)
	defer func() {
		w.serving.Store(false)
		w.stop(w.workers)
	}()
	select {
	case <-ctx.Done():
		return nil
	case err := <-w.fatal:
		return fmt.Errorf("worker: %w", err)
	}
}

func (w *Worker) stop(started []worker.Worker) {
	done := make(chan struct{})
	for _, queue := range started {
		go func() {
			queue.Stop()
			done <- struct{}{}
		}()
	}
	for range started {
		<-done
	}
}

// serve registers what lives on one queue. Local activities run where their workflow does, so they are registered there too.
func (w *Worker) serve(queue string, options Options) worker.Worker {
	served := worker.New(options.Client, queue, w.tuned(queue, options))
	workflows.Register(served, queue)
	switch queue {
	case workflows.QueueBooking:
		served.RegisterActivity(options.Reservations)
		served.RegisterActivity(options.Payments)
		served.RegisterActivity(options.Housekeeping)
		served.RegisterActivity(options.Messaging) // the first try of a prompt step
	case workflows.QueueConversation:
		served.RegisterActivity(options.Conversation)
		served.RegisterActivity(options.Messaging)
	case workflows.QueueMessaging:
		served.RegisterActivity(options.Messaging)
		served.RegisterActivity(options.Mails)
	case workflows.QueueMedia:
		served.RegisterActivity(options.Media)
	case workflows.QueueCalendar:
		served.RegisterActivityWithOptions(options.Calendars.SyncFeed, activity.RegisterOptions{Name: "SyncFeed"})
		served.RegisterActivityWithOptions(options.Calendars.WatchFeeds, activity.RegisterOptions{Name: "WatchFeeds"})
	}
	return served
}

func (w *Worker) tuned(queue string, options Options) worker.Options {
	pollers := worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{})
	tuned := worker.Options{
		WorkerStopTimeout:                  stopTimeout,
		WorkflowTaskPollerBehavior:         pollers,
		ActivityTaskPollerBehavior:         pollers,
		DisableWorkflowWorker:              !workflows.HasWorkflows(queue),
		OnFatalError:                       func(err error) { w.fatal <- fmt.Errorf("queue %s: %w", queue, err) },
		MaxConcurrentActivityExecutionSize: waiting,
	}
	if queue == workflows.QueueMedia {
		tuned.MaxConcurrentActivityExecutionSize = listening
	}
	if options.BuildID != "" {
		tuned.DeploymentOptions = worker.DeploymentOptions{
			UseVersioning:             true,
			Version:                   worker.WorkerDeploymentVersion{DeploymentName: workflows.Deployment, BuildID: options.BuildID},
			DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
		}
	}
	return tuned
}
