package temporal

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"cabanas/workflows"
)

// SignalConversation tells the conversation with a guest that a message waits in the database, and starts it if it does not
// run. It ends after idle without a message.
func SignalConversation(ctx context.Context, c client.Client, guestID, messageID int64, idle time.Duration) error {
	id := workflows.ConversationID(guestID)
	_, err := c.SignalWithStartWorkflow(ctx, id, workflows.SignalMessage, workflows.MessageSignal{MessageID: messageID},
		client.StartWorkflowOptions{
			ID:            id,
			TaskQueue:     workflows.QueueConversation,
			StaticSummary: fmt.Sprintf("guest %d", guestID),
		},
		"Conversation", workflows.ConversationInput{GuestID: guestID, Idle: idle})
	if err != nil {
		return fmt.Errorf("signal message %d to conversation %d: %w", messageID, guestID, err)
	}
	return nil
}
