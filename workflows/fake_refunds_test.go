package workflows_test

import (
	"context"
	"maps"
	"slices"

	"cabanas/booking"
	"cabanas/workflows"
)

// PlanRefunds spreads an order over the counted payments, the newest (the highest number) first.
func (f *fake) PlanRefunds(ctx context.Context, order workflows.RefundOrder) (workflows.RefundPlan, error) {
	end, err := f.r.begin(ctx, "PlanRefunds")
	defer end()
	if err != nil {
		return workflows.RefundPlan{}, err
	}
	if plan, made := f.r.plans[order.Reason]; made {
		return plan, nil
	}
	plan := workflows.RefundPlan{
		Amount: booking.Pesos(0), Awaits: order.Ask && f.r.decision == "", Kept: order.Ask && f.r.decision == "refused",
	}
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(f.r.payments))) {
		p := f.r.payments[id]
		part := order.Amount.Minus(plan.Amount)
		if !p.counted || p.status != booking.ProviderApproved || part.IsZero() {
			continue
		}
		if left := booking.Centavos(p.amount.Centavos - p.back.Centavos); left.Less(part) {
			part = left
		}
		if part.IsZero() {
			continue
		}
		plan.Amount = plan.Amount.Plus(part)
		plan.Parts = append(plan.Parts, workflows.RefundInput{Code: order.Code, PaymentID: id, Amount: part, Reason: order.Reason})
	}
	if order.Whole && plan.Amount.Less(order.Amount) {
		return workflows.RefundPlan{}, final(workflows.ErrorInvalidInput)
	}
	f.r.plans[order.Reason] = plan
	return plan, nil
}

// DecideRefund keeps the first decision.
func (f *fake) DecideRefund(ctx context.Context, in workflows.RefundDecisionInput) (workflows.RefundDecided, error) {
	end, err := f.r.begin(ctx, "DecideRefund")
	defer end()
	if err != nil {
		return workflows.RefundDecided{}, err
	}
	if f.r.decision == "" {
		f.r.decision, f.r.decidedBy = "refused", in.By
		if in.Approve {
			f.r.decision = "approved"
		} else {
			for _, p := range f.r.payments {
				p.kept, p.due = p.due, false
			}
		}
	}
	return workflows.RefundDecided{Approved: f.r.decision == "approved"}, nil
}
