package activities

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"cabanas/booking"
	"cabanas/gateways/ical"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// CalendarDesk is where staff sees and changes calendars, and where other channels read ours. Errors are booking refusals; an
// address or calendar of somebody else that is no good is the [*ical.Error] that says why.
type CalendarDesk struct {
	Calendars *Calendars
	Store     CalendarDeskStore
	Addresses FeedAddresses
	Bookings  BookingCanceller
	// BaseURL is where other channels reach us.
	BaseURL *url.URL
}

// FeedAddresses judges an address before it is saved.
type FeedAddresses interface {
	Check(address string) error
}

// BookingCanceller reaches Booking workflows; the same key returns the first outcome.
type BookingCanceller interface {
	Cancel(ctx context.Context, code, key string, request workflows.CancelRequest) (workflows.ChangeOutcome, error)
}

// CalendarDeskStore is what the calendar desk reads and writes beside the feeds themselves.
type CalendarDeskStore interface {
	CatalogueStore
	FeedPage(ctx context.Context, filter postgres.FeedFilter, after int64, most int, today booking.Date) ([]postgres.Feed, error)
	ChangeFeedByStaff(ctx context.Context, id int64, change postgres.FeedChange, by postgres.Author, now time.Time) error

	RotateExport(ctx context.Context, accommodationID int64, channel booking.Channel, tokenHash []byte, by postgres.Author, now time.Time) (postgres.Export, error)
	EndExport(ctx context.Context, id int64, by postgres.Author, now time.Time) error
	Exports(ctx context.Context, accommodationID int64) ([]postgres.Export, error)
	ExportChangedAt(ctx context.Context, accommodationID int64) (time.Time, error)
	RecordPull(ctx context.Context, exportID int64, agent string, channel booking.Channel, now time.Time) error

	BoardReservations(ctx context.Context, accommodationID int64, from, to booking.Date, holds bool) ([]postgres.BoardReservation, error)
	BlockPage(ctx context.Context, filter postgres.BlockFilter, after int64, most int) ([]postgres.Block, error)
	BlockByStaff(ctx context.Context, accommodationID int64, nights booking.Stay, reason string, by postgres.Author, now time.Time) (int64, error)
	UnblockByStaff(ctx context.Context, id int64, by postgres.Author, now time.Time) error
	ImportBlocks(ctx context.Context, accommodationID int64, events []postgres.ImportedNights, by postgres.Author, now time.Time) (postgres.ImportedCalendar, error)

	Conflict(ctx context.Context, id int64) (postgres.Conflict, error)
	ConflictPage(ctx context.Context, filter postgres.ConflictFilter, before int64, most int) ([]postgres.Conflict, error)
	ResolveByStaff(ctx context.Context, id int64, choice postgres.Resolution, by postgres.Author, now time.Time) error
}

const (
	// firstFetch is how long somebody who adds a feed waits for its first answer.
	firstFetch = 8 * time.Second
	// longestBlock and longestInterval keep slips of the finger out.
	longestBlock    = 3 * 366 // nights
	longestInterval = 24 * time.Hour
)

// AddFeed saves a feed and fetches it at once. The result is nil when the fetch takes longer than a few seconds or cannot be
// asked for at once: the feed is saved all the same, and its schedule fetches it.
func (d *CalendarDesk) AddFeed(ctx context.Context, wish postgres.NewFeed) (postgres.Feed, *workflows.CalendarSyncResult, error) {
	wish.URL = strings.TrimSpace(wish.URL)
	if err := d.Addresses.Check(wish.URL); err != nil {
		return postgres.Feed{}, nil, err
	}
	if wish.Interval > longestInterval {
		return postgres.Feed{}, nil, booking.Refuse(booking.CodeInvalidInput, "a feed is fetched once a day at least")
	}
	if _, err := d.Store.Accommodation(ctx, wish.AccommodationID); err != nil {
		return postgres.Feed{}, nil, err
	}
	f, err := d.Calendars.AddFeed(ctx, wish)
	if err != nil {
		return f, nil, err
	}
	result := d.firstFetch(ctx, f.ID)
	if again, err := d.Calendars.Feed(ctx, f.ID); err == nil {
		f = again
	}
	return f, result, nil
}

func (d *CalendarDesk) firstFetch(ctx context.Context, id int64) *workflows.CalendarSyncResult {
	ctx, cancel := context.WithTimeout(ctx, firstFetch)
	defer cancel()
	result, err := d.Calendars.SyncNow(ctx, id)
	if err != nil {
		slog.WarnContext(ctx, "first fetch not waited for", "feed_id", id, "error", err)
		return nil
	}
	return &result
}

