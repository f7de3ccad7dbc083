package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
)

// ReceiptFilter says which receipts a list has; a zero field asks for nothing.
type ReceiptFilter struct {
	Code   string
	Number string
	Method booking.PaymentMethod
	// Credit wants those of money that went back, or of money that came.
	Credit *bool
	// From and To bound the day that is printed; To is not included.
	From, To booking.Date
}

// ListedReceipt is a receipt in a list.
type ListedReceipt struct {
	booking.Receipt
	id int64
}

// Place is where a list goes on after this receipt: its instant is the printed day in UTC.
func (r ListedReceipt) Place() Place { return Place{r.Date.Time(), r.id} }

// Receipts lists the receipts that were issued by the day that is printed, the newest first unless oldest, at most that many after a
// place.
func (s *Store) Receipts(ctx context.Context, filter ReceiptFilter, oldest bool, after Place, most int) ([]ListedReceipt, error) {
	where := &conditions{}
	if filter.Code != "" {
		where.add("q.reservation_id = (SELECT id FROM reservations WHERE code = $::text)", filter.Code)
	}
	if filter.Number != "" {
		property, number, err := booking.ParseReceiptNumber(filter.Number)
		if err != nil {
			return nil, err
		}
		where.add("q.property_id = $::bigint AND q.number = $::bigint", property, number)
	}
	if filter.Method != "" {
		where.add("q.content ->> 'method' = $::text", string(filter.Method))
	}
	if filter.Credit != nil {
		where.add("(q.refund_id IS NOT NULL) = $::boolean", *filter.Credit)
	}
	if !filter.From.IsZero() {
		where.add("q.content ->> 'date' >= $::text", filter.From.String())
	}
	if !filter.To.IsZero() {
		where.add("q.content ->> 'date' < $::text", filter.To.String())
	}
	order := listOrder{key: "(q.content ->> 'date')", kind: "text", id: "q.id", oldest: oldest}
	rows, err := s.pool.Query(ctx, "SELECT q.id, q.content FROM receipts q\n"+
		order.page(where, after.At.UTC().Format(time.DateOnly), after.ID, most), where.args...)
	if err != nil {
		return nil, explain("list receipts", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ListedReceipt, error) {
		var (
			receipt ListedReceipt
			content json.RawMessage
		)
		if err := row.Scan(&receipt.id, &content); err != nil {
			return receipt, err
		}
		issued, err := issuedOf(content, "")
		receipt.Receipt = issued.Receipt
		return receipt, err
	})
	return list, explain("list receipts", err)
}
