package activities

import (
	"cmp"
	"slices"
	"time"

	"cabanas/booking"
	"cabanas/booking/feed"
	"cabanas/store/postgres"
)

func figuresOf(q postgres.DashboardQuery, facts postgres.DashboardFacts) Dashboard {
	zone := q.Property.Location
	d := Dashboard{Days: q.Days, Today: q.Today, TimeZone: zone.String(), Nights: nightsOfRange(q.Days, facts), Funnel: facts.Funnel,
		Counts: facts.Counts, Moved: facts.Moved, Lately: facts.Lately, Pace: paceOf(q, facts.Stays), Channels: channelsOf(q, facts)}
	d.Revenue.Currency = q.Property.Currency
	var nights, lead int
	for _, s := range facts.Stays {
		if price, sold := priceOf(q, s); sold {
			d.Revenue.Centavos += price.PartOf(s.Nights, q.Days).Centavos
		}
		if s.Nights.CheckIn.Before(q.Days.CheckIn) || !s.Nights.CheckIn.Before(q.Days.CheckOut) {
			continue
		}
		switch {
		case stands(s):
			d.Stays.Arriving++
			nights += s.Nights.Nights()
			lead += max(booking.DateIn(s.CreatedAt, zone).DaysUntil(s.Nights.CheckIn), 0)
		case s.Status == booking.Cancelled:
			d.Stays.Cancelled++
		}
	}
	if n := d.Stays.Arriving; n > 0 {
		// hundredths of a hundred are the average with two decimals
		d.Stays.Nights, d.Stays.LeadDays = booking.Share(nights, n*100), booking.Share(lead, n*100)
	}
	d.ADR, d.RevPAR = d.Revenue.Over(d.Nights.Booked), d.Revenue.Over(d.Nights.Available())
	for _, b := range facts.Today {
		switch {
		case b.Status == booking.PreReserved:
			d.Holds = append(d.Holds, b)
		case b.Nights.CheckIn == q.Today:
			d.Arrivals = append(d.Arrivals, b)
		case b.Nights.CheckOut == q.Today:
			d.Departures = append(d.Departures, b)
		}
		if b.Status != booking.PreReserved && b.Nights.CheckOut != q.Today {
			d.InHouse = append(d.InHouse, b)
		}
	}
	return d
}

// stands reports whether a booking was paid for and not given up; whoever did not come had it all the same.
func stands(s postgres.DashboardStay) bool {
	return s.Status == booking.Confirmed || s.Status == booking.Completed || s.Status == booking.NoShow
}

// priceOf is what the nights of a booking bring: its price, or what was kept of somebody who did not come. False when they bring
// nothing, or in another currency than the property's.
func priceOf(q postgres.DashboardQuery, s postgres.DashboardStay) (booking.Money, bool) {
	price := s.Total
	if s.Status == booking.NoShow {
		price = s.Kept
	}
	return price, stands(s) && price.Currency == q.Property.Currency
}

func nightsOfRange(days booking.Stay, facts postgres.DashboardFacts) booking.Nights {
	var offered []int64
	for _, unit := range facts.Units {
		if unit.Active {
			offered = append(offered, unit.ID)
		}
	}
	o := booking.NewOccupancy(days, offered)
	for _, s := range facts.Stays {
		switch {
		case stands(s):
			o.Use(s.AccommodationID, s.Nights, booking.NightBooked)
		case s.Status == booking.PreReserved:
			o.Use(s.AccommodationID, s.Nights, booking.NightHeld)
		}
	}
	for _, c := range facts.Closures {
		use := booking.NightBlocked
		switch {
		case soldElsewhere(c):
			use = booking.NightElsewhere
		case c.Source == "offer":
			use = booking.NightHeld
		}
		o.Use(c.AccommodationID, c.Nights, use)
	}
	return o.Count()
}

// soldElsewhere reports whether a block is another channel's booking; what the channel does not call a closure may be one.
func soldElsewhere(c postgres.DashboardClosure) bool {
	return c.Source == "feed" && feed.Kind(c.Kind) != feed.Closure
}

func paceOf(q postgres.DashboardQuery, stays []postgres.DashboardStay) Pace {
	nothing := Sold{Revenue: booking.Money{Currency: q.Property.Currency}}
	pace := Pace{Earlier: q.Earlier, Now: nothing, YearAgo: nothing, YearAgoFinal: nothing}
	yearAgo := q.Now.AddDate(-1, 0, 0)
	for _, s := range stays {
		if s.Total.Currency != q.Property.Currency {
			continue
		}
		if stoodAt(s, q.Now) {
			pace.Now.add(s, s.Total, q.Days)
		}
		if stoodAt(s, yearAgo) {
			pace.YearAgo.add(s, s.Total, q.Earlier)
		}
		if price, sold := priceOf(q, s); sold {
			pace.YearAgoFinal.add(s, price, q.Earlier)
		}
	}
	return pace
}

// stoodAt reports whether a booking was confirmed at an instant and not cancelled yet.
func stoodAt(s postgres.DashboardStay, at time.Time) bool {
	return !s.ConfirmedAt.IsZero() && !s.ConfirmedAt.After(at) && (s.CancelledAt.IsZero() || s.CancelledAt.After(at))
}

func (sold *Sold) add(s postgres.DashboardStay, price booking.Money, days booking.Stay) {
	sold.Nights += s.Nights.Within(days).Nights()
	sold.Revenue.Centavos += price.PartOf(s.Nights, days).Centavos
}

func channelsOf(q postgres.DashboardQuery, facts postgres.DashboardFacts) []ChannelFigures {
	found := []ChannelFigures{}
	of := func(channel booking.Channel, ours bool) *ChannelFigures {
		at := slices.IndexFunc(found, func(c ChannelFigures) bool { return c.Channel == channel && c.Ours == ours })
		if at < 0 {
			at = len(found)
			found = append(found, ChannelFigures{Channel: channel, Ours: ours, Sold: Sold{Revenue: booking.Money{Currency: q.Property.Currency}}})
		}
		return &found[at]
	}
	for _, s := range facts.Stays {
		if stands(s) && !s.Nights.Within(q.Days).IsZero() {
			price, sold := priceOf(q, s)
			if !sold {
				price = booking.Money{Currency: q.Property.Currency}
			}
			c := of(s.Channel, true)
			c.Bookings++
			c.add(s, price, q.Days)
		}
	}
	for _, closure := range facts.Closures {
		if soldElsewhere(closure) {
			c := of(booking.Channel(closure.Channel), false)
			c.Bookings++
			c.Nights += closure.Nights.Within(q.Days).Nights()
		}
	}
	slices.SortFunc(found, func(a, b ChannelFigures) int {
		return cmp.Or(cmp.Compare(b.Nights, a.Nights), cmp.Compare(a.Channel, b.Channel), boolOrder(a.Ours, b.Ours))
	})
	return found
}

func boolOrder(a, b bool) int {
	if a == b {
		return 0
	}
	if a {
		return -1
	}
	return 1
}
