package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func TestReservationKeepsItsTerms(t *testing.T) {
	t.Parallel()
	b := setup(t)
	by := postgres.Author{Kind: "system"}
	before := b.hold(stay("2027-01-10", 2))
	require.Equal(t, booking.FlexiblePolicy.Ladder(), before.Cancellation.Ladder())

	strict := booking.StrictPolicy
	require.NoError(t, b.SetCancellation(t.Context(), by, 0, &strict, now))
	property, err := b.Property(t.Context())
	require.NoError(t, err)
	require.Equal(t, strict, property.Cancellation)
	require.Equal(t, booking.PolicyFlexible, b.row(before.Code).Cancellation.Name, "what was promised stays")
	during := b.hold(stay("2027-02-10", 2))
	require.Equal(t, booking.PolicyStrict, during.Cancellation.Name)

	custom, err := booking.NewCancellationPolicy(booking.PolicyCustom, []booking.CancellationStep{{DaysBefore: 10, RefundPercent: 80}})
	require.NoError(t, err)
	require.NoError(t, b.SetCancellation(t.Context(), by, before.AccommodationID, &custom, now))
	place, err := b.Accommodation(t.Context(), before.AccommodationID)
	require.NoError(t, err)
	require.Equal(t, custom, place.CancellationIn(property))
	after := b.hold(stay("2027-03-10", 2))
	require.Equal(t, custom, after.Cancellation)

	require.NoError(t, b.SetCancellation(t.Context(), by, before.AccommodationID, nil, now))
	place, err = b.Accommodation(t.Context(), before.AccommodationID)
	require.NoError(t, err)
	require.Nil(t, place.Cancellation)
	requireCode(t, b.SetCancellation(t.Context(), by, 0, nil, now), booking.CodeInvalidInput)
	requireCode(t, b.SetCancellation(t.Context(), by, 0, &booking.CancellationPolicy{Name: "none"}, now), booking.CodeInvalidInput)
	requireCode(t, b.SetCancellation(t.Context(), by, 4711, &strict, now), booking.CodeNotFound)

	_, err = b.sql.Exec(t.Context(), `UPDATE reservations SET cancellation = '{"name": "custom", "steps": []}' WHERE code = $1`, before.Code)
	require.ErrorContains(t, err, "keeps the terms")
	_, err = b.sql.Exec(t.Context(), `UPDATE properties SET cancellation = '{"name": "custom", "steps": [{"days_before": 1}]}'`)
	require.ErrorContains(t, err, "property_cancellation_readable")
	b.clean()
}

// twice is a confirmed stay that was paid in two halves, then cancelled.
func (b *bench) twice() (postgres.Reservation, postgres.PaymentReport, postgres.PaymentReport) {
	b.t.Helper()
	r := b.hold(stay("2027-01-10", 2))
	first := report(r.Code)
	first.Amount = booking.Pesos(15_000)
	second := first
	second.ProviderID = first.ProviderID + "2"
	b.settle(first)
	_, err := b.Settle(b.t.Context(), second, now.Add(time.Minute))
	require.NoError(b.t, err)
	return r, first, second
}

func TestRefundIsSpreadOverPayments(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r, first, second := b.twice()
	_, err := b.Cancel(t.Context(), r.Code, booking.ByGuest, "guest", now)
	require.NoError(t, err)
	order := postgres.RefundOrder{Code: r.Code, Amount: booking.Pesos(20_000), Reason: "cancelled"}
	plan, err := b.PlanRefunds(t.Context(), order, now)
	require.NoError(t, err)
	require.Len(t, plan, 2)
	require.Equal(t, second.ProviderID, plan[0].PaymentID, "the newest first")
	require.Equal(t, booking.Pesos(15_000), plan[0].Amount)
	require.Equal(t, first.ProviderID, plan[1].PaymentID)
	require.Equal(t, booking.Pesos(5_000), plan[1].Amount)
	again, err := b.PlanRefunds(t.Context(), order, now.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, plan, again)

	_, err = b.PlanRefunds(t.Context(), postgres.RefundOrder{Code: r.Code, Amount: booking.Pesos(10_001), Reason: "more", Whole: true}, now)
	requireCode(t, err, booking.CodeInvalidInput)
	rest, err := b.PlanRefunds(t.Context(), postgres.RefundOrder{Code: r.Code, Amount: booking.Pesos(99_000), Reason: "more"}, now)
	require.NoError(t, err)
	require.Len(t, rest, 1)
	require.Equal(t, booking.Pesos(10_000), rest[0].Amount, "never more than was paid")
	_, err = b.PlanRefunds(t.Context(), postgres.RefundOrder{Code: "RES261122FFFFFF", Amount: booking.Pesos(1), Reason: "cancelled"}, now)
	requireCode(t, err, booking.CodeNotFound)

	listed, err := b.AllRefunds(t.Context(), postgres.RefundFilter{}, false, postgres.Place{}, 2)
	require.NoError(t, err)
	require.Len(t, listed, 2)
	require.Equal(t, rest[0].ID, listed[0].ID)
	require.Equal(t, r.Code, listed[0].Code)
	next, err := b.AllRefunds(t.Context(), postgres.RefundFilter{Statuses: []postgres.RefundStatus{postgres.RefundPlanned}}, false, listed[1].Place(), 10)
	require.NoError(t, err)
	require.Len(t, next, 1)
	payments, err := b.Ledger(t.Context(), postgres.LedgerFilter{}, false, postgres.Place{}, 10)
	require.NoError(t, err)
	require.Len(t, payments, 2)
	require.Equal(t, second.ProviderID, payments[0].ProviderID)
}

