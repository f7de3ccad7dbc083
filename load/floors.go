package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const (
	floorQueue  = "load-floor"
	floorSignal = "signal"
	floorUpdate = "update"
	floorCache  = 5000 // Workflows kept in memory; the program's worker keeps as many.
)

// floors are the minimal workflows that ours are compared with, their worker, and who waits for their steps. The steps do nothing but
// tell, so that, as with ours, the end of an iteration is seen without asking the server.
type floors struct {
	temporal client.Client
	worker   worker.Worker
	serial   atomic.Int64
	epoch    int64

	mu      sync.Mutex
	waiting map[string]chan struct{}

	// settle is the activity of payments.
	settle func(context.Context, heldPayment) error
}

func startFloors(c client.Client, settle func(context.Context, heldPayment) error) (*floors, error) {
	f := &floors{temporal: c, settle: settle, epoch: time.Now().UnixNano(), waiting: map[string]chan struct{}{}}
	worker.SetStickyWorkflowCacheSize(floorCache)
	pollers := worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{})
	f.worker = worker.New(c, floorQueue, worker.Options{WorkflowTaskPollerBehavior: pollers, ActivityTaskPollerBehavior: pollers})
	f.worker.RegisterWorkflowWithOptions(floorBooking, workflow.RegisterOptions{Name: "LoadFloorBooking"})
	f.worker.RegisterWorkflowWithOptions(floorConversation, workflow.RegisterOptions{Name: "LoadFloorConversation"})
	f.worker.RegisterWorkflowWithOptions(floorHold, workflow.RegisterOptions{Name: "LoadFloorHold"})
	f.worker.RegisterWorkflowWithOptions(floorPayment, workflow.RegisterOptions{Name: "LoadFloorPayment"})
	f.worker.RegisterActivity(f.LoadFloorStep)
	f.worker.RegisterActivity(f.LoadFloorSettle)
	if err := f.worker.Start(); err != nil {
		return nil, fmt.Errorf("start the floors' worker: %w", err)
	}
	return f, nil
}

func (f *floors) close() { f.worker.Stop() }

// floorInput is what a minimal workflow works on.
type floorInput struct {
	ID string `json:"id"`
}

// LoadFloorStep is every activity of the floors.
func (f *floors) LoadFloorStep(_ context.Context, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if signal := f.waiting[key]; signal != nil {
		close(signal)
		delete(f.waiting, key)
	}
	return nil
}

func (f *floors) expect(key string) (<-chan struct{}, func()) {
	signal := make(chan struct{})
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting[key] = signal
	return signal, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.waiting, key)
	}
}

func (f *floors) id(kind string) string {
	return fmt.Sprintf("load-floor-%s/%d-%d", kind, f.epoch, f.serial.Add(1))
}

const floorStepName = "LoadFloorStep"

func floorStep(ctx workflow.Context, key string) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	return workflow.ExecuteActivity(ctx, floorStepName, key).Get(ctx, nil)
}

func floorLocalStep(ctx workflow.Context, key string) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 10 * time.Second})
	return workflow.ExecuteLocalActivity(ctx, floorStepName, key).Get(ctx, nil)
}

// floorBooking has the shape of a booking that is paid and nothing else: one activity, a timer against a signal, two activities.
func floorBooking(ctx workflow.Context, in floorInput) error {
	if err := floorStep(ctx, in.ID+"/held"); err != nil {
		return err
	}
	timerCtx, stop := workflow.WithCancel(ctx)
	expired := workflow.NewTimer(timerCtx, time.Hour)
	paid := false
	workflow.NewSelector(ctx).
		AddReceive(workflow.GetSignalChannel(ctx, floorSignal), func(c workflow.ReceiveChannel, _ bool) { paid = c.ReceiveAsync(nil) }).
		AddFuture(expired, func(workflow.Future) {}).
		Select(ctx)
	stop()
	if !paid {
		return nil
	}
	if err := floorStep(ctx, in.ID+"/settled"); err != nil {
		return err
	}
	return floorStep(ctx, in.ID+"/confirmed")
}

