package redis_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"cabanas/internal/embedded/embeddedtest"
	"cabanas/store/redis"
)

func TestAWindowSlides(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, client *redis.Client, raw *goredis.Client) {
		clock := newHand()
		limiter := client.NewRateLimiter([]byte("secret"), clock.Now)
		take := func() redis.Spent {
			t.Helper()
			spent, err := limiter.Take(t.Context(), "booking 203.0.113.7", 3, time.Minute)
			require.NoError(t, err)
			return spent
		}
		require.Equal(t, redis.Spent{Allowed: true, Remaining: 2, Next: time.Minute}, take())
		clock.add(20 * time.Second)
		require.Equal(t, redis.Spent{Allowed: true, Remaining: 1, Next: 40 * time.Second}, take())
		clock.add(20 * time.Second)
		require.True(t, take().Allowed)
		for range 10 {
			require.Equal(t, redis.Spent{Next: 20 * time.Second}, take(), "what is refused is not counted")
		}
		clock.add(20 * time.Second)
		require.Equal(t, redis.Spent{Allowed: true, Next: 20 * time.Second}, take(), "the first has left, to the microsecond")
		require.False(t, take().Allowed)

		keys, err := raw.Keys(t.Context(), "*").Result()
		require.NoError(t, err)
		require.Len(t, keys, 1)
		require.NotContains(t, keys[0], "203.0.113.7")
		ttl := raw.PTTL(t.Context(), keys[0]).Val()
		require.Positive(t, ttl, "no key is for ever")
		require.LessOrEqual(t, ttl, time.Minute)
		other, err := client.NewRateLimiter([]byte("another"), clock.Now).Take(t.Context(), "booking 203.0.113.7", 3, time.Minute)
		require.NoError(t, err)
		require.Equal(t, 2, other.Remaining, "keys are of the secret")
	})
}

func TestNoWindowHasMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	client, err := redis.Open(embeddedtest.Redis(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	var runs atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		clock, who := newHand(), fmt.Sprint("who ", runs.Add(1))
		limiter := client.NewRateLimiter([]byte("secret"), clock.Now)
		most, window := rapid.IntRange(1, 5).Draw(rt, "most"), 10*time.Second
		var through []time.Time
		for range 40 {
			clock.add(time.Duration(rapid.IntRange(0, 6000).Draw(rt, "ms")) * time.Millisecond)
			spent, err := limiter.Take(t.Context(), who, most, window)
			require.NoError(rt, err)
			within := 0
			for _, at := range through {
				if clock.Now().Sub(at) < window {
					within++
				}
			}
			require.Equal(rt, within < most, spent.Allowed)
			if spent.Allowed {
				through = append(through, clock.Now())
			}
		}
	})
}

func TestManyProcessesShareAWindow(t *testing.T) {
	t.Parallel()
	url := embeddedtest.Redis(t)
	var through atomic.Int32
	var group errgroup.Group
	for range 5 {
		client, err := redis.Open(url)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, client.Close()) })
		limiter := client.NewRateLimiter([]byte("secret"), nil)
		group.Go(func() error {
			for range 40 {
				spent, err := limiter.Take(t.Context(), "one", 60, time.Hour)
				if err != nil {
					return err
				}
				if spent.Allowed {
					through.Add(1)
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, int32(60), through.Load())
}
