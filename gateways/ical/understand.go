package ical

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode"

	"cabanas/booking"
)

const (
	mostProblems = 1000
	noon         = 12
	longestUID   = 255
	madePrefix   = "made-" // of UIDs that we made
)

// understood turns the events as written into nights, and says how many of them were skipped.
func (f *file) understood(how Reading) (Feed, int) {
	u := understanding{how: how, zones: &f.zones, effort: mostEffort, room: mostInstances}
	u.feed.ProdID = f.prodID
	u.feed.Problems = f.problems
	u.feed.Events = make([]Event, 0, len(f.events))
	moved := u.movedInstances(f.events)
	for _, source := range f.events {
		u.event(source, moved)
	}
	u.separate()
	u.feed.Digest = digestOf(u.feed)
	if len(u.feed.Problems) > mostProblems {
		u.feed.Problems = u.feed.Problems[:mostProblems]
	}
	return u.feed, u.skipped
}

type understanding struct {
	how     Reading
	zones   *zones
	feed    Feed
	lines   []int // of each of the feed's events
	skipped int   // events that gave nothing
	effort  int   // what expanding recurrences may still cost
	room    int   // how many instances they may still give
}

// event adds what one VEVENT closes.
func (u *understanding) event(s *source, moved map[string]bool) {
	u.remark(s)
	start, ok := u.start(s)
	if !ok {
		return
	}
	if start.wall.Year() < firstYear && !s.id.there && len(s.rules)+len(s.extra) == 0 {
		start.wall = time.Date(firstYear-1, time.December, 31, 0, 0, 0, 0, time.UTC)
	}
	length, ok := u.length(s, start)
	if !ok {
		return
	}
	uid := s.uid
	if uid == "" {
		uid = u.madeUID(s, start, length)
		u.report(s, ProblemNoUID, "")
	}
	uid = shortened(uid)
	status := strings.ToUpper(s.status)
	event := Event{UID: uid, Summary: s.summary, Cancelled: status == "CANCELLED" || status == "CANCELED"}
	switch {
	case s.id.there:
		original, zoned := u.moment(s.id)
		if !zoned {
			u.report(s, ProblemBadDate, harmless(s.id.value))
			return
		}
		event.UID = instanceUID(uid, u.date(original))
		u.add(s, event, start, length)
	case len(s.rules) > 0 || len(s.extra) > 0:
		u.recurring(s, event, start, length, moved)
	default:
		u.add(s, event, start, length)
	}
}

func (u *understanding) remark(s *source) {
	if s.junk {
		u.report(s, ProblemJunk, "")
	}
	if s.notUTF8 {
		u.report(s, ProblemNotUTF8, "")
	}
	if s.duplicate != "" {
		u.report(s, ProblemDuplicate, s.duplicate)
	}
	if s.unsupported {
		u.report(s, ProblemBadRecurrence, "")
	}
	for _, written := range []property{s.start, s.end} {
		if written.zone != "" && strings.ContainsAny(written.value, "Tt") && !strings.HasSuffix(written.value, "Z") &&
			u.zones.find(written.zone).unknown {
			u.report(s, ProblemUnknownZone, zoneName(written.zone))
			return
		}
	}
}

func (u *understanding) report(s *source, reason ProblemReason, detail string) {
	problem := Problem{Line: s.line, UID: shortened(s.uid), Reason: reason, Detail: detail}
	if problem.Skipped() {
		u.skipped++
		if u.feed.unread == nil {
			u.feed.unread = map[string]bool{}
		}
		u.feed.unread[problem.UID] = true
	}
	u.feed.Problems = append(u.feed.Problems, problem)
}

// harmless gives a value only when it can be nothing but a date or a duration.
func harmless(value string) string {
	const longest = 48
	strange := func(c rune) bool { return !strings.ContainsRune("0123456789TZPWDHMS:+-./", c) }
	if len(value) > longest || strings.ContainsFunc(value, strange) {
		return ""
	}
	return value
}

