package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
	"cabanas/sandbox/guest"
)

// TestKills ends one process after the other in the middle of a booking, as a crash does.
func TestKills(t *testing.T) {
	t.Parallel()
	// Started again while another system runs it might move, and the providers would still know the old address.
	address, err := nobodysAddress()
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	s := start(t, true, "PORT="+port)
	for _, step := range []struct {
		name string
		test func(*testing.T, *stack)
	}{
		{"the worker between hold and link", killWorkerBeforeLink},
		{"the worker between payment and confirmation", killWorkerBeforeConfirmation},
		{"the worker in the middle of twenty messages", killWorkerInBatch},
		{"the api after it acknowledged a message", killAPIAfterAcknowledging},
		{"Temporal before a payment", killTemporal},
		{"Redis", killRedis},
		{"Postgres", killPostgres},
		{"everything", killEverything},
	} {
		t.Run(step.name, func(t *testing.T) {
			t.Cleanup(func() { s.heal(t) })
			step.test(t, s)
			s.settled(t)
		})
	}
}

func killWorkerBeforeLink(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	before := s.called(t, s.world.MercadoPagoCalls, "create_preference")
	require.NoError(t, s.world.SetMercadoPagoFaults(patient(t), control.MercadoPagoFaults{CallFaults: outage()}))
	r := g.yes(when, 2)
	s.calls(t, s.world.MercadoPagoCalls, "create_preference", before)
	s.kill(t, "worker")
	require.NoError(t, s.world.ClearMercadoPagoFaults(patient(t)))
	link := g.hears("the payment link", func(m control.Message) bool { return m.CTA != nil })
	s.confirms(t, g, guest.Hold{Code: r.Code, URL: link.CTA.URL}, when, 2)
	s.everythingAnsweredOnce(t, g.Number)
}

func killWorkerBeforeConfirmation(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	h := g.holds(when, 2)
	before := s.called(t, s.world.MercadoPagoCalls, "get_payment")
	require.NoError(t, s.world.SetMercadoPagoFaults(patient(t), control.MercadoPagoFaults{CallFaults: outage()}))
	p := g.pays(h, "")
	s.calls(t, s.world.MercadoPagoCalls, "get_payment", before)
	s.kill(t, "worker")
	s.becomes(t, h.Code, "pre_reserved", "pending")
	require.NoError(t, s.world.ClearMercadoPagoFaults(patient(t)))
	g.isTold(h.Code, "confirmed")
	r := s.becomes(t, h.Code, "confirmed", "partially_paid")
	require.Equal(t, payment{Status: "approved", Disposition: "applied", Amount: r.Deposit, Counted: true}, s.ledger(t, p.ID))
	s.hears(t, g.Number, h.Code, "hold", "confirmed", "receipt")
	s.bookingRuns(t, h.Code, true)
}

func killWorkerInBatch(t *testing.T, s *stack) {
	people, batch := make([]string, 4), control.Batch{}
	for i := range people {
		people[i], _ = s.person()
	}
	for n := range 5 {
		for _, number := range people {
			text := fmt.Sprintf("y cómo se llega a la cabaña? pregunta %d", n)
			s.keepSaid(text)
			batch.Messages = append(batch.Messages, control.Inbound{From: number, Text: text})
		}
	}
	before := s.number(t, `SELECT count(*) FROM turns`)
	_, err := s.world.SendBatch(patient(t), batch)
	require.NoError(t, err)
	s.reaches(t, before+5, `SELECT count(*) FROM turns`)
	s.kill(t, "worker")
	for _, number := range people {
		s.everythingAnsweredOnce(t, number)
		s.answeredInOrder(t, number)
	}
}

