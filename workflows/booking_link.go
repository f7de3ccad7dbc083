package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// linkOffer is the payment link of a hold: a new attempt for each deadline.
type linkOffer struct {
	attempt int
	url     string
	until   time.Time // when the link of url ends by itself
	closed  bool      // by the settlement that confirmed
	stop    workflow.CancelFunc
}

// offerLink makes a payment link that ends with the hold, tells the guest, and then closes the one before. It never holds up
// the main line: a hold whose link does not come still expires on the second.
func (b *bookingRun) offerLink(told NoticeInput) {
	if b.link.attempt > 0 && b.link.url == "" {
		told.Kind = NoticeHold // the first link never came: this is the first the guest hears of the hold
	}
	b.withdrawLink()
	b.link.attempt++
	b.link.closed = false
	input := LinkInput{Code: b.in.Code, Attempt: b.link.attempt}
	ctx, stop := workflow.WithCancel(b.background)
	b.link.stop = stop
	b.spawn(ctx, func(ctx workflow.Context) {
		link, err := b.makeLink(ctx, input, linkAnswer)
		if err != nil && !isFinal(err) && ctx.Err() == nil {
			b.answered = true
			link, err = b.makeLink(ctx, input, outage)
		}
		switch {
		case ctx.Err() != nil: // the hold is over, or has a newer link
		case err == nil:
			b.link.url, b.link.until, b.hold.PaymentURL = link.URL, link.Until, link.URL
			b.tell(told)
			if input.Attempt > 1 {
				b.closeLinks(LinkCloseInput{Code: b.in.Code, Kind: booking.LinkDeposit, Before: input.Attempt})
			}
		case nothingToPay(err): // it has moved on, and this workflow hears of it by itself
		case isFinal(err):
			workflow.GetLogger(ctx).Error("payment link refused", "code", b.in.Code, "error", err)
			b.tell(NoticeInput{Kind: NoticeOwnerHandOver, Suffix: "link"})
		}
		b.answered = true
	})
}

func nothingToPay(err error) bool {
	code, refused := refusalOf(err)
	return refused && code == booking.CodeWrongState
}

// makeLink asks for a link as long as somebody has the patience, but never longer than the hold lives.
func (b *bookingRun) makeLink(ctx workflow.Context, input LinkInput, patience time.Duration) (LinkResult, error) {
	left := b.expiresAt.Sub(workflow.Now(ctx))
	if left <= 0 {
		return LinkResult{}, temporal.NewCanceledError()
	}
	return createPaymentLink.promptly(linkStep(ctx, min(patience, left)), input)
}

// withdrawLink gives up a link that is still being made.
func (b *bookingRun) withdrawLink() {
	if b.link.stop != nil {
		b.link.stop()
	}
}

// closeLink ends what the guest could still pay the deposit with. A link of a hold that expired has ended with it, unless it
// was valid for longer.
func (b *bookingRun) closeLink() {
	b.withdrawLink()
	if b.link.attempt == 0 || b.link.closed || b.status == booking.Expired && !b.link.until.After(b.expiresAt) {
		return
	}
	b.closeLinks(LinkCloseInput{Code: b.in.Code, Kind: booking.LinkDeposit})
}

// closeLinks ends links in the background, for as long as it takes.
func (b *bookingRun) closeLinks(which LinkCloseInput) {
	b.spawn(b.background, func(ctx workflow.Context) {
		if _, err := closePaymentLink.run(moneyStep(ctx, "close the payment link"), which); err != nil {
			// It ends by itself with the hold, and money that still comes is returned.
			workflow.GetLogger(ctx).Warn("payment link not closed", "code", b.in.Code, "error", err)
		}
	})
}
