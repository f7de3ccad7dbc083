package mercadopago_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/sandbox"
	"cabanas/sandbox/control"
)

const panelSecret = "panel secret"

// market is the stand-in of Mercado Pago with a client of ours and the notifications that came.
type market struct {
	client  *mercadopago.Client
	control *control.Client

	mu    sync.Mutex
	now   time.Time
	hooks []*http.Request
}

func open(t *testing.T) *market {
	t.Helper()
	m := &market{now: time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)}
	shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.hooks = append(m.hooks, r)
	}))
	t.Cleanup(shop.Close)
	served := httptest.NewUnstartedServer(nil)
	address := "http://" + served.Listener.Addr().String()
	s, err := sandbox.New(sandbox.Options{
		PublicURL: address, Clock: m.clock, Seed: 7, PhoneNumberID: "1", AccessToken: "a", AppSecret: "b", VerifyToken: "c",
		MercadoPagoAccessToken: "TEST-token", MercadoPagoWebhookSecret: panelSecret, MercadoPagoWebhookURL: shop.URL + "/hook",
	})
	require.NoError(t, err)
	served.Config.Handler = s.Handler()
	served.Start()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	m.control = control.NewClient(address, nil)
	t.Cleanup(func() {
		cancel()
		<-done
		require.NoError(t, s.Close())
		m.control.CloseIdle()
		served.Close()
	})
	m.client, err = mercadopago.New(mercadopago.Options{BaseURL: address + "/mp", Token: "TEST-token"})
	require.NoError(t, err)
	return m
}

func (m *market) clock() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *market) advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

func (m *market) received(t *testing.T, count int) []*http.Request {
	t.Helper()
	var got []*http.Request
	require.Eventually(t, func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		got = append([]*http.Request{}, m.hooks...)
		return len(got) >= count
	}, 15*time.Second, 5*time.Millisecond)
	return got
}

func (m *market) link(t *testing.T, reference string) mercadopago.Preference {
	t.Helper()
	preference, err := m.client.CreatePreference(t.Context(), mercadopago.PreferenceRequest{
		ItemID: reference, Title: "Seña", Amount: booking.Centavos(2700005), ExternalReference: reference, ValidTo: m.clock().Add(time.Hour),
	}, "preference:"+reference+":0")
	require.NoError(t, err)
	return preference
}

func (m *market) pay(t *testing.T, payment control.NewPayment) int64 {
	t.Helper()
	paid, err := m.control.Pay(t.Context(), payment)
	require.NoError(t, err)
	return paid.ID
}

func (m *market) payment(t *testing.T, id int64) mercadopago.Payment {
	t.Helper()
	payment, err := m.client.Payment(t.Context(), id)
	require.NoError(t, err)
	return payment
}

func TestTheLifeOfALinkAtTheStandIn(t *testing.T) {
	t.Parallel()
	m := open(t)
	link := m.link(t, "RES1")
	require.Equal(t, link.ID, m.link(t, "RES1").ID, "the same key is the same link")
	require.Equal(t, mercadopago.CollectorOf(link.ID), link.CollectorID)

	id := m.pay(t, control.NewPayment{PreferenceID: link.ID, Outcome: "pending"})
	require.NoError(t, m.client.ClosePreference(t.Context(), link.ID, m.clock()))
	_, err := m.control.Pay(t.Context(), control.NewPayment{PreferenceID: link.ID})
	require.Error(t, err)
	_, err = m.control.ChangePayment(t.Context(), id, control.PaymentChange{Status: "approved"})
	require.NoError(t, err, "begun before, approved after")
	require.Equal(t, booking.Centavos(2700005), m.payment(t, id).Amount)
	require.Equal(t, mercadopago.ReasonNotFound, mercadopago.ReasonOf(m.client.ClosePreference(t.Context(), "none", m.clock())))
}

