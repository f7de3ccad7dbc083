package postgres

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// What staff writes about calendars; each write and its entry in the audit log are one transaction.

// FeedChange is what is to be different about a feed; nil leaves it as it is.
type FeedChange struct {
	URL *string
	// Interval zero is as often as the setting says.
	Interval *time.Duration
	Paused   *bool
	// Accepted says that what a quarantined feed shows is right.
	Accepted bool
}

// ChangeFeedByStaff changes a feed. An unknown or deleted one is [booking.CodeNotFound]; accepting one that is not in quarantine
// is [booking.CodeWrongState].
func (s *Store) ChangeFeedByStaff(ctx context.Context, id int64, change FeedChange, by Author, now time.Time) error {
	return s.transact(ctx, "change feed", func(tx pgx.Tx) error {
		stored, err := s.queries.LockFeed(ctx, tx, id)
		if err != nil {
			return err
		}
		if stored.DeletedAt != nil {
			return booking.Refuse(booking.CodeNotFound, "no feed %d", id)
		}
		was := storedFeed(stored)
		entry := AuditEntry{Action: "feed.changed", Entity: "feed", EntityID: strconv.FormatInt(id, 10), Before: map[string]any{}, After: map[string]any{}}
		if err := s.changeAddress(ctx, tx, was, change, &entry, now); err != nil {
			return err
		}
		if change.Paused != nil && *change.Paused == was.PausedAt.IsZero() {
			entry.Before["paused"], entry.After["paused"] = !*change.Paused, *change.Paused
			if *change.Paused {
				_, err = s.queries.PauseFeed(ctx, tx, &dbgen.PauseFeedParams{ID: id, Now: now})
			} else {
				_, err = s.queries.ResumeFeed(ctx, tx, &dbgen.ResumeFeedParams{ID: id, Now: now})
			}
			if err != nil {
				return err
			}
		}
		if change.Accepted {
			accepted, err := s.queries.AcceptFeed(ctx, tx, &dbgen.AcceptFeedParams{ID: id, Now: now})
			if err != nil {
				return err
			}
			if accepted == 0 {
				return booking.Refuse(booking.CodeWrongState, "feed %d is not in quarantine", id)
			}
			entry.Action, entry.Before["quarantined"], entry.After["accepted"] = "feed.accepted", was.QuarantineReason, true
		}
		if len(entry.After) == 0 {
			return nil
		}
		return s.record(ctx, tx, by, entry, now)
	})
}

func (s *Store) changeAddress(ctx context.Context, tx pgx.Tx, was Feed, change FeedChange, entry *AuditEntry, now time.Time) error {
	address, interval := was.URL, was.Interval
	if change.URL != nil && *change.URL != was.URL {
		address = *change.URL
		entry.Before["address"], entry.After["address"] = hostOf(was.URL), hostOf(address)
	}
	if change.Interval != nil && *change.Interval != was.Interval {
		interval = *change.Interval
		entry.Before["interval_seconds"], entry.After["interval_seconds"] = int(was.Interval.Seconds()), int(interval.Seconds())
	}
	if len(entry.After) == 0 {
		return nil
	}
	_, err := s.queries.ChangeFeed(ctx, tx, &dbgen.ChangeFeedParams{ID: was.ID, Url: address, IntervalSeconds: seconds(interval), Now: now})
	return err
}

// hostOf is as much of a feed's address as is no secret.
func hostOf(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return parsed.Host
}

// FeedFilter chooses feeds and exports; a zero field asks for nothing.
type FeedFilter struct {
	AccommodationID int64
	Channel         booking.Channel
	// Status is new, ok, failing, quarantined or paused. Exports have none.
	Status string
}

// FeedPage lists feeds by id after one; deleted ones are left out.
func (s *Store) FeedPage(ctx context.Context, filter FeedFilter, after int64, most int, today booking.Date) ([]Feed, error) {
	rows, err := s.queries.ListFeedPage(ctx, s.pool, &dbgen.ListFeedPageParams{AccommodationID: filter.AccommodationID,
		Channel: string(filter.Channel), Status: filter.Status, AfterID: after, Most: int32(most), Today: today.Time()})
	if err != nil {
		return nil, explain("list feeds", err)
	}
	feeds := make([]Feed, 0, len(rows))
	for _, row := range rows {
		feeds = append(feeds, feedOf((*dbgen.ListFeedsRow)(row)))
	}
	return feeds, nil
}

