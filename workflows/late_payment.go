package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// LatePayment resolves a payment that no running booking has taken: it finds whose it is, and if that booking is closed lets
// the database take the nights again or gives the money back. Everyone concerned is told; nothing is left undecided.
func LatePayment(ctx workflow.Context, in LatePaymentInput) (Settlement, error) {
	p := &latePayment{in: in}
	options := workflow.UpdateHandlerOptions{Description: "the guest takes or leaves the nights that are offered"}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateAnswerAlternative, p.onAnswerAlternative, options); err != nil {
		return Settlement{}, err
	}
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

type latePayment struct {
	in          LatePaymentInput
	alternative *alternative
}

// resolve acts on a settlement. A booking that runs acts itself once it is told; it will find nothing new, so the news are
// told from here.
func (p *latePayment) resolve(ctx workflow.Context, s Settlement) error {
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
		if err := p.resume(ctx, s); err != nil {
			return err
		}
	}
	switch {
	case next.offer:
		return p.offerInstead(ctx, s)
	case next.refund != "":
		return p.giveBack(ctx, s, next.refund, next.amount)
	}
	return nil
}

func (p *latePayment) giveBack(ctx workflow.Context, s Settlement, reason string, amount booking.Money) error {
	err := s.giveBack(ctx, reason, amount, func(notices ...NoticeInput) { _ = p.tell(ctx, notices...) })
	if err != nil {
		workflow.GetLogger(ctx).Error("payment not returned", "payment_id", s.PaymentID, "error", err)
		return p.tell(ctx, s.stuck())
	}
	return nil
}

// offerInstead does for a closed booking what the Booking workflow does while it runs.
func (p *latePayment) offerInstead(ctx workflow.Context, s Settlement) error {
	a := &alternative{settlement: s}
	p.alternative = a
	err := a.find(ctx)
	if a.open() {
		if err := p.tell(ctx, s.offered()...); err != nil {
			return err
		}
	}
	state := AlternativeState("")
	if err == nil {
		state, err = a.await(ctx, func() bool { return false })
	}
	if err != nil {
		workflow.GetLogger(ctx).Error("no other nights offered", "payment_id", s.PaymentID, "error", err)
	}
	_ = workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	if state == AlternativeAccepted || state == AlternativeWithdrawn {
		s.Status = booking.Confirmed
		return p.resume(ctx, s)
	}
	return p.giveBack(ctx, s, refundTaken, booking.Money{})
}

// onAnswerAlternative takes the guest's answer to the nights that are offered.
func (p *latePayment) onAnswerAlternative(ctx workflow.Context, answer AlternativeAnswer) (ChangeOutcome, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	a := p.alternative
	if !a.open() {
		return ChangeOutcome{Refusal: booking.CodeWrongState, Status: booking.Expired}, nil
	}
	change, err := a.answer(ctx, answer)
	if code, refused := refusalOf(err); refused {
		return ChangeOutcome{Refusal: code, Status: booking.Expired}, nil
	}
	if err != nil {
		return ChangeOutcome{}, err
	}
	outcome := ChangeOutcome{Done: answer.Accept == a.taken, Status: booking.Expired}
	if a.taken {
		outcome.Status = change.Status
	}
	return outcome, nil
}

// resume gives a confirmed reservation its workflow back, which had ended before this payment confirmed it.
func (p *latePayment) resume(ctx workflow.Context, s Settlement) error {
	if _, err := resumeBooking.run(routeStep(ctx, "resume the booking"), ReservationRef{Code: s.Code}); err != nil {
		return err
	}
	switch s.Verdict {
	case booking.VerdictConfirm, booking.VerdictLate, booking.VerdictTaken, booking.VerdictSettled:
		return p.tell(ctx, s.lateConfirmed()...)
	}
	return nil
}

func (p *latePayment) forward(ctx workflow.Context, code string) (bool, error) {
	result, err := forwardPayment.run(routeStep(ctx, "tell the booking"), SettleInput{PaymentID: p.in.PaymentID, Code: code})
	return result.Delivered, err
}

// tell sends notices; one that cannot be sent does not undo what was decided.
func (p *latePayment) tell(ctx workflow.Context, notices ...NoticeInput) error {
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
