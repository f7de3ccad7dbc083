package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func TestLinksOfEachKindAreCountedApart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	save := func(kind booking.LinkKind, attempt int, id string) postgres.PaymentLink {
		saved, err := b.SavePaymentLink(t.Context(), postgres.PaymentLink{
			Code: r.Code, Kind: kind, Attempt: attempt, ProviderID: id, URL: "https://pay/" + id, Amount: booking.Pesos(100), ExpiresAt: r.ExpiresAt.Add(time.Hour),
		}, now)
		require.NoError(t, err)
		return saved
	}
	save("", 1, "first")
	save(booking.LinkBalance, 1, "rest")
	save(booking.LinkDeposit, 2, "second")
	require.Equal(t, "first", save(booking.LinkDeposit, 1, "twin").ProviderID, "no kind is a deposit, and an attempt is made once")

	newest, found, err := b.PaymentLink(t.Context(), r.Code, booking.LinkBalance, 0)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "rest", newest.ProviderID)
	newest, _, err = b.PaymentLink(t.Context(), r.Code, "", 0)
	require.NoError(t, err)
	require.Equal(t, "second", newest.ProviderID)

	open, err := b.OpenPaymentLinks(t.Context(), r.Code)
	require.NoError(t, err)
	require.Len(t, open, 3)
	payments, err := b.PagePayments(t.Context(), r.Code)
	require.NoError(t, err)
	require.Empty(t, payments)
}
