package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cabanas/booking"
	"cabanas/workflows"
)

// fake are the activities over the model; its exported methods are the registered names.
type fake struct{ r *row }

func (f *fake) PlaceHold(ctx context.Context, in workflows.BookingInput) (workflows.HoldPlaced, error) {
	end, err := f.r.begin(ctx, "PlaceHold")
	defer end()
	if err != nil {
		return workflows.HoldPlaced{}, err
	}
	if f.r.status == "" {
		f.r.status, f.r.expiresAt = booking.PreReserved, f.r.now().Add(in.HoldFor)
	}
	return workflows.HoldPlaced{ExpiresAt: f.r.expiresAt}, nil
}

func (f *fake) ExpireHold(ctx context.Context, _ workflows.ReservationRef) (workflows.ReservationChange, error) {
	return f.change(ctx, "ExpireHold", func(r *row) bool {
		if r.status != booking.PreReserved || r.now().Before(r.expiresAt) {
			return false
		}
		r.status, r.expiredAt = booking.Expired, r.now()
		return true
	})
}

func (f *fake) ExtendHold(ctx context.Context, in workflows.ExtendInput) (workflows.ReservationChange, error) {
	return f.change(ctx, "ExtendHold", func(r *row) bool {
		if r.status != booking.PreReserved || r.extended {
			return false
		}
		r.extended, r.expiresAt = true, in.Until
		return true
	})
}

func (f *fake) CancelReservation(ctx context.Context, _ workflows.CancelInput) (workflows.ReservationChange, error) {
	return f.change(ctx, "CancelReservation", func(r *row) bool {
		if !r.status.Live() {
			return false
		}
		r.status = booking.Cancelled
		return true
	})
}

func (f *fake) ConfirmByOwner(ctx context.Context, _ workflows.OwnerConfirmInput) (workflows.ReservationChange, error) {
	return f.change(ctx, "ConfirmByOwner", func(r *row) bool {
		if r.status != booking.PreReserved && (r.status != booking.Expired || r.sold) {
			return false
		}
		r.status, r.byOwner = booking.Confirmed, true
		return true
	})
}

func (f *fake) CompleteStay(ctx context.Context, _ workflows.ReservationRef) (workflows.ReservationChange, error) {
	return f.change(ctx, "CompleteStay", func(r *row) bool {
		if r.status != booking.Confirmed {
			return false
		}
		r.status = booking.Completed
		return true
	})
}

// change is one conditional change; what was paid becomes due when the reservation ended by it.
func (f *fake) change(ctx context.Context, name string, change func(*row) bool) (workflows.ReservationChange, error) {
	end, err := f.r.begin(ctx, name)
	defer end()
	if err != nil {
		return workflows.ReservationChange{}, err
	}
	if f.r.status == "" {
		return workflows.ReservationChange{}, final(workflows.ErrorNotFound)
	}
	changed := change(f.r)
	ended := f.r.status == booking.Expired || f.r.status == booking.Cancelled
	for _, p := range f.r.payments {
		p.due = p.due || changed && ended && p.counted && !p.returned
	}
	out := workflows.ReservationChange{Changed: changed, Status: f.r.status, ExpiresAt: f.r.expiresAt}
	if ended {
		out.RefundDue, out.AskOwner = f.r.due(), f.r.asks
	}
	return out, nil
}

func (f *fake) StayTimes(ctx context.Context, _ workflows.ReservationRef) (workflows.StayTimes, error) {
	end, err := f.r.begin(ctx, "StayTimes")
	defer end()
	arrival := f.r.started.Add(f.r.arrival)
	return workflows.StayTimes{Arrival: arrival, CheckIn: arrival.Add(day), Departure: arrival.Add(f.r.stay), Balance: f.r.balance}, err
}

func (f *fake) CreatePaymentLink(ctx context.Context, in workflows.LinkInput) (workflows.LinkResult, error) {
	end, err := f.r.begin(ctx, "CreatePaymentLink")
	defer end()
	until := f.r.linkUntil
	if until.IsZero() {
		until = f.r.expiresAt
	}
	return workflows.LinkResult{URL: fmt.Sprintf("https://pay.test/%s/%d", in.Code, in.Attempt), Until: until}, err
}

func (f *fake) ClosePaymentLink(ctx context.Context, in workflows.LinkCloseInput) (workflows.Done, error) {
	end, err := f.r.begin(ctx, "ClosePaymentLink")
	defer end()
	if err == nil {
		f.r.closings = append(f.r.closings, in)
	}
	return workflows.Done{}, err
}

func (f *fake) SettlePayment(ctx context.Context, in workflows.SettleInput) (workflows.Settlement, error) {
	end, err := f.r.begin(ctx, "SettlePayment")
	defer end()
	if err != nil {
		return workflows.Settlement{}, err
	}
	return f.r.settle(in.PaymentID)
}

