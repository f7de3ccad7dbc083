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
		Reservation: booking.PreReserved, Deposit: booking.Pesos(30), PaidBefore: booking.Pesos(0),
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
		"charged back when counted": {func(f *booking.PaymentFacts) { f.AlreadyCounted, f.Status = true, booking.ProviderChargedBack }, booking.VerdictReversed},
		"undone when counted":       {func(f *booking.PaymentFacts) { f.AlreadyCounted, f.Status = true, booking.ProviderCancelled }, booking.VerdictReversed},
		"late":                      {func(f *booking.PaymentFacts) { f.Reservation = booking.Expired }, booking.VerdictLate},
		"late and short":            {func(f *booking.PaymentFacts) { f.Reservation, f.Amount = booking.Expired, booking.Pesos(1) }, booking.VerdictReturn},
		"a second one":              {func(f *booking.PaymentFacts) { f.Reservation = booking.Confirmed }, booking.VerdictReturn},
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
			Deposit:        booking.Centavos(rapid.Int64Range(0, 100).Draw(t, "deposit")),
			PaidBefore:     booking.Centavos(rapid.Int64Range(0, 100).Draw(t, "paid")),
		}
		verdict := booking.Judge(facts)
		require.NotEmpty(t, verdict)
		if verdict == booking.VerdictConfirm || verdict == booking.VerdictLate {
			require.Equal(t, booking.ProviderApproved, facts.Status)
			require.True(t, facts.ReferenceOurs && facts.CollectorOurs && !facts.AlreadyCounted)
			require.Equal(t, facts.Deposit.Currency, facts.Amount.Currency)
			require.Positive(t, facts.Amount.Centavos)
			require.GreaterOrEqual(t, facts.PaidBefore.Centavos+facts.Amount.Centavos, facts.Deposit.Centavos)
			require.Equal(t, verdict == booking.VerdictConfirm, facts.Reservation == booking.PreReserved)
			require.True(t, facts.Reservation.CanBecome(booking.Confirmed))
		}
	})
}

func TestLedgerStatus(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		paid, returned int64
		want           booking.PaymentStatus
	}{
		{0, 0, booking.PaymentPending}, {1, 0, booking.PaymentPartiallyPaid}, {99, 0, booking.PaymentPartiallyPaid}, {100, 0, booking.PaymentPaid},
		{130, 30, booking.PaymentPaid}, {130, 31, booking.PaymentPartiallyPaid}, {30, 30, booking.PaymentRefunded}, {30, 10, booking.PaymentPartiallyPaid},
	} {
		require.Equal(t, test.want, booking.LedgerStatus(booking.Pesos(100), booking.Pesos(test.paid), booking.Pesos(test.returned)), "%+v", test)
	}
}
