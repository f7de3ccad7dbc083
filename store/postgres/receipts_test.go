package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
)

func TestReceiptsAreNumberedWithoutGaps(t *testing.T) {
	t.Parallel()
	b := setup(t)
	by := b.owner()
	const bookings = 6
	codes := make([]string, bookings)
	for i := range codes {
		codes[i] = b.hold(stay("2027-01-10", 5).Shift(i * 7)).Code
		_, err := b.RecordPayment(t.Context(), cash(codes[i], codes[i], booking.Pesos(30_000), by), now)
		require.NoError(t, err)
	}
	var group errgroup.Group
	for _, code := range codes {
		for range 3 {
			group.Go(func() error {
				receipts, err := b.IssueReceipts(t.Context(), code, now)
				if err == nil && len(receipts) != 1 {
					err = fmt.Errorf("%d receipts of one payment", len(receipts))
				}
				return err
			})
		}
	}
	require.NoError(t, group.Wait())
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6}, ask[[]int64](b, `SELECT array_agg(number ORDER BY number) FROM receipts`))
	lacking, err := b.LackingReceipts(t.Context(), 10)
	require.NoError(t, err)
	require.Empty(t, lacking)
}

func TestAReceiptKeepsWhatItSaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	by, r := b.owner(), b.hold(stay("2027-01-10", 5))
	paid, err := b.RecordPayment(t.Context(), cash(r.Code, "1", booking.Pesos(30_000), by), now)
	require.NoError(t, err)
	lacking, err := b.LackingReceipts(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, []string{r.Code}, lacking)
	receipts, err := b.IssueReceipts(t.Context(), r.Code, now)
	require.NoError(t, err)
	require.Len(t, receipts, 1)
	deposit := receipts[0]
	require.Equal(t, booking.Receipt{
		Number: "R-0001-00000001", Property: "Cabañas", Unit: "Cabaña", Code: r.Code, Stay: r.Stay, IssuedAt: now, Date: booking.MustDate("2026-11-22"),
		Method: booking.ByCash, Amount: booking.Pesos(30_000), Total: booking.Pesos(100_000), Paid: booking.Pesos(30_000), Balance: booking.Pesos(70_000),
	}, deposit.Receipt)
	require.GreaterOrEqual(t, len(deposit.Token), 32)

	_, err = b.Cancel(t.Context(), r.Code, booking.ByOwner, "owner", now)
	require.NoError(t, err)
	plan, err := b.PlanRefund(t.Context(), paid.PaymentID, booking.Pesos(30_000), "cancelled", now)
	require.NoError(t, err)
	require.NoError(t, b.FinishRefund(t.Context(), plan.ID, "", "done", now.Add(time.Hour)))
	receipts, err = b.IssueReceipts(t.Context(), r.Code, now.Add(2*time.Hour))
	require.NoError(t, err)
	require.Len(t, receipts, 2)
	require.Equal(t, deposit, receipts[0], "what was issued stays")
	require.True(t, receipts[1].Credit)
	require.Equal(t, booking.Pesos(30_000), receipts[1].Amount)
	require.True(t, receipts[1].Paid.IsZero())

	opened, err := b.ReceiptByToken(t.Context(), deposit.Token)
	require.NoError(t, err)
	require.Equal(t, deposit.Receipt, opened)
	_, err = b.ReceiptByToken(t.Context(), "nobody's")
	requireCode(t, err, booking.CodeNotFound)
	_, err = b.IssueReceipts(t.Context(), "RES990101000000", now)
	requireCode(t, err, booking.CodeNotFound)
}
