package postgres_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
	"cabanas/store/postgres"
)

var paymentIDs atomic.Int64

// report is an approved payment of the whole deposit.
func report(code string) postgres.PaymentReport {
	return postgres.PaymentReport{
		ProviderID: fmt.Sprint(paymentIDs.Add(1) + 1_000_000), Reference: code, Status: booking.ProviderApproved, StatusDetail: "accredited",
		Amount: booking.Pesos(30_000), RefundedAmount: booking.Centavos(0), CollectorOurs: true, UpdatedAt: now, Raw: raw(map[string]any{"id": 1}),
	}
}

func (b *bench) settle(r postgres.PaymentReport) postgres.Settlement {
	b.t.Helper()
	settlement, err := b.Settle(b.t.Context(), r, now)
	require.NoError(b.t, err)
	return settlement
}

func (b *bench) row(code string) postgres.Reservation {
	b.t.Helper()
	r, err := b.Reservation(b.t.Context(), code)
	require.NoError(b.t, err)
	return r
}

func (b *bench) disposition(providerID string) string {
	b.t.Helper()
	return ask[string](b, `SELECT disposition FROM payments WHERE provider_id = $1`, providerID)
}

// ownerCase is the notice that the messaging activities send about a payment without a place.
func ownerCase(code, paymentID string) postgres.Notice {
	return postgres.Notice{Key: code + "/owner_payment_case/short/" + paymentID, Owner: true, OwnerPhone: "5493510000000",
		Reply: raw(map[string]any{"kind": "text"})}
}

func (b *bench) tellOwner(code, paymentID string) {
	b.t.Helper()
	_, err := b.QueueNotice(b.t.Context(), ownerCase(code, paymentID), now)
	require.NoError(b.t, err)
}

func TestSettleConfirms(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	p := report(r.Code)
	require.Equal(t, postgres.Settlement{Code: r.Code, Verdict: booking.VerdictConfirm, Status: booking.Confirmed, News: true,
		Amount: p.Amount, PaymentID: p.ProviderID}, b.settle(p))

	row := b.row(r.Code)
	require.Equal(t, booking.Confirmed, row.Status)
	require.Equal(t, booking.PaymentPartiallyPaid, row.PaymentStatus)
	require.Equal(t, booking.Pesos(30_000), row.Paid)
	require.True(t, row.ConfirmedAt.Equal(now))
	require.Equal(t, "held confirmed", b.story(r.Code))

	for range 3 {
		again := b.settle(p)
		require.Equal(t, booking.VerdictSettled, again.Verdict)
		require.Equal(t, booking.Confirmed, again.Status)
		require.False(t, again.News)
	}
	require.Equal(t, int64(1), ask[int64](b, `SELECT count(*) FROM payment_events`), "a report polled again is no event")
	credited, err := b.CreditedPayments(t.Context(), r.Code)
	require.NoError(t, err)
	require.Equal(t, []postgres.CreditedPayment{{ProviderID: p.ProviderID, Amount: p.Amount, Returned: booking.Centavos(0)}}, credited)
	updatedAt, known, err := b.PaymentVersion(t.Context(), p.ProviderID)
	require.NoError(t, err)
	require.True(t, known && updatedAt.Equal(p.UpdatedAt))
	_, known, err = b.PaymentVersion(t.Context(), "4711")
	require.NoError(t, err)
	require.False(t, known)
	b.clean()
}

func TestSettlePendingThenApproved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	p := report(r.Code)
	p.Status = booking.ProviderPending
	require.Equal(t, booking.VerdictWait, b.settle(p).Verdict)
	require.False(t, b.settle(p).News)
	require.Equal(t, "open", b.disposition(p.ProviderID))

	p.Status, p.UpdatedAt = booking.ProviderApproved, now.Add(time.Minute)
	require.Equal(t, booking.VerdictConfirm, b.settle(p).Verdict)

	// Late twins of earlier reports, and a provider that takes it back to pending, change nothing.
	old := p
	old.Status, old.UpdatedAt = booking.ProviderPending, now
	require.Equal(t, booking.VerdictSettled, b.settle(old).Verdict)
	old.UpdatedAt = now.Add(time.Hour)
	require.Equal(t, booking.VerdictSettled, b.settle(old).Verdict)
	require.Equal(t, booking.Pesos(30_000), b.row(r.Code).Paid)
	b.clean()
}

