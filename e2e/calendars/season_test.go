package calendars

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/sandbox/control"
	"cabanas/store/postgres"
)

// season is a house in which things happen at random, and the truth about each channel.
type season struct {
	*house
	rng   *rand.Rand
	shops []*shop
	ours  []*stand
	doubt map[string]bool // sales that nothing tells from an echo: see pull
	count map[string]int  // what happened, by name
	story []string        // the same in order, for whoever reads a failure
}

// shop is a channel: what is truly sold there and how its feed does.
type shop struct {
	season *season
	name   booking.Channel
	rng    *rand.Rand
	sales  map[string]sale // by the channel's id
	// ever are the nights that the channel ever took.
	ever []booking.Stay
	// seen are the sales as they were at the last fetch that showed them all.
	seen map[string]sale
	// preparation is how many nights it closes around a reservation.
	preparation int

	quiet   bool
	fault   string
	left    int
	honest  bool // the fetch under way shows everything
	mayHide bool // the last good fetch showed everything
}

// sale is a stay that was sold, or nights that the host closed.
type sale struct {
	stay   booking.Stay
	closed bool
}

// stand is a booking, a hold or a block of ours.
type stand struct {
	code    string // of a reservation
	block   int64
	stay    booking.Stay
	expires time.Time // of a hold
}

func newSeason(h *house, seed uint64) *season {
	s := &season{house: h, rng: rand.New(rand.NewPCG(seed, 0)), doubt: map[string]bool{}, count: map[string]int{}}
	h.gate.before, h.gate.after = s.beforeFetch, s.afterFetch
	h.t.Cleanup(func() {
		if h.t.Failed() {
			h.t.Log(s.count, "\n", strings.Join(s.story, ""))
		}
	})
	return s
}

func (s *season) open(name booking.Channel, settings control.ChannelListing) {
	s.connect(name, settings)
	s.shops = append(s.shops, &shop{
		season: s, name: name, rng: rand.New(rand.NewPCG(s.rng.Uint64(), 1)), sales: map[string]sale{}, seen: map[string]sale{},
		preparation: settings.PrepDays,
	})
}

func (s *season) shop(name booking.Channel) *shop {
	return s.shops[slices.IndexFunc(s.shops, func(c *shop) bool { return c.name == name })]
}

// beforeFetch decides how a feed answers, also when it is asked before a promise.
func (s *season) beforeFetch(address string) {
	for _, c := range s.shops {
		if strings.Contains(address, "/ota/"+string(c.name)+"/") || strings.Contains(address, "/ota/admin-"+string(c.name)+"/") {
			c.misbehave()
		}
	}
}

func (s *season) afterFetch(address string, err error) {
	for _, c := range s.shops {
		if !strings.Contains(address, string(c.name)+"/") || err != nil || !c.honest {
			continue
		}
		c.seen, c.mayHide = maps.Clone(c.sales), true
	}
}

// tell counts what happened and keeps it for a failure.
func (s *season) tell(what string, about ...any) {
	s.count[what]++
	s.story = append(s.story, fmt.Sprintln(append([]any{s.now().In(zone).Format("01-02 15:04:05"), what}, about...)...))
}

// act lets something happen somewhere.
func (s *season) act() {
	s.wait(time.Duration(1+s.rng.IntN(20)) * time.Minute)
	c := s.shops[s.rng.IntN(len(s.shops))]
	switch n := s.rng.IntN(100); {
	case n < 30:
		c.sell("reservation")
	case n < 35:
		c.sell("closed")
	case n < 45:
		c.change()
	case n < 55:
		c.cancel()
	case n < 80:
		s.promise()
	case n < 83:
		s.block()
	case n < 90:
		s.move()
	default:
		s.giveUp()
	}
}

func (s *season) anyStay() booking.Stay {
	in := s.today().AddDays(s.rng.IntN(50))
	return booking.Stay{CheckIn: in, CheckOut: in.AddDays(1 + s.rng.IntN(6))}
}

// promise sells nights here, or only holds them, after a look at the other calendars, as every promise does.
func (s *season) promise() {
	stay := s.anyStay()
	_, err := s.calendars.Freshen(s.t.Context(), s.cabin, 3*time.Second)
	require.NoError(s.t, err)
	free := s.free(stay)
	held, err := s.hold(stay)
	if !free {
		require.True(s.t, booking.IsCode(err, booking.CodeDatesTaken), "%s is closed and was sold: %v", stay, err)
		s.tell("refused here", stay)
		return
	}
	require.NoError(s.t, err, "%s is free", stay)
	ours := &stand{code: held.Code, stay: stay}
	s.ours = append(s.ours, ours)
	if s.rng.IntN(4) == 0 {
		ours.expires = s.now().Add(30 * time.Minute)
		s.tell("held here", stay)
		return
	}
	s.wait(time.Minute)
	s.confirm(held.Code)
	s.tell("sold here", stay)
}

