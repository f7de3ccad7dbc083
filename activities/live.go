package activities

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// Live tells subscribers of this process what changes, whichever process changed it: the stream is a table that triggers write.
// One look every half second serves all subscribers, and none is made while there are none.
type Live struct {
	Store LiveStore
	// Every is the pause between looks; 0 is half a second.
	Every time.Duration

	mu        sync.Mutex
	position  postgres.LivePosition
	listeners map[*LiveSubscription]struct{}
	stop      context.CancelFunc
}

// LiveStore is the stream.
type LiveStore interface {
	LiveNow(ctx context.Context) (postgres.LivePosition, error)
	LiveAfter(ctx context.Context, after postgres.LivePosition, most int) ([]postgres.LiveEvent, error)
	LiveKept(ctx context.Context, position postgres.LivePosition) (bool, error)
	SweepLive(ctx context.Context, before time.Time) (int, error)
}

// CodeTooSlow ends the subscription of who reads slower than things happen; it can go on where it was.
const CodeTooSlow booking.Code = "too_slow"

const (
	lookEvery = 500 * time.Millisecond
	// livePage is how many events are read at once, liveBuffer how many wait for a slow subscriber.
	livePage   = 500
	liveBuffer = 2 * livePage
	// liveKept is how long somebody can be away and go on where they were.
	liveKept   = 24 * time.Hour
	sweepEvery = 10 * time.Minute
	lookTime   = 10 * time.Second
)

// LiveSubscription is one reader of the stream. Its methods are for one goroutine.
type LiveSubscription struct {
	live *Live
	// Last is where the reader is: the position of what Next returned last, or where it began.
	Last postgres.LivePosition
	// Reset says that the position asked for is not kept any more: whoever reads must look at everything anew.
	Reset bool

	// upTo is where the events of the buffer begin; what is before is read from the table.
	upTo    postgres.LivePosition
	history []postgres.LiveEvent
	buffer  chan postgres.LiveEvent
}

// Subscribe begins after a position, or now when there is none. The caller must Close the subscription.
func (l *Live) Subscribe(ctx context.Context, after *postgres.LivePosition) (*LiveSubscription, error) {
	s := &LiveSubscription{live: l, buffer: make(chan postgres.LiveEvent, liveBuffer)}
	if after != nil {
		kept, err := l.Store.LiveKept(ctx, *after)
		if err != nil {
			return nil, err
		}
		s.Reset = !kept
	}
	if err := l.join(ctx, s); err != nil {
		return nil, err
	}
	s.Last = s.upTo
	if after != nil && !s.Reset {
		s.Last = *after
	}
	return s, nil
}

func (l *Live) join(ctx context.Context, s *LiveSubscription) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.listeners) == 0 {
		position, err := l.Store.LiveNow(ctx)
		if err != nil {
			return err
		}
		l.position, l.listeners = position, map[*LiveSubscription]struct{}{}
		tail, stop := context.WithCancel(context.WithoutCancel(ctx))
		l.stop = stop
		go l.tail(tail)
	}
	s.upTo = l.position
	l.listeners[s] = struct{}{}
	return nil
}

// Close ends the subscription.
func (s *LiveSubscription) Close() { s.live.leave(s, false) }

// leave takes a subscriber out; the tail ends with the last one.
func (l *Live) leave(s *LiveSubscription, locked bool) {
	if !locked {
		l.mu.Lock()
		defer l.mu.Unlock()
	}
	if _, in := l.listeners[s]; !in {
		return
	}
	delete(l.listeners, s)
	close(s.buffer)
	if len(l.listeners) == 0 {
		l.stop()
	}
}

// Next waits for the next event. The error is of ctx, [CodeTooSlow] when events were lost to this reader, or of the store; after the
// last two the subscription is over.
func (s *LiveSubscription) Next(ctx context.Context) (postgres.LiveEvent, error) {
	if len(s.history) == 0 && s.Last.Before(s.upTo) {
		missed, err := s.live.Store.LiveAfter(ctx, s.Last, livePage)
		if err != nil {
			return postgres.LiveEvent{}, err
		}
		for _, event := range missed {
			if !s.upTo.Before(event.Position) {
				s.history = append(s.history, event)
			}
		}
		if len(s.history) == 0 {
			s.Last = s.upTo
		}
	}
	if len(s.history) > 0 {
		event := s.history[0]
		s.history, s.Last = s.history[1:], event.Position
		return event, nil
	}
	for {
		select {
		case event, open := <-s.buffer:
			if !open {
				return postgres.LiveEvent{}, booking.Refuse(CodeTooSlow, "events come faster than they are read")
			}
			// Another process may have told this reader more than this one knows yet.
			if s.Last.Before(event.Position) {
				s.Last = event.Position
				return event, nil
			}
		case <-ctx.Done():
			return postgres.LiveEvent{}, ctx.Err()
		}
	}
}

// tail looks for what is new and gives it to every subscriber until it is stopped.
func (l *Live) tail(ctx context.Context) {
	every := l.Every
	if every <= 0 {
		every = lookEvery
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for away := false; ; {
		more, err := l.look(ctx)
		if err != nil && ctx.Err() == nil && !away {
			slog.WarnContext(ctx, "live events wait for the database", "error", err)
		}
		away = err != nil
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// look reads one page and reports whether there may be another.
func (l *Live) look(ctx context.Context) (more bool, err error) {
	limited, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	l.mu.Lock()
	after := l.position
	l.mu.Unlock()
	events, err := l.Store.LiveAfter(limited, after, livePage)
	if err != nil {
		return false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil {
		return false, nil // somebody came again after the last had left: another tail reads for them
	}
	for _, event := range events {
		l.position = event.Position
		for s := range l.listeners {
			select {
			case s.buffer <- event:
			default:
				l.leave(s, true)
			}
		}
	}
	return len(events) == livePage, nil
}

// Sweep removes old events until ctx ends; any number of processes may.
func (l *Live) Sweep(ctx context.Context, now func() time.Time) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if _, err := l.Store.SweepLive(ctx, now().Add(-liveKept)); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "old live events not removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
