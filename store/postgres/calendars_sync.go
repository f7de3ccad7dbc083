package postgres

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/booking/feed"
	"cabanas/store/postgres/dbgen"
)

// FeedToSync is a feed with what its last good answer said of itself.
type FeedToSync struct {
	Feed
	// Location is the zone of the property.
	Location *time.Location
	// ETag and LastModified ask whether the content is the same; empty when even the same content has to be compared again.
	ETag, LastModified string
	// Digest is that of the last good answer.
	Digest []byte
	// Again says that the same content means something new: it waits for further fetches, our side changed, or it is another day.
	Again bool
}

// FeedToSync reads what a fetch has to know. It writes nothing.
func (s *Store) FeedToSync(ctx context.Context, id int64, now time.Time) (FeedToSync, error) {
	row, err := s.queries.GetFeedForSync(ctx, s.pool, id)
	if err != nil {
		return FeedToSync{}, explain("read feed", err)
	}
	location, err := time.LoadLocation(row.TimeZone)
	if err != nil {
		return FeedToSync{}, fmt.Errorf("read feed: time zone: %w", err)
	}
	stored := &row.CalendarFeed
	f := FeedToSync{Feed: storedFeed(stored), Location: location, Digest: stored.Digest}
	f.Again = stored.Unsettled || row.OursChanged ||
		booking.DateIn(timeOf(stored.ReconciledAt), location) != booking.DateIn(now, location)
	if !f.Again {
		f.ETag, f.LastModified = stored.Etag, stored.LastModified
	}
	return f, nil
}

// FeedSeen records a good answer that changed nothing. It is one short update; callers spare it while the last one is recent.
func (s *Store) FeedSeen(ctx context.Context, id int64, now time.Time) error {
	return explain("record fetch", s.queries.TouchFeed(ctx, s.pool, &dbgen.TouchFeedParams{ID: id, Now: now}))
}

// FeedFailed records that there was no good answer; reason is a word. Nothing else changes.
func (s *Store) FeedFailed(ctx context.Context, id int64, reason string, now time.Time) error {
	return explain("record failed fetch", s.queries.FailFeed(ctx, s.pool, &dbgen.FailFeedParams{ID: id, Reason: reason, Now: now}))
}

// FeedAnswer is a good answer of a feed.
type FeedAnswer struct {
	Seen []feed.Seen
	// Unread reports whether an event of a UID is in the answer though it could not be read; nil when all were.
	Unread             func(uid string) bool
	ETag, LastModified string
	Digest             []byte
	// Problems counts events that could not be read whole.
	Problems int
	// AskedAt is when the fetch began: an answer to an older question is not applied over a newer one.
	AskedAt time.Time
	// Interval is how often the feed is fetched when all is well.
	Interval time.Duration
	// OwnSuffix is what UIDs of our own exports end in.
	OwnSuffix string
	// Holds says that unpaid holds are published too.
	Holds bool
}

// FeedApplied is what an answer changed.
type FeedApplied struct {
	Plan feed.Plan
	// Outdated says that a newer answer was applied before; nothing was written.
	Outdated bool
	// Conflicts counts the conflicts that it opened.
	Conflicts int
}

// ApplyFeed compares an answer with what is known of the feed and writes what it means, all or nothing, under the lock of the
// accommodation. Applied twice it changes nothing the second time, except that a missing event counts as missing once more. A
// feed that is deleted or paused is [booking.CodeWrongState].
func (s *Store) ApplyFeed(ctx context.Context, id int64, answer FeedAnswer, now time.Time) (FeedApplied, error) {
	var applied FeedApplied
	// The database keeps microseconds; what is compared with a stored instant has to be one of those.
	now = now.Truncate(time.Microsecond)
	err := s.transact(ctx, "apply feed", func(tx pgx.Tx) error {
		a, err := s.beginApply(ctx, tx, id, answer, now)
		if err != nil {
			return err
		}
		if applied.Outdated = a.feed.reconciledAt.After(answer.AskedAt); applied.Outdated {
			return nil
		}
		if applied.Plan, err = a.decide(ctx); err != nil {
			return err
		}
		if err := a.write(ctx, applied.Plan); err != nil {
			return err
		}
		opened, err := s.queries.CountConflictsOpened(ctx, tx, &dbgen.CountConflictsOpenedParams{FeedID: id, At: now})
		applied.Conflicts = int(opened)
		return err
	})
	return applied, err
}

