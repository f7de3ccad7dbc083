package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// noticeStore is what a notice is made of.
type noticeStore interface {
	linkReader
	ReceiptStore
	ToReturnByHand(ctx context.Context, code, currency string) (booking.Money, error)
	Property(ctx context.Context) (booking.Property, error)
	Accommodation(ctx context.Context, id int64) (booking.Accommodation, error)
	Reservation(ctx context.Context, code string) (postgres.Reservation, error)
	Guest(ctx context.Context, id int64) (postgres.Guest, error)
	QueueNotice(ctx context.Context, notice postgres.Notice, now time.Time) (int64, error)
	NoticeWaits(ctx context.Context, prefix string) (bool, error)
}

const ownerPrefix = "owner_"

// queueNotice words a notice from what is true now and stores it under its key; 0 when there is nobody to send it to. Trouble
// with the mail beside it is a failure of its own: the message goes out all the same.
func (a *Messaging) queueNotice(ctx context.Context, in workflows.NoticeInput, failures *[]error) (int64, error) {
	notice, guest, err := a.notice(ctx, in)
	if err != nil {
		return 0, err
	}
	if in.Kind == workflows.NoticeOwnerPayment && in.Verdict == booking.VerdictPark && in.Code != "" {
		// A refund that no provider can make is told as what it is: something for the owner to do.
		left, err := a.Store.ToReturnByHand(ctx, in.Code, notice.Property.Currency)
		if err != nil {
			return 0, err
		}
		if left.Centavos > 0 {
			notice.Kind, notice.Amount = string(workflows.NoticeOwnerReturn), left
		}
	}
	if asksBalance[in.Kind] && !notice.Booking.Paid.Less(notice.Booking.Total) {
		return 0, nil
	}
	if in.Kind == workflows.NoticeReceipt {
		if notice.Document, err = a.document(ctx, in); err != nil {
			return 0, err
		}
	}
	words := dialogue.Compose(notice)
	reply, err := json.Marshal(words)
	if err != nil {
		return 0, fmt.Errorf("encode notice: %w", err)
	}
	stored := postgres.Notice{Key: noticeKey(in), Reply: reply, Unasked: unasked[in.Kind], TraceID: observe.Trace(ctx)}
	if toOwner(in.Kind) {
		stored.OwnerPhone, stored.Owner = a.OwnerPhone, true
	} else {
		stored.GuestID = guest.ID
	}
	id, err := a.Store.QueueNotice(ctx, stored, a.Now())
	if err != nil {
		return 0, err
	}
	if err := a.mailNotice(ctx, in, guest, notice, words); err != nil {
		*failures = append(*failures, fmt.Errorf("mail of notice %s of %s: %w", in.Kind, in.Code, err))
	}
	return id, nil
}

func (a *Messaging) notice(ctx context.Context, in workflows.NoticeInput) (dialogue.Notice, postgres.Guest, error) {
	notice, err := a.ownerNotice(ctx, in.Kind)
	notice.Amount, notice.Verdict = in.Amount, in.Verdict
	if err != nil || in.Code == "" {
		return notice, postgres.Guest{}, err
	}
	property := notice.Property
	r, err := a.Store.Reservation(ctx, in.Code)
	if err != nil {
		return notice, postgres.Guest{}, err
	}
	guest, err := a.Store.Guest(ctx, r.GuestID)
	if err != nil {
		return notice, postgres.Guest{}, err
	}
	place, err := a.Store.Accommodation(ctx, r.AccommodationID)
	if err != nil {
		return notice, postgres.Guest{}, err
	}
	if notice.Booking, err = viewOf(ctx, a.Store, property, r, a.Now()); err != nil {
		return notice, postgres.Guest{}, err
	}
	if in.Kind == workflows.NoticeLateConfirmed || in.Verdict == booking.VerdictLate {
		alternative, found, err := a.Store.Alternative(ctx, in.Code)
		if err != nil {
			return notice, guest, err
		}
		if found {
			notice.Booking.Alternative = alternativeView(alternative, a.Now())
		}
	}
	notice.Location, notice.CheckInText = place.Location, place.CheckInText
	if toOwner(in.Kind) {
		notice.GuestName, notice.GuestPhone = guest.Name, guest.Phone
	} else if guest.Language != "" {
		notice.Language = guest.Language
	}
	return notice, guest, nil
}

// ownerNotice is what every notice has, in the owner's language.
func (a *Messaging) ownerNotice(ctx context.Context, kind workflows.NoticeKind) (dialogue.Notice, error) {
	property, err := a.Store.Property(ctx)
	return dialogue.Notice{Kind: string(kind), Property: a.Terms.of(property), Now: a.Now(), Language: "es"}, err
}

// unasked are the notices that guests did not ask for: they yield to the others and end with an opt-out.
var unasked = map[workflows.NoticeKind]bool{
	workflows.NoticeHalfTime: true, workflows.NoticeLastCall: true, workflows.NoticeArrival: true, workflows.NoticeThanks: true,
	workflows.NoticeTransferReminder: true, workflows.NoticeBalanceReminder: true,
}

// noticeKey is the effect key of a notice: <code>/<kind>[/<suffix or payment id>].
func noticeKey(in workflows.NoticeInput) string {
	parts := []string{in.Code, string(in.Kind)}
	for _, part := range []string{in.Suffix, in.PaymentID} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "/")
}

func toOwner(kind workflows.NoticeKind) bool { return strings.HasPrefix(string(kind), ownerPrefix) }
