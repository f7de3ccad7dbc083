package temporal_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"cabanas/temporal"
	"cabanas/workflows"
)

func TestMailIsSentByAWorkflowOfItsOwn(t *testing.T) {
	t.Parallel()
	c, _ := dial(t, nil)
	var mu sync.Mutex
	tries := map[int64]int{}
	messages := worker.New(c, workflows.QueueMessaging, worker.Options{})
	messages.RegisterActivityWithOptions(func(_ context.Context, in workflows.MailInput) (workflows.Done, error) {
		mu.Lock()
		defer mu.Unlock()
		if tries[in.MailID]++; tries[in.MailID] == 1 {
			return workflows.Done{}, errors.New("the relay is down")
		}
		return workflows.Done{}, nil
	}, activity.RegisterOptions{Name: "SendMail"})
	conversations := worker.New(c, workflows.QueueConversation, worker.Options{})
	workflows.Register(conversations, workflows.QueueConversation)
	processes := &temporal.Processes{Client: c}
	for range 3 { // whoever wrote the row may say so again
		require.NoError(t, processes.Mail(t.Context(), 7))
	}
	for _, w := range []worker.Worker{messages, conversations} {
		require.NoError(t, w.Start())
		t.Cleanup(w.Stop)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, c.GetWorkflow(ctx, workflows.MailID(7), "").Get(ctx, nil))
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, map[int64]int{7: 2}, tries)
}
