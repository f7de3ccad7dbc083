package activities

import (
	"context"
	"maps"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// BookingProcesses reaches Booking workflows. Key makes a repeated request return the first one's outcome.
type BookingProcesses interface {
	Cancel(ctx context.Context, code, key string, request workflows.CancelRequest) (workflows.ChangeOutcome, error)
	Confirm(ctx context.Context, code, key string, request workflows.ConfirmRequest) (workflows.ChangeOutcome, error)
	Extend(ctx context.Context, code, key string) (workflows.ChangeOutcome, error)
}

// BookingDesk is where staff changes a booking: its workflow does it, so that the guest is told and the money follows. Errors are
// booking refusals.
type BookingDesk struct {
	Store     BookingDeskStore
	Processes BookingProcesses
	Now       func() time.Time
}

// BookingDeskStore is what the booking desk reads and writes.
type BookingDeskStore interface {
	Reservation(ctx context.Context, code string) (postgres.Reservation, error)
	RecordByStaff(ctx context.Context, by postgres.Author, entry postgres.AuditEntry, now time.Time) error
}

// Cancel ends a held or confirmed booking and returns what goes back of its money: by choice, everything when it is empty.
func (d *BookingDesk) Cancel(ctx context.Context, by postgres.Author, code, key string, choice booking.RefundChoice) (workflows.ChangeOutcome, error) {
	return d.change(ctx, by, code, "reservation.cancelled", map[string]any{"refund": choice}, func() (workflows.ChangeOutcome, error) {
		return d.Processes.Cancel(ctx, code, key, workflows.CancelRequest{By: booking.ByOwner, Reason: "staff", Refund: choice, StaffID: by.UserID})
	})
}

// Confirm confirms a held or expired booking without the provider's money, by the word of the account.
func (d *BookingDesk) Confirm(ctx context.Context, by postgres.Author, code, key string) (workflows.ChangeOutcome, error) {
	return d.change(ctx, by, code, "reservation.confirmed", nil, func() (workflows.ChangeOutcome, error) {
		return d.Processes.Confirm(ctx, code, key, workflows.ConfirmRequest{StaffID: by.UserID})
	})
}

// Extend moves the deadline of a hold, once.
func (d *BookingDesk) Extend(ctx context.Context, by postgres.Author, code, key string) (workflows.ChangeOutcome, error) {
	return d.change(ctx, by, code, "reservation.extended", nil, func() (workflows.ChangeOutcome, error) {
		return d.Processes.Extend(ctx, code, key)
	})
}

// change asks the workflow and writes down who did: the story of the booking has the same, this is where an account is looked up.
func (d *BookingDesk) change(
	ctx context.Context, by postgres.Author, code, action string, details map[string]any, ask func() (workflows.ChangeOutcome, error),
) (workflows.ChangeOutcome, error) {
	before, err := d.Store.Reservation(ctx, code)
	if err != nil {
		return workflows.ChangeOutcome{}, err
	}
	outcome, err := ask()
	if err := refusalOf(outcome, err); err != nil {
		return outcome, err
	}
	after := map[string]any{"status": outcome.Status}
	maps.Copy(after, details)
	return outcome, d.Store.RecordByStaff(ctx, by, postgres.AuditEntry{Action: action, Entity: "reservation", EntityID: code,
		Before: map[string]any{"status": before.Status}, After: after}, d.Now())
}
