package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// StayChange is another stay for a reservation that is held or confirmed.
type StayChange struct {
	Code            string
	AccommodationID int64
	Stay            booking.Stay
	Guests          int
	// Quote is the new price; nil keeps the one that was agreed.
	Quote *booking.Quote
	// StaffID is the account that decided; Key names this one change, so that a repetition is known.
	StaffID int64
	Key     string
}

// MovedStay is the outcome of a [StayChange]. Before is the row as it was; it is the same as after when nothing changed: there was
// nothing to change, or, Repeated, it was changed by the same key before.
type MovedStay struct {
	Change
	Before   Reservation
	Repeated bool
}

// ChangeStay gives a held or confirmed reservation another stay, number of guests and price in one conditional statement. Nights
// that are sold or closed are [booking.CodeDatesTaken] and nothing changes; a reservation that is over, or a hold whose deadline
// has come, is [booking.CodeWrongState]. The deposit of a confirmed reservation stays as it was agreed, at most the new total;
// a new price for a hold of which more was paid than its new deposit is refused. Repeated with the same key it changes nothing.
func (s *Store) ChangeStay(ctx context.Context, wish StayChange, now time.Time) (MovedStay, error) {
	var moved MovedStay
	err := s.transact(ctx, "change stay", func(tx pgx.Tx) error {
		row, err := s.queries.LockReservation(ctx, tx, wish.Code)
		if err != nil {
			return err
		}
		before, err := reservationOf((*dbgen.GetReservationRow)(row))
		if err != nil {
			return err
		}
		key := keyOf(wish.Key)
		if again, err := s.queries.MovedByKey(ctx, tx, &dbgen.MovedByKeyParams{ReservationID: before.ID, Key: key}); err != nil || again {
			moved = MovedStay{Change: Change{Reservation: before}, Before: before, Repeated: again}
			return err
		}
		if !before.Status.Live() || before.Status == booking.PreReserved && !before.ExpiresAt.After(now) {
			return booking.Refuse(booking.CodeWrongState, "reservation %s is %s", wish.Code, before.Status)
		}
		quote, err := wish.price(before)
		if err != nil {
			return err
		}
		if wish.sameAs(before, quote) {
			moved = MovedStay{Change: Change{Reservation: before}, Before: before}
			return nil
		}
		if err := s.moveStay(ctx, tx, before, wish, quote, key, now); err != nil {
			return err
		}
		after, err := s.queries.GetReservation(ctx, tx, wish.Code)
		if err != nil {
			return err
		}
		moved.Before, moved.Changed = before, true
		moved.Reservation, err = reservationOf(after)
		return err
	})
	return moved, err
}

// price is what the reservation costs from now on.
func (wish StayChange) price(before Reservation) (booking.Quote, error) {
	if wish.Quote == nil {
		return before.Quote, nil
	}
	quote := *wish.Quote
	if before.Status == booking.Confirmed {
		quote.Deposit = before.Deposit
		if quote.Total.Less(quote.Deposit) {
			quote.Deposit = quote.Total
		}
		return quote, nil
	}
	if before.Paid.Centavos > 0 && !before.Paid.Less(quote.Deposit) {
		return quote, booking.Refuse(booking.CodeWrongState, "what was paid covers the new deposit: confirm the booking first, or keep its price")
	}
	return quote, nil
}

func (wish StayChange) sameAs(before Reservation, quote booking.Quote) bool {
	return wish.AccommodationID == before.AccommodationID && wish.Stay == before.Stay && wish.Guests == before.Guests &&
		(wish.Quote == nil || quote.Total == before.Total && quote.Deposit == before.Deposit)
}

