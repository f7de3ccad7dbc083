package workflows

import "go.temporal.io/sdk/workflow"

// PaymentReconciliation asks the payment provider for what no notification told us of, and compares the totals of the day. A
// schedule runs it.
func PaymentReconciliation(ctx workflow.Context) (Settlements, error) {
	var found Settlements
	if err := workflow.ExecuteActivity(reconcileStep(ctx), "ReconcilePayments").Get(ctx, &found); err != nil {
		return found, err
	}
	compared, err := compareDays.run(reconcileStep(ctx), Done{})
	if err != nil {
		// The next run compares again; nobody's money waits for it.
		workflow.GetLogger(ctx).Error("totals of the day not compared", "error", err)
		return found, nil
	}
	var notices []NoticeInput
	for _, day := range compared.Days {
		if day.Tell {
			notices = append(notices, NoticeInput{Kind: NoticeOwnerLedger, Suffix: day.Day.String(), Amount: day.Difference})
		}
	}
	if len(notices) == 0 {
		return found, nil
	}
	return found, sendAll(ctx, notices)
}
