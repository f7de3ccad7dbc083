package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func TestPaymentLinks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	link := postgres.PaymentLink{Code: r.Code, Kind: booking.LinkDeposit, Attempt: 1, ProviderID: "pref-1", URL: "https://pay/1", Amount: booking.Pesos(30_000), ExpiresAt: r.ExpiresAt}
	saved, err := b.SavePaymentLink(t.Context(), link, now)
	require.NoError(t, err)
	require.Equal(t, link, saved)

	twin := link
	twin.ProviderID, twin.URL = "pref-2", "https://pay/2"
	saved, err = b.SavePaymentLink(t.Context(), twin, now)
	require.NoError(t, err)
	require.Equal(t, "pref-1", saved.ProviderID, "the first one stands")

	twin.Attempt = 2
	_, err = b.SavePaymentLink(t.Context(), twin, now)
	require.NoError(t, err)
	newest, found, err := b.PaymentLink(t.Context(), r.Code, "", 0)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, 2, newest.Attempt)
	_, found, err = b.PaymentLink(t.Context(), r.Code, booking.LinkDeposit, 3)
	require.NoError(t, err)
	require.False(t, found)

	require.NoError(t, b.ClosePaymentLink(t.Context(), "pref-1", now))
	open, err := b.OpenPaymentLinks(t.Context(), r.Code)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, "https://pay/2", open[0].URL)
	requireCode(t, b.ClosePaymentLink(t.Context(), "pref-9", now), booking.CodeNotFound)
	unknown := link
	unknown.Code, unknown.ProviderID = "RES261122FFFFFF", "pref-3"
	_, err = b.SavePaymentLink(t.Context(), unknown, now)
	requireCode(t, err, booking.CodeNotFound)
	require.Equal(t, "held link_created link_created", b.story(r.Code))

	codes, err := b.ReservationsAwaitingPayment(t.Context(), now.Add(-time.Hour), 10)
	require.NoError(t, err)
	require.Equal(t, []string{r.Code}, codes)
	codes, err = b.ReservationsAwaitingPayment(t.Context(), now.Add(time.Hour), 10)
	require.NoError(t, err)
	require.Empty(t, codes)
	b.clean()
}

func TestRefundOfAConfirmedStay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	p := report(r.Code)
	b.settle(p)
	_, err := b.Cancel(t.Context(), r.Code, booking.ByGuest, "guest", now)
	require.NoError(t, err)

	plan, err := b.PlanRefund(t.Context(), p.ProviderID, booking.Pesos(15_000), "cancelled", now)
	require.NoError(t, err)
	require.Equal(t, "refund:"+p.ProviderID+":cancelled", plan.Key)
	require.Equal(t, postgres.RefundPlanned, plan.Status)
	again, err := b.PlanRefund(t.Context(), p.ProviderID, booking.Pesos(20_000), "cancelled", now)
	require.NoError(t, err)
	require.Equal(t, plan, again, "one refund for one reason")
	require.Equal(t, booking.Pesos(30_000), b.row(r.Code).Paid, "planned is not returned")
	credited, err := b.CreditedPayments(t.Context(), r.Code)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(15_000), credited[0].Returned, "but it cannot be returned a second time")

	require.NoError(t, b.FinishRefund(t.Context(), plan.ID, "", postgres.RefundInProcess, now))
	for range 2 {
		require.NoError(t, b.FinishRefund(t.Context(), plan.ID, "55", postgres.RefundDone, now))
	}
	require.NoError(t, b.FinishRefund(t.Context(), plan.ID, "55", postgres.RefundFailed, now), "done is done")
	row := b.row(r.Code)
	require.Equal(t, booking.Pesos(15_000), row.Paid)
	require.Equal(t, booking.PaymentPartiallyPaid, row.PaymentStatus)
	require.Equal(t, "applied", b.disposition(p.ProviderID))
	require.Equal(t, "held confirmed cancelled refund_planned refund_in_process money", b.story(r.Code))
	b.clean()

	rest, err := b.PlanRefund(t.Context(), p.ProviderID, booking.Pesos(99_000), "goodwill", now)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(15_000), rest.Amount, "never more than what is left")
	require.NoError(t, b.FinishRefund(t.Context(), rest.ID, "56", postgres.RefundDone, now))
	require.Equal(t, booking.PaymentRefunded, b.row(r.Code).PaymentStatus)
	require.Equal(t, "refunded", b.disposition(p.ProviderID))
	_, err = b.PlanRefund(t.Context(), p.ProviderID, booking.Money{}, "again", now)
	requireCode(t, err, booking.CodeWrongState)
	_, err = b.PlanRefund(t.Context(), "4711", booking.Money{}, "late", now)
	requireCode(t, err, booking.CodeNotFound)
	requireCode(t, b.FinishRefund(t.Context(), 4711, "", postgres.RefundDone, now), booking.CodeNotFound)
	b.clean()
}

