package activities

import (
	"context"
	"log/slog"
	"time"

	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

const (
	// compareEvery is how often a day that agrees is compared again; one that differs is compared each run.
	compareEvery = time.Hour
	// differsFor is how long numbers may differ before the owner is told: settling what was handed on takes less.
	differsFor = 30 * time.Minute
	// A day is read in pages; more than dayPages of them mean that the search goes in circles.
	dayPage, dayPages = 100, 200
)

// CompareDays holds what the provider says of the payments made today and yesterday, at the property, against the ledger. Payments
// whose numbers differ are handed on to be settled. What the search does not show is no difference, it lags; what it shows in an
// older state than the ledger's is not either.
func (a *Payments) CompareDays(ctx context.Context, _ workflows.Done) (workflows.DayComparisons, error) {
	property, err := a.Store.Property(ctx)
	if err != nil {
		return workflows.DayComparisons{}, asTemporal(err)
	}
	var compared workflows.DayComparisons
	today := booking.DateIn(a.Now(), property.Location)
	for _, day := range []booking.Date{today.AddDays(-1), today} {
		before, found, err := a.Store.PaymentDay(ctx, day)
		if err != nil {
			return compared, asTemporal(err)
		}
		if found && before.Differing == 0 && a.Now().Sub(before.ComparedAt) < compareEvery {
			continue
		}
		comparison, err := a.compareDay(ctx, property, day)
		if err != nil {
			return compared, asTemporal(err)
		}
		compared.Days = append(compared.Days, comparison)
	}
	return compared, nil
}

func (a *Payments) compareDay(ctx context.Context, property booking.Property, day booking.Date) (workflows.DayComparison, error) {
	payments, err := a.paymentsOf(ctx, property, day)
	if err != nil {
		return workflows.DayComparison{}, err
	}
	ids := make([]string, 0, len(payments))
	for _, payment := range payments {
		ids = append(ids, paymentID(payment))
	}
	ledger, err := a.Store.LedgerPayments(ctx, ids)
	if err != nil {
		return workflows.DayComparison{}, err
	}
	totals := postgres.PaymentDay{Day: day, Payments: len(payments)}
	for _, payment := range payments {
		known := ledger[paymentID(payment)]
		theirs, ours := totalsOf(payment.Status, payment.Amount, payment.Refunded), totalsOf(known.Status, known.Amount, known.Refunded)
		if payment.DateLastUpdated.Before(known.UpdatedAt) {
			theirs = ours
		}
		totals.ProviderApproved, totals.ProviderRefunded = totals.ProviderApproved+theirs.approved, totals.ProviderRefunded+theirs.refunded
		totals.LedgerApproved, totals.LedgerRefunded = totals.LedgerApproved+ours.approved, totals.LedgerRefunded+ours.refunded
		if theirs == ours {
			continue
		}
		totals.Differing++
		if err := a.handOn(ctx, payment.ExternalReference, paymentID(payment)); err != nil {
			return workflows.DayComparison{}, err
		}
	}
	saved, err := a.Store.SavePaymentDay(ctx, totals, a.Now())
	if err != nil {
		return workflows.DayComparison{}, err
	}
	if totals.Differing > 0 {
		slog.WarnContext(ctx, "payments of a day differ from the provider's", "day", day.String(), "differing", totals.Differing)
	}
	difference := totals.ProviderApproved - totals.ProviderRefunded - totals.LedgerApproved + totals.LedgerRefunded
	return workflows.DayComparison{
		Day: day, Differing: totals.Differing, Difference: booking.Money{Centavos: max(difference, -difference), Currency: property.Currency},
		Tell: totals.Differing > 0 && a.Now().Sub(saved.DifferingSince) >= differsFor,
	}, nil
}

// paymentsOf reads the payments with a code of ours that were made on a day, and whose amounts can be trusted.
func (a *Payments) paymentsOf(ctx context.Context, property booking.Property, day booking.Date) ([]mercadopago.Payment, error) {
	const midnight = 0
	search := mercadopago.Search{
		By: mercadopago.ByCreated, From: day.At(0, midnight, property.Location),
		To: day.AddDays(1).At(0, midnight, property.Location).Add(-time.Millisecond), Limit: dayPage,
	}
	var found []mercadopago.Payment
	seen := map[int64]bool{}
	for range dayPages {
		page, err := a.Provider.SearchPage(ctx, search)
		if err != nil {
			return nil, err
		}
		for _, payment := range page.Payments {
			if !seen[payment.ID] && booking.ValidCode(payment.ExternalReference) && payment.AmountError == nil {
				seen[payment.ID] = true
				found = append(found, payment)
			}
		}
		search.Offset += page.Results
		if page.Results == 0 || page.Results < dayPage && search.Offset >= page.Total {
			break
		}
	}
	return found, nil
}

// dayTotals is what one payment adds to the totals of its day, in centavos.
type dayTotals struct{ approved, refunded int64 }

// totalsOf counts money that came, and what was given back of it. A dispute is neither: it is not given back by anybody yet.
func totalsOf(status booking.ProviderStatus, amount, refunded booking.Money) dayTotals {
	switch status {
	case booking.ProviderApproved:
		return dayTotals{amount.Centavos, refunded.Centavos}
	case booking.ProviderRefunded:
		return dayTotals{amount.Centavos, amount.Centavos}
	case booking.ProviderChargedBack, booking.ProviderInMediation:
		return dayTotals{amount.Centavos, 0}
	}
	return dayTotals{}
}
