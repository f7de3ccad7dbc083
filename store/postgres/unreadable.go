package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// UnreadablePayment is what the provider gave in the place of a payment.
type UnreadablePayment struct {
	// ProviderID is the payment's id when it was asked for by it, or a name for what came.
	ProviderID string
	// Reference is the reservation that it was found for; a hint, which does not make it that reservation's payment.
	Reference string
	// Raw is what came, without what concerns the payer; empty asks for what was parked before.
	Raw json.RawMessage
	// Asker is as in [PaymentReport]. What was parked for nobody in particular is news until somebody asks.
	Asker string
}

// Park puts aside what could not be read, once, for a person to look at. A payment that is known keeps its money where it is;
// one that can be read later is settled as if it had not been parked. With an empty Raw, what was never parked is
// [booking.CodeNotFound].
func (s *Store) Park(ctx context.Context, what UnreadablePayment, now time.Time) (Settlement, error) {
	settlement, err := s.park(ctx, what, now)
	if unstorable(err) {
		what.Raw = asText(what.Raw)
		return s.park(ctx, what, now)
	}
	return settlement, err
}

func (s *Store) park(ctx context.Context, what UnreadablePayment, now time.Time) (Settlement, error) {
	settlement := Settlement{Verdict: booking.VerdictPark, PaymentID: what.ProviderID}
	err := s.transact(ctx, "park payment", func(tx pgx.Tx) error {
		row, err := s.queries.LockReservation(ctx, tx, what.Reference)
		switch {
		case err == nil:
			settlement.Code, settlement.Status = row.Reservation.Code, booking.Status(row.Reservation.ReservationStatus)
		case !errors.Is(err, pgx.ErrNoRows):
			return err
		}
		if len(what.Raw) > 0 {
			// Never newer than anything that can be read.
			_, err := s.queries.ParkPayment(ctx, tx, &dbgen.ParkPaymentParams{ProviderID: what.ProviderID, Reference: what.Reference,
				ToldTo: what.Asker, Never: time.Time{}, Now: now})
			if err != nil {
				return err
			}
		}
		stored, err := s.queries.LockPayment(ctx, tx, what.ProviderID)
		if err != nil {
			return err
		}
		settlement.News, err = s.noteUnreadable(ctx, tx, stored, what, now)
		return err
	})
	return settlement, err
}

// noteUnreadable keeps what came with the payment and reports whether this asker is to tell of it.
func (s *Store) noteUnreadable(ctx context.Context, tx pgx.Tx, stored *dbgen.LockPaymentRow, what UnreadablePayment, now time.Time) (bool, error) {
	p := &stored.Payment
	if len(what.Raw) > 0 {
		err := s.queries.NoteUnreadable(ctx, tx, &dbgen.NoteUnreadableParams{PaymentID: p.ID, ProviderUpdatedAt: p.ProviderUpdatedAt,
			Raw: orNull(what.Raw), Now: now})
		if err != nil {
			return false, err
		}
	}
	if p.Verdict != string(booking.VerdictPark) {
		return !slices.Contains(stored.Verdicts, string(booking.VerdictPark)), s.queries.ParkOpenPayment(ctx, tx, p.ID)
	}
	if p.ToldTo == "" && what.Asker != "" {
		return true, s.queries.HearParked(ctx, tx, &dbgen.HearParkedParams{ID: p.ID, ToldTo: what.Asker})
	}
	return p.ToldTo == what.Asker, nil
}

// unstorable reports whether Postgres could not take a value, which a report has only in its raw JSON: an escaped NUL, half a
// surrogate pair, a number of a million digits, a thousand brackets.
func unstorable(err error) bool {
	failure, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains([]string{"22P02", "22P05", "22003", "22021", "54000", "54001"}, failure.Code)
}

// asText keeps JSON that Postgres cannot hold as JSON.
func asText(raw json.RawMessage) json.RawMessage {
	return mustJSON(map[string]string{"text": string(raw)})
}