func TestRefundWaitsForTheOwner(t *testing.T) {
	t.Parallel()
	for decision, other := range map[postgres.RefundDecision]postgres.RefundDecision{
		postgres.RefundApproved: postgres.RefundRefused, postgres.RefundRefused: postgres.RefundApproved,
	} {
		t.Run(string(decision), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			r, first, _ := b.twice()
			_, err := b.Cancel(t.Context(), r.Code, booking.ByGuest, "guest", now)
			require.NoError(t, err)
			_, err = b.DecideRefund(t.Context(), r.Code, "cancelled", decision, booking.ByOwner, 0, now)
			requireCode(t, err, booking.CodeWrongState)

			order := postgres.RefundOrder{Code: r.Code, Amount: booking.Pesos(30_000), Reason: "cancelled", Ask: true}
			plan, err := b.PlanRefunds(t.Context(), order, now)
			require.NoError(t, err)
			require.Len(t, plan, 2)
			asked, err := b.PlanRefund(t.Context(), first.ProviderID, booking.Money{}, "cancelled", now)
			require.NoError(t, err)
			require.Equal(t, postgres.RefundAwaiting, asked.Status, "one that waits is not sent")

			stands, err := b.DecideRefund(t.Context(), r.Code, "cancelled", decision, booking.ByOwner, 0, now)
			require.NoError(t, err)
			require.Equal(t, decision, stands)
			stands, err = b.DecideRefund(t.Context(), r.Code, "cancelled", other, booking.ByTimer, 0, now)
			require.NoError(t, err)
			require.Equal(t, decision, stands, "the first word stands")

			plan, err = b.PlanRefunds(t.Context(), order, now)
			require.NoError(t, err)
			for _, part := range plan {
				require.Equal(t, decision, part.Decision)
				require.Equal(t, booking.ByOwner, part.DecidedBy)
				kept, err := b.PlanRefund(t.Context(), part.PaymentID, booking.Money{}, "cancelled", now)
				require.NoError(t, err)
				if decision == postgres.RefundApproved {
					require.Equal(t, postgres.RefundPlanned, kept.Status)
					require.Equal(t, "to_refund", b.disposition(part.PaymentID))
				} else {
					require.Equal(t, postgres.RefundFailed, kept.Status, "no second thoughts")
					require.Equal(t, "applied", b.disposition(part.PaymentID))
				}
			}
			require.Contains(t, b.story(r.Code), "refund_awaiting_approval")
			require.Contains(t, b.story(r.Code), "refund_"+string(decision))
			b.clean()
		})
	}
}

func TestNoRefundOfMoneyThatWasNotCredited(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	p := report(r.Code)
	p.Status = booking.ProviderPending
	b.settle(p)
	_, err := b.PlanRefund(t.Context(), p.ProviderID, booking.Money{}, "late", now)
	requireCode(t, err, postgres.CodeNotCredited)
	_, err = b.sql.Exec(t.Context(), `INSERT INTO refunds (payment_id, key, reason, amount_centavos, currency, created_at, updated_at)
		SELECT id, 'k', 'by hand', 1, 'ARS', now(), now() FROM payments`)
	require.ErrorContains(t, err, "was not credited")
}

func TestRefundIsCutDownToWhatIsLeft(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := report(b.hold(stay("2027-01-10", 2)).Code)
	b.settle(p)
	plan, err := b.PlanRefund(t.Context(), p.ProviderID, booking.Pesos(30_000), "late", now)
	require.NoError(t, err)
	requireCode(t, b.ShrinkRefund(t.Context(), plan, booking.Pesos(30_000), now), booking.CodeWrongState)
	require.NoError(t, b.ShrinkRefund(t.Context(), plan, booking.Pesos(20_000), now))
	shrunk, err := b.RefundByID(t.Context(), plan.ID)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(20_000), shrunk.Amount)
	require.NotEqual(t, plan.Key, shrunk.Key, "the provider answers the first key as it did before")
	require.NoError(t, b.FinishRefund(t.Context(), plan.ID, "9", postgres.RefundDone, now))
	requireCode(t, b.ShrinkRefund(t.Context(), plan, booking.Pesos(1), now), booking.CodeWrongState)
	_, err = b.RefundByID(t.Context(), 4711)
	requireCode(t, err, booking.CodeNotFound)
}
