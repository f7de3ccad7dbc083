package postgres

import (
	"context"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// Block is a range of closed nights.
type Block struct {
	ID              int64
	AccommodationID int64
	Nights          booking.Stay
	// Source is manual, feed or offer (kept for a guest until ExpiresAt).
	Source string
	// Reason and StaffID say why and by whom a manual one was made.
	Reason    string
	StaffID   int64
	ExpiresAt time.Time
	CreatedAt time.Time
	// Since is since when it has these nights; read by BlockPage only.
	Since time.Time
	// FeedID and Channel say which feed closed it.
	FeedID  int64
	Channel booking.Channel
}

// Block closes nights by hand; one that lands on a reservation opens a conflict.
func (s *Store) Block(ctx context.Context, accommodationID int64, nights booking.Stay, reason string, staffID int64, now time.Time) (int64, error) {
	id, err := s.queries.InsertBlock(ctx, s.pool, &dbgen.InsertBlockParams{
		AccommodationID: accommodationID, StartDate: nights.CheckIn.Time(), EndDate: nights.CheckOut.Time(), Reason: reason,
		StaffID: orNobody(staffID), Now: now})
	return id, explain("block nights", err)
}

// Blocks lists the active blocks of an accommodation, or all with 0, that touch [from, to).
func (s *Store) Blocks(ctx context.Context, accommodationID int64, from, to booking.Date) ([]Block, error) {
	rows, err := s.queries.ListBlocks(ctx, s.pool, &dbgen.ListBlocksParams{AccommodationID: accommodationID, FromDate: from.Time(), ToDate: to.Time()})
	if err != nil {
		return nil, explain("list blocks", err)
	}
	blocks := make([]Block, 0, len(rows))
	for _, row := range rows {
		block := Block{ID: row.ID, AccommodationID: row.AccommodationID, Nights: nightsOf(row.StartDate, row.EndDate), Source: row.Source,
			Reason: row.Reason, ExpiresAt: timeOf(row.ExpiresAt), CreatedAt: row.CreatedAt, FeedID: row.FeedID, Channel: booking.Channel(row.Channel)}
		if row.StaffID != nil {
			block.StaffID = *row.StaffID
		}
		blocks = append(blocks, block)
	}
	return blocks, nil
}

// Resolution is how a conflict ended.
type Resolution string

// How a conflict ends: by itself, or by a named choice that holds while block and reservation share a night.
const (
	ResolvedBlockGone        Resolution = "block_gone"
	ResolvedReservationEnded Resolution = "reservation_ended"
	ResolvedKeepOurs         Resolution = "keep_ours"    // the other channel's booking is cancelled there
	ResolvedCancelOurs       Resolution = "cancel_ours"  // ours is cancelled
	ResolvedSameBooking      Resolution = "same_booking" // both are one and the same
)

// Named reports whether a person chose it.
func (r Resolution) Named() bool {
	return r == ResolvedKeepOurs || r == ResolvedCancelOurs || r == ResolvedSameBooking
}

// Conflict is a closed night that is sold.
type Conflict struct {
	ID       int64
	BlockID  int64
	OpenedAt time.Time
	// ResolvedAt and Resolution say how it ended; ResolvedBy whose choice it was, 0 when it ended by itself.
	ResolvedAt time.Time
	Resolution Resolution
	ResolvedBy int64
	AlarmedAt  time.Time
	// OverAt is since when the two share no night any more.
	OverAt time.Time
	// Blocked are the nights of the block; Source, FeedID and Channel say where it came from.
	Blocked booking.Stay
	Source  string
	FeedID  int64
	Channel booking.Channel
	// The reservation.
	Code            string
	Stay            booking.Stay
	Status          booking.Status
	AccommodationID int64
	UnitName        string
}

// Conflicts lists the open conflicts, newest first, and with history the resolved ones after them.
func (s *Store) Conflicts(ctx context.Context, history bool, most int) ([]Conflict, error) {
	rows, err := s.queries.ListConflicts(ctx, s.pool, &dbgen.ListConflictsParams{WithResolved: history, Most: int32(most)})
	if err != nil {
		return nil, explain("list conflicts", err)
	}
	conflicts := make([]Conflict, 0, len(rows))
	for _, row := range rows {
		conflicts = append(conflicts, conflictOf(row))
	}
	return conflicts, nil
}

// Conflict reads one, open or not.
func (s *Store) Conflict(ctx context.Context, id int64) (Conflict, error) {
	rows, err := s.queries.ListConflicts(ctx, s.pool, &dbgen.ListConflictsParams{WithResolved: true, One: id, Most: 1})
	if err != nil {
		return Conflict{}, explain("read conflict", err)
	}
	if len(rows) == 0 {
		return Conflict{}, booking.Refuse(booking.CodeNotFound, "no conflict %d", id)
	}
	return conflictOf(rows[0]), nil
}

func conflictOf(row *dbgen.ListConflictsRow) Conflict {
	c := Conflict{
		ID: row.ID, BlockID: row.BlockID, OpenedAt: row.OpenedAt, ResolvedAt: timeOf(row.ResolvedAt), AlarmedAt: timeOf(row.AlarmedAt),
		OverAt: timeOf(row.OverAt), Blocked: nightsOf(row.StartDate, row.EndDate), Source: row.Source, FeedID: row.FeedID,
		Channel: booking.Channel(row.Channel), Code: row.Code, Stay: nightsOf(row.CheckIn, row.CheckOut),
		Status: booking.Status(row.ReservationStatus), AccommodationID: row.AccommodationID, UnitName: row.UnitName,
	}
	if row.Resolution != nil {
		c.Resolution = Resolution(*row.Resolution)
	}
	if row.ResolvedBy != nil {
		c.ResolvedBy = *row.ResolvedBy
	}
	return c
}
