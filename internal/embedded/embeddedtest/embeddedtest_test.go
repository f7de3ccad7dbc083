package embeddedtest_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"cabanas/internal/embedded/embeddedtest"
)

var migrations atomic.Int64

func migrate(ctx context.Context, databaseURL string) error {
	migrations.Add(1)
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE TABLE nights (night date PRIMARY KEY)")
	return err
}

func TestDatabaseIsFreshForEveryTest(t *testing.T) {
	t.Parallel()
	for range 8 {
		t.Run("copy", func(t *testing.T) {
			t.Parallel()
			conn, err := pgx.Connect(t.Context(), embeddedtest.Database(t, migrate))
			require.NoError(t, err)
			defer conn.Close(context.Background())
			_, err = conn.Exec(t.Context(), "INSERT INTO nights VALUES ('2026-01-10')")
			require.NoError(t, err)
			var count int
			require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM nights").Scan(&count))
			require.Equal(t, 1, count)
			require.EqualValues(t, 1, migrations.Load(), "the template is migrated once")
		})
	}
}

func TestRedisIsEmptyForEveryTest(t *testing.T) {
	t.Parallel()
	for range 8 {
		t.Run("database", func(t *testing.T) {
			t.Parallel()
			options, err := redis.ParseURL(embeddedtest.Redis(t))
			require.NoError(t, err)
			c := redis.NewClient(options)
			defer c.Close()
			first, err := c.SetNX(t.Context(), "night", "taken", time.Minute).Result()
			require.NoError(t, err)
			require.True(t, first)
		})
	}
}

func TestNamespaceAcceptsWorkflowsAtOnce(t *testing.T) {
	t.Parallel()
	address, namespace := embeddedtest.Namespace(t)
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace})
	require.NoError(t, err)
	defer c.Close()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "booking/RES260110ABCDEF", TaskQueue: "booking"}, "Booking")
	require.NoError(t, err)
	require.NotEmpty(t, run.GetRunID())
}
