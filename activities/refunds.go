package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

const (
	// keyWorth is how long a repetition relies on the idempotency key alone; the provider forgets it after a day.
	keyWorth = 12 * time.Hour
	// clockSkew is how far the provider's clock may be behind ours.
	clockSkew = 5 * time.Minute
)

// RefundPayment returns money of one payment. The plan is written before the provider is asked, under a key that the
// provider gets too, and a repetition looks first what went back: however often it is repeated, the money goes back once.
func (a *Payments) RefundPayment(ctx context.Context, in workflows.RefundInput) (workflows.RefundResult, error) {
	result, err := a.refund(ctx, in.PaymentID, in.Amount, in.Reason)
	return result, asTemporal(err)
}

func (a *Payments) refund(ctx context.Context, paymentID string, amount booking.Money, reason string) (workflows.RefundResult, error) {
	plan, err := a.Store.PlanRefund(ctx, paymentID, amount, reason, a.Now())
	switch {
	case booking.IsCode(err, booking.CodeWrongState):
		return workflows.RefundResult{Amount: booking.Money{Currency: amount.Currency}}, nil // nothing is left to return
	case booking.IsCode(err, postgres.CodeNotCredited):
		return workflows.RefundResult{}, final(err, workflows.ErrorPaymentRejected)
	case err != nil || plan.Status == postgres.RefundDone:
		return workflows.RefundResult{Amount: plan.Amount}, err
	case plan.Status == postgres.RefundAwaiting || plan.Decision == postgres.RefundRefused:
		return workflows.RefundResult{}, final(errRefundNotAllowed, workflows.ErrorRefused)
	case plan.Status == postgres.RefundFailed:
		return workflows.RefundResult{}, final(errRefundFailed, workflows.ErrorPaymentRejected)
	}
	if postgres.IsRecorded(paymentID) {
		return workflows.RefundResult{}, a.returnByHand(ctx, plan)
	}
	id, err := providerID(paymentID)
	if err != nil {
		return workflows.RefundResult{}, err
	}
	if err := a.Store.TryRefund(ctx, plan.ID, a.Now()); err != nil {
		return workflows.RefundResult{}, err
	}
	if a.mayBeSent(plan) {
		back, err := a.lookBack(ctx, id, plan)
		if err != nil {
			return workflows.RefundResult{}, err
		}
		if back.ours != nil {
			return a.book(ctx, plan, *back.ours)
		}
		if plan.Status == postgres.RefundInProcess {
			return workflows.RefundResult{Amount: plan.Amount, InProcess: true}, nil // the provider said that it has it
		}
	}
	refund, err := a.Provider.Refund(ctx, id, &plan.Amount, plan.Key)
	if err != nil {
		return a.refundRefused(ctx, id, plan, err)
	}
	slog.InfoContext(ctx, "refund made", "payment_id", paymentID, "key", plan.Key)
	return a.book(ctx, plan, refund)
}

// mayBeSent reports whether the provider can have a refund already: it was tried before, or is so old that somebody may have.
func (a *Payments) mayBeSent(plan postgres.Refund) bool {
	return plan.Status == postgres.RefundInProcess || !plan.TriedAt.IsZero() || a.Now().Sub(plan.CreatedAt) > keyWorth
}

var (
	errRefundFailed     = errors.New("the provider refused this refund, and less than it is left of the payment")
	errRefundTaken      = errors.New("another refund of the same amount has it")
	errRefundRejected   = errors.New("the provider took this refund and then rejected it")
	errRefundNotAllowed = errors.New("the owner did not let this refund go")
	errRefundShrunk     = errors.New("less is left of the payment, which is sent instead")
)

// book writes down what the provider says of our refund. One that it rejects is a case for a person.
func (a *Payments) book(ctx context.Context, plan postgres.Refund, refund mercadopago.Refund) (workflows.RefundResult, error) {
	status := refundStatus(refund)
	err := a.Store.FinishRefund(ctx, plan.ID, strconv.FormatInt(refund.ID, 10), status, a.Now())
	switch {
	case booking.IsCode(err, booking.CodeDuplicate):
		// Another refund of the same amount was quicker to recognise this one as its own: the next look knows that.
		return workflows.RefundResult{}, fmt.Errorf("book refund %s: %w", plan.Key, errRefundTaken)
	case err != nil:
		return workflows.RefundResult{}, err
	case status == postgres.RefundFailed:
		return workflows.RefundResult{}, final(errRefundRejected, workflows.ErrorPaymentRejected)
	}
	return workflows.RefundResult{Amount: plan.Amount, InProcess: status == postgres.RefundInProcess}, nil
}

func refundStatus(refund mercadopago.Refund) postgres.RefundStatus {
	switch refund.State() {
	case mercadopago.RefundDone:
		return postgres.RefundDone
	case mercadopago.RefundFailed:
		return postgres.RefundFailed
	case mercadopago.RefundPending, mercadopago.RefundUnknown:
	}
	return postgres.RefundInProcess
}

