package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// Alternative is a stay offered at the agreed price to a guest whose nights were sold when their payment came.
type Alternative struct {
	Code string
	// PaymentID is the provider's id of the payment that waits for the answer.
	PaymentID       string
	AccommodationID int64
	UnitName        string
	Stay            booking.Stay
	// Price is what it would cost by its own rate.
	Price     booking.Money
	Reason    booking.OfferReason
	Status    AlternativeStatus
	OfferedAt time.Time
	ExpiresAt time.Time
}

// AlternativeStatus is what became of an [Alternative].
type AlternativeStatus string

// The states of an alternative. All but the first are final.
const (
	AlternativeOpen      AlternativeStatus = "open"
	AlternativeAccepted  AlternativeStatus = "accepted"
	AlternativeDeclined  AlternativeStatus = "declined"
	AlternativeLapsed    AlternativeStatus = "lapsed"
	AlternativeWithdrawn AlternativeStatus = "withdrawn" // of no use any more: the old nights came free, or these are gone
)

// OfferAlternative holds the first of the offers whose nights are still free for the guest until an instant, once per payment:
// repeated it returns what was offered before, whatever became of it. False means that nothing can be offered: no nights are
// free, the payment covers nothing or is on its way back, or its reservation is not expired.
func (s *Store) OfferAlternative(ctx context.Context, providerID string, offers []booking.LateOffer, until, now time.Time) (Alternative, bool, error) {
	var alternative Alternative
	offered := false
	err := s.transact(ctx, "offer alternative", func(tx pgx.Tx) error {
		reservation, payment, err := s.lockLedger(ctx, tx, providerID)
		if err != nil || reservation == nil {
			return err
		}
		earlier, err := s.queries.GetAlternativeOfPayment(ctx, tx, providerID)
		if !errors.Is(err, pgx.ErrNoRows) {
			if err == nil {
				alternative, offered = alternativeOf((*dbgen.GetAlternativeRow)(earlier), reservation.Currency), true
			}
			return err
		}
		if may, err := s.mayOffer(ctx, tx, reservation, payment); err != nil || !may {
			return err
		}
		for _, offer := range offers {
			if offered, err = s.holdOffer(ctx, tx, reservation, payment, offer, until, now); err != nil {
				return err
			}
			if offered {
				made, err := s.queries.GetAlternative(ctx, tx, reservation.Code)
				if err == nil {
					alternative = alternativeOf(made, reservation.Currency)
				}
				return err
			}
		}
		return nil
	})
	return alternative, offered, err
}

// mayOffer reports whether a payment still is one that would confirm its expired reservation.
func (s *Store) mayOffer(ctx context.Context, tx pgx.Tx, r *dbgen.Reservation, p *dbgen.LockPaymentRow) (bool, error) {
	around, err := s.queries.LookAround(ctx, tx, r.ID)
	if err != nil || r.ReservationStatus != string(booking.Expired) || around.OfferedPayment != "" {
		return false, err
	}
	return s.covers(ctx, tx, r, p)
}

func (s *Store) covers(ctx context.Context, tx pgx.Tx, r *dbgen.Reservation, p *dbgen.LockPaymentRow) (bool, error) {
	others, err := s.queries.SumOtherPayments(ctx, tx, &dbgen.SumOtherPaymentsParams{ReservationID: r.ID, ProviderID: p.Payment.ProviderID})
	if err != nil || p.ReturningCentavos > 0 || p.Payment.Counted || p.Payment.Status != string(booking.ProviderApproved) ||
		p.Payment.Currency != r.Currency || !p.Payment.CollectorOurs {
		return false, err
	}
	return others.AvailableCentavos+p.Payment.AmountCentavos-p.Payment.RefundedCentavos >= r.DepositCentavos, nil
}

func (s *Store) holdOffer(ctx context.Context, tx pgx.Tx, r *dbgen.Reservation, p *dbgen.LockPaymentRow, offer booking.LateOffer,
	until, now time.Time) (bool, error) {
	if err := s.queries.LockCalendar(ctx, tx, offer.AccommodationID); err != nil {
		return false, err
	}
	taken, err := s.queries.NightsTaken(ctx, tx, &dbgen.NightsTakenParams{
		AccommodationID: offer.AccommodationID, CheckIn: offer.Stay.CheckIn.Time(), CheckOut: offer.Stay.CheckOut.Time()})
	if err != nil || taken {
		return false, err
	}
	_, err = s.queries.InsertAlternative(ctx, tx, &dbgen.InsertAlternativeParams{
		ReservationID: r.ID, PaymentID: p.Payment.ID, AccommodationID: offer.AccommodationID, CheckIn: offer.Stay.CheckIn.Time(),
		CheckOut: offer.Stay.CheckOut.Time(), PriceCentavos: offer.Price.Centavos, Reason: string(offer.Reason), ExpiresAt: until, Now: now,
	})
	if err != nil {
		return false, err
	}
	err = s.queries.MovePayment(ctx, tx, &dbgen.MovePaymentParams{
		ID: p.Payment.ID, Disposition: string(DispositionOffered), RefundedCentavos: p.Payment.RefundedCentavos})
	if err != nil {
		return false, err
	}
	return true, s.queries.NoteBooking(ctx, tx, &dbgen.NoteBookingParams{
		ReservationID: r.ID, Kind: "alternative_offered", Change: mustJSON(change{By: booking.BySystem, Reason: string(offer.Reason), At: now,
			Details: map[string]any{"payment": p.Payment.ProviderID, "accommodation_id": offer.AccommodationID, "check_in": offer.Stay.CheckIn,
				"check_out": offer.Stay.CheckOut, "price_centavos": offer.Price.Centavos, "until": until}})})
}