func (s *Store) moveStay(ctx context.Context, tx pgx.Tx, before Reservation, wish StayChange, quote booking.Quote, key string, now time.Time) error {
	// Both calendars are locked, always in the same order, so that nobody sees the booking in none of them.
	units := []int64{before.AccommodationID, wish.AccommodationID}
	slices.Sort(units)
	for _, unit := range slices.Compact(units) {
		if err := s.queries.LockCalendar(ctx, tx, unit); err != nil {
			return err
		}
	}
	total, deposit := quote.Total.Centavos, quote.Deposit.Centavos
	if wish.Quote == nil {
		total, deposit = before.Total.Centavos, before.Deposit.Centavos
	}
	told := change{By: booking.ByOwner, Reason: "stay_changed", At: now, Details: map[string]any{
		"key": key, "staff_id": wish.StaffID,
		"before": map[string]any{"accommodation_id": before.AccommodationID, "check_in": before.Stay.CheckIn, "check_out": before.Stay.CheckOut,
			"guests": before.Guests, "total_centavos": before.Total.Centavos, "deposit_centavos": before.Deposit.Centavos},
		"after": map[string]any{"accommodation_id": wish.AccommodationID, "check_in": wish.Stay.CheckIn, "check_out": wish.Stay.CheckOut,
			"guests": wish.Guests, "total_centavos": total, "deposit_centavos": deposit},
	}}
	_, err := s.queries.MoveStay(ctx, tx, &dbgen.MoveStayParams{
		ID: before.ID, AccommodationID: wish.AccommodationID, CheckIn: wish.Stay.CheckIn.Time(), CheckOut: wish.Stay.CheckOut.Time(),
		Guests: int32(wish.Guests), Price: mustJSON(quote), TotalCentavos: total, DepositCentavos: deposit, Change: told.text(), Now: now,
	})
	if err != nil {
		return err
	}
	restated := change{By: booking.BySystem, Reason: "stay_changed", At: now}
	if err := s.queries.RestatePayment(ctx, tx, &dbgen.RestatePaymentParams{ID: before.ID, Change: restated.text()}); err != nil {
		return err
	}
	return s.queries.LeaveConflicts(ctx, tx, &dbgen.LeaveConflictsParams{ID: before.ID, Now: now})
}

// keyOf hides what a client wrote in a key.
func keyOf(key string) string {
	digest := sha256.Sum256([]byte(key))
	return hex.EncodeToString(digest[:8])
}

// Obstacle is what has a night of a stay: a live reservation, or nights that are closed.
type Obstacle struct {
	// Code is of a reservation, empty for closed nights; BlockID and Source (manual, feed or offer) are of those.
	Code    string
	BlockID int64
	Source  string
	Nights  booking.Stay
}

// InTheWay lists what keeps a reservation from having a stay, at most twenty, by their first night.
func (s *Store) InTheWay(ctx context.Context, code string, accommodationID int64, stay booking.Stay) ([]Obstacle, error) {
	rows, err := s.queries.ListInTheWay(ctx, s.pool, &dbgen.ListInTheWayParams{
		AccommodationID: accommodationID, Code: code, CheckIn: stay.CheckIn.Time(), CheckOut: stay.CheckOut.Time()})
	obstacles := make([]Obstacle, 0, len(rows))
	for _, row := range rows {
		obstacles = append(obstacles, Obstacle{Code: row.Code, BlockID: row.BlockID, Source: row.Source,
			Nights: booking.Stay{CheckIn: dateOf(row.StartDate), CheckOut: dateOf(row.EndDate)}})
	}
	return obstacles, explain("list what is in the way", err)
}

// ReservationEdit are changes of what leaves the stay as it is; nil leaves a value alone.
type ReservationEdit struct {
	Name, Email, Phone *string // Phone is canonical
	Guests             *int
	SpecialRequests    *string
	InternalNotes      *string
}

// EditReservation changes what is written about a reservation and its guest. Audit log and story name what changed, never the
// words. The phone of another guest is [booking.CodeDuplicate].
func (s *Store) EditReservation(ctx context.Context, code string, edit ReservationEdit, by Author, now time.Time) error {
	return s.transact(ctx, "edit reservation", func(tx pgx.Tx) error {
		row, err := s.queries.LockReservation(ctx, tx, code)
		if err != nil {
			return err
		}
		r := &row.Reservation
		var changed []string
		for _, step := range []func(context.Context, pgx.Tx, *dbgen.Reservation, ReservationEdit, Author, time.Time) ([]string, error){
			s.editContact, s.editNotes, s.editGuests,
		} {
			names, err := step(ctx, tx, r, edit, by, now)
			if err != nil {
				return err
			}
			changed = append(changed, names...)
		}
		if len(changed) == 0 {
			return nil
		}
		err = s.queries.NoteBooking(ctx, tx, &dbgen.NoteBookingParams{ReservationID: r.ID, Kind: "details_edited", Change: mustJSON(change{
			By: booking.ByOwner, At: now, Details: map[string]any{"changed": changed, "staff_id": by.UserID}})})
		if err != nil {
			return err
		}
		entry := AuditEntry{Action: "reservation.edited", Entity: "reservation", EntityID: code, Before: map[string]any{}, After: map[string]any{"changed": changed}}
		if slices.Contains(changed, "guests") {
			entry.Before["guests"], entry.After["guests"] = r.Guests, *edit.Guests
		}
		return s.record(ctx, tx, by, entry, now)
	})
}

