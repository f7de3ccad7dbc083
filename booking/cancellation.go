package booking

// CancellationPolicy is a ladder of refunds: the first step whose DaysBefore is reached decides. Days are counted from the
// day of cancelling to the check-in, both at the property.
type CancellationPolicy struct {
	Name  string             `json:"name"`
	Steps []CancellationStep `json:"steps"`
}

// CancellationStep gives back RefundPercent of what was paid when at least DaysBefore remain.
type CancellationStep struct {
	DaysBefore    int `json:"days_before"`
	RefundPercent int `json:"refund_percent"`
}

// FlexiblePolicy is the default: everything back up to two days before, half up to the day before, nothing on the day.
var FlexiblePolicy = CancellationPolicy{Name: "flexible", Steps: []CancellationStep{{2, 100}, {1, 50}}}

// Refund returns what a guest gets back of paid when cancelling on today.
func (p CancellationPolicy) Refund(paid Money, checkIn, today Date) Money {
	remaining, percent, reached := today.DaysUntil(checkIn), 0, -1
	for _, step := range p.Steps {
		if remaining >= step.DaysBefore && step.DaysBefore > reached {
			percent, reached = step.RefundPercent, step.DaysBefore
		}
	}
	return paid.Percent(percent)
}