// A caller that died between the commit and the answer is told again what only the first one is told.
func TestSettleTellsTheSameAskerAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, test := range map[string]struct {
		change  func(*postgres.PaymentReport)
		verdict booking.Verdict
	}{
		"short":   {func(p *postgres.PaymentReport) { p.Amount = booking.Pesos(1) }, booking.VerdictShort},
		"park":    {func(p *postgres.PaymentReport) { p.CollectorOurs = false }, booking.VerdictPark},
		"wait":    {func(p *postgres.PaymentReport) { p.Status = booking.ProviderPending }, booking.VerdictWait},
		"confirm": {func(*postgres.PaymentReport) {}, booking.VerdictConfirm},
	} {
		r := b.hold(stay("2027-01-10", 2).Shift(len(name) * 5))
		p := report(r.Code)
		test.change(&p)
		p.Asker = "run/activity"
		for range 3 {
			s := b.settle(p)
			require.Equal(t, test.verdict, s.Verdict, name)
			require.True(t, s.News, name)
		}
		p.UpdatedAt = now.Add(time.Minute) // the provider touched it meanwhile
		require.True(t, b.settle(p).News, name)
		p.Asker, p.UpdatedAt = "another", now.Add(2*time.Minute)
		require.False(t, b.settle(p).News, name)
		p.Asker, p.UpdatedAt = "run/activity", now
		require.True(t, b.settle(p).News, name)
		_, err := b.Cancel(t.Context(), r.Code, booking.ByOwner, "owner", now)
		require.NoError(t, err)
	}
}

func TestSettleShortThenRest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	first, second := report(r.Code), report(r.Code)
	first.Amount, second.Amount = booking.Pesos(1), booking.Pesos(29_999)
	s := b.settle(first)
	require.Equal(t, booking.VerdictShort, s.Verdict)
	require.Equal(t, booking.PreReserved, s.Status)
	require.Equal(t, booking.Pesos(1), b.row(r.Code).Paid)
	b.clean()
	require.Equal(t, booking.VerdictConfirm, b.settle(second).Verdict)
	require.Equal(t, booking.Pesos(30_000), b.row(r.Code).Paid)
	require.Equal(t, "held money confirmed", b.story(r.Code))
	b.clean()
}

func TestShortMoneyOfAnExpiredHoldGoesBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	p := report(r.Code)
	p.Amount = booking.Pesos(10_000)
	b.settle(p)
	b.tellOwner(r.Code, p.ProviderID)
	change, err := b.ExpireHold(t.Context(), r.Code, r.ExpiresAt)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(10_000), change.Reservation.Paid)
	require.Equal(t, "to_refund", b.disposition(p.ProviderID))
	b.clean()

	// The rest arrives before the money went back: it counts.
	rest := report(r.Code)
	rest.Amount = booking.Pesos(20_000)
	s := b.settle(rest)
	require.Equal(t, booking.VerdictLate, s.Verdict)
	require.Equal(t, booking.Confirmed, s.Status)
	require.Equal(t, "applied", b.disposition(p.ProviderID))
	require.Equal(t, booking.Pesos(30_000), b.row(r.Code).Paid)
	b.clean()
}

func TestMoneyOnItsWayBackCoversNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	first, rest := report(r.Code), report(r.Code)
	first.Amount, rest.Amount = booking.Pesos(10_000), booking.Pesos(20_000)
	b.settle(first)
	_, err := b.ExpireHold(t.Context(), r.Code, r.ExpiresAt)
	require.NoError(t, err)
	plan, err := b.PlanRefund(t.Context(), first.ProviderID, booking.Money{}, "short", now)
	require.NoError(t, err)
	s := b.settle(rest)
	require.Equal(t, booking.VerdictReturn, s.Verdict)
	require.Equal(t, booking.Expired, s.Status)
	require.NoError(t, b.FinishRefund(t.Context(), plan.ID, "77", postgres.RefundDone, now))
	require.Equal(t, booking.PaymentRefunded, b.row(r.Code).PaymentStatus)
	b.clean()
}

func TestSettleLate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	_, err := b.ExpireHold(t.Context(), r.Code, r.ExpiresAt)
	require.NoError(t, err)
	p := report(r.Code)
	s := b.settle(p)
	require.Equal(t, booking.VerdictLate, s.Verdict)
	require.Equal(t, booking.Confirmed, s.Status)
	require.True(t, s.News)
	require.Equal(t, booking.VerdictSettled, b.settle(p).Verdict)
	require.Equal(t, "held expired confirmed", b.story(r.Code))
	b.clean()
}

