package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// UpdateTransfer tells a Booking that its guest pays the deposit by bank transfer.
const UpdateTransfer = "transfer"

// Effects of a turn about transfers and receipts.
const (
	EffectTransfer       EffectKind = "transfer"        // the guest pays a hold by bank transfer
	EffectTransferPaid   EffectKind = "transfer_paid"   // the owner saw the deposit on the account
	EffectTransferUnseen EffectKind = "transfer_unseen" // the owner looked and it is not there
	EffectSendReceipt    EffectKind = "send_receipt"    // the receipts of a booking again
)

// Notices about transfers.
const (
	NoticeTransferOffer    NoticeKind = "transfer_offer" // beside the payment link: there is another way
	NoticeTransferReminder NoticeKind = "transfer_reminder"
	NoticeTransferUnseen   NoticeKind = "transfer_unseen"
	NoticeOwnerTransfer    NoticeKind = "owner_transfer" // a guest transfers: is it there?
	NoticeOwnerReturn      NoticeKind = "owner_return"   // money that the owner has to give back by hand
)

// TransferActivities let guests pay by bank transfer.
type TransferActivities interface {
	// ChooseTransfer gives a hold the longer, business-hours clock of a transfer, once.
	ChooseTransfer(context.Context, ReservationRef) (TransferChosen, error)
}

// TransferChosen is a hold with the deadline of a transfer.
type TransferChosen struct {
	Change ReservationChange `json:"change"`
	// Remind are instants within business hours, in order.
	Remind []time.Time `json:"remind,omitempty"`
}

var chooseTransfer = activity[ReservationRef, TransferChosen]{"ChooseTransfer"}

// onTransfer gives the hold the time that a bank takes. The guest may still pay by a link, which ends with the new deadline.
func (b *bookingRun) onTransfer(ctx workflow.Context, _ Done) (ChangeOutcome, error) {
	ctx, err := b.awaitBegun(ctx)
	if err != nil {
		return ChangeOutcome{}, err
	}
	if b.status != booking.PreReserved {
		return b.refuse(booking.CodeWrongState), nil
	}
	chosen, err := chooseTransfer.runLocal(databaseStep(ctx, "wait for a transfer"), b.ref)
	if outcome, done, err := b.changed(chosen.Change, err); !done {
		return outcome, err
	}
	if chosen.Change.Status != booking.PreReserved {
		return b.refuse(booking.CodeWrongState), nil
	}
	if !b.transfer {
		b.transfer = true
		b.reminders = transferReminders(chosen.Remind)
		b.tell(NoticeInput{Kind: NoticeOwnerTransfer})
		b.offerLink(NoticeInput{})
	}
	return ChangeOutcome{Done: true, Status: b.status, ExpiresAt: b.expiresAt}, nil
}

// transferReminders fit the longer clock: they come while banks and people are at work.
func transferReminders(at []time.Time) []reminder {
	var reminders []reminder
	for n, instant := range at {
		reminders = append(reminders, reminder{at: instant, kind: NoticeTransferReminder, suffix: string(rune('1' + n))})
	}
	return reminders
}
