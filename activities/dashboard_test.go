package activities_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/store/postgres"
)

// season is a January that was reckoned by hand, looked at on the 20th at noon.
type season struct {
	*books
	other int64
	n     int
}

// sell places a hold at a local instant, and has it paid in cash at another; no pesos are no payment.
func (s *season) sell(cabin int64, channel booking.Channel, in, out string, total int64, made, paid string, pesos int64) string {
	s.t.Helper()
	s.n++
	stay := booking.Stay{CheckIn: booking.MustDate(in), CheckOut: booking.MustDate(out)}
	r, err := s.PlaceHold(s.t.Context(), postgres.NewHold{
		Code: fmt.Sprintf("RES270101%06X", s.n), AccommodationID: cabin, GuestID: s.guest, Guests: 2, Channel: channel, Stay: stay,
		TokenHash: []byte("hash"), ExpiresAt: s.at(made).Add(3 * time.Hour),
		Quote: booking.Quote{Total: booking.Pesos(total), Deposit: booking.Pesos(total).Percent(30), RateVersion: 1,
			Lines: []booking.Line{{Kind: booking.LineNight, Night: stay.CheckIn, Amount: booking.Pesos(total), Reason: "base price"}}},
	}, s.at(made))
	require.NoError(s.t, err)
	if pesos > 0 {
		_, err = s.RecordPayment(s.t.Context(), postgres.RecordedPayment{Code: r.Code, Method: booking.ByCash, Amount: booking.Pesos(pesos), Key: r.Code,
			By: s.staff, Via: "staff"}, s.at(paid))
		require.NoError(s.t, err)
	}
	return r.Code
}

func (s *season) exec(statement string, args ...any) {
	s.t.Helper()
	_, err := s.sql.Exec(s.t.Context(), statement, args...)
	require.NoError(s.t, err)
}

func (s *season) imported(cabin int64, kind, from, to string) {
	s.t.Helper()
	s.exec(`WITH f AS (INSERT INTO calendar_feeds (accommodation_id, channel, url) VALUES ($1, 'airbnb', 'https://x/' || $2 || $3) RETURNING id),
		e AS (INSERT INTO calendar_feed_events (feed_id, uid, start_date, end_date, kind, first_seen, last_seen)
			SELECT id, 'u', $3::text::date, $4::text::date, $2, now(), now() FROM f RETURNING id)
		INSERT INTO calendar_blocks (accommodation_id, start_date, end_date, source, feed_event_id) SELECT $1, $3::text::date, $4::text::date, 'feed', id FROM e`,
		cabin, kind, from, to)
}

func (s *season) says(direction string, guest int64, at, body string) {
	s.t.Helper()
	s.n++
	s.exec(`INSERT INTO messages (guest_id, direction, kind, body, provider_id, status, sent_at, created_at, effect_key)
		VALUES ($1, $2, 'text', $3, $4, CASE $2 WHEN 'in' THEN 'answered' ELSE 'sent' END, $5, $5, CASE $2 WHEN 'out' THEN $4 END)`,
		guest, direction, json.RawMessage(body), fmt.Sprint("wamid.", s.n), s.at(at))
}

func (s *season) figures(accommodation int64) activities.Dashboard {
	s.t.Helper()
	desk := activities.DashboardDesk{Store: s, Now: func() time.Time { return s.at("2027-01-20 12:00:00") }}
	d, err := desk.Figures(s.t.Context(), accommodation, booking.Date{}, booking.Date{})
	require.NoError(s.t, err)
	require.Equal(s.t, "2027-01-01/2027-02-01", d.Days.String(), "the month that it is")
	return d
}

func newSeason(t *testing.T) *season {
	t.Helper()
	s := &season{books: openBooks(t)}
	var err error
	s.other, err = s.CreateAccommodation(t.Context(), booking.Accommodation{Name: "Arrayán", Type: booking.Cabin, Capacity: 4, Active: true,
		Rate: booking.Rate{Base: booking.Pesos(50_000), WeekendPercent: 100, MinNights: 1}})
	require.NoError(t, err)
	return s
}

