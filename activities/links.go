package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// CreatePaymentLink makes a checkout: of a hold's deposit, valid as long as the hold, or of what is left of a confirmed
// reservation. Vouchers that are paid days later are excluded. The guest's browser comes back to our page, whatever happened.
func (a *Payments) CreatePaymentLink(ctx context.Context, in workflows.LinkInput) (workflows.LinkResult, error) {
	in.Kind = cmp.Or(in.Kind, booking.LinkDeposit)
	link, found, err := a.Store.PaymentLink(ctx, in.Code, in.Kind, in.Attempt)
	if found && !link.ClosedAt.IsZero() {
		err = booking.Refuse(booking.CodeWrongState, "attempt %d of reservation %s is closed", in.Attempt, in.Code)
	}
	if err != nil || found {
		return workflows.LinkResult{URL: link.URL, Until: link.ExpiresAt}, asTemporal(err)
	}
	r, err := a.Store.Reservation(ctx, in.Code)
	if err != nil {
		return workflows.LinkResult{}, asTemporal(err)
	}
	terms, err := linkTerms(r, in)
	if err != nil {
		return workflows.LinkResult{}, asTemporal(err)
	}
	preference, err := a.preference(ctx, r, in, terms)
	if err != nil {
		return workflows.LinkResult{}, asTemporal(err)
	}
	link, err = a.Store.SavePaymentLink(ctx, postgres.PaymentLink{
		Code: r.Code, Kind: in.Kind, Attempt: in.Attempt, ProviderID: preference.ID, URL: preference.InitPoint,
		Amount: terms.amount, ExpiresAt: terms.until,
	}, a.Now())
	if err == nil {
		err = a.closeIfUseless(ctx, link)
	}
	return workflows.LinkResult{URL: link.URL, Until: link.ExpiresAt}, asTemporal(err)
}

// terms are what a link asks for.
type terms struct {
	title  string
	amount booking.Money
	until  time.Time
}

// linkTerms refuses with [booking.CodeWrongState] when the reservation is not, or no more, where such a link is paid.
func linkTerms(r postgres.Reservation, in workflows.LinkInput) (terms, error) {
	stay := fmt.Sprintf("%s, %s al %s", r.UnitName, shortDate(r.Stay.CheckIn), shortDate(r.Stay.CheckOut))
	t := terms{title: "Seña " + stay, amount: r.Deposit.Minus(r.Paid), until: r.ExpiresAt}
	payable := booking.PreReserved
	if in.Kind == booking.LinkBalance {
		t = terms{title: "Saldo " + stay, amount: r.Total.Minus(r.Paid), until: in.Until}
		payable = booking.Confirmed
	}
	switch {
	case r.Status != payable:
		return t, booking.Refuse(booking.CodeWrongState, "reservation %s is %s, there is no %s to pay", r.Code, r.Status, in.Kind)
	case t.amount.Centavos <= 0:
		return t, booking.Refuse(booking.CodeInvalidInput, "reservation %s has no %s to pay", r.Code, in.Kind)
	}
	return t, nil
}

// preference asks the provider under the attempt's key. Repeated with the same key a request has to be the same to the letter:
// when money came between two tries the amount is another, and so is the key.
func (a *Payments) preference(ctx context.Context, r postgres.Reservation, in workflows.LinkInput, terms terms) (mercadopago.Preference, error) {
	page := a.Pages.Return(r.Code)
	request := mercadopago.PreferenceRequest{
		Title: terms.title, ItemID: r.Code, Amount: terms.amount, ExternalReference: r.Code,
		ValidFrom: r.CreatedAt, ValidTo: terms.until,
		NotificationURL: a.notificationURL(r.Code),
		BackURLs:        mercadopago.BackURLs{Success: page, Pending: page, Failure: page},
	}
	key := preferenceKey(in)
	made, err := a.Provider.CreatePreference(ctx, request, key)
	if mercadopago.ReasonOf(err) == mercadopago.ReasonConflict {
		made, err = a.Provider.CreatePreference(ctx, request, fmt.Sprintf("%s:%d:%d", key, terms.amount.Centavos, terms.until.UnixMilli()))
	}
	return made, err
}

func preferenceKey(in workflows.LinkInput) string {
	if in.Kind == booking.LinkDeposit {
		return fmt.Sprintf("preference:%s:%d", in.Code, in.Attempt)
	}
	return fmt.Sprintf("preference:%s:%s:%d", in.Code, in.Kind, in.Attempt)
}

// closeIfUseless looks once more after a link was made: whoever ended the reservation, or made a newer link, meanwhile found
// nothing to close.
func (a *Payments) closeIfUseless(ctx context.Context, link postgres.PaymentLink) error {
	newest, _, err := a.Store.PaymentLink(ctx, link.Code, link.Kind, 0)
	if err != nil {
		return err
	}
	r, err := a.Store.Reservation(ctx, link.Code)
	if err != nil {
		return err
	}
	in := workflows.LinkInput{Code: link.Code, Kind: link.Kind, Attempt: link.Attempt, Until: link.ExpiresAt}
	_, useless := linkTerms(r, in)
	if useless == nil && newest.Attempt > link.Attempt {
		useless = booking.Refuse(booking.CodeWrongState, "reservation %s has a newer link", link.Code)
	}
	if useless == nil {
		return nil
	}
	if err := a.closeLink(ctx, link); err != nil {
		return err
	}
	return useless
}

// The query is ours to choose and is kept by the provider: source_news=webhooks spares the unsigned legacy notifications,
// ref tells which booking to wake before the payment is fetched.
func (a *Payments) notificationURL(code string) string {
	address := *a.NotificationURL
	address.RawQuery = url.Values{"source_news": {"webhooks"}, MetaReference: {code}}.Encode()
	return address.String()
}

func shortDate(d booking.Date) string { return d.Time().Format("02/01/2006") }

// ClosePaymentLink ends the open links that the input names. What cannot be closed now does not keep the others open.
func (a *Payments) ClosePaymentLink(ctx context.Context, in workflows.LinkCloseInput) (workflows.Done, error) {
	links, err := a.Store.OpenPaymentLinks(ctx, in.Code)
	if err != nil {
		return workflows.Done{}, asTemporal(err)
	}
	var failures []error
	for _, link := range links {
		if in.Kind != "" && link.Kind != in.Kind || in.Before > 0 && link.Attempt >= in.Before {
			continue
		}
		failures = append(failures, a.closeLink(ctx, link))
	}
	return workflows.Done{}, asTemporal(errors.Join(failures...))
}

// closeLink ends a link at the provider, unless its time is over there too, and then writes that down.
func (a *Payments) closeLink(ctx context.Context, link postgres.PaymentLink) error {
	if a.Now().Before(link.ExpiresAt) {
		if err := a.Provider.ClosePreference(ctx, link.ProviderID, a.Now()); err != nil && !notFound(err) {
			return err
		}
	}
	return a.Store.ClosePaymentLink(ctx, link.ProviderID, a.Now())
}
