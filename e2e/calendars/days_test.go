package calendars

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/sandbox/control"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

const (
	slots    = 4 // a day
	interval = 24 * time.Hour / slots
	// certain are the days ahead that are compared: behind them channels close their booking windows.
	certain = 300
)

func TestAHundredDaysEndWithTheTruth(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 2, 3} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := newSeason(newHouse(t, interval), seed)
			s.open(booking.ChannelAirbnb, control.ChannelListing{PrepDays: int(seed % 2)})
			s.open(booking.ChannelBooking, control.ChannelListing{})
			if seed == 3 {
				s.open(vrbo, control.ChannelListing{})
			}
			for day := range 100 {
				s.day(day)
			}
			s.settle(100)
			t.Log(s.count)
		})
	}
}

// day is one day of sales, faults and imports, with a restart of both sides.
func (s *season) day(n int) {
	for slot := range slots {
		s.waitUntil(start.Add(time.Duration(n)*24*time.Hour + time.Duration(slot)*interval))
		s.timers()
		for range s.rng.IntN(3) {
			s.act()
			s.requireSoldIsClosed()
		}
		s.wait(time.Duration(s.rng.IntN(30)) * time.Minute)
		s.timers()
		s.round()
		for _, c := range s.shops {
			if s.rng.IntN(3) == 0 {
				s.wait(time.Minute)
				s.imports(c)
			}
		}
	}
	s.accept()
	s.decide()
	s.restart()
	s.requireSame()
	if n%10 == 0 {
		s.clean()
	}
}

// round fetches every feed and looks whether what they told is closed here.
func (s *season) round() {
	for _, c := range s.shops {
		result := s.fetch(c.name)
		s.tell("fetch "+string(result.Outcome), c.name, "new", result.Added, "moved", result.Moved, "missing", result.Missing, "released",
			result.Released, "conflicts", result.Conflicts)
	}
	s.requireSoldIsClosed()
	s.requireConflicts()
}

// requireSoldIsClosed checks that no night is open here that a channel sold and a fetch showed, whatever came after.
func (s *season) requireSoldIsClosed() {
	s.t.Helper()
	closed := s.closed()
	for _, c := range s.shops {
		for id, sold := range c.sales {
			was, seen := c.seen[id]
			if !seen || sold.closed || s.doubt[id] {
				continue
			}
			for _, night := range sold.stay.EachNight() {
				known := !night.Before(was.stay.CheckIn) && night.Before(was.stay.CheckOut)
				if known && !night.Before(s.today()) {
					require.True(s.t, closed[night], "%s: %s sold %s as %s, and %s is open here", s.now(), c.name, sold.stay, id, night)
				}
			}
		}
	}
}

// requireConflicts checks that what is sold twice is a conflict, and that no conflict is made of nothing.
func (s *season) requireConflicts() {
	s.t.Helper()
	conflicts, err := s.store.Conflicts(s.t.Context(), true, 1000)
	require.NoError(s.t, err)
	standing := slices.DeleteFunc(conflicts, func(c postgres.Conflict) bool { return !c.OverAt.IsZero() })
	for _, c := range s.shops {
		for id, sold := range c.sales {
			if was, seen := c.seen[id]; !seen || was != sold || sold.closed || s.doubt[id] {
				continue
			}
			for _, ours := range s.ours {
				if ours.code != "" && ours.stay.Overlaps(sold.stay) && sold.stay.CheckOut.After(s.today()) && ours.stay.CheckOut.After(s.today()) {
					found := slices.ContainsFunc(standing, func(k postgres.Conflict) bool { return k.Code == ours.code && k.Channel == c.name })
					require.True(s.t, found, "%s: %s is sold here and, as %s, at %s", s.now(), ours.stay, sold.stay, c.name)
				}
			}
		}
	}
	for _, conflict := range standing {
		if conflict.Source != "feed" {
			continue
		}
		c := s.shop(conflict.Channel)
		require.True(s.t, slices.ContainsFunc(c.ever, conflict.Stay.Overlaps), "%s: %s of ours is no conflict with %s %s", s.now(),
			conflict.Stay, conflict.Channel, conflict.Blocked)
	}
}

// accept does what the owner does who is asked about a feed: a day later, when the feed shows everything, it is accepted.
func (s *season) accept() {
	for _, c := range s.shops {
		f, err := s.calendars.Feed(s.t.Context(), s.feeds[c.name])
		require.NoError(s.t, err)
		if f.QuarantinedAt.IsZero() || s.now().Sub(f.QuarantinedAt) < 12*time.Hour || !c.honest || c.fault != "" {
			continue
		}
		quiet := c.quiet
		c.quiet = true
		require.NoError(s.t, s.store.ChangeFeedByStaff(s.t.Context(), f.ID, postgres.FeedChange{Accepted: true}, byCommand, s.now()))
		require.NotEqual(s.t, workflows.SyncQuarantined, s.fetch(c.name).Outcome)
		c.quiet = quiet
		s.tell("accepted", c.name)
	}
}

