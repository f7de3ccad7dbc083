package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"cabanas/workflows"
)

func TestMailIsTriedUntilItEndsByItself(t *testing.T) {
	t.Parallel()
	suite := testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	workflows.Register(env, workflows.QueueConversation)
	tries := 0
	env.RegisterActivityWithOptions(func(_ context.Context, in workflows.MailInput) (workflows.Done, error) {
		require.Equal(t, int64(7), in.MailID)
		if tries++; tries < 9 {
			return workflows.Done{}, errors.New("the relay is down")
		}
		return workflows.Done{}, nil
	}, activity.RegisterOptions{Name: "SendMail"})
	env.ExecuteWorkflow("Mail", workflows.MailInput{MailID: 7})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 9, tries)
	require.Equal(t, "mail/7", workflows.MailID(7))
}