func TestRefundsAndDisputesAtTheStandIn(t *testing.T) {
	t.Parallel()
	m := open(t)
	id := m.pay(t, control.NewPayment{PreferenceID: m.link(t, "RES1").ID})
	key, part := fmt.Sprintf("refund:%d:surplus", id), booking.Centavos(1000001)
	refund, err := m.client.Refund(t.Context(), id, &part, key)
	require.NoError(t, err)
	require.Equal(t, mercadopago.RefundDone, refund.State())
	again, err := m.client.Refund(t.Context(), id, &part, key)
	require.NoError(t, err)
	require.Equal(t, refund.ID, again.ID)
	other := booking.Centavos(1)
	_, err = m.client.Refund(t.Context(), id, &other, key)
	require.Equal(t, mercadopago.ReasonConflict, mercadopago.ReasonOf(err))
	tooMuch := booking.Centavos(1700005)
	_, err = m.client.Refund(t.Context(), id, &tooMuch, "k1")
	require.Equal(t, mercadopago.ReasonRefundAmount, mercadopago.ReasonOf(err))

	_, err = m.control.RefundFromPanel(t.Context(), id, "100.05")
	require.NoError(t, err)
	require.NoError(t, m.control.SetMercadoPagoFaults(t.Context(), control.MercadoPagoFaults{RefundsInProcess: new(true)}))
	slow, err := m.client.Refund(t.Context(), id, &other, "k2")
	require.NoError(t, err)
	require.Equal(t, mercadopago.RefundPending, slow.State())
	_, err = m.control.SettleRefund(t.Context(), slow.ID, "rejected")
	require.NoError(t, err)
	payment := m.payment(t, id)
	require.EqualValues(t, 1010006, payment.Refunded.Centavos, "the refused one does not count")
	require.Len(t, payment.Refunds, 3)
	require.Equal(t, mercadopago.RefundFailed, payment.Refunds[2].State())
	listed, err := m.client.Refunds(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, listed, 3)

	disputed := func(step string) mercadopago.Dispute {
		_, err := m.control.Dispute(t.Context(), id, step)
		require.NoError(t, err)
		return m.payment(t, id).Dispute()
	}
	require.Equal(t, mercadopago.DisputeOpen, disputed(control.DisputeMediation))
	_, err = m.client.Refund(t.Context(), id, nil, "k3")
	require.Equal(t, mercadopago.ReasonAlreadyRefunded, mercadopago.ReasonOf(err), "the state of the payment allows none")
	require.Equal(t, mercadopago.DisputeOpen, disputed(control.DisputeChargeback))
	require.Equal(t, mercadopago.DisputeWon, disputed(control.DisputeWon))
	require.Equal(t, mercadopago.DisputeNone, disputed(control.DisputeRestored))
	lost := m.pay(t, control.NewPayment{PreferenceID: m.link(t, "RES1").ID})
	id = lost
	require.Equal(t, mercadopago.DisputeOpen, disputed(control.DisputeChargeback))
	require.Equal(t, mercadopago.DisputeLost, disputed(control.DisputeLost))
}

func TestChargebackNotificationNamesThePayment(t *testing.T) {
	t.Parallel()
	m := open(t)
	require.NoError(t, m.control.SetMercadoPagoFaults(t.Context(), control.MercadoPagoFaults{LegacyTwins: new("never")}))
	id := m.pay(t, control.NewPayment{PreferenceID: m.link(t, "RES1").ID, Silent: true})
	_, err := m.control.Dispute(t.Context(), id, control.DisputeChargeback)
	require.NoError(t, err)
	for _, hook := range m.received(t, 2) {
		query := hook.URL.Query()
		check := mercadopago.SignatureCheck{Secrets: []string{"new", panelSecret}, Tolerance: time.Minute, Now: m.clock}
		require.NoError(t, check.Verify(hook.Header.Get(mercadopago.SignatureHeader), hook.Header.Get(mercadopago.RequestIDHeader), query.Get("data.id")))
		if query.Get("type") != "topic_chargebacks_wh" {
			continue
		}
		chargeback, err := m.client.Chargeback(t.Context(), query.Get("data.id"))
		require.NoError(t, err)
		require.Equal(t, []int64{id}, chargeback.PaymentIDs)
		require.True(t, chargeback.DocumentsDue.After(m.clock()))
	}
}

