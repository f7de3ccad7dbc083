package activities_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/ical"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/internal/observe"
	"cabanas/migrations"
	"cabanas/store/postgres"
	"cabanas/store/redis"
	"cabanas/workflows"
)

// coast is the calendars of one cabin with a real Postgres and Redis, and a channel that publishes what the test says.
type coast struct {
	*activities.Calendars
	t     *testing.T
	store *postgres.Store
	sql   *pgxpool.Pool
	tasks *schedules
	meter *prometheus.Registry
	cabin int64
	guest int64
	feed  int64

	mu      sync.Mutex
	now     time.Time
	answer  http.HandlerFunc
	fetches atomic.Int32
	url     string
}

func (c *coast) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *coast) later(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// schedules stands for Temporal.
type schedules struct {
	mu      sync.Mutex
	wanted  map[int64]workflows.FeedSchedule
	started []int64
	away    bool
}

func (s *schedules) SetFeedSchedule(_ context.Context, wanted workflows.FeedSchedule) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return false, booking.Refuse(booking.CodeUnavailable, "away")
	}
	s.wanted[wanted.FeedID] = wanted
	return true, nil
}

func (s *schedules) RemoveFeedSchedule(_ context.Context, feedID int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.wanted, feedID)
	return nil
}

func (s *schedules) FeedSchedules(context.Context) (map[int64]workflows.FeedScheduleState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	states := map[int64]workflows.FeedScheduleState{}
	for id, wanted := range s.wanted {
		states[id] = workflows.FeedScheduleState{Every: wanted.Every, Paused: wanted.Paused}
	}
	return states, nil
}

func (s *schedules) SyncFeedNow(context.Context, int64, workflows.SyncReason) (workflows.CalendarSyncResult, error) {
	return workflows.CalendarSyncResult{Outcome: workflows.SyncApplied}, nil
}

func (s *schedules) StartFeedSync(_ context.Context, feedID int64, _ workflows.SyncReason) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started = append(s.started, feedID)
	return nil
}

func newCoast(t *testing.T) *coast {
	t.Helper()
	database := embeddedtest.Database(t, migrations.Up)
	store, err := postgres.Open(t.Context(), database, 10)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	sql, err := pgxpool.New(t.Context(), database)
	require.NoError(t, err)
	t.Cleanup(sql.Close)
	cache, err := redis.Open(embeddedtest.Redis(t))
	require.NoError(t, err)
	t.Cleanup(func() { _ = cache.Close() })
	fetcher := ical.New(ical.Options{AllowPrivate: true, Timeout: 5 * time.Second})
	t.Cleanup(fetcher.Close)

	c := &coast{t: t, store: store, sql: sql, tasks: &schedules{wanted: map[int64]workflows.FeedSchedule{}}, now: time.Now().UTC().Truncate(time.Second),
		meter: prometheus.NewRegistry()}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.fetches.Add(1)
		c.mu.Lock()
		answer := c.answer
		c.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	c.Calendars = &activities.Calendars{
		Store: store, Fetcher: fetcher, Clock: cache, Schedules: c.tasks, Domain: "cabanas.test", Every: 5 * time.Minute,
		StaleAfter: 20 * time.Minute, Metrics: observe.NewMetrics(c.meter), Now: c.clock,
	}
	c.cabin, err = store.CreateAccommodation(t.Context(), booking.Accommodation{
		Name: "Arrayán", Type: booking.Cabin, Capacity: 4, Active: true, Rate: booking.Rate{Base: booking.Pesos(50_000), WeekendPercent: 100, MinNights: 1},
	})
	require.NoError(t, err)
	c.guest, err = store.UpsertGuest(t.Context(), postgres.Guest{Phone: anasPhone, Name: "Ana"})
	require.NoError(t, err)
	f, err := c.AddFeed(t.Context(), postgres.NewFeed{AccommodationID: c.cabin, Channel: booking.ChannelAirbnb, URL: c.url + "/a.ics"})
	require.NoError(t, err)
	c.feed = f.ID
	return c
}

// in is a date some days from today.
func (c *coast) in(days int) booking.Date { return booking.DateIn(c.clock(), time.UTC).AddDays(days) }

