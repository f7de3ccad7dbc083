package workflows

import "go.temporal.io/sdk/workflow"

// Redelivery sends messages again that WhatsApp took and then reported as failed, as long as a reply is worth sending.
func Redelivery(ctx workflow.Context, in DeliverInput) error {
	_, err := deliverMessages.run(replyStep(ctx), in)
	return err
}
