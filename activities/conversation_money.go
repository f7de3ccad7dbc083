package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// ConversationMoney is what a conversation needs for transfers and receipts; without it they are refused.
type ConversationMoney struct {
	Cashbox  *Cashbox
	Receipts ReceiptStore
	// ReceiptBase is where receipts are fetched from.
	ReceiptBase *url.URL
	Transfers   TransferChooser
}

// TransferChooser tells a booking that its guest transfers.
type TransferChooser interface {
	Transfer(ctx context.Context, code, key string) (workflows.ChangeOutcome, error)
}

// moneyEffect carries out an effect about transfers and receipts; false for any other.
func (a *Conversation) moneyEffect(ctx context.Context, in workflows.EffectInput) (done carried, known bool, err error) {
	switch in.Effect.Kind {
	case workflows.EffectTransfer, workflows.EffectSendReceipt:
		if err = a.owned(ctx, in); err == nil && a.Money == nil {
			err = booking.Refuse(booking.CodeInvalidInput, "there are no transfers or receipts here")
		}
	case workflows.EffectTransferPaid, workflows.EffectTransferUnseen:
		err = a.ownerOnly(ctx, in)
	default:
		return done, false, nil
	}
	if err == nil {
		done, err = a.carryOutMoney(ctx, in)
	}
	if err != nil {
		done.result, err = refused(err)
	}
	return done, true, err
}

func (a *Conversation) carryOutMoney(ctx context.Context, in workflows.EffectInput) (done carried, err error) {
	code := in.Effect.Code
	switch in.Effect.Kind {
	case workflows.EffectTransfer:
		outcome, failure := a.Money.Transfers.Transfer(ctx, code, in.Effect.Key)
		err = refusalOf(outcome, failure)
	case workflows.EffectTransferPaid:
		err = a.transferArrived(ctx, in)
	case workflows.EffectTransferUnseen:
		done.also, err = a.transferUnseen(ctx, in)
	case workflows.EffectSendReceipt:
		done.also, err = a.sendReceipts(ctx, in)
	}
	if err != nil {
		return done, err
	}
	done.result, err = a.done(ctx, code, booking.Money{})
	return done, err
}

// ownerOnly refuses what only the owner's phone may decide.
func (a *Conversation) ownerOnly(ctx context.Context, in workflows.EffectInput) error {
	by, err := a.Store.Guest(ctx, in.GuestID)
	if err != nil {
		return err
	}
	if !a.isOwner(by) || a.Money == nil {
		return booking.Refuse(booking.CodeNotFound, "only the owner says what is on the account")
	}
	return nil
}

// transferArrived records the rest of the deposit by the owner's word. Another sum is recorded by the route of staff.
func (a *Conversation) transferArrived(ctx context.Context, in workflows.EffectInput) error {
	r, err := a.Store.Reservation(ctx, in.Effect.Code)
	if err != nil {
		return err
	}
	// Repeated after a crash, the effect finds its own money counted and the reservation confirmed by it.
	key := "effect/" + in.Effect.Key
	if done, err := a.Money.Cashbox.recordedBefore(ctx, r.Code, key); done || err != nil {
		return err
	}
	if r.Status != booking.PreReserved && r.Status != booking.Expired {
		return booking.Refuse(booking.CodeWrongState, "the reservation is %s", r.Status)
	}
	_, err = a.Money.Cashbox.Record(ctx, RecordRequest{
		Code: r.Code, Method: booking.ByTransfer, Amount: r.Deposit.Minus(r.Paid), Key: key,
		By: postgres.Author{Kind: "system", TraceID: in.Effect.TraceID}, Via: "owner_phone",
	})
	return err
}

// transferUnseen tells the guest of a hold that the owner looked and the money is not there.
func (a *Conversation) transferUnseen(ctx context.Context, in workflows.EffectInput) ([]int64, error) {
	shown, err := a.done(ctx, in.Effect.Code, booking.Money{})
	if err != nil {
		return nil, err
	}
	if shown.Booking.Status != booking.PreReserved {
		return nil, booking.Refuse(booking.CodeWrongState, "the reservation is %s", shown.Booking.Status)
	}
	return a.tellGuest(ctx, in, dialogue.Notice{Kind: string(workflows.NoticeTransferUnseen), Booking: shown.Booking}, in.Effect.Key+"/guest")
}

// sendReceipts sends every receipt of a booking again, each once for each time the guest asks.
func (a *Conversation) sendReceipts(ctx context.Context, in workflows.EffectInput) ([]int64, error) {
	receipts, err := a.Money.Receipts.IssueReceipts(ctx, in.Effect.Code, a.Now())
	if err != nil {
		return nil, err
	}
	if len(receipts) == 0 {
		return nil, booking.Refuse(booking.CodeWrongState, "there is no receipt yet")
	}
	shown, err := a.done(ctx, in.Effect.Code, booking.Money{})
	if err != nil {
		return nil, err
	}
	var sent []int64
	for _, receipt := range receipts {
		ids, err := a.tellGuest(ctx, in, dialogue.Notice{Kind: string(workflows.NoticeReceipt), Booking: shown.Booking,
			Document: receiptAddress(a.Money.ReceiptBase, receipt)}, in.Effect.Key+"/"+receipt.Number)
		if err != nil {
			return sent, err
		}
		sent = append(sent, ids...)
	}
	return sent, nil
}

// tellGuest queues a notice to the guest of the booking it is about, once by its key.
func (a *Conversation) tellGuest(ctx context.Context, in workflows.EffectInput, notice dialogue.Notice, key string) ([]int64, error) {
	r, err := a.Store.Reservation(ctx, in.Effect.Code)
	if err != nil {
		return nil, err
	}
	guest, err := a.Store.Guest(ctx, r.GuestID)
	if err != nil {
		return nil, err
	}
	notice.Property, err = a.Desk.catalogue().property(ctx)
	if err != nil {
		return nil, err
	}
	notice.Now, notice.Language = a.Now(), guest.Language
	reply, err := json.Marshal(dialogue.Compose(notice))
	if err != nil {
		return nil, fmt.Errorf("encode notice: %w", err)
	}
	id, err := a.Store.QueueNotice(ctx, postgres.Notice{Key: key, GuestID: guest.ID, Reply: reply, TraceID: in.Effect.TraceID}, a.Now())
	if err != nil || id == 0 {
		return nil, err
	}
	return []int64{id}, nil
}
