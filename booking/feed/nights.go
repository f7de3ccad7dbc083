package feed

import (
	"slices"

	"cabanas/booking"
)

// merged returns the same nights in order, as few stays as possible.
func merged(stays []booking.Stay) []booking.Stay {
	inOrder := slices.IsSortedFunc(stays, byCheckIn) && !slices.ContainsFunc(stays, empty)
	if inOrder && !touching(stays) {
		return stays
	}
	sorted := slices.DeleteFunc(slices.Clone(stays), empty)
	slices.SortFunc(sorted, byCheckIn)
	var result []booking.Stay
	for _, stay := range sorted {
		last := len(result) - 1
		switch {
		case last < 0 || stay.CheckIn.After(result[last].CheckOut):
			result = append(result, stay)
		case stay.CheckOut.After(result[last].CheckOut):
			result[last].CheckOut = stay.CheckOut
		}
	}
	return result
}

// without returns the nights of stays that are in none of taken; both are merged.
func without(stays, taken []booking.Stay) []booking.Stay {
	var left []booking.Stay
	for _, stay := range stays {
		for _, t := range taken {
			if !t.Overlaps(stay) {
				continue
			}
			if stay.CheckIn.Before(t.CheckIn) {
				left = append(left, booking.Stay{CheckIn: stay.CheckIn, CheckOut: t.CheckIn})
			}
			stay.CheckIn = later(stay.CheckIn, t.CheckOut)
		}
		if !empty(stay) {
			left = append(left, stay)
		}
	}
	return left
}

// shared returns the nights that are in both; both are merged.
func shared(stays, others []booking.Stay) []booking.Stay {
	var both []booking.Stay
	for _, stay := range stays {
		for _, other := range others {
			if stay.Overlaps(other) {
				both = append(both, booking.Stay{
					CheckIn:  later(stay.CheckIn, other.CheckIn),
					CheckOut: earlier(stay.CheckOut, other.CheckOut),
				})
			}
		}
	}
	return both
}

// since returns the nights from day on; stays are merged.
func since(stays []booking.Stay, day booking.Date) []booking.Stay {
	var rest []booking.Stay
	for _, stay := range stays {
		stay.CheckIn = later(stay.CheckIn, day)
		if !empty(stay) {
			rest = append(rest, stay)
		}
	}
	return rest
}

// before returns the nights before day; stays are merged.
func before(stays []booking.Stay, day booking.Date) []booking.Stay {
	var past []booking.Stay
	for _, stay := range stays {
		stay.CheckOut = earlier(stay.CheckOut, day)
		if !empty(stay) {
			past = append(past, stay)
		}
	}
	return past
}

func touching(sorted []booking.Stay) bool {
	for i := 1; i < len(sorted); i++ {
		if !sorted[i].CheckIn.After(sorted[i-1].CheckOut) {
			return true
		}
	}
	return false
}

func empty(stay booking.Stay) bool {
	return stay.CheckIn.IsZero() || stay.CheckOut.IsZero() || !stay.CheckIn.Before(stay.CheckOut)
}

func byCheckIn(a, b booking.Stay) int {
	if a.CheckIn != b.CheckIn {
		return b.CheckIn.DaysUntil(a.CheckIn)
	}
	return b.CheckOut.DaysUntil(a.CheckOut)
}

func earlier(a, b booking.Date) booking.Date {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b booking.Date) booking.Date {
	if b.After(a) {
		return b
	}
	return a
}
