package booking

// NightUse is what a night of an accommodation is used for. The greater one wins where two meet, so that no night is counted twice.
type NightUse uint8

// The uses of a night, the weakest first.
const (
	NightFree      NightUse = iota
	NightHeld               // kept for somebody who has not paid
	NightBlocked            // closed by the owner, here or at another channel
	NightElsewhere          // sold on another channel
	NightBooked             // sold by us
)

// Nights counts the nights of some accommodations over some days.
type Nights struct {
	// Total is every night; Held, Blocked, Elsewhere and Booked are parts of it, and what is left is free.
	Total, Held, Blocked, Elsewhere, Booked int
}

// Available is what could have been sold: all but the blocked nights.
func (n Nights) Available() int { return n.Total - n.Blocked }

// Sold is what was sold, by us or on other channels; never more than Available.
func (n Nights) Sold() int { return n.Booked + n.Elsewhere }

// Occupancy is how many hundredths of the available nights were sold, from 0 to 100; 0 when none was available.
func (n Nights) Occupancy() float64 { return Share(n.Sold(), n.Available()) }

// Share returns part as hundredths of whole, with two decimals; 0 of nothing.
func Share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(roundedDivision(int64(part)*10_000, int64(whole))) / 100
}

// Occupancy puts together what the nights of a range were used for. The zero value has no nights.
type Occupancy struct {
	from    Date
	days    int
	nights  map[int64][]NightUse
	offered map[int64]bool
}

// NewOccupancy begins with free nights of the accommodations on offer, over the half-open range of days.
func NewOccupancy(rng Stay, offered []int64) *Occupancy {
	o := &Occupancy{from: rng.CheckIn, days: max(rng.Nights(), 0), nights: map[int64][]NightUse{}, offered: map[int64]bool{}}
	for _, id := range offered {
		o.offered[id] = true
		o.nights[id] = make([]NightUse, o.days)
	}
	return o
}

// Use says what nights of an accommodation were used for; those outside the range are left out. An accommodation that is not on
// offer counts with the nights that were sold, and with no other.
func (o *Occupancy) Use(accommodationID int64, nights Stay, use NightUse) {
	first, end := max(o.from.DaysUntil(nights.CheckIn), 0), min(o.from.DaysUntil(nights.CheckOut), o.days)
	if first >= end {
		return
	}
	used := o.nights[accommodationID]
	if used == nil {
		used = make([]NightUse, o.days)
		o.nights[accommodationID] = used
	}
	for i := first; i < end; i++ {
		used[i] = max(used[i], use)
	}
}

// Count adds up.
func (o *Occupancy) Count() Nights {
	var n Nights
	for id, used := range o.nights {
		for _, use := range used {
			if !o.offered[id] && use < NightElsewhere {
				continue
			}
			n.Total++
			switch use {
			case NightHeld:
				n.Held++
			case NightBlocked:
				n.Blocked++
			case NightElsewhere:
				n.Elsewhere++
			case NightBooked:
				n.Booked++
			}
		}
	}
	return n
}

// Within returns the nights of the stay that are of the range; the zero Stay when there are none.
func (s Stay) Within(rng Stay) Stay {
	if rng.CheckIn.After(s.CheckIn) {
		s.CheckIn = rng.CheckIn
	}
	if s.CheckOut.After(rng.CheckOut) {
		s.CheckOut = rng.CheckOut
	}
	if !s.CheckIn.Before(s.CheckOut) {
		return Stay{}
	}
	return s
}

// PartOf returns what of a total falls on the nights of a range when it is spread evenly over the nights of the stay. The parts of
// ranges that follow each other add up to the total, to the centavo.
func (m Money) PartOf(stay, rng Stay) Money {
	within, nights := stay.Within(rng), int64(stay.Nights())
	if within.IsZero() || nights <= 0 {
		return Money{Currency: m.Currency}
	}
	upTo := func(day Date) int64 { return m.Centavos * int64(stay.CheckIn.DaysUntil(day)) / nights }
	return Money{Centavos: upTo(within.CheckOut) - upTo(within.CheckIn), Currency: m.Currency}
}

// Over returns the amount divided by n, half centavos rounded away from zero; nothing when n is 0.
func (m Money) Over(n int) Money {
	if n == 0 {
		return Money{Currency: m.Currency}
	}
	return Money{Centavos: roundedDivision(m.Centavos, int64(n)), Currency: m.Currency}
}
