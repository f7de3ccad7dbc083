package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func (b *bench) money(code string) postgres.ReservationMoney {
	b.t.Helper()
	ledger, err := b.ReservationMoney(b.t.Context(), code)
	require.NoError(b.t, err)
	return ledger
}

// late is an expired hold whose nights somebody else has, paid in full now.
func (b *bench) late() (postgres.Reservation, postgres.PaymentReport) {
	b.t.Helper()
	r := b.hold(stay("2027-01-10", 2))
	_, err := b.ExpireHold(b.t.Context(), r.Code, r.ExpiresAt)
	require.NoError(b.t, err)
	b.hold(stay("2027-01-10", 2))
	p := report(r.Code)
	require.Equal(b.t, booking.VerdictTaken, b.settle(p).Verdict)
	return r, p
}

func offerOf(cabin int64, s booking.Stay) booking.LateOffer {
	return booking.LateOffer{AccommodationID: cabin, Stay: s, Price: booking.Pesos(120_000), Reason: booking.SameNights}
}

func (b *bench) offer(p postgres.PaymentReport, offers ...booking.LateOffer) (postgres.Alternative, bool) {
	b.t.Helper()
	alternative, offered, err := b.OfferAlternative(b.t.Context(), p.ProviderID, offers, now.Add(2*time.Hour), now)
	require.NoError(b.t, err)
	return alternative, offered
}

func TestAcceptedAlternativeConfirmsOtherNightsAtTheOldPrice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r, p := b.late()
	sold, other := b.newCabin(), b.newCabin()
	_, err := b.PlaceHold(t.Context(), postgres.NewHold{Code: newCode(), AccommodationID: sold, GuestID: b.guest, Stay: stay("2027-01-11", 1), Guests: 2,
		Channel: booking.ChannelDirect, TokenHash: []byte("h"), ExpiresAt: now.Add(time.Hour), Quote: b.wish(stay("2027-01-11", 1)).Quote}, now)
	require.NoError(t, err)
	nights := stay("2027-01-10", 2)
	alternative, offered := b.offer(p, offerOf(sold, nights), offerOf(other, nights))
	require.True(t, offered)
	require.Equal(t, other, alternative.AccommodationID, "the first one whose nights are free")
	require.Equal(t, "offered", b.disposition(p.ProviderID))
	again, offered := b.offer(p, offerOf(b.newCabin(), nights))
	require.True(t, offered)
	require.Equal(t, alternative, again, "once per payment")
	b.clean()

	wish := b.wish(nights)
	wish.AccommodationID = other
	_, err = b.PlaceHold(t.Context(), wish, now)
	requireCode(t, err, booking.CodeDatesTaken)
	require.Equal(t, booking.VerdictTaken, b.settle(p).Verdict)
	second := report(r.Code)
	require.Equal(t, booking.VerdictReturn, b.settle(second).Verdict, "one deposit is enough")
	b.tellOwner(r.Code, second.ProviderID)

	change, err := b.AcceptAlternative(t.Context(), p.ProviderID, now.Add(time.Hour))
	require.NoError(t, err)
	require.True(t, change.Changed)
	row := change.Reservation
	require.Equal(t, booking.Confirmed, row.Status)
	require.Equal(t, other, row.AccommodationID)
	require.Equal(t, nights, row.Stay)
	require.Equal(t, r.Total, row.Total)
	require.Equal(t, booking.Pesos(30_000), row.Paid)
	require.Equal(t, "applied", b.disposition(p.ProviderID))
	repeated, err := b.AcceptAlternative(t.Context(), p.ProviderID, now.Add(3*time.Hour))
	require.NoError(t, err)
	require.False(t, repeated.Changed)
	require.Equal(t, booking.VerdictSettled, b.settle(p).Verdict)
	require.Equal(t, "held expired payment_taken alternative_offered payment_return confirmed", b.story(r.Code))
	b.clean()
}

func TestAlternativeThatIsNotTakenSetsItsNightsFree(t *testing.T) {
	t.Parallel()
	nights := stay("2027-01-10", 2)
	for _, as := range []postgres.AlternativeStatus{postgres.AlternativeDeclined, postgres.AlternativeLapsed, postgres.AlternativeWithdrawn} {
		t.Run(string(as), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			r, p := b.late()
			other := b.newCabin()
			b.offer(p, offerOf(other, nights))
			ended, err := b.EndAlternative(t.Context(), p.ProviderID, as, now)
			require.NoError(t, err)
			require.Equal(t, as, ended.Status)
			ended, err = b.EndAlternative(t.Context(), p.ProviderID, postgres.AlternativeLapsed, now)
			require.NoError(t, err)
			require.Equal(t, as, ended.Status, "decided once")
			require.Equal(t, "to_refund", b.disposition(p.ProviderID))
			_, err = b.AcceptAlternative(t.Context(), p.ProviderID, now)
			requireCode(t, err, booking.CodeWrongState)
			wish := b.wish(nights)
			wish.AccommodationID = other
			_, err = b.PlaceHold(t.Context(), wish, now)
			require.NoError(t, err)
			require.Equal(t, booking.Expired, b.row(r.Code).Status)
			b.tellOwner(r.Code, p.ProviderID)
			b.clean()
		})
	}
}

