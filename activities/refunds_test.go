package activities_test

import (
	"context"
	"encoding/json"
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
	link, found, err := c.store.PaymentLink(ctx, r.Code, 1)
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

func TestRefundOfADisputedPaymentIsNotTakenForDone(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.surplus()
	number, err := strconv.ParseInt(id, 10, 64)
	require.NoError(t, err)
	_, err = c.market.Dispute(t.Context(), number, control.DisputeMediation)
	require.NoError(t, err)
	for range 2 {
		_, err = c.giveBack(id)
		requireFinal(t, err)
		require.Equal(t, "failed parked 0", c.booked(id))
	}

	_, err = c.market.Dispute(t.Context(), number, control.DisputeWon)
	require.NoError(t, err)
	amount, err := c.giveBack(id)
	require.NoError(t, err, "it can go back now")
	require.Equal(t, booking.Pesos(300), amount)
	require.Equal(t, "done refunded 30000", c.booked(id))
	require.Len(t, c.refunds(id), 1)
}

func TestRefundThatWasMadeInThePanel(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.surplus()
	number, err := strconv.ParseInt(id, 10, 64)
	require.NoError(t, err)
	_, err = c.market.RefundFromPanel(t.Context(), number, "300")
	require.NoError(t, err)
	amount, err := c.giveBack(id)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(300), amount)
	require.Equal(t, "done refunded 30000", c.booked(id))
	require.Len(t, c.refunds(id), 1)
}

func TestPartOfARefundThatWasMadeInThePanel(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.surplus()
	number, err := strconv.ParseInt(id, 10, 64)
	require.NoError(t, err)
	_, err = c.market.RefundFromPanel(t.Context(), number, "100")
	require.NoError(t, err)
	_, err = c.giveBack(id)
	requireFinal(t, err)
	require.Equal(t, "failed parked 0", c.booked(id), "what the panel gave back is the payment's next report")
}

func TestRefundOutlivesItsKey(t *testing.T) {
	t.Parallel()
	tests := map[string]control.MercadoPagoFaults{
		"the answer was cut":   {CutNext: new(1)},
		"and is not ready yet": {CutNext: new(1), RefundsInProcess: new(true)},
	}
	for name, faults := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openTill(t)
			id := c.surplus()
			c.faults(faults)
			_, err := c.giveBack(id)
			require.Error(t, err)
			c.faults(control.MercadoPagoFaults{CallFaults: control.CallFaults{Outage: new(true)}})
			for range 3 {
				c.later(10 * time.Hour)
				_, err = c.giveBack(id)
				require.Error(t, err, "nobody knows yet")
			}
			c.faults(control.MercadoPagoFaults{CallFaults: control.CallFaults{Outage: new(false)}})
			for range 2 {
				c.later(25 * time.Hour)
				amount, err := c.giveBack(id)
				require.NoError(t, err)
				require.Equal(t, booking.Pesos(300), amount)
				require.Len(t, c.refunds(id), 1, "the money went back once")
			}
			require.Equal(t, strconv.FormatInt(c.refunds(id)[0].ID, 10), c.ask(`SELECT provider_refund_id FROM refunds`))
		})
	}
}

func TestRefundThatNeverArrivedIsSentAgainAfterTheKey(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.surplus()
	c.faults(control.MercadoPagoFaults{CallFaults: control.CallFaults{OutageReset: new(true)}})
	_, err := c.giveBack(id)
	require.Error(t, err)
	c.faults(control.MercadoPagoFaults{CallFaults: control.CallFaults{OutageReset: new(false)}})
	c.later(48 * time.Hour)
	_, err = c.giveBack(id)
	require.NoError(t, err)
	require.Equal(t, "done refunded 30000", c.booked(id))
}

func TestTwoRefundsOfOneAmountAreNotTakenForOne(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.surplus()
	part := workflows.RefundInput{Code: c.code, PaymentID: id, Amount: booking.Pesos(100), Reason: "first"}
	_, err := c.RefundPayment(t.Context(), part)
	require.NoError(t, err)
	c.faults(control.MercadoPagoFaults{CallFaults: control.CallFaults{OutageReset: new(true)}})
	part.Reason = "second"
	_, err = c.RefundPayment(t.Context(), part)
	require.Error(t, err)
	c.faults(control.MercadoPagoFaults{CallFaults: control.CallFaults{OutageReset: new(false)}})
	c.later(25 * time.Hour)
	_, err = c.RefundPayment(t.Context(), part)
	require.NoError(t, err)
	require.Len(t, c.refunds(id), 2)
	require.Equal(t, "2", c.ask(`SELECT count(DISTINCT provider_refund_id)::text FROM refunds WHERE status = 'done'`))
}

func TestRefundThatIsRejectedLater(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.surplus()
	c.faults(control.MercadoPagoFaults{RefundsInProcess: new(true)})
	_, err := c.giveBack(id)
	require.NoError(t, err)
	require.Equal(t, "in_process to_refund 0", c.booked(id))
	_, err = c.market.SettleRefund(t.Context(), c.refunds(id)[0].ID, "rejected")
	require.NoError(t, err)
	for range 2 {
		_, err = c.giveBack(id)
		requireFinal(t, err)
		require.Equal(t, "failed parked 0", c.booked(id), "the key would answer what it answered the first time")
	}
	require.Len(t, c.refunds(id), 1)
}