func (s *season) play() (hold, arriving string) {
	s.t.Helper()
	ctx, t := s.t.Context(), s.t
	over := s.sell(s.cabin, booking.ChannelWhatsApp, "2026-12-30", "2027-01-03", 400_000, "2026-12-01 10:00:00", "2026-12-05 10:00:00", 400_000)
	direct := s.sell(s.cabin, booking.ChannelDirect, "2027-01-03", "2027-01-06", 100_000, "2027-01-01 09:00:00", "", 0)
	s.settle(told("1", direct, "2027-01-01T10:00:00.000-03:00", s.at("2027-01-01 10:00:00")))
	s.returns("1", 5_000, "goodwill", s.at("2027-01-10 10:00:00"))
	for _, code := range []string{over, direct} {
		_, err := s.CompleteStay(ctx, code, s.at("2027-01-06 10:00:00"))
		require.NoError(t, err)
	}
	s.sell(s.cabin, booking.ChannelDirect, "2027-01-30", "2027-02-02", 100_000, "2027-01-10 10:00:00", "2027-01-10 11:00:00", 30_000)
	absent := s.sell(s.other, booking.ChannelDirect, "2027-01-10", "2027-01-12", 80_000, "2027-01-04 10:00:00", "2027-01-04 11:00:00", 24_000)
	_, err := s.MarkNoShow(ctx, absent, s.staff.UserID, booking.MustDate("2027-01-11"), s.at("2027-01-11 10:00:00"))
	require.NoError(t, err)
	gone := s.sell(s.other, booking.ChannelDirect, "2027-01-25", "2027-01-27", 100_000, "2027-01-06 10:00:00", "2027-01-06 11:00:00", 50_000)
	_, err = s.Cancel(ctx, gone, booking.ByGuest, "asked", s.at("2027-01-19 15:00:00"))
	require.NoError(t, err)
	lapsed := s.sell(s.other, booking.ChannelWhatsApp, "2027-01-15", "2027-01-17", 100_000, "2027-01-13 10:00:00", "", 0)
	_, err = s.ExpireHold(ctx, lapsed, s.at("2027-01-13 13:00:00"))
	require.NoError(t, err)
	arriving = s.sell(s.other, booking.ChannelWhatsApp, "2027-01-20", "2027-01-21", 50_000, "2027-01-19 12:30:00", "2027-01-19 13:00:00", 50_000)
	hold = s.sell(s.other, booking.ChannelDirect, "2027-01-22", "2027-01-24", 100_000, "2027-01-20 11:00:00", "", 0)
	// A year ago now, the second was not sold yet.
	s.sell(s.cabin, booking.ChannelDirect, "2026-01-05", "2026-01-09", 200_000, "2025-12-01 10:00:00", "2025-12-01 11:00:00", 200_000)
	s.sell(s.cabin, booking.ChannelDirect, "2026-01-28", "2026-01-30", 90_000, "2026-01-25 10:00:00", "2026-01-25 11:00:00", 90_000)

	s.imported(s.other, "reservation", "2027-01-28", "2027-02-03")
	s.imported(s.other, "closure", "2027-01-05", "2027-01-07")
	s.imported(s.cabin, "unknown", "2027-01-31", "2027-02-01") // lands on ours
	s.exec(`INSERT INTO calendar_blocks (accommodation_id, start_date, end_date) VALUES ($1, '2027-01-10', '2027-01-12')`, s.cabin)

	stranger, err := s.UpsertGuest(ctx, postgres.Guest{Phone: "541100000002"})
	require.NoError(t, err)
	s.says("in", s.guest, "2026-12-31 23:59:59", `{}`) // another month
	s.says("out", s.guest, "2027-01-01 00:00:00", `{}`)
	s.says("in", s.guest, "2027-01-05 10:00:00", `{}`)
	s.says("out", s.guest, "2027-01-05 10:00:04", `{"choices": [{"id": "acc_1_2027-01-30_2027-02-02_2"}]}`)
	s.says("in", s.guest, "2027-01-05 11:00:00", `{}`)
	s.says("in", stranger, "2027-01-06 10:00:00", `{}`)
	s.says("out", stranger, "2027-01-06 10:00:10", `{"choices": [{"id": "menu_help"}]}`)
	return hold, arriving
}

