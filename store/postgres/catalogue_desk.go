package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// AccommodationRecord is an accommodation as staff keeps it. Its DepositFixed is its own, nothing where it follows the property,
// and it is without rate rules.
type AccommodationRecord struct {
	booking.Accommodation
	// Revision grows with every change.
	Revision             int
	CreatedAt, UpdatedAt time.Time
}

// CodeChangedMeanwhile refuses a change of what is not any more as its author saw it.
const CodeChangedMeanwhile booking.Code = "changed_meanwhile"

// AnyRevision lets a change go on whatever was changed meanwhile.
const AnyRevision = 0

// AccommodationRecords lists every accommodation, offered or not, by id.
func (s *Store) AccommodationRecords(ctx context.Context) ([]AccommodationRecord, error) {
	rows, err := s.queries.ListEveryAccommodation(ctx, s.pool)
	if err != nil {
		return nil, explain("list accommodations", err)
	}
	records := make([]AccommodationRecord, 0, len(rows))
	for _, row := range rows {
		record, err := recordOf(row)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

// AccommodationRecord reads one; unknown ids are [booking.CodeNotFound].
func (s *Store) AccommodationRecord(ctx context.Context, id int64) (AccommodationRecord, error) {
	row, err := s.queries.ReadAccommodation(ctx, s.pool, id)
	if err != nil {
		return AccommodationRecord{}, explain("read accommodation", err)
	}
	return recordOf(row)
}

// AddAccommodation makes one of what change says, and writes it to the audit log. ownPictures is as in
// [booking.AccommodationChange.Apply], whose refusals it returns.
func (s *Store) AddAccommodation(ctx context.Context, by Author, change booking.AccommodationChange, ownPictures string, now time.Time) (AccommodationRecord, error) {
	var record AccommodationRecord
	err := s.transact(ctx, "create accommodation", func(tx pgx.Tx) error {
		property, err := s.propertyIn(ctx, tx)
		if err != nil {
			return err
		}
		place, err := change.Apply(booking.NewAccommodation(), property, ownPictures)
		if err != nil {
			return err
		}
		id, err := s.insertAccommodation(ctx, tx, place)
		if err != nil {
			return err
		}
		row, err := s.queries.ReadAccommodation(ctx, tx, id)
		if err != nil {
			return err
		}
		if record, err = recordOf(row); err != nil {
			return err
		}
		return s.record(ctx, tx, by, accommodationEntry("created", id, nil, written(accommodationFields(record.Accommodation))), now)
	})
	return record, err
}

// ChangeAccommodation changes one for bookings and questions from now on; what is held or confirmed keeps its price. A revision
// other than [AnyRevision] must be the one there is, else it refuses with [CodeChangedMeanwhile]. What differs is written to the
// audit log; nothing different changes nothing.
func (s *Store) ChangeAccommodation(ctx context.Context, by Author, id int64, revision int, change booking.AccommodationChange,
	ownPictures string, now time.Time) (AccommodationRecord, error) {
	var record AccommodationRecord
	err := s.transact(ctx, "change accommodation", func(tx pgx.Tx) error {
		was, err := s.lockAccommodation(ctx, tx, id, revision)
		if err != nil {
			return err
		}
		property, err := s.propertyIn(ctx, tx)
		if err != nil {
			return err
		}
		place, err := change.Apply(was.Accommodation, property, ownPictures)
		if err != nil {
			return err
		}
		before, after := differing(accommodationFields(was.Accommodation), accommodationFields(place))
		if record = was; len(after) == 0 {
			return nil
		}
		if record, err = s.writeAccommodation(ctx, tx, place, now); err != nil {
			return err
		}
		return s.record(ctx, tx, by, accommodationEntry("changed", id, written(before), written(after)), now)
	})
	return record, err
}

// RemoveAccommodation deletes one that nothing refers to, and takes any other off the offer: its bookings, calendars and rules
// stay. It reports which of the two it did.
func (s *Store) RemoveAccommodation(ctx context.Context, by Author, id int64, revision int, now time.Time) (deleted bool, err error) {
	err = s.transact(ctx, "remove accommodation", func(tx pgx.Tx) error {
		was, err := s.lockAccommodation(ctx, tx, id, revision)
		if err != nil {
			return err
		}
		if deleted, err = s.deleteAccommodation(ctx, tx, id); err != nil {
			return err
		}
		if deleted {
			return s.record(ctx, tx, by, accommodationEntry("deleted", id, written(accommodationFields(was.Accommodation)), nil), now)
		}
		if !was.Active {
			return nil
		}
		if _, err := s.queries.SetAccommodationActive(ctx, tx, &dbgen.SetAccommodationActiveParams{ID: id, Active: false}); err != nil {
			return err
		}
		return s.record(ctx, tx, by, accommodationEntry("deactivated", id, map[string]any{"active": true}, map[string]any{"active": false}), now)
	})
	return deleted, err
}

// deleteAccommodation tries in a savepoint: the database knows everything that refers to a row.
func (s *Store) deleteAccommodation(ctx context.Context, tx pgx.Tx, id int64) (bool, error) {
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return s.queries.DeleteAccommodation(ctx, tx, id) })
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok && failure.Code == stateForeignKeyViolation {
		return false, nil
	}
	return err == nil, err
}