func TestSettleLateWithTheNightsGone(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(*bench) func(){
		"sold": func(b *bench) func() {
			other := b.hold(stay("2027-01-11", 2))
			return func() { _, _ = b.Cancel(b.t.Context(), other.Code, booking.ByOwner, "owner", now) }
		},
		"closed": func(b *bench) func() {
			b.exec(`INSERT INTO calendar_blocks (accommodation_id, start_date, end_date) VALUES ($1, '2027-01-11', '2027-01-12')`, b.cabin)
			return func() { b.exec(`UPDATE calendar_blocks SET active = false`) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			r := b.hold(stay("2027-01-10", 2))
			_, err := b.ExpireHold(t.Context(), r.Code, r.ExpiresAt)
			require.NoError(t, err)
			free := take(b)
			p := report(r.Code)
			s := b.settle(p)
			require.Equal(t, booking.VerdictTaken, s.Verdict)
			require.Equal(t, booking.Expired, s.Status)
			require.True(t, s.News)
			require.Equal(t, "to_refund", b.disposition(p.ProviderID))
			require.Equal(t, "held expired payment_taken", b.story(r.Code))
			again := b.settle(p)
			require.Equal(t, booking.VerdictTaken, again.Verdict, "whoever repeats learns what to do")
			require.False(t, again.News)
			b.tellOwner(r.Code, p.ProviderID)
			b.clean()

			// Once it is on its way back it stays so, free or not.
			plan, err := b.PlanRefund(t.Context(), p.ProviderID, booking.Money{}, "late", now)
			require.NoError(t, err)
			free()
			require.Equal(t, booking.VerdictReturn, b.settle(p).Verdict)
			require.NoError(t, b.FinishRefund(t.Context(), plan.ID, "9", postgres.RefundDone, now))
			require.Equal(t, "refunded", b.disposition(p.ProviderID))
			p.Status, p.RefundedAmount, p.UpdatedAt = booking.ProviderRefunded, p.Amount, now.Add(time.Minute)
			require.Equal(t, booking.VerdictSettled, b.settle(p).Verdict, "our own refund is no surprise")
			require.Equal(t, "refunded", b.disposition(p.ProviderID))
			b.clean()
		})
	}
}

func TestSettleWhatHasNoPlace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	tests := map[string]struct {
		change      func(*postgres.PaymentReport)
		verdict     booking.Verdict
		disposition string
	}{
		"another currency":   {func(p *postgres.PaymentReport) { p.Amount.Currency, p.RefundedAmount.Currency = "BRL", "BRL" }, booking.VerdictPark, "parked"},
		"another collector":  {func(p *postgres.PaymentReport) { p.CollectorOurs = false }, booking.VerdictPark, "parked"},
		"unknown reference":  {func(p *postgres.PaymentReport) { p.Reference = "RES261122FFFFFF" }, booking.VerdictPark, "parked"},
		"no reference":       {func(p *postgres.PaymentReport) { p.Reference = "" }, booking.VerdictPark, "parked"},
		"unknown status":     {func(p *postgres.PaymentReport) { p.Status = booking.ProviderUnknown }, booking.VerdictPark, "parked"},
		"nothing":            {func(p *postgres.PaymentReport) { p.Amount = booking.Centavos(0) }, booking.VerdictPark, "parked"},
		"less than nothing":  {func(p *postgres.PaymentReport) { p.Amount = booking.Centavos(-5) }, booking.VerdictPark, "parked"},
		"rejected":           {func(p *postgres.PaymentReport) { p.Status = booking.ProviderRejected }, booking.VerdictFailed, "failed"},
		"back at once":       {func(p *postgres.PaymentReport) { p.Status = booking.ProviderRefunded }, booking.VerdictReversed, "reversed"},
		"in mediation":       {func(p *postgres.PaymentReport) { p.Status = booking.ProviderInMediation }, booking.VerdictMediation, "parked"},
		"all of it returned": {func(p *postgres.PaymentReport) { p.RefundedAmount = p.Amount }, booking.VerdictPark, "parked"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := report(r.Code)
			test.change(&p)
			s := b.settle(p)
			require.Equal(t, test.verdict, s.Verdict)
			require.Equal(t, p.Reference == r.Code, s.Code != "")
			require.Equal(t, test.disposition, b.disposition(p.ProviderID))
			require.True(t, s.News)
			require.False(t, b.settle(p).News)
		})
	}
	row := b.row(r.Code)
	require.Equal(t, booking.PreReserved, row.Status)
	require.Zero(t, row.Paid.Centavos)
	b.clean()
}