// RotateExport makes the export of an accommodation for a channel, or gives it another token: the old address ends at once.
func (s *Store) RotateExport(ctx context.Context, accommodationID int64, channel booking.Channel, tokenHash []byte, by Author, now time.Time) (Export, error) {
	var export Export
	err := s.transact(ctx, "rotate export", func(tx pgx.Tx) error {
		row, err := s.queries.SetExport(ctx, tx, &dbgen.SetExportParams{
			AccommodationID: accommodationID, Channel: string(channel), TokenHash: tokenHash, Now: now})
		if err != nil {
			return err
		}
		export = Export{ID: row.ID, AccommodationID: row.AccommodationID, Channel: booking.Channel(row.Channel),
			CreatedAt: row.CreatedAt, RotatedAt: timeOf(row.RotatedAt)}
		entry := exportEntry("export.created", row.ID)
		entry.After = map[string]any{"accommodation_id": accommodationID, "channel": channel}
		if row.RotatedAt != nil {
			entry.Action, entry.Before = "export.rotated", entry.After
		}
		return s.record(ctx, tx, by, entry, now)
	})
	return export, err
}

// EndExport ends an export with its pulls; an unknown one is [booking.CodeNotFound].
func (s *Store) EndExport(ctx context.Context, id int64, by Author, now time.Time) error {
	return s.transact(ctx, "end export", func(tx pgx.Tx) error {
		row, err := s.queries.LockExport(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := s.queries.DeleteExport(ctx, tx, id); err != nil {
			return err
		}
		entry := exportEntry("export.ended", id)
		entry.Before = map[string]any{"accommodation_id": row.AccommodationID, "channel": row.Channel}
		return s.record(ctx, tx, by, entry, now)
	})
}

func exportEntry(action string, id int64) AuditEntry {
	return AuditEntry{Action: action, Entity: "export", EntityID: strconv.FormatInt(id, 10)}
}

// ExportChangedAt is when what an accommodation publishes last changed, or something near it did.
func (s *Store) ExportChangedAt(ctx context.Context, accommodationID int64) (time.Time, error) {
	at, err := s.queries.ExportChangedAt(ctx, s.pool, accommodationID)
	return at, explain("read last change", err)
}

// ResolveByStaff ends an open conflict by a person's choice; one that is not open is [booking.CodeWrongState]. Choosing cancel_ours
// cancels nothing by itself: the caller has the booking cancelled, which ends the conflict, and the choice is noted with it.
func (s *Store) ResolveByStaff(ctx context.Context, id int64, choice Resolution, by Author, now time.Time) error {
	if !choice.Named() {
		return booking.Refuse(booking.CodeInvalidInput, "a conflict is resolved by keep_ours, cancel_ours or same_booking")
	}
	err := s.transact(ctx, "resolve conflict", func(tx pgx.Tx) error {
		changed, err := s.queries.ResolveConflict(ctx, tx, &dbgen.ResolveConflictParams{ID: id, Resolution: string(choice), StaffID: by.UserID, Now: now})
		if err == nil && changed == 0 && choice == ResolvedCancelOurs {
			changed, err = s.queries.NameResolution(ctx, tx, &dbgen.NameResolutionParams{ID: id, StaffID: by.UserID})
		}
		if err != nil {
			return err
		}
		if changed == 0 {
			return booking.Refuse(booking.CodeWrongState, "conflict %d is not open", id)
		}
		return s.record(ctx, tx, by, AuditEntry{Action: "conflict.resolved", Entity: "conflict", EntityID: strconv.FormatInt(id, 10),
			Before: map[string]any{"resolution": nil}, After: map[string]any{"resolution": choice}}, now)
	})
	if booking.IsCode(err, booking.CodeWrongState) {
		if _, missing := s.Conflict(ctx, id); missing != nil {
			return missing
		}
	}
	return err
}

// ConflictStatus chooses conflicts.
type ConflictStatus string

// Which conflicts are listed.
const (
	ConflictsOpen     ConflictStatus = "open"
	ConflictsResolved ConflictStatus = "resolved"
	ConflictsAll      ConflictStatus = "all"
)

// ConflictFilter chooses conflicts; a zero field asks for nothing, but for the status.
type ConflictFilter struct {
	Status          ConflictStatus
	AccommodationID int64
	// Channel is of the feed that closed the nights.
	Channel booking.Channel
	Code    string
	// From and To bound the closed nights: those with a night of [From, To).
	From, To booking.Date
}

// ConflictPage lists conflicts, the newest first, below an id; 0 is all.
func (s *Store) ConflictPage(ctx context.Context, filter ConflictFilter, before int64, most int) ([]Conflict, error) {
	rows, err := s.queries.ListConflictPage(ctx, s.pool, &dbgen.ListConflictPageParams{
		Status: string(filter.Status), AccommodationID: filter.AccommodationID, Channel: string(filter.Channel), Code: filter.Code,
		FromDate: dayOrNull(filter.From), ToDate: dayOrNull(filter.To), BeforeID: before, Most: int32(most)})
	if err != nil {
		return nil, explain("list conflicts", err)
	}
	conflicts := make([]Conflict, 0, len(rows))
	for _, row := range rows {
		conflicts = append(conflicts, conflictOf((*dbgen.ListConflictsRow)(row)))
	}
	return conflicts, nil
}
