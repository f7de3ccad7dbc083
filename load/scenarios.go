package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Scenario is one kind of work, ours and the least it could cost.
type Scenario struct {
	Name string
	// Ours and Floor say what an iteration of each side is.
	Ours, Floor string
	// Workers are the concurrencies at which the highest rate is looked for; none where only a fixed rate is offered.
	Workers []int
	// Rate is what is offered a second, whatever the highest rate; 0 is a share of the highest.
	Rate float64
	// Aim is what 95 of 100 iterations should not exceed; 0 where nothing is promised.
	Aim time.Duration

	ours, floor Iteration
	// prepare runs once, before anything is measured.
	prepare func(context.Context) error
	// reset brings the data back to the same start before each measurement.
	reset func(context.Context) error
	// check compares what the database says with the account of a measurement of ours.
	check func(context.Context, Outcome) error
}

// ScenarioNames lists the scenarios in the order they run.
var ScenarioNames = []string{understandingName, memoryName, "bookings", "messages", "replies", "voice", "racers", "race", "webhooks", acknowledgeName,
	"holds", "notifications", "reconciliation", "parsing", "feed-growth", "feeds-unchanged", "feeds-changed", "export", availabilityName}

// workload holds what the scenarios of one system share.
type workload struct {
	*System
	floors  *floors
	hooks   *hookFloor
	guests  []int64  // With an open window; for bookings.
	phones  []string // Theirs.
	writers chan int // Guests who write, each in one iteration at a time.
	turns   []int    // How often each has written.
	met     bool     // Whether each has a conversation.
	taken   []place  // Stays that are booked, for racers.
	strangers
	annex *annex // For the jobs that need it.
	feeds feedFleet
}

// A guest who never stops writing is answered slowly, and who waits for a free guest should be the load, not the system: the longer it is
// measured, the more of them write.
const (
	fewestWriters    = 16
	mostWriters      = 1024
	writersPerSecond = 256
	bookers          = 256
)

func newWorkload(ctx context.Context, s *System, measure time.Duration) (*workload, error) {
	writing := min(max(int(writersPerSecond*measure.Seconds()), fewestWriters), mostWriters)
	w := &workload{System: s, writers: make(chan int, writing), turns: make([]int, writing)}
	for n := range writing {
		w.writers <- n
	}
	for n := range bookers {
		w.phones = append(w.phones, phoneOf(bookingGuests, n))
	}
	var err error
	if w.guests, err = addGuests(ctx, s.Pool, w.phones); err != nil {
		return nil, err
	}
	if w.floors, err = startFloors(s.Temporal, w.settleFloor); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() error { w.floors.close(); return nil })
	if w.hooks, err = startHookFloor(ctx, s.Pool, s.whatsAppSecret); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, w.hooks.close)
	if w.annex, err = s.openAnnex(ctx); err != nil {
		return nil, err
	}
	return w, nil
}

// Series of made-up phones, one for each kind of guest.
const (
	bookingGuests = 1
	writingGuests = 2
	restGuests    = 3
)

// scenario builds one of [ScenarioNames] that needs a system.
func (w *workload) scenario(name string, o BenchOptions) Scenario {
	build := map[string]func() Scenario{
		"bookings": w.bookings, "messages": w.messages, "replies": w.replies, "voice": w.voice, "racers": w.racers, "race": w.race,
		"webhooks": w.webhooks, "holds": w.holds, acknowledgeName: func() Scenario { return w.acknowledgement(o.HookRate) },
	}
	s := build[name]()
	s.ours, s.floor = bounded(s.ours), bounded(s.floor)
	if s.check == nil {
		s.check = func(context.Context, Outcome) error { return nil }
	}
	if s.prepare == nil {
		s.prepare = func(context.Context) error { return nil }
	}
	return s
}

// live counts the reservations that hold nights.
func (w *workload) live(ctx context.Context, status ...string) (int64, error) {
	var count int64
	err := w.Pool.QueryRow(ctx, `SELECT count(*) FROM reservations WHERE reservation_status = ANY($1)`, status).Scan(&count)
	if err != nil {
		return 0, fmt.Errorf("count reservations: %w", err)
	}
	return count, nil
}

// ErrAccount means that the database does not hold what the iterations were answered.
var ErrAccount = errors.New("the account does not add up")

// expectLive fails unless as many reservations of that status are there as iterations ended well; what failed may have left one too,
// because an answer can be lost after the deed.
func (w *workload) expectLive(status ...string) func(context.Context, Outcome) error {
	return func(ctx context.Context, o Outcome) error {
		count, err := w.live(ctx, status...)
		if err != nil {
			return err
		}
		if count < o.Done || count > o.Done+o.Failed {
			return fmt.Errorf("%w: %d done, %d failed, %d reservations are %v", ErrAccount, o.Done, o.Failed, count, status)
		}
		return nil
	}
}

func wantStatus(response *http.Response, wanted ...int) error {
	if slices.Contains(wanted, response.StatusCode) {
		return nil
	}
	return fmt.Errorf("%s %s answered %d", response.Request.Method, response.Request.URL.Path, response.StatusCode)
}
