package booking

import "sort"

// Busy is a range of nights of one accommodation that cannot be sold.
type Busy struct {
	AccommodationID int64
	Stay            Stay
}

// Alternative is a stay that could be booked instead, priced.
type Alternative struct {
	AccommodationID int64 `json:"accommodation_id"`
	Stay
	Total   Money `json:"total"`
	Deposit Money `json:"deposit"`
}

// Calendar answers what is free from a snapshot of what is busy. It advises; the database decides.
type Calendar struct {
	busy map[int64][]Stay
}

// NewCalendar indexes a snapshot of busy nights.
func NewCalendar(busy []Busy) Calendar {
	calendar := Calendar{busy: make(map[int64][]Stay)}
	for _, b := range busy {
		calendar.busy[b.AccommodationID] = append(calendar.busy[b.AccommodationID], b.Stay)
	}
	return calendar
}

// Free reports whether no night of the stay is busy.
func (c Calendar) Free(accommodationID int64, stay Stay) bool {
	for _, taken := range c.busy[accommodationID] {
		if taken.Overlaps(stay) {
			return false
		}
	}
	return true
}

// AlternativeSearch is a wish that could not be met.
type AlternativeSearch struct {
	Wanted  Accommodation
	Stay    Stay
	Guests  int
	Today   Date
	Catalog []Accommodation
	Limits  Limits
	// DepositPercent prices the alternatives as the wish would have been.
	DepositPercent int
	// WindowDays is how far from the wished check-in other dates are looked for; the busy snapshot must cover it.
	WindowDays int
}

const (
	mostOtherAccommodations = 3
	mostOtherDates          = 2
)

// Alternatives returns other accommodations for the same dates, cheapest first, then the nearest free dates of the wanted one.
func (c Calendar) Alternatives(search AlternativeSearch) []Alternative {
	return append(c.otherAccommodations(search), c.otherDates(search)...)
}

func (c Calendar) otherAccommodations(search AlternativeSearch) []Alternative {
	found := []Alternative{}
	for _, other := range search.Catalog {
		if other.ID == search.Wanted.ID {
			continue
		}
		if alternative, ok := c.offer(other, search.Stay, search); ok {
			found = append(found, alternative)
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].Total.Less(found[j].Total) })
	return found[:min(len(found), mostOtherAccommodations)]
}

func (c Calendar) otherDates(search AlternativeSearch) []Alternative {
	found := []Alternative{}
	for distance := 1; distance <= search.WindowDays && len(found) < mostOtherDates; distance++ {
		for _, days := range []int{-distance, distance} {
			if alternative, ok := c.offer(search.Wanted, search.Stay.Shift(days), search); ok && len(found) < mostOtherDates {
				found = append(found, alternative)
			}
		}
	}
	return found
}

func (c Calendar) offer(place Accommodation, stay Stay, search AlternativeSearch) (Alternative, bool) {
	if search.Limits.Check(place, stay, search.Guests, search.Today) != nil || !c.Free(place.ID, stay) {
		return Alternative{}, false
	}
	quote := QuoteStay(place.Rate, stay, search.Guests, search.DepositPercent)
	return Alternative{AccommodationID: place.ID, Stay: stay, Total: quote.Total, Deposit: quote.Deposit}, true
}
