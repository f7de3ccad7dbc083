package activities

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"cabanas/booking"
	"cabanas/booking/feed"
	"cabanas/gateways/ical"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// Calendars keeps our calendar and those of other channels in step. An error of a feed is an outcome that is stored, counted
// and told; it never opens a night.
type Calendars struct {
	Store   CalendarStore
	Fetcher FeedFetcher
	// Clock remembers good fetches that changed nothing; nil, or away, the database alone knows, ten minutes behind at most.
	Clock FeedClock
	// Schedules runs the feeds; nil in tools that only look.
	Schedules FeedSchedules
	// Domain ends the UIDs that we publish, such as "cabanas.example".
	Domain string
	// Every is how often a feed is fetched that has no interval of its own, StaleAfter the age at which the owner is alarmed.
	Every, StaleAfter time.Duration
	// ExportHolds publishes unpaid holds too.
	ExportHolds bool
	Metrics     *observe.Metrics
	Now         func() time.Time
}

var _ workflows.CalendarActivities = (*Calendars)(nil)

// FeedFetcher is the iCal gateway. Errors are [*ical.Error].
type FeedFetcher interface {
	Fetch(ctx context.Context, address string, known ical.Known) (ical.Fetched, error)
}

// FeedClock remembers when feeds last gave a good answer.
type FeedClock interface {
	FeedGood(ctx context.Context, feedID int64, at time.Time) error
	FeedsGood(ctx context.Context, feedIDs []int64) (map[int64]time.Time, error)
}

// CalendarStore is what keeping calendars reads and writes.
type CalendarStore interface {
	FeedToSync(ctx context.Context, id int64, now time.Time) (postgres.FeedToSync, error)
	ApplyFeed(ctx context.Context, id int64, answer postgres.FeedAnswer, now time.Time) (postgres.FeedApplied, error)
	PreviewFeed(ctx context.Context, accommodationID int64, channel booking.Channel, answer postgres.FeedAnswer, now time.Time) (feed.Plan, []postgres.Conflict, error)
	FeedSeen(ctx context.Context, id int64, now time.Time) error
	FeedFailed(ctx context.Context, id int64, reason string, now time.Time) error
	NoteCalendarStale(ctx context.Context, code, moment string, feeds []int64, now time.Time) error
	ActiveFeeds(ctx context.Context, accommodationID int64) ([]postgres.Feed, error)

	AddFeed(ctx context.Context, feed postgres.NewFeed, now time.Time) (int64, error)
	Feed(ctx context.Context, id int64, today booking.Date) (postgres.Feed, error)
	Feeds(ctx context.Context, accommodationID int64, today booking.Date) ([]postgres.Feed, error)
	DeleteFeed(ctx context.Context, id int64, leaves postgres.FeedLeaves, staffID int64, today booking.Date, now time.Time) (int, error)

	DueConflictAlarms(ctx context.Context, accommodationID int64) ([]postgres.Due, error)
	DueQuarantineAlarms(ctx context.Context, feedID int64) ([]postgres.Due, error)

	Property(ctx context.Context) (booking.Property, error)
	Accommodation(ctx context.Context, id int64) (booking.Accommodation, error)
	Export(ctx context.Context, accommodationID int64, tokenHash []byte) (postgres.Export, error)
	ExportRows(ctx context.Context, accommodationID int64, channel booking.Channel, from booking.Date, holds bool) ([]postgres.ExportRow, error)
}

const (
	// seenWorth is how far the database may be behind the clock of fetches: an unchanged feed costs one short update in it.
	seenWorth = 10 * time.Minute
	// recurringAhead is how far ahead recurring events are read.
	recurringAhead = 24 // months
)

// SyncFeed fetches a feed and applies it.
func (c *Calendars) SyncFeed(ctx context.Context, in workflows.CalendarSyncInput) (workflows.CalendarSyncResult, error) {
	began := time.Now()
	result, f, err := c.sync(ctx, in.FeedID)
	if err != nil {
		return result, asTemporal(err)
	}
	c.Metrics.ICalSyncSeconds.Observe(time.Since(began).Seconds())
	if result.Outcome == workflows.SyncSkipped {
		return result, nil
	}
	slog.InfoContext(ctx, "calendar synchronised", "feed_id", in.FeedID, "reason", string(in.Reason), "outcome", string(result.Outcome),
		"problem", result.Problem, "added", result.Added, "moved", result.Moved, "missing", result.Missing,
		"released", result.Released, "conflicts", result.Conflicts)
	result.Alarms, err = c.due(ctx, f.AccommodationID, f.ID)
	return result, asTemporal(err)
}