// Preview tells what a feed would import, see [Calendars.Preview].
func (d *CalendarDesk) Preview(ctx context.Context, request PreviewRequest) (Preview, error) {
	return d.Calendars.Preview(ctx, request)
}

// FeedPage lists feeds by id after one, with their last good answers to the minute.
func (d *CalendarDesk) FeedPage(ctx context.Context, filter postgres.FeedFilter, after int64, most int) ([]postgres.Feed, error) {
	today, err := d.Calendars.today(ctx)
	if err != nil {
		return nil, err
	}
	feeds, err := d.Store.FeedPage(ctx, filter, after, most, today)
	d.Calendars.readClock(ctx, feeds)
	return feeds, err
}

// Feed reads a feed; a deleted one is not found.
func (d *CalendarDesk) Feed(ctx context.Context, id int64) (postgres.Feed, error) {
	f, err := d.Calendars.Feed(ctx, id)
	if err == nil && !f.DeletedAt.IsZero() {
		err = booking.Refuse(booking.CodeNotFound, "no feed %d", id)
	}
	return f, err
}

// ChangeFeed gives a feed another address or interval, pauses or resumes it. A new address is fetched at once.
func (d *CalendarDesk) ChangeFeed(ctx context.Context, id int64, change postgres.FeedChange, by postgres.Author) (postgres.Feed, error) {
	c := d.Calendars
	if change.URL != nil {
		address := strings.TrimSpace(*change.URL)
		change.URL = &address
		if err := d.Addresses.Check(address); err != nil {
			return postgres.Feed{}, err
		}
	}
	if i := change.Interval; i != nil && *i != 0 && (*i < min(shortestInterval, c.Every) || *i > longestInterval) {
		return postgres.Feed{}, booking.Refuse(booking.CodeInvalidInput, "a feed is fetched once a minute at most and once a day at least")
	}
	f, err := c.changed(ctx, id, d.Store.ChangeFeedByStaff(ctx, id, change, by, c.Now()))
	if err == nil && f.PausedAt.IsZero() && (change.URL != nil || change.Paused != nil) && c.Schedules != nil {
		if err := c.Schedules.StartFeedSync(ctx, id, workflows.SyncAdded); err != nil {
			slog.WarnContext(ctx, "changed feed waits for its schedule", "feed_id", id, "error", err)
		}
	}
	return f, err
}

// AcceptFeed says that what a quarantined feed shows is right, and fetches it.
func (d *CalendarDesk) AcceptFeed(ctx context.Context, id int64, by postgres.Author) (workflows.CalendarSyncResult, error) {
	if _, err := d.Feed(ctx, id); err != nil {
		return workflows.CalendarSyncResult{}, err
	}
	if err := d.Store.ChangeFeedByStaff(ctx, id, postgres.FeedChange{Accepted: true}, by, d.Calendars.Now()); err != nil {
		return workflows.CalendarSyncResult{}, err
	}
	return d.Calendars.SyncNow(ctx, id)
}

// DeleteFeed ends a feed and reports how many blocks it released or left, see [Calendars.DeleteFeed].
func (d *CalendarDesk) DeleteFeed(ctx context.Context, id int64, leaves postgres.FeedLeaves, by postgres.Author) (int, error) {
	return d.Calendars.DeleteFeed(ctx, id, leaves, by.UserID)
}

// Sync fetches a feed now and waits for what it comes to. A paused feed is [booking.CodeWrongState].
func (d *CalendarDesk) Sync(ctx context.Context, id int64) (workflows.CalendarSyncResult, error) {
	return d.Calendars.SyncNow(ctx, id)
}

// ImportRequest is a calendar to be read once: its address, or its text.
type ImportRequest struct {
	AccommodationID int64
	URL             string
	Body            []byte
}

// CalendarImport is what reading a calendar once came to.
type CalendarImport struct {
	postgres.ImportedCalendar
	// Skipped counts events that close nothing: cancelled, past, or our own.
	Skipped  int
	Problems []ical.Problem
}

