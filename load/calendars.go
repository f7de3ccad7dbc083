package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/ical"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// feedFleet is a number of feeds with the other channel that publishes them, all in the annex. Its clock stands still within a
// measurement, so that no feed is due for its note of having been seen.
type feedFleet struct {
	*activities.Calendars
	server *http.Server
	url    string
	events int
	first  booking.Date
	ids    []int64
	// moved is how many of the first events of each feed are a day later than at first, or not.
	moved  atomic.Int64
	served atomic.Int64
	clock  atomic.Pointer[time.Time]
}

const (
	// syncsAtOnce is how many feeds are fetched at once.
	syncsAtOnce = 4
	// movedShare of the events of each feed are moved by the changed sync: 1 %.
	movedShare = 100
	// growthFeeds are measured at most when there are many.
	growthFeeds = 1000
	eventGap    = 3 // Days from one event to the next; each has a night less.
)

func (w *workload) openFleet(events int) error {
	f := &w.feeds
	if f.server != nil {
		return nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("serve feeds: %w", err)
	}
	f.url, f.events, f.first = "http://"+listener.Addr().String(), events, booking.DateIn(time.Now(), time.UTC).AddDays(firstNight)
	f.server = &http.Server{Handler: f, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = f.server.Serve(listener) }()
	fetcher := ical.New(ical.Options{AllowPrivate: true})
	w.closers = append(w.closers, func() error { fetcher.Close(); return f.server.Close() })
	f.Calendars = &activities.Calendars{
		Store: w.annex.store, Fetcher: fetcher, Clock: w.annex.redis, Domain: "load.example", Every: 5 * time.Minute, StaleAfter: time.Hour,
		Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: func() time.Time { return *f.clock.Load() },
	}
	f.tick()
	return nil
}

// tick lets the clock go on.
func (f *feedFleet) tick() {
	now := time.Now().UTC()
	f.clock.Store(&now)
}

// ServeHTTP publishes feed n at /n.ics, as a channel does that tells neither ETag nor Last-Modified and stamps each answer anew.
func (f *feedFleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/"), ".ics"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/calendar")
	stamp := time.Unix(1_800_000_000+f.served.Add(1), 0).UTC()
	_, _ = w.Write(feedBody(n, f.events, int(f.moved.Load()), f.first, stamp)) // A caller that has gone away has its reasons.
}

// feedBody is written as Airbnb does; the first moved of its events are a day later.
func feedBody(feed, events, moved int, first booking.Date, stamp time.Time) []byte {
	var text bytes.Buffer
	text.WriteString("BEGIN:VCALENDAR\r\nPRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN\r\nCALSCALE:GREGORIAN\r\nVERSION:2.0\r\n")
	const day = "20060102"
	stamped := stamp.Format("20060102T150405Z")
	for n := range events {
		start := first.AddDays(n * eventGap)
		if n < moved {
			start = start.AddDays(1)
		}
		fmt.Fprintf(&text, "BEGIN:VEVENT\r\nDTSTAMP:%s\r\nDTSTART;VALUE=DATE:%s\r\nDTEND;VALUE=DATE:%s\r\nSUMMARY:Reserved\r\n"+
			"UID:1418fb94e984-%016x%016x@airbnb.com\r\nDESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/de\r\n"+
			" tails/HMABCDEF12\\nPhone Number (Last 4 Digits): 1234\r\nEND:VEVENT\r\n",
			stamped, start.Time().Format(day), start.AddDays(eventGap-1).Time().Format(day), feed, n)
	}
	text.WriteString("END:VCALENDAR\r\n")
	return text.Bytes()
}

// have adds feeds until there are so many, and brings the new ones in step.
func (w *workload) have(ctx context.Context, count, events int) error {
	if err := w.openFleet(events); err != nil {
		return err
	}
	f := &w.feeds
	known := len(f.ids)
	if count <= known {
		return nil
	}
	cabins, err := w.annex.addCabins(ctx, count-known)
	if err != nil {
		return err
	}
	f.tick()
	for n, cabin := range cabins {
		id, err := w.annex.store.AddFeed(ctx, postgres.NewFeed{
			AccommodationID: cabin, Channel: booking.ChannelAirbnb, URL: fmt.Sprintf("%s/%d.ics", f.url, known+n),
		}, f.Now())
		if err != nil {
			return err
		}
		f.ids = append(f.ids, id)
	}
	_, err = w.syncAll(ctx, f.ids[known:], workflows.SyncApplied)
	return err
}

