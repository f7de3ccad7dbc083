package embedded_test

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"cabanas/internal/embedded"
)

// The dev server keeps its word: killed at any moment, with or without Postgres, it comes back with what it had.
func TestTemporalSurvivesKillAndRestart(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cluster, err := embedded.PreparePostgres(ctx, embedded.PostgresOptions{Home: openFolder(t), Ephemeral: true})
	require.NoError(t, err)
	postgres := start(t, cluster.Command())
	require.NoError(t, cluster.Ready(ctx, postgres.Done()))

	server, err := embedded.PrepareTemporal(ctx, embedded.TemporalOptions{DatabaseURL: cluster.URL()})
	require.NoError(t, err)
	process := start(t, server.Command())
	require.NoError(t, server.Ready(ctx, process.Done()))
	c, err := client.Dial(client.Options{HostPort: server.Address()})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	_, err = c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "booking/RES260110ABCDEF", TaskQueue: "booking"}, "Booking")
	require.NoError(t, err)
	response, err := http.Get(server.UIURL() + "/namespaces/default/workflows")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)

	require.NoError(t, syscall.Kill(process.PID(), syscall.SIGKILL))
	<-process.Done()
	// Started while Postgres is away: it waits.
	stop(t, postgres)
	process = start(t, server.Command())
	startUntilReady(t, cluster)
	require.NoError(t, server.Ready(ctx, process.Done()))
	require.EventuallyWithT(t, func(ct *assert.CollectT) {
		described, err := c.DescribeWorkflowExecution(ctx, "booking/RES260110ABCDEF", "")
		require.NoError(ct, err)
		require.Equal(ct, "Booking", described.GetWorkflowExecutionInfo().GetType().GetName())
		counted, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: `WorkflowType = "Booking"`})
		require.NoError(ct, err)
		require.EqualValues(ct, 1, counted.GetCount())
	}, 30*time.Second, 100*time.Millisecond)

	begun := time.Now()
	stop(t, process)
	require.NoError(t, process.Err())
	require.Less(t, time.Since(begun), 30*time.Second)
}
