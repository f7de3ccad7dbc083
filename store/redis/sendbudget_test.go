package redis_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"cabanas/internal/embedded/embeddedtest"
	"cabanas/store/redis"
)

// hand is a clock that is moved by hand.
type hand struct {
	mu  sync.Mutex
	now time.Time
}

func newHand() *hand { return &hand{now: time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)} }

func (h *hand) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hand) add(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

var asks atomic.Int64

// taken is a new message that asks.
func taken(t require.TestingT, b *redis.SendBudget, to string, unasked bool, patience time.Duration) (time.Duration, redis.Limit) {
	wait, limit, err := b.Take(context.Background(), redis.Ask{Message: asks.Add(1), Recipient: to, Unasked: unasked, Patience: patience})
	require.NoError(t, err)
	return wait, limit
}

func TestPairLimitLendsABurstAndThenAMessageEverySixSeconds(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, client *redis.Client, raw *goredis.Client) {
		clock := newHand()
		budget := client.NewSendBudget("1", redis.Limits{PerSecond: 1000, PairBurst: redis.MetaPairBurst}, clock.Now)
		for range 45 {
			wait, limit := taken(t, budget, "ana", false, 0)
			require.Equal(t, redis.LimitNone, limit)
			require.Zero(t, wait)
		}
		for range 3 { // unasked messages that wait have no place in the line
			_, limit := taken(t, budget, "ana", true, time.Second)
			require.Equal(t, redis.LimitPair, limit)
		}
		_, limit := taken(t, budget, "bruno", false, 0)
		require.Equal(t, redis.LimitNone, limit, "another person has a limit of their own")

		clock.add(5 * time.Second)
		wait, limit := taken(t, budget, "ana", false, time.Second)
		require.Equal(t, redis.LimitNone, limit)
		require.Equal(t, time.Second, wait, "a short wait is waited in place, the room is taken")
		clock.add(time.Second)
		clock.add(6 * time.Second)
		_, limit = taken(t, budget, "ana", false, 0)
		require.Equal(t, redis.LimitNone, limit)

		keys, err := raw.Keys(t.Context(), "*").Result()
		require.NoError(t, err)
		for _, key := range keys {
			require.NotContains(t, key, "ana")
			require.Positive(t, raw.PTTL(t.Context(), key).Val(), "what is not used goes away")
		}
	})
}

func TestAccountLimitHoldsInEverySecond(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client, err := redis.Open("redis://" + server.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	rapid.Check(t, func(rt *rapid.T) {
		server.FlushAll()
		clock := newHand()
		perSecond := rapid.SampledFrom([]int{1, 2, 3, 20, 80}).Draw(rt, "per second")
		budget := client.NewSendBudget("1", redis.Limits{PerSecond: perSecond, PairBurst: redis.MetaPairBurst}, clock.Now)
		var sent []time.Time
		for n := range rapid.IntRange(1, 300).Draw(rt, "asks") {
			clock.add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 10, 300, 2000}).Draw(rt, "ms")) * time.Millisecond)
			wait, limit := taken(rt, budget, fmt.Sprint("guest ", n), rapid.Bool().Draw(rt, "unasked"), 0)
			if limit == redis.LimitNone {
				require.Zero(rt, wait)
				sent = append(sent, clock.Now())
			}
		}
		for i := range sent {
			if last := i - perSecond; last >= 0 {
				require.GreaterOrEqual(rt, sent[i].Sub(sent[last]), time.Second-time.Millisecond, "message %d", i)
			}
		}
	})
}

func TestUnaskedMessagesLeaveRoomForTheOthers(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, client *redis.Client, _ *goredis.Client) {
		for _, perSecond := range []int{1, 5, 20, 80} {
			clock := newHand()
			budget := client.NewSendBudget(fmt.Sprint(perSecond), redis.Limits{PerSecond: perSecond, PairBurst: redis.MetaPairBurst}, clock.Now)
			reminders := 0
			for n := 0; ; n++ {
				if _, limit := taken(t, budget, fmt.Sprint("guest ", n), true, time.Second); limit != redis.LimitNone {
					require.Equal(t, redis.LimitAccount, limit)
					break
				}
				reminders++
			}
			require.Positive(t, reminders, "they do go when nothing else does")
			require.LessOrEqual(t, reminders, max(1, perSecond/2+1))
			wait, limit := taken(t, budget, "who paid", false, time.Second)
			require.Equal(t, redis.LimitNone, limit, "%d a second", perSecond)
			require.LessOrEqual(t, wait, max(250*time.Millisecond, time.Second/time.Duration(perSecond)), "however many reminders wait")
		}
		budget := client.NewSendBudget("pair", redis.Limits{PerSecond: 1000, PairBurst: redis.MetaPairBurst}, newHand().Now)
		for range 34 {
			_, limit := taken(t, budget, "ana", true, 0)
			require.Equal(t, redis.LimitNone, limit)
		}
		_, limit := taken(t, budget, "ana", true, 0)
		require.Equal(t, redis.LimitPair, limit)
		for range 11 {
			_, limit = taken(t, budget, "ana", false, 0)
			require.Equal(t, redis.LimitNone, limit)
		}
	})
}

