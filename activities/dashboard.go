package activities

import (
	"context"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// DashboardDesk makes the figures that an owner looks at. It changes nothing.
type DashboardDesk struct {
	Store DashboardStore
	// Calendars tells how feeds are; nil when there are none.
	Calendars *Calendars
	Now       func() time.Time
}

// DashboardStore is what figures are made of.
type DashboardStore interface {
	Property(ctx context.Context) (booking.Property, error)
	Dashboard(ctx context.Context, query postgres.DashboardQuery) (postgres.DashboardFacts, error)
}

// longestDashboard is how many days figures are made of: two years and a day.
const longestDashboard = 732

// Dashboard is how the business does. The figures of the range are of stay nights unless they say otherwise; api/admin_dashboard.go
// has each formula in words.
type Dashboard struct {
	Days     booking.Stay
	Today    booking.Date
	TimeZone string

	Nights booking.Nights
	// Revenue is the price of the nights we sold, ADR that of one, RevPAR spread over all that could be sold.
	Revenue, ADR, RevPAR booking.Money
	Stays                StayFigures
	Pace                 Pace
	Channels             []ChannelFigures
	Funnel               postgres.DashboardFunnel
	Counts               postgres.DashboardCounts
	// Moved is the money that came and went within the range, Lately within the last 24 hours.
	Moved, Lately postgres.DashboardMoney
	Feeds         FeedFigures

	Holds, Arrivals, InHouse, Departures []postgres.DashboardBooking
}

// StayFigures are of bookings that arrive within the range.
type StayFigures struct {
	// Arriving are those that stand, Cancelled those that were confirmed and cancelled.
	Arriving, Cancelled int
	// Nights and LeadDays are averages over those that stand; 0 when there are none.
	Nights, LeadDays float64
}

// CancellationRate is how many hundredths of the confirmed bookings were cancelled.
func (f StayFigures) CancellationRate() float64 {
	return booking.Share(f.Cancelled, f.Arriving+f.Cancelled)
}

// Sold is what was sold by us.
type Sold struct {
	Nights  int
	Revenue booking.Money
}

// Pace compares what is sold of a range with what was sold of the same days a year before, a year ago; and with what that came to.
type Pace struct {
	Earlier                    booking.Stay
	Now, YearAgo, YearAgoFinal Sold
}

// ChannelFigures are of one channel. Ours is false for what other channels sold and told in a feed: its price is not known here.
type ChannelFigures struct {
	Channel  booking.Channel
	Ours     bool
	Bookings int
	Sold
}

// FeedFigures count feeds: each is in one of them, the worst it is. OldestGood is the age of the oldest last good answer of those
// that are not paused.
type FeedFigures struct {
	Well, Stale, Failing, Quarantined, Paused int
	OldestGood                                time.Duration
}

// Figures are of [from, to) at the property: no dates are the current month. Accommodation 0 is all.
func (d *DashboardDesk) Figures(ctx context.Context, accommodationID int64, from, to booking.Date) (Dashboard, error) {
	property, err := d.Store.Property(ctx)
	if err != nil {
		return Dashboard{}, err
	}
	now := d.Now()
	today := booking.DateIn(now, property.Location)
	if from.IsZero() {
		from = today.AddDays(1 - today.Time().Day())
	}
	if to.IsZero() {
		to = from.AddMonths(1)
	}
	switch {
	case !from.Before(to):
		return Dashboard{}, booking.Refuse(booking.CodeInvalidDates, "to is not after from")
	case from.DaysUntil(to) > longestDashboard:
		return Dashboard{}, booking.Refuse(booking.CodeTooLong, "figures are of %d days at most", longestDashboard)
	}
	query := postgres.DashboardQuery{AccommodationID: accommodationID, Days: booking.Stay{CheckIn: from, CheckOut: to},
		Earlier: booking.Stay{CheckIn: from.AddMonths(-12), CheckOut: to.AddMonths(-12)}, Today: today, Property: property, Now: now}
	facts, err := d.Store.Dashboard(ctx, query)
	if err != nil {
		return Dashboard{}, err
	}
	dashboard := figuresOf(query, facts)
	dashboard.Feeds, err = d.feeds(ctx, accommodationID)
	return dashboard, err
}

func (d *DashboardDesk) feeds(ctx context.Context, accommodationID int64) (FeedFigures, error) {
	var f FeedFigures
	if d.Calendars == nil {
		return f, nil
	}
	feeds, err := d.Calendars.Feeds(ctx, accommodationID)
	if err != nil {
		return f, err
	}
	for _, feed := range feeds {
		since := feed.LastGoodAt
		if since.IsZero() {
			since = feed.CreatedAt
		}
		age := max(d.Now().Sub(since), 0)
		if feed.PausedAt.IsZero() {
			f.OldestGood = max(f.OldestGood, age)
		}
		switch {
		case !feed.DeletedAt.IsZero():
		case !feed.PausedAt.IsZero():
			f.Paused++
		case !feed.QuarantinedAt.IsZero():
			f.Quarantined++
		case age >= d.Calendars.StaleAfter:
			f.Stale++
		case feed.Failures > 0:
			f.Failing++
		default:
			f.Well++
		}
	}
	return f, nil
}
