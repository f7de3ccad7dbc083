package supervisor_test

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"cabanas/internal/embedded"
	"cabanas/internal/supervisor"
)

// Everything embedded, for real: each store is killed and comes back with what it had.
func TestEmbeddedStoresSurviveBeingKilled(t *testing.T) {
	t.Parallel()
	home, err := os.MkdirTemp("", "cabanas-dev-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(home, 0o755)) // Postgres' own user must be able to walk in.
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(home)) })
	opts := supervisor.Options{Home: home, Quiet: true, Env: environment()}
	running, stop := start(t, opts)
	info := running.Info()
	require.Len(t, info.PIDs, 7, "%v", info.PIDs)
	ctx := t.Context()
	require.NoError(t, onPostgres(ctx, info, "CREATE TABLE kept (n int)"))
	require.NoError(t, onRedis(ctx, info, func(c *redis.Client) error { return c.Set(ctx, "kept", "1", 0).Err() }))
	require.NoError(t, onTemporal(ctx, info, func(c client.Client) error {
		_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "kept", TaskQueue: "booking"}, "Booking")
		return err
	}))

	all := func(ct require.TestingT, info supervisor.DevInfo) {
		require.NoError(ct, onPostgres(ctx, info, "SELECT n FROM kept"))
		require.NoError(ct, onRedis(ctx, info, func(c *redis.Client) error { return c.Get(ctx, "kept").Err() }))
		require.NoError(ct, onTemporal(ctx, info, func(c client.Client) error {
			_, err := c.DescribeWorkflowExecution(ctx, "kept", "")
			return err
		}))
	}
	for _, part := range []string{"postgres", "redis", "temporal"} {
		before := running.Info().PIDs[part]
		require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
		require.EventuallyWithT(t, func(ct *assert.CollectT) {
			now := running.Info()
			require.NotZero(ct, now.PIDs[part])
			require.NotEqual(ct, before, now.PIDs[part])
			all(ct, now)
		}, time.Minute, 100*time.Millisecond, part)
	}
	pids := running.Info().PIDs
	delete(pids, "dev")
	stop()
	for part, pid := range pids {
		require.False(t, embedded.Alive(pid), part)
	}

	again, _ := start(t, opts)
	require.EventuallyWithT(t, func(ct *assert.CollectT) { all(ct, again.Info()) }, time.Minute, 100*time.Millisecond)
}

func onPostgres(ctx context.Context, info supervisor.DevInfo, sql string) error {
	conn, err := pgx.Connect(ctx, info.DatabaseURL)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

func onRedis(ctx context.Context, info supervisor.DevInfo, do func(*redis.Client) error) error {
	options, err := redis.ParseURL(info.RedisURL)
	if err != nil {
		return err
	}
	c := redis.NewClient(options)
	defer c.Close()
	return do(c)
}

func onTemporal(ctx context.Context, info supervisor.DevInfo, do func(client.Client) error) error {
	c, err := client.Dial(client.Options{HostPort: info.TemporalAddress})
	if err != nil {
		return err
	}
	defer c.Close()
	return do(c)
}
