package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// ImportReason is the reason of blocks that were read from a calendar once.
const ImportReason = "import"

// BoardReservation is a reservation as the calendar of staff shows it.
type BoardReservation struct {
	Code            string
	AccommodationID int64
	Stay            booking.Stay
	Guests          int
	Channel         booking.Channel
	Status          booking.Status
	PaymentStatus   booking.PaymentStatus
	ExpiresAt       time.Time
	// ToldAt is since when other channels could read of its nights: since it has them, or was published with them.
	ToldAt time.Time
}

// BoardReservations lists the reservations of an accommodation, or all with 0, that have or had nights of [from, to). Holds says
// that unpaid ones are published.
func (s *Store) BoardReservations(ctx context.Context, accommodationID int64, from, to booking.Date, holds bool) ([]BoardReservation, error) {
	rows, err := s.queries.ListBoardReservations(ctx, s.pool, &dbgen.ListBoardReservationsParams{
		AccommodationID: accommodationID, FromDate: from.Time(), ToDate: to.Time(), Holds: holds})
	if err != nil {
		return nil, explain("list reservations", err)
	}
	found := make([]BoardReservation, 0, len(rows))
	for _, row := range rows {
		found = append(found, BoardReservation{
			Code: row.Code, AccommodationID: row.AccommodationID, Stay: nightsOf(row.CheckIn, row.CheckOut), Guests: int(row.Guests),
			Channel: booking.Channel(row.ChannelSource), Status: booking.Status(row.ReservationStatus),
			PaymentStatus: booking.PaymentStatus(row.PaymentStatus), ExpiresAt: timeOf(row.ExpiresAt), ToldAt: row.ToldAt,
		})
	}
	return found, nil
}

// BlockFilter chooses blocks: of an accommodation (0: all), a source ("": all) and the channel of a feed ("": all and none) with
// nights of [From, To), without end when To is no date.
type BlockFilter struct {
	AccommodationID int64
	Source          string
	Channel         booking.Channel
	From, To        booking.Date
}

// BlockPage lists active blocks by id after one.
func (s *Store) BlockPage(ctx context.Context, filter BlockFilter, after int64, most int) ([]Block, error) {
	params := &dbgen.ListBlockPageParams{AccommodationID: filter.AccommodationID, Source: filter.Source, Channel: string(filter.Channel),
		FromDate: filter.From.Time(), ToDate: dayOrNull(filter.To), AfterID: after, Most: int32(most)}
	rows, err := s.queries.ListBlockPage(ctx, s.pool, params)
	if err != nil {
		return nil, explain("list blocks", err)
	}
	blocks := make([]Block, 0, len(rows))
	for _, row := range rows {
		block := Block{ID: row.ID, AccommodationID: row.AccommodationID, Nights: nightsOf(row.StartDate, row.EndDate), Source: row.Source,
			Reason: plainReason(row.Reason), ExpiresAt: timeOf(row.ExpiresAt), CreatedAt: row.CreatedAt, Since: row.NightsSince,
			FeedID: row.FeedID, Channel: booking.Channel(row.Channel)}
		if row.StaffID != nil {
			block.StaffID = *row.StaffID
		}
		blocks = append(blocks, block)
	}
	return blocks, nil
}

// plainReason leaves out by which event a block was imported.
func plainReason(reason string) string {
	if strings.HasPrefix(reason, ImportReason+":") {
		return ImportReason
	}
	return reason
}

// BlockByStaff closes nights by hand. Nights of a live reservation are [booking.CodeDatesTaken], which names it; nights that were
// closed just so before are [booking.CodeDuplicate].
func (s *Store) BlockByStaff(ctx context.Context, accommodationID int64, nights booking.Stay, reason string, by Author, now time.Time) (int64, error) {
	var id int64
	err := s.transact(ctx, "block nights", func(tx pgx.Tx) error {
		if err := s.queries.LockCalendar(ctx, tx, accommodationID); err != nil {
			return err
		}
		sold, err := s.queries.ListReservationsIn(ctx, tx, &dbgen.ListReservationsInParams{
			AccommodationID: accommodationID, FromDate: nights.CheckIn.Time(), ToDate: nights.CheckOut.Time()})
		if err != nil {
			return err
		}
		if len(sold) > 0 {
			codes := make([]string, 0, len(sold))
			for _, r := range sold {
				codes = append(codes, r.Code)
			}
			return booking.Refuse(booking.CodeDatesTaken, "nights of it are sold: %s", strings.Join(codes, ", "))
		}
		same, err := s.queries.SameBlock(ctx, tx, &dbgen.SameBlockParams{
			AccommodationID: accommodationID, StartDate: nights.CheckIn.Time(), EndDate: nights.CheckOut.Time()})
		if err == nil {
			return booking.Refuse(booking.CodeDuplicate, "block %d closes these nights", same)
		}
		if !isMissing(err) {
			return err
		}
		if id, err = s.insertBlock(ctx, tx, accommodationID, nights, reason, by, now); err != nil {
			return err
		}
		entry := blockEntry("block.created", id)
		entry.After = blockFacts(accommodationID, nights)
		return s.record(ctx, tx, by, entry, now)
	})
	return id, err
}

