package booking

// Limits bound what may be booked at a property.
type Limits struct {
	// HorizonMonths is how far ahead of today a check-in may be.
	HorizonMonths int
	// LongestStay is the greatest number of nights.
	LongestStay int
}

// DefaultLimits take bookings up to 18 months ahead and 60 nights long.
var DefaultLimits = Limits{HorizonMonths: 18, LongestStay: 60}

// Check refuses a stay that breaks a limit; today is the property's civil date. The first rule broken is named.
func (l Limits) Check(accommodation Accommodation, stay Stay, guests int, today Date) error {
	if _, err := NewStay(stay.CheckIn, stay.CheckOut); err != nil {
		return err
	}
	switch {
	case !accommodation.Active:
		return Refuse(CodeInactive, "accommodation %d is not offered", accommodation.ID)
	case stay.CheckIn.Before(today):
		return Refuse(CodeInThePast, "check-in %s is before today, %s", stay.CheckIn, today)
	case stay.CheckIn.After(today.AddMonths(l.HorizonMonths)):
		return Refuse(CodeBeyondHorizon, "check-in %s is more than %d months ahead", stay.CheckIn, l.HorizonMonths)
	case stay.Nights() > l.LongestStay:
		return Refuse(CodeTooLong, "%d nights are more than %d", stay.Nights(), l.LongestStay)
	case stay.Nights() < accommodation.Rate.LeastNights(stay):
		return Refuse(CodeTooShort, "%d nights are fewer than the minimum of %d", stay.Nights(), accommodation.Rate.LeastNights(stay))
	case guests < 1:
		return Refuse(CodeInvalidGuests, "%d guests", guests)
	case guests > accommodation.Capacity:
		return Refuse(CodeTooManyGuests, "%d guests are more than the %d that fit", guests, accommodation.Capacity)
	}
	return nil
}
