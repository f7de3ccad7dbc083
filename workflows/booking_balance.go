package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// Notices about the balance. Those that ask for it are not sent when nothing is left to pay.
const (
	NoticeBalanceLink        NoticeKind = "balance_link"
	NoticeBalanceReminder    NoticeKind = "balance_reminder"
	NoticeOwnerBalanceUnpaid NoticeKind = "owner_balance_unpaid"
	NoticeReceipt            NoticeKind = "receipt" // a numbered receipt as a document
)

// BalanceStep is something to do about the balance before the arrival.
type BalanceStep struct {
	At   time.Time  `json:"at"`
	Kind NoticeKind `json:"kind"`
	// Suffix makes the key of a notice unique.
	Suffix string `json:"suffix,omitempty"`
}

// awaitBalance asks for the rest of the price by a link, reminds of it, and tells the owner when it does not come. It never
// cancels anything. A booking made late gets its link at once and only the reminders that are still to come.
func (b *bookingRun) awaitBalance(ctx workflow.Context, times StayTimes) error {
	begun := workflow.Now(ctx)
	for _, step := range times.Balance {
		switch {
		case step.At.After(workflow.Now(ctx)):
			if rang, err := b.waitUntil(ctx, booking.Confirmed, step.At, "balance: "+string(step.Kind), "the arrival"); !rang {
				return err
			}
		case step.Kind != NoticeBalanceLink && !step.At.After(begun):
			continue
		}
		if step.Kind == NoticeBalanceLink {
			b.offerBalance(ctx, step, times.CheckIn)
			continue
		}
		b.tell(NoticeInput{Kind: step.Kind, Suffix: b.anew(step.Suffix)})
	}
	return nil
}

// offerBalance makes the link of the balance, however long the provider is away, and then tells the guest.
func (b *bookingRun) offerBalance(ctx workflow.Context, step BalanceStep, until time.Time) {
	left := until.Sub(workflow.Now(ctx))
	if left <= 0 || b.balanceLinked {
		return
	}
	b.balanceLinked = true
	round := b.balanceRound
	b.spawn(b.background, func(ctx workflow.Context) {
		input := LinkInput{Code: b.in.Code, Kind: booking.LinkBalance, Attempt: 1 + round, Until: until}
		_, err := createPaymentLink.run(linkStep(ctx, left), input)
		switch {
		case err == nil && b.status == booking.Confirmed && round == b.balanceRound:
			b.tell(NoticeInput{Kind: step.Kind, Suffix: b.anew(step.Suffix)})
		case err == nil:
			b.closeLinks(LinkCloseInput{Code: b.in.Code, Kind: booking.LinkBalance, Before: input.Attempt + 1})
		default:
			// Nothing is left to pay, or the reservation has moved on: then there is nothing to say either.
			workflow.GetLogger(ctx).Warn("balance link not made", "code", b.in.Code, "error", err)
		}
	})
}

// closeBalance ends the link of the balance of a reservation that is not confirmed any more.
func (b *bookingRun) closeBalance(from booking.Status) {
	if from == booking.Confirmed && b.balanceLinked {
		b.closeLinks(LinkCloseInput{Code: b.in.Code, Kind: booking.LinkBalance})
	}
}