// killAPIAfterAcknowledging: Temporal stands still, so that the message is stored and acknowledged but not handed on.
func killAPIAfterAcknowledging(t *testing.T, s *stack) {
	g := s.arrives(t)
	require.NoError(t, s.world.WaitIdle(patient(t)))
	s.signal(t, "temporal", syscall.SIGSTOP)
	g.says("Hola, buenas tardes a todos")
	require.NoError(t, s.world.WaitIdle(patient(t)), "not acknowledged")
	require.NotZero(t, s.number(t, `SELECT count(*) FROM webhook_inbox WHERE dispatched_at IS NULL`))
	dead := s.signal(t, "api", syscall.SIGKILL)
	s.signal(t, "temporal", syscall.SIGCONT)
	s.restarted(t, "api", dead)
	g.isOffered("menu_availability")
	s.everythingAnsweredOnce(t, g.Number)
}

func killTemporal(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	h := g.holds(when, 2)
	dead := s.signal(t, "temporal", syscall.SIGKILL)
	g.pays(h, "")
	s.restarted(t, "temporal", dead)
	g.isTold(h.Code, "confirmed")
	s.becomes(t, h.Code, "confirmed", "partially_paid")
	s.hears(t, g.Number, h.Code, "hold", "confirmed", "receipt")
	s.bookingRuns(t, h.Code, true)
}

// killRedis: the locks are a courtesy to losers; the database decides without them.
func killRedis(t *testing.T, s *stack) {
	s.signal(t, "dev", syscall.SIGSTOP)
	dead := s.signal(t, "redis", syscall.SIGKILL)
	w, number := s.wishes(1, s.week(t, 2), 2)
	h := s.books(t, w)
	other := s.post(t, w)
	require.Equal(t, http.StatusConflict, other.status, "%s", other.body)
	s.signal(t, "dev", syscall.SIGCONT)
	s.restarted(t, "redis", dead)
	_, err := s.world.Pay(patient(t), paymentOf(s.preference(t, h.Code)))
	require.NoError(t, err)
	s.becomes(t, h.Code, "confirmed", "partially_paid")
	s.hears(t, number, h.Code, "hold", "confirmed", "receipt")
}

// killPostgres: without the database nothing is taken, and the provider is told so. The supervisor stands still meanwhile.
func killPostgres(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	h := g.holds(when, 2)
	s.signal(t, "dev", syscall.SIGSTOP)
	dead := s.signal(t, "postgres", syscall.SIGKILL)
	body := []byte(`{"object":"whatsapp_business_account","entry":[]}`)
	s.eventually(t, patience, "webhooks are refused with 503", func(ctx context.Context) error {
		a, err := s.call(ctx, http.MethodPost, "/api/v1/webhooks/whatsapp", body, "X-Hub-Signature-256", "sha256="+signature(appSecret, body))
		if err == nil && a.status != http.StatusServiceUnavailable {
			err = fmt.Errorf("answered %d", a.status)
		}
		return err
	})
	health := s.must(t, http.MethodGet, "/healthz", nil)
	require.Equal(t, http.StatusServiceUnavailable, health.status, "%s", health.body)
	p := g.pays(h, "")
	g.says("Ya pagué la seña, me confirman?")
	s.eventually(t, patience, "both providers repeat", func(ctx context.Context) error {
		all, err := s.world.Deliveries(ctx)
		if err == nil && (all["whatsapp"].Pending == 0 || all["mercadopago"].Pending == 0) {
			err = errors.New("a webhook was taken although Postgres is dead")
		}
		return err
	})
	s.signal(t, "dev", syscall.SIGCONT)
	s.restarted(t, "postgres", dead)
	g.isTold(h.Code, "confirmed")
	s.becomes(t, h.Code, "confirmed", "partially_paid")
	require.Equal(t, "applied", s.ledger(t, p.ID).Disposition)
	s.hears(t, g.Number, h.Code, "hold", "confirmed", "receipt")
	s.everythingAnsweredOnce(t, g.Number)
}

func killEverything(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	h := g.holds(when, 2)
	asked := s.arrives(t)
	asked.says("Hola, qué tal, cómo va todo")
	s.crash(t)
	s.boot(t)
	g.Control, asked.Control = s.world, s.world
	asked.isOffered("menu_availability")
	s.confirms(t, g, h, when, 2)
	s.everythingAnsweredOnce(t, asked.Number)
}
