package workflows

import (
	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// alternative is an offer of other nights for a payment that came too late, while it waits for the guest.
type alternative struct {
	settlement Settlement
	offer      AlternativeOffer
	// taken and refused are the guest's answer; over says that nothing can be answered any more.
	taken, refused, over bool
}

func (a *alternative) open() bool { return a != nil && a.offer.State == AlternativeOpen && !a.over }

func (a *alternative) decided() bool { return a.taken || a.refused || a.over }

func (s Settlement) alternative(end AlternativeState) AlternativeInput {
	return AlternativeInput{Code: s.Code, PaymentID: s.PaymentID, End: end}
}

// find looks for other nights and holds them. An offer that was made before is found again, with what became of it.
func (a *alternative) find(ctx workflow.Context) error {
	offer, err := offerAlternative.run(moneyStep(ctx, "other nights for payment "+a.settlement.PaymentID), a.settlement.alternative(""))
	a.offer = offer
	return err
}

// await waits for the answer until the deadline, and lets go of what was not taken. It returns what became of the offer.
func (a *alternative) await(ctx workflow.Context, over func() bool) (AlternativeState, error) {
	if left := a.offer.ExpiresAt.Sub(workflow.Now(ctx)); a.offer.State == AlternativeOpen && left > 0 {
		if _, err := workflow.AwaitWithTimeout(ctx, left, func() bool { return a.decided() || over() }); err != nil {
			return "", err
		}
	}
	a.over = true
	if a.taken {
		return AlternativeAccepted, nil
	}
	if a.offer.State == "" {
		return "", nil
	}
	ended, err := endAlternative.runLocal(databaseStep(ctx, "let the other nights go"), a.settlement.alternative(AlternativeLapsed))
	return ended.State, err
}

// answer carries out what the guest says; the database knows whether it still can be taken.
func (a *alternative) answer(ctx workflow.Context, answer AlternativeAnswer) (ReservationChange, error) {
	if answer.Accept {
		change, err := acceptAlternative.runLocal(databaseStep(ctx, "take the other nights"), a.settlement.alternative(""))
		a.taken = a.taken || err == nil
		if _, refused := refusalOf(err); refused {
			a.refused = true
		}
		return change, err
	}
	ended, err := endAlternative.runLocal(databaseStep(ctx, "the guest does not want the other nights"), a.settlement.alternative(AlternativeDeclined))
	a.refused = a.refused || err == nil && ended.State != AlternativeAccepted
	return ReservationChange{}, err
}

// offered are the notices of nights that are held for an answer.
func (s Settlement) offered() []NoticeInput {
	toOwner := s.toOwner()
	toOwner.Kind, toOwner.Suffix = NoticeOwnerAlternative, s.PaymentID
	return []NoticeInput{s.toGuest(NoticeAlternative), toOwner}
}

// offerInstead looks for other nights at the same price for money whose nights are sold, and gives it back when there are none, or
// the guest does not want them in time.
func (b *bookingRun) offerInstead(s Settlement) {
	if b.alternative != nil && b.alternative.settlement.PaymentID == s.PaymentID {
		return // asked already
	}
	a := &alternative{settlement: s}
	b.alternative = a
	b.spawn(b.background, func(ctx workflow.Context) {
		err := a.find(ctx)
		if a.open() {
			b.show("the answer to other nights")
			b.tell(s.offered()...)
		}
		state := AlternativeState("")
		if err == nil {
			state, err = a.await(ctx, func() bool { return b.status != booking.Expired })
		}
		if err != nil {
			workflow.GetLogger(ctx).Error("no other nights offered", "code", b.in.Code, "payment_id", s.PaymentID, "error", err)
		}
		switch {
		case a.taken:
		case state == AlternativeAccepted, state == AlternativeWithdrawn:
			b.follow(s.PaymentID) // somebody else was told: the ledger knows
		default:
			b.giveBackPayment(s, refundTaken, booking.Money{})
			b.giveBack(s.AlsoDue, refundShort)
		}
	})
}

// onAnswerAlternative takes the guest's answer to the nights that are offered.
func (b *bookingRun) onAnswerAlternative(ctx workflow.Context, answer AlternativeAnswer) (ChangeOutcome, error) {
	ctx, err := b.awaitBegun(ctx)
	if err != nil {
		return ChangeOutcome{}, err
	}
	return b.answerAlternative(ctx, answer)
}

func (b *bookingRun) answerAlternative(ctx workflow.Context, answer AlternativeAnswer) (ChangeOutcome, error) {
	a := b.alternative
	if a == nil || !a.open() {
		return b.refuse(booking.CodeWrongState), nil
	}
	change, err := a.answer(ctx, answer)
	if code, refused := refusalOf(err); refused {
		return b.refuse(code), nil
	}
	if err != nil {
		return ChangeOutcome{}, err
	}
	if a.taken {
		b.in.UnitName, b.in.Stay = a.offer.UnitName, a.offer.Stay
		b.moved(change, a.settlement)
	}
	return ChangeOutcome{Done: answer.Accept == a.taken, Status: b.status}, nil
}
