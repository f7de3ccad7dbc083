package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// Movement is a credit of the bank account.
type Movement struct {
	Reference  string
	Amount     booking.Money
	CreditedAt time.Time
}

// MovementOutcome says what an imported credit did.
type MovementOutcome string

// The outcomes of an import.
const (
	MovementMatched   MovementOutcome = "matched"   // the one hold that waits for this sum has it
	MovementAmbiguous MovementOutcome = "ambiguous" // several holds wait for this sum: a person says whose it is
	MovementUnmatched MovementOutcome = "unmatched" // nobody waits for it
)

// Imported is an imported credit with what it did.
type Imported struct {
	Outcome MovementOutcome
	// Candidates are the codes of the holds that wait for the sum; the one that has it when the outcome is matched.
	Candidates []string
	PaymentID  string
	Repeated   bool
}

// ImportMovement takes a credit of the account. It pays the open transfer hold that waits for exactly this sum, the rest of its
// deposit or of its price, when there is one and only one; a credit never pays anything else. Repeated it changes nothing.
func (s *Store) ImportMovement(ctx context.Context, movement Movement, by Author, now time.Time) (Imported, error) {
	var imported Imported
	movement.CreditedAt = movement.CreditedAt.UTC().Truncate(time.Microsecond)
	err := s.transact(ctx, "import movement", func(tx pgx.Tx) (err error) {
		if err := s.queries.LockMovements(ctx, tx); err != nil {
			return err
		}
		var known bool
		if imported, known, err = s.importedBefore(ctx, tx, movement, now); known || err != nil {
			return err
		}
		imported, err = s.matchMovement(ctx, tx, movement, by, now)
		if err != nil {
			return err
		}
		return s.keepMovement(ctx, tx, movement, imported, by, now)
	})
	return imported, err
}

func (s *Store) importedBefore(ctx context.Context, tx pgx.Tx, movement Movement, now time.Time) (Imported, bool, error) {
	row, err := s.queries.GetMovement(ctx, tx, &dbgen.GetMovementParams{
		Reference: movement.Reference, AmountCentavos: movement.Amount.Centavos, CreditedAt: movement.CreditedAt})
	if errors.Is(err, pgx.ErrNoRows) {
		return Imported{}, false, nil
	}
	if err != nil {
		return Imported{}, false, err
	}
	imported := Imported{Outcome: MovementOutcome(row.Outcome), PaymentID: row.ProviderID, Repeated: true}
	switch {
	case row.Code != "":
		imported.Candidates = []string{row.Code}
	case imported.Outcome == MovementAmbiguous:
		imported.Candidates, err = s.waitingFor(ctx, tx, movement, now)
	}
	return imported, true, err
}

func (s *Store) matchMovement(ctx context.Context, tx pgx.Tx, movement Movement, by Author, now time.Time) (Imported, error) {
	codes, err := s.waitingFor(ctx, tx, movement, now)
	if err != nil {
		return Imported{}, err
	}
	switch len(codes) {
	case 0:
		return Imported{Outcome: MovementUnmatched}, nil
	case 1:
	default:
		return Imported{Outcome: MovementAmbiguous, Candidates: codes}, nil
	}
	recorded, err := s.recordPayment(ctx, tx, RecordedPayment{
		Code: codes[0], Method: booking.ByTransfer, Amount: movement.Amount, By: by, Via: "movement",
		Key: fmt.Sprintf("movement/%s/%d/%s", movement.Reference, movement.Amount.Centavos, movement.CreditedAt.Format(time.RFC3339Nano)),
	}, now)
	return Imported{Outcome: MovementMatched, Candidates: codes, PaymentID: recorded.PaymentID}, err
}

func (s *Store) waitingFor(ctx context.Context, tx pgx.Tx, movement Movement, now time.Time) ([]string, error) {
	return s.queries.ListTransferHoldsFor(ctx, tx, &dbgen.ListTransferHoldsForParams{
		Now: &now, Currency: movement.Amount.Currency, AmountCentavos: movement.Amount.Centavos})
}

func (s *Store) keepMovement(ctx context.Context, tx pgx.Tx, movement Movement, imported Imported, by Author, now time.Time) error {
	params := &dbgen.InsertMovementParams{
		Reference: movement.Reference, AmountCentavos: movement.Amount.Centavos, Currency: movement.Amount.Currency,
		CreditedAt: movement.CreditedAt, Outcome: string(imported.Outcome), UserID: by.UserID, Now: now,
	}
	if imported.PaymentID != "" {
		params.ProviderID = &imported.PaymentID
	}
	id, err := s.queries.InsertMovement(ctx, tx, params)
	if err != nil {
		return err
	}
	return s.record(ctx, tx, by, AuditEntry{Action: "movement.imported", Entity: "movement", EntityID: fmt.Sprint(id),
		After: map[string]any{"outcome": imported.Outcome, "amount_centavos": movement.Amount.Centavos, "payment": imported.PaymentID}}, now)
}

// ChooseTransfer gives a hold until a later instant to be paid by transfer, once; the deadline never moves back. A hold that is
// over is [booking.CodeWrongState]; repeated it changes nothing.
func (s *Store) ChooseTransfer(ctx context.Context, code string, until, now time.Time) (Change, error) {
	row, err := s.queries.ChooseTransfer(ctx, s.pool, &dbgen.ChooseTransferParams{
		Code: code, Until: until, Now: now, Change: change{By: booking.ByGuest, Reason: "transfer", At: now}.text(),
	})
	outcome, err := s.changed(ctx, "choose transfer", code, (*dbgen.GetReservationRow)(row), err)
	if err != nil || outcome.Changed {
		return outcome, err
	}
	chosen, err := s.queries.IsTransferHold(ctx, s.pool, code)
	if err != nil {
		return outcome, explain("choose transfer", err)
	}
	if !chosen || outcome.Reservation.Status != booking.PreReserved {
		return outcome, booking.Refuse(booking.CodeWrongState, "the hold of %s is over", code)
	}
	return outcome, nil
}

// IsTransferHold reports whether the guest of a reservation chose to pay by transfer.
func (s *Store) IsTransferHold(ctx context.Context, code string) (bool, error) {
	chosen, err := s.queries.IsTransferHold(ctx, s.pool, code)
	return chosen, explain("read transfer hold", err)
}
