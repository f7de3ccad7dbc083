package workflows

import (
	"context"
	"strconv"

	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// Updates of a Booking by staff, beside those of names.go.
const (
	UpdateChangeStay = "change_stay" // another stay, number of guests or price, while it is held or confirmed
	UpdateNoShow     = "no_show"     // the guest did not come
	UpdateResend     = "resend"      // the guest is told again where the booking stands
)

// NoticeStayChanged tells a guest about their new dates, place and price.
const NoticeStayChanged NoticeKind = "stay_changed"

// What becomes of the price when a stay changes.
const (
	PriceKeep    = "keep"    // as it was agreed
	PriceRequote = "requote" // what the new stay costs today
)

// StayChangeRequest asks UpdateChangeStay for another stay.
type StayChangeRequest struct {
	AccommodationID int64        `json:"accommodation_id"`
	Stay            booking.Stay `json:"stay"`
	Guests          int          `json:"guests"`
	// Price is PriceKeep or PriceRequote.
	Price   string `json:"price"`
	StaffID int64  `json:"staff_id"`
	// Quiet leaves the guest to be told by somebody.
	Quiet bool `json:"quiet,omitempty"`
}

// StayChangeInput carries a [StayChangeRequest] out; Key names it among all changes of the booking.
type StayChangeInput struct {
	Code string `json:"code"`
	Key  string `json:"key"`
	StayChangeRequest
}

// StayChanged is the outcome of ChangeStay.
type StayChanged struct {
	Change ReservationChange `json:"change"`
	// Changed is false when nothing is different from before: then there is nothing to tell.
	Changed  bool   `json:"changed"`
	UnitName string `json:"unit_name,omitempty"`
	// DepositChanged says that a payment link of before asks for another sum.
	DepositChanged bool `json:"deposit_changed,omitempty"`
	// DueChanged says that another sum, or until another day, is left to pay.
	DueChanged bool `json:"due_changed,omitempty"`
}

// NoShowInput names the account that says that a guest did not come.
type NoShowInput struct {
	Code    string `json:"code"`
	StaffID int64  `json:"staff_id"`
}

// StayChangeActivities change the stay of reservations; each is one conditional change with its event, safe to repeat.
type StayChangeActivities interface {
	// ChangeStay gives a live reservation another stay. Errors: ErrorDatesTaken, ErrorRefused.
	ChangeStay(context.Context, StayChangeInput) (StayChanged, error)
	// MarkNoShow closes a confirmed stay whose guest did not come. Errors: ErrorRefused.
	MarkNoShow(context.Context, NoShowInput) (ReservationChange, error)
}

var (
	changeStay = activity[StayChangeInput, StayChanged]{"ChangeStay"}
	markNoShow = activity[NoShowInput, ReservationChange]{"MarkNoShow"}
)

// onChangeStay moves the booking. Everything that waits for a date of the stay looks at it again: see [bookingRun.accompany].
func (b *bookingRun) onChangeStay(ctx workflow.Context, request StayChangeRequest) (ChangeOutcome, error) {
	ctx, err := b.awaitBegun(ctx)
	if err != nil {
		return ChangeOutcome{}, err
	}
	if !b.status.Live() || b.completing {
		return b.refuse(booking.CodeWrongState), nil
	}
	b.changing++
	changed, err := changeStay.runLocal(databaseStep(ctx, "another stay"),
		StayChangeInput{Code: b.in.Code, Key: workflow.GetCurrentUpdateInfo(ctx).ID, StayChangeRequest: request})
	b.changing--
	if outcome, done, err := b.changed(changed.Change, err); !done {
		return outcome, err
	}
	if !b.status.Live() {
		return b.refuse(booking.CodeWrongState), nil
	}
	if changed.Changed {
		b.stayChanged(request, changed)
	}
	return ChangeOutcome{Done: true, Status: b.status, ExpiresAt: b.expiresAt}, nil
}

// stayChanged takes the new stay over: the timers, the links and the search attributes follow, and the guest is told.
func (b *bookingRun) stayChanged(request StayChangeRequest, changed StayChanged) {
	b.in.AccommodationID, b.in.UnitName, b.in.Stay, b.in.Guests = request.AccommodationID, changed.UnitName, request.Stay, request.Guests
	b.moves++
	b.movedAt = workflow.Now(b.background)
	err := workflow.UpsertTypedSearchAttributes(b.background,
		AttributeAccommodationID.ValueSet(strconv.FormatInt(request.AccommodationID, 10)), AttributeCheckIn.ValueSet(request.Stay.CheckIn.Time()))
	if err != nil {
		workflow.GetLogger(b.background).Error("stay not published", "code", b.in.Code, "error", err)
	}
	told := NoticeInput{Kind: NoticeStayChanged, Suffix: b.anew("")}
	if request.Quiet {
		told = NoticeInput{}
	}
	switch {
	case b.status == booking.PreReserved && changed.DepositChanged && b.link.attempt > 0:
		b.offerLink(told)
		return
	case b.status == booking.Confirmed && b.balanceLinked && changed.DueChanged:
		// The link asks for what was left before; accompany makes the next when its time has come.
		b.balanceRound++
		b.balanceLinked = false
		b.closeLinks(LinkCloseInput{Code: b.in.Code, Kind: booking.LinkBalance, Before: b.balanceRound + 1})
	}
	b.tell(told)
}

// anew makes the key of a notice that a changed stay asks for a second time another one.
func (b *bookingRun) anew(suffix string) string {
	if b.moves == 0 {
		return suffix
	}
	return suffix + "moved-" + strconv.FormatInt(b.movedAt.Unix(), 10)
}

// onNoShow ends a confirmed stay without its guest.
func (b *bookingRun) onNoShow(ctx workflow.Context, request ConfirmRequest) (ChangeOutcome, error) {
	ctx, err := b.awaitBegun(ctx)
	if err != nil {
		return ChangeOutcome{}, err
	}
	if b.status != booking.Confirmed {
		return b.refuse(booking.CodeWrongState), nil
	}
	change, err := markNoShow.runLocal(databaseStep(ctx, "the guest did not come"), NoShowInput{Code: b.in.Code, StaffID: request.StaffID})
	if outcome, done, err := b.changed(change, err); !done {
		return outcome, err
	}
	if change.Status != booking.NoShow {
		return b.refuse(booking.CodeWrongState), nil
	}
	return ChangeOutcome{Done: true, Status: b.status}, nil
}

// onResend tells the guest again: of a hold with its link, of a confirmed booking with everything that was confirmed.
func (b *bookingRun) onResend(ctx workflow.Context, _ Done) (ChangeOutcome, error) {
	ctx, err := b.awaitBegun(ctx)
	if err != nil {
		return ChangeOutcome{}, err
	}
	if !b.status.Live() {
		return b.refuse(booking.CodeWrongState), nil
	}
	kind := NoticeHold
	if b.status == booking.Confirmed {
		kind = NoticeConfirmed
	}
	b.tell(NoticeInput{Kind: kind, Suffix: "again-" + strconv.FormatInt(workflow.Now(ctx).Unix(), 10)})
	return ChangeOutcome{Done: true, Status: b.status, ExpiresAt: b.expiresAt}, nil
}
