package activities

import (
	"context"
	"errors"
	"log/slog"
	"strconv"

	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// RefundPayment returns money of one payment. The plan is written before the provider is asked, under a key that the
// provider gets too: however often it is repeated, the money goes back once.
func (a *Payments) RefundPayment(ctx context.Context, in workflows.RefundInput) (workflows.RefundResult, error) {
	amount, err := a.refund(ctx, in.PaymentID, in.Amount, in.Reason)
	return workflows.RefundResult{Amount: amount}, asTemporal(err)
}

// RefundReservation returns Amount over the payments of a reservation, newest first.
func (a *Payments) RefundReservation(ctx context.Context, in workflows.RefundAllInput) (workflows.RefundResult, error) {
	credited, err := a.Store.CreditedPayments(ctx, in.Code)
	if err != nil {
		return workflows.RefundResult{}, asTemporal(err)
	}
	left, returned := in.Amount, booking.Money{Currency: in.Amount.Currency}
	for _, payment := range credited {
		// What is left of a payment is the plan's to say: asked again, this one must find its own plan and not take it for another's.
		part := payment.Amount
		if left.Less(part) {
			part = left
		}
		if part.Centavos <= 0 {
			break
		}
		amount, err := a.refund(ctx, payment.ProviderID, part, in.Reason)
		if err != nil {
			return workflows.RefundResult{}, asTemporal(err)
		}
		left, returned = left.Minus(amount), returned.Plus(amount)
	}
	return workflows.RefundResult{Amount: returned}, nil
}

func (a *Payments) refund(ctx context.Context, paymentID string, amount booking.Money, reason string) (booking.Money, error) {
	plan, err := a.Store.PlanRefund(ctx, paymentID, amount, reason, a.Now())
	if booking.IsCode(err, booking.CodeWrongState) {
		return booking.Money{Currency: amount.Currency}, nil // nothing is left to return
	}
	if err != nil || plan.Status == postgres.RefundDone {
		return plan.Amount, err
	}
	id, err := providerID(paymentID)
	if err != nil {
		return booking.Money{}, err
	}
	refund, err := a.Provider.Refund(ctx, id, &plan.Amount, plan.Key)
	if err != nil {
		return a.refundRefused(ctx, plan, err)
	}
	slog.InfoContext(ctx, "refund made", "payment_id", paymentID, "key", plan.Key)
	return plan.Amount, a.Store.FinishRefund(ctx, plan.ID, strconv.FormatInt(refund.ID, 10), refundStatus(refund), a.Now())
}

// refundRefused records a refusal that repeating cannot mend; everything else is repeated with the same key.
func (a *Payments) refundRefused(ctx context.Context, plan postgres.Refund, cause error) (booking.Money, error) {
	var failure *mercadopago.Error
	if !errors.As(cause, &failure) || failure.Retryable() || failure.Reason == mercadopago.ReasonNotFound {
		return booking.Money{}, cause
	}
	if failure.Reason == mercadopago.ReasonAlreadyRefunded {
		return plan.Amount, a.Store.FinishRefund(ctx, plan.ID, "", postgres.RefundDone, a.Now())
	}
	return booking.Money{}, errors.Join(cause, a.Store.FinishRefund(ctx, plan.ID, "", postgres.RefundFailed, a.Now()))
}

func refundStatus(refund mercadopago.Refund) postgres.RefundStatus {
	if refund.Status == "approved" {
		return postgres.RefundDone
	}
	return postgres.RefundInProcess
}
