package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// unlocked are night locks that nobody else wants.
type unlocked struct{}

func (unlocked) Acquire(context.Context, int64, []booking.Date, string, time.Duration) (bool, string, error) {
	return true, "", nil
}
func (unlocked) Release(context.Context, int64, []booking.Date, string) error { return nil }

// One season is seen by who asks through the API, by who asks in the chat, by who is offered something else, by the price table
// and by the hold itself, and then no more by the booking that was made.
func TestEverybodyIsToldThePriceOfTheSeason(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	clock := func() time.Time { return h.now }
	terms := activities.Terms{HoldFor: time.Hour, DepositPercent: 30, Limits: booking.Limits{HorizonMonths: 18, LongestStay: 30}}
	desk := &activities.CatalogueDesk{Store: h.store, Terms: terms, Now: clock}
	cabin := ask[int64](h, `SELECT id FROM accommodations`)
	owner := postgres.Author{Kind: "command"}
	summer, err := desk.AddRule(t.Context(), owner, booking.RateRuleChange{Name: new("Verano"), Percent: new(150), MinNights: new(3),
		Dates: &[]booking.NightRange{{First: booking.MustDate("2027-01-01"), Last: booking.MustDate("2027-02-28")}}})
	require.NoError(t, err)

	stay := booking.Stay{CheckIn: booking.MustDate("2027-01-10"), CheckOut: booking.MustDate("2027-01-13")} // from a Sunday
	total := booking.Pesos(3 * 75_000)
	seen, err := h.Desk.Availability(t.Context(), activities.AvailabilityRequest{AccommodationID: cabin, Stay: stay, Guests: 2})
	require.NoError(t, err)
	require.True(t, seen.Available)
	require.Equal(t, total, seen.Quote.Total)
	require.Equal(t, summer.ID, seen.Quote.Lines[0].RuleID)
	short, err := h.Desk.Availability(t.Context(), activities.AvailabilityRequest{AccommodationID: cabin, Guests: 2,
		Stay: booking.Stay{CheckIn: stay.CheckIn, CheckOut: stay.CheckIn.AddDays(2)}})
	require.NoError(t, err)
	require.Equal(t, booking.CodeTooShort, short.Reason)

	guest := h.from(ana, said("hola, ¿hay lugar del 10 al 13 de enero para 2?"))
	require.Contains(t, h.sent(h.decide(workflows.TurnInput{GuestID: guest}).Deliver...)[0], "225.000")

	hurried := h.from("5491155550177", said("hola, ¿hay lugar del 20 al 21 de enero para 2?"))
	require.Contains(t, h.sent(h.decide(workflows.TurnInput{GuestID: hurried}).Deliver...)[0], "3 noches")

	table, err := desk.PriceTable(t.Context(), cabin, stay)
	require.NoError(t, err)
	require.Equal(t, booking.NightPrice{Line: seen.Quote.Lines[0], LeastNights: 3}, table[0])

	reservations := &activities.Reservations{Store: h.store, Locks: unlocked{}, Terms: terms, Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: clock}
	wish := workflows.BookingInput{Code: booking.NewCode(h.now, [3]byte{1}), AccommodationID: cabin, GuestID: guest, Stay: stay, Guests: 2,
		Channel: booking.ChannelDirect, HoldFor: time.Hour}
	tooShort := wish
	tooShort.Stay.CheckOut = stay.CheckIn.AddDays(1)
	_, err = reservations.PlaceHold(t.Context(), tooShort)
	require.ErrorContains(t, err, "fewer than the minimum of 3")
	_, err = reservations.PlaceHold(t.Context(), wish)
	require.NoError(t, err)
	held, err := h.store.Reservation(t.Context(), wish.Code)
	require.NoError(t, err)
	require.Equal(t, seen.Quote, held.Quote)

	taken, err := h.Desk.Availability(t.Context(), activities.AvailabilityRequest{AccommodationID: cabin, Stay: stay, Guests: 2})
	require.NoError(t, err)
	require.NotEmpty(t, taken.Alternatives)
	require.Equal(t, booking.Pesos(3*75_000), taken.Alternatives[0].Total.Minus(booking.Pesos(15_000).Times(weekendNights(taken.Alternatives[0].Stay))))

	_, err = desk.ChangeRule(t.Context(), owner, summer.ID, summer.Version, booking.RateRuleChange{Percent: new(300)})
	require.NoError(t, err)
	kept, err := h.store.Reservation(t.Context(), wish.Code)
	require.NoError(t, err)
	require.Equal(t, seen.Quote, kept.Quote, "a quote that is held never changes")
	dearer, err := h.Desk.Availability(t.Context(), activities.AvailabilityRequest{AccommodationID: cabin, Stay: stay.Shift(14), Guests: 2})
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(3*150_000), dearer.Quote.Total)
	require.Equal(t, 2, dearer.Quote.Lines[0].RuleVersion)
	h.clean()
}

// weekendNights cost 15,000 more in the season of this test.
func weekendNights(stay booking.Stay) (n int) {
	for _, night := range stay.EachNight() {
		if booking.IsWeekendNight(night) {
			n++
		}
	}
	return n
}