func TestWaitingMessagesComeBackOneAfterTheOther(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, client *redis.Client, raw *goredis.Client) {
		clock := newHand()
		budget := client.NewSendBudget("1", redis.Limits{PerSecond: 1000, PairBurst: 1}, clock.Now)
		ask := func(message int64) (time.Duration, redis.Limit) {
			wait, limit, err := budget.Take(t.Context(), redis.Ask{Message: message, Recipient: "owner"})
			require.NoError(t, err)
			return wait, limit
		}
		_, limit := ask(1)
		require.Equal(t, redis.LimitNone, limit)
		for message := range int64(10) {
			wait, limit := ask(2 + message)
			require.Equal(t, redis.LimitPair, limit)
			require.Equal(t, time.Duration(message+1)*6*time.Second, wait, "each has its own moment")
		}
		wait, _ := ask(5)
		require.Equal(t, 4*6*time.Second, wait, "asked again it keeps it")
		_, limit = taken(t, budget, "guest", false, 0)
		require.Equal(t, redis.LimitNone, limit, "and nobody else waits for that")
		for message := range int64(10) {
			clock.add(6 * time.Second)
			_, limit := ask(2 + message)
			require.Equal(t, redis.LimitNone, limit)
		}
		keys, err := raw.Keys(t.Context(), "*place*").Result()
		require.NoError(t, err)
		require.Empty(t, keys)
	})
}

func TestAccountLineIsWorkedOffInOrder(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client, err := redis.Open("redis://" + server.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	clock := newHand()
	budget := client.NewSendBudget("1", redis.Limits{PerSecond: 5, PairBurst: 45}, clock.Now)
	due, began := map[int64]time.Duration{}, clock.Now()
	for message := range int64(40) {
		wait, _, err := budget.Take(t.Context(), redis.Ask{Message: message, Recipient: fmt.Sprint(message), Patience: time.Second})
		require.NoError(t, err)
		due[message] = wait
		if message > 0 {
			require.GreaterOrEqual(t, wait, due[message-1])
		}
	}
	require.InDelta(t, 8*time.Second, due[39], float64(time.Second))
	for message := range int64(40) {
		if due[message] <= time.Second {
			continue // goes after a wait in place
		}
		clock.add(due[message] - clock.Now().Sub(began))
		wait, limit, err := budget.Take(t.Context(), redis.Ask{Message: message, Recipient: fmt.Sprint(message)})
		require.NoError(t, err)
		require.Equal(t, redis.LimitNone, limit)
		require.Zero(t, wait)
	}
	// Who comes back much too late lines up like everybody.
	_, _, err = budget.Take(t.Context(), redis.Ask{Message: 100, Recipient: "late"})
	require.NoError(t, err)
}

func TestPauseHoldsBackTheWholeAccount(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, client *redis.Client, _ *goredis.Client) {
		clock := newHand()
		budget, colleague := client.NewSendBudget("1", redis.Limits{PerSecond: 80, PairBurst: redis.MetaPairBurst}, clock.Now), client.NewSendBudget("1", redis.Limits{PerSecond: 80, PairBurst: redis.MetaPairBurst}, clock.Now)
		require.NoError(t, budget.Pause(t.Context(), time.Minute))
		wait, limit := taken(t, colleague, "ana", false, time.Second)
		require.Equal(t, redis.LimitPaused, limit)
		require.Equal(t, time.Minute, wait)
		_, limit = taken(t, client.NewSendBudget("2", redis.Limits{PerSecond: 80, PairBurst: redis.MetaPairBurst}, clock.Now), "ana", false, time.Second)
		require.Equal(t, redis.LimitNone, limit, "another account")
		clock.add(time.Minute)
		_, limit = taken(t, colleague, "ana", false, time.Second)
		require.Equal(t, redis.LimitNone, limit)
	})
}

func TestBudgetIsSharedByProcessesOnTheServersClock(t *testing.T) {
	t.Parallel()
	url := embeddedtest.Redis(t)
	var mu sync.Mutex
	gone := 0
	var group errgroup.Group
	began := time.Now()
	for range 8 {
		client, err := redis.Open(url)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, client.Close()) })
		budget := client.NewSendBudget("1", redis.Limits{PerSecond: 10, PairBurst: redis.MetaPairBurst}, nil)
		group.Go(func() error {
			for n := range 50 {
				_, limit, err := budget.Take(t.Context(), redis.Ask{Message: asks.Add(1), Recipient: fmt.Sprint(n)})
				if err != nil {
					return err
				}
				if limit == redis.LimitNone {
					mu.Lock()
					gone++
					mu.Unlock()
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	require.Positive(t, gone)
	require.LessOrEqual(t, gone, 10+int(10*time.Since(began).Seconds()))

	client, err := redis.Open(url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	require.NoError(t, client.NewSendBudget("2", redis.Limits{PerSecond: 10, PairBurst: redis.MetaPairBurst}, nil).Pause(t.Context(), time.Hour))
	wait, limit := taken(t, client.NewSendBudget("2", redis.Limits{PerSecond: 10, PairBurst: redis.MetaPairBurst}, nil), "ana", false, 0)
	require.Equal(t, redis.LimitPaused, limit)
	require.InDelta(t, time.Hour.Seconds(), wait.Seconds(), 60)
}

func TestBudgetWithoutRedisIsAnError(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client, err := redis.Open("redis://" + server.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	server.Close()
	budget := client.NewSendBudget("1", redis.Limits{PerSecond: 80, PairBurst: redis.MetaPairBurst}, nil)
	_, limit, err := budget.Take(t.Context(), redis.Ask{Message: 1, Recipient: "ana"})
	require.Error(t, err)
	require.Equal(t, redis.LimitNone, limit)
	require.Error(t, budget.Pause(t.Context(), time.Minute))
}