func TestAKnownSeason(t *testing.T) {
	t.Parallel()
	s := newSeason(t)
	hold, arriving := s.play()
	d := s.figures(0)
	require.Equal(t, "2027-01-20", d.Today.String())

	// Two cabins of 31 nights. Sold: 2 of the first (it began in December), 3, 2 (it ends in February), 2 of who did not come, 1.
	// The imported night of the 31st is ours already. Closed: 2 at the channel, 2 by hand.
	require.Equal(t, booking.Nights{Total: 62, Held: 2, Blocked: 4, Elsewhere: 4, Booked: 10}, d.Nights)
	require.InDelta(t, 24.14, d.Nights.Occupancy(), 0.001, "14 of 58")
	// 2/4 of 400,000; 100,000; 2/3 of 100,000; 24,000 that were kept; 50,000.
	require.Equal(t, "440666.66", d.Revenue.Decimal())
	require.Equal(t, "44066.67", d.ADR.Decimal(), "over 10 nights")
	require.Equal(t, "7597.70", d.RevPAR.Decimal(), "over 58 nights")

	require.Equal(t, activities.StayFigures{Arriving: 4, Cancelled: 1, Nights: 2.25, LeadDays: 7.25}, d.Stays, "3+3+2+1 nights, 2+20+6+1 days")
	require.InDelta(t, 20.0, d.Stays.CancellationRate(), 0.001)

	require.Equal(t, activities.Sold{Nights: 10, Revenue: booking.Centavos(496_666_66)}, d.Pace.Now, "at the agreed price, also of who did not come")
	require.Equal(t, activities.Sold{Nights: 4, Revenue: booking.Pesos(200_000)}, d.Pace.YearAgo)
	require.Equal(t, activities.Sold{Nights: 6, Revenue: booking.Pesos(290_000)}, d.Pace.YearAgoFinal)
	require.Equal(t, "2026-01-01/2026-02-01", d.Pace.Earlier.String())

	require.Equal(t, postgres.DashboardMoney{Payments: 5, Received: booking.Pesos(184_000), Returned: booking.Pesos(5_000), Disputed: booking.Pesos(0)}, d.Moved,
		"30+30+24+50+50; what was paid in December is not of it")
	require.Equal(t, postgres.DashboardMoney{Payments: 1, Received: booking.Pesos(50_000), Returned: booking.Pesos(0), Disputed: booking.Pesos(0)}, d.Lately)
	require.Equal(t, postgres.DashboardCounts{Holds: 7, HoldsOpen: 1, HoldsExpired: 1, New: 2, Confirmed: 1, Cancelled: 1,
		DepositsWaiting: 1, DepositsWaitingSum: booking.Pesos(30_000), BalancesDue: 1, BalancesDueSum: booking.Pesos(70_000)}, d.Counts)
	require.Equal(t, postgres.DashboardFunnel{Conversations: 2, Quoted: 1, Held: 1, Paid: 1, Answered: 2, MedianReply: 7 * time.Second}, d.Funnel)

	require.Equal(t, []activities.ChannelFigures{
		{Channel: booking.ChannelDirect, Ours: true, Bookings: 3, Sold: activities.Sold{Nights: 7, Revenue: booking.Centavos(190_666_66)}},
		{Channel: booking.ChannelAirbnb, Bookings: 2, Sold: activities.Sold{Nights: 5, Revenue: booking.Pesos(0)}},
		{Channel: booking.ChannelWhatsApp, Ours: true, Bookings: 2, Sold: activities.Sold{Nights: 3, Revenue: booking.Pesos(250_000)}},
	}, d.Channels)

	require.Len(t, d.Holds, 1)
	require.Equal(t, hold, d.Holds[0].Code)
	require.True(t, d.Holds[0].ExpiresAt.Equal(s.at("2027-01-20 14:00:00")))
	require.Equal(t, booking.Pesos(30_000), d.Holds[0].Due)
	require.Len(t, d.Arrivals, 1)
	require.Equal(t, arriving, d.Arrivals[0].Code)
	require.Equal(t, d.Arrivals, d.InHouse)
	require.Empty(t, d.Departures)

	one := s.figures(s.cabin)
	require.Equal(t, booking.Nights{Total: 31, Blocked: 2, Booked: 7}, one.Nights)
	require.Equal(t, "366666.66", one.Revenue.Decimal())
	require.Equal(t, booking.Pesos(60_000), one.Moved.Received)
	require.Equal(t, 1, one.Counts.BalancesDue)
	require.Equal(t, 2, one.Funnel.Conversations, "nobody writes to a cabin")
	require.Empty(t, one.Holds)
}

func TestDashboardLimits(t *testing.T) {
	t.Parallel()
	s := newSeason(t)
	desk := activities.DashboardDesk{Store: s, Now: func() time.Time { return s.at("2027-01-31 23:30:00") }}
	d, err := desk.Figures(t.Context(), 0, booking.Date{}, booking.Date{})
	require.NoError(t, err)
	require.Equal(t, "2027-01-31", d.Today.String(), "at the property, when it is February in UTC")
	require.Equal(t, "2027-01-01/2027-02-01", d.Days.String())
	require.Zero(t, d.Nights.Occupancy())
	require.True(t, d.ADR.IsZero())
	day := booking.MustDate("2027-01-10")
	_, err = desk.Figures(t.Context(), 0, day, day)
	require.ErrorContains(t, err, "to is not after from")
	_, err = desk.Figures(t.Context(), 0, day, day.AddDays(733))
	require.ErrorContains(t, err, "at most")
	_, err = desk.Figures(t.Context(), 99, day, day.AddDays(1))
	require.ErrorContains(t, err, "no accommodation")

	s.exec(`UPDATE accommodations SET active = false WHERE id = $1`, s.other)
	d, err = desk.Figures(t.Context(), 0, day, day.AddDays(10))
	require.NoError(t, err)
	require.Equal(t, 10, d.Nights.Total, "what is not on offer has no nights")
}
