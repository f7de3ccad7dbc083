package activities

import (
	"context"
	"sync"
	"time"

	"cabanas/booking"
)

// lookAgain is how often who waits asks the database whether the wish ahead has won.
const lookAgain = time.Second

// nightQueue lets one wish for a night go to its workflow at a time; the others wait to see how it ends. Of many who want the
// same nights at once all but one would each start a workflow only to lose in it. It spares that and decides nothing: processes
// do not know of each other, and the database picks the winner. The zero value is ready.
type nightQueue struct {
	mu    sync.Mutex
	ahead map[int64][]*wishAhead
}

type wishAhead struct {
	stay booking.Stay
	over chan struct{}
}

// enter returns how to leave, or, when an overlapping wish is ahead, a channel that closes when that one is over.
func (q *nightQueue) enter(accommodationID int64, stay booking.Stay) (leave func(), ahead <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, other := range q.ahead[accommodationID] {
		if other.stay.Overlaps(stay) {
			return nil, other.over
		}
	}
	if q.ahead == nil {
		q.ahead = map[int64][]*wishAhead{}
	}
	own := &wishAhead{stay: stay, over: make(chan struct{})}
	q.ahead[accommodationID] = append(q.ahead[accommodationID], own)
	return func() { q.leave(accommodationID, own) }, nil
}

func (q *nightQueue) leave(accommodationID int64, own *wishAhead) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var others []*wishAhead
	for _, other := range q.ahead[accommodationID] {
		if other != own {
			others = append(others, other)
		}
	}
	if q.ahead[accommodationID] = others; len(others) == 0 {
		delete(q.ahead, accommodationID)
	}
	close(own.over)
}

// turn prices a wish that can be booked and waits until nobody is ahead of it; the caller must leave.
func (d *FrontDesk) turn(ctx context.Context, accommodationID int64, stay booking.Stay, guests int) (offered, func(), error) {
	for {
		wish, err := d.catalogue().offer(ctx, accommodationID, stay, guests)
		if err != nil {
			return offered{}, nil, err
		}
		leave, ahead := d.queue.enter(accommodationID, stay)
		if ahead == nil {
			if err := d.askFeeds(ctx, &wish, stay, guests); err != nil {
				leave()
				return offered{}, nil, err
			}
			return wish, leave, nil
		}
		select {
		case <-ahead:
		case <-time.After(lookAgain): // it may hold the nights already and wait for its payment link
		case <-ctx.Done():
			return offered{}, nil, ctx.Err()
		}
	}
}
