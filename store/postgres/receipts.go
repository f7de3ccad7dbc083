package postgres

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// IssuedReceipt is a receipt with the secret that opens it without anything else.
type IssuedReceipt struct {
	booking.Receipt
	Token string
}

// IssueReceipts gives every counted payment of a reservation, and every refund of one, its numbered receipt, once, and returns
// all receipts of the reservation by number. Numbers of a property have no gaps. An unknown code is [booking.CodeNotFound].
func (s *Store) IssueReceipts(ctx context.Context, code string, now time.Time) ([]IssuedReceipt, error) {
	var receipts []IssuedReceipt
	err := s.transact(ctx, "issue receipts", func(tx pgx.Tx) error {
		row, err := s.queries.LockReservation(ctx, tx, code)
		if err != nil {
			return err
		}
		r, err := reservationOf((*dbgen.GetReservationRow)(row))
		if err != nil {
			return err
		}
		if err := s.issueMissing(ctx, tx, r, now); err != nil {
			return err
		}
		receipts, err = s.receiptsOf(ctx, tx, code)
		return err
	})
	return receipts, err
}

func (s *Store) issueMissing(ctx context.Context, tx pgx.Tx, r Reservation, now time.Time) error {
	missing, err := s.queries.ListUnreceipted(ctx, tx, r.ID)
	if err != nil || len(missing) == 0 {
		return err
	}
	property, err := s.queries.GetReceiptProperty(ctx, tx, r.AccommodationID)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(property.TimeZone)
	if err != nil {
		return fmt.Errorf("time zone of the property: %w", err)
	}
	for _, moved := range missing {
		number, err := s.queries.NextReceiptNumber(ctx, tx, property.ID)
		if err != nil {
			return err
		}
		balance := r.Total.Minus(r.Paid)
		balance.Centavos = max(balance.Centavos, 0)
		if r.Status == booking.Cancelled || r.Status == booking.Expired {
			balance.Centavos = 0 // nobody owes anything for a stay that will not be
		}
		content := booking.Receipt{
			Number: booking.ReceiptNumber(property.ID, number), Property: property.Name, Unit: r.UnitName, Code: r.Code, Stay: r.Stay,
			IssuedAt: now.UTC().Truncate(time.Second), Date: booking.DateIn(moved.MovedAt, zone), Method: booking.PaymentMethod(moved.Provider),
			Amount: money(moved.AmountCentavos, r.Total.Currency), Credit: moved.RefundID != nil,
			Total: r.Total, Paid: r.Paid, Balance: balance,
		}
		err = s.queries.InsertReceipt(ctx, tx, &dbgen.InsertReceiptParams{
			PropertyID: property.ID, Number: number, ReservationID: r.ID, PaymentID: moved.PaymentID, RefundID: moved.RefundID,
			Token: rand.Text() + rand.Text(), Content: mustJSON(content), IssuedAt: now,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) receiptsOf(ctx context.Context, db dbgen.DBTX, code string) ([]IssuedReceipt, error) {
	rows, err := s.queries.ListReceipts(ctx, db, code)
	if err != nil {
		return nil, err
	}
	receipts := make([]IssuedReceipt, 0, len(rows))
	for _, row := range rows {
		receipt, err := issuedOf(row.Content, row.Token)
		if err != nil {
			return nil, err
		}
		receipts = append(receipts, receipt)
	}
	return receipts, nil
}

// ReceiptByToken opens a receipt by its secret; an unknown one is [booking.CodeNotFound].
func (s *Store) ReceiptByToken(ctx context.Context, token string) (booking.Receipt, error) {
	row, err := s.queries.GetReceiptByToken(ctx, s.pool, token)
	if err != nil {
		return booking.Receipt{}, explain("read receipt", err)
	}
	receipt, err := issuedOf(row.Content, row.Token)
	return receipt.Receipt, err
}

// LackingReceipts lists codes of reservations with money that has no receipt yet.
func (s *Store) LackingReceipts(ctx context.Context, most int) ([]string, error) {
	codes, err := s.queries.ListLackingReceipts(ctx, s.pool, int32(most))
	return codes, explain("list missing receipts", err)
}

func issuedOf(content json.RawMessage, token string) (IssuedReceipt, error) {
	issued := IssuedReceipt{Token: token}
	if err := json.Unmarshal(content, &issued.Receipt); err != nil {
		return issued, fmt.Errorf("read receipt: %w", err)
	}
	return issued, nil
}