// PreviewFeed tells what an answer would mean for an accommodation that does not have the feed yet, and with which reservations
// it would be in conflict. It writes nothing.
func (s *Store) PreviewFeed(ctx context.Context, accommodationID int64, channel booking.Channel, answer FeedAnswer, now time.Time) (feed.Plan, []Conflict, error) {
	today, err := s.today(ctx, accommodationID, now)
	if err != nil {
		return feed.Plan{}, nil, err
	}
	a := application{s: s, db: s.pool, answer: answer, now: now, feed: feedUnderLock{accommodationID: accommodationID, channel: channel, today: today}}
	plan, err := a.decide(ctx)
	if err != nil {
		return feed.Plan{}, nil, explain("preview feed", err)
	}
	var conflicts []Conflict
	for _, change := range plan.Add {
		for _, nights := range change.Closed {
			rows, err := s.queries.ListReservationsIn(ctx, s.pool, &dbgen.ListReservationsInParams{
				AccommodationID: accommodationID, FromDate: nights.CheckIn.Time(), ToDate: nights.CheckOut.Time()})
			if err != nil {
				return feed.Plan{}, nil, explain("preview feed", err)
			}
			for _, row := range rows {
				conflicts = append(conflicts, Conflict{Blocked: nights, Source: "feed", Channel: channel, Code: row.Code,
					Stay: nightsOf(row.CheckIn, row.CheckOut), Status: booking.Status(row.ReservationStatus), AccommodationID: accommodationID})
			}
		}
	}
	return plan, conflicts, nil
}

func (s *Store) today(ctx context.Context, accommodationID int64, now time.Time) (booking.Date, error) {
	zone, err := s.queries.GetTimeZone(ctx, s.pool, accommodationID)
	if err != nil {
		return booking.Date{}, explain("read time zone", err)
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		return booking.Date{}, fmt.Errorf("read time zone: %w", err)
	}
	return booking.DateIn(now, location), nil
}

// application is one answer being applied.
type application struct {
	s      *Store
	db     dbgen.DBTX
	answer FeedAnswer
	now    time.Time
	feed   feedUnderLock
	// blocks are the active blocks by event.
	blocks map[int64][]eventBlock
}

type feedUnderLock struct {
	id, accommodationID int64
	channel             booking.Channel
	today               booking.Date
	digest              []byte
	reconciledAt        time.Time
	lastGoodAt          time.Time
	quarantinedAt       time.Time
	acceptedAt          time.Time
}

type eventBlock struct {
	id     int64
	nights booking.Stay
}

