package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/accounts"
	"cabanas/store/postgres"
)

const tagDashboard = "Dashboard"

// DashboardDesk makes the owner's figures; *activities.DashboardDesk is one.
type DashboardDesk interface {
	// Figures are of [from, to) at the property; no dates are the current month, accommodation 0 is all.
	Figures(ctx context.Context, accommodationID int64, from, to booking.Date) (activities.Dashboard, error)
}

func addDashboard(s staff, o *Options) {
	if o.Dashboard == nil {
		return
	}
	routes := dashboardRoutes{o}
	staffRoute(s, accounts.ReadOnly, huma.Operation{
		OperationID: "get-dashboard", Method: http.MethodGet, Path: prefix + "/admin/dashboard", Tags: []string{tagDashboard}, Summary: "How the business does",
		Description: "Each figure has its formula beside it. A night belongs to the day of its evening; a range is from its first day to before its last. " +
			"Today, days and months are the property's. Money is of the property's currency.",
		Errors: []int{http.StatusNotFound, http.StatusUnprocessableEntity},
	}, routes.get)
}

type dashboardRoutes struct{ *Options }

type dashboardInput struct {
	From            string `query:"from" format:"date" example:"2027-01-01" doc:"First day; the first of the current month when absent."`
	To              string `query:"to" format:"date" example:"2027-02-01" doc:"First day that is not of it any more; a month after from when absent. Two years at most."`
	AccommodationID int64  `query:"accommodation_id" minimum:"0" doc:"Only of this one; 0 or absent is all."`
}

type dashboardOutput struct{ Body dashboard }

type dashboard struct {
	From     string `json:"from" format:"date"`
	To       string `json:"to" format:"date" doc:"Not of the range."`
	Today    string `json:"today" format:"date"`
	TimeZone string `json:"time_zone" example:"America/Argentina/Buenos_Aires"`

	Nights   nightFigures     `json:"nights"`
	Revenue  revenueFigures   `json:"revenue"`
	Money    moneyFigures     `json:"money"`
	Stays    stayFigures      `json:"stays"`
	Pace     paceFigures      `json:"pace"`
	Channels []channelFigures `json:"channels" nullable:"false" doc:"Channel mix, the most nights first."`
	Funnel   funnelFigures    `json:"funnel"`
	Holds    holdFigures      `json:"holds"`
	Feeds    feedFigures      `json:"feeds"`
	Lately   latelyFigures    `json:"last_24_hours"`
	Now      nowFigures       `json:"now"`
}

type nightFigures struct {
	Total     int     `json:"total" doc:"Accommodations on offer × days of the range, and the sold nights of those that are not on offer any more."`
	Available int     `json:"available" doc:"total − blocked."`
	Sold      int     `json:"sold" doc:"booked + elsewhere."`
	Booked    int     `json:"booked" doc:"Sold by us: nights of bookings that are confirmed, completed or whose guest did not come. Each night of an accommodation counts once, in the first of booked, elsewhere, blocked, held."`
	Elsewhere int     `json:"elsewhere" doc:"Sold on other channels: imported events that the channel does not call a closure."`
	Blocked   int     `json:"blocked" doc:"Closed by hand, here or at another channel."`
	Held      int     `json:"held" doc:"Kept for unpaid holds, and for offers of other nights."`
	Occupancy float64 `json:"occupancy_percent" minimum:"0" maximum:"100" doc:"sold ÷ available × 100; 0 when nothing was available."`
}

type revenueFigures struct {
	Stays  money `json:"stays" doc:"By nights slept: the total of each booking counted in nights.booked, cleaning included, spread evenly over its nights, for those within the range; of a guest who did not come, what was paid and not returned. What other channels brought is not known here."`
	ADR    money `json:"adr" doc:"Average daily rate: stays ÷ nights.booked."`
	RevPAR money `json:"revpar" doc:"Revenue per available night: stays ÷ nights.available. Nights sold on other channels are among the available, with no revenue."`
}