// decide does what the owner does about conflicts: one of the two bookings is cancelled.
func (s *season) decide() {
	conflicts, err := s.store.Conflicts(s.t.Context(), false, 1000)
	require.NoError(s.t, err)
	for _, conflict := range conflicts {
		c := s.shop(conflict.Channel)
		both := func(sold sale) bool { return sold.stay.Overlaps(conflict.Stay) && sold.stay.Overlaps(conflict.Blocked) }
		var theirs []string
		for id, sold := range c.sales {
			if both(sold) {
				theirs = append(theirs, id)
			}
		}
		ours := slices.IndexFunc(s.ours, func(o *stand) bool { return o.code == conflict.Code })
		require.GreaterOrEqual(s.t, ours, 0, "%s is not ours any more", conflict.Code)
		s.tell("conflict", c.name, conflict.Stay, conflict.Blocked)
		if s.rng.IntN(2) == 0 {
			s.end(s.ours[ours])
			continue
		}
		for _, id := range theirs {
			c.end(id)
		}
		err := s.store.ResolveByStaff(s.t.Context(), conflict.ID, postgres.ResolvedKeepOurs, postgres.Author{Kind: "staff", UserID: s.staff}, s.now())
		require.NoError(s.t, err)
	}
}

// requireSame checks that the channels came back from their restart with what they sold.
func (s *season) requireSame() {
	s.t.Helper()
	for _, c := range s.shops {
		want, got := map[string]string{}, map[string]string{}
		for id, sold := range c.sales {
			want[id] = sold.stay.String()
		}
		for _, b := range s.listing(c.name).Bookings {
			if _, still := want[b.ID]; still || b.CheckOut > s.today().String() {
				got[b.ID] = b.CheckIn + "/" + b.CheckOut
			}
		}
		require.Equal(s.t, want, got, c.name)
	}
}

// settle lets the faults and sales end, gives everybody some days to look at each other, and compares every calendar with the truth.
func (s *season) settle(day int) {
	for _, c := range s.shops {
		c.quiet = true
	}
	for n := day; n < day+6; n++ {
		for slot := range slots {
			s.waitUntil(start.Add(time.Duration(n)*24*time.Hour + time.Duration(slot)*interval))
			s.timers()
			s.round()
			for _, c := range s.shops {
				s.wait(time.Minute)
				s.imports(c)
			}
		}
		s.accept()
		s.decide()
	}
	// The edges of the booking windows slid today and pass from channel to channel once.
	for range 12 {
		s.wait(5 * time.Minute)
		s.round()
		for _, c := range s.shops {
			s.imports(c)
		}
	}
	s.requireTruth()
	s.clean()
	for _, c := range s.shops {
		result := s.fetch(c.name)
		require.Zero(s.t, result.Added+result.Moved+result.Missing+result.Released+result.Conflicts, "%s: nothing is left to do", c.name)
	}
}

// requireTruth compares, night by night, what each side says with what was sold.
func (s *season) requireTruth() {
	s.t.Helper()
	open, err := s.store.Conflicts(s.t.Context(), false, 1000)
	require.NoError(s.t, err)
	require.Empty(s.t, open, "the owner decided about all of them")

	byFeed, count := map[int64]map[booking.Date]bool{}, map[int64]int{}
	for _, b := range s.blocks() {
		if byFeed[b.FeedID] == nil {
			byFeed[b.FeedID] = map[booking.Date]bool{}
		}
		add(byFeed[b.FeedID], b.Nights)
		count[b.FeedID]++
	}
	closed, everybody := s.closed(), s.standing()
	for _, c := range s.shops {
		sold, shut := c.nights()
		for _, nights := range []map[booking.Date]bool{sold, shut} {
			for night := range nights {
				everybody[night] = true
			}
		}
	}
	for night := s.today().AddDays(1); night.Before(s.today().AddDays(certain)); night = night.AddDays(1) {
		require.Equal(s.t, everybody[night], closed[night], "%s closed here", night)
		for _, c := range s.shops {
			sold, shut := c.nights()
			others := s.othersOf(c)
			here := byFeed[s.feeds[c.name]][night]
			switch {
			case sold[night] && !(c.name == booking.ChannelBooking && others[night]):
				require.True(s.t, here, "%s is sold at %s", night, c.name)
			case shut[night] && !others[night]:
				require.True(s.t, here, "%s is closed at %s", night, c.name)
			case !sold[night] && !shut[night] && !(c.name == booking.ChannelBooking && others[night]):
				require.False(s.t, here, "%s is not of %s", night, c.name)
			}
		}
	}
	for _, c := range s.shops {
		s.requireImported(c)
		require.LessOrEqual(s.t, count[s.feeds[c.name]], 3*len(c.sales)+6, "blocks of %s do not grow", c.name)
	}
}

// othersOf are the nights that somebody else than the channel takes.
func (s *season) othersOf(c *shop) map[booking.Date]bool {
	others := s.standing()
	for _, other := range s.shops {
		if other == c {
			continue
		}
		sold, shut := other.nights()
		for _, nights := range []map[booking.Date]bool{sold, shut} {
			for night := range nights {
				others[night] = true
			}
		}
	}
	return others
}

// requireImported checks that the channel closes what others took, and nothing else.
func (s *season) requireImported(c *shop) {
	s.t.Helper()
	imported, others := map[booking.Date]bool{}, s.othersOf(c)
	for _, event := range s.listing(c.name).Imported {
		add(imported, booking.Stay{CheckIn: booking.MustDate(event.CheckIn), CheckOut: booking.MustDate(event.CheckOut)})
	}
	for night := s.today().AddDays(1); night.Before(s.today().AddDays(certain)); night = night.AddDays(1) {
		require.Equal(s.t, others[night], imported[night], "%s at %s", night, c.name)
	}
}
