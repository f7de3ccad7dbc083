package workflows

import "go.temporal.io/sdk/workflow"

// Definition is a workflow type: the function, its wire name and the task queue it lives on.
type Definition struct {
	Name  string
	Queue string
	Func  any
}

// Workflows lists every workflow type. Names are wire format.
func Workflows() []Definition {
	return []Definition{
		{Name: "Conversation", Queue: QueueConversation, Func: Conversation},
		{Name: "Redelivery", Queue: QueueConversation, Func: Redelivery},
		{Name: "Mail", Queue: QueueConversation, Func: Mail},
		{Name: "Booking", Queue: QueueBooking, Func: Booking},
		{Name: "LatePayment", Queue: QueueBooking, Func: LatePayment},
		{Name: "PaymentReconciliation", Queue: QueueBooking, Func: PaymentReconciliation},
		{Name: "CalendarSync", Queue: QueueCalendar, Func: CalendarSync},
		{Name: "CalendarWatch", Queue: QueueCalendar, Func: CalendarWatch},
	}
}

// Registry is the part of a worker that takes workflows.
type Registry interface {
	RegisterWorkflowWithOptions(workflow any, options workflow.RegisterOptions)
}

// Register gives a worker the workflows of its task queue; "" gives it all of them. Under worker versioning a run stays on
// the build it was started on.
func Register(registry Registry, queue string) {
	for _, d := range Workflows() {
		if queue == "" || queue == d.Queue {
			registry.RegisterWorkflowWithOptions(d.Func, workflow.RegisterOptions{
				Name: d.Name, VersioningBehavior: workflow.VersioningBehaviorPinned,
			})
		}
	}
}
