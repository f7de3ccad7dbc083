package embedded_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"cabanas/internal/embedded"
)

func TestRedisKeepsKeysWhenKilled(t *testing.T) {
	t.Parallel()
	server, err := embedded.PrepareRedis(embedded.RedisOptions{Home: t.TempDir()})
	require.NoError(t, err)
	process := start(t, server.Command())
	require.NoError(t, server.Ready(t.Context(), process.Done()))
	c := connectRedis(t, server.URL())
	require.NoError(t, c.Set(t.Context(), "lock:acc:1:2026-01-10", "RES260110ABCDEF", time.Hour).Err())

	require.NoError(t, syscall.Kill(process.PID(), syscall.SIGKILL))
	<-process.Done()
	process = start(t, server.Command())
	require.NoError(t, server.Ready(t.Context(), process.Done()))
	held, err := c.Get(t.Context(), "lock:acc:1:2026-01-10").Result()
	require.NoError(t, err)
	require.Equal(t, "RES260110ABCDEF", held)
	stop(t, process)
}

func TestInProcessRedisForgetsInTime(t *testing.T) {
	t.Parallel()
	server, err := embedded.StartInProcessRedis(0)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); server.Run(ctx) }()
	c := connectRedis(t, server.URL())
	require.NoError(t, c.Set(t.Context(), "hold", "1", 200*time.Millisecond).Err())
	require.Eventually(t, func() bool { return errors.Is(c.Get(t.Context(), "hold").Err(), redis.Nil) }, 10*time.Second, 20*time.Millisecond)
	cancel()
	<-ended
}

func connectRedis(t *testing.T, address string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(address)
	require.NoError(t, err)
	c := redis.NewClient(options)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}