func TestRefundIsFollowedByTheReportsOfItsPayment(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"approved", "rejected"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			c := openTill(t)
			id := c.surplus()
			c.faults(control.MercadoPagoFaults{RefundsInProcess: new(true)})
			_, err := c.giveBack(id)
			require.NoError(t, err)
			c.later(time.Hour)
			_, err = c.market.SettleRefund(t.Context(), c.refunds(id)[0].ID, end)
			require.NoError(t, err)
			number, err := strconv.ParseInt(id, 10, 64)
			require.NoError(t, err)
			settled := c.look(number)
			if end == "approved" {
				require.Equal(t, booking.VerdictSettled, settled.Verdict)
				require.Equal(t, "done refunded 30000", c.booked(id))
				return
			}
			require.Equal(t, booking.VerdictReturn, settled.Verdict, "it still has to go back")
			require.Equal(t, "failed to_refund 0", c.booked(id))
			_, err = c.giveBack(id)
			requireFinal(t, err)
		})
	}
}

func TestRefundThatWasRejectedBeforeItsAnswerCame(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	id := c.surplus()
	c.faults(control.MercadoPagoFaults{CutNext: new(1), RefundsInProcess: new(true)})
	_, err := c.giveBack(id)
	require.Error(t, err)
	_, err = c.market.SettleRefund(t.Context(), c.refunds(id)[0].ID, "rejected")
	require.NoError(t, err)
	_, err = c.giveBack(id)
	requireFinal(t, err)
	require.Equal(t, "failed parked 0", c.booked(id))
	require.Len(t, c.refunds(id), 1)
}

func (c *till) spoil(id int64, body string) {
	c.t.Helper()
	require.NoError(c.t, c.market.SetRawPayment(c.t.Context(), id, control.RawPayment{Body: &body, Silent: true}))
}

func TestUnreadablePaymentIsParkedWithWhatCame(t *testing.T) {
	t.Parallel()
	bodies := map[string]string{
		"no id":                        `{"id":null,"status":"approved","payer":{"email":"ana@example.com"}}`,
		"a list":                       `[{"id":5,"payer":{"email":"ana@example.com"}}]`,
		"what a database cannot store": `{"id":null,"status":"a\u0000b","transaction_amount":1e200000}`,
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openTill(t)
			id := c.pay()
			c.spoil(id, body)
			parked := c.look(id)
			require.Equal(t, booking.VerdictPark, parked.Verdict)
			require.True(t, parked.News)
			require.Equal(t, c.code, parked.Code)
			require.Equal(t, booking.PreReserved, parked.Status)
			paymentID := strconv.FormatInt(id, 10)
			require.Equal(t, "parked unknown", c.ask(`SELECT disposition || ' ' || status FROM payments WHERE provider_id = $1`, paymentID))
			kept := c.ask(`SELECT raw::text FROM payment_events`)
			require.NotEmpty(t, kept)
			require.NotContains(t, kept, "ana@example.com")

			require.NoError(t, c.market.SetRawPayment(t.Context(), id, control.RawPayment{Silent: true}))
			settled := c.look(id)
			require.Equal(t, booking.VerdictConfirm, settled.Verdict, "once it can be read it counts")
			require.True(t, settled.News)

			c.spoil(id, body)
			require.False(t, c.look(id).News)
			require.Equal(t, "applied approved", c.ask(`SELECT disposition || ' ' || status FROM payments WHERE provider_id = $1`, paymentID))
		})
	}
}

func TestOneBadResultDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	good, bad := c.pay(), c.pay()
	c.spoil(bad, `{"id":null,"status":"approved"}`)

	first, err := c.ReconcilePayments(t.Context())
	require.NoError(t, err)
	require.Len(t, first.Items, 2)
	require.Len(t, c.tasks.late, 2)
	ids := []string{c.tasks.late[0].PaymentID, c.tasks.late[1].PaymentID}
	require.Contains(t, ids, strconv.FormatInt(good, 10))

	swept, err := c.SweepPayments(t.Context(), workflows.ReservationRef{Code: c.code})
	require.NoError(t, err)
	verdicts := map[booking.Verdict]string{}
	for _, settled := range swept.Items {
		require.Equal(t, c.code, settled.Code)
		require.True(t, settled.News)
		verdicts[settled.Verdict] = settled.PaymentID
	}
	require.Equal(t, strconv.FormatInt(good, 10), verdicts[booking.VerdictConfirm])
	require.Contains(t, ids, verdicts[booking.VerdictPark])
	var kept map[string]any
	require.NoError(t, json.Unmarshal([]byte(c.ask(`SELECT e.raw::text FROM payment_events e JOIN payments p ON p.id = e.payment_id
		WHERE p.provider_id = $1`, verdicts[booking.VerdictPark])), &kept))
	require.Equal(t, "approved", kept["status"])

	// Whoever was woken for the unreadable one finds the case and can tell the owner.
	heard, err := c.SettlePayment(t.Context(), workflows.SettleInput{PaymentID: verdicts[booking.VerdictPark], Code: c.code})
	require.NoError(t, err)
	require.Equal(t, booking.VerdictPark, heard.Verdict)
	require.Equal(t, booking.Confirmed, heard.Status)
}
