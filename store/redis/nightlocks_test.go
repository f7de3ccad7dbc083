package redis_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"cabanas/booking"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/store/redis"
)

func nights(from string, count int) []booking.Date {
	first := booking.MustDate(from)
	return booking.Stay{CheckIn: first, CheckOut: first.AddDays(count)}.EachNight()
}

// onBoth runs a test on the real server and on the in-process one that `cabanas dev` falls back to.
func onBoth(t *testing.T, test func(*testing.T, *redis.Client, *goredis.Client)) {
	t.Helper()
	servers := map[string]func(*testing.T) string{
		"redis-server": func(t *testing.T) string { return embeddedtest.Redis(t) },
		"miniredis":    func(t *testing.T) string { return "redis://" + miniredis.RunT(t).Addr() },
	}
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := start(t)
			client, err := redis.Open(url)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, client.Close()) })
			options, err := goredis.ParseURL(url)
			require.NoError(t, err)
			raw := goredis.NewClient(options)
			t.Cleanup(func() { require.NoError(t, raw.Close()) })
			test(t, client, raw)
		})
	}
}

func TestAcquireIsAllOrNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, client *redis.Client, raw *goredis.Client) {
		ctx := t.Context()
		ok, _, err := client.Acquire(ctx, 7, nights("2027-01-10", 2), "RES-A", time.Minute)
		require.NoError(t, err)
		require.True(t, ok)
		keys, err := raw.Keys(ctx, "*").Result()
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"lock:acc:7:2027-01-10", "lock:acc:7:2027-01-11"}, keys)

		ok, holder, err := client.Acquire(ctx, 7, nights("2027-01-09", 2), "RES-B", time.Minute)
		require.NoError(t, err)
		require.False(t, ok)
		require.Equal(t, "RES-A", holder)
		require.Zero(t, raw.Exists(ctx, "lock:acc:7:2027-01-09").Val(), "a loser locks nothing")

		ok, _, err = client.Acquire(ctx, 7, nights("2027-01-12", 2), "RES-B", time.Minute)
		require.NoError(t, err)
		require.True(t, ok, "back to back is free")
		ok, _, err = client.Acquire(ctx, 8, nights("2027-01-10", 2), "RES-B", time.Minute)
		require.NoError(t, err)
		require.True(t, ok, "another accommodation is free")
	})
}

func TestAcquireAgainStartsTheLifeOver(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, client *redis.Client, raw *goredis.Client) {
		ctx := t.Context()
		stay := nights("2027-01-10", 3)
		for _, ttl := range []time.Duration{time.Minute, time.Hour} {
			ok, _, err := client.Acquire(ctx, 1, stay, "RES-A", ttl)
			require.NoError(t, err)
			require.True(t, ok)
			left := raw.PTTL(ctx, "lock:acc:1:2027-01-12").Val()
			require.Greater(t, left, ttl-10*time.Second)
			require.LessOrEqual(t, left, ttl)
		}
	})
}

func TestReleaseLeavesOthersLocks(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, client *redis.Client, raw *goredis.Client) {
		ctx := t.Context()
		_, _, err := client.Acquire(ctx, 1, nights("2027-01-10", 1), "RES-A", time.Minute)
		require.NoError(t, err)
		_, _, err = client.Acquire(ctx, 1, nights("2027-01-11", 1), "RES-B", time.Minute)
		require.NoError(t, err)

		require.NoError(t, client.Release(ctx, 1, nights("2027-01-10", 2), "RES-A"))
		require.Zero(t, raw.Exists(ctx, "lock:acc:1:2027-01-10").Val())
		require.Equal(t, "RES-B", raw.Get(ctx, "lock:acc:1:2027-01-11").Val())
		require.NoError(t, client.Release(ctx, 1, nights("2027-01-10", 2), "RES-A"), "again is nothing")
	})
}

func TestRacersOnOverlappingNights(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, client *redis.Client, _ *goredis.Client) {
		var winners atomic.Int32
		var group errgroup.Group
		for i := range 100 {
			group.Go(func() error {
				// Every stay contains the night of 15 January.
				ok, _, err := client.Acquire(t.Context(), 1, nights(fmt.Sprintf("2027-01-%02d", 10+i%6), 6), fmt.Sprintf("RES-%d", i), time.Minute)
				if ok {
					winners.Add(1)
				}
				return err
			})
		}
		require.NoError(t, group.Wait())
		require.Equal(t, int32(1), winners.Load())
	})
}

func TestLocksAgreeWithTheCalendar(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client, err := redis.Open("redis://" + server.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	rapid.Check(t, func(rt *rapid.T) {
		server.FlushAll()
		var taken []booking.Busy
		for i := range rapid.IntRange(1, 12).Draw(rt, "stays") {
			first := booking.MustDate("2027-01-01").AddDays(rapid.IntRange(0, 20).Draw(rt, "check in"))
			stay := booking.Stay{CheckIn: first, CheckOut: first.AddDays(rapid.IntRange(1, 6).Draw(rt, "nights"))}
			free := booking.NewCalendar(taken).Free(1, stay)
			ok, _, err := client.Acquire(t.Context(), 1, stay.EachNight(), fmt.Sprintf("RES-%d", i), time.Minute)
			require.NoError(rt, err)
			require.Equal(rt, free, ok, "stay %s", stay)
			if ok {
				taken = append(taken, booking.Busy{AccommodationID: 1, Stay: stay})
			}
		}
	})
}

func TestRedisAwayIsAnError(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client, err := redis.Open("redis://" + server.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	require.NoError(t, client.Ping(t.Context()))
	server.Close()
	_, _, err = client.Acquire(t.Context(), 1, nights("2027-01-10", 1), "RES-A", time.Minute)
	require.Error(t, err)
	require.Error(t, client.Release(t.Context(), 1, nights("2027-01-10", 1), "RES-A"))
	require.Error(t, client.Ping(t.Context()))

	hung, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and never answers
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, hung.Close()) })
	waiting, err := redis.Open("redis://" + hung.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, waiting.Close()) })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, _, err = waiting.Acquire(ctx, 1, nights("2027-01-10", 1), "RES-A", time.Minute)
	require.Error(t, err)
	require.Less(t, time.Since(began), 2*time.Second, "the caller's patience counts")

	_, err = redis.Open("http://not-redis")
	require.Error(t, err)
}
