package booking

import (
	"cmp"
	"fmt"
	"slices"
)

// CancellationPolicy is a ladder of refunds: the first step whose DaysBefore is reached decides. Days are counted from the
// day of cancelling to the check-in, both at the property. A reservation keeps the policy it was booked under.
type CancellationPolicy struct {
	// Name is one of [PolicyFlexible], [PolicyModerate], [PolicyStrict] and [PolicyCustom].
	Name  string             `json:"name"`
	Steps []CancellationStep `json:"steps"`
}

// CancellationStep gives back RefundPercent of what was paid when at least DaysBefore remain; the rest is kept.
type CancellationStep struct {
	DaysBefore    int `json:"days_before"`
	RefundPercent int `json:"refund_percent"`
}

// The names of policies. A custom one has a ladder of its own.
const (
	PolicyFlexible = "flexible"
	PolicyModerate = "moderate"
	PolicyStrict   = "strict"
	PolicyCustom   = "custom"
)

// The presets. After the last step nothing goes back.
var (
	// FlexiblePolicy is the default: everything back up to two days before, half up to the day before, nothing on the day.
	FlexiblePolicy = CancellationPolicy{Name: PolicyFlexible, Steps: []CancellationStep{{2, 100}, {1, 50}}}
	// ModeratePolicy gives everything back up to a week before and half up to three days before.
	ModeratePolicy = CancellationPolicy{Name: PolicyModerate, Steps: []CancellationStep{{7, 100}, {3, 50}}}
	// StrictPolicy gives everything back up to a month before and half up to two weeks before.
	StrictPolicy = CancellationPolicy{Name: PolicyStrict, Steps: []CancellationStep{{30, 100}, {14, 50}}}
)

const (
	mostPolicySteps = 6
	mostPolicyDays  = 365
)

// NewCancellationPolicy makes a policy by name. Steps are for [PolicyCustom] alone, in any order; none is "nothing goes back".
// Errors are [*PolicyError].
func NewCancellationPolicy(name string, steps []CancellationStep) (CancellationPolicy, error) {
	policy := CancellationPolicy{Name: name, Steps: steps}
	if preset, known := preset(name); known {
		policy = preset
		if len(steps) > 0 {
			return CancellationPolicy{}, &PolicyError{Field: "steps", Problem: "only a custom policy has steps of its own"}
		}
	}
	policy.Steps = policy.Ladder()
	return policy, policy.Validate()
}

func preset(name string) (CancellationPolicy, bool) {
	for _, policy := range []CancellationPolicy{FlexiblePolicy, ModeratePolicy, StrictPolicy} {
		if policy.Name == name {
			return policy, true
		}
	}
	return CancellationPolicy{}, false
}

// PolicyError says which part of a cancellation policy breaks which rule. It is a [CodeInvalidInput].
type PolicyError struct {
	// Field is name or steps.
	Field string
	// Problem is an English sentence for developers.
	Problem string
}

func (e *PolicyError) Error() string { return "cancellation policy: " + e.Field + ": " + e.Problem }

// Unwrap gives the refusal that the error is.
func (e *PolicyError) Unwrap() error { return Refuse(CodeInvalidInput, "%s", e.Error()) }

// Validate refuses with a [*PolicyError] what no guest could rely on: an unknown name, a preset with another ladder, days or
// percentages out of range, two steps of one day, and giving back more to who cancels later.
func (p CancellationPolicy) Validate() error {
	if known, found := preset(p.Name); found {
		if !slices.Equal(known.Ladder(), p.Ladder()) {
			return &PolicyError{Field: "steps", Problem: p.Name + " has another ladder; call it custom"}
		}
		return nil
	}
	if p.Name != PolicyCustom {
		return &PolicyError{Field: "name", Problem: "expected flexible, moderate, strict or custom"}
	}
	if len(p.Steps) > mostPolicySteps {
		return &PolicyError{Field: "steps", Problem: fmt.Sprintf("at most %d", mostPolicySteps)}
	}
	ladder := p.Ladder()
	for i, step := range ladder {
		switch {
		case step.DaysBefore < 0 || step.DaysBefore > mostPolicyDays:
			return &PolicyError{Field: "steps", Problem: fmt.Sprintf("days_before must be 0 to %d", mostPolicyDays)}
		case step.RefundPercent < 0 || step.RefundPercent > 100:
			return &PolicyError{Field: "steps", Problem: "refund_percent must be 0 to 100"}
		case i > 0 && ladder[i-1].DaysBefore == step.DaysBefore:
			return &PolicyError{Field: "steps", Problem: "two steps begin on one day"}
		case i > 0 && ladder[i-1].RefundPercent < step.RefundPercent:
			return &PolicyError{Field: "steps", Problem: "who cancels later cannot get more"}
		}
	}
	return nil
}

// Ladder returns the steps as a guest meets them: the earliest cancellation first.
func (p CancellationPolicy) Ladder() []CancellationStep {
	return slices.SortedStableFunc(slices.Values(p.Steps), func(a, b CancellationStep) int { return cmp.Compare(b.DaysBefore, a.DaysBefore) })
}

// PercentOn says which part of what was paid goes back to a guest who cancels on today, 0 to 100.
func (p CancellationPolicy) PercentOn(checkIn, today Date) int {
	remaining := today.DaysUntil(checkIn)
	for _, step := range p.Ladder() {
		if remaining >= step.DaysBefore {
			return min(max(step.RefundPercent, 0), 100)
		}
	}
	return 0
}

// Refund returns what a guest gets back of paid when cancelling on today, never more than paid.
func (p CancellationPolicy) Refund(paid Money, checkIn, today Date) Money {
	return paid.Percent(p.PercentOn(checkIn, today))
}

// RefundChoice is what an owner who cancels gives back.
type RefundChoice string

// The choices of an owner. Without one everything goes back: the guest did not want to leave.
const (
	RefundFull     RefundChoice = "full"
	RefundByPolicy RefundChoice = "policy"
	RefundNothing  RefundChoice = "none"
)

// Cancellation is one end of a reservation, with what the refund depends on.
type Cancellation struct {
	By     Actor
	Choice RefundChoice // of the owner, "" for everything
	Paid   Money
	// Policy is the one that the reservation was booked under.
	Policy  CancellationPolicy
	CheckIn Date
	// Today is the day of the cancellation at the property.
	Today Date
}

// Refund says what goes back. A guest gets what the policy says whatever else is asked for; when it was not the guest's wish
// everything goes back, unless the owner decided otherwise.
func (c Cancellation) Refund() Money {
	byPolicy := c.By == ByGuest || c.By == ByOwner && c.Choice == RefundByPolicy
	switch {
	case byPolicy:
		return c.Policy.Refund(c.Paid, c.CheckIn, c.Today)
	case c.By == ByOwner && c.Choice == RefundNothing:
		return Money{Currency: c.Paid.Currency}
	}
	return c.Paid
}