func (c *coast) answers(handler http.HandlerFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = handler
}

// publishes makes the channel show bookings: uid, first day and nights from today.
func (c *coast) publishes(events ...string) {
	body := calendarOf(events...)
	c.answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
}

func calendarOf(events ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN\r\n" + strings.Join(events, "") + "END:VCALENDAR\r\n"
}

func (c *coast) stay(uid string, from, nights int) string {
	day := func(d booking.Date) string { return d.Time().Format("20060102") }
	return fmt.Sprintf("BEGIN:VEVENT\r\nDTSTAMP:20261122T000000Z\r\nDTSTART;VALUE=DATE:%s\r\nDTEND;VALUE=DATE:%s\r\nSUMMARY:Reserved\r\nUID:1418fb94e984-%s@airbnb.com\r\nEND:VEVENT\r\n",
		day(c.in(from)), day(c.in(from+nights)), uid)
}

func (c *coast) sync() workflows.CalendarSyncResult {
	c.t.Helper()
	result, err := c.SyncFeed(c.t.Context(), workflows.CalendarSyncInput{FeedID: c.feed, Reason: workflows.SyncScheduled})
	require.NoError(c.t, err)
	return result
}

func (c *coast) closed() int {
	c.t.Helper()
	blocks, err := c.store.Blocks(c.t.Context(), c.cabin, c.in(-30), c.in(900))
	require.NoError(c.t, err)
	return len(blocks)
}

func (c *coast) hold(from, nights int) postgres.Reservation {
	c.t.Helper()
	r, err := c.store.PlaceHold(c.t.Context(), postgres.NewHold{
		Code: booking.NewCode(c.clock(), [3]byte{1, 2, byte(from)}), AccommodationID: c.cabin, GuestID: c.guest, Guests: 2,
		Stay: booking.Stay{CheckIn: c.in(from), CheckOut: c.in(from + nights)}, Channel: booking.ChannelDirect, ExpiresAt: c.clock().Add(time.Hour),
		Quote: booking.Quote{Total: booking.Pesos(100), Deposit: booking.Pesos(30)},
	}, c.clock())
	require.NoError(c.t, err)
	return r
}

// counted is what a counter of the cabin says under its second label.
func (c *coast) counted(name, value string) (total float64) {
	c.t.Helper()
	families, err := c.meter.Gather()
	require.NoError(c.t, err)
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			labels := metric.GetLabel()
			if family.GetName() == name && labels[0].GetValue() == fmt.Sprint(c.cabin) && labels[1].GetValue() == value {
				total += metric.GetCounter().GetValue()
			}
		}
	}
	return total
}

// written is the state of every row that a fetch could write.
func (c *coast) written() string {
	c.t.Helper()
	var state string
	require.NoError(c.t, c.sql.QueryRow(c.t.Context(), `SELECT concat(
		(SELECT string_agg(f.xmin || f::text, ';') FROM calendar_feeds f),
		(SELECT string_agg(e.xmin || e::text, ';') FROM calendar_feed_events e),
		(SELECT string_agg(b.xmin || b::text, ';') FROM calendar_blocks b))`).Scan(&state))
	return state
}

func TestAnUnchangedFeedCostsNoWrite(t *testing.T) {
	t.Parallel()
	c := newCoast(t)
	c.publishes(c.stay("a", 10, 3), c.stay("b", 20, 2))
	require.Equal(t, 2, c.sync().Added)
	require.Equal(t, 2, c.closed())
	before := c.written()
	body := strings.ReplaceAll(calendarOf(c.stay("b", 20, 2), c.stay("a", 10, 3)), "DTSTAMP:20261122T000000Z", "DTSTAMP:20261122T001500Z")
	c.answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
	for range 3 {
		c.later(2 * time.Minute)
		require.Equal(t, workflows.SyncUnchanged, c.sync().Outcome, "another DTSTAMP and another order say the same")
	}
	require.Equal(t, before, c.written())
	f, err := c.Feed(t.Context(), c.feed)
	require.NoError(t, err)
	require.WithinDuration(t, c.clock(), f.LastGoodAt, time.Second, "the clock knows")
	require.InDelta(t, 2, c.counted("ical_events_imported_total", "airbnb"), 0)

	c.later(6 * time.Minute)
	c.sync()
	require.NotEqual(t, before, c.written(), "the database follows within ten minutes")
}