func (f *fake) SweepPayments(ctx context.Context, _ workflows.ReservationRef) (workflows.Settlements, error) {
	end, err := f.r.begin(ctx, "SweepPayments")
	defer end()
	var found workflows.Settlements
	if err != nil || !f.r.swept {
		return found, err
	}
	for id := range f.r.payments {
		settlement, err := f.r.settle(id)
		if err != nil {
			return found, err
		}
		found.Items = append(found.Items, settlement)
	}
	return found, nil
}

func (f *fake) RefundPayment(ctx context.Context, in workflows.RefundInput) (workflows.RefundResult, error) {
	end, err := f.r.begin(ctx, "RefundPayment")
	defer end()
	if err != nil {
		return workflows.RefundResult{}, err
	}
	p := f.r.payments[in.PaymentID]
	amount := in.Amount
	if amount.IsZero() {
		amount = p.amount
	}
	switch {
	case p.looks > 0:
		p.looks--
		return workflows.RefundResult{Amount: amount, InProcess: true}, nil
	case p.refused:
		return workflows.RefundResult{}, final(workflows.ErrorPaymentRejected)
	case !slices.Contains(f.r.refunds, in.PaymentID+"/"+in.Reason):
		p.back = amount.Plus(p.back)
		p.returned, p.due = !p.back.Less(p.amount), false
		f.r.refunds = append(f.r.refunds, in.PaymentID+"/"+in.Reason)
	}
	return workflows.RefundResult{Amount: amount}, nil
}

func (f *fake) ForwardPayment(ctx context.Context, in workflows.SettleInput) (workflows.ForwardResult, error) {
	end, err := f.r.begin(ctx, "ForwardPayment")
	defer end()
	f.r.forwarded = append(f.r.forwarded, in.Code)
	return workflows.ForwardResult{Delivered: f.r.runs}, err
}

func (f *fake) ResumeBooking(ctx context.Context, in workflows.ReservationRef) (workflows.Done, error) {
	end, err := f.r.begin(ctx, "ResumeBooking")
	defer end()
	if err == nil {
		f.r.resumed = append(f.r.resumed, in.Code)
	}
	return workflows.Done{}, err
}

func (f *fake) ReconcilePayments(ctx context.Context) (workflows.Settlements, error) {
	end, err := f.r.begin(ctx, "ReconcilePayments")
	defer end()
	return workflows.Settlements{Items: []workflows.Settlement{{PaymentID: "1"}}}, err
}

func (f *fake) SendNotices(ctx context.Context, in workflows.NoticesInput) (workflows.Done, error) {
	end, err := f.r.begin(ctx, "SendNotices")
	defer end()
	if err != nil {
		return workflows.Done{}, err
	}
	for _, n := range in.Notices {
		key := n.Code + "/" + string(n.Kind) + "/" + n.Suffix
		if !f.r.seen[key] {
			f.r.seen[key] = true
			f.r.notices = append(f.r.notices, n)
			f.r.toldAt[n.Kind] = append(f.r.toldAt[n.Kind], f.r.now().Sub(f.r.started).Round(time.Hour))
		}
	}
	return workflows.Done{}, nil
}

var errUnknownPayment = errors.New("the provider does not know this payment")

// settle judges a payment with the real rules and applies it, as the database does in one transaction.
func (r *row) settle(id string) (workflows.Settlement, error) {
	p := r.payments[id]
	if p == nil {
		return workflows.Settlement{}, errUnknownPayment
	}
	verdict := booking.Judge(booking.PaymentFacts{
		Status: p.status, Amount: p.amount, ReferenceOurs: true, CollectorOurs: true, AlreadyCounted: p.counted,
		Reservation: r.status, Deposit: deposit, PaidBefore: r.kept(),
	})
	switch {
	case p.returned:
		verdict = booking.VerdictReversed
	case verdict == booking.VerdictConfirm:
		p.counted, r.status = true, booking.Confirmed
	case verdict == booking.VerdictShort:
		p.counted = true
	case verdict == booking.VerdictCount:
		p.counted = true
	case verdict == booking.VerdictLate && r.others.state == workflows.AlternativeOpen && r.others.payment != id:
		verdict = booking.VerdictReturn
	case verdict == booking.VerdictLate && r.sold:
		verdict = booking.VerdictTaken
	case verdict == booking.VerdictLate:
		p.counted, r.status = true, booking.Confirmed
	}
	news := p.verdict != verdict
	if verdict == booking.VerdictSettled && p.verdict != "" {
		verdict, news = p.verdict, true // the same asker is told again: it may have died before it heard
	}
	p.verdict = verdict
	return workflows.Settlement{
		PaymentID: id, Code: code, Verdict: verdict, Status: r.status, News: news, Amount: p.amount,
		LinkClosed: p.counted && r.status == booking.Confirmed && !r.openLinks,
	}, nil
}
