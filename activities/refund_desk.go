package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// RefundProcesses reaches the refunds of Booking workflows. Key makes a repeated request return the first one's outcome.
type RefundProcesses interface {
	DecideRefund(ctx context.Context, code, key string, decision workflows.RefundDecision) (workflows.ChangeOutcome, error)
	Refund(ctx context.Context, code, key string, request workflows.RefundRequest) (workflows.ChangeOutcome, error)
}

// RefundDesk is where staff sees the ledger, gives money back, decides what waits for the owner, and sets the terms of
// cancellation. Errors are booking refusals.
type RefundDesk struct {
	Store     RefundDeskStore
	Processes RefundProcesses
	Now       func() time.Time
}

// RefundDeskStore is what the refund desk reads and writes.
type RefundDeskStore interface {
	CatalogueStore
	Ledger(ctx context.Context, filter postgres.LedgerFilter, oldest bool, after postgres.Place, most int) ([]postgres.PaymentRow, error)
	PaymentFile(ctx context.Context, providerID string) (postgres.PaymentFile, error)
	AllRefunds(ctx context.Context, filter postgres.RefundFilter, oldest bool, after postgres.Place, most int) ([]postgres.RefundOf, error)
	RefundByID(ctx context.Context, id int64) (postgres.RefundOf, error)
	SetCancellation(ctx context.Context, by postgres.Author, accommodationID int64, policy *booking.CancellationPolicy, now time.Time) error
}

// RefundReasons are the words for why staff gives money back.
var RefundReasons = []string{"goodwill", "discount", "problem", "mistake"}

// GiveBack returns part of what was paid for a booking that is held or confirmed, over its payments. Key names the request: the
// same one again returns nothing more. More than is left to return is [booking.CodeInvalidInput].
func (d *RefundDesk) GiveBack(ctx context.Context, code, key, reason string, amount booking.Money, staffID int64) (booking.Money, error) {
	if !slices.Contains(RefundReasons, reason) {
		return booking.Money{}, booking.Refuse(booking.CodeInvalidInput, "reason must be one of %v", RefundReasons)
	}
	if amount.Centavos <= 0 {
		return booking.Money{}, booking.Refuse(booking.CodeInvalidInput, "amount must be more than nothing")
	}
	digest := sha256.Sum256([]byte(key))
	name := hex.EncodeToString(digest[:6])
	outcome, err := d.Processes.Refund(ctx, code, name, workflows.RefundRequest{Amount: amount, Reason: reason + "-" + name, StaffID: staffID})
	if err := refusalOf(outcome, err); err != nil {
		return booking.Money{}, err
	}
	return outcome.Refund, nil
}

// Decide lets a refund that waits go, or keeps the money. Decided the other way before, it is [booking.CodeWrongState].
func (d *RefundDesk) Decide(ctx context.Context, refundID int64, approve bool, staffID int64) (postgres.RefundOf, error) {
	refund, err := d.Store.RefundByID(ctx, refundID)
	if err != nil {
		return refund, err
	}
	if refund.Code == "" || refund.Status != postgres.RefundAwaiting && refund.Decision == "" {
		return refund, booking.Refuse(booking.CodeWrongState, "refund %d waits for no decision", refundID)
	}
	if refund.Status == postgres.RefundAwaiting {
		outcome, err := d.Processes.DecideRefund(ctx, refund.Code, "", workflows.RefundDecision{Approve: approve, StaffID: staffID})
		if err := refusalOf(outcome, err); err != nil {
			return refund, err
		}
	} else if (refund.Decision == postgres.RefundApproved) != approve {
		return refund, booking.Refuse(booking.CodeWrongState, "refund %d was %s before", refundID, refund.Decision)
	}
	return d.Store.RefundByID(ctx, refundID)
}

// Payments lists the ledger, see [postgres.Store.Ledger].
func (d *RefundDesk) Payments(ctx context.Context, filter postgres.LedgerFilter, oldest bool, after postgres.Place, most int) ([]postgres.PaymentRow, error) {
	return d.Store.Ledger(ctx, filter, oldest, after, most)
}

// Payment reads everything about a payment but who paid, by its provider's id.
func (d *RefundDesk) Payment(ctx context.Context, providerID string) (postgres.PaymentFile, error) {
	return d.Store.PaymentFile(ctx, providerID)
}

// Refunds lists refunds, see [postgres.Store.AllRefunds].
func (d *RefundDesk) Refunds(ctx context.Context, filter postgres.RefundFilter, oldest bool, after postgres.Place, most int) ([]postgres.RefundOf, error) {
	return d.Store.AllRefunds(ctx, filter, oldest, after, most)
}

// Cancellation returns the policy for new bookings of an accommodation, or of the property with id 0.
func (d *RefundDesk) Cancellation(ctx context.Context, accommodationID int64) (booking.CancellationPolicy, error) {
	property, err := d.Store.Property(ctx)
	if err != nil || accommodationID == 0 {
		return property.Cancellation, err
	}
	place, err := d.Store.Accommodation(ctx, accommodationID)
	return place.CancellationIn(property), err
}

// SetCancellation changes it for bookings made from now on; nil makes an accommodation follow the property again.
func (d *RefundDesk) SetCancellation(ctx context.Context, by postgres.Author, accommodationID int64, policy *booking.CancellationPolicy) error {
	return d.Store.SetCancellation(ctx, by, accommodationID, policy, d.Now())
}

// decideRefund takes the owner's word from the owner's own phone.
func (a *Conversation) decideRefund(ctx context.Context, in workflows.EffectInput) error {
	by, err := a.Store.Guest(ctx, in.GuestID)
	if err != nil {
		return err
	}
	if !a.isOwner(by) || a.Refunds == nil {
		return booking.Refuse(booking.CodeNotFound, "only the owner decides on refunds")
	}
	outcome, err := a.Refunds.DecideRefund(ctx, in.Effect.Code, in.Effect.Key,
		workflows.RefundDecision{Approve: in.Effect.Kind == workflows.EffectRefundOK})
	return refusalOf(outcome, err)
}
