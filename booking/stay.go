package booking

import "fmt"

// Stay is a half-open range of nights: the guest sleeps from the night of CheckIn to the night before CheckOut.
// Back-to-back stays share a day and no night.
type Stay struct {
	CheckIn  Date `json:"check_in"`
	CheckOut Date `json:"check_out"`
}

// NewStay returns the stay between two dates, or an error with code [CodeInvalidDates] when check-out is not after check-in.
func NewStay(checkIn, checkOut Date) (Stay, error) {
	if checkIn.IsZero() || checkOut.IsZero() || !checkIn.Before(checkOut) {
		return Stay{}, Refuse(CodeInvalidDates, "check-out %s must be after check-in %s", checkOut, checkIn)
	}
	return Stay{CheckIn: checkIn, CheckOut: checkOut}, nil
}

// Nights returns how many nights the stay has.
func (s Stay) Nights() int { return s.CheckIn.DaysUntil(s.CheckOut) }

// EachNight returns the dates on whose evening the guest arrives or stays, in order.
func (s Stay) EachNight() []Date {
	nights := make([]Date, 0, max(s.Nights(), 0))
	for night := s.CheckIn; night.Before(s.CheckOut); night = night.AddDays(1) {
		nights = append(nights, night)
	}
	return nights
}

// Overlaps reports whether the two stays share a night.
func (s Stay) Overlaps(other Stay) bool {
	return s.CheckIn.Before(other.CheckOut) && other.CheckIn.Before(s.CheckOut)
}

// Shift returns the stay moved by days, its length kept.
func (s Stay) Shift(days int) Stay {
	return Stay{CheckIn: s.CheckIn.AddDays(days), CheckOut: s.CheckOut.AddDays(days)}
}

// IsZero reports whether the stay has no dates.
func (s Stay) IsZero() bool { return s.CheckIn.IsZero() && s.CheckOut.IsZero() }

// String returns the ISO interval, for logs and Temporal's UI.
func (s Stay) String() string { return fmt.Sprintf("%s/%s", s.CheckIn, s.CheckOut) }