func TestBadSignaturesOfTheStandIn(t *testing.T) {
	t.Parallel()
	m := open(t)
	link := m.link(t, "RES1").ID
	verify := func(hook *http.Request) error {
		check := mercadopago.SignatureCheck{Secrets: []string{panelSecret}, Tolerance: time.Hour, Now: m.clock}
		return check.Verify(hook.Header.Get(mercadopago.SignatureHeader), hook.Header.Get(mercadopago.RequestIDHeader), hook.URL.Query().Get("data.id"))
	}
	set := func(f control.MercadoPagoFaults) {
		f.LegacyTwins = new("never")
		require.NoError(t, m.control.SetMercadoPagoFaults(t.Context(), f))
	}
	set(control.MercadoPagoFaults{CallFaults: control.CallFaults{SignWith: new("wrong")}})
	m.pay(t, control.NewPayment{PreferenceID: link})
	require.Equal(t, &mercadopago.SignatureError{Reason: mercadopago.SignatureMismatch}, verify(m.received(t, 1)[0]))
	set(control.MercadoPagoFaults{CallFaults: control.CallFaults{SignWith: new("")}, TimestampAgeMS: new(7_200_000), TimestampUnit: new("ms")})
	m.pay(t, control.NewPayment{PreferenceID: link})
	require.Equal(t, &mercadopago.SignatureError{Reason: mercadopago.SignatureOutOfDate}, verify(m.received(t, 2)[1]))
	set(control.MercadoPagoFaults{Unsigned: new(true)})
	m.pay(t, control.NewPayment{PreferenceID: link})
	require.Equal(t, &mercadopago.SignatureError{Reason: mercadopago.SignatureMissing}, verify(m.received(t, 3)[2]))
}

func TestFailuresOfTheStandIn(t *testing.T) {
	t.Parallel()
	m := open(t)
	id := m.pay(t, control.NewPayment{PreferenceID: m.link(t, "RES1").ID, Silent: true})
	amount := booking.Centavos(100)
	refund := func() error {
		_, err := m.client.Refund(t.Context(), id, &amount, "once")
		return err
	}
	set := func(f control.MercadoPagoFaults) {
		require.NoError(t, m.control.SetMercadoPagoFaults(t.Context(), f))
	}
	rule := control.CallFailure{Operations: []string{"refund"}, Statuses: []int{400, 401, 403, 404, 409, 423, 424, 500, 503}}
	set(control.MercadoPagoFaults{Failures: &[]control.CallFailure{rule}})
	for _, want := range []mercadopago.Reason{
		mercadopago.ReasonInvalid, mercadopago.ReasonAuth, mercadopago.ReasonAuth, mercadopago.ReasonNotFound, mercadopago.ReasonConflict,
		mercadopago.ReasonLocked, mercadopago.ReasonDependency, mercadopago.ReasonServer, mercadopago.ReasonServer,
	} {
		require.Equal(t, want, mercadopago.ReasonOf(refund()))
	}
	set(control.MercadoPagoFaults{Failures: &[]control.CallFailure{}, CallFaults: control.CallFaults{Outage: new(true)}})
	require.Equal(t, mercadopago.ReasonServer, mercadopago.ReasonOf(refund()))
	set(control.MercadoPagoFaults{CallFaults: control.CallFaults{Outage: new(false)}, CutNext: new(1)})
	require.Equal(t, mercadopago.ReasonAmbiguous, mercadopago.ReasonOf(refund()))
	require.NoError(t, refund())
	require.Len(t, m.payment(t, id).Refunds, 1, "carried out once")

	m.advance(25 * time.Hour)
	require.NoError(t, refund())
	require.Len(t, m.payment(t, id).Refunds, 2, "the key was forgotten: look before repeating after a day")
}

