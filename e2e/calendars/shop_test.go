package calendars

import (
	"maps"
	"slices"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/sandbox/control"
)

func (c *shop) sell(kind string) {
	s, stay := c.season, c.season.anyStay()
	if ours := s.anyOurs(); ours != nil && s.rng.IntN(3) == 0 {
		stay = ours.stay.Shift(s.rng.IntN(3)) // A channel that does not know yet sells them a second time.
	}
	sold, ok := s.sell(c.name, kind, stay)
	if !ok {
		s.tell("refused there", c.name, stay)
		return
	}
	c.sales[sold.ID] = sale{stay, kind == "closed"}
	c.remember(stay)
	s.tell("sold there", c.name, kind, stay)
}

func (c *shop) remember(stay booking.Stay) {
	stay.CheckIn, stay.CheckOut = stay.CheckIn.AddDays(-c.preparation), stay.CheckOut.AddDays(c.preparation)
	c.ever = append(c.ever, stay)
}

// anySale picks a sale that is not over.
func (c *shop) anySale() (string, bool) {
	ids := slices.Sorted(maps.Keys(c.sales))
	ids = slices.DeleteFunc(ids, func(id string) bool { return !c.sales[id].stay.CheckOut.After(c.season.today().AddDays(1)) })
	if len(ids) == 0 {
		return "", false
	}
	return ids[c.season.rng.IntN(len(ids))], true
}

// change gives a sale other nights.
func (c *shop) change() {
	s := c.season
	id, ok := c.anySale()
	if !ok {
		return
	}
	sold := c.sales[id]
	sold.stay = s.changed(sold.stay)
	_, err := s.channels.ChangeBooking(s.t.Context(), id, control.ChannelStayChange{
		CheckIn: sold.stay.CheckIn.String(), CheckOut: sold.stay.CheckOut.String()})
	if !s.taken(err) {
		return
	}
	s.tell("moved there", c.name, c.sales[id].stay, sold.stay)
	c.sales[id] = sold
	c.remember(sold.stay)
}

func (c *shop) cancel() {
	if id, ok := c.anySale(); ok {
		c.end(id)
	}
}

func (c *shop) end(id string) {
	s := c.season
	require.NoError(s.t, s.channels.CancelBooking(s.t.Context(), id))
	s.tell("cancelled there", c.name, c.sales[id].stay)
	delete(c.sales, id)
}

// The faults of a feed: those that give no good answer, and those that do but do not matter.
var (
	broken   = []string{"empty", "html", "truncated", "cut", "huge", "500", "429", "private", "loop", "slow"}
	harmless = []string{"churn", "junk_line", "bad_event", "non_utf8", "other_charset"}
)

// misbehave sets what the feed does at the next fetch.
func (c *shop) misbehave() {
	s := c.season
	if c.left == 0 {
		c.draw()
	}
	if c.quiet {
		c.left, c.fault = 0, ""
	}
	c.left = max(c.left-1, 0)
	faults := control.ChannelFaults{
		Channel: string(c.name), Body: new(""), Status: new(0), Redirect: new(""), DelayMS: new(0), UIDChurn: new(false), Validators: new("none"),
	}
	if c.name == vrbo {
		faults.Validators = new("both")
	}
	c.honest = true
	switch c.fault {
	case "500", "429":
		faults.Status, c.honest = new(map[string]int{"500": 500, "429": 429}[c.fault]), false
	case "private", "loop":
		faults.Redirect, c.honest = &c.fault, false
	case "slow":
		faults.DelayMS, c.honest = new(int(slow.Milliseconds())), false
	case "churn":
		faults.UIDChurn = new(true)
	default:
		faults.Body = &c.fault
		c.honest = c.fault == "" || slices.Contains(harmless, c.fault)
	}
	if c.fault != "" {
		s.tell("fault "+c.fault, c.name)
	}
	require.NoError(s.t, s.channels.SetChannelFaults(s.t.Context(), faults))
}

// draw begins a fault, or none. A feed that leaves events out again and again, without showing them in between, says that they are
// cancelled; so it does this for two fetches at most, and for longer only when it would have lost too much to be believed.
func (c *shop) draw() {
	c.fault, c.left = "", 1
	switch n := c.rng.IntN(100); {
	case n < 8:
		c.fault, c.left = broken[c.rng.IntN(len(broken))], 1+c.rng.IntN(2)
		if c.name != booking.ChannelBooking && c.fault != "slow" {
			c.left += c.rng.IntN(6)
		}
	case n < 13:
		c.fault = harmless[c.rng.IntN(len(harmless))]
	case n < 20 && c.mayHide:
		c.fault, c.left, c.mayHide = "vanished", 1+c.rng.IntN(2), false
		if bookings := c.upcoming(); bookings >= 4 {
			c.fault, c.left = []string{"shrunk", "no_events"}[c.rng.IntN(2)], 1+c.rng.IntN(7)
		}
	}
}

// upcoming counts the reservations of the future that we know.
func (c *shop) upcoming() int {
	n := 0
	for id, sold := range c.seen {
		if now, still := c.sales[id]; still && now == sold && !sold.closed && sold.stay.CheckIn.After(c.season.today().AddDays(2)) {
			n++
		}
	}
	return n
}

// sold are the nights of reservations, closed those that the channel closes for another reason of its own.
func (c *shop) nights() (sold, closed map[booking.Date]bool) {
	sold, closed = map[booking.Date]bool{}, map[booking.Date]bool{}
	for _, sale := range c.sales {
		if sale.closed {
			add(closed, sale.stay)
			continue
		}
		add(sold, sale.stay)
		add(closed, booking.Stay{CheckIn: sale.stay.CheckIn.AddDays(-c.preparation), CheckOut: sale.stay.CheckOut.AddDays(c.preparation)})
	}
	return sold, closed
}
