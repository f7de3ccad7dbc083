package feed

import "cabanas/booking"

// longestPreparation is the most nights that a channel closes around a booking for cleaning.
const longestPreparation = 3

// judge decides whether the fetch lacks so much that it is not believed.
func (p *Plan) judge(in *round, list []sighting, missing []*Known) {
	absent := make(map[*Known]bool, len(missing))
	for _, k := range missing {
		absent[k] = true
	}
	closedBySeen := make([]booking.Stay, 0, len(list))
	for _, s := range list {
		closedBySeen = append(closedBySeen, s.Nights)
	}
	closedBySeen = merged(closedBySeen)
	bookings := bookingEdges(in.Known)
	for i := range in.Known {
		k := &in.Known[i]
		future := since(merged(k.Closed), in.Today)
		if len(future) == 0 || in.leftAlone(k.Nights) || bookings.prepares(*k) || !in.countsForQuarantine(k, absent[k]) {
			continue
		}
		p.Had++
		if absent[k] && len(without(future, closedBySeen)) > 0 {
			p.Lost++
		}
	}
	p.Quarantined = p.Had >= 4 && 2*p.Lost > p.Had || p.Had >= 2 && p.Lost == p.Had
	if !in.QuarantinedSince.IsZero() && !in.OwnerAccepted {
		p.Quarantined = 2*p.Lost > p.Had
	}
}

// countsForQuarantine leaves out what came after the doubt, which says nothing about what was lost, and what the owner gave up.
func (in *round) countsForQuarantine(k *Known, absent bool) bool {
	if in.QuarantinedSince.IsZero() {
		return true
	}
	if in.OwnerAccepted {
		return !absent || k.Missing == 0
	}
	return k.FirstSeen.Before(in.QuarantinedSince)
}

// edges are the days on which bookings of the channel begin and end.
type edges struct{ begin, end map[booking.Date]bool }

func bookingEdges(known []Known) edges {
	e := edges{begin: map[booking.Date]bool{}, end: map[booking.Date]bool{}}
	for _, k := range known {
		if k.Kind == Reservation {
			e.begin[k.Nights.CheckIn], e.end[k.Nights.CheckOut] = true, true
		}
	}
	return e
}

// prepares reports whether the event is a short closure beside a booking: it comes and goes with it and is no loss of its own.
func (e edges) prepares(k Known) bool {
	return k.Kind == Closure && k.Nights.Nights() <= longestPreparation && (e.end[k.Nights.CheckIn] || e.begin[k.Nights.CheckOut])
}
