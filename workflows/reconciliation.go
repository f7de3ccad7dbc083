package workflows

import "go.temporal.io/sdk/workflow"

// PaymentReconciliation asks the payment provider for what no notification told us of. A schedule runs it.
func PaymentReconciliation(ctx workflow.Context) (Settlements, error) {
	var found Settlements
	err := workflow.ExecuteActivity(reconcileStep(ctx), "ReconcilePayments").Get(ctx, &found)
	return found, err
}