func TestSettleSurplusAndReversals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	p := report(r.Code)
	b.settle(p)

	second := report(r.Code)
	require.Equal(t, booking.VerdictReturn, b.settle(second).Verdict)
	b.tellOwner(r.Code, second.ProviderID)
	require.Equal(t, booking.Pesos(30_000), b.row(r.Code).Paid, "a surplus is not counted")

	step := func(minutes int, status booking.ProviderStatus, refunded booking.Money) postgres.Settlement {
		p.Status, p.RefundedAmount, p.UpdatedAt = status, refunded, now.Add(time.Duration(minutes)*time.Minute)
		return b.settle(p)
	}
	dispute := func() string {
		return ask[string](b, `SELECT coalesce(string_agg(kind || ' ' || outcome, ', ' ORDER BY id), '') FROM disputes`)
	}
	mediation := step(1, booking.ProviderInMediation, booking.Centavos(0))
	require.Equal(t, booking.VerdictMediation, mediation.Verdict)
	require.True(t, mediation.News)
	require.Equal(t, "parked", b.disposition(p.ProviderID))
	require.Equal(t, booking.Pesos(30_000), b.row(r.Code).Paid, "withheld is not gone")
	require.Equal(t, int64(3_000_000), b.money(r.Code).Disputed.Centavos)
	opened := step(2, booking.ProviderChargedBack, booking.Centavos(0))
	require.Equal(t, booking.VerdictChargeback, opened.Verdict)
	require.NotEqual(t, mediation.Case, opened.Case)
	require.Equal(t, "mediation escalated, chargeback open", dispute())
	row := b.row(r.Code)
	require.Equal(t, booking.PaymentChargedBack, row.PaymentStatus)
	require.Zero(t, row.Paid.Centavos)
	require.Equal(t, booking.Confirmed, row.Status, "what becomes of the stay is for the owner to say")
	b.clean()
	won := step(3, booking.ProviderApproved, booking.Centavos(0))
	require.Equal(t, booking.VerdictRestored, won.Verdict)
	require.True(t, won.News)
	require.Equal(t, "mediation escalated, chargeback won", dispute())
	require.Equal(t, "applied", b.disposition(p.ProviderID))
	require.Equal(t, booking.PaymentPartiallyPaid, b.row(r.Code).PaymentStatus)
	part := step(4, booking.ProviderApproved, booking.Pesos(10_000))
	require.Equal(t, booking.VerdictPart, part.Verdict)
	require.True(t, part.News)
	require.Equal(t, booking.Pesos(10_000), part.Returned)
	require.Equal(t, booking.Pesos(20_000), b.row(r.Code).Paid, "returned in part from the provider's panel")
	require.False(t, b.settle(p).News)
	part = step(5, booking.ProviderApproved, booking.Pesos(12_000))
	require.True(t, part.News, "another part is told again")
	require.Equal(t, "1200000", part.Case)
	part = step(5, booking.ProviderApproved, booking.Pesos(10_000))
	require.False(t, part.News)
	b.clean()

	changed := p
	changed.Amount, changed.UpdatedAt = booking.Centavos(0), now.Add(6*time.Minute)
	require.Equal(t, booking.VerdictPark, b.settle(changed).Verdict)
	require.Equal(t, booking.Pesos(20_000), b.row(r.Code).Paid, "an amount that changes is for a person to ask about")
	b.tellOwner(r.Code, p.ProviderID)
	b.clean()

	require.Equal(t, booking.VerdictReversed, step(7, booking.ProviderCancelled, booking.Centavos(0)).Verdict)
	require.Equal(t, booking.PaymentRefunded, b.row(r.Code).PaymentStatus)
	b.clean()
}

func TestSettleTheSamePaymentAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 20 {
		r := b.hold(stay("2027-01-01", 2).Shift(i * 2))
		known, nobodys := report(r.Code), report("RES261122FFFFFF")
		var news [2]atomic.Int32
		var group errgroup.Group
		for range 6 {
			for n, p := range []postgres.PaymentReport{known, nobodys} {
				group.Go(func() error {
					s, err := b.Settle(t.Context(), p, now)
					if s.News {
						news[n].Add(1)
					}
					return err
				})
			}
		}
		require.NoError(t, group.Wait())
		require.Equal(t, int32(1), news[0].Load())
		require.Equal(t, int32(1), news[1].Load())
		require.Equal(t, booking.Pesos(30_000), b.row(r.Code).Paid)
	}
	b.clean()
}
