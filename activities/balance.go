package activities

import (
	"context"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// balanceHour is when guests and owner are written to about the balance: late in the morning at the property.
const balanceHour = 11 * 60

// reminderDays before the check-in the guest is reminded of the balance.
var reminderDays = []int{3, 1}

// balanceSteps is what is done about the rest of the price before the arrival; nothing where it is paid on arrival.
func balanceSteps(property booking.Property, stay booking.Stay) []workflows.BalanceStep {
	terms := property.Payments
	if terms.BalanceMode != booking.BalanceByLink {
		return nil
	}
	before := func(days int) time.Time { return stay.CheckIn.AddDays(-days).At(0, balanceHour, property.Location) }
	steps := []workflows.BalanceStep{{At: before(terms.BalanceDays), Kind: workflows.NoticeBalanceLink}}
	for _, days := range reminderDays {
		if days >= terms.BalanceDays {
			continue
		}
		steps = append(steps, workflows.BalanceStep{At: before(days), Kind: workflows.NoticeBalanceReminder, Suffix: string(rune('0' + days))})
	}
	return append(steps, workflows.BalanceStep{At: before(1), Kind: workflows.NoticeOwnerBalanceUnpaid})
}

// asksBalance are the notices that make no sense when nothing is left to pay.
var asksBalance = map[workflows.NoticeKind]bool{
	workflows.NoticeBalanceLink: true, workflows.NoticeBalanceReminder: true, workflows.NoticeOwnerBalanceUnpaid: true,
}

var _ workflows.TransferActivities = (*Reservations)(nil)

// TransferStore is what the choice of a transfer writes.
type TransferStore interface {
	ChooseTransfer(ctx context.Context, code string, until, now time.Time) (postgres.Change, error)
}

// lastHours before the end of a transfer's clock, in hours of business, the guest hears of it a last time.
const lastHours = 2

// ChooseTransfer gives a hold until the business-hours deadline of its property, once.
func (a *Reservations) ChooseTransfer(ctx context.Context, ref workflows.ReservationRef) (workflows.TransferChosen, error) {
	property, err := a.Store.Property(ctx)
	if err != nil {
		return workflows.TransferChosen{}, asTemporal(err)
	}
	terms, now := property.Payments, a.Now()
	if terms.TransferDetails == "" {
		return workflows.TransferChosen{}, asTemporal(booking.Refuse(booking.CodeInvalidInput, "this property takes no transfers"))
	}
	deadline := func(hours int) time.Time { return booking.BusinessDeadline(now, hours, property.Location) }
	change, err := a.Store.ChooseTransfer(ctx, ref.Code, deadline(terms.TransferHours), now)
	if err != nil {
		return workflows.TransferChosen{}, asTemporal(err)
	}
	if change.Changed {
		a.lockLonger(ctx, change.Reservation)
	}
	chosen := workflows.TransferChosen{Change: changeOf(change, booking.Money{})}
	for _, hours := range []int{terms.TransferHours / 2, terms.TransferHours - lastHours} {
		at := deadline(hours)
		if hours > 0 && at.Before(change.Reservation.ExpiresAt) && (len(chosen.Remind) == 0 || at.After(chosen.Remind[len(chosen.Remind)-1])) {
			chosen.Remind = append(chosen.Remind, at)
		}
	}
	return chosen, nil
}
