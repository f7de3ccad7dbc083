package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// owner is an account of staff that records money.
func (b *bench) owner() postgres.Author {
	b.t.Helper()
	return postgres.Author{Kind: "staff", TraceID: "trace",
		UserID: ask[int64](b, `INSERT INTO users (email, role, password_hash) VALUES ('duena@example.org', 'owner', 'x') RETURNING id`)}
}

func cash(code, key string, amount booking.Money, by postgres.Author) postgres.RecordedPayment {
	return postgres.RecordedPayment{Code: code, Method: booking.ByCash, Amount: amount, Note: "en mano", Key: key, By: by, Via: "staff"}
}

func TestRecordedCashConfirmsAndCounts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	by, r := b.owner(), b.hold(stay("2027-01-10", 5))

	first, err := b.RecordPayment(t.Context(), cash(r.Code, "1", booking.Pesos(10_000), by), now)
	require.NoError(t, err)
	require.Equal(t, booking.VerdictShort, first.Verdict)
	require.Equal(t, booking.PreReserved, first.Reservation.Status)
	second, err := b.RecordPayment(t.Context(), cash(r.Code, "2", booking.Pesos(20_000), by), now.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, booking.VerdictConfirm, second.Verdict)
	require.Equal(t, booking.Confirmed, second.Reservation.Status)
	third, err := b.RecordPayment(t.Context(), cash(r.Code, "3", booking.Pesos(70_000), by), now.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, booking.VerdictCount, third.Verdict)
	require.Equal(t, booking.PaymentPaid, third.Reservation.PaymentStatus)
	require.Equal(t, booking.Pesos(100_000), third.Reservation.Paid)

	again, err := b.RecordPayment(t.Context(), cash(r.Code, "3", booking.Pesos(70_000), by), now.Add(2*time.Hour))
	require.NoError(t, err)
	require.True(t, again.Repeated)
	require.Equal(t, third.PaymentID, again.PaymentID)
	_, err = b.RecordPayment(t.Context(), cash(r.Code, "3", booking.Pesos(1), by), now)
	requireCode(t, err, booking.CodeDuplicate)
	_, err = b.RecordPayment(t.Context(), cash(r.Code, "4", booking.Pesos(1), by), now)
	requireCode(t, err, booking.CodeMoreThanDue)
	_, err = b.RecordPayment(t.Context(), cash("RES990101000000", "5", booking.Pesos(1), by), now)
	requireCode(t, err, booking.CodeNotFound)

	payments, err := b.BookedPayments(t.Context(), r.Code)
	require.NoError(t, err)
	require.Len(t, payments, 3)
	require.Equal(t, booking.ByCash, payments[0].Method)
	require.Equal(t, "en mano", payments[0].Note)
	require.Equal(t, by.UserID, payments[0].UserID)
	require.Equal(t, 3, ask[int](b, `SELECT count(*) FROM audit_log WHERE action = 'payment.recorded' AND user_id = $1
		AND before ? 'paid_centavos' AND after ? 'paid_centavos'`, by.UserID))
	require.Equal(t, 3, ask[int](b, `SELECT count(*) FROM booking_events WHERE actor = 'owner' AND reservation_id = $1`, r.ID))
	b.clean()
}

func TestTheOwnersDecisionConfirmsWithLess(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 5))
	payment := cash(r.Code, "1", booking.Pesos(10_000), b.owner())
	payment.Confirm = true
	recorded, err := b.RecordPayment(t.Context(), payment, now)
	require.NoError(t, err)
	require.Equal(t, booking.VerdictConfirm, recorded.Verdict)
	require.Equal(t, booking.Confirmed, recorded.Reservation.Status)
	require.Equal(t, booking.PaymentPartiallyPaid, recorded.Reservation.PaymentStatus)
	b.clean()
}

func TestRecordedMoneyAfterTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	by, r := b.owner(), b.hold(stay("2027-01-10", 5))
	later := r.ExpiresAt.Add(time.Hour)
	_, err := b.ExpireHold(t.Context(), r.Code, later)
	require.NoError(t, err)
	_, err = b.RecordPayment(t.Context(), cash(r.Code, "1", booking.Pesos(10_000), by), later)
	requireCode(t, err, booking.CodeWrongState)

	wish := b.wish(stay("2027-01-10", 5))
	wish.ExpiresAt = later.Add(time.Hour)
	other, err := b.PlaceHold(t.Context(), wish, later)
	require.NoError(t, err)
	_, err = b.RecordPayment(t.Context(), cash(r.Code, "2", booking.Pesos(30_000), by), later)
	requireCode(t, err, booking.CodeDatesTaken)
	require.Zero(t, ask[int](b, `SELECT count(*) FROM payments`), "what is refused leaves nothing")
	_, err = b.Cancel(t.Context(), other.Code, booking.ByGuest, "guest", later)
	require.NoError(t, err)

	recorded, err := b.RecordPayment(t.Context(), cash(r.Code, "2", booking.Pesos(30_000), by), later)
	require.NoError(t, err)
	require.Equal(t, booking.VerdictLate, recorded.Verdict)
	require.Equal(t, booking.Confirmed, recorded.Reservation.Status)
}

func TestRecordedTwiceAtOnceCountsOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	by, r := b.owner(), b.hold(stay("2027-01-10", 5))
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			_, err := b.RecordPayment(t.Context(), cash(r.Code, "same", booking.Pesos(30_000), by), now)
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, int64(3_000_000), ask[int64](b, `SELECT paid_centavos FROM reservations WHERE id = $1`, r.ID))
}

func TestARecordedPaymentIsHeardOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 5))
	recorded, err := b.RecordPayment(t.Context(), cash(r.Code, "1", booking.Pesos(30_000), b.owner()), now)
	require.NoError(t, err)
	require.True(t, postgres.IsRecorded(recorded.PaymentID))
	unheard, err := b.UnheardRecorded(t.Context(), now, 10)
	require.NoError(t, err)
	require.Equal(t, []postgres.RecordedRef{{PaymentID: recorded.PaymentID, Code: r.Code}}, unheard)

	for _, hearing := range []struct {
		asker string
		news  bool
	}{{"run", true}, {"run", true}, {"other", false}} {
		heard, err := b.HearRecorded(t.Context(), recorded.PaymentID, hearing.asker, now)
		require.NoError(t, err)
		require.Equal(t, hearing.news, heard.News, hearing.asker)
		require.Equal(t, booking.VerdictConfirm, heard.Verdict)
		require.Equal(t, booking.Confirmed, heard.Status)
		require.Equal(t, r.Code, heard.Code)
	}
	unheard, err = b.UnheardRecorded(t.Context(), now, 10)
	require.NoError(t, err)
	require.Empty(t, unheard)
	_, err = b.HearRecorded(t.Context(), "cash-none", "run", now)
	requireCode(t, err, booking.CodeNotFound)
}

func TestATransferHoldLastsLongerOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 5))
	until := now.Add(72 * time.Hour)
	change, err := b.ChooseTransfer(t.Context(), r.Code, until, now)
	require.NoError(t, err)
	require.True(t, change.Changed)
	require.Equal(t, until, change.Reservation.ExpiresAt.UTC())
	change, err = b.ChooseTransfer(t.Context(), r.Code, until.Add(time.Hour), now)
	require.NoError(t, err)
	require.False(t, change.Changed)
	require.Equal(t, until, change.Reservation.ExpiresAt.UTC())
	chosen, err := b.IsTransferHold(t.Context(), r.Code)
	require.NoError(t, err)
	require.True(t, chosen)

	over := b.hold(stay("2027-02-10", 5))
	_, err = b.ChooseTransfer(t.Context(), over.Code, until, over.ExpiresAt)
	requireCode(t, err, booking.CodeWrongState)
	b.clean()
}

func TestAMovementPaysTheOneHoldThatWaitsForIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	by := b.owner()
	bring := func(reference string, amount booking.Money) postgres.Imported {
		t.Helper()
		imported, err := b.ImportMovement(t.Context(), postgres.Movement{Reference: reference, Amount: amount, CreditedAt: now}, by, now)
		require.NoError(t, err)
		return imported
	}
	waiting, linked := b.hold(stay("2027-01-10", 5)), b.hold(stay("2027-02-10", 5))
	_, err := b.ChooseTransfer(t.Context(), waiting.Code, now.Add(72*time.Hour), now)
	require.NoError(t, err)

	require.Equal(t, postgres.MovementUnmatched, bring("0", booking.Pesos(300_000)).Outcome, "a zero too many")
	require.Equal(t, postgres.MovementUnmatched, bring("0", booking.Pesos(29_999)).Outcome)
	matched := bring("A", booking.Pesos(30_000))
	require.Equal(t, postgres.MovementMatched, matched.Outcome)
	require.Equal(t, []string{waiting.Code}, matched.Candidates)
	require.Equal(t, "confirmed", ask[string](b, `SELECT reservation_status FROM reservations WHERE id = $1`, waiting.ID))
	again := bring("A", booking.Pesos(30_000))
	require.True(t, again.Repeated)
	require.Equal(t, matched.PaymentID, again.PaymentID)
	require.Equal(t, postgres.MovementUnmatched, bring("B", booking.Pesos(30_000)).Outcome, "a hold by link waits for no transfer")

	third := b.hold(stay("2027-03-10", 5))
	for _, code := range []string{linked.Code, third.Code} {
		_, err := b.ChooseTransfer(t.Context(), code, now.Add(72*time.Hour), now)
		require.NoError(t, err)
	}
	doubtful := bring("C", booking.Pesos(30_000))
	require.Equal(t, postgres.MovementAmbiguous, doubtful.Outcome)
	require.ElementsMatch(t, []string{linked.Code, third.Code}, doubtful.Candidates)
	require.Equal(t, "pre_reserved", ask[string](b, `SELECT reservation_status FROM reservations WHERE id = $1`, third.ID))
	b.clean()
}
