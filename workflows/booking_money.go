package workflows

import (
	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// readPayments follows up every payment signal that has arrived.
func (b *bookingRun) readPayments() {
	var signal PaymentSignal
	for b.payments.ReceiveAsync(&signal) {
		b.follow(signal.PaymentID)
	}
}

// follow looks a payment up, however long the provider is away; signals that come meanwhile make it look once more.
func (b *bookingRun) follow(paymentID string) {
	if _, running := b.following[paymentID]; running {
		b.following[paymentID] = true
		return
	}
	b.following[paymentID] = false
	b.spawn(b.background, func(ctx workflow.Context) {
		for again := true; again; again = b.following[paymentID] {
			b.following[paymentID] = false
			settlement, err := settlePayment.promptly(settleStep(ctx, paymentID), SettleInput{PaymentID: paymentID, Code: b.in.Code})
			if err != nil {
				workflow.GetLogger(ctx).Error("payment not settled", "code", b.in.Code, "payment_id", paymentID, "error", err)
				b.tell(Settlement{Code: b.in.Code, PaymentID: paymentID}.stuck())
				continue
			}
			b.settled(settlement)
		}
		delete(b.following, paymentID)
	})
}

// settled takes over what a payment changed, and does what follows from it.
func (b *bookingRun) settled(s Settlement) {
	// An attempt that died after its commit leaves no news behind: what this workflow sees for the first time is news to it,
	// and a notice that was sent before is not sent again, by its key.
	sight := s.PaymentID + "/" + string(s.Verdict) + "/" + s.Case
	s.News = s.News || !b.seen[sight]
	b.seen[sight] = true
	if s.Code != b.in.Code {
		b.passOn(s)
		return
	}
	b.link.closed = b.link.closed || s.LinkClosed
	b.moved(ReservationChange{Status: s.Status}, s)
	if b.returning[s.PaymentID] {
		return // what the provider says of it now is our own refund
	}
	next := s.follows()
	b.tell(next.notices...)
	switch {
	case next.offer:
		b.offerInstead(s)
	case next.refund != "":
		b.giveBackPayment(s, next.refund, next.amount)
	}
}

// giveBackPayment returns a payment, or amount of it, and tells both sides.
func (b *bookingRun) giveBackPayment(s Settlement, reason string, amount booking.Money) {
	if amount.IsZero() {
		b.returning[s.PaymentID] = true
	} else if done := s.PaymentID + "/" + reason; b.returning[done] {
		return
	} else {
		b.returning[done] = true
	}
	b.spawn(b.background, func(ctx workflow.Context) {
		err := s.giveBack(ctx, reason, amount, func(notices ...NoticeInput) { b.tell(notices...) })
		if err != nil {
			workflow.GetLogger(ctx).Error("payment not returned", "code", b.in.Code, "payment_id", s.PaymentID, "error", err)
			b.tell(s.stuck())
		}
	})
}

// passOn hands a payment that came here by a wrong hint to the booking it is for; nobody's payment is a case for the owner.
func (b *bookingRun) passOn(s Settlement) {
	b.tell(s.follows().notices...)
	if s.Code == "" {
		return
	}
	b.spawn(b.background, func(ctx workflow.Context) {
		result, err := forwardPayment.run(routeStep(ctx, "pass payment "+s.PaymentID+" on"),
			SettleInput{PaymentID: s.PaymentID, Code: s.Code})
		if err != nil || !result.Delivered {
			b.tell(s.stuck())
		}
	})
}
