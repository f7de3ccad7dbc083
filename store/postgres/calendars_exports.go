package postgres

import (
	"context"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// Export is our calendar of a cabin for one channel.
type Export struct {
	ID              int64
	AccommodationID int64
	UnitName        string
	Channel         booking.Channel
	CreatedAt       time.Time
	RotatedAt       time.Time
	// LastPull is when the channel last fetched it; only [Store.Exports] fills it.
	LastPull time.Time
}

// Export finds the export behind a token; a wrong one is [booking.CodeNotFound].
func (s *Store) Export(ctx context.Context, accommodationID int64, tokenHash []byte) (Export, error) {
	row, err := s.queries.GetExport(ctx, s.pool, &dbgen.GetExportParams{AccommodationID: accommodationID, TokenHash: tokenHash})
	if err != nil {
		return Export{}, explain("read export", err)
	}
	return Export{ID: row.ID, AccommodationID: row.AccommodationID, UnitName: row.UnitName, Channel: booking.Channel(row.Channel),
		CreatedAt: row.CreatedAt, RotatedAt: timeOf(row.RotatedAt)}, nil
}

// Exports lists the exports of an accommodation, or all with 0.
func (s *Store) Exports(ctx context.Context, accommodationID int64) ([]Export, error) {
	rows, err := s.queries.ListExports(ctx, s.pool, accommodationID)
	if err != nil {
		return nil, explain("list exports", err)
	}
	exports := make([]Export, 0, len(rows))
	for _, row := range rows {
		exports = append(exports, Export{ID: row.ID, AccommodationID: row.AccommodationID, UnitName: row.UnitName,
			Channel: booking.Channel(row.Channel), CreatedAt: row.CreatedAt, RotatedAt: timeOf(row.RotatedAt), LastPull: happened(row.LastPull)})
	}
	return exports, nil
}

// pullsKept is how many pulls of an export are remembered; at one in ten minutes these are three days and a half.
const pullsKept = 500

// RecordPull records that an export was fetched. Agent is the channel that the client looks like, or empty; channel the one
// that the pull counts for, empty when it was nobody's importer.
func (s *Store) RecordPull(ctx context.Context, exportID int64, agent string, channel booking.Channel, now time.Time) error {
	return explain("record pull", s.queries.InsertPull(ctx, s.pool, &dbgen.InsertPullParams{
		ExportID: exportID, UserAgent: agent, Channel: string(channel), Keep: pullsKept, Now: now}))
}

// LastPull returns when a channel last fetched our calendar of an accommodation, zero when it never did.
func (s *Store) LastPull(ctx context.Context, accommodationID int64, channel booking.Channel) (time.Time, error) {
	at, err := s.queries.LastPull(ctx, s.pool, &dbgen.LastPullParams{AccommodationID: accommodationID, Channel: string(channel)})
	if isMissing(err) {
		return time.Time{}, nil
	}
	return at, explain("last pull", err)
}

// PullsSince tells, for each channel that an accommodation is published to, the first pull at or after an instant, zero while
// there was none: until then the channel does not know what changed then.
func (s *Store) PullsSince(ctx context.Context, accommodationID int64, since time.Time) (map[booking.Channel]time.Time, error) {
	rows, err := s.queries.FirstPullsSince(ctx, s.pool, &dbgen.FirstPullsSinceParams{AccommodationID: accommodationID, Since: since})
	if err != nil {
		return nil, explain("pulls since", err)
	}
	pulls := make(map[booking.Channel]time.Time, len(rows))
	for _, row := range rows {
		pulls[booking.Channel(row.Channel)] = happened(row.At)
	}
	return pulls, nil
}

// ExportRow is a closed range of nights to publish.
type ExportRow struct {
	// Source is "reservation" or "block", ID its stable name in there.
	Source string
	ID     string
	Nights booking.Stay
	// UpdatedAt is when the nights became what they are, Sequence how often they changed before.
	UpdatedAt time.Time
	Sequence  int
}

// ExportRows lists what a channel is told of an accommodation: confirmed reservations, blocks by hand and what other channels
// closed, as far as it ends after from; with holds unpaid ones too. What came from the channel itself is left out.
func (s *Store) ExportRows(ctx context.Context, accommodationID int64, channel booking.Channel, from booking.Date, holds bool) ([]ExportRow, error) {
	rows, err := s.queries.ListExportRows(ctx, s.pool, &dbgen.ListExportRowsParams{
		AccommodationID: accommodationID, Channel: string(channel), FromDate: from.Time(), Holds: holds})
	if err != nil {
		return nil, explain("list export rows", err)
	}
	out := make([]ExportRow, 0, len(rows))
	for _, row := range rows {
		out = append(out, ExportRow{Source: row.Source, ID: row.ID, Nights: nightsOf(row.StartDate, row.EndDate),
			UpdatedAt: row.UpdatedAt, Sequence: int(row.Sequence)})
	}
	return out, nil
}
