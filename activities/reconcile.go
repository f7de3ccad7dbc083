package activities

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"cabanas/gateways/mercadopago"
	"cabanas/workflows"
)

const (
	// reconcileWindow is how old the links of bookings may be that are asked about one by one, on top of the sweep.
	reconcileWindow = 7 * 24 * time.Hour
	reconcileMost   = 500
	// reconcileMisses in a row are no bad result but an outage, which the next try has to sit out.
	reconcileMisses = 5
)

// SweepPayments asks the provider for all payments of a reservation and applies each. What cannot be read is parked, and no
// bad result stands in the way of the others; it fails only when nothing could be learned.
func (a *Payments) SweepPayments(ctx context.Context, ref workflows.ReservationRef) (workflows.Settlements, error) {
	var found workflows.Settlements
	payments, failure := a.Provider.SearchPayments(ctx, ref.Code)
	learn := func(settlement workflows.Settlement, err error) {
		if err != nil {
			slog.ErrorContext(ctx, "payment of a sweep not settled", "code", ref.Code, "error", err)
			failure = err
			return
		}
		found.Items = append(found.Items, settlement)
	}
	broken := brokenResults(failure)
	if len(broken) > 0 {
		failure = nil
	}
	for _, payment := range payments {
		learn(a.settle(ctx, payment))
	}
	for _, result := range broken {
		learn(a.park(ctx, unreadableName(result.Raw), ref.Code, result.Raw, asker(ctx)))
	}
	if failure != nil && len(found.Items) > 0 {
		slog.WarnContext(ctx, "sweep incomplete, reconciliation finds the rest", "code", ref.Code, "error", failure)
		failure = nil
	}
	return found, asTemporal(failure)
}

// ReconcilePayments goes through what changed in the whole account since the last run, and asks about every hold that waits for
// money, and hands on what no notification brought. It settles nothing itself, so that the booking's own workflow tells the guest;
// one whose workflow has ended gets its resolver. A booking that fails is left to the next run; it gives up when everything fails.
func (a *Payments) ReconcilePayments(ctx context.Context) (workflows.Settlements, error) {
	recorded, err := a.handOnRecorded(ctx)
	found := workflows.Settlements{Items: recorded}
	if err == nil {
		err = a.issueMissing(ctx)
	}
	if err != nil {
		return found, asTemporal(err)
	}
	swept, sweepErr := a.sweepAccount(ctx)
	if sweepErr != nil {
		slog.ErrorContext(ctx, "account not gone through", "error", sweepErr)
	}
	handedOn := map[string]bool{}
	for _, item := range swept {
		handedOn[item.PaymentID] = true
	}
	asked, err := a.reconcileBookings(ctx, handedOn)
	found.Items = append(append(found.Items, swept...), asked.Items...)
	if err == nil {
		err = asTemporal(sweepErr)
	}
	return found, err
}

func (a *Payments) reconcileBookings(ctx context.Context, handedOn map[string]bool) (workflows.Settlements, error) {
	var found workflows.Settlements
	codes, err := a.Store.ReservationsAwaitingPayment(ctx, a.Now().Add(-reconcileWindow), reconcileMost)
	if err != nil {
		return found, asTemporal(err)
	}
	misses, worked := 0, false
	for _, code := range codes {
		items, failure := a.reconcileBooking(ctx, code, handedOn)
		found.Items = append(found.Items, items...)
		if failure == nil {
			misses, worked = 0, true
			continue
		}
		slog.ErrorContext(ctx, "booking not reconciled", "code", code, "error", failure)
		err = failure
		if misses++; misses == reconcileMisses || ctx.Err() != nil {
			return found, asTemporal(err)
		}
	}
	if worked {
		return found, nil
	}
	return found, asTemporal(err)
}

// reconcileBooking hands on all that can be and was not yet, and returns the first failure.
func (a *Payments) reconcileBooking(ctx context.Context, code string, before map[string]bool) ([]workflows.Settlement, error) {
	var handedOn []workflows.Settlement
	payments, failure := a.Provider.SearchPayments(ctx, code)
	broken := brokenResults(failure)
	if len(broken) > 0 {
		failure = nil
	}
	learn := func(paymentID string, forwarded bool, err error) {
		if forwarded && err == nil {
			handedOn = append(handedOn, workflows.Settlement{PaymentID: paymentID, Code: code, News: true})
		}
		failure = cmp.Or(failure, err)
	}
	for _, payment := range payments {
		if before[paymentID(payment)] {
			continue
		}
		forwarded, err := a.reconcile(ctx, code, payment)
		learn(paymentID(payment), forwarded, err)
	}
	for _, result := range broken {
		forwarded, err := a.parkResult(ctx, code, result.Raw)
		learn(unreadableName(result.Raw), forwarded, err)
	}
	return handedOn, failure
}

func (a *Payments) reconcile(ctx context.Context, code string, payment mercadopago.Payment) (bool, error) {
	stored, known, err := a.Store.PaymentVersion(ctx, paymentID(payment))
	if err != nil || known && !payment.DateLastUpdated.After(stored) {
		return false, err
	}
	return true, a.handOn(ctx, code, paymentID(payment))
}

// handOn wakes who must look at a payment.
func (a *Payments) handOn(ctx context.Context, code, paymentID string) error {
	delivered, err := a.Processes.Payment(ctx, code, paymentID)
	if err != nil || delivered {
		return err
	}
	return a.Processes.LatePayment(ctx, workflows.LatePaymentInput{PaymentID: paymentID, Code: code})
}