func TestRefundRefusedForGood(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := report("nobody's")
	b.settle(p)
	_, err := b.PlanRefund(t.Context(), p.ProviderID, booking.Money{Centavos: 5, Currency: "USD"}, "returned", now)
	requireCode(t, err, booking.CodeInvalidInput)
	plan, err := b.PlanRefund(t.Context(), p.ProviderID, booking.Money{}, "returned", now)
	require.NoError(t, err)
	require.Equal(t, "to_refund", b.disposition(p.ProviderID))
	require.NoError(t, b.FinishRefund(t.Context(), plan.ID, "", postgres.RefundFailed, now))
	require.Equal(t, "parked", b.disposition(p.ProviderID), "somebody has to do it another way")

	again, err := b.PlanRefund(t.Context(), p.ProviderID, booking.Money{}, "returned", now.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, plan.ID, again.ID)
	require.Equal(t, postgres.RefundPlanned, again.Status, "the provider may think better of it")
	require.Equal(t, "to_refund", b.disposition(p.ProviderID))
	require.NoError(t, b.FinishRefund(t.Context(), plan.ID, "", postgres.RefundFailed, now))
	p.RefundedAmount, p.UpdatedAt = booking.Pesos(10_000), now.Add(time.Hour)
	b.settle(p)
	again, err = b.PlanRefund(t.Context(), p.ProviderID, booking.Money{}, "returned", now)
	require.NoError(t, err)
	require.Equal(t, postgres.RefundFailed, again.Status, "less than it is left")
	p.Status, p.RefundedAmount, p.UpdatedAt = booking.ProviderRefunded, p.Amount, now.Add(2*time.Hour)
	b.settle(p)
	_, err = b.PlanRefund(t.Context(), p.ProviderID, booking.Money{}, "returned", now)
	requireCode(t, err, booking.CodeWrongState)
}

func TestRefundAtTheProviderIsOneOfOurs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := report("nobody's")
	b.settle(p)
	var plans []postgres.Refund
	for _, reason := range []string{"late", "surplus"} {
		plan, err := b.PlanRefund(t.Context(), p.ProviderID, booking.Pesos(5), reason, now)
		require.NoError(t, err)
		require.Zero(t, plan.TriedAt)
		require.NoError(t, b.TryRefund(t.Context(), plan.ID, now))
		plans = append(plans, plan)
	}
	require.NoError(t, b.FinishRefund(t.Context(), plans[0].ID, "55", postgres.RefundDone, now))
	requireCode(t, b.FinishRefund(t.Context(), plans[1].ID, "55", postgres.RefundDone, now), booking.CodeDuplicate)
	refunds, err := b.Refunds(t.Context(), p.ProviderID)
	require.NoError(t, err)
	require.Len(t, refunds, 2)
	require.Equal(t, "55", refunds[0].ProviderRefundID)
	require.True(t, refunds[1].TriedAt.Equal(now))
	require.Equal(t, postgres.RefundPlanned, refunds[1].Status)
}

func TestRefundsNeverExceedThePayment(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rapid.Check(t, func(rt *rapid.T) {
		p := report("nobody's")
		b.settle(p)
		var group errgroup.Group
		for _, reason := range []string{"late", "surplus", "taken", "short"} {
			amount := booking.Centavos(rapid.Int64Range(0, 2_500_000).Draw(rt, reason))
			group.Go(func() error {
				plan, err := b.PlanRefund(t.Context(), p.ProviderID, amount, reason, now)
				if booking.IsCode(err, booking.CodeWrongState) {
					return nil
				}
				if err != nil {
					return err
				}
				return b.FinishRefund(t.Context(), plan.ID, reason, postgres.RefundDone, now)
			})
		}
		require.NoError(rt, group.Wait())
		require.Equal(rt, ask[int64](b, `SELECT sum(f.amount_centavos)::bigint FROM refunds f JOIN payments p ON p.id = f.payment_id WHERE p.provider_id = $1`, p.ProviderID),
			ask[int64](b, `SELECT refunded_centavos FROM payments WHERE provider_id = $1`, p.ProviderID))
	})
	_, err := b.sql.Exec(t.Context(), `INSERT INTO refunds (payment_id, key, reason, amount_centavos, currency, created_at, updated_at)
		SELECT id, 'k', 'r', amount_centavos + 1, 'ARS', now(), now() FROM payments LIMIT 1`)
	require.ErrorContains(t, err, "more than its amount")
}
