package workflows

import "go.temporal.io/sdk/workflow"

// Definition is a workflow type: the function, its wire name and the task queue it lives on.
type Definition struct {
	Name  string
	Queue string
	Func  any
	// MovesOn runs are carried on by the build that is current; all others stay on the build they began on.
	MovesOn bool
}

// Workflows lists every workflow type. Names are wire format.
func Workflows() []Definition {
	return []Definition{
		{Name: "Conversation", Queue: QueueConversation, Func: Conversation},
		{Name: "Redelivery", Queue: QueueConversation, Func: Redelivery},
		{Name: "Mail", Queue: QueueConversation, Func: Mail},
		// It lives until the guest has left, months perhaps: no build can be kept that long. Its changes are guarded by
		// workflow.GetVersion, and `cabanas doctor --replay` tries every running one before a build becomes current.
		{Name: "Booking", Queue: QueueBooking, Func: Booking, MovesOn: true},
		{Name: "LatePayment", Queue: QueueBooking, Func: LatePayment},
		{Name: "PaymentReconciliation", Queue: QueueBooking, Func: PaymentReconciliation},
		{Name: "Housekeeping", Queue: QueueBooking, Func: Housekeeping},
		{Name: "CalendarSync", Queue: QueueCalendar, Func: CalendarSync},
		{Name: "CalendarWatch", Queue: QueueCalendar, Func: CalendarWatch},
	}
}

// Registry is the part of a worker that takes workflows.
type Registry interface {
	RegisterWorkflowWithOptions(workflow any, options workflow.RegisterOptions)
}

// Register gives a worker the workflows of its task queue; "" gives it all of them.
func Register(registry Registry, queue string) {
	for _, d := range Workflows() {
		if queue == "" || queue == d.Queue {
			behavior := workflow.VersioningBehaviorPinned
			if d.MovesOn {
				behavior = workflow.VersioningBehaviorAutoUpgrade
			}
			registry.RegisterWorkflowWithOptions(d.Func, workflow.RegisterOptions{Name: d.Name, VersioningBehavior: behavior})
		}
	}
}