// zoneName gives the name of a zone when it looks like one.
func zoneName(name string) string {
	const longest = 64
	strange := strings.ContainsFunc(name, func(c rune) bool {
		return c > unicode.MaxASCII || (!unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune(" _/+-().:", c))
	})
	if len(name) > longest || strange {
		return ""
	}
	return name
}

// moment reads a property by its own clock, the one that TZID names, or the property's.
func (u *understanding) moment(p property) (moment, bool) {
	read, err := readWall(p.value)
	if err != nil {
		return moment{}, false
	}
	if p.typ == "DATE" && !read.dateOnly {
		read.wall, read.dateOnly = read.wall.Truncate(24*time.Hour), true
	}
	if read.dateOnly || read.clock != nil {
		return read, true
	}
	read.clock = place{u.how.Zone}
	if p.zone != "" {
		if found := u.zones.find(p.zone); found.clock != nil {
			read.clock = found.clock
		}
	}
	return read, true
}

func (u *understanding) start(s *source) (moment, bool) {
	if !s.start.there || s.start.value == "" {
		u.report(s, ProblemNoStart, "")
		return moment{}, false
	}
	start, ok := u.moment(s.start)
	if !ok || start.wall.Year() >= lastYear {
		u.report(s, ProblemBadDate, harmless(s.start.value))
		return moment{}, false
	}
	return start, true
}

// length is how long an event is: in dates when it starts at one, else in time.
func (u *understanding) length(s *source, start moment) (time.Duration, bool) {
	switch {
	case s.end.there && s.end.value != "":
		end, ok := u.moment(s.end)
		if !ok {
			u.report(s, ProblemBadDate, harmless(s.end.value))
			return 0, false
		}
		length := u.between(start, end)
		if length < 0 {
			u.report(s, ProblemEndsBefore, "")
			return 0, false
		}
		if length == 0 {
			u.report(s, ProblemNoNights, "")
		}
		return length, true
	case s.duration.there:
		length, err := readDuration(s.duration.value)
		if err != nil {
			u.report(s, ProblemBadDuration, harmless(s.duration.value))
			return 0, false
		}
		if length == 0 {
			u.report(s, ProblemNoNights, "")
		}
		return length, true
	}
	return 0, true
}

func (u *understanding) between(start, end moment) time.Duration {
	switch {
	case start.dateOnly && !end.dateOnly:
		end = moment{wall: u.date(end).Time(), dateOnly: true}
	case end.dateOnly && !start.dateOnly:
		departure := u.date(end)
		if departure == u.date(start) {
			return 0
		}
		return min(departure.At(noon, 0, u.how.Zone).Sub(start.instant()), longestDuration)
	}
	return min(end.instant().Sub(start.instant()), longestDuration)
}

// date is the civil date of a moment at the property.
func (u *understanding) date(m moment) booking.Date {
	if m.dateOnly {
		return booking.DateIn(m.wall, time.UTC)
	}
	return booking.DateIn(m.instant(), u.how.Zone)
}

// add adds the nights of one event, or one instance.
func (u *understanding) add(s *source, event Event, start moment, length time.Duration) {
	event.Start, event.End = u.nights(start, length)
	first, end := booking.NewDate(firstYear, time.January, 1), booking.NewDate(lastYear, time.January, 1)
	if !event.End.After(first) {
		u.report(s, ProblemBadDate, harmless(s.start.value))
		return
	}
	if event.Start.Before(first) || event.End.After(end) {
		u.report(s, ProblemClipped, "")
		if event.Start.Before(first) {
			event.Start = first
		}
		if event.End.After(end) {
			event.End = end
		}
	}
	u.feed.Events = append(u.feed.Events, event)
	u.lines = append(u.lines, s.line)
}

