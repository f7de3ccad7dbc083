package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/store/postgres"
)

var errUndone = errors.New("undone")

// process is a stream as one API process reads it.
func process(store activities.LiveStore) *activities.Live {
	return &activities.Live{Store: store, Every: 5 * time.Millisecond}
}

func subscribe(t *testing.T, live *activities.Live, after *postgres.LivePosition) *activities.LiveSubscription {
	t.Helper()
	s, err := live.Subscribe(t.Context(), after)
	require.NoError(t, err)
	return s
}

func next(t *testing.T, s *activities.LiveSubscription) postgres.LiveEvent {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	event, err := s.Next(ctx)
	require.NoError(t, err)
	return event
}

// numberOf is what an event of these tests is about; 0 is none of theirs.
func numberOf(event postgres.LiveEvent) int {
	var told struct {
		N int `json:"block_id"`
	}
	_ = json.Unmarshal(event.Refs, &told)
	return told.N
}

// Writers whose transactions overlap, and readers that leave at any moment and come back to another process.
func TestWhoeverComesBackMissesNothing(t *testing.T) {
	t.Parallel()
	b := openBooks(t)
	const writers, transactions, readers = 4, 60, 3
	processes := []*activities.Live{process(b), process(b)}
	subscriptions := make([]*activities.LiveSubscription, readers)
	for i := range subscriptions {
		subscriptions[i] = subscribe(t, processes[i%2], nil)
	}
	var mu sync.Mutex
	committed := map[int]bool{}
	var writing errgroup.Group
	for w := range writers {
		writing.Go(func() error {
			random := rand.New(rand.NewPCG(7, uint64(w)))
			for i := range transactions {
				var told []int
				err := pgx.BeginFunc(t.Context(), b.sql, func(tx pgx.Tx) error {
					for k := range 1 + random.IntN(4) {
						told = append(told, w*1_000_000+i*1_000+k)
						if _, err := tx.Exec(t.Context(), `SELECT tell_live('calendar.closed', jsonb_build_object('block_id', $1::int))`, told[k]); err != nil {
							return err
						}
					}
					if random.IntN(5) == 0 {
						return errUndone
					}
					return nil
				})
				if errors.Is(err, errUndone) {
					continue
				}
				if err != nil {
					return err
				}
				mu.Lock()
				for _, n := range told {
					committed[n] = true
				}
				mu.Unlock()
			}
			return nil
		})
	}
	seen := make([][]int, readers)
	written := make(chan struct{})
	var reading errgroup.Group
	for i, s := range subscriptions {
		reading.Go(func() error {
			random := rand.New(rand.NewPCG(11, uint64(i)))
			for last := false; ; {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(30)+1)*time.Millisecond)
				event, err := s.Next(ctx)
				cancel()
				if err == nil {
					n := numberOf(event)
					if n < 0 {
						s.Close()
						return nil
					}
					seen[i] = append(seen[i], n)
				}
				if random.IntN(20) == 0 {
					s.Close()
					position := s.Last
					if s, err = processes[random.IntN(2)].Subscribe(t.Context(), &position); err != nil {
						return err
					}
					if s.Reset {
						return fmt.Errorf("%s is kept", position)
					}
				}
				select {
				case <-written:
					if !last { // the last word, after all that was written
						last = true
						if _, err := b.sql.Exec(t.Context(), `SELECT tell_live('calendar.closed', '{"block_id": -1}')`); err != nil {
							return err
						}
					}
				default:
				}
			}
		})
	}
	require.NoError(t, writing.Wait())
	close(written)
	require.NoError(t, reading.Wait())
	for i := range seen {
		once := map[int]bool{}
		for _, n := range seen[i] {
			require.False(t, once[n], "%d is told once", n)
			once[n] = true
		}
		require.Equal(t, committed, once)
		require.Equal(t, seen[0], seen[i], "everybody is told in one order")
	}
}

func TestASlowReaderGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	b := openBooks(t)
	live := process(b)
	slow, quick := subscribe(t, live, nil), subscribe(t, live, nil)
	_, err := b.sql.Exec(t.Context(), `SELECT tell_live('calendar.closed', jsonb_build_object('block_id', n)) FROM generate_series(1, 2500) n`)
	require.NoError(t, err)
	for n := 1; n <= 2500; n++ {
		require.Equal(t, n, numberOf(next(t, quick)))
	}
	quick.Close()
	count := 0
	for ; ; count++ {
		if _, err = slow.Next(t.Context()); err != nil {
			break
		}
	}
	var refused *booking.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, activities.CodeTooSlow, refused.Code)
	require.Less(t, count, 2500)
	slow.Close() // it is out already
	again := subscribe(t, live, &slow.Last)
	defer again.Close()
	require.Equal(t, count+1, numberOf(next(t, again)))
}

func TestWhoWasAwayTooLongBeginsAnew(t *testing.T) {
	t.Parallel()
	b := openBooks(t)
	live := process(b)
	s := subscribe(t, live, &postgres.LivePosition{})
	require.True(t, s.Reset, "the first transaction of the database is long gone")
	s.Close()
	s = subscribe(t, live, nil)
	require.False(t, s.Reset)
	_, err := b.sql.Exec(t.Context(), `SELECT tell_live('calendar.closed', '{"block_id": 5}')`)
	require.NoError(t, err)
	require.Equal(t, 5, numberOf(next(t, s)))
	at := s.Last
	s.Close()
	// Nobody looks now; what happens meanwhile is told to whoever comes back.
	_, err = b.sql.Exec(t.Context(), `SELECT tell_live('calendar.closed', '{"block_id": 6}')`)
	require.NoError(t, err)
	s = subscribe(t, live, &at)
	defer s.Close()
	require.False(t, s.Reset)
	require.Equal(t, 6, numberOf(next(t, s)))
}