func (s *Store) editContact(ctx context.Context, tx pgx.Tx, r *dbgen.Reservation, edit ReservationEdit, _ Author, now time.Time) ([]string, error) {
	if edit.Name == nil && edit.Email == nil && edit.Phone == nil {
		return nil, nil
	}
	guest, err := s.queries.LockGuest(ctx, tx, r.GuestID)
	if err != nil {
		return nil, err
	}
	var changed []string
	replace := func(name string, value *string, with *string) {
		if with != nil && *with != *value {
			*value = *with
			changed = append(changed, name)
		}
	}
	replace("name", &guest.Name, edit.Name)
	replace("email", &guest.Email, edit.Email)
	replace("phone", &guest.Phone, edit.Phone)
	if len(changed) == 0 {
		return nil, nil
	}
	return changed, s.queries.EditContact(ctx, tx, &dbgen.EditContactParams{
		ID: guest.ID, Name: guest.Name, Email: guest.Email, Phone: guest.Phone, Now: now})
}

func (s *Store) editNotes(ctx context.Context, tx pgx.Tx, r *dbgen.Reservation, edit ReservationEdit, by Author, now time.Time) ([]string, error) {
	if edit.SpecialRequests == nil && edit.InternalNotes == nil {
		return nil, nil
	}
	notes, err := s.queries.GetNotes(ctx, tx, r.Code)
	if errors.Is(err, pgx.ErrNoRows) {
		notes, err = &dbgen.GetNotesRow{}, nil
	}
	if err != nil {
		return nil, err
	}
	var changed []string
	if edit.SpecialRequests != nil && notes.SpecialRequests != *edit.SpecialRequests {
		notes.SpecialRequests, changed = *edit.SpecialRequests, append(changed, "special_requests")
	}
	if edit.InternalNotes != nil && notes.InternalNotes != *edit.InternalNotes {
		notes.InternalNotes, changed = *edit.InternalNotes, append(changed, "internal_notes")
	}
	if len(changed) == 0 {
		return nil, nil
	}
	params := &dbgen.SaveNotesParams{ReservationID: r.ID, SpecialRequests: notes.SpecialRequests, InternalNotes: notes.InternalNotes, Now: now}
	if by.UserID != 0 {
		params.UpdatedBy = &by.UserID
	}
	return changed, s.queries.SaveNotes(ctx, tx, params)
}

func (s *Store) editGuests(ctx context.Context, tx pgx.Tx, r *dbgen.Reservation, edit ReservationEdit, by Author, now time.Time) ([]string, error) {
	if edit.Guests == nil || int32(*edit.Guests) == r.Guests {
		return nil, nil
	}
	told := change{By: booking.ByOwner, Reason: "guests_changed", At: now, Details: map[string]any{
		"staff_id": by.UserID, "before": r.Guests, "after": *edit.Guests}}
	return []string{"guests"}, s.queries.SetGuests(ctx, tx, &dbgen.SetGuestsParams{ID: r.ID, Guests: int32(*edit.Guests), Change: told.text(), Now: now})
}

// MarkNoShow closes a confirmed stay whose guest did not come, from its check-in day on; today is the property's. Repeated it
// changes nothing; anything else is [booking.CodeWrongState].
func (s *Store) MarkNoShow(ctx context.Context, code string, staffID int64, today booking.Date, now time.Time) (Change, error) {
	row, err := s.queries.MarkNoShow(ctx, s.pool, &dbgen.MarkNoShowParams{Code: code, Today: today.Time(), Now: now,
		Change: change{By: booking.ByOwner, Reason: "no_show", At: now, Details: map[string]any{"staff_id": staffID}}.text()})
	outcome, err := s.changed(ctx, "mark no-show", code, (*dbgen.GetReservationRow)(row), err)
	if err == nil && !outcome.Changed && outcome.Reservation.Status != booking.NoShow {
		err = booking.Refuse(booking.CodeWrongState, "reservation %s is %s from %s", code, outcome.Reservation.Status, outcome.Reservation.Stay.CheckIn)
	}
	return outcome, err
}
