package temporal

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"cabanas/workflows"
)

// SignalConversation tells the conversation with a guest that a message waits in the database, and starts it if it does not
// run. It ends after idle without a message.
func SignalConversation(ctx context.Context, c client.Client, guestID int64, message workflows.MessageSignal, idle time.Duration) error {
	id := workflows.ConversationID(guestID)
	_, err := c.SignalWithStartWorkflow(ctx, id, workflows.SignalMessage, message,
		client.StartWorkflowOptions{
			ID:            id,
			TaskQueue:     workflows.QueueConversation,
			StaticSummary: fmt.Sprintf("guest %d", guestID),
		},
		"Conversation", workflows.ConversationInput{GuestID: guestID, Idle: idle})
	if err != nil {
		return fmt.Errorf("signal message %d to conversation %d: %w", message.MessageID, guestID, err)
	}
	return nil
}

// StartRedelivery sends a message again. One that is being sent again already is left alone.
func StartRedelivery(ctx context.Context, c client.Client, messageID int64) error {
	_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       workflows.RedeliveryID(messageID),
		TaskQueue:                workflows.QueueConversation,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            fmt.Sprintf("message %d", messageID),
	}, "Redelivery", workflows.DeliverInput{MessageIDs: []int64{messageID}})
	if err != nil {
		return fmt.Errorf("start redelivery of message %d: %w", messageID, err)
	}
	return nil
}
