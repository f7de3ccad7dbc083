package histories

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/internal/observe"
	"cabanas/migrations"
	"cabanas/sandbox"
	"cabanas/sandbox/control"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

const (
	holdFor   = 30 * time.Minute
	extension = 30 * time.Minute
	grace     = 72 * time.Hour
	day       = 24 * time.Hour

	// apart is how far in time one history is from the next in the same database, so that none looks at the other's.
	apart = 200 * day
	// perDatabase keeps the years within those that nanoseconds can count, and the tables small.
	perDatabase = 400

	ownerPhone = "543515550199"
)

// till is a database, the activities over it and a provider, on a clock that histories set.
type till struct {
	store        *postgres.Store
	sql          *pgxpool.Pool
	market       *control.Client
	reservations *activities.Reservations
	payments     *activities.Payments
	messaging    *activities.Messaging
	cabin        int64 // the one that is booked; there is another
	played       int
	start        time.Time
	close        func()

	mu    sync.Mutex
	clock func() time.Time
	tasks processes
}

// processes is how activities reach workflows: through whatever the history that is played has running.
type processes interface {
	payment(code, paymentID string) bool
	late(in workflows.LatePaymentInput)
	resume(in workflows.BookingInput)
}

func (c *till) now() time.Time {
	c.mu.Lock()
	clock := c.clock
	c.mu.Unlock()
	return clock()
}

// hand gives the clock and the workflows of the next history to the activities.
func (c *till) hand(clock func() time.Time, tasks processes) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock, c.tasks = clock, tasks
}

func (c *till) running() processes {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tasks
}

// openTill gives fresh servers; close them before the next.
func openTill(t *testing.T) *till {
	t.Helper()
	// Activities compare the deadlines of their tries with the real clock, so histories begin after it.
	start := time.Now().UTC().Truncate(time.Hour).Add(day)
	c := &till{start: start, clock: func() time.Time { return start }}
	database := embeddedtest.Database(t, migrations.Up)
	var err error
	c.store, err = postgres.Open(t.Context(), database, 6)
	require.NoError(t, err)
	c.sql, err = pgxpool.New(t.Context(), database)
	require.NoError(t, err)

	const address = "http://sandbox.example"
	stand, err := sandbox.New(sandbox.Options{
		PublicURL: address, Clock: c.now, Seed: 1, PhoneNumberID: "1", AccessToken: "a", AppSecret: "b", VerifyToken: "c",
		MercadoPagoAccessToken: "TEST-token", MercadoPagoWebhookSecret: "secret", MercadoPagoWebhookURL: address + "/nobody",
	})
	require.NoError(t, err)
	direct := &http.Client{Transport: inProcess{stand.Handler()}}
	c.market = control.NewClient(address, direct)
	client, err := mercadopago.New(mercadopago.Options{BaseURL: address + "/mp", Token: "TEST-token", HTTPClient: direct, Now: c.now})
	require.NoError(t, err)
	c.serve(client)
	for _, name := range []string{"Lenga", "Arrayán"} {
		c.cabin, err = c.store.CreateAccommodation(t.Context(), booking.Accommodation{Name: name, Type: booking.Cabin, Capacity: 4, Active: true,
			Rate: booking.Rate{Base: booking.Pesos(1000), WeekendPercent: 100, MinNights: 1}})
		require.NoError(t, err)
	}
	c.close = func() {
		require.NoError(t, stand.Close())
		c.store.Close()
		c.sql.Close()
	}
	return c
}

func (c *till) serve(provider *mercadopago.Client) {
	metrics := observe.NewMetrics(prometheus.NewRegistry())
	terms := activities.Terms{HoldFor: holdFor, Extension: extension, Grace: grace, AlternativeFor: 2 * time.Hour, DepositPercent: 30,
		RefundApprovalAbove: booking.Pesos(8000),
		Limits:              booking.Limits{HorizonMonths: 18, LongestStay: 60}}
	c.reservations = &activities.Reservations{Store: c.store, Locks: noLocks{}, Terms: terms, Metrics: metrics, Now: c.now}
	c.payments = &activities.Payments{
		Store: c.store, Provider: provider, Locks: noLocks{}, Processes: woken{c}, Bookings: woken{c}, Terms: terms, Metrics: metrics, Now: c.now,
		NotificationURL: &url.URL{Scheme: "https", Host: "cabins.example"},
	}
	c.messaging = &activities.Messaging{Store: c.store, WhatsApp: &post{}, Again: woken{c}, OwnerPhone: ownerPhone, Terms: terms,
		Metrics: metrics, Now: c.now}
}

// inProcess carries requests to a handler without a network between.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body == nil {
		request.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	p.handler.ServeHTTP(recorder, request)
	_, _ = io.Copy(io.Discard, request.Body)
	return recorder.Result(), request.Body.Close()
}

// woken passes on what activities tell workflows.
type woken struct{ till *till }

func (w woken) Message(context.Context, int64, workflows.MessageSignal) error { return nil }

func (w woken) Redelivery(context.Context, int64) error { return nil }

func (w woken) Payment(_ context.Context, code, paymentID string) (bool, error) {
	return w.till.running().payment(code, paymentID), nil
}

func (w woken) LatePayment(_ context.Context, in workflows.LatePaymentInput) error {
	w.till.running().late(in)
	return nil
}

func (w woken) Resume(_ context.Context, in workflows.BookingInput) error {
	w.till.running().resume(in)
	return nil
}

// post takes every message: what people are told is looked up in the database.
type post struct {
	mu   sync.Mutex
	sent int
}

func (p *post) Send(context.Context, whatsapp.Recipient, whatsapp.Message) (whatsapp.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent++
	return whatsapp.Receipt{MessageID: fmt.Sprintf("wamid.%d", p.sent)}, nil
}

type noLocks struct{}

func (noLocks) Acquire(context.Context, int64, []booking.Date, string, time.Duration) (bool, string, error) {
	return true, "", nil
}

func (noLocks) Release(context.Context, int64, []booking.Date, string) error { return nil }

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	m.Run()
}
