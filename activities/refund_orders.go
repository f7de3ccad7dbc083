package activities

import (
	"context"

	"cabanas/booking"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// PlanRefunds spreads an order over the credited payments of a reservation, newest first, and writes the plan down. Asked again it
// returns the same plan, with what the owner decided meanwhile.
func (a *Payments) PlanRefunds(ctx context.Context, order workflows.RefundOrder) (workflows.RefundPlan, error) {
	parts, err := a.Store.PlanRefunds(ctx, postgres.RefundOrder{
		Code: order.Code, Amount: order.Amount, Reason: order.Reason, Ask: order.Ask, Whole: order.Whole, StaffID: order.StaffID,
	}, a.Now())
	if err != nil {
		return workflows.RefundPlan{}, asTemporal(err)
	}
	plan := workflows.RefundPlan{Amount: booking.Money{Currency: order.Amount.Currency}}
	for _, part := range parts {
		plan.Amount = plan.Amount.Plus(part.Amount)
		plan.Awaits = plan.Awaits || part.Status == postgres.RefundAwaiting
		plan.Kept = plan.Kept || part.Decision == postgres.RefundRefused
		plan.Parts = append(plan.Parts, workflows.RefundInput{Code: order.Code, PaymentID: part.PaymentID, Amount: part.Amount, Reason: order.Reason})
	}
	return plan, nil
}

// DecideRefund records who let a planned refund go or kept the money. The first decision stands and is returned.
func (a *Payments) DecideRefund(ctx context.Context, in workflows.RefundDecisionInput) (workflows.RefundDecided, error) {
	decision := postgres.RefundRefused
	if in.Approve {
		decision = postgres.RefundApproved
	}
	stands, err := a.Store.DecideRefund(ctx, in.Code, in.Reason, decision, in.By, in.StaffID, a.Now())
	return workflows.RefundDecided{Approved: stands == postgres.RefundApproved}, asTemporal(err)
}

// asksOwner says whether a refund of that size is one that the owner lets go first. Only what a guest's own cancellation gives
// back is: the rest was decided by the owner, or was never ours.
func (t Terms) asksOwner(by booking.Actor, refund booking.Money) bool {
	return by == booking.ByGuest && t.RefundApprovalAbove.Centavos > 0 && t.RefundApprovalAbove.Less(refund)
}
