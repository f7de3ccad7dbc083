package activities

import (
	"context"
	"log/slog"
	"time"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// OfferAlternative looks for the nearest other nights at the price that was agreed, see [booking.Calendar.LateOffers], and holds
// them until the answer is due.
func (a *Payments) OfferAlternative(ctx context.Context, in workflows.AlternativeInput) (workflows.AlternativeOffer, error) {
	offers, err := a.lateOffers(ctx, in.Code)
	if err != nil {
		return workflows.AlternativeOffer{}, asTemporal(err)
	}
	held, found, err := a.Store.OfferAlternative(ctx, in.PaymentID, offers, a.Now().Add(a.Terms.AlternativeFor), a.Now())
	if err != nil || !found {
		slog.InfoContext(ctx, "no other nights for a late payment", "code", in.Code, "payment_id", in.PaymentID, "candidates", len(offers))
		return workflows.AlternativeOffer{}, asTemporal(err)
	}
	slog.InfoContext(ctx, "other nights for a late payment", "code", in.Code, "payment_id", in.PaymentID, "accommodation_id", held.AccommodationID,
		"reason", string(held.Reason), "status", string(held.Status))
	return offerOf(held), nil
}

func (a *Payments) lateOffers(ctx context.Context, code string) ([]booking.LateOffer, error) {
	if a.Terms.AlternativeFor <= 0 {
		return nil, nil
	}
	r, err := a.Store.Reservation(ctx, code)
	if err != nil {
		return nil, err
	}
	offers := catalogue{store: a.Store, terms: a.Terms, now: a.Now}
	property, err := offers.property(ctx)
	if err != nil {
		return nil, err
	}
	places, err := a.Store.Accommodations(ctx)
	if err != nil {
		return nil, err
	}
	calendar, err := offers.calendar(ctx, r.Stay, lateOfferWindow)
	if err != nil {
		return nil, err
	}
	return calendar.LateOffers(booking.LateSearch{
		Paid: booking.Accommodation{ID: r.AccommodationID}, Stay: r.Stay, Guests: r.Guests, Total: r.Total,
		Today: offers.today(property), Catalog: places, Limits: property.Limits,
	}), nil
}

// AcceptAlternative confirms the reservation on the nights that are offered. One that the database refuses is told as such.
func (a *Payments) AcceptAlternative(ctx context.Context, in workflows.AlternativeInput) (workflows.ReservationChange, error) {
	change, err := a.Store.AcceptAlternative(ctx, in.PaymentID, a.Now())
	if err != nil {
		return workflows.ReservationChange{}, asTemporal(err)
	}
	if change.Changed {
		a.Metrics.ReservationsConfirmed.WithLabelValues(string(change.Reservation.Channel)).Inc()
	}
	return changeOf(change, booking.Money{}), nil
}

// EndAlternative lets go of nights that are offered.
func (a *Payments) EndAlternative(ctx context.Context, in workflows.AlternativeInput) (workflows.AlternativeOffer, error) {
	ended, err := a.Store.EndAlternative(ctx, in.PaymentID, postgres.AlternativeStatus(in.End), a.Now())
	return offerOf(ended), asTemporal(err)
}

func offerOf(a postgres.Alternative) workflows.AlternativeOffer {
	return workflows.AlternativeOffer{State: workflows.AlternativeState(a.Status), UnitName: a.UnitName, Stay: a.Stay, ExpiresAt: a.ExpiresAt}
}

// answerAlternative tells whoever holds the other nights what the guest says.
func (a *Conversation) answerAlternative(ctx context.Context, code, key string, answer workflows.AlternativeAnswer) (workflows.ChangeOutcome, error) {
	offered, found, err := a.Store.Alternative(ctx, code)
	if err != nil {
		return workflows.ChangeOutcome{}, err
	}
	if !found {
		return workflows.ChangeOutcome{}, booking.Refuse(booking.CodeWrongState, "nothing was offered for %s", code)
	}
	return a.Bookings.AnswerAlternative(ctx, code, offered.PaymentID, key, answer)
}

// alternativeView is what a guest is told of an alternative.
func alternativeView(a postgres.Alternative, now time.Time) *dialogue.AlternativeView {
	return &dialogue.AlternativeView{
		UnitName: a.UnitName, Stay: a.Stay, Price: a.Price, OfferedAt: a.OfferedAt, ExpiresAt: a.ExpiresAt,
		Open: a.Status == postgres.AlternativeOpen && a.ExpiresAt.After(now), Taken: a.Status == postgres.AlternativeAccepted,
	}
}