func (s *Store) lockAccommodation(ctx context.Context, tx pgx.Tx, id int64, revision int) (AccommodationRecord, error) {
	row, err := s.queries.LockAccommodation(ctx, tx, id)
	if err != nil {
		return AccommodationRecord{}, err
	}
	if revision != AnyRevision && revision != int(row.Revision) {
		return AccommodationRecord{}, booking.Refuse(CodeChangedMeanwhile, "accommodation %d was changed meanwhile; read it again", id)
	}
	return recordOf(row)
}

func (s *Store) writeAccommodation(ctx context.Context, tx pgx.Tx, a booking.Accommodation, now time.Time) (AccommodationRecord, error) {
	lists, err := listsOf(a)
	if err != nil {
		return AccommodationRecord{}, fmt.Errorf("change accommodation: %w", err)
	}
	row, err := s.queries.ChangeAccommodation(ctx, tx, &dbgen.ChangeAccommodationParams{
		ID: a.ID, Name: a.Name, Type: string(a.Type), Description: a.Description, Capacity: int32(a.Capacity),
		BasePriceCentavos: a.Rate.Base.Centavos, WeekendPercent: int32(a.Rate.WeekendPercent),
		CleaningFeeCentavos: a.Rate.CleaningFee.Centavos, GuestsIncluded: int32(a.Rate.GuestsIncluded),
		ExtraGuestCentavos: a.Rate.ExtraGuest.Centavos, Currency: a.Rate.Base.Currency, MinNights: int32(a.Rate.MinNights),
		LengthDiscounts: lists.discounts, Amenities: emptyIfNil(a.Amenities), Photos: lists.photos, Location: lists.location,
		CheckInText: a.CheckInText, Active: a.Active, DepositFixedCentavos: nullIfZero(a.Rate.DepositFixed.Centavos), Now: now,
	})
	if err != nil {
		return AccommodationRecord{}, err
	}
	return recordOf(row)
}

func recordOf(row *dbgen.Accommodation) (AccommodationRecord, error) {
	place, err := accommodationOf(row)
	if row.DepositFixedCentavos != nil {
		place.Rate.DepositFixed = money(*row.DepositFixedCentavos, row.Currency)
	}
	return AccommodationRecord{Accommodation: place, Revision: int(row.Revision), CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt}, err
}

func accommodationEntry(what string, id int64, before, after map[string]any) AuditEntry {
	return AuditEntry{Action: "accommodation." + what, Entity: "accommodation", EntityID: strconv.FormatInt(id, 10), Before: before, After: after}
}

const checkInTextField = "check_in_text"

func accommodationFields(a booking.Accommodation) map[string]any {
	return map[string]any{
		"name": a.Name, "type": a.Type, "capacity": a.Capacity, "active": a.Active, "currency": a.Rate.Base.Currency,
		"base_price_centavos": a.Rate.Base.Centavos, "weekend_percent": a.Rate.WeekendPercent,
		"cleaning_fee_centavos": a.Rate.CleaningFee.Centavos, "guests_included": a.Rate.GuestsIncluded,
		"extra_guest_centavos": a.Rate.ExtraGuest.Centavos, "min_nights": a.Rate.MinNights,
		"deposit_fixed_centavos": a.Rate.DepositFixed.Centavos, "length_discounts": emptyIfNil(a.Rate.LengthDiscounts),
		"description": a.Description, "amenities": emptyIfNil(a.Amenities), "photos": emptyIfNil(a.Photos), "location": a.Location,
		checkInTextField: a.CheckInText,
	}
}

// written leaves out how to get in: a text for confirmed guests, which may hold the code of a door.
func written(fields map[string]any) map[string]any {
	if text, there := fields[checkInTextField].(string); there {
		fields[checkInTextField] = fmt.Sprintf("%d characters", len([]rune(text)))
	}
	return fields
}
