package feed

import (
	"cmp"
	"slices"

	"cabanas/booking"
)

// The edge of the booking window: channels close everything from about a year ahead, and that closure slides day by day.
const (
	edgeDays     = 300 // an event that ends later than this is at the edge
	longestSlide = 31  // days in one step, so that a month without a fetch is still a slide
	longClosure  = 28  // nights from which an event at the edge is no booking even where the channel does not say
)

// sighting is an event of the fetch and the known event it is, if any.
type sighting struct {
	Seen
	known *Known
}

// events returns what of the fetch is an event, in order and each once.
func events(seen []Seen) []sighting {
	list := make([]sighting, 0, len(seen))
	for _, event := range seen {
		if event.Kind == "" {
			event.Kind = Unknown
		}
		if !empty(event.Nights) {
			list = append(list, sighting{Seen: event})
		}
	}
	slices.SortFunc(list, func(a, b sighting) int {
		return cmp.Or(byCheckIn(a.Nights, b.Nights), cmp.Compare(a.UID, b.UID), cmp.Compare(caution(a.Kind), caution(b.Kind)))
	})
	return slices.CompactFunc(list, func(a, b sighting) bool { return a.UID == b.UID && a.Nights == b.Nights })
}

// caution orders kinds: of an event that is there twice the mark counts that keeps most nights closed.
func caution(kind Kind) int { return slices.Index([]Kind{Reservation, Unknown, Closure}, kind) }

// match finds out which events of the fetch are known ones, the surest sign first: the UID, then equal nights, the same end,
// and the slide at the edge of the booking window. It returns the known events that the fetch does not have.
func match(today booking.Date, list []sighting, known []Known) []*Known {
	uidOf, uidIn := func(k *Known) string { return k.UID }, func(s *sighting) string { return s.UID }
	left := make([]*Known, 0, len(known))
	for i := range known {
		left = append(left, &known[i])
	}
	left = pair(list, left, uidOf, uidIn,
		func(s *sighting, k *Known) bool { return s.UID != "" && s.Nights == k.Nights })
	left = pair(list, left, uidOf, uidIn,
		func(s *sighting, _ *Known) bool { return s.UID != "" })
	for i := range list {
		if list[i].known != nil && stillInProgress(today, list[i].known.Nights, list[i].Nights) {
			list[i].Nights = list[i].known.Nights
		}
	}

	left = pair(list, left, func(k *Known) booking.Stay { return k.Nights }, func(s *sighting) booking.Stay { return s.Nights },
		func(s *sighting, k *Known) bool { return reissued(today, s, k) })
	left = pair(list, left, func(k *Known) booking.Date { return k.Nights.CheckOut },
		func(s *sighting) booking.Date { return s.Nights.CheckOut },
		func(s *sighting, k *Known) bool {
			grown := !s.Nights.CheckIn.After(k.Nights.CheckIn)
			if !reissued(today, s, k) || !(grown || stillInProgress(today, k.Nights, s.Nights)) {
				return false
			}
			s.Nights.CheckIn = earlier(s.Nights.CheckIn, k.Nights.CheckIn)
			return true
		})
	return pair(list, left, func(*Known) bool { return true }, func(*sighting) bool { return true },
		func(s *sighting, k *Known) bool { return reissued(today, s, k) && slid(today, k.Nights, s.Nights) })
}

// pair joins events without a partner to known ones of the same key that are the same, and returns the known ones left over.
func pair[K comparable](list []sighting, known []*Known, keyOf func(*Known) K, keyIn func(*sighting) K, same func(*sighting, *Known) bool) []*Known {
	if len(known) == 0 {
		return known
	}
	byKey := make(map[K][]*Known, len(known))
	for _, k := range known {
		byKey[keyOf(k)] = append(byKey[keyOf(k)], k)
	}
	taken := make(map[*Known]bool, len(known))
	for i := range list {
		if list[i].known != nil {
			continue
		}
		for _, k := range byKey[keyIn(&list[i])] {
			if !taken[k] && same(&list[i], k) {
				list[i].known, taken[k] = k, true
				break
			}
		}
	}
	return slices.DeleteFunc(known, func(k *Known) bool { return taken[k] })
}

// reissued reports whether the two may be one event under two UIDs. A booking of the channel and a closure never are: the one
// can be our own coming back, the other cannot.
func reissued(today booking.Date, s *sighting, k *Known) bool {
	twoThings := s.Kind == Reservation && k.Kind == Closure || s.Kind == Closure && k.Kind == Reservation
	return !twoThings && !over(today, k.Nights) && !over(today, s.Nights)
}

// stillInProgress reports whether a stay that has begun is the same with the nights cut off that are over. East of us that is
// also tonight, so a stay that begins tomorrow counts.
func stillInProgress(today booking.Date, was, is booking.Stay) bool {
	return is.CheckOut == was.CheckOut && !was.CheckIn.After(today) && is.CheckIn.After(was.CheckIn) && !is.CheckIn.After(today.AddDays(1))
}

// slid reports whether a closure at the edge of the booking window went from was to is.
func slid(today booking.Date, was, is booking.Stay) bool {
	start, end := was.CheckIn.DaysUntil(is.CheckIn), was.CheckOut.DaysUntil(is.CheckOut)
	if !atEdge(today, was) || !atEdge(today, is) || start < 0 || end < 0 || start > longestSlide || end > longestSlide {
		return false
	}
	common := is.CheckIn.DaysUntil(was.CheckOut)
	return 2*common >= was.Nights()
}

// sliding reports whether an event belongs to an edge of the booking window, which is no news: the far one, or the days of
// notice before an arrival.
func sliding(today booking.Date, kind Kind, nights booking.Stay) bool {
	switch kind {
	case Closure:
		return atEdge(today, nights) || !nights.CheckIn.After(today)
	case Unknown:
		return atEdge(today, nights) && nights.Nights() >= longClosure
	default:
		return false
	}
}

func atEdge(today booking.Date, nights booking.Stay) bool {
	return nights.CheckOut.After(today.AddDays(edgeDays))
}

func over(today booking.Date, nights booking.Stay) bool { return !nights.CheckOut.After(today) }
