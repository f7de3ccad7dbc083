package ical

import (
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"cabanas/booking"
)

// What expanding the recurrences of one feed may cost. A step of the library takes about 2 µs; a rule that never comes true
// (30 February) makes it walk to the year 9999, which takes up to half a second.
const (
	mostInstances = 20_000
	mostEffort    = 500_000
	effortOfNever = 100_000
	effortOfYear  = 5
)

// movedInstances are the UIDs of the instances that have a VEVENT of their own.
func (u *understanding) movedInstances(sources []*source) map[string]bool {
	var moved map[string]bool
	for _, s := range sources {
		if !s.id.there || s.uid == "" {
			continue
		}
		original, ok := u.moment(s.id)
		if !ok || !u.readable(s) {
			continue
		}
		if moved == nil {
			moved = make(map[string]bool)
		}
		moved[instanceUID(shortened(s.uid), u.date(original))] = true
	}
	return moved
}

// readable reports whether the event will be understood, without reporting why not: an instance whose own VEVENT is skipped
// stays where its rule puts it.
func (u *understanding) readable(s *source) bool {
	quiet := understanding{how: u.how, zones: u.zones}
	start, ok := quiet.start(s)
	if !ok {
		return false
	}
	_, ok = quiet.length(s, start)
	return ok
}

// instance is one occurrence: when it starts, and how long it is.
type instance struct {
	start  moment
	length time.Duration
}

// recurring adds the instances that touch the horizon; without a horizon, the first one.
func (u *understanding) recurring(s *source, event Event, start moment, length time.Duration, moved map[string]bool) {
	except := u.exceptions(s)
	done := make(map[booking.Date]bool)
	for _, one := range u.instances(s, start, length) {
		original := u.date(one.start)
		uid := instanceUID(event.UID, original)
		if done[original] || except[original] || moved[uid] {
			continue
		}
		done[original] = true
		if first, end := u.nights(one.start, one.length); !u.how.From.IsZero() && !u.how.Until.IsZero() {
			if !end.After(u.how.From) || !first.Before(u.how.Until) {
				continue
			}
		}
		if u.room--; u.room < 0 {
			u.report(s, ProblemTooMany, "")
			return
		}
		occurrence := event
		occurrence.UID = uid
		u.add(s, occurrence, one.start, one.length)
	}
}

func (u *understanding) exceptions(s *source) map[booking.Date]bool {
	except := make(map[booking.Date]bool)
	for _, written := range s.except {
		for value := range strings.SplitSeq(written.value, ",") {
			one := written
			one.value = value
			if at, ok := u.moment(one); ok {
				except[u.date(at)] = true
			} else {
				u.report(s, ProblemBadRecurrence, harmless(value))
			}
		}
	}
	return except
}

// instances are the first one, those of the rules up to the end of the horizon, and those that are listed.
func (u *understanding) instances(s *source, start moment, length time.Duration) []instance {
	all := []instance{{start, length}}
	if u.how.From.IsZero() || u.how.Until.IsZero() {
		return all
	}
	for _, rule := range s.rules {
		walls, reason := u.expand(rule, start, length)
		if reason != "" {
			u.report(s, reason, "")
		}
		for _, wall := range walls {
			all = append(all, instance{moment{wall: wall, dateOnly: start.dateOnly, clock: start.clock}, length})
		}
	}
	for _, written := range s.extra {
		for value := range strings.SplitSeq(written.value, ",") {
			one := written
			one.value = value
			if listed, ok := u.listed(one, length); ok {
				all = append(all, listed)
			} else {
				u.report(s, ProblemBadRecurrence, harmless(value))
			}
		}
	}
	return all
}

// listed reads one value of RDATE: a start, or a period with an end or a duration of its own.
func (u *understanding) listed(written property, length time.Duration) (instance, bool) {
	begin, rest, period := strings.Cut(written.value, "/")
	written.value = begin
	start, ok := u.moment(written)
	if !ok || !period {
		return instance{start, length}, ok
	}
	if strings.HasPrefix(rest, "P") {
		length, err := readDuration(rest)
		return instance{start, length}, err == nil
	}
	written.value = rest
	end, ok := u.moment(written)
	if !ok || u.between(start, end) < 0 {
		return instance{}, false
	}
	return instance{start, u.between(start, end)}, true
}

// expand gives the wall clock times of a rule that can touch the horizon.
func (u *understanding) expand(rule string, start moment, length time.Duration) ([]time.Time, ProblemReason) {
	option, ok := u.option(rule, start)
	if !ok {
		return nil, ProblemBadRecurrence
	}
	const day = 24 * time.Hour
	earliest := u.how.From.Time().Add(-length - 2*day)
	if option.Until.Before(earliest) {
		return nil, ""
	}
	if u.effort <= 0 {
		return nil, ProblemTooMany
	}
	made, err := rrule.NewRRule(*option)
	if err != nil {
		return nil, ProblemBadRecurrence
	}
	u.effort -= effortOfYear * max(0, option.Until.Year()-start.wall.Year())
	var walls []time.Time
	next := made.Iterator()
	steps := 0
	for wall, more := next(); more; wall, more = next() {
		steps++
		if u.effort--; u.effort <= 0 {
			return walls, ProblemTooMany
		}
		if !wall.Before(earliest) {
			walls = append(walls, wall)
		}
	}
	if steps == 0 {
		u.effort -= effortOfNever
	}
	return walls, ""
}

func (u *understanding) option(rule string, start moment) (*rrule.ROption, bool) {
	rule = strings.ToUpper(strings.Trim(strings.TrimSpace(rule), ";"))
	until, kept := time.Time{}, make([]string, 0, 4)
	for part := range strings.SplitSeq(rule, ";") {
		value, is := strings.CutPrefix(strings.TrimSpace(part), "UNTIL=")
		if !is {
			kept = append(kept, strings.TrimSpace(part))
			continue
		}
		last, err := readWall(value)
		if err != nil {
			return nil, false
		}
		until = last.wall
		switch {
		case last.dateOnly:
			until = until.Add(24*time.Hour - time.Second)
		case last.clock != nil && start.clock != nil:
			until = start.clock.wall(last.instant())
		}
	}
	option, err := rrule.StrToROption(strings.Join(kept, ";"))
	if err != nil || option.Freq > rrule.DAILY {
		return nil, false
	}
	// Only dates are wanted, and hours could make very many of them.
	option.Byhour, option.Byminute, option.Bysecond = nil, nil, nil
	option.Dtstart = start.wall
	option.Until = u.how.Until.Time().Add(24 * time.Hour)
	if !until.IsZero() && until.Before(option.Until) {
		option.Until = until
	}
	return option, true
}
