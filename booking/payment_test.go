package booking_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
)

var providerStatuses = []booking.ProviderStatus{
	booking.ProviderPending, booking.ProviderInProcess, booking.ProviderAuthorized, booking.ProviderApproved, booking.ProviderRejected,
	booking.ProviderCancelled, booking.ProviderRefunded, booking.ProviderChargedBack, booking.ProviderInMediation, booking.ProviderUnknown, "brand_new",
}

func TestJudge(t *testing.T) {
	t.Parallel()
	fine := booking.PaymentFacts{
		Status: booking.ProviderApproved, Amount: booking.Pesos(30), ReferenceOurs: true, CollectorOurs: true,
		Reservation: booking.PreReserved, Deposit: booking.Pesos(30), Total: booking.Pesos(100), PaidBefore: booking.Pesos(0),
	}
	counted := func(change func(*booking.PaymentFacts)) func(*booking.PaymentFacts) {
		return func(f *booking.PaymentFacts) {
			f.AlreadyCounted, f.Reservation = true, booking.Confirmed
			change(f)
		}
	}
	confirmed := func(paid int64, asked bool) func(*booking.PaymentFacts) {
		return func(f *booking.PaymentFacts) {
			f.Reservation, f.PaidBefore, f.BalanceAsked = booking.Confirmed, booking.Pesos(paid), asked
		}
	}
	tests := map[string]struct {
		change  func(*booking.PaymentFacts)
		verdict booking.Verdict
	}{
		"covered":                   {func(*booking.PaymentFacts) {}, booking.VerdictConfirm},
		"more than asked":           {func(f *booking.PaymentFacts) { f.Amount = booking.Pesos(99) }, booking.VerdictConfirm},
		"one peso":                  {func(f *booking.PaymentFacts) { f.Amount = booking.Pesos(1) }, booking.VerdictShort},
		"the missing part":          {func(f *booking.PaymentFacts) { f.Amount, f.PaidBefore = booking.Pesos(1), booking.Pesos(29) }, booking.VerdictConfirm},
		"another currency":          {func(f *booking.PaymentFacts) { f.Amount.Currency = "USD" }, booking.VerdictPark},
		"somebody else's reference": {func(f *booking.PaymentFacts) { f.ReferenceOurs = false }, booking.VerdictPark},
		"another collector":         {func(f *booking.PaymentFacts) { f.CollectorOurs = false }, booking.VerdictPark},
		"rejected and not ours":     {func(f *booking.PaymentFacts) { f.ReferenceOurs, f.Status = false, booking.ProviderRejected }, booking.VerdictFailed},
		"pending":                   {func(f *booking.PaymentFacts) { f.Status = booking.ProviderPending }, booking.VerdictWait},
		"unknown status":            {func(f *booking.PaymentFacts) { f.Status = "brand_new" }, booking.VerdictPark},
		"counted before":            {func(f *booking.PaymentFacts) { f.AlreadyCounted = true }, booking.VerdictSettled},
		"refunded":                  {func(f *booking.PaymentFacts) { f.Status = booking.ProviderRefunded }, booking.VerdictReversed},
		"charged back when counted": {counted(func(f *booking.PaymentFacts) { f.Status, f.Dispute = booking.ProviderChargedBack, booking.DisputeOpen }), booking.VerdictChargeback},
		"in mediation":              {counted(func(f *booking.PaymentFacts) { f.Status, f.Dispute = booking.ProviderInMediation, booking.DisputeOpen }), booking.VerdictMediation},
		"chargeback lost":           {counted(func(f *booking.PaymentFacts) { f.Status, f.Dispute = booking.ProviderChargedBack, booking.DisputeLost }), booking.VerdictLost},
		"chargeback won": {counted(func(f *booking.PaymentFacts) {
			f.Status, f.Dispute, f.WasDisputed = booking.ProviderChargedBack, booking.DisputeWon, true
		}), booking.VerdictRestored},
		"approved after a dispute":  {counted(func(f *booking.PaymentFacts) { f.WasDisputed = true }), booking.VerdictRestored},
		"won, never counted":        {func(f *booking.PaymentFacts) { f.Status, f.Dispute = booking.ProviderChargedBack, booking.DisputeWon }, booking.VerdictConfirm},
		"mediation of a stranger's": {func(f *booking.PaymentFacts) { f.Status, f.ReferenceOurs = booking.ProviderInMediation, false }, booking.VerdictPark},
		"part went back":            {counted(func(f *booking.PaymentFacts) { f.MoreReturned = true }), booking.VerdictPart},
		"all of a counted one":      {counted(func(f *booking.PaymentFacts) { f.Amount = booking.Pesos(0) }), booking.VerdictSettled},
		"confirmed by the owner":    {confirmed(0, false), booking.VerdictCount},
		"part of a deposit":         {confirmed(29, false), booking.VerdictCount},
		"second deposit":            {confirmed(30, false), booking.VerdictReturn},
		"balance that is asked for": {confirmed(30, true), booking.VerdictCount},
		"balance paid twice":        {confirmed(100, true), booking.VerdictReturn},
		"undone when counted":       {func(f *booking.PaymentFacts) { f.AlreadyCounted, f.Status = true, booking.ProviderCancelled }, booking.VerdictReversed},
		"late":                      {func(f *booking.PaymentFacts) { f.Reservation = booking.Expired }, booking.VerdictLate},
		"late and short":            {func(f *booking.PaymentFacts) { f.Reservation, f.Amount = booking.Expired, booking.Pesos(1) }, booking.VerdictReturn},
		"a second one":              {confirmed(30, false), booking.VerdictReturn},
		"after cancelling":          {func(f *booking.PaymentFacts) { f.Reservation = booking.Cancelled }, booking.VerdictReturn},
		"no reservation":            {func(f *booking.PaymentFacts) { f.Reservation = "" }, booking.VerdictPark},
		"nothing":                   {func(f *booking.PaymentFacts) { f.Amount = booking.Pesos(0) }, booking.VerdictPark},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts := fine
			test.change(&facts)
			require.Equal(t, test.verdict, booking.Judge(facts))
		})
	}
}

