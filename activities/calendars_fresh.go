package activities

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"cabanas/store/postgres"
	"cabanas/workflows"
)

const (
	// freshEnough is the age up to which a feed is believed without asking it again.
	freshEnough = time.Minute
	// FreshBudget is how long the feeds of a cabin are waited for before a promise.
	FreshBudget = 3 * time.Second
)

// Freshness is what asking the feeds of a cabin came to.
type Freshness struct {
	// Asked are the feeds that were older than a minute, Stale those of them that gave no good answer in time.
	Asked, Stale []int64
	// Conflicts counts conflicts that were found by asking.
	Conflicts int
}

// Freshen fetches the feeds of a cabin whose last good answer is older than a minute, all at once, and applies what comes within
// the budget. A feed that is late or broken is named as stale: who promises goes on and says so. A cabin without feeds costs
// one short query.
func (c *Calendars) Freshen(ctx context.Context, accommodationID int64, budget time.Duration) (Freshness, error) {
	feeds, err := c.Store.ActiveFeeds(ctx, accommodationID)
	if err != nil || len(feeds) == 0 {
		return Freshness{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	c.readClock(ctx, feeds)
	var (
		fresh Freshness
		mu    sync.Mutex
		work  sync.WaitGroup
	)
	for _, f := range feeds {
		if c.Now().Sub(f.LastGoodAt) <= freshEnough {
			continue
		}
		fresh.Asked = append(fresh.Asked, f.ID)
		work.Go(func() {
			result, _, err := c.sync(ctx, f.ID)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				slog.WarnContext(ctx, "feed not asked to the end", "feed_id", f.ID, "error", err)
			}
			if err != nil || result.Outcome == workflows.SyncFailed {
				fresh.Stale = append(fresh.Stale, f.ID)
			}
			fresh.Conflicts += result.Conflicts
			if result.Conflicts > 0 {
				c.tellSoon(ctx, f.ID)
			}
		})
	}
	work.Wait()
	return fresh, nil
}

// tellSoon has the owner told of what was found in passing. The next run of the feed, or the watch, makes up for a failure.
func (c *Calendars) tellSoon(ctx context.Context, feedID int64) {
	if c.Schedules == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if err := c.Schedules.StartFeedSync(ctx, feedID, workflows.SyncAlarms); err != nil {
		slog.WarnContext(ctx, "alarms wait for the next run", "feed_id", feedID, "error", err)
	}
}

// readClock brings the last good answers up to the minute; without the clock they are as the database has them.
func (c *Calendars) readClock(ctx context.Context, feeds []postgres.Feed) {
	if c.Clock == nil || len(feeds) == 0 {
		return
	}
	ids := make([]int64, len(feeds))
	for i, f := range feeds {
		ids[i] = f.ID
	}
	good, err := c.Clock.FeedsGood(ctx, ids)
	if err != nil {
		slog.WarnContext(ctx, "clock of feeds does not answer", "error", err)
		return
	}
	for i := range feeds {
		if at := good[feeds[i].ID]; at.After(feeds[i].LastGoodAt) {
			feeds[i].LastGoodAt = at
		}
	}
}