func TestNightsOfAnEventThatCannotBeReadStayClosed(t *testing.T) {
	t.Parallel()
	c := newCoast(t)
	weekly := "BEGIN:VEVENT\r\nUID:weekly\r\nDTSTART;VALUE=DATE:" + c.in(50).Time().Format("20060102") + "\r\nRRULE:FREQ=WEEKLY;COUNT=2\r\nEND:VEVENT\r\n"
	c.publishes(c.stay("a", 10, 3), c.stay("b", 20, 2), weekly)
	c.sync()
	require.Equal(t, 4, c.closed())
	unread := func(uid string) string { return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTART:soon\r\nEND:VEVENT\r\n" }
	c.publishes(unread("1418fb94e984-a@airbnb.com"), c.stay("b", 20, 2), unread("weekly"))
	for range 4 {
		c.later(5 * time.Minute)
		result := c.sync()
		require.Zero(t, result.Missing+result.Released)
		require.NotEqual(t, workflows.SyncQuarantined, result.Outcome)
	}
	require.Equal(t, 4, c.closed())
	c.publishes(c.stay("b", 20, 2), unread("weekly"))
	for range 3 {
		c.later(5 * time.Minute)
		c.sync()
	}
	require.Equal(t, 3, c.closed(), "what is really gone is released")
}

func TestAFeedIsAskedOnlyForNews(t *testing.T) {
	t.Parallel()
	c := newCoast(t)
	var asked atomic.Value
	body := calendarOf(c.stay("a", 10, 3))
	c.answers(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Header.Get("If-None-Match"))
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"1"`)
		_, _ = w.Write([]byte(body))
	})
	require.Equal(t, workflows.SyncApplied, c.sync().Outcome)
	c.later(2 * time.Minute)
	require.Equal(t, workflows.SyncUnchanged, c.sync().Outcome)
	require.Equal(t, `"1"`, asked.Load())
	c.later(24 * time.Hour)
	require.Equal(t, workflows.SyncApplied, c.sync().Outcome)
	require.Empty(t, asked.Load(), "another day: the same content is compared again")
	require.Equal(t, 1, c.closed())
}

func TestBadAnswersChangeNothingAndAreNamed(t *testing.T) {
	t.Parallel()
	c := newCoast(t)
	good := calendarOf(c.stay("a", 10, 3), c.stay("b", 20, 2))
	c.publishes(c.stay("a", 10, 3), c.stay("b", 20, 2))
	c.sync()
	for reason, body := range map[string]string{
		"empty": "", "html": "<!doctype html><html><body>log in</body></html>", "truncated": good[:len(good)-20], "http_status": "500",
	} {
		c.answers(func(w http.ResponseWriter, _ *http.Request) {
			if body == "500" {
				w.WriteHeader(http.StatusInternalServerError)
			}
			_, _ = w.Write([]byte(body))
		})
		c.later(time.Minute)
		result := c.sync()
		require.Equal(t, workflows.SyncFailed, result.Outcome)
		require.Equal(t, reason, result.Problem)
		require.Equal(t, 2, c.closed())
		require.InDelta(t, 1, c.counted("ical_sync_errors_total", reason), 0)
	}
	f, err := c.Feed(t.Context(), c.feed)
	require.NoError(t, err)
	require.Equal(t, 4, f.Failures)
	c.publishes(c.stay("a", 10, 3), c.stay("b", 20, 2))
	require.Equal(t, workflows.SyncUnchanged, c.sync().Outcome)
	f, err = c.Feed(t.Context(), c.feed)
	require.NoError(t, err)
	require.Zero(t, f.Failures)
	require.Empty(t, f.LastError)

	// One bad event does not stop the others.
	c.publishes(c.stay("a", 10, 3), c.stay("b", 20, 2), c.stay("c", 30, 2), "BEGIN:VEVENT\r\nUID:bad\r\nDTSTART:soon\r\nEND:VEVENT\r\n")
	result := c.sync()
	require.Equal(t, 1, result.Added)
	require.Equal(t, 1, result.Problems)
	require.Equal(t, 3, c.closed())
}

func TestAnAttemptThatDiedIsRepeatedWithoutHarm(t *testing.T) {
	t.Parallel()
	c := newCoast(t)
	c.publishes(c.stay("a", 10, 3))
	// It died after its commit, before anybody heard of it.
	first := c.sync()
	again := c.sync()
	require.Equal(t, 1, first.Added)
	require.Zero(t, again.Added)
	require.Equal(t, 1, c.closed())

	// It died before: the rows are as they were, and the next attempt does it all.
	c.publishes(c.stay("a", 40, 3))
	dead, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.SyncFeed(dead, workflows.CalendarSyncInput{FeedID: c.feed})
	require.Error(t, err)
	f, err := c.Feed(t.Context(), c.feed)
	require.NoError(t, err)
	require.Zero(t, f.Failures, "we gave up, not the feed")
	require.Equal(t, 1, c.sync().Moved)
}

func TestTheOwnerIsToldOnceOfEachCase(t *testing.T) {
	t.Parallel()
	c := newCoast(t)
	ctx := t.Context()
	tasks := &redeliveries{}
	messaging := &activities.Messaging{Store: c.store, Feeds: c.store, Again: tasks, OwnerPhone: ownersPhone, Metrics: c.Metrics, Now: c.clock}
	give := func(alarms []workflows.CalendarAlarm) {
		_, err := messaging.GiveCalendarAlarms(ctx, workflows.CalendarAlarms{Alarms: alarms})
		require.NoError(t, err)
	}
	r := c.hold(10, 3)
	c.publishes(c.stay("a", 11, 4), c.stay("b", 30, 2), c.stay("c", 40, 2), c.stay("d", 50, 2))
	result := c.sync()
	require.Equal(t, 1, result.Conflicts)
	require.Len(t, result.Alarms, 1)
	give(result.Alarms)
	give(result.Alarms)
	require.Equal(t, 1, c.said("Fechas superpuestas en Arrayán"))
	require.Contains(t, c.words(), r.Code)
	require.Contains(t, c.words(), "Airbnb")
	require.Empty(t, c.sync().Alarms, "told is told")

	c.publishes()
	result = c.sync()
	require.Equal(t, workflows.SyncQuarantined, result.Outcome)
	give(result.Alarms)
	require.Equal(t, 1, c.said("perdió la mayoría"))
	require.Equal(t, 4, c.closed())

	// An outage, told once, and its end.
	watch := func() workflows.CalendarWatchResult {
		seen, err := c.WatchFeeds(ctx, workflows.Done{})
		require.NoError(t, err)
		return seen
	}
	require.Empty(t, watch().Alarms)
	c.later(25 * time.Minute)
	c.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	c.sync()
	seen := watch()
	require.Equal(t, 1, seen.Stale)
	require.Len(t, seen.Alarms, 1)
	give(seen.Alarms)
	require.Empty(t, watch().Alarms)
	require.Equal(t, 1, c.said("Hace 25 minutos que no puedo leer"))
	c.publishes(c.stay("a", 11, 4), c.stay("b", 30, 2), c.stay("c", 40, 2), c.stay("d", 50, 2))
	c.sync()
	seen = watch()
	require.Len(t, seen.Alarms, 1)
	give(seen.Alarms)
	require.Equal(t, 1, c.said("se lee bien otra vez"))
	require.Empty(t, watch().Alarms)
	require.Positive(t, tasks.count())
}

type redeliveries struct{ n atomic.Int32 }

func (r *redeliveries) Redelivery(context.Context, int64) error { r.n.Add(1); return nil }
func (r *redeliveries) count() int                              { return int(r.n.Load()) }

func (c *coast) words() string {
	c.t.Helper()
	var words string
	require.NoError(c.t, c.sql.QueryRow(c.t.Context(), `SELECT coalesce(string_agg(body::text, ' '), '') FROM messages`).Scan(&words))
	return words
}

func (c *coast) said(what string) int {
	c.t.Helper()
	var n int
	require.NoError(c.t, c.sql.QueryRow(c.t.Context(), `SELECT count(*) FROM messages WHERE body ->> 'body' LIKE '%' || $1 || '%'`, what).Scan(&n))
	return n
}