func TestAlternativeIsOfNoUseOnceTheMoneyOrTheNightsMoved(t *testing.T) {
	t.Parallel()
	nights := stay("2027-01-10", 2)
	t.Run("deadline", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, p := b.late()
		alternative, _ := b.offer(p, offerOf(b.newCabin(), nights))
		_, err := b.AcceptAlternative(t.Context(), p.ProviderID, alternative.ExpiresAt)
		requireCode(t, err, booking.CodeWrongState)
		violations, err := b.Audit(t.Context(), alternative.ExpiresAt.Add(time.Hour))
		require.NoError(t, err)
		require.Contains(t, names(violations), "no offer outlives its deadline")
	})
	t.Run("refund planned", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, p := b.late()
		b.offer(p, offerOf(b.newCabin(), nights))
		_, err := b.PlanRefund(t.Context(), p.ProviderID, booking.Money{}, "taken", now)
		require.NoError(t, err)
		_, err = b.AcceptAlternative(t.Context(), p.ProviderID, now)
		requireCode(t, err, booking.CodeWrongState)
	})
	t.Run("feed took the nights", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, p := b.late()
		other := b.newCabin()
		b.offer(p, offerOf(other, nights))
		b.exec(`INSERT INTO calendar_blocks (accommodation_id, start_date, end_date, source) VALUES ($1, '2027-01-11', '2027-01-12', 'feed')`, other)
		_, err := b.AcceptAlternative(t.Context(), p.ProviderID, now)
		requireCode(t, err, booking.CodeDatesTaken)
		require.Equal(t, "offered", b.disposition(p.ProviderID), "nothing of it happened")
	})
	t.Run("the old nights came free", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		r, p := b.late()
		other := b.newCabin()
		b.offer(p, offerOf(other, nights), offerOf(b.cabin, nights.Shift(1)))
		b.exec(`UPDATE reservations SET reservation_status = 'cancelled', cancelled_at = now() WHERE reservation_status = 'pre_reserved'`)
		s := b.settle(p)
		require.Equal(t, booking.VerdictLate, s.Verdict)
		require.Equal(t, booking.Confirmed, s.Status)
		alternative, found, err := b.Alternative(t.Context(), r.Code)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, postgres.AlternativeWithdrawn, alternative.Status)
		require.False(t, ask[bool](b, `SELECT bool_or(active) FROM calendar_blocks`))
		b.clean()
	})
	t.Run("nothing free", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, p := b.late()
		_, offered := b.offer(p, offerOf(b.cabin, nights))
		require.False(t, offered)
		require.Equal(t, "to_refund", b.disposition(p.ProviderID))
	})
}

func names(violations []postgres.Violation) (found []string) {
	for _, violation := range violations {
		found = append(found, violation.Name)
	}
	return found
}

func TestPaymentOfAHoldThatAnotherChannelSold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		resolve string
		verdict booking.Verdict
		status  booking.Status
	}{
		"open":         {"", booking.VerdictTaken, booking.Expired},
		"keep ours":    {"keep_ours", booking.VerdictConfirm, booking.Confirmed},
		"same booking": {"same_booking", booking.VerdictConfirm, booking.Confirmed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			r := b.hold(stay("2027-01-10", 2))
			b.exec(`INSERT INTO calendar_blocks (accommodation_id, start_date, end_date, source) VALUES ($1, '2027-01-11', '2027-01-12', 'feed')`, b.cabin)
			if test.resolve != "" {
				b.forge(`UPDATE calendar_conflicts SET resolved_at = now(), resolution = $1, resolved_by = 1`, test.resolve)
			}
			s := b.settle(report(r.Code))
			require.Equal(t, test.verdict, s.Verdict)
			require.Equal(t, test.status, s.Status)
			if test.resolve == "" {
				require.Equal(t, "held expired payment_taken", b.story(r.Code))
				require.Equal(t, "sold_elsewhere", ask[string](b, `SELECT reason FROM booking_events WHERE kind = 'expired'`))
			}
		})
	}
}

func TestMoneyOfAConfirmedStay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	t.Run("after the owner's own confirmation", func(t *testing.T) {
		r := b.hold(stay("2027-02-10", 2))
		_, err := b.ConfirmByOwner(t.Context(), r.Code, 1, now)
		require.NoError(t, err)
		first, second := report(r.Code), report(r.Code)
		require.Equal(t, booking.VerdictCount, b.settle(first).Verdict)
		require.Equal(t, booking.Pesos(30_000), b.row(r.Code).Paid)
		require.Equal(t, booking.VerdictReturn, b.settle(second).Verdict)
		b.tellOwner(r.Code, second.ProviderID)
	})
	t.Run("balance", func(t *testing.T) {
		r := b.hold(stay("2027-03-10", 2))
		b.settle(report(r.Code))
		b.exec(`INSERT INTO payment_links (reservation_id, kind, attempt, provider_id, url, amount_centavos, currency, expires_at)
			VALUES ($1, 'balance', 1, 'b1', 'https://x.y', 7000000, 'ARS', now())`, r.ID)
		rest := report(r.Code)
		rest.Amount = booking.Pesos(75_000)
		s := b.settle(rest)
		require.Equal(t, booking.VerdictCount, s.Verdict)
		require.Equal(t, booking.Pesos(5_000), s.Surplus)
		require.Equal(t, booking.Pesos(5_000), b.settle(rest).Surplus, "decided once")
		_, err := b.PlanRefund(t.Context(), rest.ProviderID, s.Surplus, "surplus", now)
		require.NoError(t, err)
		ledger := b.money(r.Code)
		require.Equal(t, booking.Pesos(105_000), ledger.Kept)
		require.Zero(t, ledger.DueTotal.Centavos)
		require.Equal(t, booking.PaymentPaid, ledger.Status)
	})
	b.clean()
}
