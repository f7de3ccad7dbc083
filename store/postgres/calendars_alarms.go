package postgres

import (
	"context"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// Due is something the owner was not told yet: a conflict or a feed by its id, and since when.
type Due struct {
	ID    int64
	Since time.Time
}

// DueConflictAlarms lists open conflicts with other channels, of an accommodation or all with 0, that nobody was told of; at most
// a hundred.
func (s *Store) DueConflictAlarms(ctx context.Context, accommodationID int64) ([]Due, error) {
	rows, err := s.queries.ListDueConflictAlarms(ctx, s.pool, accommodationID)
	if err != nil {
		return nil, explain("list due alarms", err)
	}
	due := make([]Due, 0, len(rows))
	for _, row := range rows {
		due = append(due, Due{ID: row.ID, Since: row.OpenedAt})
	}
	return due, nil
}

// DueQuarantineAlarms lists feeds in quarantine, or the one, that nobody was asked about.
func (s *Store) DueQuarantineAlarms(ctx context.Context, feedID int64) ([]Due, error) {
	rows, err := s.queries.ListDueQuarantineAlarms(ctx, s.pool, feedID)
	if err != nil {
		return nil, explain("list due alarms", err)
	}
	due := make([]Due, 0, len(rows))
	for _, row := range rows {
		due = append(due, Due{ID: row.ID, Since: row.Since})
	}
	return due, nil
}

// ConflictAlarmed records that the owner was told of a conflict.
func (s *Store) ConflictAlarmed(ctx context.Context, id int64, now time.Time) error {
	return explain("record alarm", s.queries.ConflictAlarmed(ctx, s.pool, &dbgen.ConflictAlarmedParams{ID: id, Now: now}))
}

// QuarantineAlarmed records that the owner was asked about a feed.
func (s *Store) QuarantineAlarmed(ctx context.Context, id int64, now time.Time) error {
	return explain("record alarm", s.queries.QuarantineAlarmed(ctx, s.pool, &dbgen.QuarantineAlarmedParams{ID: id, Now: now}))
}

// StaleAlarmed records that the owner was told that a feed gives no good answer.
func (s *Store) StaleAlarmed(ctx context.Context, id int64, now time.Time) error {
	return explain("record alarm", s.queries.StaleAlarmed(ctx, s.pool, &dbgen.StaleAlarmedParams{ID: id, Now: now}))
}

// StaleOver records that the owner was told that a feed is well again.
func (s *Store) StaleOver(ctx context.Context, id int64) error {
	return explain("record alarm", s.queries.StaleOver(ctx, s.pool, id))
}

// NoteCalendarStale writes into the story of a booking that feeds gave no fresh answer when it was promised; moment is a word.
func (s *Store) NoteCalendarStale(ctx context.Context, code, moment string, feeds []int64, now time.Time) error {
	return explain("note stale feeds", s.queries.NoteCalendarStale(ctx, s.pool, &dbgen.NoteCalendarStaleParams{
		Code: code, Change: mustJSON(change{By: booking.BySystem, Reason: moment, At: now, Details: map[string]any{"feeds": feeds}})}))
}