func TestBadPaymentsOfTheStandIn(t *testing.T) {
	t.Parallel()
	m := open(t)
	link := m.link(t, "RES1").ID
	good := m.pay(t, control.NewPayment{PreferenceID: link, Silent: true})
	bad := m.pay(t, control.NewPayment{PreferenceID: link, Silent: true})
	members := map[string]json.RawMessage{"transaction_amount": json.RawMessage(`"***"`), "status": json.RawMessage(`"approved?"`), "order": json.RawMessage(`[]`)}
	require.NoError(t, m.control.SetRawPayment(t.Context(), bad, control.RawPayment{Members: members, Silent: true}))
	payment := m.payment(t, bad)
	require.Equal(t, booking.ProviderUnknown, payment.Status)
	require.Error(t, payment.AmountError)

	body := `{"id":null,"status":"approved"}`
	require.NoError(t, m.control.SetRawPayment(t.Context(), bad, control.RawPayment{Body: &body, Silent: true}))
	_, err := m.client.Payment(t.Context(), bad)
	require.Equal(t, mercadopago.ReasonUnreadable, mercadopago.ReasonOf(err))
	require.JSONEq(t, body, string(mercadopago.Unreadable(err)[0].Raw))
	found, err := m.client.SearchPayments(t.Context(), "RES1")
	require.Equal(t, mercadopago.ReasonUnreadable, mercadopago.ReasonOf(err))
	require.Len(t, found, 1)
	require.Equal(t, good, found[0].ID)
}

func TestSweepOfTheStandIn(t *testing.T) {
	t.Parallel()
	m := open(t)
	link := m.link(t, "RES1").ID
	start := m.clock()
	const payments = 1200 // more rows than one search gives
	for i := range payments {
		if i%7 == 0 {
			m.advance(time.Second)
		}
		m.pay(t, control.NewPayment{PreferenceID: link, Silent: true, Outcome: []string{"approved", "rejected", "pending"}[i%3], Late: true})
	}
	m.advance(time.Minute)
	taken := booking.Centavos(0)
	count := 0
	for payment, err := range m.client.PaymentsUpdated(t.Context(), start, time.Time{}) {
		require.NoError(t, err)
		count++
		if payment.Status == booking.ProviderApproved {
			taken = taken.Plus(payment.Amount)
		}
	}
	require.Equal(t, payments, count)
	accounts, err := m.control.Accounts(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, taken.Decimal(), accounts[0].Taken.String())

	require.NoError(t, m.control.SetMercadoPagoFaults(t.Context(), control.MercadoPagoFaults{SearchLagMS: new(120_000)}))
	late := m.pay(t, control.NewPayment{PreferenceID: link, Silent: true, Late: true})
	for payment, err := range m.client.PaymentsUpdated(t.Context(), m.clock().Add(-time.Minute), time.Time{}) {
		require.NoError(t, err)
		require.NotEqual(t, late, payment.ID, "not found yet, and there all the same")
	}
	m.payment(t, late)
	m.advance(3 * time.Minute)
	var found []int64
	for payment, err := range m.client.PaymentsUpdated(t.Context(), m.clock().Add(-4*time.Minute), time.Time{}) {
		require.NoError(t, err)
		found = append(found, payment.ID)
	}
	require.Contains(t, found, late)
}

func TestAccount(t *testing.T) {
	t.Parallel()
	m := open(t)
	account, err := m.client.Account(t.Context())
	require.NoError(t, err)
	require.Equal(t, "MLA", account.Site)
	id := m.pay(t, control.NewPayment{PreferenceID: m.link(t, "RES261122A1B2C3").ID, Outcome: "approved"})
	require.Equal(t, m.payment(t, id).CollectorID, account.ID, "who collects is whose token it is")
}