// Alternative reads the newest alternative of a reservation; false when there never was one.
func (s *Store) Alternative(ctx context.Context, code string) (Alternative, bool, error) {
	row, err := s.queries.GetAlternative(ctx, s.pool, code)
	if errors.Is(err, pgx.ErrNoRows) {
		return Alternative{}, false, nil
	}
	if err != nil {
		return Alternative{}, false, explain("read alternative", err)
	}
	r, err := s.Reservation(ctx, code)
	return alternativeOf(row, r.Total.Currency), err == nil, err
}

// AcceptAlternative confirms an expired reservation on the nights that are offered for a payment, at the price that was agreed:
// the offer ends, the nights change and the payment is counted in one transaction. Repeated it changes nothing. What cannot be
// taken any more is [booking.CodeWrongState], and nights that were lost meanwhile are [booking.CodeDatesTaken].
func (s *Store) AcceptAlternative(ctx context.Context, providerID string, now time.Time) (Change, error) {
	code := ""
	changed := false
	err := s.transact(ctx, "accept alternative", func(tx pgx.Tx) error {
		reservation, payment, err := s.lockLedger(ctx, tx, providerID)
		if err != nil {
			return err
		}
		alternative, err := s.queries.GetAlternativeOfPayment(ctx, tx, providerID)
		if err != nil {
			return err
		}
		code = alternative.Code
		if alternative.Alternative.Status == string(AlternativeAccepted) {
			return nil
		}
		may, err := s.covers(ctx, tx, reservation, payment)
		if err != nil {
			return err
		}
		if alternative.Alternative.Status != string(AlternativeOpen) || !alternative.Alternative.ExpiresAt.After(now) ||
			reservation.ReservationStatus != string(booking.Expired) || !may {
			return booking.Refuse(booking.CodeWrongState, "what was offered for payment %s is over", providerID)
		}
		changed = true
		return s.takeAlternative(ctx, tx, &alternative.Alternative, payment, now)
	})
	if err != nil {
		return Change{}, err
	}
	r, err := s.Reservation(ctx, code)
	return Change{Changed: changed, Reservation: r}, err
}

func (s *Store) takeAlternative(ctx context.Context, tx pgx.Tx, a *dbgen.Alternative, p *dbgen.LockPaymentRow, now time.Time) error {
	err := s.queries.WithdrawAlternative(ctx, tx, &dbgen.WithdrawAlternativeParams{
		ReservationID: a.ReservationID, Status: string(AlternativeAccepted), Now: now})
	if err != nil {
		return err
	}
	if err := s.queries.CountPayment(ctx, tx, p.Payment.ID); err != nil {
		return err
	}
	return s.queries.TakeAlternative(ctx, tx, &dbgen.TakeAlternativeParams{
		ID: a.ReservationID, AccommodationID: a.AccommodationID, CheckIn: a.CheckIn, CheckOut: a.CheckOut, Now: now,
		Change: change{By: booking.ByGuest, Reason: "alternative_accepted", At: now, Details: map[string]any{
			"payment": p.Payment.ProviderID, "amount_centavos": p.Payment.AmountCentavos, "accommodation_id": a.AccommodationID}}.text(),
	})
}

// EndAlternative ends what is offered for a payment without taking it, once, and returns what became of it: it may have been
// decided before. A payment for which nothing was offered is [booking.CodeNotFound].
func (s *Store) EndAlternative(ctx context.Context, providerID string, as AlternativeStatus, now time.Time) (Alternative, error) {
	var alternative Alternative
	err := s.transact(ctx, "end alternative", func(tx pgx.Tx) error {
		reservation, _, err := s.lockLedger(ctx, tx, providerID)
		if err != nil {
			return err
		}
		row, err := s.queries.GetAlternativeOfPayment(ctx, tx, providerID)
		if err != nil {
			return err
		}
		alternative = alternativeOf((*dbgen.GetAlternativeRow)(row), reservation.Currency)
		if alternative.Status != AlternativeOpen {
			return nil
		}
		alternative.Status = as
		if err := s.queries.WithdrawAlternative(ctx, tx, &dbgen.WithdrawAlternativeParams{
			ReservationID: reservation.ID, Status: string(as), Now: now}); err != nil {
			return err
		}
		by := booking.BySystem
		switch as {
		case AlternativeDeclined:
			by = booking.ByGuest
		case AlternativeLapsed:
			by = booking.ByTimer
		case AlternativeOpen, AlternativeAccepted, AlternativeWithdrawn:
		}
		return s.queries.NoteBooking(ctx, tx, &dbgen.NoteBookingParams{
			ReservationID: reservation.ID, Kind: "alternative_" + string(as), Change: mustJSON(change{By: by, At: now,
				Details: map[string]any{"payment": providerID}})})
	})
	return alternative, err
}

func alternativeOf(row *dbgen.GetAlternativeRow, currency string) Alternative {
	a := &row.Alternative
	return Alternative{
		Code: row.Code, PaymentID: row.ProviderID, AccommodationID: a.AccommodationID, UnitName: row.UnitName,
		Stay:  booking.Stay{CheckIn: dateOf(a.CheckIn), CheckOut: dateOf(a.CheckOut)},
		Price: money(a.PriceCentavos, currency), Reason: booking.OfferReason(a.Reason), Status: AlternativeStatus(a.Status),
		OfferedAt: a.OfferedAt, ExpiresAt: a.ExpiresAt,
	}
}