// syncAll synchronises feeds, each of which has to come to the same outcome.
func (w *workload) syncAll(ctx context.Context, ids []int64, wanted workflows.SyncOutcome) (int64, error) {
	return eachAtOnce(ctx, len(ids), func(ctx context.Context, n int) error {
		result, err := w.feeds.SyncFeed(ctx, workflows.CalendarSyncInput{FeedID: ids[n], Reason: workflows.SyncScheduled})
		if err == nil && result.Outcome != wanted {
			err = fmt.Errorf("%w: a feed is %s %s and not %s", ErrAccount, result.Outcome, result.Problem, wanted)
		}
		return err
	})
}

func eachAtOnce(ctx context.Context, count int, do func(context.Context, int) error) (int64, error) {
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(syncsAtOnce)
	for n := range count {
		group.Go(func() error {
			err := do(ctx, n)
			if err == nil {
				done.Add(1)
			}
			return err
		})
	}
	err := group.Wait()
	return done.Load(), err
}

// feedGrowth holds the cost of a feed among many against its cost among few.
func (w *workload) feedGrowth(sizes JobSizes) job {
	measured := func() []int64 { return w.feeds.ids[:min(len(w.feeds.ids), growthFeeds)] }
	side := func(count int) heap {
		return heap{
			ready: func(ctx context.Context) error { return w.have(ctx, count, sizes.Events) },
			do:    func(ctx context.Context) (int64, error) { return w.syncAll(ctx, measured(), workflows.SyncUnchanged) },
		}
	}
	return job{
		Ours:  fmt.Sprintf("sync of a feed of %d events that did not change, when there are %d feeds", sizes.Events, sizes.Feeds),
		Floor: fmt.Sprintf("the same when there are %d feeds", sizes.FewFeeds),
		ours:  side(sizes.Feeds), floor: side(sizes.FewFeeds), rounds: 1, still: true,
	}
}

// feedsUnchanged fetches feeds that say what they said before.
func (w *workload) feedsUnchanged(sizes JobSizes) job {
	ready := func(ctx context.Context) error { return w.have(ctx, sizes.Feeds, sizes.Events) }
	return job{
		Ours: fmt.Sprintf("sync of %d feeds of %d events that did not change but for DTSTAMP, %d at once; not one row may be written",
			sizes.Feeds, sizes.Events, syncsAtOnce),
		Floor: "GET, golang-ical, dates of each event, SELECT of the feed's row",
		ours:  heap{ready, func(ctx context.Context) (int64, error) { return w.syncAll(ctx, w.feeds.ids, workflows.SyncUnchanged) }},
		floor: heap{ready, func(ctx context.Context) (int64, error) {
			return eachAtOnce(ctx, len(w.feeds.ids), func(ctx context.Context, n int) error {
				_, err := w.readRaw(ctx, n)
				return err
			})
		}},
		rounds: 3, still: true,
	}
}

// feedsChanged fetches feeds of which each moved 1 % of its events.
func (w *workload) feedsChanged(sizes JobSizes) job {
	moved := max(sizes.Events/movedShare, 1)
	ready := func(ctx context.Context) error {
		if err := w.have(ctx, sizes.Feeds, sizes.Events); err != nil {
			return err
		}
		w.feeds.tick()
		w.feeds.moved.Store(int64(moved) - w.feeds.moved.Load()) // there and back
		return nil
	}
	return job{
		Ours: fmt.Sprintf("sync of %d feeds of %d events, %d of which moved by a day, %d at once", sizes.Feeds, sizes.Events, moved, syncsAtOnce),
		Floor: "GET, golang-ical, dates of each event, SELECT of the feed and of its known events, UPDATE of the moved events, their blocks and the " +
			"feed in one transaction",
		ours: heap{ready, func(ctx context.Context) (int64, error) { return w.syncAll(ctx, w.feeds.ids, workflows.SyncApplied) }},
		floor: heap{ready: func(ctx context.Context) error { return w.have(ctx, sizes.Feeds, sizes.Events) }, do: func(ctx context.Context) (int64, error) {
			return eachAtOnce(ctx, len(w.feeds.ids), func(ctx context.Context, n int) error { return w.applyRaw(ctx, n, moved) })
		}},
		rounds: 2,
	}
}

