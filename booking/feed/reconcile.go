package feed

import (
	"cmp"
	"slices"

	"cabanas/booking"
)

// Reconcile decides what a good fetch means. Applying a plan is: keep every Add under a new ID, overwrite every Update, forget
// every Release.
func Reconcile(input Input) Plan {
	in := prepare(input)
	list := events(append(in.unread(), in.Seen...))
	missing := match(in.Today, list, in.Known)

	plan := Plan{Settled: true}
	for _, s := range list {
		if s.known == nil {
			plan.appear(in, s)
		} else {
			plan.compare(in, s)
		}
	}
	plan.judge(in, list, missing)
	for _, k := range missing {
		plan.miss(in, *k)
	}
	return plan
}

// round is one reconciliation: its input in order.
type round struct {
	Input
	longestOurs int // nights
}

func prepare(input Input) *round {
	in := &round{Input: input}
	in.Known = slices.Clone(in.Known)
	slices.SortFunc(in.Known, func(a, b Known) int { return cmp.Or(byCheckIn(a.Nights, b.Nights), cmp.Compare(a.ID, b.ID)) })
	in.Ours = slices.DeleteFunc(slices.Clone(in.Ours), func(ours Ours) bool { return empty(ours.Nights) })
	slices.SortFunc(in.Ours, func(a, b Ours) int { return byCheckIn(a.Nights, b.Nights) })
	for _, ours := range in.Ours {
		in.longestOurs = max(in.longestOurs, ours.Nights.Nights())
	}
	return in
}

// unread are the known events that the fetch has and nobody could read, where they were.
func (in *round) unread() []Seen {
	if in.Unread == nil {
		return nil
	}
	read := make(map[string]bool, len(in.Seen))
	for _, s := range in.Seen {
		read[s.UID] = true
	}
	var unread []Seen
	for _, k := range in.Known {
		if !read[k.UID] && in.Unread(k.UID) {
			unread = append(unread, Seen{UID: k.UID, Nights: k.Nights, Kind: k.Kind})
		}
	}
	return unread
}

func (p *Plan) appear(in *round, s sighting) {
	if over(in.Today, s.Nights) {
		return
	}
	event := Known{UID: s.UID, Nights: s.Nights, Kind: s.Kind, FirstSeen: in.Now, Closed: in.closes(s)}
	p.countEcho(in, event)
	p.Add = append(p.Add, Change{Known: event, Why: Appeared, Sliding: sliding(in.Today, s.Kind, s.Nights)})
}

func (p *Plan) compare(in *round, s sighting) {
	was := *s.known
	if over(in.Today, was.Nights) && over(in.Today, s.Nights) {
		p.Unchanged++
		return
	}
	is := was
	is.UID, is.Nights, is.Kind, is.Missing = s.UID, s.Nights, s.Kind, 0
	// Nights that are over stay as they were: what we had then may not be told any more.
	is.Closed = merged(append(before(merged(was.Closed), earlier(in.Today, is.Nights.CheckOut)), since(in.closes(s), in.Today)...))
	is.Closed = shared(is.Closed, []booking.Stay{is.Nights})
	p.countEcho(in, is)
	change := Change{Known: is, Was: was.Nights, Sliding: sliding(in.Today, is.Kind, is.Nights)}
	switch {
	case is.Nights != was.Nights || is.Kind != was.Kind:
		change.Why = Moved
	case !slices.Equal(is.Closed, merged(was.Closed)):
		change.Why = Reclosed
	case is.UID != was.UID:
		change.Why = Renamed
	case is.Missing != was.Missing:
		change.Why = Returned
	default:
		p.Unchanged++
		return
	}
	p.Update = append(p.Update, change)
}

// miss decides about an event that the fetch does not have.
func (p *Plan) miss(in *round, k Known) {
	if in.leftAlone(k.Nights) {
		p.Unchanged++
		return
	}
	missing, given := k.Missing+1, false
	switch leaving := !in.QuarantinedSince.IsZero() && !p.Quarantined; {
	case in.OwnerAccepted && !in.QuarantinedSince.IsZero() && k.Missing > 0:
		given = true
	case p.Quarantined:
		missing = max(k.Missing, 1)
	case leaving && !in.OwnerAccepted:
		missing = 1
	}
	change := Change{Known: k, Was: k.Nights, Sliding: sliding(in.Today, k.Kind, k.Nights)}
	switch {
	case given || missing >= GoodFetchesToRelease:
		change.Why = Released
		p.Release = append(p.Release, change)
		return
	case missing == k.Missing:
		p.Unchanged++
	default:
		change.Why, change.Missing = Missed, missing
		p.Update = append(p.Update, change)
	}
	p.Settled = p.Settled && p.Quarantined
}

// leftAlone reports whether an event that is not in the fetch any more means nothing: it is over, or its last night has come
// and east of us it is already over.
func (in *round) leftAlone(nights booking.Stay) bool {
	lastNight := nights.CheckIn.Before(in.Today) && nights.CheckOut == in.Today.AddDays(1)
	return lastNight || over(in.Today, nights)
}

// countEcho counts an event that is ours; one that rests on a stay of ours that has ended changes by itself with time.
func (p *Plan) countEcho(in *round, event Known) {
	if event.Echo() {
		p.Echoes++
	}
	echo := without([]booking.Stay{event.Nights}, event.Closed)
	if len(echo) == 0 {
		return
	}
	for _, ours := range in.near(event.Nights) {
		if !ours.Until.IsZero() && len(shared(echo, []booking.Stay{ours.Nights})) > 0 {
			p.Settled = false
		}
	}
}
