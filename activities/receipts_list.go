package activities

import (
	"context"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// Page lists the receipts that were issued, see [postgres.Store.Receipts].
func (d *ReceiptDesk) Page(ctx context.Context, filter postgres.ReceiptFilter, oldest bool, after postgres.Place, most int) ([]postgres.ListedReceipt, error) {
	if !filter.From.IsZero() && !filter.To.IsZero() && !filter.From.Before(filter.To) {
		return nil, booking.Refuse(booking.CodeInvalidDates, "to is not after from")
	}
	return d.Store.Receipts(ctx, filter, oldest, after, most)
}
