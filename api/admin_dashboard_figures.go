package api

import (
	"math"
	"time"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/store/postgres"
)

func dashboardOf(f activities.Dashboard, now time.Time) dashboard {
	return dashboard{
		From: f.Days.CheckIn.String(), To: f.Days.CheckOut.String(), Today: f.Today.String(), TimeZone: f.TimeZone,
		Nights: nightFigures{Total: f.Nights.Total, Available: f.Nights.Available(), Sold: f.Nights.Sold(), Booked: f.Nights.Booked,
			Elsewhere: f.Nights.Elsewhere, Blocked: f.Nights.Blocked, Held: f.Nights.Held, Occupancy: f.Nights.Occupancy()},
		Revenue: revenueFigures{Stays: moneyOf(f.Revenue), ADR: moneyOf(f.ADR), RevPAR: moneyOf(f.RevPAR)},
		Money: moneyFigures{Received: moneyOf(f.Moved.Received), Returned: moneyOf(f.Moved.Returned),
			Net: moneyOf(f.Moved.Received.Minus(f.Moved.Returned)), Disputed: moneyOf(f.Moved.Disputed), Payments: f.Moved.Payments},
		Stays: stayFigures{Arrivals: f.Stays.Arriving, Cancelled: f.Stays.Cancelled, CancellationRate: f.Stays.CancellationRate(),
			AverageNights: f.Stays.Nights, AverageLead: f.Stays.LeadDays},
		Pace:     paceFiguresOf(f.Pace),
		Channels: channelFiguresOf(f.Channels),
		Funnel:   funnelFiguresOf(f.Funnel),
		Holds:    holdFiguresOf(f.Counts),
		Feeds: feedFigures{Well: f.Feeds.Well, Failing: f.Feeds.Failing, Stale: f.Feeds.Stale, Quarantined: f.Feeds.Quarantined,
			Paused: f.Feeds.Paused, OldestGood: int(f.Feeds.OldestGood.Seconds())},
		Lately: latelyFigures{New: f.Counts.New, Confirmed: f.Counts.Confirmed, Cancelled: f.Counts.Cancelled, Paid: f.Lately.Payments,
			Received: moneyOf(f.Lately.Received), Returned: moneyOf(f.Lately.Returned)},
		Now: nowFiguresOf(f, now),
	}
}

func paceFiguresOf(p activities.Pace) paceFigures {
	sold := func(s activities.Sold) soldFigures { return soldFigures{Nights: s.Nights, Revenue: moneyOf(s.Revenue)} }
	figures := paceFigures{EarlierFrom: p.Earlier.CheckIn.String(), EarlierTo: p.Earlier.CheckOut.String(),
		Now: sold(p.Now), YearAgo: sold(p.YearAgo), YearAgoFinal: sold(p.YearAgoFinal)}
	figures.Nights = shareOrNull(p.Now.Nights-p.YearAgo.Nights, p.YearAgo.Nights)
	return figures
}

func channelFiguresOf(channels []activities.ChannelFigures) []channelFigures {
	nights := 0
	for _, c := range channels {
		nights += c.Nights
	}
	figures := make([]channelFigures, 0, len(channels))
	for _, c := range channels {
		figures = append(figures, channelFigures{Channel: string(c.Channel), Ours: c.Ours, Bookings: c.Bookings, Nights: c.Nights,
			Revenue: moneyOf(c.Revenue), Share: booking.Share(c.Nights, nights)})
	}
	return figures
}

func funnelFiguresOf(f postgres.DashboardFunnel) funnelFigures {
	figures := funnelFigures{Conversations: f.Conversations, Quoted: f.Quoted, Held: f.Held, Paid: f.Paid, Answered: f.Answered}
	if f.Answered > 0 {
		seconds := math.Round(f.MedianReply.Seconds()*1000) / 1000
		figures.FirstReply = &seconds
	}
	return figures
}

func holdFiguresOf(c postgres.DashboardCounts) holdFigures {
	return holdFigures{Placed: c.Holds, Open: c.HoldsOpen, Expired: c.HoldsExpired, ExpiryRate: shareOrNull(c.HoldsExpired, c.Holds-c.HoldsOpen)}
}

func nowFiguresOf(f activities.Dashboard, now time.Time) nowFigures {
	stays := func(all []postgres.DashboardBooking) []nowStay {
		shown := make([]nowStay, 0, len(all))
		for _, b := range all {
			shown = append(shown, nowStayOf(b))
		}
		return shown
	}
	figures := nowFigures{DepositsWaiting: f.Counts.DepositsWaiting, DepositsWaitingSum: moneyOf(f.Counts.DepositsWaitingSum),
		BalancesDue: f.Counts.BalancesDue, BalancesDueSum: moneyOf(f.Counts.BalancesDueSum), Holds: []nowHold{},
		Arrivals: stays(f.Arrivals), InHouse: stays(f.InHouse), Departures: stays(f.Departures)}
	for _, b := range f.Holds {
		figures.Holds = append(figures.Holds, nowHoldOf(b, now))
	}
	return figures
}

// shareOrNull is [booking.Share], null of nothing.
func shareOrNull(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	share := booking.Share(part, whole)
	return &share
}