func TestSurplusIsWhatIsAboveTheTotal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ before, amount, want int64 }{
		{0, 30, 0}, {0, 100, 0}, {0, 130, 30}, {30, 70, 0}, {30, 71, 1}, {100, 50, 50}, {130, 50, 50},
	} {
		facts := booking.PaymentFacts{PaidBefore: booking.Pesos(test.before), Amount: booking.Pesos(test.amount), Total: booking.Pesos(100)}
		require.Equal(t, booking.Pesos(test.want), facts.Surplus(), "%+v", test)
	}
}

func TestNothingButSufficientApprovedMatchingMoneyConfirms(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := booking.PaymentFacts{
			Status:         rapid.SampledFrom(providerStatuses).Draw(t, "status"),
			Amount:         booking.Money{Centavos: rapid.Int64Range(-10, 100).Draw(t, "amount"), Currency: rapid.SampledFrom([]string{"ARS", "USD", ""}).Draw(t, "currency")},
			ReferenceOurs:  rapid.Bool().Draw(t, "reference"),
			CollectorOurs:  rapid.Bool().Draw(t, "collector"),
			AlreadyCounted: rapid.Bool().Draw(t, "counted"),
			Reservation:    rapid.SampledFrom(append(slices.Clone(booking.Statuses), "")).Draw(t, "reservation"),
			Dispute:        rapid.SampledFrom([]booking.Dispute{booking.DisputeNone, booking.DisputeOpen, booking.DisputeLost, booking.DisputeWon, "brand_new"}).Draw(t, "dispute"),
			WasDisputed:    rapid.Bool().Draw(t, "was disputed"),
			MoreReturned:   rapid.Bool().Draw(t, "more returned"),
			BalanceAsked:   rapid.Bool().Draw(t, "balance asked"),
			Total:          booking.Centavos(rapid.Int64Range(100, 200).Draw(t, "total")),
			Deposit:        booking.Centavos(rapid.Int64Range(0, 100).Draw(t, "deposit")),
			PaidBefore:     booking.Centavos(rapid.Int64Range(0, 100).Draw(t, "paid")),
		}
		verdict := booking.Judge(facts)
		require.NotEmpty(t, verdict)
		if verdict == booking.VerdictConfirm || verdict == booking.VerdictLate {
			won := facts.Status == booking.ProviderChargedBack && facts.Dispute == booking.DisputeWon
			require.True(t, facts.Status == booking.ProviderApproved || won)
			require.True(t, facts.ReferenceOurs && facts.CollectorOurs && !facts.AlreadyCounted)
			require.Equal(t, facts.Deposit.Currency, facts.Amount.Currency)
			require.Positive(t, facts.Amount.Centavos)
			require.GreaterOrEqual(t, facts.PaidBefore.Centavos+facts.Amount.Centavos, facts.Deposit.Centavos)
			require.Equal(t, verdict == booking.VerdictConfirm, facts.Reservation == booking.PreReserved)
			require.True(t, facts.Reservation.CanBecome(booking.Confirmed))
		}
	})
}
