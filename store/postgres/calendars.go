package postgres

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// Feed is a calendar that another channel publishes of one of our cabins. Instants that did not happen are zero.
type Feed struct {
	ID              int64
	AccommodationID int64
	UnitName        string
	// Channel is airbnb, booking, vrbo or other.
	Channel booking.Channel
	// URL is a secret: for owner and staff, never for logs.
	URL string
	// Interval is how often it is fetched; zero is as often as the setting says.
	Interval  time.Duration
	CreatedAt time.Time
	PausedAt  time.Time
	DeletedAt time.Time

	// LastGoodAt may be ten minutes behind while nothing changes; who needs the minute asks the clock of fetches too.
	LastGoodAt    time.Time
	LastAttemptAt time.Time
	LastChangedAt time.Time
	// LastError is the reason of the last failure, a word; empty while the last fetch was good.
	LastError   string
	LastErrorAt time.Time
	// Failures counts the fetches since the last good one.
	Failures int
	// Problems counts events of the last good answer that could not be read whole.
	Problems int

	QuarantinedAt    time.Time
	QuarantineReason string
	AcceptedAt       time.Time
	StaleAlarmedAt   time.Time

	// Events and Conflicts count what it has in the future and what is open; read by Feed and Feeds only.
	Events, Conflicts int
}

// NewFeed is a feed to add. CreatedBy 0 is nobody's account.
type NewFeed struct {
	AccommodationID int64
	Channel         booking.Channel
	URL             string
	Interval        time.Duration
	CreatedBy       int64
}

// AddFeed adds a feed; one with the same accommodation, channel and address is [booking.CodeDuplicate].
func (s *Store) AddFeed(ctx context.Context, feed NewFeed, now time.Time) (id int64, err error) {
	err = s.transact(ctx, "add feed", func(tx pgx.Tx) error {
		id, err = s.queries.InsertFeed(ctx, tx, &dbgen.InsertFeedParams{
			AccommodationID: feed.AccommodationID, Channel: string(feed.Channel), Url: feed.URL, IntervalSeconds: seconds(feed.Interval),
			CreatedBy: orNobody(feed.CreatedBy), Now: now,
		})
		if err != nil || feed.CreatedBy == 0 {
			return err
		}
		return s.record(ctx, tx, staffOf(feed.CreatedBy), AuditEntry{Action: "feed.created", Entity: "feed", EntityID: strconv.FormatInt(id, 10),
			After: map[string]any{"accommodation_id": feed.AccommodationID, "channel": feed.Channel, "address": hostOf(feed.URL)}}, now)
	})
	return id, err
}

func staffOf(id int64) Author { return Author{Kind: "staff", UserID: id} }

// Feed reads one feed, a deleted one too. Today is the property's.
func (s *Store) Feed(ctx context.Context, id int64, today booking.Date) (Feed, error) {
	row, err := s.queries.GetFeed(ctx, s.pool, &dbgen.GetFeedParams{ID: id, Today: today.Time()})
	if err != nil {
		return Feed{}, explain("read feed", err)
	}
	return feedOf((*dbgen.ListFeedsRow)(row)), nil
}

// Feeds lists the feeds of an accommodation, or all with 0; deleted ones are left out.
func (s *Store) Feeds(ctx context.Context, accommodationID int64, today booking.Date) ([]Feed, error) {
	rows, err := s.queries.ListFeeds(ctx, s.pool, &dbgen.ListFeedsParams{AccommodationID: accommodationID, Today: today.Time()})
	if err != nil {
		return nil, explain("list feeds", err)
	}
	feeds := make([]Feed, 0, len(rows))
	for _, row := range rows {
		feeds = append(feeds, feedOf(row))
	}
	return feeds, nil
}

// ActiveFeeds lists what is fetched: feeds of an accommodation, or all with 0, that are neither paused nor deleted. Only
// identity, interval, last good answer, last error and alarm are filled.
func (s *Store) ActiveFeeds(ctx context.Context, accommodationID int64) ([]Feed, error) {
	rows, err := s.queries.ListActiveFeeds(ctx, s.pool, accommodationID)
	if err != nil {
		return nil, explain("list active feeds", err)
	}
	feeds := make([]Feed, 0, len(rows))
	for _, row := range rows {
		feeds = append(feeds, Feed{
			ID: row.ID, AccommodationID: row.AccommodationID, UnitName: row.UnitName, Channel: booking.Channel(row.Channel),
			Interval: durationOf(row.IntervalSeconds), CreatedAt: row.CreatedAt, LastGoodAt: timeOf(row.LastGoodAt),
			StaleAlarmedAt: timeOf(row.StaleAlarmedAt), LastError: row.LastError,
		})
	}
	return feeds, nil
}

// FeedLeaves says what becomes of the future nights of a feed that is deleted.
type FeedLeaves string

// What a deleted feed leaves.
const (
	LeavesNothing FeedLeaves = "release" // its nights are open again
	LeavesBlocks  FeedLeaves = "keep"    // they stay closed as blocks by hand
)

