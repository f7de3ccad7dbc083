package temporal

import (
	"context"

	"cabanas/workflows"
)

// ChangeStay gives a running booking another stay. The same key gives the first outcome again; a booking without a running
// workflow is refused with wrong_state.
func (p *Processes) ChangeStay(ctx context.Context, code, key string, request workflows.StayChangeRequest) (workflows.ChangeOutcome, error) {
	return p.changeForStaff(ctx, code, workflows.UpdateChangeStay, key, request)
}

// NoShow closes the stay of a guest who did not come; key and refusal are as of ChangeStay.
func (p *Processes) NoShow(ctx context.Context, code, key string, request workflows.ConfirmRequest) (workflows.ChangeOutcome, error) {
	return p.changeForStaff(ctx, code, workflows.UpdateNoShow, key, request)
}

// Resend tells the guest again where the booking stands; key and refusal are as of ChangeStay.
func (p *Processes) Resend(ctx context.Context, code, key string) (workflows.ChangeOutcome, error) {
	return p.changeForStaff(ctx, code, workflows.UpdateResend, key, workflows.Done{})
}

func (p *Processes) changeForStaff(ctx context.Context, code, name, key string, request any) (workflows.ChangeOutcome, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	outcome, err := change(ctx, p.Client, code, name, key, request)
	return outcome, unavailable(err)
}
