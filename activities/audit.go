package activities

import (
	"context"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// Invariants is how many invariants an audit verifies (DESIGN section 11).
const Invariants = 7

// Auditor verifies the invariants on live data and changes nothing.
type Auditor struct {
	Store     AuditStore
	Processes RunningProcesses
	Now       func() time.Time
}

// AuditStore is what an audit reads.
type AuditStore interface {
	Audit(ctx context.Context, now time.Time) ([]postgres.Violation, error)
	LiveCodes(ctx context.Context) ([]string, error)
	Reservation(ctx context.Context, code string) (postgres.Reservation, error)
}

// RunningProcesses tells which bookings have a running workflow.
type RunningProcesses interface {
	BookingRuns(ctx context.Context, code string) (bool, error)
	RunningBookings(ctx context.Context, before time.Time) ([]string, error)
}

// AuditReport is the outcome of an audit.
type AuditReport struct {
	OK         bool                 `json:"ok"`
	CheckedAt  time.Time            `json:"checked_at"`
	Violations []postgres.Violation `json:"violations"`
}

// settlingTime is how long a workflow may take to see that its reservation has ended, and the reverse.
const settlingTime = 30 * time.Second

// Audit checks all invariants.
func (a *Auditor) Audit(ctx context.Context) (AuditReport, error) {
	report, err := a.AuditData(ctx)
	if err != nil {
		return AuditReport{}, err
	}
	violations := report.Violations
	orphans, err := a.withoutWorkflow(ctx)
	if err != nil {
		return AuditReport{}, err
	}
	ghosts, err := a.withoutReservation(ctx)
	if err != nil {
		return AuditReport{}, err
	}
	violations = appendViolation(violations, "a live reservation has no running workflow", orphans)
	violations = appendViolation(violations, "a booking workflow runs for a reservation that has ended", ghosts)
	return a.report(violations), nil
}

// AuditData checks what Postgres alone can tell: every invariant but that live reservations have workflows and the reverse. Processes
// may be nil.
func (a *Auditor) AuditData(ctx context.Context) (AuditReport, error) {
	violations, err := a.Store.Audit(ctx, a.Now())
	if err != nil {
		return AuditReport{}, err
	}
	return a.report(violations), nil
}

func (a *Auditor) report(violations []postgres.Violation) AuditReport {
	if violations == nil {
		violations = []postgres.Violation{}
	}
	return AuditReport{OK: len(violations) == 0, CheckedAt: a.Now().UTC(), Violations: violations}
}

func appendViolation(violations []postgres.Violation, name string, rows []string) []postgres.Violation {
	if len(rows) == 0 {
		return violations
	}
	return append(violations, postgres.Violation{Invariant: 4, Name: name, Rows: rows})
}

func (a *Auditor) withoutWorkflow(ctx context.Context) ([]string, error) {
	codes, err := a.Store.LiveCodes(ctx)
	if err != nil {
		return nil, err
	}
	var orphans []string
	for _, code := range codes {
		runs, err := a.Processes.BookingRuns(ctx, code)
		if err != nil {
			return nil, err
		}
		if runs {
			continue
		}
		// It may have ended between the two looks, or a late payment's resolver is about to resume its workflow.
		r, err := a.Store.Reservation(ctx, code)
		if err != nil {
			return nil, err
		}
		if r.Status.Live() && a.Now().Sub(r.UpdatedAt) > settlingTime {
			orphans = append(orphans, code)
		}
	}
	return orphans, nil
}

// withoutReservation finds workflows that should be over. One whose reservation expired waits for late money, one whose
// reservation was cancelled may be giving money back: both are where they belong.
func (a *Auditor) withoutReservation(ctx context.Context) ([]string, error) {
	codes, err := a.Processes.RunningBookings(ctx, a.Now().Add(-settlingTime))
	if err != nil {
		return nil, err
	}
	var ghosts []string
	for _, code := range codes {
		r, err := a.Store.Reservation(ctx, code)
		missing := booking.IsCode(err, booking.CodeNotFound)
		if err != nil && !missing {
			return nil, err
		}
		over := r.Status == booking.Completed || r.Status == booking.NoShow
		if !missing && !(over && a.Now().Sub(r.UpdatedAt) > settlingTime) {
			continue
		}
		runs, err := a.Processes.BookingRuns(ctx, code)
		if err != nil {
			return nil, err
		}
		if runs {
			ghosts = append(ghosts, code)
		}
	}
	return ghosts, nil
}