func (s *season) block() {
	stay := s.anyStay()
	if !s.free(stay) {
		return
	}
	id, err := s.store.Block(s.t.Context(), s.cabin, stay, "repairs", s.staff, s.now())
	require.NoError(s.t, err)
	s.ours = append(s.ours, &stand{block: id, stay: stay})
	s.tell("closed here", stay)
}

func (s *season) anyOurs() *stand {
	standing := slices.DeleteFunc(slices.Clone(s.ours), func(o *stand) bool { return !o.stay.CheckOut.After(s.today().AddDays(1)) })
	if len(standing) == 0 {
		return nil
	}
	return standing[s.rng.IntN(len(standing))]
}

// move gives one of our bookings other nights, or makes it shorter.
func (s *season) move() {
	ours := s.anyOurs()
	if ours == nil || ours.code == "" || !ours.expires.IsZero() {
		return
	}
	stay := s.changed(ours.stay)
	ctx := s.t.Context()
	change, err := json.Marshal(map[string]any{"by": "owner", "reason": "moved", "at": s.now()})
	require.NoError(s.t, err)
	err = pgx.BeginFunc(ctx, s.sql, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT set_config('cabanas.change', $1, true)", string(change)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE reservations SET check_in = $2, check_out = $3, updated_at = $4 WHERE code = $1",
			ours.code, stay.CheckIn.Time(), stay.CheckOut.Time(), s.now())
		return err
	})
	if err != nil {
		require.ErrorContains(s.t, err, "SQLSTATE 23P01")
		return
	}
	s.tell("moved here", ours.stay, stay)
	ours.stay = stay
}

// changed gives a stay other nights: those of a stay that has begun only get fewer or more at the end.
func (s *season) changed(stay booking.Stay) booking.Stay {
	begun := !stay.CheckIn.After(s.today())
	switch way := s.rng.IntN(3); {
	case begun || way == 0:
		stay.CheckOut = stay.CheckOut.AddDays(s.rng.IntN(5) - 2)
		earliest := stay.CheckIn.AddDays(1)
		if begun {
			earliest = s.today().AddDays(1)
		}
		if stay.CheckOut.Before(earliest) {
			stay.CheckOut = earliest
		}
		return stay
	case way == 1:
		return stay.Shift(1 + s.rng.IntN(3))
	}
	return s.anyStay()
}

// giveUp ends something of ours.
func (s *season) giveUp() {
	ours := s.anyOurs()
	if ours == nil {
		return
	}
	s.end(ours)
}

func (s *season) end(ours *stand) {
	if ours.block != 0 {
		require.NoError(s.t, s.store.UnblockByStaff(s.t.Context(), ours.block, byCommand, s.now()))
	} else {
		s.cancel(ours.code)
	}
	s.ours = slices.DeleteFunc(s.ours, func(other *stand) bool { return other == ours })
	s.tell("ended here", ours.stay)
}

// timers do what deadlines ask for.
func (s *season) timers() {
	for _, ours := range slices.Clone(s.ours) {
		switch {
		case !ours.expires.IsZero() && !ours.expires.After(s.now()):
			_, err := s.store.ExpireHold(s.t.Context(), ours.code, s.now())
			require.NoError(s.t, err)
		case ours.code != "" && ours.expires.IsZero() && !ours.stay.CheckOut.After(s.today()):
			_, err := s.store.CompleteStay(s.t.Context(), ours.code, s.now())
			require.NoError(s.t, err)
		default:
			continue
		}
		s.ours = slices.DeleteFunc(s.ours, func(other *stand) bool { return other == ours })
		s.tell("over here", ours.stay)
	}
}

// imports has a channel fetch our calendar. What an unmarked channel sold since we last saw it, and before it learns of our nights, will
// look like our own coming back: nothing in the world can tell the two apart (ADR 24).
func (s *season) imports(c *shop) {
	for id, sold := range c.sales {
		if was, known := c.seen[id]; c.name == booking.ChannelBooking && (!known || was != sold) {
			s.doubt[id] = true
			s.tell("doubtful", sold.stay)
		}
	}
	s.pull(c.name)
	s.tell("import", c.name)
}

// free reports whether we may sell a stay, by our own calendar.
func (s *season) free(stay booking.Stay) bool {
	closed := s.closed()
	return !slices.ContainsFunc(stay.EachNight(), func(night booking.Date) bool { return closed[night] })
}

// closed are the nights that we do not sell.
func (s *season) closed() map[booking.Date]bool {
	closed := s.standing()
	for _, b := range s.blocks() {
		add(closed, b.Nights)
	}
	return closed
}

// standing are the nights of ours, whoever closed them too.
func (s *season) standing() map[booking.Date]bool {
	nights := map[booking.Date]bool{}
	for _, ours := range s.ours {
		add(nights, ours.stay)
	}
	return nights
}

func (h *house) blocks() []postgres.Block {
	h.t.Helper()
	blocks, err := h.store.Blocks(h.t.Context(), h.cabin, h.today(), h.today().AddDays(800))
	require.NoError(h.t, err)
	return blocks
}

func add(nights map[booking.Date]bool, stay booking.Stay) {
	for _, night := range stay.EachNight() {
		nights[night] = true
	}
}