// readRaw is the least that looks at a feed, and returns its nights.
func (w *workload) readRaw(ctx context.Context, n int) (int, error) {
	var address string
	var digest []byte
	err := w.annex.pool.QueryRow(ctx, `SELECT url, digest FROM calendar_feeds WHERE id = $1`, w.feeds.ids[n]).Scan(&address, &digest)
	if err != nil {
		return 0, fmt.Errorf("read a feed: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, fmt.Errorf("fetch a feed: %w", err)
	}
	body, err := w.fetch(request)
	if err != nil {
		return 0, err
	}
	return parseRaw(body)
}

// applyRaw writes the moved events as they are: what is written is no other than what was there, which costs the same.
func (w *workload) applyRaw(ctx context.Context, n, moved int) error {
	if _, err := w.readRaw(ctx, n); err != nil {
		return err
	}
	id := w.feeds.ids[n]
	var known int
	err := w.annex.pool.QueryRow(ctx, `SELECT count(uid || start_date || end_date) FROM calendar_feed_events WHERE feed_id = $1 AND released_at IS NULL`, id).Scan(&known)
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	_, err = w.annex.pool.Exec(ctx, `
		WITH moved AS (
			UPDATE calendar_feed_events SET start_date = start_date, last_seen = last_seen
			WHERE id IN (SELECT id FROM calendar_feed_events WHERE feed_id = $1 AND released_at IS NULL ORDER BY start_date LIMIT $2) RETURNING id
		), blocks AS (
			UPDATE calendar_blocks b SET start_date = start_date, revision = revision + 1 FROM moved WHERE b.feed_event_id = moved.id AND b.active
		)
		UPDATE calendar_feeds SET digest = digest, last_good_at = last_good_at WHERE id = $1`, id, moved)
	if err != nil {
		return fmt.Errorf("write a feed: %w", err)
	}
	return nil
}

var errParsed = errors.New("events were lost")

// parsing reads one feed over and over, one goroutine.
func parsing(sizes JobSizes) job {
	today := booking.DateIn(time.Now(), time.UTC)
	body := feedBody(1, sizes.Events, 0, today, time.Now())
	reading := ical.Reading{Zone: time.UTC, From: today.AddDays(-7), Until: today.AddMonths(24)}
	repeat := func(read func() error) heap {
		return heap{func(context.Context) error { return nil }, func(ctx context.Context) (int64, error) {
			const many = 100
			for n := range int64(many) {
				if err := errors.Join(ctx.Err(), read()); err != nil {
					return n, err
				}
			}
			return many, nil
		}}
	}
	return job{
		Ours:  fmt.Sprintf("a feed of %d events read: guarded, with its digest; one goroutine", sizes.Events),
		Floor: "golang-ical alone, dates of each event",
		ours: repeat(func() error {
			feed, err := ical.Parse(body, reading)
			if err == nil && len(feed.Events) != sizes.Events {
				err = errParsed
			}
			return err
		}),
		floor: repeat(func() error {
			nights, err := parseRaw(body)
			if err == nil && nights != sizes.Events*(eventGap-1) {
				err = errParsed
			}
			return err
		}),
		rounds: 3,
	}
}

// parseRaw is the library alone: no checks of the body, no digest, only nights.
func parseRaw(body []byte) (int, error) {
	calendar, err := ics.ParseCalendar(bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("parse: %w", err)
	}
	nights := 0
	for _, event := range calendar.Events() {
		start, err := event.GetAllDayStartAt()
		if err != nil {
			return 0, fmt.Errorf("parse: %w", err)
		}
		end, err := event.GetAllDayEndAt()
		if err != nil {
			return 0, fmt.Errorf("parse: %w", err)
		}
		nights += int(end.Sub(start) / (24 * time.Hour))
	}
	return nights, nil
}