func (s *Store) insertBlock(ctx context.Context, tx pgx.Tx, accommodationID int64, nights booking.Stay, reason string, by Author, now time.Time) (int64, error) {
	return s.queries.InsertBlock(ctx, tx, &dbgen.InsertBlockParams{
		AccommodationID: accommodationID, StartDate: nights.CheckIn.Time(), EndDate: nights.CheckOut.Time(), Reason: reason,
		StaffID: orNobody(by.UserID), Now: now})
}

// UnblockByStaff opens nights that were closed by hand; another block, or none, is [booking.CodeNotFound].
func (s *Store) UnblockByStaff(ctx context.Context, id int64, by Author, now time.Time) error {
	return s.transact(ctx, "unblock nights", func(tx pgx.Tx) error {
		// The lock comes before the row, as in a fetch: the two must not wait for each other.
		accommodation, err := s.queries.GetBlockAccommodation(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.queries.LockCalendar(ctx, tx, accommodation); err != nil {
			return err
		}
		block, err := s.queries.LockManualBlock(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := s.queries.ReleaseBlock(ctx, tx, &dbgen.ReleaseBlockParams{ID: id, Now: now}); err != nil {
			return err
		}
		entry := blockEntry("block.released", id)
		entry.Before = blockFacts(block.AccommodationID, nightsOf(block.StartDate, block.EndDate))
		return s.record(ctx, tx, by, entry, now)
	})
}

func blockEntry(action string, id int64) AuditEntry {
	return AuditEntry{Action: action, Entity: "block", EntityID: strconv.FormatInt(id, 10)}
}

func blockFacts(accommodationID int64, nights booking.Stay) map[string]any {
	return map[string]any{"accommodation_id": accommodationID, "from": nights.CheckIn.String(), "to": nights.CheckOut.String()}
}

// ImportedNights are what one event of a calendar closes.
type ImportedNights struct {
	UID    string
	Nights booking.Stay
}

// ImportedCalendar is what reading a calendar once came to, in events.
type ImportedCalendar struct {
	Added, Moved, Unchanged int
	// Sold are the reservations that have nights of what was closed.
	Sold []Conflict
}

// ImportBlocks closes nights by hand as a calendar has them, all or nothing. An event that was imported before keeps its block, which
// moves with it; events that are not in the calendar any more are left alone. Blocks that land on reservations open conflicts.
func (s *Store) ImportBlocks(ctx context.Context, accommodationID int64, events []ImportedNights, by Author, now time.Time) (ImportedCalendar, error) {
	var imported ImportedCalendar
	err := s.transact(ctx, "import blocks", func(tx pgx.Tx) error {
		imported = ImportedCalendar{}
		if err := s.queries.LockCalendar(ctx, tx, accommodationID); err != nil {
			return err
		}
		rows, err := s.queries.ListImportedBlocks(ctx, tx, accommodationID)
		if err != nil {
			return err
		}
		known := make(map[string]*dbgen.ListImportedBlocksRow, len(rows))
		for _, row := range rows {
			known[row.Reason] = row
		}
		for _, event := range events {
			if err := s.importBlock(ctx, tx, accommodationID, event, known, &imported, by, now); err != nil {
				return err
			}
		}
		if imported.Added+imported.Moved == 0 {
			return nil
		}
		return s.record(ctx, tx, by, AuditEntry{Action: "calendar.imported", Entity: "accommodation", EntityID: strconv.FormatInt(accommodationID, 10),
			After: map[string]any{"added": imported.Added, "moved": imported.Moved}}, now)
	})
	return imported, err
}

func (s *Store) importBlock(ctx context.Context, tx pgx.Tx, accommodationID int64, event ImportedNights,
	known map[string]*dbgen.ListImportedBlocksRow, imported *ImportedCalendar, by Author, now time.Time,
) error {
	reason := importedAs(event.UID)
	before, there := known[reason]
	switch {
	case there && nightsOf(before.StartDate, before.EndDate) == event.Nights:
		imported.Unchanged++
		return nil
	case there:
		imported.Moved++
		if err := s.queries.KeepFormerNights(ctx, tx, &dbgen.KeepFormerNightsParams{Ids: []int64{before.ID}, Now: now}); err != nil {
			return err
		}
		starts, ends := bounds([]booking.Stay{event.Nights})
		if err := s.queries.MoveBlocks(ctx, tx, &dbgen.MoveBlocksParams{Ids: []int64{before.ID}, Starts: starts, Ends: ends, Now: now}); err != nil {
			return err
		}
	default:
		imported.Added++
		if _, err := s.insertBlock(ctx, tx, accommodationID, event.Nights, reason, by, now); err != nil {
			return err
		}
	}
	sold, err := s.queries.ListReservationsIn(ctx, tx, &dbgen.ListReservationsInParams{
		AccommodationID: accommodationID, FromDate: event.Nights.CheckIn.Time(), ToDate: event.Nights.CheckOut.Time()})
	for _, r := range sold {
		imported.Sold = append(imported.Sold, Conflict{Blocked: event.Nights, Source: "manual", Code: r.Code, Stay: nightsOf(r.CheckIn, r.CheckOut),
			Status: booking.Status(r.ReservationStatus), AccommodationID: accommodationID})
	}
	return err
}

// importedAs names the event of a block without repeating what its calendar says.
func importedAs(uid string) string {
	digest := sha256.Sum256([]byte(uid))
	return ImportReason + ":" + hex.EncodeToString(digest[:12])
}
