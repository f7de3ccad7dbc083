package temporal

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"cabanas/workflows"
)

// StartMail sends a stored mail. One that is being sent already is left alone.
func StartMail(ctx context.Context, c client.Client, mailID int64) error {
	_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       workflows.MailID(mailID),
		TaskQueue:                workflows.QueueConversation,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            fmt.Sprintf("mail %d", mailID),
	}, "Mail", workflows.MailInput{MailID: mailID})
	if err != nil {
		return fmt.Errorf("start mail %d: %w", mailID, err)
	}
	return nil
}

// Mail sends a stored mail, see [StartMail].
func (p *Processes) Mail(ctx context.Context, mailID int64) error {
	return StartMail(ctx, p.Client, mailID)
}
