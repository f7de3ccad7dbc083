package activities_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// placer places holds as a Booking workflow would.
type placer struct {
	activities.Bookings
	c      *coast
	starts int
}

func (p *placer) Start(ctx context.Context, in workflows.BookingInput) (workflows.HoldOutcome, error) {
	p.starts++
	_, err := p.c.store.PlaceHold(ctx, postgres.NewHold{
		Code: in.Code, AccommodationID: in.AccommodationID, GuestID: in.GuestID, Stay: in.Stay, Guests: in.Guests, Channel: in.Channel,
		TokenHash: in.TokenHash, ExpiresAt: p.c.clock().Add(time.Hour), Quote: booking.Quote{Total: booking.Pesos(100), Deposit: booking.Pesos(30)},
	}, p.c.clock())
	return workflows.HoldOutcome{Placed: err == nil}, err
}

func (c *coast) story(code string) (kinds []string) {
	c.t.Helper()
	events, err := c.store.Events(c.t.Context(), code)
	require.NoError(c.t, err)
	for _, event := range events {
		kinds = append(kinds, event.Kind)
	}
	return kinds
}

func TestAHoldIsNotPlacedOnNightsThatAChannelJustSold(t *testing.T) {
	t.Parallel()
	c := newCoast(t)
	bookings := &placer{c: c}
	desk := &activities.FrontDesk{Store: c.store, Bookings: bookings, Feeds: c.Calendars, Metrics: c.Metrics, Now: c.clock,
		Terms: activities.Terms{HoldFor: time.Hour, DepositPercent: 30, Limits: booking.Limits{HorizonMonths: 18, LongestStay: 30}}}
	wish := func(from, nights int) (activities.Booked, error) {
		return desk.Book(t.Context(), activities.BookRequest{
			AccommodationID: c.cabin, Stay: booking.Stay{CheckIn: c.in(from), CheckOut: c.in(from + nights)}, Guests: 2,
			Name: "Ana", Phone: "+" + anasPhone, Channel: booking.ChannelDirect,
		})
	}
	c.publishes(c.stay("a", 10, 3))
	_, err := wish(11, 1)
	var taken *activities.TakenError
	require.ErrorAs(t, err, &taken)
	require.Zero(t, bookings.starts, "no workflow is started for it")

	booked, err := wish(20, 2)
	require.NoError(t, err)
	require.Equal(t, []string{"held"}, c.story(booked.Code))
	require.EqualValues(t, 1, c.fetches.Load(), "fresh a moment ago")

	c.later(2 * time.Minute)
	c.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	booked, err = wish(30, 2)
	require.NoError(t, err, "a channel that is away stops no booking")
	require.Equal(t, []string{"held", "calendar_stale"}, c.story(booked.Code), "and it is said")
}

// counter is a payment provider that knows one payment.
type counter struct {
	activities.PaymentProvider
	payment mercadopago.Payment
}

func (p *counter) Payment(context.Context, int64) (mercadopago.Payment, error) { return p.payment, nil }

func (p *counter) Refunds(context.Context, int64) ([]mercadopago.Refund, error) { return nil, nil }

type lostLocks struct{ activities.NightLocks }

func (lostLocks) Release(context.Context, int64, []booking.Date, string) error {
	return errors.New("not here")
}

func TestFeedsAreAskedBeforeAPaymentConfirms(t *testing.T) {
	t.Parallel()
	c := newCoast(t)
	c.publishes()
	c.sync()
	c.later(2 * time.Minute)
	r := c.hold(10, 3)
	c.publishes(c.stay("a", 11, 3))
	before := c.fetches.Load()
	provider := &counter{payment: mercadopago.Payment{
		ID: 77, Status: booking.ProviderPending, ExternalReference: r.Code, Amount: booking.Pesos(30), DateLastUpdated: c.clock(),
	}}
	payments := &activities.Payments{Store: c.store, Provider: provider, Locks: lostLocks{}, Feeds: c.Calendars, Metrics: c.Metrics, Now: c.clock}
	settle := func() {
		_, err := payments.SettlePayment(t.Context(), workflows.SettleInput{PaymentID: "77", Code: r.Code})
		require.NoError(t, err)
	}
	settle()
	require.Equal(t, before, c.fetches.Load(), "a payment that is pending promises nothing")

	provider.payment.Status, provider.payment.DateLastUpdated = booking.ProviderApproved, c.clock().Add(time.Second)
	settle()
	require.Equal(t, before+1, c.fetches.Load())
	conflicts, err := c.store.Conflicts(t.Context(), true, 5)
	require.NoError(t, err)
	require.Len(t, conflicts, 1, "the ledger decided with it")

	c.later(2 * time.Minute)
	settle()
	require.Equal(t, before+1, c.fetches.Load(), "a payment that is known asks nobody")
}
