package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// LatePayment resolves a payment that no running booking has taken: it finds whose it is, and if that booking is closed lets
// the database take the nights again or gives the money back. Everyone concerned is told; nothing is left undecided.
func LatePayment(ctx workflow.Context, in LatePaymentInput) (Settlement, error) {
	p := latePayment{in: in}
	if in.Code != "" {
		if delivered, err := p.forward(ctx, in.Code); err != nil || delivered {
			return Settlement{PaymentID: in.PaymentID, Code: in.Code}, err
		}
	}
	step := settleStep(ctx, in.PaymentID)
	if in.Hint {
		step = workflow.WithScheduleToCloseTimeout(step, hintWorth)
	}
	settlement, err := settlePayment.run(step, SettleInput{PaymentID: in.PaymentID, Code: in.Code})
	switch {
	case temporal.IsCanceledError(err):
		return Settlement{}, err
	case err != nil && in.Hint:
		return Settlement{PaymentID: in.PaymentID, Code: in.Code, Verdict: booking.VerdictPark}, nil
	case err != nil:
		workflow.GetLogger(ctx).Error("payment not settled", "payment_id", in.PaymentID, "error", err)
		settlement = Settlement{PaymentID: in.PaymentID, Code: in.Code, Verdict: booking.VerdictPark, News: true}
		return settlement, p.tell(ctx, settlement.toOwner())
	}
	// News can be lost with an attempt that died after its commit. Notices are sent once by their keys.
	settlement.News = true
	return settlement, p.resolve(ctx, settlement)
}

type latePayment struct{ in LatePaymentInput }

// resolve acts on a settlement. A booking that runs acts itself once it is told; it will find nothing new, so the news are
// told from here.
func (p latePayment) resolve(ctx workflow.Context, s Settlement) error {
	next := s.follows()
	if err := p.tell(ctx, next.notices...); err != nil {
		return err
	}
	if s.Code != "" {
		if delivered, err := p.forward(ctx, s.Code); err != nil || delivered {
			return err
		}
	}
	// From here on the booking lives on or the money goes back, whatever happens to this workflow.
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	if s.Status == booking.Confirmed {
		if err := p.resume(ctx, s, next); err != nil {
			return err
		}
	}
	if next.refund == "" {
		return nil
	}
	refund, err := refundPayment.run(moneyStep(ctx, "return payment "+s.PaymentID),
		RefundInput{Code: s.Code, PaymentID: s.PaymentID, Reason: next.refund})
	if err != nil {
		workflow.GetLogger(ctx).Error("payment not returned", "payment_id", s.PaymentID, "error", err)
		return p.tell(ctx, s.stuck())
	}
	return p.tell(ctx, s.returned(refund.Amount)...)
}

// resume gives a confirmed reservation its workflow back, which had ended before this payment confirmed it.
func (p latePayment) resume(ctx workflow.Context, s Settlement, next aftermath) error {
	if _, err := resumeBooking.run(routeStep(ctx, "resume the booking"), ReservationRef{Code: s.Code}); err != nil {
		return err
	}
	if next.refund != "" {
		return nil
	}
	return p.tell(ctx, s.lateConfirmed()...)
}

func (p latePayment) forward(ctx workflow.Context, code string) (bool, error) {
	result, err := forwardPayment.run(routeStep(ctx, "tell the booking"), SettleInput{PaymentID: p.in.PaymentID, Code: code})
	return result.Delivered, err
}

// tell sends notices; one that cannot be sent does not undo what was decided.
func (p latePayment) tell(ctx workflow.Context, notices ...NoticeInput) error {
	if len(notices) == 0 {
		return nil
	}
	err := sendAll(ctx, notices)
	if temporal.IsCanceledError(err) {
		return err
	}
	if err != nil {
		workflow.GetLogger(ctx).Error("notices not sent", "payment_id", p.in.PaymentID, "notices", kinds(notices), "error", err)
	}
	return nil
}