type moneyFigures struct {
	Received money `json:"received" doc:"What was credited within the range, by the provider's clock, or seen by the owner; whatever the stay. From the ledger."`
	Returned money `json:"returned" doc:"What went back within the range: our refunds that are done, and those made at the provider."`
	Net      money `json:"net" doc:"received − returned."`
	Disputed money `json:"disputed" doc:"What disputes that began within the range are about; it is not taken from net until it is lost."`
	Payments int   `json:"payments" doc:"How many payments received is made of."`
}

type stayFigures struct {
	Arrivals         int     `json:"arrivals" doc:"Bookings that arrive within the range and stand, or whose guest did not come."`
	Cancelled        int     `json:"cancelled" doc:"Bookings that would have arrived within the range, were confirmed, and were cancelled."`
	CancellationRate float64 `json:"cancellation_percent" doc:"cancelled ÷ (arrivals + cancelled) × 100. Holds that were given up are not among them: see holds."`
	AverageNights    float64 `json:"average_nights" doc:"Nights of the bookings of arrivals, whole stays, ÷ arrivals."`
	AverageLead      float64 `json:"average_lead_days" doc:"Days from making a booking to its arrival, averaged over arrivals."`
}

type soldFigures struct {
	Nights  int   `json:"nights"`
	Revenue money `json:"revenue"`
}

type paceFigures struct {
	EarlierFrom  string      `json:"year_ago_from" format:"date"`
	EarlierTo    string      `json:"year_ago_to" format:"date"`
	Now          soldFigures `json:"now" doc:"Nights of the range that are confirmed and not cancelled, at their full price."`
	YearAgo      soldFigures `json:"year_ago" doc:"The same of the same dates a year before, as it stood a year ago now."`
	YearAgoFinal soldFigures `json:"year_ago_final" doc:"What those dates came to in the end, as revenue.stays."`
	Nights       *float64    `json:"nights_change_percent" doc:"(now − year_ago) ÷ year_ago × 100; null when year_ago had none."`
}

type channelFigures struct {
	Channel  string  `json:"channel" example:"whatsapp"`
	Ours     bool    `json:"ours" doc:"Whether we sold it; false for what a feed tells of another channel, whose price is not known here."`
	Bookings int     `json:"bookings" doc:"Bookings, or events of the feed, with nights within the range."`
	Nights   int     `json:"nights" doc:"Their nights within the range."`
	Revenue  money   `json:"revenue" doc:"As revenue.stays."`
	Share    float64 `json:"nights_percent" doc:"nights ÷ the nights of all channels × 100."`
}

type funnelFigures struct {
	Conversations int      `json:"conversations" doc:"Guests who wrote within the range; of all accommodations, whichever is asked for. The other steps are of those guests."`
	Quoted        int      `json:"quoted" doc:"Who was shown a priced stay to choose within the range."`
	Held          int      `json:"held" doc:"Who made a booking within the range."`
	Paid          int      `json:"paid" doc:"Who made one that was confirmed."`
	Answered      int      `json:"answered" doc:"Who was answered."`
	FirstReply    *float64 `json:"median_first_reply_seconds" doc:"Median of the time from the first message of each within the range to the first one said after it within a day, by the bot or a person; null when nobody was answered."`
}

type holdFigures struct {
	Placed     int      `json:"placed" doc:"Bookings that were made with a deadline within the range."`
	Open       int      `json:"open" doc:"Of placed, those that still wait."`
	Expired    int      `json:"expired" doc:"Of placed, those whose deadline passed and that were not paid later."`
	ExpiryRate *float64 `json:"expired_percent" doc:"expired ÷ (placed − open) × 100; null when none is decided."`
}

type feedFigures struct {
	Well        int `json:"well" doc:"The last fetch was good and is not too old."`
	Failing     int `json:"failing" doc:"The last fetch failed, the last good one is not too old."`
	Stale       int `json:"stale" doc:"The last good fetch is older than the alarm of the settings."`
	Quarantined int `json:"quarantined" doc:"Lost many events at once: wait for the owner."`
	Paused      int `json:"paused"`
	OldestGood  int `json:"oldest_good_seconds" doc:"Age of the oldest last good fetch, of feeds that are not paused."`
}