// DeleteFeed ends a feed and reports how many blocks it released or left. Past nights stay as they were.
func (s *Store) DeleteFeed(ctx context.Context, id int64, leaves FeedLeaves, staffID int64, today booking.Date, now time.Time) (blocks int, err error) {
	if leaves != LeavesNothing && leaves != LeavesBlocks {
		return 0, booking.Refuse(booking.CodeInvalidInput, "what becomes of the nights of feed %d must be release or keep", id)
	}
	err = s.transact(ctx, "delete feed", func(tx pgx.Tx) error {
		// The lock comes before the row, as in a fetch: the two must not wait for each other.
		accommodation, err := s.queries.GetFeedAccommodation(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.queries.LockCalendar(ctx, tx, accommodation); err != nil {
			return err
		}
		if _, err := s.queries.DeleteFeed(ctx, tx, &dbgen.DeleteFeedParams{ID: id, Now: now}); err != nil {
			return err
		}
		var changed int64
		if leaves == LeavesBlocks {
			changed, err = s.queries.KeepFeedBlocks(ctx, tx, &dbgen.KeepFeedBlocksParams{
				FeedID: id, StaffID: orNobody(staffID), Reason: "feed_deleted", Today: today.Time(), Now: now})
		} else {
			changed, err = s.queries.ReleaseFeedBlocks(ctx, tx, &dbgen.ReleaseFeedBlocksParams{FeedID: id, Today: today.Time(), Now: now})
		}
		blocks = int(changed)
		if err != nil || staffID == 0 {
			return err
		}
		return s.record(ctx, tx, staffOf(staffID), AuditEntry{Action: "feed.deleted", Entity: "feed", EntityID: strconv.FormatInt(id, 10),
			Before: map[string]any{"accommodation_id": accommodation}, After: map[string]any{"leaves": leaves, "blocks": blocks}}, now)
	})
	return blocks, err
}

// FeedEvent is what we remember of an event of a feed.
type FeedEvent struct {
	ID        int64
	UID       string
	Nights    booking.Stay
	Kind      string
	Echo      bool
	Missing   int
	FirstSeen time.Time
	LastSeen  time.Time
	// ReleasedAt is when it was forgotten.
	ReleasedAt time.Time
	// Closed are the nights it closes.
	Closed []booking.Stay
}

// FeedEvents lists the events of a feed that end after a date, released ones too.
func (s *Store) FeedEvents(ctx context.Context, id int64, since booking.Date) ([]FeedEvent, error) {
	rows, err := s.queries.ListFeedEvents(ctx, s.pool, &dbgen.ListFeedEventsParams{FeedID: id, Since: since.Time()})
	if err != nil {
		return nil, explain("list feed events", err)
	}
	events := make([]FeedEvent, 0, len(rows))
	for _, row := range rows {
		event := FeedEvent{
			ID: row.ID, UID: row.Uid, Nights: nightsOf(row.StartDate, row.EndDate), Kind: row.Kind, Echo: row.Echo,
			Missing: int(row.Missing), FirstSeen: row.FirstSeen, LastSeen: row.LastSeen, ReleasedAt: timeOf(row.ReleasedAt),
		}
		for i := range row.BlockStarts {
			event.Closed = append(event.Closed, nightsOf(row.BlockStarts[i], row.BlockEnds[i]))
		}
		events = append(events, event)
	}
	return events, nil
}

func feedOf(row *dbgen.ListFeedsRow) Feed {
	f := storedFeed(&row.CalendarFeed)
	f.UnitName, f.Events, f.Conflicts = row.UnitName, int(row.Events), int(row.Conflicts)
	return f
}

func storedFeed(stored *dbgen.CalendarFeed) Feed {
	return Feed{
		ID: stored.ID, AccommodationID: stored.AccommodationID, Channel: booking.Channel(stored.Channel), URL: stored.Url,
		Interval: durationOf(stored.IntervalSeconds), CreatedAt: stored.CreatedAt, PausedAt: timeOf(stored.PausedAt),
		DeletedAt: timeOf(stored.DeletedAt), LastGoodAt: timeOf(stored.LastGoodAt), LastAttemptAt: timeOf(stored.LastAttemptAt),
		LastChangedAt: timeOf(stored.LastChangedAt), LastError: stored.LastError, LastErrorAt: timeOf(stored.LastErrorAt),
		Failures: int(stored.Failures), Problems: int(stored.Problems), QuarantinedAt: timeOf(stored.QuarantinedAt),
		QuarantineReason: stored.QuarantineReason, AcceptedAt: timeOf(stored.AcceptedAt), StaleAlarmedAt: timeOf(stored.StaleAlarmedAt),
	}
}

func seconds(interval time.Duration) *int32 {
	if interval < time.Second {
		return nil
	}
	n := int32(interval / time.Second)
	return &n
}

func durationOf(seconds *int32) time.Duration {
	if seconds == nil {
		return 0
	}
	return time.Duration(*seconds) * time.Second
}

func orNobody(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

func nightsOf(from, to time.Time) booking.Stay {
	return booking.Stay{CheckIn: dateOf(from), CheckOut: dateOf(to)}
}

// happened is the instant of a column in which the epoch stands for never.
func happened(t time.Time) time.Time {
	if t.Unix() == 0 {
		return time.Time{}
	}
	return t
}

func isMissing(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
