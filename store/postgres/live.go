package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cabanas/store/postgres/dbgen"
)

// LivePosition is a place in the stream of live events, after which it goes on. The zero value is before everything.
type LivePosition struct {
	// XID is the transaction, ID the number within the table.
	XID, ID int64
}

// Before reports whether p comes before other in the stream.
func (p LivePosition) Before(other LivePosition) bool {
	return p.XID < other.XID || p.XID == other.XID && p.ID < other.ID
}

// String returns the form that [ParseLivePosition] reads.
func (p LivePosition) String() string {
	return strconv.FormatInt(p.XID, 10) + "-" + strconv.FormatInt(p.ID, 10)
}

// ParseLivePosition reads a position as String wrote it.
func ParseLivePosition(text string) (LivePosition, error) {
	xid, id, _ := strings.Cut(text, "-")
	var p LivePosition
	for field, number := range map[*int64]string{&p.XID: xid, &p.ID: id} {
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n < 0 || number != strconv.FormatInt(n, 10) {
			return LivePosition{}, fmt.Errorf("not a position of the stream: %d bytes", len(text))
		}
		*field = n
	}
	return p, nil
}

// LiveEvent says that something changed.
type LiveEvent struct {
	Position LivePosition
	// Type is <thing>.<what happened to it>.
	Type string
	// Refs has ids, codes and words of ours; nothing of a person.
	Refs json.RawMessage
	At   time.Time
}

// LiveNow returns the position up to which the stream is complete: what follows it was not final when it was asked.
func (s *Store) LiveNow(ctx context.Context) (LivePosition, error) {
	xid, err := s.queries.LivePosition(ctx, s.pool)
	return LivePosition{XID: xid}, explain("find the end of the stream", err)
}

// LiveAfter reads what follows a position, in the order of the stream. Only rows are read that nothing can come before any more:
// their transactions are older than every one that still runs. A transaction that writes for long therefore delays what began
// after it, and nothing is lost or told twice.
func (s *Store) LiveAfter(ctx context.Context, after LivePosition, most int) ([]LiveEvent, error) {
	rows, err := s.queries.ListLive(ctx, s.pool, &dbgen.ListLiveParams{
		AfterXid: strconv.FormatInt(after.XID, 10), AfterID: after.ID, Most: int32(most)})
	events := make([]LiveEvent, 0, len(rows))
	for _, row := range rows {
		events = append(events, LiveEvent{Position: LivePosition{XID: row.Xid, ID: row.ID}, Type: row.Type, Refs: row.Refs, At: row.At})
	}
	return events, explain("read the stream", err)
}

// LiveKept reports whether everything after a position is still kept. A position of another database is not.
func (s *Store) LiveKept(ctx context.Context, position LivePosition) (bool, error) {
	kept, err := s.queries.IsLiveKept(ctx, s.pool, &dbgen.IsLiveKeptParams{AtXid: strconv.FormatInt(position.XID, 10), AtID: position.ID})
	return kept, explain("look for a place in the stream", err)
}

// SweepLive removes events from before an instant of the database's clock and returns how many.
func (s *Store) SweepLive(ctx context.Context, before time.Time) (int, error) {
	swept, err := s.queries.SweepLive(ctx, s.pool, before)
	if err == nil {
		err = s.queries.BeginLive(ctx, s.pool)
	}
	return int(swept), explain("sweep the stream", err)
}