func (u *understanding) nights(start moment, length time.Duration) (booking.Date, booking.Date) {
	first := u.date(start)
	if start.dateOnly {
		const day = 24 * time.Hour
		return first, first.AddDays(max(1, int((length+day-1)/day)))
	}
	arrival := start.instant().In(u.how.Zone)
	if arrival.Hour() < Daybreak && !arrival.Equal(first.At(0, 0, u.how.Zone)) {
		first = first.AddDays(-1)
	}
	departure := arrival.Add(length)
	end := booking.DateIn(departure, u.how.Zone)
	if departure.After(end.At(Dusk, 0, u.how.Zone)) {
		end = end.AddDays(1)
	}
	if !end.After(first) {
		end = first.AddDays(1)
	}
	return first, end
}

func instanceUID(uid string, original booking.Date) string {
	return uid + "/" + original.Time().Format("20060102")
}

func (u *understanding) madeUID(s *source, start moment, length time.Duration) string {
	first, end := u.nights(start, length)
	sum := sha256.Sum256([]byte(first.String() + "\n" + end.String() + "\n" + s.summary))
	return madePrefix + hex.EncodeToString(sum[:12])
}

func shortened(uid string) string {
	if len(uid) <= longestUID {
		return uid
	}
	sum := sha256.Sum256([]byte(uid))
	return "long-" + hex.EncodeToString(sum[:])
}

// separate gives events that share a UID one each, the same whatever their order in the feed: the first by state, start and
// end keeps it. Of equal ones only one is left.
func (u *understanding) separate() {
	events := u.feed.Events
	byUID := make(map[string][]int, len(events))
	for i, event := range events {
		byUID[event.UID] = append(byUID[event.UID], i)
	}
	if len(byUID) == len(events) {
		return
	}
	drop := make([]bool, len(events))
	for i, uid := range uids(events) {
		same := byUID[uid]
		if len(same) < 2 || same[0] != i {
			continue
		}
		u.feed.Problems = append(u.feed.Problems, Problem{Line: u.lines[same[1]], UID: uid, Reason: ProblemDuplicateUID})
		same = slices.Clone(same)
		slices.SortStableFunc(same, func(a, b int) int {
			return cmp.Or(compare(events[a], events[b]), strings.Compare(events[a].Summary, events[b].Summary))
		})
		for n, at := range same[1:] {
			drop[at] = compare(events[same[n]], events[at]) == 0
		}
		for _, at := range same[1:] {
			events[at].UID = freeUID(events[at], byUID)
		}
	}
	kept := events[:0]
	for i, event := range events {
		if !drop[i] {
			kept = append(kept, event)
		}
	}
	u.feed.Events = kept
}

func uids(events []Event) []string {
	list := make([]string, len(events))
	for i, event := range events {
		list[i] = event.UID
	}
	return list
}

// compare orders what still holds before what is called off, then by nights.
func compare(a, b Event) int {
	switch {
	case a.Cancelled != b.Cancelled:
		if b.Cancelled {
			return -1
		}
		return 1
	case a.Start != b.Start:
		return b.Start.DaysUntil(a.Start)
	}
	return b.End.DaysUntil(a.End)
}

func freeUID(event Event, taken map[string][]int) string {
	uid := event.UID + "/" + event.Start.String() + "/" + event.End.String()
	if event.Cancelled {
		uid += "/cancelled"
	}
	for len(taken[uid]) > 0 {
		uid += "/again"
	}
	return uid
}

// digestOf does not depend on the order of the feed.
func digestOf(feed Feed) [32]byte {
	said := make([]string, 0, len(feed.Events)+len(feed.Problems))
	for _, event := range feed.Events {
		state := "+"
		if event.Cancelled {
			state = "-"
		}
		said = append(said, state+event.Start.String()+event.End.String()+"\x00"+event.UID+"\x00"+event.Summary)
	}
	for _, problem := range feed.Problems {
		said = append(said, "!"+string(problem.Reason)+"\x00"+problem.UID)
	}
	slices.Sort(said)
	return sha256.Sum256([]byte(strings.Join(said, "\x01")))
}