type latelyFigures struct {
	New       int   `json:"new" doc:"Bookings made, holds included."`
	Confirmed int   `json:"confirmed"`
	Cancelled int   `json:"cancelled"`
	Paid      int   `json:"paid" doc:"Payments that came in."`
	Received  money `json:"received" doc:"What they brought."`
	Returned  money `json:"returned" doc:"What went back."`
}

type nowFigures struct {
	DepositsWaiting    int       `json:"deposits_waiting" doc:"Open holds whose deposit is not paid whole."`
	DepositsWaitingSum money     `json:"deposits_waiting_sum" doc:"What is missing of those deposits."`
	BalancesDue        int       `json:"balances_due" doc:"Confirmed bookings that are not paid whole."`
	BalancesDueSum     money     `json:"balances_due_sum" doc:"Their totals less what was paid and not returned."`
	Holds              []nowHold `json:"holds" nullable:"false" doc:"Open holds, the first to expire first."`
	Arrivals           []nowStay `json:"arrivals" nullable:"false" doc:"Who arrives today."`
	InHouse            []nowStay `json:"in_house" nullable:"false" doc:"Who sleeps here tonight, arrivals included."`
	Departures         []nowStay `json:"departures" nullable:"false" doc:"Who leaves today."`
}

type nowStay struct {
	Code            string `json:"code" example:"RES261120A1B2C3"`
	AccommodationID int64  `json:"accommodation_id"`
	Accommodation   string `json:"accommodation" example:"Cabaña Nahuel"`
	CheckIn         string `json:"check_in" format:"date"`
	CheckOut        string `json:"check_out" format:"date"`
	Guests          int    `json:"guests"`
	Due             money  `json:"due" doc:"What is missing of the total."`
}

type nowHold struct {
	Code            string    `json:"code" example:"RES261120A1B2C3"`
	AccommodationID int64     `json:"accommodation_id"`
	Accommodation   string    `json:"accommodation" example:"Cabaña Nahuel"`
	CheckIn         string    `json:"check_in" format:"date"`
	CheckOut        string    `json:"check_out" format:"date"`
	Guests          int       `json:"guests"`
	Due             money     `json:"due" doc:"What is missing of the deposit."`
	ExpiresAt       time.Time `json:"expires_at"`
	SecondsLeft     int       `json:"seconds_left" doc:"Until then; 0 when it is over."`
}

func (r dashboardRoutes) get(ctx context.Context, in *dashboardInput) (*dashboardOutput, error) {
	var from, to booking.Date
	for _, day := range []struct {
		name, text string
		date       *booking.Date
	}{{"from", in.From, &from}, {"to", in.To, &to}} {
		if day.text == "" {
			continue
		}
		date, err := booking.ParseDate(day.text)
		if err != nil || date.Time().Year() < 1900 || date.Time().Year() > 2200 {
			return nil, invalidField(ctx, "query", day.name, "expected a date such as 2027-01-31")
		}
		*day.date = date
	}
	figures, err := r.Dashboard.Figures(ctx, in.AccommodationID, from, to)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "make the dashboard", err)
	}
	return &dashboardOutput{Body: dashboardOf(figures, r.Now())}, nil
}

func nowStayOf(b postgres.DashboardBooking) nowStay {
	return nowStay{Code: b.Code, AccommodationID: b.AccommodationID, Accommodation: b.UnitName, CheckIn: b.Nights.CheckIn.String(),
		CheckOut: b.Nights.CheckOut.String(), Guests: b.Guests, Due: moneyOf(b.Due)}
}

func nowHoldOf(b postgres.DashboardBooking, now time.Time) nowHold {
	s := nowStayOf(b)
	return nowHold{Code: s.Code, AccommodationID: s.AccommodationID, Accommodation: s.Accommodation, CheckIn: s.CheckIn, CheckOut: s.CheckOut,
		Guests: s.Guests, Due: s.Due, ExpiresAt: b.ExpiresAt.UTC(), SecondsLeft: int(max(b.ExpiresAt.Sub(now), 0).Seconds())}
}
