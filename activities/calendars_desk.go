package activities

import (
	"context"
	"log/slog"
	"time"

	"cabanas/booking"
	"cabanas/booking/feed"
	"cabanas/gateways/ical"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// What staff does with feeds. A row that was written counts, even when Temporal is away: the watch makes its schedule.

const shortestInterval = time.Minute

// FeedChannels lists the channels of feeds and exports.
var FeedChannels = []booking.Channel{booking.ChannelAirbnb, booking.ChannelBooking, "vrbo", booking.ChannelOther}

// AddFeed saves a feed and starts fetching it. It does not look at the address: see [Calendars.Preview].
func (c *Calendars) AddFeed(ctx context.Context, wish postgres.NewFeed) (postgres.Feed, error) {
	if wish.Interval != 0 && wish.Interval < min(shortestInterval, c.Every) {
		return postgres.Feed{}, booking.Refuse(booking.CodeInvalidInput, "a feed is fetched once a minute at most")
	}
	id, err := c.Store.AddFeed(ctx, wish, c.Now())
	if err != nil {
		return postgres.Feed{}, err
	}
	f, err := c.Feed(ctx, id)
	if err != nil {
		return f, err
	}
	c.follow(ctx, f)
	if c.Schedules != nil {
		if err := c.Schedules.StartFeedSync(ctx, id, workflows.SyncAdded); err != nil {
			slog.WarnContext(ctx, "new feed waits for its schedule", "feed_id", id, "error", err)
		}
	}
	return f, nil
}

// DeleteFeed ends a feed; its future nights are released or stay closed by hand, as the caller says. It reports how many blocks
// that were.
func (c *Calendars) DeleteFeed(ctx context.Context, id int64, leaves postgres.FeedLeaves, staffID int64) (int, error) {
	today, err := c.today(ctx)
	if err != nil {
		return 0, err
	}
	blocks, err := c.Store.DeleteFeed(ctx, id, leaves, staffID, today, c.Now())
	if err != nil || c.Schedules == nil {
		return blocks, err
	}
	if err := c.Schedules.RemoveFeedSchedule(ctx, id); err != nil {
		slog.WarnContext(ctx, "schedule of a deleted feed stays until the watch", "feed_id", id, "error", err)
	}
	return blocks, nil
}

// Feed reads one feed with its last good answer to the minute.
func (c *Calendars) Feed(ctx context.Context, id int64) (postgres.Feed, error) {
	today, err := c.today(ctx)
	if err != nil {
		return postgres.Feed{}, err
	}
	f, err := c.Store.Feed(ctx, id, today)
	if err != nil {
		return f, err
	}
	feeds := []postgres.Feed{f}
	c.readClock(ctx, feeds)
	return feeds[0], nil
}

// Feeds lists the feeds of an accommodation, or all with 0.
func (c *Calendars) Feeds(ctx context.Context, accommodationID int64) ([]postgres.Feed, error) {
	today, err := c.today(ctx)
	if err != nil {
		return nil, err
	}
	feeds, err := c.Store.Feeds(ctx, accommodationID, today)
	c.readClock(ctx, feeds)
	return feeds, err
}

// SyncNow fetches a feed and waits for what it comes to; a fetch on demand that is under way is joined.
func (c *Calendars) SyncNow(ctx context.Context, id int64) (workflows.CalendarSyncResult, error) {
	f, err := c.Feed(ctx, id)
	if err != nil {
		return workflows.CalendarSyncResult{}, err
	}
	if !f.DeletedAt.IsZero() {
		return workflows.CalendarSyncResult{}, booking.Refuse(booking.CodeNotFound, "no feed %d", id)
	}
	if !f.PausedAt.IsZero() {
		return workflows.CalendarSyncResult{}, booking.Refuse(booking.CodeWrongState, "feed %d is paused", id)
	}
	return c.Schedules.SyncFeedNow(ctx, id, workflows.SyncAsked)
}

func (c *Calendars) changed(ctx context.Context, id int64, err error) (postgres.Feed, error) {
	if err != nil {
		return postgres.Feed{}, err
	}
	f, err := c.Feed(ctx, id)
	if err == nil {
		c.follow(ctx, f)
	}
	return f, err
}

// follow brings the schedule of a feed to where its row is.
func (c *Calendars) follow(ctx context.Context, f postgres.Feed) {
	if c.Schedules == nil {
		return
	}
	if _, err := c.Schedules.SetFeedSchedule(ctx, c.schedule(f)); err != nil {
		slog.WarnContext(ctx, "schedule of a feed waits for the watch", "feed_id", f.ID, "error", err)
	}
}

func (c *Calendars) today(ctx context.Context) (booking.Date, error) {
	property, err := c.Store.Property(ctx)
	if err != nil {
		return booking.Date{}, err
	}
	return booking.DateIn(c.Now(), property.Location), nil
}

// PreviewRequest is a feed that was not saved: an address, or the text of a calendar.
type PreviewRequest struct {
	AccommodationID int64
	Channel         booking.Channel
	URL             string
	Body            []byte
}

// PreviewEvent is what one event of a feed would do. Summary is what the channel says of it and may name a guest.
type PreviewEvent struct {
	UID     string
	Summary string
	Kind    feed.Kind
	Nights  booking.Stay
	// Closes are the nights it would close; none for an echo or one that is cancelled.
	Closes    []booking.Stay
	Echo      bool
	Cancelled bool
	// Past events close nothing that matters.
	Past bool
}

// Preview is what a feed would mean if it were saved.
type Preview struct {
	ProdID    string
	Events    []PreviewEvent
	Conflicts []postgres.Conflict
	Problems  []ical.Problem
}

// Preview reads a feed and tells what it would import, without saving anything. A feed that gives no good answer is the
// [*ical.Error] that says why.
func (c *Calendars) Preview(ctx context.Context, request PreviewRequest) (Preview, error) {
	property, err := c.Store.Property(ctx)
	if err != nil {
		return Preview{}, err
	}
	if _, err := c.Store.Accommodation(ctx, request.AccommodationID); err != nil {
		return Preview{}, err
	}
	body := request.Body
	if request.URL != "" {
		fetched, err := c.Fetcher.Fetch(ctx, request.URL, ical.Known{})
		if err != nil {
			return Preview{}, err
		}
		body = fetched.Body
	}
	calendar, err := ical.Parse(body, reading(property.Location, c.Now()))
	if err != nil {
		return Preview{}, err
	}
	plan, conflicts, err := c.Store.PreviewFeed(ctx, request.AccommodationID, request.Channel,
		c.answer(request.AccommodationID, request.Channel, calendar), c.Now())
	if err != nil {
		return Preview{}, err
	}
	closes := make(map[string]feed.Change, len(plan.Add))
	for _, change := range plan.Add {
		closes[change.UID] = change
	}
	today := booking.DateIn(c.Now(), property.Location)
	preview := Preview{ProdID: calendar.ProdID, Conflicts: conflicts, Problems: calendar.Problems}
	for _, event := range calendar.Events {
		change, planned := closes[event.UID]
		preview.Events = append(preview.Events, PreviewEvent{
			UID: event.UID, Summary: event.Summary, Kind: feed.Classify(request.Channel, event.UID, event.Summary),
			Nights: booking.Stay{CheckIn: event.Start, CheckOut: event.End}, Closes: change.Closed, Cancelled: event.Cancelled,
			Echo: planned && change.Echo(), Past: !event.End.After(today),
		})
	}
	return preview, nil
}
