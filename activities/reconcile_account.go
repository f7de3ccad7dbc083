package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

const (
	// sweepOverlap is how far a sweep goes back behind the end of the one before: the provider's search lags.
	sweepOverlap = 6 * time.Hour
	// deepSweep goes over everything that can still change, once a day: for what lagged longer, and after an outage.
	deepSweep, deepEvery = 100 * 24 * time.Hour, 24 * time.Hour
)

// sweepAccount hands on every payment with a code of ours that is newer than the ledger. What belongs to other business of the
// account is passed over.
func (a *Payments) sweepAccount(ctx context.Context) ([]workflows.Settlement, error) {
	now := a.Now()
	through, deep, err := a.Store.LastSweep(ctx)
	if err != nil {
		return nil, err
	}
	sweep := postgres.Sweep{Since: through.Add(-sweepOverlap), Through: now}
	if now.Sub(deep) > deepEvery {
		sweep.Since = now.Add(-deepSweep)
	}
	var handedOn []workflows.Settlement
	var failure error
	learn := func(code, paymentID string, forwarded bool, err error) {
		if forwarded && err == nil {
			handedOn = append(handedOn, workflows.Settlement{PaymentID: paymentID, Code: code, News: true})
		}
		failure = cmp.Or(failure, err)
	}
	for payment, err := range a.Provider.PaymentsUpdated(ctx, sweep.Since, time.Time{}) {
		sweep.Seen++
		code := payment.ExternalReference
		switch broken := mercadopago.Unreadable(err); {
		case len(broken) > 0 && mercadopago.ReasonOf(err) == mercadopago.ReasonUnreadable:
			if code = referenceIn(broken[0].Raw); code != "" {
				forwarded, err := a.parkResult(ctx, code, broken[0].Raw)
				learn(code, unreadableName(broken[0].Raw), forwarded, err)
			}
		case err != nil:
			return handedOn, err
		case booking.ValidCode(code):
			forwarded, err := a.reconcile(ctx, code, payment)
			learn(code, paymentID(payment), forwarded, err)
		}
		if ctx.Err() != nil {
			return handedOn, ctx.Err()
		}
	}
	if failure != nil {
		return handedOn, failure // not noted as gone through: the next run begins where this one did
	}
	sweep.HandedOn = len(handedOn)
	return handedOn, a.Store.SaveSweep(ctx, sweep, now)
}

// referenceIn finds a code of ours in something that is no payment.
func referenceIn(raw json.RawMessage) string {
	var result struct {
		Reference any `json:"external_reference"`
	}
	if json.Unmarshal(raw, &result) != nil {
		return ""
	}
	if code, ok := result.Reference.(string); ok && booking.ValidCode(code) {
		return code
	}
	return ""
}

// parkResult puts a result aside that is no payment and wakes who tells the owner.
func (a *Payments) parkResult(ctx context.Context, code string, raw json.RawMessage) (bool, error) {
	name := unreadableName(raw)
	parked, err := a.park(ctx, name, code, raw, "")
	if err == nil && parked.News {
		err = a.handOn(ctx, code, name)
	}
	return parked.News, err
}
