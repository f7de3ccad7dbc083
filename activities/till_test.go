package activities_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/internal/observe"
	"cabanas/migrations"
	"cabanas/sandbox"
	"cabanas/sandbox/control"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// till is the payment activities between a real Postgres and the sandbox for Mercado Pago, with a hold to be paid.
type till struct {
	*activities.Payments
	t      *testing.T
	market *control.Client
	client *mercadopago.Client
	store  *postgres.Store
	sql    *pgxpool.Pool
	tasks  *woken
	code   string
	link   string

	mu  sync.Mutex
	now time.Time
}

// woken notes the payments that workflows were told of; no booking runs.
type woken struct {
	activities.Processes
	mu   sync.Mutex
	late []workflows.LatePaymentInput
}

func (w *woken) Payment(context.Context, string, string) (bool, error) { return false, nil }

func (w *woken) LatePayment(_ context.Context, in workflows.LatePaymentInput) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.late = append(w.late, in)
	return nil
}

func (c *till) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *till) later(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func openTill(t *testing.T) *till {
	t.Helper()
	c := &till{t: t, tasks: &woken{}, now: time.Date(2026, time.November, 22, 15, 0, 0, 0, time.UTC)}
	database := embeddedtest.Database(t, migrations.Up)
	var err error
	c.store, err = postgres.Open(t.Context(), database, 5)
	require.NoError(t, err)
	t.Cleanup(c.store.Close)
	c.sql, err = pgxpool.New(t.Context(), database)
	require.NoError(t, err)
	t.Cleanup(c.sql.Close)

	served := httptest.NewUnstartedServer(nil)
	address := "http://" + served.Listener.Addr().String()
	stand, err := sandbox.New(sandbox.Options{
		PublicURL: address, Clock: c.clock, Seed: 7, PhoneNumberID: "1", AccessToken: "a", AppSecret: "b", VerifyToken: "c",
		MercadoPagoAccessToken: "TEST-token", MercadoPagoWebhookSecret: "secret", MercadoPagoWebhookURL: address + "/nobody",
	})
	require.NoError(t, err)
	served.Config.Handler = stand.Handler()
	served.Start()
	c.market = control.NewClient(address, nil)
	t.Cleanup(func() {
		require.NoError(t, stand.Close())
		c.market.CloseIdle()
		served.Close()
	})
	c.client, err = mercadopago.New(mercadopago.Options{BaseURL: address + "/mp", Token: "TEST-token", Now: c.clock})
	require.NoError(t, err)
	c.Payments = &activities.Payments{
		Store: c.store, Provider: c.client, Locks: noLocks{}, Processes: c.tasks, Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: c.clock,
		NotificationURL: &url.URL{Scheme: "https", Host: "cabins.example"},
	}
	c.hold()
	return c
}

type noLocks struct{ activities.NightLocks }

func (noLocks) Release(context.Context, int64, []booking.Date, string) error { return nil }

// hold is a hold of three hours with a deposit of 300 pesos and its link.
func (c *till) hold() {
	c.t.Helper()
	ctx := c.t.Context()
	place, err := c.store.CreateAccommodation(ctx, booking.Accommodation{Name: "Arrayán", Type: booking.Cabin, Capacity: 4, Active: true,
		Rate: booking.Rate{Base: booking.Pesos(500), WeekendPercent: 100, MinNights: 1}})
	require.NoError(c.t, err)
	guest, err := c.store.UpsertGuest(ctx, postgres.Guest{Phone: "543515550101", Name: "Ana"})
	require.NoError(c.t, err)
	from := booking.MustDate("2027-01-10")
	r, err := c.store.PlaceHold(ctx, postgres.NewHold{
		Code: booking.NewCode(c.clock(), [3]byte{1, 2, 3}), AccommodationID: place, GuestID: guest, Stay: booking.Stay{CheckIn: from, CheckOut: from.AddDays(2)},
		Guests: 2, Channel: booking.ChannelDirect, TokenHash: []byte("hash"), ExpiresAt: c.clock().Add(3 * time.Hour),
		Quote: booking.Quote{Lines: []booking.Line{{Kind: booking.LineNight, Night: from, Amount: booking.Pesos(1000), Reason: "base price"}},
			Total: booking.Pesos(1000), Deposit: booking.Pesos(300), RateVersion: 1},
	}, c.clock())
	require.NoError(c.t, err)
	c.code = r.Code
	_, err = c.CreatePaymentLink(ctx, workflows.LinkInput{Code: r.Code, Attempt: 1})
	require.NoError(c.t, err)
	link, found, err := c.store.PaymentLink(ctx, r.Code, booking.LinkDeposit, 1)
	require.NoError(c.t, err)
	require.True(c.t, found)
	c.link = link.ProviderID
}

// pay makes a payment that no notification tells of.
func (c *till) pay() int64 {
	c.t.Helper()
	paid, err := c.market.Pay(c.t.Context(), control.NewPayment{PreferenceID: c.link, Silent: true, Late: true})
	require.NoError(c.t, err)
	return paid.ID
}

// surplus is a second payment, which has to go back.
func (c *till) surplus() string {
	c.t.Helper()
	require.Equal(c.t, booking.VerdictConfirm, c.look(c.pay()).Verdict)
	id := c.pay()
	require.Equal(c.t, booking.VerdictReturn, c.look(id).Verdict)
	return strconv.FormatInt(id, 10)
}

func (c *till) look(id int64) workflows.Settlement {
	c.t.Helper()
	settled, err := c.SettlePayment(c.t.Context(), workflows.SettleInput{PaymentID: strconv.FormatInt(id, 10), Code: c.code})
	require.NoError(c.t, err)
	return settled
}

func (c *till) giveBack(paymentID string) (booking.Money, error) {
	result, err := c.RefundPayment(c.t.Context(), workflows.RefundInput{Code: c.code, PaymentID: paymentID, Reason: "surplus"})
	return result.Amount, err
}

func (c *till) faults(f control.MercadoPagoFaults) {
	c.t.Helper()
	require.NoError(c.t, c.market.SetMercadoPagoFaults(c.t.Context(), f))
}

// refunds are what Mercado Pago gave back of a payment, in any state.
func (c *till) refunds(paymentID string) []control.Refund {
	c.t.Helper()
	id, err := strconv.ParseInt(paymentID, 10, 64)
	require.NoError(c.t, err)
	refunds, err := c.market.Refunds(c.t.Context(), id)
	require.NoError(c.t, err)
	return refunds
}

func (c *till) ask(query string, args ...any) string {
	c.t.Helper()
	var answer string
	require.NoError(c.t, c.sql.QueryRow(c.t.Context(), query, args...).Scan(&answer))
	return answer
}

// booked is the refund of a payment and where its money is, as our ledger has them.
func (c *till) booked(paymentID string) string {
	c.t.Helper()
	return c.ask(`SELECT f.status || ' ' || p.disposition || ' ' || p.refunded_centavos FROM refunds f JOIN payments p ON p.id = f.payment_id
		WHERE p.provider_id = $1`, paymentID)
}

func requireFinal(t *testing.T, err error) {
	t.Helper()
	var failure *temporal.ApplicationError
	require.ErrorAs(t, err, &failure)
	require.True(t, failure.NonRetryable(), "the workflow has to hear of it and tell the owner")
	require.Equal(t, workflows.ErrorPaymentRejected, failure.Type())
}