// refundRefused settles a refusal that repeating cannot mend by what really went back; everything else is repeated. When part of
// the payment went back another way, what is left of it is sent instead.
func (a *Payments) refundRefused(ctx context.Context, id int64, plan postgres.Refund, cause error) (workflows.RefundResult, error) {
	if !refusedForGood(cause) {
		return workflows.RefundResult{}, cause
	}
	back, err := a.lookBack(ctx, id, plan)
	if err != nil {
		return workflows.RefundResult{}, err
	}
	if back.ours != nil {
		return a.book(ctx, plan, *back.ours)
	}
	// Somebody else gave all of it back. In a dispute nothing is given back, although the provider answers the same.
	if mercadopago.ReasonOf(cause) == mercadopago.ReasonAlreadyRefunded && back.all {
		return workflows.RefundResult{Amount: plan.Amount}, a.Store.FinishRefund(ctx, plan.ID, "", postgres.RefundDone, a.Now())
	}
	if back.left.Centavos > 0 && back.left.Less(plan.Amount) {
		if err := a.Store.ShrinkRefund(ctx, plan, back.left, a.Now()); err != nil {
			return workflows.RefundResult{}, err
		}
		return workflows.RefundResult{}, fmt.Errorf("refund %s: %w", plan.Key, errRefundShrunk)
	}
	if err := a.Store.FinishRefund(ctx, plan.ID, "", postgres.RefundFailed, a.Now()); err != nil {
		return workflows.RefundResult{}, err
	}
	return workflows.RefundResult{}, final(cause, workflows.ErrorPaymentRejected)
}

// refusedForGood reports whether the provider will say the same tomorrow. Not found is repeated, it may not be there yet; so
// are credentials, which an operator mends.
func refusedForGood(err error) bool {
	switch mercadopago.ReasonOf(err) {
	case mercadopago.ReasonInvalid, mercadopago.ReasonConflict, mercadopago.ReasonAlreadyRefunded, mercadopago.ReasonRefundWindow,
		mercadopago.ReasonRefundAmount:
		return true
	}
	return false
}

// backed is what went back of a payment as far as one plan is concerned.
type backed struct {
	ours *mercadopago.Refund // the refund that was made for the plan, nil when there is none
	all  bool                // the whole payment went back, by whomever
	left booking.Money       // of an approved payment, what has not gone back; zero when that is not known
}

// lookBack asks the provider what went back of a payment, and finds the plan's refund by its id or else by amount and time:
// refunds do not show the key they were made with.
func (a *Payments) lookBack(ctx context.Context, id int64, plan postgres.Refund) (backed, error) {
	others, err := a.Store.Refunds(ctx, plan.PaymentID)
	if err != nil {
		return backed{}, err
	}
	payment, err := a.Provider.Payment(ctx, id)
	unreadable := mercadopago.ReasonOf(err) == mercadopago.ReasonUnreadable
	if err != nil && !unreadable {
		return backed{}, err
	}
	made := payment.Refunds
	if unreadable || payment.RefundsError != nil {
		if made, err = a.Provider.Refunds(ctx, id); err != nil {
			return backed{}, err
		}
	}
	back := backed{all: payment.Status == booking.ProviderRefunded ||
		payment.AmountError == nil && payment.Amount.Centavos > 0 && !payment.Refunded.Less(payment.Amount)}
	if payment.Status == booking.ProviderApproved && payment.AmountError == nil && payment.Refunded.Currency == payment.Amount.Currency {
		back.left = payment.Amount.Minus(payment.Refunded)
	}
	claimed := map[string]bool{}
	for _, other := range others {
		if other.ID != plan.ID {
			claimed[other.ProviderRefundID] = true
		}
	}
	back.ours = refundOfPlan(plan, made, claimed)
	return back, nil
}

// refundOfPlan picks the refund that was made for a plan from those that are nobody else's. One that failed is taken when there
// is no better: sent again under its key it would be answered as it was the first time.
func refundOfPlan(plan postgres.Refund, made []mercadopago.Refund, claimed map[string]bool) *mercadopago.Refund {
	var failed *mercadopago.Refund
	for i, refund := range made {
		number := strconv.FormatInt(refund.ID, 10)
		switch {
		case plan.ProviderRefundID != "":
			if number == plan.ProviderRefundID {
				return &made[i]
			}
		case claimed[number] || !looksLike(plan, refund):
		case refund.State() != mercadopago.RefundFailed:
			return &made[i]
		default:
			failed = &made[i]
		}
	}
	return failed
}

// looksLike takes a refund that does not say when it was made for the plan's: better late than twice.
func looksLike(plan postgres.Refund, refund mercadopago.Refund) bool {
	return refund.AmountError == nil && refund.Amount.Centavos == plan.Amount.Centavos &&
		(refund.DateCreated.IsZero() || !refund.DateCreated.Before(plan.CreatedAt.Add(-clockSkew)))
}

// followRefunds books how refunds ended that the provider was still at. One that failed is a finding of the audit unless the
// settlement that follows makes somebody return the money again, who then hears of it.
func (a *Payments) followRefunds(ctx context.Context, payment mercadopago.Payment) error {
	if len(payment.Refunds) == 0 {
		return nil
	}
	plans, err := a.Store.Refunds(ctx, paymentID(payment))
	if err != nil {
		return err
	}
	for _, plan := range plans {
		if plan.Status != postgres.RefundInProcess || plan.ProviderRefundID == "" {
			continue
		}
		made := refundOfPlan(plan, payment.Refunds, nil)
		if made == nil || refundStatus(*made) == postgres.RefundInProcess {
			continue
		}
		if err := a.Store.FinishRefund(ctx, plan.ID, plan.ProviderRefundID, refundStatus(*made), a.Now()); err != nil {
			return err
		}
	}
	return nil
}
