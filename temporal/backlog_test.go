package temporal_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"cabanas/internal/embedded/embeddedtest"
	"cabanas/temporal"
	"cabanas/workflows"
)

func TestBacklogAndPollersOfEveryQueueAreSeen(t *testing.T) {
	t.Parallel()
	address, namespace := embeddedtest.Namespace(t)
	connected, err := temporal.Dial(t.Context(), temporal.Options{Address: address, Namespace: namespace, Identity: "me", Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(connected.Close)
	queues := temporal.Queues{Client: connected, Namespace: namespace}

	_, err = connected.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "waits", TaskQueue: workflows.QueueBooking}, "Nobody")
	require.NoError(t, err)
	of := func(ct require.TestingT, queue, kind string) temporal.QueueState {
		states, err := queues.States(t.Context())
		require.NoError(ct, err)
		require.Len(ct, states, 8, "five queues have activities, three have workflows")
		for _, state := range states {
			if state.Queue == queue && state.Type == kind {
				return state
			}
		}
		require.Fail(ct, "no such queue")
		return temporal.QueueState{}
	}
	require.EventuallyWithT(t, func(ct *assert.CollectT) {
		state := of(ct, workflows.QueueBooking, "workflow")
		require.EqualValues(ct, 1, state.Backlog)
		require.Positive(ct, state.Age)
		require.Empty(ct, state.Pollers)
	}, 20*time.Second, 50*time.Millisecond)

	served := worker.New(connected, workflows.QueueBooking, worker.Options{})
	served.RegisterWorkflowWithOptions(func(workflow.Context) error { return nil }, workflow.RegisterOptions{Name: "Nobody"})
	require.NoError(t, served.Start())
	t.Cleanup(served.Stop)
	require.EventuallyWithT(t, func(ct *assert.CollectT) {
		state := of(ct, workflows.QueueBooking, "workflow")
		require.Zero(ct, state.Backlog)
		require.Equal(ct, []string{"me"}, state.Pollers)
	}, 20*time.Second, 50*time.Millisecond)
	require.Empty(t, of(t, workflows.QueueMedia, "activity").Pollers)

	registry := prometheus.NewRegistry()
	registry.MustRegister(temporal.QueueGauges(queues))
	families, err := registry.Gather()
	require.NoError(t, err)
	require.Len(t, families, 3)
	for _, family := range families {
		require.Len(t, family.GetMetric(), 8, family.GetName())
	}
}
