package activities

import (
	"context"
	"fmt"
	"net/url"

	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// CreatePaymentLink makes the checkout of a hold's deposit. Its validity ends with the hold; vouchers that are paid days
// later are excluded.
func (a *Payments) CreatePaymentLink(ctx context.Context, in workflows.LinkInput) (workflows.LinkResult, error) {
	if link, found, err := a.Store.PaymentLink(ctx, in.Code, in.Attempt); err != nil || found {
		return workflows.LinkResult{URL: link.URL}, asTemporal(err)
	}
	r, err := a.Store.Reservation(ctx, in.Code)
	if err != nil {
		return workflows.LinkResult{}, asTemporal(err)
	}
	if r.Status != booking.PreReserved {
		return workflows.LinkResult{}, asTemporal(booking.Refuse(booking.CodeWrongState, "reservation %s is %s, there is nothing to pay", in.Code, r.Status))
	}
	amount := r.Deposit.Minus(r.Paid)
	preference, err := a.Provider.CreatePreference(ctx, mercadopago.PreferenceRequest{
		Title:             fmt.Sprintf("Seña %s, %s al %s", r.UnitName, shortDate(r.Stay.CheckIn), shortDate(r.Stay.CheckOut)),
		ItemID:            r.Code,
		Amount:            amount,
		ExternalReference: r.Code,
		// Repeated with the same key, a request has to be the same to the letter.
		ValidFrom:       r.CreatedAt,
		ValidTo:         r.ExpiresAt,
		NotificationURL: a.notificationURL(r.Code),
	}, fmt.Sprintf("preference:%s:%d", in.Code, in.Attempt))
	if err != nil {
		return workflows.LinkResult{}, asTemporal(err)
	}
	link, err := a.Store.SavePaymentLink(ctx, postgres.PaymentLink{
		Code: r.Code, Attempt: in.Attempt, ProviderID: preference.ID, URL: preference.InitPoint, Amount: amount, ExpiresAt: r.ExpiresAt,
	})
	return workflows.LinkResult{URL: link.URL}, asTemporal(err)
}

// The query is ours to choose and is kept by the provider: source_news=webhooks spares the unsigned legacy notifications,
// ref tells which booking to wake before the payment is fetched.
func (a *Payments) notificationURL(code string) string {
	address := *a.NotificationURL
	address.RawQuery = url.Values{"source_news": {"webhooks"}, MetaReference: {code}}.Encode()
	return address.String()
}

func shortDate(d booking.Date) string { return d.Time().Format("02/01/2006") }

// ClosePaymentLink ends every open link of a reservation.
func (a *Payments) ClosePaymentLink(ctx context.Context, ref workflows.ReservationRef) (workflows.Done, error) {
	links, err := a.Store.OpenPaymentLinks(ctx, ref.Code)
	if err != nil {
		return workflows.Done{}, asTemporal(err)
	}
	for _, link := range links {
		if err := a.Provider.ClosePreference(ctx, link.ProviderID, a.Now()); err != nil && !notFound(err) {
			return workflows.Done{}, asTemporal(err)
		}
		if err := a.Store.ClosePaymentLink(ctx, link.ProviderID, a.Now()); err != nil {
			return workflows.Done{}, asTemporal(err)
		}
	}
	return workflows.Done{}, nil
}
