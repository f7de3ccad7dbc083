package feed

import (
	"slices"
	"strings"
	"time"

	"cabanas/booking"
)

const (
	// afterDropped is how long a channel that fetched our calendar without a stay may still repeat it.
	afterDropped = 6 * time.Hour
	// A channel may have been free to sell nights of ours while we did not see its feed. After so many intervals of that an
	// event that could be a booking of its own counts as one; a fetch or two that failed do not raise an alarm.
	unseenIntervals = 3
	leastUnseen     = 15 * time.Minute
	defaultUnseen   = 2 * time.Hour
)

// closes returns which nights of an event are closed by it: all but those that are only ours coming back. For a known event
// that decision is remembered ([Known.Closed]): nights the channel itself closed stay closed, and nights that were ours stay
// ours while the same event stands and the channel may still repeat them.
func (in *round) closes(s sighting) []booking.Stay {
	nights := []booking.Stay{s.Nights}
	if in.own(s.UID) || in.sameBooking(s) {
		return nil
	}
	if s.Kind == Reservation {
		return nights
	}
	var remembered []booking.Stay
	sameUID := s.known != nil && s.known.UID == s.UID
	if s.known != nil {
		remembered = merged(s.known.Closed)
		if sameUID && len(remembered) > 0 && s.Kind == Unknown && !s.known.Nights.Overlaps(s.Nights) {
			return nights // A booking of the channel that was moved.
		}
	}

	var fresh, repeated []booking.Stay
	near := in.near(s.Nights)
	for i := range near {
		ours := &near[i]
		if !ours.Nights.Overlaps(s.Nights) {
			continue
		}
		if in.comesBack(ours, s.Kind) {
			fresh = append(fresh, ours.Nights)
		}
		if in.mayRepeat(ours) {
			repeated = append(repeated, ours.Nights)
		}
	}
	echo := without(merged(fresh), remembered)
	if sameUID && s.known.Missing == 0 {
		wasOurs := without([]booking.Stay{s.known.Nights}, remembered)
		echo = append(echo, shared(merged(repeated), wasOurs)...)
	}
	return without(nights, merged(echo))
}

// own reports whether a UID is one that our export of this accommodation gave.
func (in *round) own(uid string) bool {
	return in.OwnSuffix != "" && strings.HasSuffix(strings.ToLower(uid), strings.ToLower(in.OwnSuffix))
}

// near returns the stays of ours that may share nights with an event.
func (in *round) near(nights booking.Stay) []Ours {
	earliest := nights.CheckIn.AddDays(-in.longestOurs)
	begin, _ := slices.BinarySearchFunc(in.Ours, earliest, startsBefore)
	end, _ := slices.BinarySearchFunc(in.Ours, nights.CheckOut, startsBefore)
	return in.Ours[begin:max(begin, end)]
}

func startsBefore(ours Ours, day booking.Date) int { return day.DaysUntil(ours.Nights.CheckIn) }

// sameBooking reports whether the event is a booking of the channel that somebody also entered by hand.
func (in *round) sameBooking(s sighting) bool {
	near := in.near(s.Nights)
	for i := range near {
		ours := &near[i]
		if ours.Nights == s.Nights && ours.Channel == in.Channel && ours.Until.IsZero() && s.Kind != Closure {
			return true
		}
	}
	return false
}

// comesBack reports whether an event that appears now on these nights can be ours coming back. A closure is nobody's booking,
// so it is enough that we take the nights. What may be a booking needs a channel that knew the nights were taken.
func (in *round) comesBack(ours *Ours, kind Kind) bool {
	if kind == Closure && ours.Until.IsZero() {
		return true
	}
	if ours.Since.IsZero() || ours.Fetched.IsZero() || ours.Fetched.After(in.Now) {
		return false
	}
	if !ours.Until.IsZero() && (!ours.Dropped.IsZero() || in.Now.Sub(ours.Until) > EchoMemory) {
		return false
	}
	return kind == Closure || in.LastGood.IsZero() || ours.Fetched.Sub(latest(ours.Since, in.LastGood)) <= in.mostUnseen()
}

func (in *round) mostUnseen() time.Duration {
	if in.Interval <= 0 {
		return defaultUnseen
	}
	return max(unseenIntervals*in.Interval, leastUnseen)
}

// mayRepeat reports whether a channel that repeated the stay may still do so.
func (in *round) mayRepeat(ours *Ours) bool {
	if ours.Until.IsZero() {
		return true
	}
	exported := !ours.Fetched.IsZero() && in.Now.Sub(ours.Until) <= EchoMemory
	return exported && (ours.Dropped.IsZero() || in.Now.Sub(ours.Dropped) <= afterDropped)
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