// beginApply takes the lock and reads the feed as it is under it.
func (s *Store) beginApply(ctx context.Context, tx pgx.Tx, id int64, answer FeedAnswer, now time.Time) (*application, error) {
	before, err := s.queries.GetFeedForSync(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if err := s.queries.LockCalendar(ctx, tx, before.CalendarFeed.AccommodationID); err != nil {
		return nil, err
	}
	row, err := s.queries.LockFeed(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if row.DeletedAt != nil || row.PausedAt != nil {
		return nil, booking.Refuse(booking.CodeWrongState, "feed %d is not fetched any more", id)
	}
	location, err := time.LoadLocation(before.TimeZone)
	if err != nil {
		return nil, err
	}
	return &application{s: s, db: tx, answer: answer, now: now, feed: feedUnderLock{
		id: id, accommodationID: row.AccommodationID, channel: booking.Channel(row.Channel), today: booking.DateIn(now, location),
		digest: row.Digest, reconciledAt: timeOf(row.ReconciledAt), lastGoodAt: timeOf(row.LastGoodAt),
		quarantinedAt: timeOf(row.QuarantinedAt), acceptedAt: timeOf(row.AcceptedAt),
	}}, nil
}

// decide gathers what the rules need and asks them.
func (a *application) decide(ctx context.Context) (feed.Plan, error) {
	in := feed.Input{
		Now: a.now, Today: a.feed.today, Channel: a.feed.channel, OwnSuffix: a.answer.OwnSuffix, LastGood: a.feed.lastGoodAt,
		Interval: a.answer.Interval, QuarantinedSince: a.feed.quarantinedAt, Seen: a.answer.Seen, Unread: a.answer.Unread,
		OwnerAccepted: !a.feed.quarantinedAt.IsZero() && !a.feed.acceptedAt.Before(a.feed.quarantinedAt),
	}
	var err error
	if in.Ours, err = a.ours(ctx); err != nil {
		return feed.Plan{}, err
	}
	if in.Known, err = a.known(ctx); err != nil {
		return feed.Plan{}, err
	}
	return feed.Reconcile(in), nil
}

func (a *application) ours(ctx context.Context) ([]feed.Ours, error) {
	since := booking.DateIn(a.now.Add(-feed.EchoMemory), time.UTC).AddDays(-1)
	rows, err := a.s.queries.ListOurs(ctx, a.db, &dbgen.ListOursParams{
		AccommodationID: a.feed.accommodationID, FeedID: a.feed.id, Channel: string(a.feed.channel), Holds: a.answer.Holds,
		Since: since.Time(), Now: a.now})
	if err != nil {
		return nil, err
	}
	ours := make([]feed.Ours, 0, len(rows))
	for _, row := range rows {
		ours = append(ours, feed.Ours{
			Nights: nightsOf(row.StartDate, row.EndDate), Channel: booking.Channel(row.Channel), Since: happened(row.Since),
			Fetched: happened(row.Fetched), Until: happened(row.Until), Dropped: happened(row.Dropped),
		})
	}
	return ours, nil
}

func (a *application) known(ctx context.Context) ([]feed.Known, error) {
	rows, err := a.s.queries.ListKnownEvents(ctx, a.db, &dbgen.ListKnownEventsParams{FeedID: a.feed.id, Since: a.rememberedSince()})
	if err != nil {
		return nil, err
	}
	blocks, err := a.s.queries.ListEventBlocks(ctx, a.db, &dbgen.ListEventBlocksParams{FeedID: a.feed.id, Since: a.rememberedSince()})
	if err != nil {
		return nil, err
	}
	a.blocks = make(map[int64][]eventBlock, len(rows))
	for _, b := range blocks {
		a.blocks[b.EventID] = append(a.blocks[b.EventID], eventBlock{id: b.ID, nights: nightsOf(b.StartDate, b.EndDate)})
	}
	known := make([]feed.Known, 0, len(rows))
	for _, row := range rows {
		event := feed.Known{ID: row.ID, UID: row.Uid, Nights: nightsOf(row.StartDate, row.EndDate), Kind: feed.Kind(row.Kind),
			Missing: int(row.Missing), FirstSeen: row.FirstSeen}
		for _, b := range a.blocks[row.ID] {
			event.Closed = append(event.Closed, b.nights)
		}
		known = append(known, event)
	}
	return known, nil
}

// rememberedSince is the end of the oldest events that are still compared; channels drop what is over within days.
func (a *application) rememberedSince() time.Time { return a.feed.today.AddDays(-14).Time() }

// changed reports whether the answer or its meaning is another than before.
func (a *application) changed(plan feed.Plan) bool {
	return len(plan.Add)+len(plan.Update)+len(plan.Release) > 0 || !bytes.Equal(a.feed.digest, a.answer.Digest)
}
