package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
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

// flood is a stream of 2,500 events after now that are there at once; given is how far it was read.
type flood struct{ now, given atomic.Int64 }

func (f *flood) LiveNow(context.Context) (postgres.LivePosition, error) {
	return postgres.LivePosition{XID: 1, ID: f.now.Load()}, nil
}

func (f *flood) LiveAfter(_ context.Context, after postgres.LivePosition, most int) (events []postgres.LiveEvent, err error) {
	for id := after.ID + 1; id <= 2500 && len(events) < most; id++ {
		events = append(events, postgres.LiveEvent{Position: postgres.LivePosition{XID: 1, ID: id}})
	}
	f.given.Store(max(f.given.Load(), after.ID))
	return events, nil
}

func (f *flood) LiveKept(context.Context, postgres.LivePosition) (bool, error) { return true, nil }

func (f *flood) SweepLive(context.Context, time.Time) (int, error) { return 0, nil }

func TestASlowReaderGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	stream := &flood{}
	live := process(stream)
	slow := subscribe(t, live, nil)
	// It is dropped while the third page is given out.
	require.Eventually(t, func() bool { return stream.given.Load() == 1500 }, 30*time.Second, time.Millisecond)
	var err error
	count := int64(0)
	for ; ; count++ {
		if _, err = slow.Next(t.Context()); err != nil {
			break
		}
	}
	var refused *booking.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, activities.CodeTooSlow, refused.Code)
	require.EqualValues(t, 1000, count, "what was kept for it")
	slow.Close() // it is out already
	stream.now.Store(2500)
	again := subscribe(t, live, &slow.Last)
	defer again.Close()
	for id := count + 1; id <= 2500; id++ {
		require.Equal(t, id, next(t, again).Position.ID)
	}
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