// sync is one fetch. The error means that our own side did not answer; the feed's troubles are an outcome.
func (c *Calendars) sync(ctx context.Context, feedID int64) (workflows.CalendarSyncResult, postgres.FeedToSync, error) {
	f, err := c.Store.FeedToSync(ctx, feedID, c.Now())
	if booking.IsCode(err, booking.CodeNotFound) || err == nil && (!f.PausedAt.IsZero() || !f.DeletedAt.IsZero()) {
		return workflows.CalendarSyncResult{Outcome: workflows.SyncSkipped}, f, nil
	}
	if err != nil {
		return workflows.CalendarSyncResult{}, f, err
	}
	askedAt := c.Now()
	fetched, err := c.Fetcher.Fetch(ctx, f.URL, ical.Known{ETag: f.ETag, LastModified: f.LastModified})
	if err != nil {
		return c.failed(ctx, f, err)
	}
	if fetched.NotModified {
		return c.unchanged(ctx, f)
	}
	calendar, err := ical.Parse(fetched.Body, reading(f.Location, c.Now()))
	if err != nil {
		return c.failed(ctx, f, err)
	}
	if !f.Again && string(calendar.Digest[:]) == string(f.Digest) {
		return c.unchanged(ctx, f)
	}
	answer := c.answer(f.AccommodationID, f.Channel, calendar)
	answer.ETag, answer.LastModified, answer.AskedAt, answer.Interval = fetched.ETag, fetched.LastModified, askedAt, c.every(f.Feed)
	applied, err := c.Store.ApplyFeed(ctx, f.ID, answer, c.Now())
	if booking.IsCode(err, booking.CodeWrongState) {
		return workflows.CalendarSyncResult{Outcome: workflows.SyncSkipped}, f, nil
	}
	if err != nil {
		return workflows.CalendarSyncResult{}, f, err
	}
	c.good(ctx, f.ID)
	return c.applied(f, calendar, applied), f, nil
}

func reading(location *time.Location, now time.Time) ical.Reading {
	today := booking.DateIn(now, location)
	return ical.Reading{Zone: location, From: today.AddDays(-7), Until: today.AddMonths(recurringAhead)}
}

// answer is a calendar in the words of the rules. Summaries go no further than this.
func (c *Calendars) answer(accommodationID int64, channel booking.Channel, calendar ical.Feed) postgres.FeedAnswer {
	answer := postgres.FeedAnswer{
		Digest: calendar.Digest[:], Problems: len(calendar.Problems), Unread: calendar.Unread, OwnSuffix: c.ownSuffix(accommodationID), Holds: c.ExportHolds,
	}
	for _, event := range calendar.Events {
		if event.Cancelled {
			continue
		}
		answer.Seen = append(answer.Seen, feed.Seen{
			UID: event.UID, Nights: booking.Stay{CheckIn: event.Start, CheckOut: event.End},
			Kind: feed.Classify(channel, event.UID, event.Summary),
		})
	}
	return answer
}

// unchanged records that the feed is as it was: in the clock, and in the database only when it has something to correct.
func (c *Calendars) unchanged(ctx context.Context, f postgres.FeedToSync) (workflows.CalendarSyncResult, postgres.FeedToSync, error) {
	result := workflows.CalendarSyncResult{Outcome: workflows.SyncUnchanged, Problems: f.Problems}
	known := c.good(ctx, f.ID)
	if known && f.LastError == "" && c.Now().Sub(f.LastGoodAt) < seenWorth {
		return result, f, nil
	}
	return result, f, c.Store.FeedSeen(ctx, f.ID, c.Now())
}

// good tells the clock; a clock that is away leaves it to the database.
func (c *Calendars) good(ctx context.Context, feedID int64) bool {
	if c.Clock == nil {
		return false
	}
	if err := c.Clock.FeedGood(ctx, feedID, c.Now()); err != nil {
		slog.WarnContext(ctx, "good fetch not remembered", "feed_id", feedID, "error", err)
		return false
	}
	return true
}

// failed records why there was no good answer. A request that we gave up, or gave too little time, is no news about the feed.
func (c *Calendars) failed(ctx context.Context, f postgres.FeedToSync, cause error) (workflows.CalendarSyncResult, postgres.FeedToSync, error) {
	reason := string(ical.ReasonOf(cause))
	if reason == "" || ctx.Err() != nil {
		return workflows.CalendarSyncResult{}, f, cause
	}
	c.Metrics.ICalSyncErrors.WithLabelValues(label(f.AccommodationID), reason).Inc()
	slog.WarnContext(ctx, "feed gave no good answer", "feed_id", f.ID, "reason", reason, "failures", f.Failures+1)
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	return workflows.CalendarSyncResult{Outcome: workflows.SyncFailed, Problem: reason}, f, c.Store.FeedFailed(writing, f.ID, reason, c.Now())
}

func (c *Calendars) applied(f postgres.FeedToSync, calendar ical.Feed, applied postgres.FeedApplied) workflows.CalendarSyncResult {
	plan := applied.Plan
	result := workflows.CalendarSyncResult{
		Outcome: workflows.SyncApplied, Events: len(calendar.Events), Added: len(plan.Add), Released: len(plan.Release),
		Echoes: plan.Echoes, Problems: len(calendar.Problems), Conflicts: applied.Conflicts,
	}
	if applied.Outdated {
		return workflows.CalendarSyncResult{Outcome: workflows.SyncUnchanged}
	}
	for _, change := range plan.Update {
		if change.Why == feed.Missed {
			result.Missing++
		} else {
			result.Moved++
		}
	}
	if plan.Quarantined {
		result.Outcome, result.Problem = workflows.SyncQuarantined, "lost_events"
	}
	unit := label(f.AccommodationID)
	if news := result.Added + result.Moved; news > 0 {
		c.Metrics.ICalEventsImported.WithLabelValues(unit, string(f.Channel)).Add(float64(news))
	}
	if applied.Conflicts > 0 {
		c.Metrics.ICalConflicts.WithLabelValues(string(f.Channel)).Add(float64(applied.Conflicts))
	}
	if string(calendar.Digest[:]) != string(f.Digest) {
		for _, problem := range calendar.Problems {
			c.Metrics.ICalSyncErrors.WithLabelValues(unit, "event_"+string(problem.Reason)).Inc()
		}
	}
	return result
}

func label(id int64) string { return strconv.FormatInt(id, 10) }
