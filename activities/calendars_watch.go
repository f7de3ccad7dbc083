package activities

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// FeedSchedules runs feeds. Every call may be repeated.
type FeedSchedules interface {
	// SetFeedSchedule makes the schedule of a feed or brings it to where it should be; an operator's own pause is left alone. It
	// reports whether something had to change.
	SetFeedSchedule(ctx context.Context, schedule workflows.FeedSchedule) (changed bool, err error)
	// RemoveFeedSchedule ends the schedule of a feed, if there is one.
	RemoveFeedSchedule(ctx context.Context, feedID int64) error
	// FeedSchedules lists the feeds that have a schedule, with their state.
	FeedSchedules(ctx context.Context) (map[int64]workflows.FeedScheduleState, error)
	// SyncFeedNow fetches a feed, or joins a fetch on demand that is under way, and waits for what it comes to.
	SyncFeedNow(ctx context.Context, feedID int64, reason workflows.SyncReason) (workflows.CalendarSyncResult, error)
	// StartFeedSync does the same without waiting.
	StartFeedSync(ctx context.Context, feedID int64, reason workflows.SyncReason) error
}

// due lists what the owner has to be told of an accommodation and a feed; 0 is all of them.
func (c *Calendars) due(ctx context.Context, accommodationID, feedID int64) ([]workflows.CalendarAlarm, error) {
	conflicts, err := c.Store.DueConflictAlarms(ctx, accommodationID)
	if err != nil {
		return nil, err
	}
	quarantines, err := c.Store.DueQuarantineAlarms(ctx, feedID)
	if err != nil {
		return nil, err
	}
	var alarms []workflows.CalendarAlarm
	for _, conflict := range conflicts {
		alarms = append(alarms, workflows.CalendarAlarm{Kind: workflows.NoticeOwnerConflict, ConflictID: conflict.ID, Since: conflict.Since.Unix()})
	}
	for _, quarantine := range quarantines {
		alarms = append(alarms, workflows.CalendarAlarm{Kind: workflows.NoticeOwnerQuarantine, FeedID: quarantine.ID, Since: quarantine.Since.Unix()})
	}
	return alarms, nil
}

// WatchFeeds brings schedules to where the feeds say, and finds what the owner has to be told: conflicts and quarantines that
// were found in passing, feeds that gave no good answer for too long, and those that do again.
func (c *Calendars) WatchFeeds(ctx context.Context, _ workflows.Done) (workflows.CalendarWatchResult, error) {
	var result workflows.CalendarWatchResult
	repaired, err := c.RepairSchedules(ctx)
	if err != nil {
		// The look at the feeds matters more; the next watch repairs.
		slog.WarnContext(ctx, "schedules of feeds not repaired", "error", err)
	}
	result.Repaired = repaired
	ages, err := c.Ages(ctx)
	if err != nil {
		return result, asTemporal(err)
	}
	if result.Alarms, err = c.due(ctx, 0, 0); err != nil {
		return result, asTemporal(err)
	}
	result.Feeds = len(ages)
	for _, age := range ages {
		stale := age.Age >= c.StaleAfter
		if stale {
			result.Stale++
		}
		since := age.Feed.StaleAlarmedAt
		switch {
		case stale && since.IsZero():
			result.Alarms = append(result.Alarms, workflows.CalendarAlarm{
				Kind: workflows.NoticeOwnerStale, FeedID: age.Feed.ID, Since: c.Now().Add(-age.Age).Unix()})
		case !stale && !since.IsZero():
			result.Alarms = append(result.Alarms, workflows.CalendarAlarm{
				Kind: workflows.NoticeOwnerWell, FeedID: age.Feed.ID, Since: since.Unix()})
		}
	}
	return result, nil
}

// FeedAge is how long ago a feed last gave a good answer; one that never did counts from its making.
type FeedAge struct {
	Feed postgres.Feed
	Age  time.Duration
}

// Ages tells the age of every feed that should be fetched, to the minute.
func (c *Calendars) Ages(ctx context.Context) ([]FeedAge, error) {
	feeds, err := c.Store.ActiveFeeds(ctx, 0)
	if err != nil {
		return nil, err
	}
	c.readClock(ctx, feeds)
	ages := make([]FeedAge, 0, len(feeds))
	for _, f := range feeds {
		since := f.LastGoodAt
		if since.IsZero() {
			since = f.CreatedAt
		}
		ages = append(ages, FeedAge{Feed: f, Age: max(c.Now().Sub(since), 0)})
	}
	return ages, nil
}

// OldestAge is the age of the worst feed; false when there is none.
func (c *Calendars) OldestAge(ctx context.Context) (time.Duration, bool, error) {
	ages, err := c.Ages(ctx)
	var oldest time.Duration
	for _, age := range ages {
		oldest = max(oldest, age.Age)
	}
	return oldest, len(ages) > 0, err
}

// RepairSchedules makes the schedules that are missing, changes those that differ and ends those whose feed is gone. It reports
// how many it touched.
func (c *Calendars) RepairSchedules(ctx context.Context) (int, error) {
	if c.Schedules == nil {
		return 0, nil
	}
	feeds, err := c.Store.Feeds(ctx, 0, booking.DateIn(c.Now(), time.UTC))
	if err != nil {
		return 0, err
	}
	existing, err := c.Schedules.FeedSchedules(ctx)
	if err != nil {
		return 0, err
	}
	var failures []error
	repaired := 0
	for _, f := range feeds {
		wanted := c.schedule(f)
		if state, there := existing[f.ID]; there && state.Fits(wanted) {
			delete(existing, f.ID)
			continue
		}
		changed, err := c.Schedules.SetFeedSchedule(ctx, wanted)
		if err != nil {
			failures = append(failures, err)
		} else if changed {
			repaired++
		}
		delete(existing, f.ID)
	}
	for id := range existing {
		// The list is a moment old: a feed that was added since has its schedule by right.
		if f, err := c.Store.Feed(ctx, id, booking.DateIn(c.Now(), time.UTC)); err == nil && f.DeletedAt.IsZero() {
			continue
		} else if err != nil && !booking.IsCode(err, booking.CodeNotFound) {
			failures = append(failures, err)
			continue
		}
		if err := c.Schedules.RemoveFeedSchedule(ctx, id); err != nil {
			failures = append(failures, err)
			continue
		}
		repaired++
	}
	return repaired, errors.Join(failures...)
}

func (c *Calendars) schedule(f postgres.Feed) workflows.FeedSchedule {
	return workflows.FeedSchedule{FeedID: f.ID, Unit: f.UnitName, Channel: f.Channel, Every: c.every(f), Paused: !f.PausedAt.IsZero()}
}

// every is how often a feed is fetched.
func (c *Calendars) every(f postgres.Feed) time.Duration {
	if f.Interval == 0 {
		return c.Every
	}
	return f.Interval
}

// UnitAges tells the age of the oldest feed of each accommodation.
func (c *Calendars) UnitAges(ctx context.Context) (map[int64]time.Duration, error) {
	ages, err := c.Ages(ctx)
	units := make(map[int64]time.Duration, len(ages))
	for _, age := range ages {
		units[age.Feed.AccommodationID] = max(units[age.Feed.AccommodationID], age.Age)
	}
	return units, err
}