// book runs one minimal booking from its start to its last activity.
func (f *floors) book(ctx context.Context) error {
	id := f.id("booking")
	held, forgetHeld := f.expect(id + "/held")
	defer forgetHeld()
	confirmed, forget := f.expect(id + "/confirmed")
	defer forget()
	_, err := f.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: floorQueue}, "LoadFloorBooking", floorInput{ID: id})
	if err != nil {
		return fmt.Errorf("start the floor's booking: %w", err)
	}
	if err := await(ctx, held, "the floor's hold"); err != nil {
		return err
	}
	if err := f.temporal.SignalWorkflow(ctx, id, "", floorSignal, nil); err != nil {
		return fmt.Errorf("signal the floor's booking: %w", err)
	}
	return await(ctx, confirmed, "the floor's confirmation")
}

// floorConversation answers each signal by one local activity.
func floorConversation(ctx workflow.Context, _ floorInput) error {
	messages := workflow.GetSignalChannel(ctx, floorSignal)
	for {
		var key string
		messages.Receive(ctx, &key)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := floorLocalStep(ctx, key); err != nil {
			return err
		}
	}
}

// converse sends one message to a minimal conversation and waits for its local activity.
func (f *floors) converse(ctx context.Context, guest int) error {
	id := fmt.Sprintf("load-floor-conversation/%d-%d", f.epoch, guest)
	key := f.id("message")
	answered, forget := f.expect(key)
	defer forget()
	_, err := f.temporal.SignalWithStartWorkflow(ctx, id, floorSignal, key, client.StartWorkflowOptions{ID: id, TaskQueue: floorQueue},
		"LoadFloorConversation", floorInput{ID: id})
	if err != nil {
		return fmt.Errorf("signal the floor's conversation: %w", err)
	}
	return await(ctx, answered, "the floor's answer")
}

// floorHold answers an update after one local activity and stays open, as a hold does.
func floorHold(ctx workflow.Context, in floorInput) error {
	done := false
	err := workflow.SetUpdateHandler(ctx, floorUpdate, func(ctx workflow.Context) (bool, error) {
		err := workflow.Await(ctx, func() bool { return done })
		return done, err
	})
	if err != nil {
		return err
	}
	if err := floorLocalStep(ctx, in.ID); err != nil {
		return err
	}
	done = true
	workflow.GetSignalChannel(ctx, floorSignal).Receive(ctx, nil)
	return ctx.Err()
}

// hold makes one minimal hold in one round trip.
func (f *floors) hold(ctx context.Context) error {
	id := f.id("hold")
	handle, err := f.temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: f.temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
			ID: id, TaskQueue: floorQueue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		}, "LoadFloorHold", floorInput{ID: id}),
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: id, WorkflowID: id, UpdateName: floorUpdate, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return fmt.Errorf("place the floor's hold: %w", err)
	}
	return handle.Get(ctx, nil)
}

// LoadFloorSettle is the activity of a payment.
func (f *floors) LoadFloorSettle(ctx context.Context, payment heldPayment) error {
	return f.settle(ctx, payment)
}

// floorPayment waits for a payment and has it settled.
func floorPayment(ctx workflow.Context, _ floorInput) error {
	var payment heldPayment
	workflow.GetSignalChannel(ctx, floorSignal).Receive(ctx, &payment)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	return workflow.ExecuteActivity(ctx, "LoadFloorSettle", payment).Get(ctx, nil)
}

func floorPaymentID(code string) string { return "load-floor-payment/" + code }

// awaitPayment starts a minimal workflow that waits for a payment, tellPayment wakes it.
func (f *floors) awaitPayment(ctx context.Context, code string) error {
	id := floorPaymentID(code)
	_, err := f.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: floorQueue}, "LoadFloorPayment", floorInput{ID: id})
	if err != nil {
		return fmt.Errorf("start the floor's payment: %w", err)
	}
	return nil
}

func (f *floors) tellPayment(ctx context.Context, payment heldPayment) error {
	if err := f.temporal.SignalWorkflow(ctx, floorPaymentID(payment.Code), "", floorSignal, payment); err != nil {
		return fmt.Errorf("signal the floor's payment: %w", err)
	}
	return nil
}

// iterationTime is when an iteration is given up and counts as failed.
const iterationTime = 30 * time.Second

var errNotInTime = errors.New("did not come in time")

func await(ctx context.Context, signal <-chan struct{}, what string) error {
	select {
	case <-signal:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s %w", what, errNotInTime)
	}
}

// bounded gives every iteration its own time. Those under way when the run ends are not cut off.
func bounded(do Iteration) Iteration {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), iterationTime)
		defer cancel()
		return do(ctx)
	}
}