// Import closes the nights of a calendar by hand, once: the same calendar again changes nothing, an event that moved moves its
// block. What is past, cancelled or ours is skipped. Blocks that land on reservations are conflicts, and are named.
func (d *CalendarDesk) Import(ctx context.Context, request ImportRequest, by postgres.Author) (CalendarImport, error) {
	c := d.Calendars
	property, err := d.Store.Property(ctx)
	if err != nil {
		return CalendarImport{}, err
	}
	if _, err := d.Store.Accommodation(ctx, request.AccommodationID); err != nil {
		return CalendarImport{}, err
	}
	if request.URL != "" {
		fetched, err := c.Fetcher.Fetch(ctx, request.URL, ical.Known{})
		if err != nil {
			return CalendarImport{}, err
		}
		request.Body = fetched.Body
	}
	calendar, err := ical.Parse(request.Body, reading(property.Location, c.Now()))
	if err != nil {
		return CalendarImport{Problems: calendar.Problems}, err
	}
	done := CalendarImport{Problems: calendar.Problems}
	today := booking.DateIn(c.Now(), property.Location)
	var events []postgres.ImportedNights
	for _, event := range calendar.Events {
		if event.Cancelled || !event.End.After(today) || strings.HasSuffix(event.UID, c.ownSuffix(request.AccommodationID)) {
			done.Skipped++
			continue
		}
		events = append(events, postgres.ImportedNights{UID: event.UID, Nights: booking.Stay{CheckIn: event.Start, CheckOut: event.End}})
	}
	done.ImportedCalendar, err = d.Store.ImportBlocks(ctx, request.AccommodationID, events, by, c.Now())
	return done, err
}

// Block closes nights by hand, see [postgres.Store.BlockByStaff]; nights that are over are [booking.CodeInThePast].
func (d *CalendarDesk) Block(ctx context.Context, accommodationID int64, nights booking.Stay, reason string, by postgres.Author) (int64, error) {
	today, err := d.Calendars.today(ctx)
	if err != nil {
		return 0, err
	}
	switch {
	case !nights.CheckOut.After(today):
		return 0, booking.Refuse(booking.CodeInThePast, "these nights are over")
	case nights.Nights() > longestBlock:
		return 0, booking.Refuse(booking.CodeTooLong, "a block has %d nights at most", longestBlock)
	}
	if _, err := d.Store.Accommodation(ctx, accommodationID); err != nil {
		return 0, err
	}
	return d.Store.BlockByStaff(ctx, accommodationID, nights, reason, by, d.Calendars.Now())
}

// Unblock opens nights that were closed by hand.
func (d *CalendarDesk) Unblock(ctx context.Context, id int64, by postgres.Author) error {
	return d.Store.UnblockByStaff(ctx, id, by, d.Calendars.Now())
}

// Blocks lists active blocks by id after one; from today when the filter has no date.
func (d *CalendarDesk) Blocks(ctx context.Context, filter postgres.BlockFilter, after int64, most int) ([]postgres.Block, error) {
	if filter.From.IsZero() {
		today, err := d.Calendars.today(ctx)
		if err != nil {
			return nil, err
		}
		filter.From = today
	}
	if !filter.To.IsZero() && !filter.From.Before(filter.To) {
		return nil, booking.Refuse(booking.CodeInvalidDates, "to is not after from")
	}
	return d.Store.BlockPage(ctx, filter, after, most)
}

// Conflicts lists conflicts, the newest first, below an id; 0 is all.
func (d *CalendarDesk) Conflicts(ctx context.Context, filter postgres.ConflictFilter, before int64, most int) ([]postgres.Conflict, error) {
	if !filter.From.IsZero() && !filter.To.IsZero() && !filter.From.Before(filter.To) {
		return nil, booking.Refuse(booking.CodeInvalidDates, "to is not after from")
	}
	return d.Store.ConflictPage(ctx, filter, before, most)
}

// reasonConflict is why a booking was cancelled, for its story.
const reasonConflict = "calendar_conflict"

// Resolve ends an open conflict by a named choice. With cancel_ours the booking is cancelled first, as by the owner and with
// everything given back; when that is refused the conflict stays open.
func (d *CalendarDesk) Resolve(ctx context.Context, id int64, choice postgres.Resolution, by postgres.Author) (postgres.Conflict, error) {
	conflict, err := d.Store.Conflict(ctx, id)
	if err != nil {
		return conflict, err
	}
	if !conflict.ResolvedAt.IsZero() {
		return conflict, booking.Refuse(booking.CodeWrongState, "conflict %d is not open: %s", id, conflict.Resolution)
	}
	if choice == postgres.ResolvedCancelOurs {
		outcome, err := d.Bookings.Cancel(ctx, conflict.Code, "conflict-"+label(id), workflows.CancelRequest{
			By: booking.ByOwner, Reason: reasonConflict, Refund: booking.RefundFull, StaffID: by.UserID})
		if err := refusalOf(outcome, err); err != nil {
			return conflict, err
		}
	}
	if err := d.Store.ResolveByStaff(ctx, id, choice, by, d.Calendars.Now()); err != nil {
		return conflict, err
	}
	return d.Store.Conflict(ctx, id)
}
