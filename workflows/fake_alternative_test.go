package workflows_test

import (
	"context"
	"time"

	"cabanas/booking"
	"cabanas/workflows"
)

// others is the model of nights offered instead of sold ones.
type others struct {
	free    bool // other nights are free
	until   time.Duration
	state   workflows.AlternativeState
	payment string
	offered time.Time
	lost    bool // somebody else took them: they cannot be accepted
	days    []workflows.DayComparison
}

func (r *row) offer() workflows.AlternativeOffer {
	return workflows.AlternativeOffer{State: r.others.state, UnitName: "Cabaña Ñire", Stay: hold(0).Stay, ExpiresAt: r.others.offered.Add(r.others.until)}
}

func (f *fake) OfferAlternative(ctx context.Context, in workflows.AlternativeInput) (workflows.AlternativeOffer, error) {
	end, err := f.r.begin(ctx, "OfferAlternative")
	defer end()
	o := &f.r.others
	switch {
	case err != nil:
		return workflows.AlternativeOffer{}, err
	case o.payment == in.PaymentID:
		return f.r.offer(), nil
	case !o.free || o.state != "" || f.r.status != booking.Expired:
		return workflows.AlternativeOffer{}, nil
	}
	o.state, o.payment, o.offered = workflows.AlternativeOpen, in.PaymentID, f.r.now()
	return f.r.offer(), nil
}

func (f *fake) AcceptAlternative(ctx context.Context, _ workflows.AlternativeInput) (workflows.ReservationChange, error) {
	end, err := f.r.begin(ctx, "AcceptAlternative")
	defer end()
	o := &f.r.others
	switch {
	case err != nil:
		return workflows.ReservationChange{}, err
	case o.lost:
		return workflows.ReservationChange{}, final(workflows.ErrorDatesTaken)
	case o.state == workflows.AlternativeOpen:
		o.state, f.r.status = workflows.AlternativeAccepted, booking.Confirmed
		f.r.payments[o.payment].counted = true
	case o.state != workflows.AlternativeAccepted:
		return workflows.ReservationChange{}, final(workflows.ErrorRefused, string(booking.CodeWrongState))
	}
	return workflows.ReservationChange{Changed: true, Status: f.r.status, ExpiresAt: f.r.expiresAt}, nil
}

func (f *fake) EndAlternative(ctx context.Context, in workflows.AlternativeInput) (workflows.AlternativeOffer, error) {
	end, err := f.r.begin(ctx, "EndAlternative")
	defer end()
	if err == nil && f.r.others.state == workflows.AlternativeOpen {
		f.r.others.state = in.End
	}
	return f.r.offer(), err
}

func (f *fake) CompareDays(ctx context.Context, _ workflows.Done) (workflows.DayComparisons, error) {
	end, err := f.r.begin(ctx, "CompareDays")
	defer end()
	return workflows.DayComparisons{Days: f.r.others.days}, err
}
